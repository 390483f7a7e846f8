"""The connection pool: connections and prepared statements, and the errors when Postgres is away or busy."""

import asyncio
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit

import asyncpg
import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.app import create_app
from db.errors import DiskFull, OutcomeUnknown, Unavailable, Unwritable
from db.pool import Pool
from tests.conftest import pool, settings_for

SLOW_COMMIT = """
create table slow (id int);
create function sleep() returns trigger language plpgsql as 'begin perform pg_sleep(60); return null; end';
create constraint trigger slow after insert on slow initially deferred for each row execute function sleep();
"""
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
        with pytest.raises(Unavailable, match=r"^TimeoutError: no answer in time$"):
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
    app = create_app(replace(settings_for(own_database_url), database_url=own_database_url, transaction_pooler=False))
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
    async with pool(database_url, size=3, direct=True) as db:
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
    async with pool(own_database_url, size=1, direct=True) as db:
        pid = await pid_of(db)
        for type, value in (("text", "5"), ("bigint using value::bigint", 5), ("numeric(3, 1)", 5)):
            await db.fetch("select * from example")
            await connection.execute(f"alter table example alter value type {type}")
            assert await db.fetchrow("select * from example") == (value,)
        await connection.execute("alter table example add more text default 'x'")
        assert await db.fetchrow("select * from example") == (5, "x")
        assert await pid_of(db) == pid


async def test_a_change_of_a_result_type_during_a_transaction_is_unavailable_once(own_database_url: str) -> None:
    async with pool(own_database_url, size=2, direct=True) as db:
        await db.fetch("create table changing (id int)")
        async with db.transaction() as transaction:
            await transaction.fetch("select * from changing")
        await db.fetch("alter table changing add name text")
        with pytest.raises(Unavailable):
            async with db.transaction() as transaction:
                await transaction.fetch("select * from changing")
        async with db.transaction() as transaction:
            await transaction.fetch("select * from changing")


async def test_a_cancelled_statement_is_cancelled_in_postgres_and_its_connection_is_used_again(
    own_database_url: str, connection: "asyncpg.Connection[Any]"
) -> None:
    async with pool(own_database_url, size=1, direct=True) as db, asyncio.timeout(5):
        task = asyncio.create_task(db.fetch("select pg_sleep(60)"))
        while (pid := await connection.fetchval(SLEEPING)) is None:
            pass
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        while await connection.fetchval(SLEEPING):
            pass
        assert await pid_of(db) == pid


