"""Data loaders, which fetch the rows of another table that a request needs in one statement.

They belong to one request, and only see its store.
"""

import asyncio
from collections.abc import Awaitable, Callable, Hashable, Mapping
from datetime import datetime
from typing import Any, Generic, TypeVar, TypeVarTuple

from db.api_keys import get_api_keys_by_app
from db.apps import get_apps
from db.columns import Columns
from db.customers import get_customers
from db.documents import search_documents
from db.events import search_events
from db.keysets import Sort, Window
from db.orders import get_orders, get_orders_by_session
from db.pool import Pool, Row
from db.search import Predicate, count_sessions_of_customers, search_sessions_of_customers
from db.sessions import get_sessions
from db.stats import Period, count_opened_sessions
from db.stores import get_store

V = TypeVar("V")
Arguments = TypeVarTuple("Arguments")


class Loader(Generic[V]):
    """Collects the keys that are loaded during one turn of the event loop, and fetches their values in a task.

    `request_task` resolves fields one at a time: fields that are resolved together have a task each. It therefore does
    not wait for more keys, and fetches by itself.
    """

    def __init__(
        self,
        fetch: Callable[[list[str], Columns], Awaitable[Mapping[str, V]]],
        request_task: "asyncio.Task[Any] | None" = None,
    ) -> None:
        self._fetch = fetch
        self._request_task = request_task
        self._collecting: _Batch[V] | None = None
        self._fetching: dict[str, _Batch[V]] = {}
        self._loaded: dict[str, tuple[Columns, V | None]] = {}

    async def load(self, key: str, columns: Columns = None) -> Any:
        """The value of a key, or None if it has no value. A row has at least these columns."""
        if key in self._loaded:
            loaded, value = self._loaded[key]
            if _includes(loaded, columns):
                return value
        if asyncio.current_task() is self._request_task:
            value = (await self._fetch([key], columns)).get(key)
            self._loaded[key] = columns, value
            return value
        # A batch that no caller waits for any more is cancelled.
        if (batch := self._collecting) and batch.waiting:
            batch.add(key, columns)
        elif not ((batch := self._fetching.get(key)) and batch.waiting and _includes(batch.columns, columns)):
            batch = self._collecting = _Batch(key, columns)
            batch.task = asyncio.get_running_loop().create_task(self._run(batch))
        return (await batch.values()).get(key)

    async def _run(self, batch: "_Batch[V]") -> None:
        self._collecting = None
        self._fetching |= dict.fromkeys(batch.keys, batch)
        try:
            values = await self._fetch(list(batch.keys), batch.columns)
            for key in batch.keys:
                self._loaded[key] = batch.columns, values.get(key)
            for waiter in batch.pending():
                waiter.set_result(values)
        except Exception as error:
            for waiter in batch.pending():
                waiter.set_exception(error)
        finally:
            for key in batch.keys:
                if self._fetching.get(key) is batch:
                    del self._fetching[key]


class _Batch(Generic[V]):
    """Keys that are fetched together, and the callers that wait for their values."""

    task: "asyncio.Task[None]"

    def __init__(self, key: str, columns: Columns) -> None:
        self.keys = {key: None}
        self.columns = columns
        self.waiting: list[asyncio.Future[Mapping[str, V]]] = []

    def add(self, key: str, columns: Columns) -> None:
        self.keys[key] = None
        self.columns = None if self.columns is None or columns is None else self.columns | columns

    async def values(self) -> Mapping[str, V]:
        waiter = asyncio.get_running_loop().create_future()
        self.waiting.append(waiter)
        try:
            return await waiter
        except asyncio.CancelledError:
            self.waiting.remove(waiter)
            if not self.waiting:
                self.task.cancel()
            raise

    def pending(self) -> list["asyncio.Future[Mapping[str, V]]"]:
        return [waiter for waiter in self.waiting if not waiter.done()]


