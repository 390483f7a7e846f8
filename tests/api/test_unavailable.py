"""What clients see while Postgres cannot write, and when the server loses its connection."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any
from urllib.parse import urlsplit

import asyncpg
import httpx
import pytest

from db.migrate import migrate
from tests.conftest import client_of, settings_for, settings_without_pooler, shop_at
from tests.support.clusters import cluster
from tests.support.logs import Log
from tests.support.persisted_documents import JOIN
from tests.support.shop import Shop, code_of, path_of

Connection = "asyncpg.Connection[Any]"

SESSIONS = "{ sessions { nodes { id } } }"
CREATE = """mutation {
    createSession(input: {customer: {details: {name: "Ayu"}}, idempotencyKey: "a key of the test's"}) {
        session { id }
        userErrors { code }
    }
}"""
NOT_AVAILABLE = "The database is not available at the moment."
UNKNOWN = (
    "The connection to the database was lost. If the request changes data, the change may have been made: repeat the "
    "request, with the same idempotencyKey if it has one."
)
DISCONNECT_ALL = """
select count(pg_terminate_backend(pid, 5000)) from pg_stat_activity
where datname = current_database() and pid <> pg_backend_pid()
"""
# Every change of a session takes a minute to commit.
SLOW_COMMIT = """
create function sleep() returns trigger language plpgsql as 'begin perform pg_sleep(60); return null; end';
create constraint trigger slow after insert on session_event initially deferred for each row execute function sleep();
"""
# There is no space for the visits of customers.
FULL_DISK = """
create function refuse() returns trigger language plpgsql as $$
    begin raise exception 'No space left on device' using errcode = 'disk_full'; end $$;
create trigger full_disk before insert on session_event for each row when (new.kind in ('OPENED', 'JOINED'))
    execute function refuse();
