"""The pool: what it raises when Postgres is away or busy, and that it closes."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Any

import asyncpg
import pytest

from api.app import create_app
from db.pool import Pool, Unavailable
from tests.conftest import settings_for


@asynccontextmanager
async def pool(url: str, size: int = 2) -> AsyncIterator[Pool]:
    db = Pool(url, size=size)
    await db.connect()
    yield db
    await db.disconnect()


async def test_a_statement_that_takes_too_long_for_the_server_is_unavailable(
    own_database_url: str, connection: "asyncpg.Connection[Any]"
) -> None:
    name = await connection.fetchval("select current_database()")
    await connection.execute(f"alter database {name} set statement_timeout = '20ms'")
    async with pool(own_database_url) as db:
        with pytest.raises(Unavailable, match=r"^QueryCanceledError: canceling statement due to statement timeout$"):
            await db.fetch("select pg_sleep(10)")


async def test_a_statement_that_takes_too_long_for_us_is_unavailable(
    database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("db.pool.COMMAND_SECONDS", 0.5)
    async with pool(database_url) as db:
        with pytest.raises(Unavailable, match=r"^TimeoutError: no answer in 0\.5 s$"):
            await db.fetch("select pg_sleep(10)")


async def test_who_gets_no_connection_in_time_is_told_so(database_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
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


async def test_a_deadlock_is_unavailable_to_one_and_the_other_goes_on(
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

    async with pool(own_database_url) as db:
        outcomes = await asyncio.gather(lock(db, 1, 2), lock(db, 2, 1))
    assert sorted(outcomes) == ["DeadlockDetectedError: deadlock detected", "both"]


@pytest.mark.parametrize(
    ("type", "value"),
    [("int", "x"), ("int", 2**31), ("text", 5), ("text[]", "x"), ("timestamptz", "now"), ("jsonb", {})],
)
async def test_a_value_of_another_type_is_not_called_unavailable(db: Pool, type: str, value: object) -> None:
    with pytest.raises(asyncpg.DataError):
        await db.fetch(f"select $1::{type}", value)


async def test_an_application_that_is_cancelled_closes_its_connections(
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
