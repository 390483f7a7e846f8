"""Search: a page of a frequent text is filled by one prepared statement, any other page by a planned one."""

import random

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from db.keysets import Key, Sort, Window
from db.pool import Pool
from db.search import (
    NEAR,
    Predicate,
    all_of,
    any_of,
    converted,
    none_of,
    search,
    search_text_contains,
    status_in,
    text_contains,
    text_equals,
    text_starts_with,
)
from db.statements import recorded_statements
from tests.support.rows import insert
from tests.support.shop import Shop, open_shop
from tests.support.unsorted_store import UnsortedStore, new_session, open_unsorted_store

NEWEST_FIRST = Sort("created_at", "timestamptz", descending=True)
NAME = "session.customer_name"


@pytest.fixture(scope="module")
async def store(db: Pool, http: httpx.AsyncClient) -> UnsortedStore:
    """A store with frequent names, and with a rare one among the oldest sessions."""
    chance = random.Random(0)
    store = await open_unsorted_store(db, await open_shop(db, http), chance, customers=20, sessions=NEAR * 3)
    rare = new_session(chance, store.shop, store.customers[0]) | {"customer_name": "Rara", "created_at": "2020-01-01Z"}
    await insert(db, "session", [rare])
    return store


async def rows_and_statements(shop: Shop, predicate: Predicate, window: Window) -> tuple[list[str], int]:
    with recorded_statements() as statements:
        rows = await search(shop.db, "session", shop.id, predicate, NEWEST_FIRST, window)
    return [row["id"] for row in rows], len(statements)


async def test_a_frequent_name_takes_one_statement_and_a_rare_one_two(store: UnsortedStore) -> None:
    for name, statements in (("jose", 1), ("rara", 2), ("nobody", 2)):
        for predicate in (text_contains(NAME, name), text_equals(NAME, name), search_text_contains(name)):
            assert (await rows_and_statements(store.shop, predicate, Window(limit=2)))[1] == statements
    frequent = await rows_and_statements(store.shop, text_contains(NAME, "jose"), Window(limit=100))
    assert frequent[1] == 2  # it does not fill a large page


texts = st.builds(
    lambda compare, text: compare(NAME, text),
    st.sampled_from([text_contains, text_equals, text_starts_with]),
    st.sampled_from(["jose", "Jos", "ana", "ольга", "王", "rara", "nobody", ""]),
) | st.builds(search_text_contains, st.sampled_from(["jos", "ольга", "rara", "0123456"]))
others = st.sampled_from([converted(True), converted(False), status_in(["ACTIVE"]), status_in(["EXPIRED"])])
predicates = st.recursive(
    texts | others,
    lambda inner: (
        st.builds(all_of, st.lists(inner, max_size=3))
        | st.builds(any_of, st.lists(inner, max_size=3))
        | inner.map(none_of)
    ),
    max_leaves=4,
)
places = st.none() | st.integers(0, NEAR * 3 - 1)


@given(predicates, st.integers(1, 20), places, places, st.booleans())
async def test_the_rows_are_those_of_the_planned_statement(
    store: UnsortedStore, predicate: Predicate, limit: int, after: int | None, before: int | None, last: bool
) -> None:
    keys = [
        None if place is None else Key(str(store.sessions[place]["created_at"]), store.sessions[place]["id"])
        for place in (after, before)
    ]
    window = Window(limit, *keys, last)
    planned = predicate._replace(near=None)
    found, _ = await rows_and_statements(store.shop, predicate, window)
    assert found == (await rows_and_statements(store.shop, planned, window))[0]
