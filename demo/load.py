"""Loads the demo data, invented but lifelike: `roomkey demo`.

A load that is large beside what is there takes the secondary indexes and foreign keys off, and puts them back at its
end, in the same transaction: an interrupted load leaves nothing behind, and nobody else can use the tables meanwhile.
"""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from random import Random
from typing import Any, TypeAlias

import asyncpg

from demo.moments import DAY, DAYS, id_maker, microseconds, moment, unused_numbers
from demo.people import PEOPLE
from demo.sessions import EXPIRATIONS, Invention, Row, Store, store_names

DEMO_SLUG = "kopi-senja"

Connection: TypeAlias = "asyncpg.Connection[Any]"

BATCH = 10_000
LARGE = 20_000
# Seconds. Whatever limit the connection has for the statements of requests, an index of a million rows takes longer.
PATIENCE = 3600.0

STORE_COLUMNS = ("id", "slug", "name", "storefront_url", "session_expiration", "created_at")
CUSTOMER_COLUMNS = ("store_id", "id", "name", "phone", "email", "external_id", "created_at")
SESSION_COLUMNS = (
    "store_id",
    "id",
    "customer_id",
    "customer_name",
    "room_id",
    "order_numbers",
    "created_at",
    "token_generation",
    "token_key",
    "token_issued_at",
    "token_expires_at",
    "token_revoked_at",
    "conversion_kind",
    "converted_at",
    "conversion_order_id",
    "metadata",
)
ORDER_COLUMNS = (
    "store_id",
    "id",
    "number",
    "session_id",
    "total_amount",
    "total_currency",
    "placed_at",
    "created_at",
)
EVENT_COLUMNS = ("store_id", "id", "session_id", "kind", "at", "expires_at", "reason")

NOW = "select now()"

STORES = "select slug, id, session_expiration from store"

NUMBERS = """
select number from "order" where store_id = $1
union all
select external_id from customer where store_id = $1 and external_id is not null
"""

SESSIONS = "select count(*) from session"

# Without the constraints and the generated columns of the tables that they are named after.
STAGE = f"""
create temp table demo_customer on commit drop as select {", ".join(CUSTOMER_COLUMNS)} from customer with no data;
create temp table demo_session on commit drop as select {", ".join(SESSION_COLUMNS)} from session with no data;
create temp table demo_order on commit drop as select {", ".join(ORDER_COLUMNS)} from "order" with no data;
create temp table demo_event on commit drop as select {", ".join(EVENT_COLUMNS)} from session_event with no data
"""

# A session names the order that it led to, an order names its session: both are there when the statement ends, which
# is when foreign keys are checked.
ADD = f"""
with customers as (
    insert into customer ({", ".join(CUSTOMER_COLUMNS)}) select {", ".join(CUSTOMER_COLUMNS)} from demo_customer
), sessions as (
    insert into session ({", ".join(SESSION_COLUMNS)}) select {", ".join(SESSION_COLUMNS)} from demo_session
), orders as (
    insert into "order" ({", ".join(ORDER_COLUMNS)}) select {", ".join(ORDER_COLUMNS)} from demo_order
)
insert into session_event ({", ".join(EVENT_COLUMNS)}) select {", ".join(EVENT_COLUMNS)} from demo_event
"""

UNSTAGE = "truncate demo_customer, demo_session, demo_order, demo_event"

# The statements that take each secondary index and foreign key off and put it back. What enforces uniqueness stays.
REMOVABLE = """
select format('alter table %s drop constraint %I', conrelid::regclass, conname) as off,
    format('alter table %s add constraint %I %s', conrelid::regclass, conname, pg_get_constraintdef(oid)) as back
from pg_constraint
where contype = 'f' and conrelid = any($1::regclass[])
union all
select format('drop index %s', indexrelid::regclass), pg_get_indexdef(indexrelid)
from pg_index
where indrelid = any($1::regclass[]) and not indisunique
"""
LOADED = ("customer", "session", '"order"', "session_event")

ANALYZE = 'analyze customer, session, "order", session_event'
VACUUM = 'vacuum (analyze) store, customer, session, "order", session_event'


