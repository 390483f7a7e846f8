"""The database with demo data, which is reused, and the values in the queries."""

import asyncio
import os
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path

import asyncpg
import click

import embedded
from api.documents.publishing import publish
from bench.speed.contenders import DOCUMENTS, TOKEN_KEYS, document_id
from bench.speed.load import Failed
from bench.speed.queries import RARE, Query, Sample
from db.api_keys import create_api_key, generate_api_key, hash_api_key
from db.apps import AppSettings, create_app, search_apps
from db.keysets import Key
from db.migrate import migrate
from db.pool import Pool, connect
from demo.load import load_demo
from schema.cursors import Cursors

FOLDER = Path(".bench")
STORES = 20
RATE = 1_000_000
APP = "bench"

STORE = """
select store_id, slug, count(*) as sessions from session join store on store.id = store_id
group by store_id, slug order by sessions desc, store_id limit 1
"""

# The most frequent word of plain letters in customers' names.
FREQUENT_TEXT = """
select word from session, regexp_split_to_table(customer_name_key, ' ') as word
where store_id = $1 and word ~ '^[a-z]{4,}$'
group by word order by count(*) desc, word limit 1
"""

# A whole name, since each word of the demo data's names is frequent. It may be part of other names.
RARE_TEXT = f"""
select name from (
    select customer_name_key as name from session
    where store_id = $1 and customer_name_key ~ '^[a-z]+ [a-z]+$'
    group by name order by count(*), name limit 100
) as names
where {RARE} >= (
    select count(*) from session where store_id = $1 and customer_name_key like '%' || name || '%'
)
limit 1
"""

# A name that the demo data does not have.
ABSENT_TEXT = "quetzalli"

ROW = """
select created_at, id from session
where store_id = $1 order by created_at desc, id desc offset $2 limit 1
"""

# The order of a session in the middle of the list.
ORDER_NUMBER = """
select number from "order" where store_id = $1 and session_id <= $2 order by session_id desc limit 1
"""


@contextmanager
def database(sessions: int) -> Iterator[str]:
    """The URL of a database with at least this number of sessions: the one at DATABASE_URL, or an embedded one."""
    if url := os.environ.get("DATABASE_URL"):
        asyncio.run(_fill(url, sessions))
        yield url
        return
    with embedded.start(FOLDER / str(sessions)) as server:
        asyncio.run(_fill(server.url(), sessions))
        yield server.url()


async def sample_of(database_url: str) -> Sample:
    """Choose values from the largest store. The sample's API key belongs to an app that has published DOCUMENTS."""
    connection = await asyncpg.connect(database_url)
    store_id, slug, sessions = await connection.fetchrow(STORE)
    depth = min(49_950, sessions * 9 // 10)
    deep = await connection.fetchrow(ROW, store_id, depth - 1)
    deep_after = deep["created_at"].isoformat(), deep["id"]
    _, session_id = await connection.fetchrow(ROW, store_id, sessions // 2)
    frequent_text = await connection.fetchval(FREQUENT_TEXT, store_id)
    rare_text = await connection.fetchval(RARE_TEXT, store_id)
    if rare_text is None:
        raise Failed(f"The data does not suit the benchmark: no name is in at most {RARE} sessions.")
    order_number = await connection.fetchval(ORDER_NUMBER, store_id, session_id)
    await connection.close()
    cursors = Cursors(TOKEN_KEYS)
    return Sample(
        store_id=store_id,
        slug=slug,
        key=await _key(database_url, store_id),
        texts={
            Query.PAGE_BY_NAME: frequent_text,
            Query.PAGE_BY_RARE_NAME: rare_text,
            Query.PAGE_BY_ABSENT_NAME: ABSENT_TEXT,
            Query.LARGE_PAGE: frequent_text,
        },
        session_id=session_id,
        order_number=order_number,
        deep_after=deep_after,
        deep_cursor=cursors.encode(store_id, "sessions by created_at desc", Key(*deep_after)),
    )


async def _fill(database_url: str, sessions: int) -> None:
    await migrate(database_url)
    connection = await connect(database_url)
    try:
        present = await connection.fetchval("select count(*) from session")
        if present < sessions:
            with click.progressbar(length=sessions - present, label="Sessions", file=sys.stderr) as bar:
                await load_demo(
                    connection,
                    sessions=sessions - present,
                    stores=STORES,
                    token_key=TOKEN_KEYS.current,
                    progress=bar.update,
                )
    finally:
        await connection.close()


async def _key(database_url: str, store_id: str) -> str:
    """Create an API key of the app, and the app if it is missing."""
    async with _pool(database_url) as db:
        found = (app for app in await search_apps(db, store_id) if app.name == APP and app.rate == RATE)
        app = next(found, None) or await create_app(db, store_id, AppSettings(APP, ["sessions:read"], RATE))
        key = generate_api_key()
        await create_api_key(db, store_id, app.id, APP, hash_api_key(key))
        await publish(db, store_id, app.id, {document_id(query): DOCUMENTS[query] for query in Query})
    return key


@asynccontextmanager
async def _pool(database_url: str) -> AsyncIterator[Pool]:
    db = Pool(database_url, size=1)
    await db.connect()
    try:
        yield db
    finally:
        await db.disconnect()
