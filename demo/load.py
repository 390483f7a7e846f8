"""Loads invented data for `roomkey demo`.

A load that is larger than the existing data drops the secondary indexes and foreign keys and recreates them at the end,
in the same transaction. An interrupted load is rolled back, and the tables are locked during the load.
"""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, nullcontext
from random import Random
from typing import Any, TypeAlias

import asyncpg

from demo.moments import DAY, DAYS, id_maker, moment, unused_numbers
from demo.people import PEOPLE
from demo.sessions import EXPIRATIONS, Row, SessionGenerator, Store, store_names

DEMO_SLUG = "kopi-senja"

Connection: TypeAlias = "asyncpg.Connection[Any]"

BATCH_SIZE = 10_000

# From this number of sessions on, a load is faster without indexes.
LARGE_LOAD = 20_000

# Creating an index of a million rows takes longer than the default timeout of the connection.
TIMEOUT_SECONDS = 3600.0

STORE_COLUMNS = ("id", "slug", "name", "storefront_url", "storefront_hosts", "session_expiration", "created_at")

# The columns of each table, in the order of the fields of Batch.
COLUMNS = {
    "customer": "store_id, id, name, phone, email, external_id, created_at",
    "session": "store_id, id, customer_id, customer_name, room_id, order_numbers, created_at, token_generation, "
    "token_key, token_issued_at, token_expires_at, token_revoked_at, conversion_kind, converted_at, "
    "conversion_order_id, metadata",
    "order": "store_id, id, number, session_id, total_amount, total_currency, placed_at, created_at",
    "session_event": "store_id, id, session_id, kind, at, expires_at, reason",
}
LOADED_TABLES = [f'"{table}"' for table in COLUMNS]

# The time in microseconds since 1970, and the number of sessions.
SELECT_STATE = "select (extract(epoch from now()) * 1000000)::bigint, (select count(*) from session)"

SELECT_STORES = "select slug, id, session_expiration from store"

SELECT_NUMBERS = """
select number from "order" where store_id = $1
union all
select external_id from customer where store_id = $1 and external_id is not null
"""

# Staging tables, which have neither the constraints nor the generated columns of the real tables.
CREATE_STAGING_TABLES = ";".join(
    f'create temp table demo_{table} on commit drop as select {columns} from "{table}" with no data'
    for table, columns in COLUMNS.items()
)

# Sessions and orders refer to each other. Foreign keys are checked at the end of the statement, when both exist.
COPY_FROM_STAGING = f"""
with customers as (insert into customer ({COLUMNS["customer"]}) table demo_customer),
    sessions as (insert into session ({COLUMNS["session"]}) table demo_session),
    orders as (insert into "order" ({COLUMNS["order"]}) table demo_order)
insert into session_event ({COLUMNS["session_event"]}) table demo_session_event
"""

TRUNCATE_STAGING_TABLES = "truncate demo_customer, demo_session, demo_order, demo_session_event"

# The statements that drop and recreate each foreign key and each secondary index that is not unique.
SELECT_REMOVABLE = """
select format('alter table %s drop constraint %I', conrelid::regclass, conname) as drop_statement,
    format('alter table %s add constraint %I %s', conrelid::regclass, conname, pg_get_constraintdef(oid))
        as create_statement
from pg_constraint
where contype = 'f' and conrelid = any($1::regclass[])
union all
select format('drop index %s', indexrelid::regclass), pg_get_indexdef(indexrelid)
from pg_index
where indrelid = any($1::regclass[]) and not indisunique
"""


async def load_demo(
    connection: Connection, *, sessions: int, stores: int, token_key: str, progress: Callable[[int], object]
) -> list[str]:
    """Load generated sessions with COPY, and return the IDs of their stores, with the demo store first.

    The demo store is created if it is missing; the other stores are always new. Links are signed with the signing key
    `token_key`. `progress` is called with the number of sessions of each batch; a large load spends the last third of
    its time after that, on the indexes. The connection must not be in a transaction, and must encode JSON as text.
    """
    [(now, present)] = await connection.fetch(SELECT_STATE)
    random = Random(present)  # noqa: S311  # reproducible, but different for a second load
    async with connection.transaction():
        opened = await _open_stores(connection, random, now, stores)
        generator = SessionGenerator(random, now, opened, sessions, token_key)
        is_large = sessions >= LARGE_LOAD and present < sessions
        async with _without_indexes(connection) if is_large else nullcontext():
            await _load_batches(connection, generator, progress)
    await connection.execute(f"vacuum (analyze) store, {', '.join(LOADED_TABLES)}", timeout=TIMEOUT_SECONDS)
    return [store.id for store in opened]


async def _open_stores(connection: Connection, random: Random, now: int, count: int) -> list[Store]:
    """Find or create the demo store, and create other stores until there are `count`."""
    existing = {row["slug"]: row for row in await connection.fetch(SELECT_STORES)}
    new_id = id_maker(random)
    names = store_names(random)
    opened: list[Store] = []
    rows: list[Row] = []
    if demo := existing.get(DEMO_SLUG):
        taken = frozenset(number for (number,) in await connection.fetch(SELECT_NUMBERS, demo["id"]))
        opened.append(Store(demo["id"], demo["session_expiration"], "id", unused_numbers(random, taken)))
    while len(opened) < count:
        name, home, expiration = "Kopi Senja", "id", 30
        if opened:
            name = next(names)
            home = random.choices(list(PEOPLE), [people.share for people in PEOPLE.values()])[0]
            expiration = random.choice(EXPIRATIONS)
        slug = name.lower().replace(" ", "-")
        if slug in existing:
            continue
        created = now - (DAYS + 1) * DAY - random.randrange(30 * DAY)
        id = new_id("store", created)
        host = f"{slug}.example"
        rows.append((id, slug, name, f"https://{host}/", [host], expiration, moment(created)))
        opened.append(Store(id, expiration, home, unused_numbers(random)))
    await connection.copy_records_to_table("store", records=rows, columns=STORE_COLUMNS)
    return opened


async def _load_batches(connection: Connection, generator: SessionGenerator, progress: Callable[[int], object]) -> None:
    """Load batches through the staging tables. The next batch is generated while Postgres copies the last."""
    await connection.execute(CREATE_STAGING_TABLES)
    batch = generator.batch(BATCH_SIZE)
    while batch.sessions:
        for (table, columns), rows in zip(COLUMNS.items(), batch, strict=True):
            await connection.copy_records_to_table(f"demo_{table}", records=rows, columns=columns.split(", "))
        added = len(batch.sessions)
        batch, _ = await asyncio.gather(
            asyncio.to_thread(generator.batch, BATCH_SIZE),
            connection.execute(COPY_FROM_STAGING, timeout=TIMEOUT_SECONDS),
        )
        await connection.execute(TRUNCATE_STAGING_TABLES)
        progress(added)


@asynccontextmanager
async def _without_indexes(connection: Connection) -> AsyncIterator[None]:
    """Drop the secondary indexes and foreign keys, and recreate them at the end. Must be in a transaction."""
    removed = await connection.fetch(SELECT_REMOVABLE, LOADED_TABLES)
    for statement in removed:
        await connection.execute(statement["drop_statement"])
    yield
    await connection.execute("set local maintenance_work_mem = '256MB'")
    # Checking foreign keys takes several times longer without statistics, and without the indexes, which come first.
    await connection.execute(f"analyze {', '.join(LOADED_TABLES)}", timeout=TIMEOUT_SECONDS)
    for statement in reversed(removed):
        await connection.execute(statement["create_statement"], timeout=TIMEOUT_SECONDS)