"""
END_SLEEPING = """
select pg_terminate_backend(pid, 5000) from pg_stat_activity
where datname = current_database() and wait_event = 'PgSleep'
"""


@pytest.fixture
async def shop(own_database_url: str) -> AsyncIterator[Shop]:
    async with shop_at(settings_for(own_database_url)) as shop:
        yield shop


@pytest.fixture
async def unpooled_shop(own_database_url: str) -> AsyncIterator[Shop]:
    async with shop_at(settings_without_pooler(own_database_url)) as shop:
        yield shop


def check_unavailable(response: httpx.Response, message: str, path: list[str]) -> None:
    assert (response.status_code, response.headers.get("retry-after")) == (503, "1"), response.text
    [error] = response.json()["errors"]
    expected = {"message": message, "path": path, "extensions": {"code": "SERVICE_UNAVAILABLE"}}
    assert {name: error[name] for name in expected} == expected
    assert "data" not in response.json()


async def test_a_read_only_database_answers_queries_and_refuses_changes(
    unpooled_shop: Shop, connection: Connection, own_database_url: str
) -> None:
    read_only = f"alter database {urlsplit(own_database_url).path[1:]} set default_transaction_read_only = "
    await connection.execute(f"set default_transaction_read_only = off; {read_only} on")
    await connection.fetch(DISCONNECT_ALL)
    for _ in range(3):
        assert await unpooled_shop.ask(SESSIONS) == {"sessions": {"nodes": []}}
        check_unavailable(await unpooled_shop.post(CREATE), NOT_AVAILABLE, ["createSession"])
    await connection.execute(f"{read_only} off")
    await connection.fetch(DISCONNECT_ALL)
    created = (await unpooled_shop.ask(CREATE))["createSession"]
    assert await unpooled_shop.ask(SESSIONS) == {"sessions": {"nodes": [created["session"]]}}


@asynccontextmanager
async def read_only(url: str) -> AsyncIterator[None]:
    """All transactions are read-only, those of open connections after they were opened again."""
    connection = await asyncpg.connect(url)
    database = f"alter database {urlsplit(url).path[1:]}"
    await connection.execute("set default_transaction_read_only = off")
    await connection.execute(f"{database} set default_transaction_read_only = on")
    await connection.fetch(DISCONNECT_ALL)
    yield
    await connection.execute(f"{database} reset default_transaction_read_only")
    await connection.fetch(DISCONNECT_ALL)
    await connection.close()


async def check_visits(shop: Shop, session: Any, link: int, join: tuple[int, list[Any] | None]) -> None:
    """Open the link of a session and join it, and compare the statuses and user errors."""
    opened = await shop.http.get(path_of(session))
    assert opened.status_code == link
    assert opened.headers.get("location", "").endswith(f"?token={code_of(session)}") == (link == 303)
    joined = await shop.post(JOIN, token=code_of(session))
    data = joined.json().get("data")
    assert (joined.status_code, data and data["joinSession"]["userErrors"]) == join


async def test_a_read_only_database_admits_no_customer_because_it_may_not_know_of_a_revocation(
    unpooled_shop: Shop, own_database_url: str
) -> None:
    visited, other = [await unpooled_shop.create() for _ in range(2)]
    await check_visits(unpooled_shop, visited, 303, (200, []))  # so that the visits below are not recorded again
    async with read_only(own_database_url):
        for session in (visited, other):
            await check_visits(unpooled_shop, session, 503, (503, None))


async def test_a_full_disk_admits_customers_without_recording_their_visits(
    shop: Shop, connection: Connection, log: Log
) -> None:
    session, expired = [await shop.create() for _ in range(2)]
    await shop.turn_back(expired["id"], minutes=100_000)
    await connection.execute(FULL_DISK)
    await check_visits(shop, session, 303, (200, []))
    await check_visits(shop, expired, 410, (200, [{"code": "TOKEN_EXPIRED"}]))
    assert f"A visit of {session['id']} was not recorded: DiskFullError" in log.text
    await shop.change("revokeToken", sessionId=session["id"])
    await check_visits(shop, session, 410, (200, [{"code": "TOKEN_REVOKED"}]))
    assert await shop.event_kinds(session["id"]) == ["ISSUED", "REVOKED"]


async def test_a_locked_session_admits_no_customer(shop: Shop, connection: Connection) -> None:
    session = await shop.create()
    async with connection.transaction():
        await connection.execute("select from session for update")
        await check_visits(shop, session, 503, (503, None))


async def test_a_standby_admits_no_customer_because_it_may_not_know_of_a_revocation() -> None:
    with cluster() as primary, cluster(primary=primary) as standby:
        await migrate(primary.url())
        async with shop_at(settings_for(primary.url())) as shop:
            visited, other = [await shop.create() for _ in range(2)]
            await check_visits(shop, visited, 303, (200, []))  # so that the visits below are not recorded again
            observer = await asyncpg.connect(standby.url())
            async with asyncio.timeout(10):
                while await observer.fetchval("select count(*) from session_event") < 4:
                    pass
            async with client_of(settings_for(standby.url())) as http:
                there = replace(shop, http=http)
                for session in (visited, other):
                    await check_visits(there, session, 503, (503, None))
            await observer.close()


async def test_a_change_whose_commit_got_no_answer_may_have_been_made(shop: Shop, connection: Connection) -> None:
    await connection.execute(SLOW_COMMIT)
    for _ in range(2):
        creating = asyncio.create_task(shop.post(CREATE))
        async with asyncio.timeout(5):
            while not await connection.fetch(END_SLEEPING):
                pass
        check_unavailable(await creating, UNKNOWN, ["createSession"])
    await connection.execute("drop trigger slow on session_event")
    created = [(await shop.ask(CREATE))["createSession"] for _ in range(2)]
    assert created[0] == created[1] == {"session": {"id": created[0]["session"]["id"]}, "userErrors": []}
    assert await shop.found() == [created[0]["session"]["id"]]


async def test_killed_backends_fail_their_statements_and_leave_no_half_change(
    shop: Shop, connection: Connection
) -> None:
    await connection.execute(SLOW_COMMIT)
    for _ in range(10):
        creating = [asyncio.create_task(shop.post(CREATE.replace("a key", f"{n}"))) for n in range(4)]
        async with asyncio.timeout(5):
            while len(await connection.fetch("select from pg_stat_activity where wait_event = 'PgSleep'")) < 4:
                pass
        await connection.fetch(END_SLEEPING)
        for response in await asyncio.gather(*creating):
            check_unavailable(response, UNKNOWN, ["createSession"])
    tables = ("session", "session_event", "customer", "idempotency_key")
    assert [await connection.fetchval(f"select count(*) from {table}") for table in tables] == [0, 0, 0, 0]
    assert await shop.ask(SESSIONS) == {"sessions": {"nodes": []}}
