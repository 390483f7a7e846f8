"""The connection pool: the only module that knows `databases` and asyncpg's connections.

`databases` owns the pool. The connections that it opens stay here, the last one used first (LIFO), and each keeps its
prepared statements: acquiring a connection and looking a statement up through the two libraries costs more than the
statement does. See docs/adr/0007-transactions.md.
"""

import asyncio
import logging
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager, suppress
from typing import Any, TypeAlias
from weakref import WeakValueDictionary

import asyncpg
import orjson
from databases import Database

from db.errors import CONNECT_ERRORS, OUTDATED, RETRYABLE, Unavailable, leaves_usable, unavailable
from db.limits import Limit, Limits, Turns
from db.statements import Executor, Row, record

# At DEBUG it logs the arguments of statements, which include names of customers.
logging.getLogger("databases").setLevel(logging.WARNING)

SIZE = 8
# The number of connections that a store, an app, all reports together, and the reports of an app can use at a time.
STORE_SIZE, APP_SIZE, REPORTS_SIZE, APP_REPORTS_SIZE = 6, 4, 2, 1
ACQUIRE_SECONDS = 0.9
COMMAND_SECONDS = 30.0
# The maximum time to wait for a row or table that another transaction has locked.
LOCK_TIMEOUT = "2s"
# The maximum time to wait until Postgres has cancelled a statement, before the connection is closed.
CANCEL_SECONDS = 5.0
# A connection is closed after this number of cancelled statements.
CANCELLATIONS = 100
# The maximum number of prepared statements per connection: each takes 5 to 50 KB, and db/search.py composes many.
STATEMENTS = 200


class Connection(Executor):
    """A connection to Postgres with its prepared statements.

    In a transaction, await statements in order and in the task that opened it: a child task gets another connection.
    """

    def __init__(self, proxy: "asyncpg.pool.PoolConnectionProxy[Row]", *, keeps_statements: bool) -> None:
        """`keeps_statements`: prepared statements have names, and are executed again without being parsed."""
        self.proxy = proxy
        self._keeps_statements = keeps_statements
        self.raw: asyncpg.Connection[Row] = proxy._con  # type: ignore[attr-defined]
        self._prepared: dict[str, asyncpg.prepared_stmt.PreparedStatement[Row]] = {}
        self._cancellations = 0

    async def fetch(self, statement: str, *values: Any, planned: bool = False) -> list[Row]:
        record(statement, values)
        return await self.run(statement, values, planned)

    async def run(self, statement: str, values: tuple[Any, ...], planned: bool) -> list[Row]:
        if planned or not self._keeps_statements:
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

    def can_be_used_again(self) -> bool:
        """Whether it can be after a statement was cancelled. A cancelled preparation can leave a statement behind.

        A pooler may pass a cancellation on too late, so that it would hit the next statement.
        """
        self._cancellations += 1
        is_free = not self.raw.is_closed() and not self.raw.is_in_transaction()
        return is_free and self._keeps_statements and self._cancellations < CANCELLATIONS

    async def _prepare(self, statement: str) -> "asyncpg.prepared_stmt.PreparedStatement[Row]":
        if len(self._prepared) == STATEMENTS:
            del self._prepared[next(iter(self._prepared))]
        prepared = self._prepared[statement] = await self.raw.prepare(statement)
        return prepared


Transaction: TypeAlias = Connection  # in which a transaction is open


