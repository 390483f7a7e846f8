"""The demo data: realistic, and consistent with the rules of the application."""

import unicodedata
from collections.abc import AsyncIterator, Callable
from itertools import islice
from random import Random
from typing import Any

import asyncpg
import phonenumbers
import pytest
from hypothesis import given
from hypothesis import strategies as st
from typeid import TypeID

from demo import load as demo
from demo.load import DEMO_SLUG, load_demo
from demo.moments import DAY, HOUR, SECOND, external_id, moments, order_number, unused_numbers
from tests.conftest import new_database

TABLES = dict.fromkeys(("store", "customer", "session", '"order"'), "created_at") | {"session_event": "at"}

DEFINITIONS = """
select pg_get_indexdef(indexrelid) from pg_index where indrelid::regclass::text !~ '^pg_'
union all
select conrelid::regclass || ' ' || conname || ' ' || pg_get_constraintdef(oid)
from pg_constraint where connamespace = 'public'::regnamespace
order by 1
"""


async def load(
    connection: Any, sessions: int = 600, stores: int = 3, progress: Callable[[int], object] = id
) -> list[str]:
    return await load_demo(connection, sessions=sessions, stores=stores, token_key="k1", progress=progress)


@pytest.fixture(scope="module")
async def loaded(postgres: str, template: str) -> AsyncIterator[Any]:
    """A connection to a database with demo data."""
    async with new_database(postgres, template) as url:
        connection = await asyncpg.connect(url)
        await load(connection)
        yield connection
        await connection.close()


async def test_the_demo_store_has_most_of_the_requested_sessions(connection):
    added: list[int] = []
    stores = await load(connection, progress=added.append)
    assert sum(added) == 600
    rows = await connection.fetch("select store_id, count(*) as sessions from session group by 1 order by 2 desc")
    assert [row["store_id"] for row in rows] == stores
    assert sum(row["sessions"] for row in rows) == 600
    demo_store = await connection.fetchrow("select slug, name, storefront_url from store where id = $1", stores[0])
    assert tuple(demo_store) == (DEMO_SLUG, "Kopi Senja", "https://kopi-senja.example/")


async def test_every_table_is_filled_in_proportion(loaded):
    row = await loaded.fetchrow("""
        select (select count(*) from customer) as customers,
            (select count(*) from "order") as orders,
            (select count(*) from session_event) as events,
            (select count(*) from session where conversion_kind is not null) as converted,
            (select count(*) from session where metadata <> '{}') as described,
            (select count(*) from session where room_id is null) as roomless,
            (select count(distinct customer_id) from session) as visitors,
            (select count(*) from session where order_numbers like e'%\\n%') as of_several_orders
    """)
    assert 370 < row["customers"] == row["visitors"] < 490
    assert 270 < row["orders"] < 450
    assert 2000 < row["events"] < 3000
    assert 90 < row["converted"] < 180
    assert 150 < row["described"] < 270
    assert 10 < row["roomless"] < 100
    assert 10 < row["of_several_orders"] < 80


async def test_every_token_status_occurs(loaded):
    rows = await loaded.fetch("""
        select case
                when token_revoked_at is not null then 'revoked'
                when token_expires_at = 'infinity' then 'never'
                when token_expires_at <= now() then 'expired'
                when token_expires_at < now() + interval '10 minutes' then 'in minutes'
                else 'active'
            end as state,
            count(*) as sessions
        from session group by 1
    """)
    states = {row["state"]: row["sessions"] for row in rows}
    assert states.keys() == {"revoked", "never", "expired", "in minutes", "active"}
    assert 350 < states["expired"] < 470
    assert 25 < states["revoked"] < 80
    assert 30 < states["never"] < 120
    assert 40 < states["in minutes"] + states["active"] < 140


