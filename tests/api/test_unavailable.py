"""What clients see while Postgres cannot write, and when the server loses its connection."""

import asyncio
from collections.abc import AsyncIterator
from urllib.parse import urlsplit

import httpx
import pytest

from tests.conftest import settings_for, shop_at
from tests.support.shop import Shop

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
END_SLEEPING = """
select pg_terminate_backend(pid, 5000) from pg_stat_activity
where datname = current_database() and wait_event = 'PgSleep'
"""


@pytest.fixture
async def shop(own_database_url: str) -> AsyncIterator[Shop]:
    async with shop_at(settings_for(own_database_url)) as shop:
        yield shop


def check_unavailable(response: httpx.Response, message: str, path: list[str]) -> None:
    assert (response.status_code, response.headers.get("retry-after")) == (503, "1"), response.text
    [error] = response.json()["errors"]
    expected = {"message": message, "path": path, "extensions": {"code": "SERVICE_UNAVAILABLE"}}
    assert {name: error[name] for name in expected} == expected
    assert "data" not in response.json()


async def test_a_read_only_database_answers_queries_and_refuses_changes(
    shop: Shop, connection: Connection, own_database_url: str
) -> None:
    read_only = f"alter database {urlsplit(own_database_url).path[1:]} set default_transaction_read_only = "
    await connection.execute(f"set default_transaction_read_only = off; {read_only} on")
    await connection.fetch(DISCONNECT_ALL)
    for _ in range(3):
        assert await shop.ask(SESSIONS) == {"sessions": {"nodes": []}}
        check_unavailable(await shop.post(CREATE), NOT_AVAILABLE, ["createSession"])
    await connection.execute(f"{read_only} off")
    await connection.fetch(DISCONNECT_ALL)
    created = (await shop.ask(CREATE))["createSession"]
    assert await shop.ask(SESSIONS) == {"sessions": {"nodes": [created["session"]]}}


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
