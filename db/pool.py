"""The connection pool: the only module that knows `databases` and asyncpg's connections.

`databases` owns the pool. The connections that it opens stay here, the last one used first (LIFO), and each keeps its
prepared statements: acquiring a connection and looking a statement up through the two libraries costs more than the
statement does. See docs/adr/0007-transactions.md.
"""

import asyncio
import logging
from collections import deque
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from contextvars import ContextVar
from typing import Any, Protocol, TypeAlias

import asyncpg
import orjson
from databases import Database

# At DEBUG it logs the arguments of statements, which include names of customers.
logging.getLogger("databases").setLevel(logging.WARNING)

ACQUIRE_SECONDS = 1.0
COMMAND_SECONDS = 30.0
# The maximum time to wait until Postgres has cancelled a statement, before the connection is closed.
CANCEL_SECONDS = 5.0
# The maximum number of prepared statements per connection: each takes 5 to 50 KB, and db/search.py composes many.
STATEMENTS = 200

# Collects the text of each statement that runs in this context, including its child tasks.
executed_statements: ContextVar[list[str] | None] = ContextVar("executed_statements", default=None)

# The store of the request in this context. Its statements cannot name another store: see docs/adr/0016-isolation.md.
store_of_request: ContextVar[str | None] = ContextVar("store_of_request", default=None)

# The schema has changed since the statement was prepared.
OUTDATED = (asyncpg.InvalidCachedStatementError, asyncpg.OutdatedSchemaCacheError)
# The errors after which a retry can succeed.
RETRYABLE = (
    *OUTDATED,  # in a transaction, which has failed
    OSError,  # includes TimeoutError
    asyncpg.PostgresConnectionError,
    asyncpg.OperatorInterventionError,  # includes a statement_timeout
    asyncpg.InsufficientResourcesError,  # includes a full disk and too many connections
    asyncpg.ReadOnlySQLTransactionError,  # of a standby, after a failover
    asyncpg.DeadlockDetectedError,
    asyncpg.SerializationError,
    asyncpg.LockNotAvailableError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,  # the response of a backend was lost
)


class Row(asyncpg.Record):
    """A row of a result: read-only, its columns by name (`row["id"]`) or as attributes (`row.id`)."""

    __slots__ = ()

    def __getattr__(self, name: str) -> Any:
        try:
            return self[name]
        except KeyError:
            raise AttributeError(f"the row has no column {name!r}") from None


class Unavailable(Exception):
    """Postgres cannot be reached or cannot work now, or no connection became free in time. Retrying may succeed."""


class OtherStore(Exception):
    """A statement of a request names another store as its first parameter. This is an error of the program."""


class Executor(Protocol):
    """Runs statements: either the pool, on any connection, or an open transaction."""

    async def fetch(self, statement: str, *values: Any, planned: bool = False) -> list[Row]:
        """Run a statement. `planned`: with a plan for these values, because the best plan depends on a text's rarity.

        Unnamed statements always get a custom plan. The setting `plan_cache_mode` would have the same effect, but would
        leak to other clients through a pooler in transaction mode.
        """
        ...

    async def fetchrow(self, statement: str, *values: Any) -> Row | None:
        rows = await self.fetch(statement, *values)
        return rows[0] if rows else None


@contextmanager
def recorded_statements() -> Iterator[list[str]]:
    """Collect the executed statements until the context ends."""
    statements: list[str] = []
    token = executed_statements.set(statements)
    try:
        yield statements
    finally:
        executed_statements.reset(token)


