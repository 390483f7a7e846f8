"""The connection pool: connections and prepared statements, and the errors when Postgres is away or busy."""

import asyncio
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any

import asyncpg
import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.app import create_app
from db.pool import Pool, Unavailable
from tests.conftest import pool, settings_for

SLEEPING = "select pid from pg_stat_activity where datname = current_database() and wait_event = 'PgSleep'"


async def test_a_statement_timeout_of_the_server_is_unavailable(
    own_database_url: str, connection: "asyncpg.Connection[Any]"
) -> None:
    name = await connection.fetchval("select current_database()")
    await connection.execute(f"alter database {name} set statement_timeout = '20ms'")
    async with pool(own_database_url, size=2) as db:
        with pytest.raises(Unavailable, match=r"^QueryCanceledError: canceling statement due to statement timeout$"):
            await db.fetch("select pg_sleep(10)")


async def test_a_statement_without_an_answer_in_time_is_unavailable(
    database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("db.pool.COMMAND_SECONDS", 0.5)
    async with pool(database_url, size=2) as db:
        with pytest.raises(Unavailable, match=r"^TimeoutError: no answer in 0\.5 s$"):
            await db.fetch("select pg_sleep(10)")


async def test_a_full_pool_is_unavailable_after_a_while(database_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("db.pool.ACQUIRE_SECONDS", 0.02)
    async with pool(database_url, size=1) as db:
        async with db.transaction():
            with pytest.raises(Unavailable, match=r"^no connection became free in 0\.02 s$"):
                await asyncio.create_task(db.fetch("select 1"))  # this task's own connection is held
        assert await db.fetchrow("select 1") == (1,)


async def test_a_lock_that_another_holds_is_unavailable(db: Pool) -> None:
    async def lock() -> None:
        async with db.transaction() as other:
            await other.fetch("lock table idempotency_key in access exclusive mode nowait")

    async with db.transaction() as holder:
        await holder.fetch("lock table idempotency_key in row share mode")
        with pytest.raises(Unavailable, match=r"^LockNotAvailableError: could not obtain lock on relation"):
            await asyncio.create_task(lock())


async def test_a_deadlock_is_unavailable_for_one_of_the_two_transactions(
    own_database_url: str, connection: "asyncpg.Connection[Any]"
) -> None:
    name = await connection.fetchval("select current_database()")
    await connection.execute(f"alter database {name} set deadlock_timeout = '20ms'")
    both = asyncio.Barrier(2)

    async def lock(db: Pool, first: int, second: int) -> str:
        try:
            async with db.transaction() as transaction:
                await transaction.fetch("select pg_advisory_xact_lock($1)", first)
                await both.wait()
                await transaction.fetch("select pg_advisory_xact_lock($1)", second)
        except Unavailable as error:
            return str(error).splitlines()[0]
        return "both"

    async with pool(own_database_url, size=2) as db:
        outcomes = await asyncio.gather(lock(db, 1, 2), lock(db, 2, 1))
    assert sorted(outcomes) == ["DeadlockDetectedError: deadlock detected", "both"]


@pytest.mark.parametrize(
    ("type", "value"),
    [("int", "x"), ("int", 2**31), ("text", 5), ("text[]", "x"), ("timestamptz", "now"), ("jsonb", {})],
)
async def test_a_value_of_the_wrong_type_is_not_unavailable(db: Pool, type: str, value: object) -> None:
    with pytest.raises(asyncpg.DataError):
        await db.fetch(f"select $1::{type}", value)


async def test_a_cancelled_application_closes_its_connections(
    own_database_url: str, connection: "asyncpg.Connection[Any]"
) -> None:
    others = "select count(*) from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()"
    app = create_app(settings_for(own_database_url))
    with suppress(asyncio.CancelledError):
        async with app.site.router.lifespan_context(app):
            assert await connection.fetchval(others) == 1
            raise asyncio.CancelledError
    async with asyncio.timeout(5):
        while await connection.fetchval(others):
            pass


async def pid_of(db: Any) -> int:
    """The backend of the connection that a statement runs on."""
    [row] = await db.fetch("select pg_backend_pid() as pid")
    return int(row["pid"])


async def test_the_connection_that_was_released_last_is_used_first(database_url: str) -> None:
    async with pool(database_url, size=3) as db:
        async with db.transaction() as first:
            async with db.transaction() as second, db.transaction() as third:
                pids = [await pid_of(connection) for connection in (first, second, third)]
            assert len(set(pids)) == 3
            assert [await pid_of(db) for _ in range(3)] == [pids[1]] * 3
        assert [await pid_of(db) for _ in range(3)] == [pids[0]] * 3


async def test_a_prepared_statement_survives_a_change_of_its_result_type(
    own_database_url: str, connection: "asyncpg.Connection[Any]"
) -> None:
    await connection.execute("create table example (value int); insert into example values (5)")
    async with pool(own_database_url, size=1) as db:
        pid = await pid_of(db)
        for type, value in (("text", "5"), ("bigint using value::bigint", 5), ("numeric(3, 1)", 5)):
            await db.fetch("select * from example")
            await connection.execute(f"alter table example alter value type {type}")
            assert await db.fetchrow("select * from example") == (value,)
        await connection.execute("alter table example add more text default 'x'")
        assert await db.fetchrow("select * from example") == (5, "x")
        assert await pid_of(db) == pid


async def test_a_change_of_a_result_type_during_a_transaction_is_unavailable_once(own_database_url: str) -> None:
    async with pool(own_database_url, size=2) as db:
        await db.fetch("create table changing (id int)")
        async with db.transaction() as transaction:
            await transaction.fetch("select * from changing")
        await db.fetch("alter table changing add name text")
        with pytest.raises(Unavailable):
            async with db.transaction() as transaction:
                await transaction.fetch("select * from changing")
        async with db.transaction() as transaction:
            await transaction.fetch("select * from changing")


async def test_a_cancelled_statement_is_cancelled_in_postgres_and_its_connection_is_closed(
    own_database_url: str, connection: "asyncpg.Connection[Any]"
) -> None:
    async with pool(own_database_url, size=1) as db, asyncio.timeout(5):
        task = asyncio.create_task(db.fetch("select pg_sleep(60)"))
        while (pid := await connection.fetchval(SLEEPING)) is None:
            pass
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        while await connection.fetchval(SLEEPING):
            pass
        assert await pid_of(db) != pid
        while await connection.fetchval("select true from pg_stat_activity where pid = $1", pid):
            pass


async def test_a_connection_keeps_a_bounded_number_of_prepared_statements(
    database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("db.pool.STATEMENTS", 5)
    async with pool(database_url, size=1) as db:
        for number in range(50):
            await db.fetch(f"select {number}")
        [row] = await db.fetch("select count(*) from pg_prepared_statements where statement ~ '^select [0-9]+$'")
        assert row["count"] <= 5


@pytest.mark.parametrize(
    ("code", "name", "is_reused"),
    [
        ("25006", "ReadOnlySQLTransactionError", False),  # a standby, after a failover
        *(("53100", "DiskFullError", True), ("53300", "TooManyConnectionsError", True)),
        *(("40001", "SerializationError", True), ("57P01", "AdminShutdownError", True)),
    ],
)
async def test_an_error_that_can_go_away_is_unavailable(
    database_url: str, code: str, name: str, is_reused: bool
) -> None:
    async with pool(database_url, size=1) as db:
        pid = await pid_of(db)
        with pytest.raises(Unavailable, match=f"^{name}: a test$"):
            await db.fetch(f"do $$ begin raise exception 'a test' using errcode = '{code}'; end $$")
        assert (await pid_of(db) == pid) is is_reused


@given(st.datetimes(datetime(1000, 1, 1), datetime(9999, 12, 30), timezones=st.just(UTC)))
async def test_a_moment_as_json_is_the_moment_in_utc(db: Pool, moment: datetime) -> None:
    """Although the time zone of the test databases is Asia/Kathmandu."""
    [row] = await db.fetch("select to_json($1::timestamptz) as json, $1::timestamptz as moment", moment)
    text = orjson.loads(orjson.dumps(row["json"]))
    assert text.endswith("+00:00")
    assert datetime.fromisoformat(text) == row["moment"] == moment
