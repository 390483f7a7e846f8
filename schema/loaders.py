"""Data loaders, which fetch the rows of another table that a request needs in one statement.

They belong to one request, and only see its store.
"""

import asyncio
from collections.abc import Awaitable, Callable, Hashable, Mapping
from datetime import datetime
from typing import Any, Generic, TypeAlias, TypeVar, TypeVarTuple

from db.columns import Columns
from db.keysets import Sort, Window
from db.pool import Pool
from db.search import Predicate, count_sessions_of_customers, search_sessions_of_customers
from db.sessions import get_sessions
from db.statements import Row
from db.stats import Period, count_opened_sessions
from db.stores import get_store

Search: TypeAlias = Callable[[Pool, str, list[str], Window], Awaitable[Mapping[str, list[Row]]]]
V = TypeVar("V")
Fetch: TypeAlias = Callable[[list[str], Columns], Awaitable[Mapping[str, V]]]
Arguments = TypeVarTuple("Arguments")


class Loader(Generic[V]):
    """Collects the keys that are loaded during one turn of the event loop, and fetches their values in a task.

    `request_task` resolves fields one at a time: fields that are resolved together have a task each. A load in
    `request_task` therefore fetches its key immediately instead of waiting for more keys.
    """

    def __init__(self, fetch: Fetch[V], request_task: "asyncio.Task[Any] | None" = None) -> None:
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
    """The data loaders of a request: one for each function of `db` and each combination of its arguments."""

    def __init__(self, db: Pool, store_id: str, request_task: "asyncio.Task[Any] | None") -> None:
        self._db = db
        self._store_id = store_id
        self._request_task = request_task
        self._loaders: dict[Hashable, Loader[Any]] = {}

    def row(self, get: Callable[[Pool, str, list[str]], Awaitable[list[Row]]], id: str) -> Awaitable[Row | None]:
        """The row with this ID. `get` returns the rows with several IDs, in any order."""

        async def fetch(ids: list[str], _: Columns) -> Mapping[str, Row]:
            return {row.id: row for row in await get(self._db, self._store_id, ids)}

        return self._loader(get, fetch).load(id)

    def of_parent(
        self,
        get: Callable[[Pool, str, list[str], *Arguments], Awaitable[Mapping[str, V]]],
        id: str,
        *arguments: *Arguments,
    ) -> Awaitable[V]:
        """The value that belongs to a parent, such as the list of its rows. `get` returns those of several parents."""
        return self._loader((get, *arguments), lambda ids, _: get(self._db, self._store_id, ids, *arguments)).load(id)

    def page(self, search: Search, id: str, window: Window, _: Columns = None) -> Awaitable[list[Row]]:
        """A page of a parent's rows, with all columns."""
        return self.of_parent(search, id, window)

    def session(self, id: str, columns: Columns = None) -> Awaitable[Row | None]:
        async def fetch(ids: list[str], columns: Columns) -> Mapping[str, Row]:
            columns = None if columns is None else columns | {"id"}
            return {row["id"]: row for row in await get_sessions(self._db, self._store_id, ids, columns)}

        return self._loader(get_sessions, fetch).load(id, columns)

    def store(self, id: str) -> Awaitable[Row | None]:
        async def fetch(_: list[str], __: Columns) -> Mapping[str, Row | None]:
            return {self._store_id: await get_store(self._db, self._store_id)}  # no other store is visible

        return self._loader(get_store, fetch).load(id)

    def sessions_of_customer(
        self, customer_id: str, predicate: Predicate, sort: Sort, window: Window, columns: Columns
    ) -> Awaitable[list[Row]]:
        def fetch(ids: list[str], columns: Columns) -> Awaitable[Mapping[str, list[Row]]]:
            return search_sessions_of_customers(self._db, self._store_id, ids, predicate, sort, window, columns)

        key = search_sessions_of_customers, predicate, sort, window
        return self._loader(key, fetch).load(customer_id, columns)

    def count_of_customer(self, customer_id: str, predicate: Predicate, limit: int) -> Awaitable[int]:
        return self.of_parent(count_sessions_of_customers, customer_id, predicate, limit)

    def opened(self, predicate: Predicate, period: Period | None) -> Awaitable[dict[datetime | None, int]]:
        """The number of sessions whose link was opened, in total and by period."""

        async def fetch(_: list[str], __: Columns) -> Mapping[str, dict[datetime | None, int]]:
            return {"all": await count_opened_sessions(self._db.reports, self._store_id, predicate, period)}

        return self._loader((count_opened_sessions, predicate, period), fetch).load("all")

    def _loader(self, key: Hashable, fetch: Fetch[V]) -> Loader[V]:
        """The loader with this key, which is created on first use."""
        if key not in self._loaders:
            self._loaders[key] = Loader(fetch, self._request_task)
        return self._loaders[key]


def _includes(columns: Columns, wanted: Columns) -> bool:
    return columns is None or (wanted is not None and wanted <= columns)