async def test_a_connection_is_closed_after_many_cancelled_statements(
    own_database_url: str, connection: "asyncpg.Connection[Any]", monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("db.pool.CANCELLATIONS", 3)
    pids = []
    async with pool(own_database_url, size=1, direct=True) as db, asyncio.timeout(5):
        for _ in range(4):
            task = asyncio.create_task(db.fetch("select pg_sleep(60)"))
            while (pid := await connection.fetchval(SLEEPING)) is None:
                pass
            pids.append(pid)
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
            while await connection.fetchval(SLEEPING):
                pass
    assert pids[0] == pids[1] == pids[2] != pids[3]


async def test_a_connection_keeps_a_bounded_number_of_prepared_statements(
    database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("db.pool.STATEMENTS", 5)
    async with pool(database_url, size=1, direct=True) as db:
        for number in range(50):
            await db.fetch(f"select {number}")
        [row] = await db.fetch("select count(*) from pg_prepared_statements where statement ~ '^select [0-9]+$'")
        assert row["count"] <= 5


@pytest.mark.parametrize(
    ("code", "name", "kind", "is_reused"),
    [
        ("08006", "ConnectionFailureError", OutcomeUnknown, False),
        ("08P01", "ProtocolViolationError", OutcomeUnknown, False),  # how PgBouncer reports its errors
        ("25006", "ReadOnlySQLTransactionError", Unwritable, False),  # a standby, after a failover
        ("25P03", "IdleInTransactionSessionTimeoutError", OutcomeUnknown, False),
        ("40001", "SerializationError", Unavailable, True),
        ("40P01", "DeadlockDetectedError", Unavailable, True),
        ("53100", "DiskFullError", DiskFull, True),
        ("53200", "OutOfMemoryError", Unavailable, True),
        ("53300", "TooManyConnectionsError", Unavailable, True),
        ("55P03", "LockNotAvailableError", Unwritable, True),
        ("57014", "QueryCanceledError", Unavailable, True),
        ("57P01", "AdminShutdownError", OutcomeUnknown, False),
        ("57P02", "CrashShutdownError", OutcomeUnknown, False),
        ("57P03", "CannotConnectNowError", OutcomeUnknown, False),
        ("57P05", "IdleSessionTimeoutError", OutcomeUnknown, False),
        ("58030", "PostgresIOError", Unavailable, True),
    ],
)
async def test_an_error_that_can_go_away_is_unavailable(
    database_url: str, code: str, name: str, kind: type[Unavailable], is_reused: bool
) -> None:
    async with pool(database_url, size=1, direct=True) as db:
        pid = await pid_of(db)
        with pytest.raises(Unavailable, match=f"^{name}: a test$") as caught:
            await db.fetch(f"do $$ begin raise exception 'a test' using errcode = '{code}'; end $$")
        assert caught.type is kind
        assert (await pid_of(db) == pid) is is_reused


@pytest.mark.parametrize(
    ("host", "reason"),
    [
        ("nobody@{host}/postgres", "^InvalidAuthorizationSpecificationError: "),
        ("{user}@{host}/nowhere", r"^InvalidCatalogNameError: database \"nowhere\" does not exist$"),
        ("{user}@nowhere.invalid/postgres", "^gaierror: "),
        ("{user}@127.0.0.1:1/postgres", "^ConnectionRefusedError: "),
        ("{user}@127.0.0.1:1,127.0.0.1:2/postgres", "^ConnectionRefusedError: "),
    ],
)
async def test_a_refused_connection_is_unavailable(postgres: str, host: str, reason: str) -> None:
    parts = urlsplit(postgres)
    user, _, address = parts.netloc.rpartition("@")
    url = f"postgresql://{host.format(user=user, host=address)}"
    with pytest.raises(Unavailable, match=reason):
        await Pool(f"{url}?{parts.query}" if address == "" and "{host}" in host else url).connect()


async def test_a_lost_connection_during_commit_has_an_unknown_outcome(
    own_database_url: str, connection: "asyncpg.Connection[Any]"
) -> None:
    await connection.execute(SLOW_COMMIT)
    async with pool(own_database_url, size=1, direct=True) as db:

        async def insert() -> None:
            async with db.transaction() as transaction:
                await transaction.fetch("insert into slow values (1)")

        inserting = asyncio.create_task(insert())
        while (pid := await connection.fetchval(SLEEPING)) is None:
            pass
        await connection.fetchval("select pg_terminate_backend($1, 5000)", pid)
        with pytest.raises(OutcomeUnknown, match=r"^ConnectionDoesNotExistError: .* terminating connection"):
            await inserting
        assert await db.fetch("select from slow") == []


async def test_a_lost_connection_before_commit_has_changed_nothing(database_url: str, db: Pool) -> None:
    async with pool(database_url, size=1, direct=True) as other:
        with pytest.raises(Unavailable) as caught:  # noqa: PT012
            async with other.transaction() as transaction:
                await db.fetch("select pg_terminate_backend($1, 5000)", await pid_of(transaction))
                await transaction.fetch("select 1")
        assert caught.type is Unavailable
        assert await other.fetchrow("select 1") == (1,)


async def test_a_failed_commit_changes_nothing_and_keeps_its_connection(own_database_url: str) -> None:
    async with pool(own_database_url, size=1, direct=True) as db:
        await db.fetch("create table node (id int primary key, parent int references node initially deferred)")
        pid = await pid_of(db)
        for _ in range(3):
            with pytest.raises(asyncpg.ForeignKeyViolationError):
                async with db.transaction() as transaction:
                    await transaction.fetch("insert into node values (1, 2)")
        assert await pid_of(db) == pid
        assert await db.fetch("select from node") == []


async def test_a_locked_row_is_unavailable_after_the_lock_timeout(
    own_database_url: str, connection: "asyncpg.Connection[Any]", monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("db.pool.LOCK_TIMEOUT", "20ms")
    await connection.execute("create table one (id int); insert into one values (1)")
    message = "^LockNotAvailableError: canceling statement due to lock timeout$"
    for transaction_pooler in (False, True):
        db = Pool(own_database_url, size=1, transaction_pooler=transaction_pooler)
        await db.connect()
        async with connection.transaction():
            await connection.execute("select from one for update")
            with pytest.raises(Unwritable, match=message):
                async with db.transaction() as transaction:
                    await transaction.fetch("update one set id = 2")
            if not transaction_pooler:
                with pytest.raises(Unwritable, match=message):
                    await db.fetch("update one set id = 2")
        await db.disconnect()


async def test_no_statement_has_a_name_behind_a_transaction_pooler(database_url: str) -> None:
    db = Pool(database_url, size=1, transaction_pooler=True)
    await db.connect()
    for _ in range(2):
        assert await db.fetch("select $1::json::text as text", "{}") == [("{}",)]
        async with db.transaction() as transaction:
            assert await transaction.fetchrow("select array[$1::int]", 1) == ([1],)
    assert await db.fetch("select name from pg_prepared_statements") == []
    await db.disconnect()


@given(st.datetimes(datetime(1000, 1, 1), datetime(9999, 12, 30), timezones=st.just(UTC)))
async def test_a_moment_as_json_is_the_moment_in_utc(db: Pool, moment: datetime) -> None:
    """Although the time zone of the test databases is Asia/Kathmandu."""
    [row] = await db.fetch("select to_json($1::timestamptz) as json, $1::timestamptz as moment", moment)
    text = orjson.loads(orjson.dumps(row["json"]))
    assert text.endswith("+00:00")
    assert datetime.fromisoformat(text) == row["moment"] == moment
