"""The connection pool. The only module that knows `databases`.

Statements run on the raw asyncpg connection, inside asyncpg's own transaction: a transaction of `databases` leaks its
connection when COMMIT fails or the task is cancelled, and its query path costs several times more.
"""

import asyncio
import logging
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from contextvars import ContextVar
from typing import Any, Protocol, TypeAlias

import asyncpg
from databases import Database

# At DEBUG it logs the arguments of statements, customers' names among them.
logging.getLogger("databases").setLevel(logging.WARNING)

ACQUIRE_SECONDS = 1.0
COMMAND_SECONDS = 30.0

Connection: TypeAlias = "asyncpg.pool.PoolConnectionProxy[Row]"

_statements: ContextVar[list[str] | None] = ContextVar("statements", default=None)


@contextmanager
def recorded_statements() -> Iterator[list[str]]:
    """Collect the text of each statement that is run from this context, child tasks included."""
    statements: list[str] = []
    token = _statements.set(statements)
    try:
        yield statements
    finally:
        _statements.reset(token)


class Unavailable(Exception):
    """Postgres cannot be reached, or no connection became free in time: trying again later may work."""


class Row(asyncpg.Record):
    """A row of a result: read-only, its columns by name (`row["id"]`) or as attributes (`row.id`)."""

    __slots__ = ()

    def __getattr__(self, name: str) -> Any:
        try:
            return self[name]
        except KeyError:
            raise AttributeError(f"the row has no column {name!r}") from None


class Executor(Protocol):
    """What runs statements: the pool, each on a connection of its own, or an open transaction."""

    async def fetch(self, statement: str, *values: Any) -> list[Row]: ...

    async def fetchrow(self, statement: str, *values: Any) -> Row | None: ...

    async def fetch_planned(self, statement: str, *values: Any) -> list[Row]: ...


class Transaction:
    """Runs statements in order on one connection. Await them in the task that opened it: a child task gets another."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def fetch(self, statement: str, *values: Any) -> list[Row]:
        _record(statement)
        return await self._connection.fetch(statement, *values)

    async def fetchrow(self, statement: str, *values: Any) -> Row | None:
        _record(statement)
        return await self._connection.fetchrow(statement, *values)

    async def fetch_planned(self, statement: str, *values: Any) -> list[Row]:
        """Run a statement with a plan made for just these values: how rare a text is decides how to look for it.

        An unnamed statement is always planned so. A setting of the connection (`plan_cache_mode`) would do it too, but
        would leak to other clients through a pooler in transaction mode.
        """
        _record(statement)
        prepared = await self._connection.prepare(statement, name="")
        return await prepared.fetch(*values)


class Pool:
    """A pool of connections to one database. Any statement raises Unavailable when Postgres is away or busy."""

    def __init__(self, url: str, *, size: int = 8) -> None:
        self._database = Database(
            url,
            min_size=1,
            max_size=size,
            timeout=COMMAND_SECONDS,
            command_timeout=COMMAND_SECONDS,
            # Statements leave nothing behind on a connection, so the round trip that would reset it is saved.
            reset=_nothing,
            record_class=Row,
            # Moments that leave Postgres as text are in UTC, whatever the database's time zone.
            server_settings={"timezone": "UTC"},
            # asyncpg reads a URL as libpq does (sslmode, socket folders, several hosts); `databases` does not.
            **_whole(url),
        )

    async def connect(self) -> None:
        with _unavailable():
            await self._database.connect()

    async def disconnect(self) -> None:
        await self._database.disconnect()

    async def fetch(self, statement: str, *values: Any) -> list[Row]:
        async with self._connection() as connection:
            return await connection.fetch(statement, *values)

    async def fetchrow(self, statement: str, *values: Any) -> Row | None:
        async with self._connection() as connection:
            return await connection.fetchrow(statement, *values)

    async def fetch_planned(self, statement: str, *values: Any) -> list[Row]:
        async with self._connection() as connection:
            return await connection.fetch_planned(statement, *values)

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[Transaction]:
        """A transaction: committed at the end of the block, rolled back when an exception leaves it."""
        async with self._connection() as connection, connection._connection.transaction():
            yield connection

    @asynccontextmanager
    async def _connection(self) -> AsyncIterator[Transaction]:
        with _unavailable():
            # Its own connections keep one for each task, behind locks: it costs as much as a statement.
            pool = self._database._backend._pool
            connection = await _acquire(pool)
            try:
                yield Transaction(connection)
            finally:
                await pool.release(connection)


async def connect(url: str) -> "asyncpg.Connection[Row]":
    """A connection outside any pool, for bulk loads. Raises Unavailable."""
    with _unavailable():
        return await asyncpg.connect(url, timeout=COMMAND_SECONDS, record_class=Row)


async def _acquire(pool: "asyncpg.Pool[Row]") -> Connection:
    if pool.get_idle_size():
        return await pool.acquire()
    try:
        async with asyncio.timeout(ACQUIRE_SECONDS):
            return await pool.acquire()
    except TimeoutError as error:
        raise Unavailable(f"no connection became free in {ACQUIRE_SECONDS:g} s") from error


@contextmanager
def _unavailable() -> Iterator[None]:
    """Turn what asyncpg raises when Postgres is away, starting, stopping, full or too busy into Unavailable."""
    try:
        yield
    except (
        OSError,  # TimeoutError is one, without a text where it is asyncio's
        asyncpg.PostgresConnectionError,
        asyncpg.OperatorInterventionError,  # a statement_timeout is one
        asyncpg.TooManyConnectionsError,
        asyncpg.DeadlockDetectedError,
        asyncpg.LockNotAvailableError,
        asyncpg.InterfaceError,
    ) as error:
        reason = str(error) or (f"no answer in {COMMAND_SECONDS:g} s" if isinstance(error, TimeoutError) else "")
        raise Unavailable(f"{type(error).__name__}: {reason}") from error


def _record(statement: str) -> None:
    statements = _statements.get()
    if statements is not None:
        statements.append(statement)


def _whole(url: str) -> dict[str, Any]:
    return {"dsn": url, "host": None, "port": None, "user": None, "password": None, "database": None}


async def _nothing(connection: Any) -> None:
    pass
