"""The deadline of operations: the client gets a response in time, and Postgres stops working on the operation."""

import asyncio
import gc
import os
import signal
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from pathlib import Path
from typing import Any

import asyncpg
import httpx
import pytest

import embedded
from api.health import CHECK_SECONDS
from db.migrate import migrate
from tests.conftest import settings_for, shop_at
from tests.support.clusters import cluster
from tests.support.postgres_processes import postgres_of
from tests.support.shop import Shop, path_of

UNAVAILABLE = "SERVICE_UNAVAILABLE"
SECONDS = 0.5
# How much later than the deadline a response can come.
GRACE = 2.0
POOL = 8
# The number of busy connections while rows are locked: the one that locks them.
HOLDER = 1

Connection = "asyncpg.Connection[Any]"

STOPPED = "Stopped after 0.5 s."
UNKNOWN = (
    "Stopped after 0.5 s. It is unknown whether the change was made. It is safe to repeat the request, with the same "
    "idempotencyKey if it has one."
)

# Commits of changes of sessions wait for a standby, which does not exist. Others do not, such as those of rate limits.
WAIT_FOR_STANDBY = """
create function wait_for_standby() returns trigger language plpgsql as $$
    begin perform set_config('synchronous_commit', 'on', true); return null; end $$;
create trigger wait after insert on session_event for each row execute function wait_for_standby();
"""
COMMITTING = "select count(*) from pg_stat_activity where wait_event = 'SyncRep'"

WAITING = """
select count(*) from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'
"""
BUSY = """
select count(*) from pg_stat_activity
where datname = current_database() and pid <> pg_backend_pid() and backend_type = 'client backend' and state <> 'idle'
"""
COUNTS = """
select (select count(*) from session), (select count(*) from session_event), (select count(*) from customer),
    (select count(*) from idempotency_key), (select count(*) from "order")
"""
CREATE = """mutation ($input: CreateSessionInput!) {
    createSession(input: $input) { session { id customer { name } } userErrors { code } }
}"""
SLUG = "{ store { slug } }"


@asynccontextmanager
async def shop_within(url: str, seconds: float) -> AsyncIterator[Shop]:
    """A shop at a server whose operations have this time limit in seconds."""
    async with shop_at(settings_for(url, operation_seconds=seconds, batch_limit=5)) as shop:
        yield shop


@pytest.fixture
async def slow(own_database_url: str) -> AsyncIterator[Shop]:
    async with shop_within(own_database_url, SECONDS) as shop:
        yield shop


@pytest.fixture
async def observer(own_database_url: str) -> AsyncIterator[Connection]:
    """A connection outside of any transaction, in which pg_stat_activity would not change."""
    observer = await asyncpg.connect(own_database_url)
    yield observer
    await observer.close()


@asynccontextmanager
async def holding(connection: Connection, table: str) -> AsyncIterator[None]:
    """Lock the rows that the table has now."""
    async with connection.transaction():
        await connection.execute(f"select from {table} for update")
        yield


async def until(connection: Connection, query: str, count: int) -> None:
    """Wait until the query returns this count."""
    async with asyncio.timeout(GRACE):
        while await connection.fetchval(query) != count:
            pass


async def timed(sent: Any) -> tuple[httpx.Response, float]:
    started = time.monotonic()
    return await sent, time.monotonic() - started


def check_timeout(answer: tuple[httpx.Response, float], message: str = STOPPED) -> None:
    response, seconds = answer
    timeout = {"errors": [{"message": message, "extensions": {"code": "TIMEOUT"}}]}
    assert (response.status_code, response.json()) == (504, timeout)
    assert SECONDS <= seconds < SECONDS + GRACE