class Pool(Executor):
    """A pool of connections to one database. Every statement can raise Unavailable.

    `of_store`, `of_app` and `reports` are parts of a pool: they use the same connections, but never all of them.
    """

    def __init__(self, url: str, *, size: int = SIZE, transaction_pooler: bool = False) -> None:
        """`transaction_pooler`: the URL is that of PgBouncer in transaction mode, or of a similar pooler."""
        self._connections = _Connections(url, size, transaction_pooler)
        self._turns = Turns()
        self._limits: Limits = (Limit(size),)
        self._all_reports = Limit(REPORTS_SIZE)
        self._parts: WeakValueDictionary[str, Pool] = WeakValueDictionary()
        self._is_for_reports = False

    async def connect(self) -> None:
        """Connect to the database. Raises Unavailable."""
        await self._connections.open()

    async def disconnect(self) -> None:
        """Close all connections after the statements that run on them have ended."""
        await self._connections.close()

    def of_store(self, store_id: str) -> "Pool":
        """The part for a store, including the customers who open its links."""
        return self._part(store_id, STORE_SIZE)

    def of_app(self, store_id: str, app_id: str) -> "Pool":
        """The part for an app of a store."""
        return self._part(store_id, STORE_SIZE)._part(app_id, APP_SIZE)

    @property
    def reports(self) -> "Pool":
        """The part for statements that read much of a store. They wait longer for a connection."""
        part = self._parts.get("reports")
        if part is None:
            part = self._parts["reports"] = _Part(self, Limit(APP_REPORTS_SIZE), self._all_reports)
            part._is_for_reports = True
        return part

    def _part(self, key: str, size: int) -> "Pool":
        part = self._parts.get(key)
        if part is None:
            part = self._parts[key] = _Part(self, Limit(size))
        return part

    async def fetch(self, statement: str, *values: Any, planned: bool = False) -> list[Row]:
        record(statement, values)
        connection = self._take_idle() or await self._acquire()
        try:
            rows = await connection.run(statement, values, planned)
        except BaseException as error:
            self._release_after(error, connection, is_committing=True)
            raise
        self._release(connection)
        return rows

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[Connection]:
        """A transaction: committed at the end of the block, rolled back when an exception leaves it."""
        connection = self._take_idle() or await self._acquire()
        is_committing = False
        try:
            await connection.raw.execute(self._connections.begin)
            try:
                yield connection
            except BaseException as error:
                if leaves_usable(error) and not connection.raw.is_closed():
                    await connection.raw.execute("rollback")
                raise
            is_committing = True
            await connection.raw.execute("commit")
        except BaseException as error:
            self._release_after(error, connection, is_committing)
            raise
        self._release(connection)

    def _take_idle(self) -> Connection | None:
        """An idle connection, if the limits permit and there is one."""
        if self._connections.idle and self._turns.take(self._limits):
            if connection := self._connections.take_idle(self._is_for_reports):
                return connection
            self._turns.end(self._limits)
        return None

    async def _acquire(self) -> Connection:
        """An idle or a new connection, as soon as the limits permit. Raises Unavailable."""
        seconds = COMMAND_SECONDS if self._is_for_reports else ACQUIRE_SECONDS
        try:
            async with asyncio.timeout(seconds):
                await self._turns.wait(self._limits)
                try:
                    return self._connections.take_idle(self._is_for_reports) or await self._connections.new()
                except BaseException:
                    self._turns.end(self._limits)
                    raise
        except TimeoutError as error:
            raise Unavailable(f"no connection became free in {seconds:g} s") from error
        except CONNECT_ERRORS as error:
            raise unavailable(error) from error

    def _release(self, connection: Connection) -> None:
        self._connections.put_back(connection, self._is_for_reports)
        self._turns.end(self._limits)

    def _release_after(self, error: BaseException, connection: Connection, is_committing: bool) -> None:
        """Release or discard the connection. Raises Unavailable if the statement can be retried."""
        raw = connection.raw
        if leaves_usable(error) and not raw.is_closed() and not raw.is_in_transaction():
            self._release(connection)
        else:
            # The turn ends when the connection is free or closed, so that the pool's size limits the open connections.
            self._connections.recover(
                connection,
                lambda: self._turns.end(self._limits),
                was_cancelled=isinstance(error, asyncio.CancelledError),
            )
        if isinstance(error, RETRYABLE):
            raise unavailable(error, is_committing=is_committing) from error


class _Part(Pool):
    """A part of a pool, which uses the same connections within further limits."""

    def __init__(self, whole: Pool, *limits: Limit) -> None:
        self._whole = whole  # which must exist as long as its parts
        self._connections = whole._connections
        self._turns = whole._turns
        self._limits = (*limits, *whole._limits)
        self._all_reports = whole._all_reports
        self._parts = WeakValueDictionary()
        self._is_for_reports = False


