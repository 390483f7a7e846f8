"""Cursors: only those of this list, in this sort order, of this store are accepted."""

import random
from base64 import urlsafe_b64decode, urlsafe_b64encode
from itertools import product
from typing import Any

import httpx
import orjson
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from db.keysets import Key
from db.pool import Pool
from schema.cursors import Cursors
from schema.scalars import shortened
from schema.signing_keys import SigningKeys
from tests.conftest import TOKEN_KEYS
from tests.support.pagination import Listing
from tests.support.rows import insert
from tests.support.shop import open_shop
from tests.support.unsorted_store import LISTINGS, ORDERS, UnsortedStore, open_unsorted_store


@pytest.fixture(scope="module")
async def store(db: Pool, http: httpx.AsyncClient) -> UnsortedStore:
    return await open_unsorted_store(db, await open_shop(db, http), random.Random(0), customers=20, sessions=20)


@pytest.fixture(scope="module")
async def twin(db: Pool, http: httpx.AsyncClient, store: UnsortedStore) -> UnsortedStore:
    """Another store with the same rows and IDs."""
    shop = await open_shop(db, http)
    rows = [[{**row, "store_id": shop.id} for row in rows] for rows in (store.customers, store.sessions, store.events)]
    for table, theirs in zip(("customer", "session", "session_event"), rows, strict=True):
        await insert(db, table, theirs)
    return UnsortedStore(shop, *rows)


async def check_refused(listing: Listing, cursor: str) -> None:
    refusal = ("BAD_USER_INPUT", f"The cursor does not belong to this list in this order, got {shortened(cursor)}.")
    assert await listing.error(after=cursor) == refusal
    if "$before" in listing.document:
        assert await listing.error(before=cursor) == refusal


async def any_cursor(listing: Listing) -> str:
    return str((await listing.page(first=1))["pageInfo"]["endCursor"])


def raw(cursor: str) -> bytes:
    return urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4))


def text(raw: bytes) -> str:
    return urlsafe_b64encode(raw).rstrip(b"=").decode()


names = st.sampled_from([*LISTINGS])


@given(name=names, data=st.data())
async def test_a_cursor_with_a_bit_flipped_is_refused(store: UnsortedStore, name: str, data: st.DataObject) -> None:
    listing = LISTINGS[name](store)
    genuine = bytearray(raw(await any_cursor(listing)))
    place = data.draw(st.integers(0, len(genuine) * 8 - 1))
    genuine[place // 8] ^= 1 << place % 8
    await check_refused(listing, text(genuine))


@given(name=names, data=st.data())
async def test_a_truncated_or_extended_cursor_is_refused(store: UnsortedStore, name: str, data: st.DataObject) -> None:
    listing = LISTINGS[name](store)
    genuine = await any_cursor(listing)
    await check_refused(listing, genuine[: data.draw(st.integers(0, len(genuine) - 1))])
    await check_refused(listing, genuine[data.draw(st.integers(1, len(genuine))) :])
    await check_refused(listing, genuine + data.draw(st.text(st.sampled_from("A=_-. \n"), min_size=1, max_size=5)))


keys = st.lists(
    st.text(max_size=40) | st.integers(-(2**60), 2**60) | st.none() | st.sampled_from(["infinity", "now", "'; --"]),
    max_size=4,
)


@given(name=names, key=keys, mac=st.binary(min_size=8, max_size=8))
async def test_a_forged_cursor_is_refused(store: UnsortedStore, name: str, key: list[Any], mac: bytes) -> None:
    await check_refused(LISTINGS[name](store), text(mac + orjson.dumps(key)))


@given(name=names, cursor=st.text(st.characters(codec="utf-8"), max_size=200))
@example(name="sessions", cursor="")
@example(name="sessions", cursor="A" * 10_000)
@example(name="customers", cursor="\0")
@example(name="a session's events", cursor="é" * 12)
async def test_any_other_text_is_refused(store: UnsortedStore, name: str, cursor: str) -> None:
    await check_refused(LISTINGS[name](store), cursor)


@pytest.mark.parametrize("mine", range(len(ORDERS)))
@pytest.mark.parametrize("other", range(len(ORDERS)))
async def test_a_cursor_of_another_sort_order_is_refused(store: UnsortedStore, mine: int, other: int) -> None:
    cursor = await any_cursor(store.listing(order=ORDERS[other]))
    if mine != other:
        await check_refused(store.listing(order=ORDERS[mine]), cursor)
    else:
        assert len((await store.listing(order=ORDERS[mine]).page(after=cursor))["nodes"]) == 19


# Cursors of all sessions and of a customer's sessions are interchangeable, because they are one list.
NAMES_OF_LISTS = {name: name.rpartition(" ")[2] for name in LISTINGS}


@pytest.mark.parametrize(
    ("mine", "other"),
    [pair for pair in product(LISTINGS, repeat=2) if NAMES_OF_LISTS[pair[0]] != NAMES_OF_LISTS[pair[1]]],
)
async def test_a_cursor_of_another_list_is_refused(store: UnsortedStore, mine: str, other: str) -> None:
    await check_refused(LISTINGS[mine](store), await any_cursor(LISTINGS[other](store)))


async def test_a_cursor_of_another_sessions_events_is_refused(store: UnsortedStore) -> None:
    listing = store.event_listing()
    cursor = await any_cursor(listing)
    other = Listing(store.shop, listing.document, listing.path, [], {"id": store.sessions[1]["id"]})
    await check_refused(other, cursor)


@pytest.mark.parametrize("name", LISTINGS)
async def test_a_cursor_of_another_store_is_refused(store: UnsortedStore, twin: UnsortedStore, name: str) -> None:
    mine, theirs = LISTINGS[name](store), LISTINGS[name](twin)
    assert [node["id"] for node in (await theirs.page())["nodes"]] == mine.ids
    await check_refused(mine, await any_cursor(theirs))


@settings(max_examples=200)
@given(
    store=st.text(min_size=1),
    name=st.text(min_size=1),
    key=st.builds(Key, st.text(), st.text()),
    keys=st.lists(st.binary(min_size=32, max_size=32).filter(any), min_size=2, max_size=2, unique=True),
)
def test_decoding_a_cursor_returns_its_sort_key(store: str, name: str, key: Key, keys: list[bytes]) -> None:
    """Also if it was signed by an old key."""
    old, new = SigningKeys({"k1": keys[0]}), SigningKeys({"k2": keys[1], "k1": keys[0]})
    assert Cursors(old).decode(store, name, Cursors(old).encode(store, name, key)) == key
    assert Cursors(new).decode(store, name, Cursors(old).encode(store, name, key)) == key
    assert Cursors(new).encode(store, name, key) != Cursors(old).encode(store, name, key)


@pytest.mark.parametrize("name", LISTINGS)
async def test_a_cursor_signed_by_a_retired_key_is_refused(store: UnsortedStore, name: str) -> None:
    listing = LISTINGS[name](store)
    genuine = await any_cursor(listing)
    key = Key(*orjson.loads(raw(genuine)[8:]))
    list_name = {
        "sessions": "sessions by created_at desc",
        "customers": "customers",
        "events": f"events {store.sessions[0]['id']}",
    }[NAMES_OF_LISTS[name]]
    assert Cursors(TOKEN_KEYS).encode(store.shop.id, list_name, key) == genuine
    retired = SigningKeys({"k0": b"0" * 32})
    await check_refused(listing, Cursors(retired).encode(store.shop.id, list_name, key))