async def test_a_mutation_that_times_out_is_cancelled_in_postgres_and_rolled_back(
    slow: Shop, connection: Connection, observer: Connection
) -> None:
    customer = {"details": {"name": "Ayu", "externalId": "C1"}}
    await slow.create(customer=customer)
    before = await connection.fetchrow(COUNTS)
    input = {
        "customer": {"details": {"name": "Bima", "externalId": "C1"}},
        "orderNumber": "Q1",
        "idempotencyKey": "a key of the test's",
    }
    async with holding(connection, "customer"):
        sent = asyncio.create_task(timed(slow.post(CREATE, input=input)))
        await until(observer, WAITING, 1)
        response, seconds = await sent
        check_timeout((response, seconds), UNKNOWN)
        assert response.headers["content-type"] == "application/json; charset=utf-8"
        assert response.headers["cache-control"] == "no-store"
        # The row is still held: nothing but a cancellation ends the wait.
        await until(observer, BUSY, HOLDER)
    assert await connection.fetchrow(COUNTS) == before
    names = await slow.ask("{ customers { nodes { name } } }")
    assert names == {"customers": {"nodes": [{"name": "Ayu"}]}}
    # A retry creates the session: nothing of the first attempt is left.
    created = await slow.ask(CREATE, input=input)
    assert created["createSession"]["session"]["customer"] == {"name": "Bima"}
    assert (await connection.fetchrow(COUNTS))[0] == before[0] + 1


async def test_a_retry_of_a_mutation_that_timed_out_while_it_was_committed_changes_nothing_twice() -> None:
    with cluster(synchronous_standby_names="'*'", synchronous_commit="local") as server:
        await migrate(server.url())
        connection = await asyncpg.connect(server.url())
        async with shop_within(server.url(), SECONDS) as shop:
            await connection.execute(WAIT_FOR_STANDBY)
            input = {"customer": {"details": {"name": "Ayu"}}, "idempotencyKey": "a key of the test's"}
            sent = asyncio.create_task(timed(shop.post(CREATE, input=input)))
            await until(connection, COMMITTING, 1)
            check_timeout(await sent, UNKNOWN)
            await until(connection, COMMITTING, 0)
            await connection.execute("drop trigger wait on session_event")
            [made] = await shop.found()
            for _ in range(2):
                retried = await shop.ask(CREATE, input=input)
                assert retried["createSession"]["session"]["id"] == made
            assert await shop.found() == [made]
        await connection.close()


async def test_requests_that_time_out_release_their_connections(
    slow: Shop, connection: Connection, observer: Connection
) -> None:
    session = await slow.create()
    revoke = f'mutation {{ revokeToken(input: {{sessionId: "{session["id"]}"}}) {{ userErrors {{ code }} }} }}'
    async with holding(connection, "session"):
        # Twice as many as there are connections: some of them wait for one.
        for answer in await asyncio.gather(*(timed(slow.post(revoke)) for _ in range(2 * POOL))):
            check_timeout(answer, UNKNOWN)
        await until(observer, BUSY, HOLDER)
        read = "query ($id: ID!) { session(id: $id) { token { status } } }"
        answers = await asyncio.gather(*(slow.ask(read, id=session["id"]) for _ in range(2 * POOL)))
        assert answers == [{"session": {"token": {"status": "ACTIVE"}}}] * (2 * POOL)
    assert await slow.event_kinds(session["id"]) == ["ISSUED"]
    await slow.change("revokeToken", sessionId=session["id"])
    assert await slow.event_kinds(session["id"]) == ["ISSUED", "REVOKED"]


async def test_a_query_that_times_out_is_cancelled_in_postgres(
    slow: Shop, connection: Connection, observer: Connection
) -> None:
    await slow.create()
    async with connection.transaction():
        await connection.execute("lock table session in access exclusive mode")
        check_timeout(await timed(slow.post("{ sessions { nodes { id } } }")))
        await until(observer, BUSY, HOLDER)