class _Connections:
    """The open connections of a pool."""

    def __init__(self, url: str, size: int, transaction_pooler: bool) -> None:
        self._database = Database(
            "postgresql://",
            min_size=1,
            max_size=size,
            timeout=COMMAND_SECONDS,
            command_timeout=COMMAND_SECONDS,
            # Statements leave no state on a connection, so resetting it would be a wasted round trip.
            reset=_nothing,
            init=_write_json_as_it_is if transaction_pooler else _set_up,
            record_class=Row,
            # Timestamps that Postgres converts to text are in UTC, regardless of the database's time zone. PgBouncer
            # refuses most other settings.
            server_settings={"timezone": "UTC"},
            # asyncpg parses an unnamed statement again for each execution, possibly by another backend.
            statement_cache_size=0 if transaction_pooler else 100,
            # asyncpg parses the URL as libpq does (sslmode, socket folders, several hosts). `databases` would fail.
            dsn=url,
            **dict.fromkeys(("host", "port", "user", "password", "database")),  # type: ignore[arg-type]
        )
        self._keeps_statements = not transaction_pooler
        self.begin = f"begin; set local lock_timeout = '{LOCK_TIMEOUT}'" if transaction_pooler else "begin"
        self.idle: list[Connection] = []
        self._is_closing = False
        self._background: set[asyncio.Task[None]] = set()

    async def open(self) -> None:
        try:
            await self._database.connect()
        except CONNECT_ERRORS as error:
            raise unavailable(error) from error
        # The connections of `databases` are bound to tasks and use locks, which costs as much as a statement.
        self._asyncpg: asyncpg.Pool[Row] = self._database._backend._pool

    async def close(self) -> None:
        self._is_closing = True
        for connection in self.idle:
            await self._asyncpg.release(connection.proxy)
        self.idle.clear()
        await self._database.disconnect()

    def take_idle(self, is_for_report: bool) -> Connection | None:
        """The idle connection that was used last, or for a report, the one that other statements need least."""
        while self.idle:
            connection = self.idle.pop(0 if is_for_report else -1)
            if not connection.raw.is_closed():
                return connection
            self._in_background(self._close(connection))
        return None

    async def new(self) -> Connection:
        return Connection(await self._asyncpg.acquire(), keeps_statements=self._keeps_statements)

    def put_back(self, connection: Connection, is_for_report: bool) -> None:
        if self._is_closing:
            self._in_background(self._close(connection))
        elif is_for_report:
            self.idle.insert(0, connection)
        else:
            self.idle.append(connection)

    def recover(self, connection: Connection, then: Callable[[], None], *, was_cancelled: bool) -> None:
        """Wait in the background until Postgres has cancelled the statement of the connection. Then put the connection
        back if it `was_cancelled` and has no other fault, because opening one takes Postgres 5 ms, or close it.
        """
        self._in_background(self._recover(connection, then, was_cancelled))

    async def _recover(self, connection: Connection, then: Callable[[], None], was_cancelled: bool) -> None:
        is_usable = False
        try:
            protocol = connection.raw._protocol  # type: ignore[attr-defined]
            if protocol is not None:
                with suppress(TimeoutError):
                    async with asyncio.timeout(CANCEL_SECONDS):
                        await protocol._wait_for_cancellation(None)
                    is_usable = was_cancelled and connection.can_be_used_again()
        finally:
            if is_usable:
                self.put_back(connection, is_for_report=True)
            else:
                await self._close(connection)
            then()

    async def _close(self, connection: Connection) -> None:
        connection.raw.terminate()
        await self._asyncpg.release(connection.proxy)

    def _in_background(self, work: Coroutine[None, None, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._background.add(task)
        task.add_done_callback(self._background.discard)


async def connect(url: str) -> "asyncpg.Connection[Row]":
    """A connection outside any pool, for bulk loads. Raises Unavailable."""
    try:
        return await asyncpg.connect(url, timeout=COMMAND_SECONDS, record_class=Row)
    except CONNECT_ERRORS as error:
        raise unavailable(error) from error


async def _set_up(connection: "asyncpg.Connection[Row]") -> None:
    await _write_json_as_it_is(connection)
    # A report uses one processor, not those of other requests.
    await connection.execute(f"set lock_timeout = '{LOCK_TIMEOUT}'; set max_parallel_workers_per_gather = 0")


async def _write_json_as_it_is(connection: "asyncpg.Connection[Row]") -> None:
    """Decode columns of type `json` as Fragments, which orjson writes verbatim into the response."""
    await connection.set_type_codec("json", schema="pg_catalog", encoder=str, decoder=orjson.Fragment, format="text")


async def _nothing(connection: Any) -> None:
    pass