async def test_rows_are_recent_and_not_in_the_future(loaded):
    for table, column in TABLES.items():
        assert await loaded.fetchval(f"select max({column}) < now() from {table}"), table
    row = await loaded.fetchrow("""
        select max(token_issued_at) < now() as issued, max(token_revoked_at) < now() as revoked,
            max(converted_at) < now() as converted, (select max(placed_at) < now() from "order") as placed,
            max(created_at) > now() - interval '1 hour' as fresh, min(created_at) < now() - interval '25 days' as old
        from session
    """)
    assert dict(row) == {"issued": True, "revoked": True, "converted": True, "placed": True, "fresh": True, "old": True}


async def test_sessions_agree_with_their_events(loaded):
    odd = await loaded.fetch("""
        select s.id from session s, lateral (
            select count(*) filter (where kind = 'ISSUED') as issues,
                min(at) as first,
                max(at) filter (where kind = 'ISSUED') as issued,
                1 + count(*) filter (where kind = 'REISSUED') as generation,
                max(at) filter (where kind in ('ISSUED', 'REISSUED')) as token_issued,
                (array_agg(expires_at order by at desc) filter (where expires_at is not null))[1] as expires,
                max(at) filter (where kind = 'REVOKED') as revoked,
                max(at) filter (where kind = 'CONVERTED') as converted,
                max(at) filter (where kind = 'JOINED') as joined,
                bool_and((reason is not null) = (kind = 'REVOKED')) as reasoned
            from session_event e where e.store_id = s.store_id and e.session_id = s.id
        ) e
        where not (
            e.issues = 1 and e.first = s.created_at and e.issued = s.created_at and e.reasoned
            and e.generation = s.token_generation and e.token_issued = s.token_issued_at
            and e.expires = s.token_expires_at
            and e.revoked is not distinct from s.token_revoked_at
            and e.converted is not distinct from s.converted_at
            and (e.converted is null or e.joined is not null)
        )
    """)
    assert odd == []
    kinds = await loaded.fetch("select distinct kind from session_event")
    token_kinds = {"ISSUED", "EXTENDED", "REISSUED", "REVOKED"}
    assert {kind for (kind,) in kinds} == token_kinds | {"PREVIEWED", "OPENED", "JOINED", "CONVERTED"}


async def test_customers_join_only_while_the_token_is_active(loaded):
    odd = await loaded.fetch("""
        select e.id from session_event e, lateral (
            select (array_agg(expires_at order by at desc) filter (where expires_at is not null))[1] as expires,
                bool_or(kind = 'REVOKED') as revoked
            from session_event b where b.store_id = e.store_id and b.session_id = e.session_id and b.at < e.at
        ) before
        where e.kind in ('PREVIEWED', 'OPENED', 'JOINED') and (before.revoked or before.expires <= e.at)
    """)
    assert odd == []


async def test_tokens_have_valid_lifetimes(loaded):
    rows = await loaded.fetch("""
        select distinct extract(epoch from expires_at - at)::integer from session_event
        where expires_at < 'infinity'
    """)
    assert {seconds for (seconds,) in rows} == {minutes * 60 for minutes in (15, 30, 60, 120, 240, 480, 1440)}


async def test_a_purchase_refers_to_an_order_of_its_session(loaded):
    odd = await loaded.fetch("""
        select s.id from session s
        left join "order" o on o.store_id = s.store_id and o.id = s.conversion_order_id
        where (s.conversion_kind is not distinct from 'PURCHASE') <> (s.conversion_order_id is not null)
            or o.session_id <> s.id or o.created_at > s.converted_at or o.placed_at > o.created_at
    """)
    assert odd == []


async def test_denormalized_columns_agree_with_customers_and_orders(loaded):
    odd = await loaded.fetch("""
        select s.id from session s
        join customer c on c.store_id = s.store_id and c.id = s.customer_id
        where c.name <> s.customer_name or c.created_at > s.created_at
            or s.customer_name_key <> fold(c.name) or s.customer_name_key = ''
            or s.order_numbers <> coalesce(
                (
                    select string_agg(number, e'\\n' order by o.id desc) from "order" o
                    where o.store_id = s.store_id and o.session_id = s.id
                ),
                ''
            )
    """)
    assert odd == []
    assert await loaded.fetchval("select count(*) from \"order\" where number !~ '^[A-HJ-NP-Z2-9]{6}$'") == 0
    assert await loaded.fetchval("select count(*) from session where room_id !~ '^[0-9]{7}$'") == 0