async def load_demo(
    connection: Connection, *, sessions: int, stores: int, token_key: str, progress: Callable[[int], object]
) -> list[str]:
    """Load invented sessions with COPY; returns the stores' IDs, the demo store's first.

    The demo store is made if it is missing, else added to; the other stores are made anew. Every link is signed by
    the key of that ID. `progress` is told how many sessions have just been added; a large load's last third, the
    indexes, comes after that. The connection must not be in a transaction, and must take JSON as text.
    """
    now = microseconds(await connection.fetchval(NOW))
    present = await connection.fetchval(SESSIONS)
    random = Random(present)  # noqa: S311  # so that loads are alike, and two in a row are not
    async with connection.transaction():
        opened = await _open_stores(connection, random, now, stores)
        invention = Invention(random, now, opened, sessions, token_key)
        if sessions >= LARGE and present < sessions:
            async with _without_indexes(connection):
                await _add(connection, invention, progress)
        else:
            await _add(connection, invention, progress)
    await connection.execute(VACUUM, timeout=PATIENCE)
    return [store.id for store in opened]


async def _open_stores(connection: Connection, random: Random, now: int, count: int) -> list[Store]:
    """The demo store and as many new ones as it takes to make `count`."""
    there = {row["slug"]: row for row in await connection.fetch(STORES)}
    new_id = id_maker(random)
    names = store_names(random)
    opened: list[Store] = []
    rows: list[Row] = []
    if demo := there.get(DEMO_SLUG):
        texts = await connection.fetch(NUMBERS, demo["id"])
        taken = frozenset(text for (text,) in texts)
        opened.append(Store(demo["id"], demo["session_expiration"], "id", unused_numbers(random, taken)))
    while len(opened) < count:
        name, home, expiration = "Kopi Senja", "id", 30
        if opened:
            name = next(names)
            home = random.choices(list(PEOPLE), [people.share for people in PEOPLE.values()])[0]
            expiration = random.choice(EXPIRATIONS)
        slug = name.lower().replace(" ", "-")
        if slug in there:
            continue
        created = now - (DAYS + 1) * DAY - random.randrange(30 * DAY)
        id = new_id("store", created)
        rows.append((id, slug, name, f"https://{slug}.example/", expiration, moment(created)))
        opened.append(Store(id, expiration, home, unused_numbers(random)))
    await connection.copy_records_to_table("store", records=rows, columns=STORE_COLUMNS)
    return opened


async def _add(connection: Connection, invention: Invention, progress: Callable[[int], object]) -> None:
    """Copy batches into temporary tables and from there into place. The next is invented while Postgres does that."""
    await connection.execute(STAGE)
    batch = invention.batch(BATCH)
    while batch.sessions:
        await connection.copy_records_to_table("demo_customer", records=batch.customers, columns=CUSTOMER_COLUMNS)
        await connection.copy_records_to_table("demo_session", records=batch.sessions, columns=SESSION_COLUMNS)
        await connection.copy_records_to_table("demo_order", records=batch.orders, columns=ORDER_COLUMNS)
        await connection.copy_records_to_table("demo_event", records=batch.events, columns=EVENT_COLUMNS)
        added = len(batch.sessions)
        batch, _ = await asyncio.gather(
            asyncio.to_thread(invention.batch, BATCH), connection.execute(ADD, timeout=PATIENCE)
        )
        await connection.execute(UNSTAGE)
        progress(added)


@asynccontextmanager
async def _without_indexes(connection: Connection) -> AsyncIterator[None]:
    """Inside a transaction: without what can be put back faster than it is kept up row by row."""
    removed = await connection.fetch(REMOVABLE, LOADED)
    for statement in removed:
        await connection.execute(statement["off"])
    yield
    await connection.execute("set local maintenance_work_mem = '256MB'")
    # Checking a foreign key takes several times longer on tables of unknown size; so does it without the indexes.
    await connection.execute(ANALYZE, timeout=PATIENCE)
    for statement in reversed(removed):
        await connection.execute(statement["back"], timeout=PATIENCE)
