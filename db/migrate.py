"""Migrations: hand-written SQL in db/migrations/versions, run forward by Alembic while servers serve requests.

A statement that waits for a lock makes every later statement on the same table wait behind it. Therefore, a step of a
migration gives up after LOCK_TIMEOUT, so that they can run, and is retried. A process that is killed leaves complete
steps behind, which the next run repeats without effect. An advisory lock keeps processes that start together from
migrating at the same time. See docs/adr/0017-migrations.md.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from typing import Any, TypeAlias

import asyncpg
from alembic import command, op
from alembic.config import Config
from alembic.util import CommandError
from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.pool import NullPool

FOLDER = Path(__file__).parent / "migrations"
VERSIONS = (FOLDER / "versions",)

# An arbitrary number, the same in every process.
ADVISORY_LOCK = 7_253_901_442
ACQUIRE = f"""
begin;
set local lock_timeout = '500ms';
set local idle_in_transaction_session_timeout = 0;
select pg_advisory_xact_lock({ADVISORY_LOCK});
"""

CONNECT_SECONDS = 30.0
# While a step waits for a lock, the requests that need the table wait too. A request holds its locks for at most 30 s.
LOCK_TIMEOUT = "200ms"
ATTEMPTS = 60
RETRY_SECONDS = 1.0

CHECK = "select current_setting('server_version_num')::int as version, current_setting('server_encoding') as encoding"

# Search needs both: pg_trgm recognizes letters by the database's LC_CTYPE, and lower() by its locale provider.
HANDLES_ALL_SCRIPTS = "select lower('Ж') = 'ж' and show_trgm('Ж') <> '{}'"

IS_INVALID = "select true from pg_index where indexrelid = to_regclass($1) and not indisvalid"

RawConnection: TypeAlias = "asyncpg.Connection[Any]"


class MigrationFailed(Exception):
    """The database cannot be migrated. The message is one line that says why."""


async def migrate(url: str) -> None:
    """Migrate the database to the newest version. Does nothing if it is up to date. Raises MigrationFailed.

    The URL must not point to a connection pooler in statement mode, because of the advisory lock.
    """
    try:
        async with _advisory_lock(url):
            await _upgrade(url)
    except CommandError as error:
        raise MigrationFailed(f"a newer version of Roomkey has migrated the database: {error}") from error
    except (DBAPIError, OSError, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
        text = str(getattr(error, "orig", None) or error).rpartition(">: ")[2]
        reason = text.splitlines()[0] if text else type(error).__name__
        raise MigrationFailed(f"cannot migrate the database: {reason}") from error


def run(statements: str) -> None:
    """Run a step of a migration: statements separated by semicolons, in one transaction.

    The previous step is committed first. The last step is committed together with the new version. So a migration with
    one step is atomic, and the steps of other migrations must have the same effect when they run a second time.
    """
    _await(partial(_run_step, statements))


def create_index(name: str, definition: str) -> None:
    """Run a step of a migration that creates an index while others write to the table.

    `definition` begins with `on`. An interrupted creation leaves an invalid index behind, which is dropped first.
    """
    _await(partial(_create_index, name, definition))


@asynccontextmanager
async def _advisory_lock(url: str) -> AsyncIterator[None]:
    """Hold the advisory lock. It belongs to a transaction, so that this also works through a pooler.

    A process that waits does so in short transactions: the creation of an index waits for all older transactions that
    have a snapshot, and would never end. For the same reason, this does not use the extended protocol, in which a
    completed query keeps its snapshot.
    """
    connection: RawConnection = await asyncpg.connect(url, timeout=CONNECT_SECONDS)
    try:
        while True:
            try:
                await connection.execute(ACQUIRE)
                break
            except asyncpg.LockNotAvailableError:
                await connection.execute("rollback")
        yield
    finally:
        await connection.close()


async def _upgrade(url: str) -> None:
    # asyncpg connects, because it interprets a URL as libpq does. SQLAlchemy has its own rules.
    engine = create_async_engine(
        "postgresql+asyncpg://",
        async_creator=lambda: asyncpg.connect(url, timeout=CONNECT_SECONDS),
        poolclass=NullPool,
        isolation_level="AUTOCOMMIT",  # the functions below begin and end the transactions
    )
    async with engine.connect() as connection:
        server = (await connection.exec_driver_sql(CHECK)).one()
        if server.version < 150000:
            raise MigrationFailed(f"Roomkey needs PostgreSQL 15 or newer, got {server.version // 10000}")
        if server.encoding != "UTF8":
            raise MigrationFailed(f"Roomkey needs a database with the encoding UTF8, got {server.encoding}")
        await connection.run_sync(_check_locale)
        await connection.run_sync(_run_versions)


def _check_locale(connection: Connection) -> None:
    async def handles_all_scripts(raw: RawConnection) -> bool:
        await _run_step("create extension if not exists pg_trgm", raw)
        try:
            return await raw.fetchval(HANDLES_ALL_SCRIPTS)
        finally:
            await raw.execute("rollback")  # a database that is refused does not change

    if not _await(handles_all_scripts, connection):
        raise MigrationFailed(
            "Roomkey needs a database whose locale handles every script, got the locale C: create it with "
            "`create database roomkey template template0 encoding utf8 locale_provider libc locale 'C.UTF-8'`"
        )


def _run_versions(connection: Connection) -> None:
    config = Config(attributes={"connection": connection, "on_version_apply": lambda **_: _await(_commit, connection)})
    config.set_main_option("script_location", str(FOLDER))
    config.set_main_option("path_separator", "newline")
    config.set_main_option("version_locations", "\n".join(map(str, VERSIONS)))
    command.upgrade(config, "head")


def _await(function: Callable[[RawConnection], Awaitable[Any]], connection: Connection | None = None) -> Any:
    """Call an async function with the connection of asyncpg: by default Alembic's, in a migration."""
    proxy = (connection or op.get_bind()).connection
    return proxy.dbapi_connection.run_async(lambda _: function(proxy.driver_connection))  # type: ignore[union-attr,arg-type]


async def _run_step(statements: str, connection: RawConnection) -> None:
    """Run the statements in a new transaction, which stays open."""
    await _commit(connection)

    async def attempt() -> None:
        await connection.execute(f"begin; set local lock_timeout = '{LOCK_TIMEOUT}'; set local statement_timeout = 0")
        await connection.execute(statements)

    await _retry(attempt, connection)


async def _create_index(name: str, definition: str, connection: RawConnection) -> None:
    """Outside a transaction, and without a lock timeout: only other migrations and VACUUM wait behind this lock.

    If the process that was interrupted has left a backend that still creates the index, dropping it waits for that.
    """
    await _commit(connection)

    async def attempt() -> None:
        if await connection.fetchval(IS_INVALID, name):
            await connection.execute(f"drop index concurrently {name}")
        await connection.execute(f"create index concurrently if not exists {name} {definition}")

    await _retry(attempt, connection)


async def _retry(attempt: Callable[[], Awaitable[None]], connection: RawConnection) -> None:
    for number in range(1, ATTEMPTS + 1):
        try:
            return await attempt()
        except (asyncpg.LockNotAvailableError, asyncpg.DeadlockDetectedError):
            if connection.is_in_transaction():
                await connection.execute("rollback")
            if number == ATTEMPTS:
                raise
        await asyncio.sleep(RETRY_SECONDS)


async def _commit(connection: RawConnection) -> None:
    if connection.is_in_transaction():
        await connection.execute("commit")
