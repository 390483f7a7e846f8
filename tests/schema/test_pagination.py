"""Pagination compared with a model: every sort, both directions, any page size, while rows are inserted."""

import random
from typing import Any

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from db.pool import Pool
from tests.support.pagination import SESSIONS, Listing, page_of
from tests.support.rows import insert
from tests.support.shop import open_shop
from tests.support.statements import answered
from tests.support.unsorted_store import (
    FILTERS,
    LISTINGS,
    NAMES,
    ORDERS,
    UnsortedStore,
    new_customer,
    new_event,
    new_session,
    open_unsorted_store,
)

sizes = st.lists(st.integers(3, 40), min_size=1, max_size=5)
filters = st.sampled_from(range(len(FILTERS)))
orders = st.sampled_from(ORDERS)
places = st.none() | st.integers(0, 1000)
lengths = st.none() | st.integers(0, 8) | st.sampled_from([50, 100])


@pytest.fixture(scope="module")
async def store(db: Pool, http: httpx.AsyncClient) -> UnsortedStore:
    return await open_unsorted_store(db, await open_shop(db, http), random.Random(0), customers=60, sessions=120)


def edges_of(pages: list[Any]) -> list[Any]:
    return [edge for page in pages for edge in page["edges"]]


async def check_walks(listing: Listing, sizes: list[int]) -> None:
    """Each row once, in order, forwards and backwards, and with the same cursors both ways."""
    forwards = [page async for page in listing.forwards(sizes)]
    backwards = [page async for page in listing.backwards(sizes)]
    edges = edges_of(forwards)
    assert [edge["node"]["id"] for edge in edges] == listing.ids
    assert edges_of(backwards[::-1]) == edges
    for page in [*forwards, *backwards]:
        assert page["nodes"] == [edge["node"] for edge in page["edges"]]


@settings(max_examples=150)
@given(order=orders, filter=filters, sizes=sizes, customer=st.none() | st.integers(0, 6))
async def test_walking_sessions_visits_each_once_in_order(
    store: UnsortedStore, order: Any, filter: int, sizes: Any, customer: int | None
) -> None:
    """All sessions, or those of one customer."""
    customer_id = None if customer is None else store.customers[customer]["id"]
    await check_walks(store.listing(filter, order, customer_id), sizes)


@settings(max_examples=20)
@given(name=st.none() | st.sampled_from(sorted(set(NAMES.values()))), sizes=sizes)
async def test_walking_customers_visits_each_once_the_newest_first(
    store: UnsortedStore, name: str | None, sizes: Any
) -> None:
    await check_walks(store.customer_listing(name), sizes)


@settings(max_examples=20)
@given(sizes=st.lists(st.integers(1, 9), min_size=1, max_size=5))
async def test_walking_events_visits_each_once_the_oldest_first(store: UnsortedStore, sizes: Any) -> None:
    listing = store.event_listing()
    assert len(listing.ids) == len(store.events) + 2
    pages = [page async for page in listing.forwards(sizes)]
    assert [edge["node"]["id"] for edge in edges_of(pages)] == listing.ids


known_cursors: dict[str, dict[str, str]] = {}


async def cursors_of(listing: Listing) -> dict[str, str]:
    """The cursors of a list that does not change."""
    key = repr((listing.shop.id, listing.document, listing.variables))
    if key not in known_cursors:
        known_cursors[key] = await listing.cursors()
    return known_cursors[key]


async def check_page(everything: Listing, listing: Listing, places: dict[str, int | None], **bounds: Any) -> None:
    """Compare a page with the model. `places`: where in the list of everything its cursors are."""
    cursors, ids = await cursors_of(everything), everything.ids
    known = {name: ids[place % len(ids)] for name, place in places.items() if place is not None}
    page = await listing.page(**bounds, **{name: cursors[id] for name, id in known.items()})
    assert page == page_of(ids, listing.ids, cursors, **bounds, **known)


bounds = {"first": lengths, "last": lengths}
both_places = st.fixed_dictionaries({"after": places, "before": places})


@settings(max_examples=450)
@given(order=orders, filter=filters, places=both_places, of_customer=st.booleans(), **bounds)
async def test_a_page_of_sessions_is_right_for_every_mix_of_arguments(
    store: UnsortedStore, order: Any, filter: int, places: Any, of_customer: bool, first: Any, last: Any
) -> None:
    """The cursors of other customers' sessions are valid in the list of a customer's sessions, too."""
    listing = store.listing(filter, order, store.customers[0]["id"] if of_customer else None)
    await check_page(store.listing(0, order), listing, places, first=first, last=last)


@settings(max_examples=150)
@given(name=st.sampled_from([None, "jose", "nobody"]), places=both_places, **bounds)
async def test_a_page_of_customers_is_right_for_every_mix_of_arguments(
    store: UnsortedStore, name: str | None, places: Any, first: Any, last: Any
) -> None:
    await check_page(store.customer_listing(), store.customer_listing(name), places, first=first, last=last)