class Connection(Executor):
    """A connection to Postgres with its prepared statements.

    In a transaction, await statements in order and in the task that opened it: a child task gets another connection.
    """

    def __init__(self, proxy: "asyncpg.pool.PoolConnectionProxy[Row]") -> None:
        self.proxy = proxy
        self.raw: asyncpg.Connection[Row] = proxy._con  # type: ignore[attr-defined]
        self._prepared: dict[str, asyncpg.prepared_stmt.PreparedStatement[Row]] = {}

    async def fetch(self, statement: str, *values: Any, planned: bool = False) -> list[Row]:
        _record(statement, values)
        return await self.run(statement, values, planned)

    async def run(self, statement: str, values: tuple[Any, ...], planned: bool) -> list[Row]:
        if planned:
            return await (await self.raw.prepare(statement, name="")).fetch(*values)
        prepared = self._prepared.get(statement) or await self._prepare(statement)
        try:
            return await prepared.fetch(*values)
        except OUTDATED:
            self._prepared.clear()
            if self.raw.is_in_transaction():  # the transaction has failed
                raise
            await self.raw.reload_schema_state()
            return await (await self._prepare(statement)).fetch(*values)

    async def _prepare(self, statement: str) -> "asyncpg.prepared_stmt.PreparedStatement[Row]":
        if len(self._prepared) == STATEMENTS:
            del self._prepared[next(iter(self._prepared))]
        prepared = self._prepared[statement] = await self.raw.prepare(statement)
        return prepared


Transaction: TypeAlias = Connection  # in which a transaction is open


class Pool(Executor):
    """A pool of connections to one database. Every statement can raise Unavailable."""

    def __init__(self, url: str, *, size: int = 8) -> None:
        self._database = Database(
            url,
            min_size=1,
            max_size=size,
            timeout=COMMAND_SECONDS,
            command_timeout=COMMAND_SECONDS,
            # Statements leave no state on a connection, so resetting it would be a wasted round trip.
            reset=_nothing,
            init=_write_json_as_it_is,
            record_class=Row,
            # Timestamps that Postgres converts to text are in UTC, regardless of the database's time zone.
            server_settings={"timezone": "UTC"},
            # asyncpg parses the URL as libpq does (sslmode, socket folders, several hosts), unlike `databases`.
            dsn=url,
            **dict.fromkeys(("host", "port", "user", "password", "database")),  # type: ignore[arg-type]
        )
        self._size = size
        self._open = 0
        self._idle: list[Connection] = []
        self._waiting: deque[asyncio.Future[None]] = deque()
        self._closing: set[asyncio.Task[None]] = set()

    async def connect(self) -> None:
        """Connect to the database. Raises Unavailable."""
        try:
            await self._database.connect()
        except RETRYABLE as error:
            raise _unavailable(error) from error
        # The connections of `databases` are bound to tasks and use locks, which costs as much as a statement.
        self._asyncpg: asyncpg.Pool[Row] = self._database._backend._pool

    async def disconnect(self) -> None:
        """Close all connections after the statements that run on them have ended."""
        self._size = 0
        for connection in self._idle:
            await self._asyncpg.release(connection.proxy)
        self._idle.clear()
        await self._database.disconnect()

    async def fetch(self, statement: str, *values: Any, planned: bool = False) -> list[Row]:
        _record(statement, values)
        connection = self._take_idle() or await self._acquire()
        try:
            rows = await connection.run(statement, values, planned)
        except BaseException as error:
            self._release_after(error, connection)
            raise
        self._release(connection)
        return rows

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[Connection]:
        """A transaction: committed at the end of the block, rolled back when an exception leaves it."""
        connection = self._take_idle() or await self._acquire()
        try:
            await connection.raw.execute("begin")
            try:
                yield connection
            except BaseException as error:
                if _leaves_usable(error, connection):
                    await connection.raw.execute("rollback")
                raise
            await connection.raw.execute("commit")
        except BaseException as error:
            self._release_after(error, connection)
            raise
        self._release(connection)

    def _take_idle(self) -> Connection | None:
        while self._idle:
            connection = self._idle.pop()
            if not connection.raw.is_closed():
                return connection
            self._discard(connection)
        return None

    async def _acquire(self) -> Connection:
        """A new connection, or one that another task releases in time. Raises Unavailable."""
        try:
            async with asyncio.timeout(ACQUIRE_SECONDS):
                while True:
                    if connection := self._take_idle():
                        return connection
                    if self._open < self._size:
                        return await self._open_connection()
                    released = asyncio.get_running_loop().create_future()
                    self._waiting.append(released)
                    try:
                        await released
                    except asyncio.CancelledError:
                        if released.done() and not released.cancelled():
                            self._wake_one()  # the next waiting task gets the connection
                        raise
        except TimeoutError as error:
            raise Unavailable(f"no connection became free in {ACQUIRE_SECONDS:g} s") from error
        except RETRYABLE as error:
            raise _unavailable(error) from error

    async def _open_connection(self) -> Connection:
        self._open += 1
        try:
            return Connection(await self._asyncpg.acquire())
        except BaseException:
            self._open -= 1
            self._wake_one()
            raise

    def _release(self, connection: Connection) -> None:
        if not self._size:  # the pool is closing
            return self._discard(connection)
        self._idle.append(connection)
        if self._waiting:
            self._wake_one()

    def _release_after(self, error: BaseException, connection: Connection) -> None:
        """Release or discard the connection. Raises Unavailable if the statement can be retried."""
        if _leaves_usable(error, connection) and not connection.raw.is_in_transaction():
            self._release(connection)
        else:
            self._discard(connection)
        if isinstance(error, RETRYABLE):
            raise _unavailable(error) from error

    def _discard(self, connection: Connection) -> None:
        """Close the connection in the background, after its statement was cancelled in Postgres."""
        task = asyncio.get_running_loop().create_task(self._close(connection))
        self._closing.add(task)
        task.add_done_callback(self._closing.discard)

    async def _close(self, connection: Connection) -> None:
        try:
            protocol = connection.raw._protocol  # type: ignore[attr-defined]
            if protocol is not None:
                with suppress(TimeoutError):
                    async with asyncio.timeout(CANCEL_SECONDS):
                        await protocol._wait_for_cancellation(None)
        finally:
            connection.raw.terminate()
            await self._asyncpg.release(connection.proxy)
            self._open -= 1
            self._wake_one()

    def _wake_one(self) -> None:
        while self._waiting:
            released = self._waiting.popleft()
            if not released.done():
                return released.set_result(None)