async def test_a_batch_has_one_deadline(slow: Shop, connection: Connection, observer: Connection) -> None:
    async with connection.transaction():
        await connection.execute("lock table session in access exclusive mode")
        batch = [{"query": query} for query in (SLUG, "{ sessions { nodes { id } } }", "{ sessions { nodes { id } } }")]
        check_timeout(await timed(slow.http.post("/graphql", json=batch, headers=slow.headers)))
        await until(observer, BUSY, HOLDER)


async def test_a_batch_that_times_out_after_a_mutation_says_so(slow: Shop, connection: Connection) -> None:
    session = await slow.create()
    revoke = f'mutation {{ revokeToken(input: {{sessionId: "{session["id"]}"}}) {{ userErrors {{ code }} }} }}'
    async with connection.transaction():
        await connection.execute("lock table customer in access exclusive mode")
        batch = [{"query": query} for query in (revoke, "{ customers { nodes { id } } }")]
        check_timeout(await timed(slow.http.post("/graphql", json=batch, headers=slow.headers)), UNKNOWN)
    assert await slow.event_kinds(session["id"]) == ["ISSUED", "REVOKED"]


async def test_the_deadline_includes_authentication(
    own_database_url: str, connection: Connection, observer: Connection
) -> None:
    async with shop_within(own_database_url, SECONDS) as shop, connection.transaction():
        await connection.execute("lock table api_key in access exclusive mode")
        check_timeout(await timed(shop.post(SLUG)))
        await until(observer, BUSY, HOLDER)


@contextmanager
def frozen(folder: Path) -> Iterator[None]:
    """Suspend the Postgres in the folder. Also freeze the garbage collector of this process, because a collection takes
    too long here. The server's process freezes it, too.
    """
    pids = sorted(postgres_of(folder))
    gc.freeze()
    try:
        send_signal(pids, signal.SIGSTOP)
        yield
    finally:
        send_signal(pids, signal.SIGCONT)
        gc.unfreeze()


def send_signal(pids: list[int], number: signal.Signals) -> None:
    for pid in pids:
        with suppress(ProcessLookupError):
            os.kill(pid, number)


async def test_a_frozen_postgres_does_not_delay_a_response_beyond_the_deadline(folder: Path) -> None:
    with embedded.start(folder, durable=False) as server:
        await migrate(server.url())
        connection, observer = await asyncpg.connect(server.url()), await asyncpg.connect(server.url())
        async with shop_within(server.url(), SECONDS) as shop:
            session = await shop.create()
            revoke = f'mutation {{ revokeToken(input: {{sessionId: "{session["id"]}"}}) {{ userErrors {{ code }} }} }}'
            async with holding(connection, "session"):
                # In the middle of a transaction, which cannot be rolled back at once.
                changed = [asyncio.create_task(timed(shop.post(revoke))) for _ in range(POOL // 2)]
                await until(observer, WAITING, POOL // 2)
                with frozen(folder):
                    for _ in range(4):
                        asked = [asyncio.create_task(timed(shop.post(SLUG))) for _ in range(2 * POOL)]
                        for answer in await asyncio.gather(*asked):
                            check_timeout(answer)
                        for answer in await asyncio.gather(*changed):
                            check_timeout(answer, UNKNOWN)
                    link, seconds = await timed(shop.http.get(path_of(session)))
                    assert (link.status_code, "<h1>" in link.text) == (503, True)
                    assert seconds < SECONDS + GRACE
                    health, seconds = await timed(shop.http.get("/health/ready"))
                    assert (health.status_code, health.json()["errors"][0]["extensions"]["code"]) == (503, UNAVAILABLE)
                    assert seconds < CHECK_SECONDS + GRACE
                await until(observer, BUSY, HOLDER)
            responses = await asyncio.gather(*(shop.post_until_served(SLUG) for _ in range(2 * POOL)))
            assert {response.json()["data"]["store"]["slug"] for response in responses} == {shop.slug}
            assert await shop.event_kinds(session["id"]) == ["ISSUED"]
        await connection.close()
        await observer.close()