@given(first=lengths, after=places)
async def test_a_page_of_events_is_right_for_every_mix_of_arguments(
    store: UnsortedStore, first: Any, after: Any
) -> None:
    await check_page(store.event_listing(), store.event_listing(), {"after": after}, first=first)


walks = {"forwards": Listing.forwards, "backwards": Listing.backwards}


@settings(max_examples=40)
@given(
    order=orders,
    walk=st.sampled_from([*walks]),
    sizes=st.lists(st.integers(1, 7), min_size=1, max_size=4),
    seed=st.integers(0, 2**32),
    of_customer=st.booleans(),
)
async def test_sessions_that_were_there_are_visited_once_while_others_are_inserted(
    db: Pool, http: httpx.AsyncClient, order: Any, walk: str, sizes: Any, seed: int, of_customer: bool
) -> None:
    chance, visited = random.Random(seed), []
    store = await open_unsorted_store(db, await open_shop(db, http), chance, customers=1, sessions=20)
    listing = store.listing(0, order, store.customers[0]["id"] if of_customer else None)
    async for page in walks[walk](listing, sizes):
        visited.append(page)
        new = [new_session(chance, store.shop, store.customers[0]) for _ in range(chance.randint(1, 3))]
        store.sessions += new
        if len(visited) < 20:  # so that the walk ends
            await insert(db, "session", new)
    ids = [edge["node"]["id"] for edge in edges_of(visited if walk == "forwards" else visited[::-1])]
    assert len(ids) == len(set(ids))
    assert [id for id in ids if id in listing.ids] == listing.ids
    in_order = store.listing(0, order).ids
    assert ids == [id for id in in_order if id in set(ids)]


@settings(max_examples=20)
@given(walk=st.sampled_from([*walks]), size=st.integers(1, 7), seed=st.integers(0, 2**32))
async def test_customers_who_were_there_are_visited_once_while_others_are_inserted(
    db: Pool, http: httpx.AsyncClient, walk: str, size: int, seed: int
) -> None:
    chance, visited = random.Random(seed), []
    store = await open_unsorted_store(db, await open_shop(db, http), chance, customers=20, sessions=1)
    listing = store.customer_listing()
    async for page in walks[walk](listing, [size]):
        visited.append(page)
        if len(visited) < 20:
            await insert(db, "customer", [new_customer(chance, store.shop)])
    ids = [edge["node"]["id"] for edge in edges_of(visited if walk == "forwards" else visited[::-1])]
    assert len(ids) == len(set(ids))
    assert [id for id in ids if id in listing.ids] == listing.ids


async def test_events_that_happen_during_a_walk_are_visited_at_its_end(db: Pool, http: httpx.AsyncClient) -> None:
    store = await open_unsorted_store(db, await open_shop(db, http), random.Random(0), customers=1, sessions=1)
    pages = []
    async for page in store.event_listing().forwards([4]):
        pages.append(page)
        if len(pages) < 3:
            store.events.append(new_event(store.shop, store.sessions[0]["id"], "JOINED", 50 + len(pages)))
            await insert(db, "session_event", store.events[-1:])
    assert [edge["node"]["id"] for edge in edges_of(pages)] == store.event_listing().ids


@pytest.mark.parametrize("name", LISTINGS)
async def test_a_page_far_into_a_list_is_as_many_statements_as_the_first(store: UnsortedStore, name: str) -> None:
    """One, and one more for the customer or session that has the list."""
    listing = LISTINGS[name](store)
    document = listing.document.replace("hasPreviousPage", "")
    after = (await listing.cursors())[listing.ids[10]]
    for start, bounds in ((0, {"first": 3}), (11, {"first": 3, "after": after})):
        data, run = await answered(store.shop, document, **listing.variables, **bounds)
        assert len(run) == len(listing.path)
        for field in listing.path:
            data = data[field]
        assert [node["id"] for node in data["nodes"]] == listing.ids[start : start + 3]


async def test_a_page_backwards_is_one_statement(store: UnsortedStore) -> None:
    listing = store.listing()
    before = (await listing.cursors())[listing.ids[60]]
    document = SESSIONS.replace("hasNextPage", "")
    data, run = await answered(store.shop, document, last=3, before=before)
    assert [node["id"] for node in data["sessions"]["nodes"]] == listing.ids[57:60]
    assert len(run) == 1


@pytest.mark.parametrize("size", [-1, 101, 1000, 2**31 - 1, -(2**31)])
@pytest.mark.parametrize(
    ("name", "argument"),
    [*((name, "first") for name in LISTINGS), *((name, "last") for name in LISTINGS if "events" not in name)],
)
async def test_a_page_size_is_0_to_100(store: UnsortedStore, name: str, argument: str, size: int) -> None:
    error = await LISTINGS[name](store).error(**{argument: size})
    assert error == ("BAD_USER_INPUT", f"{argument} must be 0 to 100, got {size}.")
