"""Clients that disconnect: Postgres stops working on their queries, but changes are made."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from urllib.parse import urlsplit

import asyncpg
import orjson
import pytest

from tests.conftest import settings_for, shop_at
from tests.support.logs import Log
from tests.support.shop import Shop

Connection = "asyncpg.Connection[Any]"

WAITING = """
select count(*) from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'
"""
SESSIONS = "{ sessions { nodes { id } } }"
SECONDS = 1.5  # less than the lock timeout


@pytest.fixture
async def shop(own_database_url: str) -> AsyncIterator[Shop]:
    async with shop_at(settings_for(own_database_url, batch_limit=5)) as shop:
        yield shop


@pytest.fixture
async def observer(own_database_url: str) -> AsyncIterator[Connection]:
    observer = await asyncpg.connect(own_database_url)
    yield observer
    await observer.close()


@asynccontextmanager
async def asking(shop: Shop, body: object) -> AsyncIterator[None]:
    """Send a request, and disconnect without reading the response."""
    content = orjson.dumps(body)
    address = urlsplit(str(shop.http.base_url))
    _, writer = await asyncio.open_connection(address.hostname, address.port)
    head = f"POST /graphql HTTP/1.1\r\nHost: {address.netloc}\r\nContent-Type: application/json\r\n"
    writer.write(f"{head}Authorization: Bearer {shop.key}\r\nContent-Length: {len(content)}\r\n\r\n".encode() + content)
    try:
        yield
    finally:
        writer.close()


async def until(connection: Connection, waiting: int) -> None:
    async with asyncio.timeout(SECONDS):
        while await connection.fetchval(WAITING) != waiting:
            pass


async def status_of_next(log: Log) -> int:
    """The status in the log of the one request that has ended."""
    async with asyncio.timeout(SECONDS):
        while not (lines := [line["status"] for line in log.lines if "status" in line]):  # noqa: ASYNC110
            await asyncio.sleep(0.005)
    [status] = lines
    return int(status)


@pytest.mark.parametrize("body", [{"query": SESSIONS}, [{"query": SESSIONS}, {"query": SESSIONS}]])
async def test_a_query_whose_client_has_left_is_cancelled_in_postgres(
    shop: Shop, connection: Connection, observer: Connection, log: Log, body: object
) -> None:
    async with connection.transaction():
        await connection.execute("lock table session in access exclusive mode")
        async with asking(shop, body):
            await until(observer, 1)
        await until(observer, 0)
    assert await status_of_next(log) == 499
    assert await shop.ask(SESSIONS) == {"sessions": {"nodes": []}}


async def test_a_query_that_waits_for_a_connection_is_given_up(
    shop: Shop, connection: Connection, observer: Connection
) -> None:
    async with connection.transaction():
        await connection.execute("lock table session in access exclusive mode")
        async with asking(shop, {"query": SESSIONS}), asking(shop, {"query": SESSIONS}):
            async with asking(shop, {"query": SESSIONS}), asking(shop, {"query": SESSIONS}):
                await until(observer, 4)
                async with asking(shop, {"query": SESSIONS}):
                    await asyncio.sleep(0)
            await until(observer, 2)
        await until(observer, 0)
    assert await shop.ask(SESSIONS) == {"sessions": {"nodes": []}}


async def test_a_mutation_whose_client_has_left_is_finished(
    shop: Shop, connection: Connection, observer: Connection, log: Log
) -> None:
    session = await shop.create()
    revoke = f'mutation {{ revokeToken(input: {{sessionId: "{session["id"]}"}}) {{ userErrors {{ code }} }} }}'
    log.text = ""
    async with connection.transaction():
        await connection.execute("select from session for update")
        async with asking(shop, {"query": revoke}):
            await until(observer, 1)
        await asyncio.sleep(0.3)  # long enough to notice, if it were watched
        await until(observer, 1)
    assert await status_of_next(log) == 200
    assert await shop.event_kinds(session["id"]) == ["ISSUED", "REVOKED"]