async def connect(url: str) -> "asyncpg.Connection[Row]":
    """A connection outside any pool, for bulk loads. Raises Unavailable."""
    try:
        return await asyncpg.connect(url, timeout=COMMAND_SECONDS, record_class=Row)
    except RETRYABLE as error:
        raise _unavailable(error) from error


def _record(statement: str, values: tuple[Any, ...]) -> None:
    """Collect the statement. Raises OtherStore if its first parameter is another store than that of the request."""
    statements = executed_statements.get()
    if statements is not None:
        statements.append(statement)
    store_id = store_of_request.get()
    if store_id is not None and values and values[0] != store_id and str(values[0]).startswith("store_"):
        raise OtherStore(f"{values[0]} instead of {store_id}")


def _unavailable(error: BaseException) -> Unavailable:
    reason = str(error) or (f"no answer in {COMMAND_SECONDS:g} s" if isinstance(error, TimeoutError) else "")
    return Unavailable(f"{type(error).__name__}: {reason}")


def _leaves_usable(error: BaseException, connection: Connection) -> bool:
    """Whether other statements can run on the connection after the error."""
    if connection.raw.is_closed() or isinstance(error, asyncio.CancelledError | TimeoutError):
        return False
    return not isinstance(error, asyncpg.InternalClientError | asyncpg.ReadOnlySQLTransactionError | OSError)


async def _write_json_as_it_is(connection: "asyncpg.Connection[Row]") -> None:
    """Decode columns of type `json` as Fragments, which orjson writes verbatim into the response."""
    await connection.set_type_codec("json", schema="pg_catalog", encoder=str, decoder=orjson.Fragment, format="text")


async def _nothing(connection: Any) -> None:
    pass