class Loaders:
    def __init__(self, db: Pool, store_id: str, request_task: "asyncio.Task[Any] | None") -> None:
        self._db = db
        self._store_id = store_id
        self._request_task = request_task
        self._loaders: dict[Hashable, Loader[Any]] = {}
        self.sessions: Loader[Row] = Loader(self._sessions, request_task)

    async def _sessions(self, ids: list[str], columns: Columns) -> Mapping[str, Row]:
        columns = None if columns is None else columns | {"id"}
        rows = await get_sessions(self._db, self._store_id, ids, columns)
        return {row["id"]: row for row in rows}

    @property
    def customers(self) -> Loader[Row]:
        return self._by_id(get_customers)

    @property
    def orders(self) -> Loader[Any]:
        return self._by_id(get_orders)

    @property
    def apps(self) -> Loader[Any]:
        return self._by_id(get_apps)

    @property
    def stores(self) -> Loader[Any]:
        async def fetch(ids: list[str], _: Columns) -> Mapping[str, Any]:
            return {self._store_id: await get_store(self._db, self._store_id)}  # no other store is visible

        return self._loader("stores", fetch)

    @property
    def keys_by_app(self) -> Loader[list[Any]]:
        return self._by_parent(get_api_keys_by_app)

    @property
    def orders_by_session(self) -> Loader[list[Any]]:
        return self._by_parent(get_orders_by_session)

    # In the following, parents with the same arguments share a statement.

    async def events(self, session_id: str, window: Window, _: Columns = None) -> list[Any]:
        """A page of the session's events, with all columns."""
        return await self._by_parent(search_events, window).load(session_id)

    async def documents(self, app_id: str, window: Window, _: Columns = None) -> list[Any]:
        """A page of the app's documents, with all columns."""
        return await self._by_parent(search_documents, window).load(app_id)

    async def sessions_of_customer(
        self, customer_id: str, predicate: Predicate, sort: Sort, window: Window, columns: Columns
    ) -> list[Row]:
        """A page of the customer's sessions."""

        def fetch(ids: list[str], columns: Columns) -> Awaitable[Mapping[str, list[Row]]]:
            return search_sessions_of_customers(self._db, self._store_id, ids, predicate, sort, window, columns)

        return await self._loader((predicate, sort, window), fetch).load(customer_id, columns)

    async def count_of_customer(self, customer_id: str, predicate: Predicate, limit: int) -> int:
        """The number of the customer's sessions, up to the limit."""
        return await self._by_parent(count_sessions_of_customers, predicate, limit).load(customer_id)

    async def opened(self, predicate: Predicate, period: Period | None) -> dict[datetime | None, int]:
        """The number of sessions whose link was opened, in total and by period."""

        async def fetch(_: list[str], __: Columns) -> Mapping[str, dict[datetime | None, int]]:
            return {"all": await count_opened_sessions(self._db, self._store_id, predicate, period)}

        return await self._loader((count_opened_sessions, predicate, period), fetch).load("all")

    def _by_id(self, get: Callable[[Pool, str, list[str]], Awaitable[list[Any]]]) -> Loader[Any]:
        async def fetch(ids: list[str], _: Columns) -> Mapping[str, Any]:
            return {row.id: row for row in await get(self._db, self._store_id, ids)}

        return self._loader(get, fetch)

    def _by_parent(
        self, get: Callable[[Pool, str, list[str], *Arguments], Awaitable[Mapping[str, V]]], *arguments: *Arguments
    ) -> Loader[V]:
        return self._loader((get, *arguments), lambda ids, _: get(self._db, self._store_id, ids, *arguments))

    def _loader(self, key: Hashable, fetch: Callable[[list[str], Columns], Awaitable[Mapping[str, V]]]) -> Loader[V]:
        """The loader with this key, which is created on first use."""
        if key not in self._loaders:
            self._loaders[key] = Loader(fetch, self._request_task)
        return self._loaders[key]


def _includes(columns: Columns, wanted: Columns) -> bool:
    return columns is None or (wanted is not None and wanted <= columns)