@pytest.mark.parametrize("table", TABLES)
async def test_ids_contain_the_creation_time_and_sort_by_it(loaded, table):
    prefix = table.strip('"').removeprefix("session_")
    column = TABLES[table]
    rows = await loaded.fetch(
        f"select id, floor(extract(epoch from {column}) * 1000)::bigint as ms from {table} order by {column}, id"
    )
    for row in rows:
        id = TypeID.from_string(row["id"])
        assert (id.prefix, id.uuid.version, id.uuid.int >> 80) == (prefix, 7, row["ms"])
    if table != '"order"':
        assert [row["id"] for row in rows] == sorted(row["id"] for row in rows)


async def test_names_are_in_many_scripts(loaded):
    rows = await loaded.fetch("select name, phone, email from customer")
    scripts = {unicodedata.name(row["name"][0]).split()[0] for row in rows}
    assert scripts > {"LATIN", "CJK", "DEVANAGARI"}
    assert len(scripts) >= 8
    assert len({row["name"] for row in rows}) > 300
    for row in rows:
        assert row["name"] == unicodedata.normalize("NFC", row["name"]).strip()
        assert row["phone"] or row["email"]
        assert row["phone"] is None or phonenumbers.is_possible_number(phonenumbers.parse(row["phone"]))
        assert row["email"] is None or row["email"].isascii()
        assert row["email"] is None or row["email"].endswith(("@example.com", "@example.org"))


async def test_loading_again_adds_to_the_demo_store_and_creates_other_stores(connection):
    first = await load(connection)
    second = await load(connection)
    assert second[0] == first[0]
    assert set(first) & set(second) == {first[0]}
    assert await connection.fetchval("select count(*) from session") == 1200
    assert await connection.fetchval("select count(*) from store") == 5
    # Neither are they the same sessions at another time.
    numbers = [row["number"] for row in await connection.fetch('select number from "order"')]
    assert len(numbers) == len(set(numbers))


async def test_a_large_load_restores_every_index_and_constraint(connection, monkeypatch):
    before = await connection.fetch(DEFINITIONS)
    monkeypatch.setattr(demo, "LARGE_LOAD", 100)
    await load(connection)
    assert await connection.fetch(DEFINITIONS) == before
    assert await connection.fetchval("select count(*) from session") == 600


async def test_an_interrupted_load_is_rolled_back(connection, monkeypatch):
    def interrupt(added: int) -> None:
        raise KeyboardInterrupt

    before = await connection.fetch(DEFINITIONS)
    for large in (100, 1_000_000):
        monkeypatch.setattr(demo, "LARGE_LOAD", large)
        with pytest.raises(KeyboardInterrupt):
            await load(connection, progress=interrupt)
        assert await connection.fetch(DEFINITIONS) == before
        assert await connection.fetchval("select count(*) from session") == 0
        assert await connection.fetchval("select count(*) from store") == 0


@given(st.integers(), st.sets(st.integers(min_value=0, max_value=99)))
def test_numbers_are_unique_and_skip_existing_ones(seed, places):
    numbers = list(islice(unused_numbers(Random(seed)), 100))
    taken = {(order_number, external_id)[place % 2](numbers[place]) for place in places}
    assert len({order_number(number) for number in numbers}) == len({external_id(number) for number in numbers}) == 100
    left = islice(unused_numbers(Random(seed), frozenset(taken)), 100 - len(places))
    assert list(left) == [number for place, number in enumerate(numbers) if place not in places]


def test_a_small_load_covers_a_month_and_a_large_load_covers_18():
    now = 1_800_000_000 * SECOND
    for count, days in ((300, 30), (10_000, 548)):
        first, *_, last = moments(Random(1), now, count)
        assert (days - 2) * DAY < now - first < (days + 1) * DAY
        assert now - last < HOUR
