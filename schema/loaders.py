"""Loaders: what the rows of one request ask of another table is fetched in one statement.

They live for one request, and see one store.
"""

import asyncio
from collections.abc import Awaitable, Callable, Hashable, Sequence
from datetime import datetime
from typing import Any, TypeVar

from strawberry.dataloader import DataLoader

from db.api_keys import get_api_keys_by_app
from db.apps import get_apps
from db.customers import CustomerRow, get_customers
from db.documents import search_documents
from db.events import search_events
from db.keysets import Sort, Window
from db.orders import get_orders, get_orders_by_session
from db.pool import Pool, Row
from db.search import Predicate, count_sessions_of_customers, search_sessions_of_customers
from db.sessions import SessionRow, get_sessions
from db.stats import Period, count_opened_sessions
from db.stores import get_store

V = TypeVar("V")


class Loader(DataLoader[str, V]):
    """A loader whose keys can be waited for in several parts of an answer.

    Who waits in a part that failed is cancelled. Strawberry's loader has one future for all who ask for a key, and so
    the others would be cancelled, too.
    """

    async def load(self, key: str) -> V:
        while True:
            future = super().load(key)
            try:
                return await future
            except asyncio.CancelledError:
                waiting = asyncio.current_task()
                if waiting is None or waiting.cancelling():
                    raise


class Loaders:
    def __init__(self, db: Pool, store_id: str) -> None:
        self._db = db
        self._store_id = store_id
        self._loaders: dict[Hashable, Loader[Any]] = {}

    @property
    def sessions(self) -> Loader[SessionRow | None]:
        return self._loader("sessions", _by_id(get_sessions, self._db, self._store_id))

    @property
    def customers(self) -> Loader[CustomerRow | None]:
        return self._loader("customers", _by_id(get_customers, self._db, self._store_id))

    @property
    def orders(self) -> Loader[Row | None]:
        return self._loader("orders", _by_id(get_orders, self._db, self._store_id))

    @property
    def stores(self) -> Loader[Row | None]:
        return self._loader("stores", self._stores)

    @property
    def apps(self) -> Loader[Row | None]:
        return self._loader("apps", _by_id(get_apps, self._db, self._store_id))

    @property
    def keys_by_app(self) -> Loader[list[Row]]:
        return self._loader("keys of apps", self._keys_by_app)

    @property
    def orders_by_session(self) -> Loader[list[Row]]:
        return self._loader("orders of sessions", self._orders_by_session)

    async def events(self, session_id: str, window: Window) -> list[Row]:
        """A page of the session's events; sessions with the same arguments share a statement."""

        async def load(session_ids: list[str]) -> list[list[Row]]:
            events = await search_events(
                self._db, self._store_id, session_ids, window.limit, window.after, window.before
            )
            return [events[id] for id in session_ids]

        return await self._loader(("events", window), load).load(session_id)

    async def documents(self, app_id: str, window: Window) -> list[Row]:
        """A page of the app's documents; apps with the same arguments share a statement."""

        async def load(app_ids: list[str]) -> list[list[Row]]:
            documents = await search_documents(self._db, self._store_id, app_ids, window)
            return [documents[id] for id in app_ids]

        return await self._loader(("documents", window), load).load(app_id)

    async def sessions_of_customer(
        self, customer_id: str, predicate: Predicate, order: Sort, window: Window
    ) -> list[SessionRow]:
        """A page of the customer's sessions; customers with the same arguments share a statement."""

        async def load(customer_ids: list[str]) -> list[list[SessionRow]]:
            found = await search_sessions_of_customers(self._db, self._store_id, customer_ids, predicate, order, window)
            return [found[id] for id in customer_ids]

        return await self._loader(("sessions", _key(predicate), order, window), load).load(customer_id)

    async def count_of_customer(self, customer_id: str, predicate: Predicate, limit: int) -> int:
        """How many sessions the customer has, up to the limit; shared likewise."""

        async def load(customer_ids: list[str]) -> list[int]:
            counts = await count_sessions_of_customers(self._db, self._store_id, customer_ids, predicate, limit)
            return [counts[id] for id in customer_ids]

        return await self._loader(("count", _key(predicate), limit), load).load(customer_id)

    async def opened(self, predicate: Predicate, period: Period | None) -> dict[datetime | None, int]:
        """How many sessions had their link opened, in all and by period; figures of the same share a statement."""

        # There is one answer, and so one key: a loader shares it, whichever part of the answer asks or fails.
        async def load(_: list[str]) -> list[dict[datetime | None, int]]:
            return [await count_opened_sessions(self._db, self._store_id, predicate, period)]

        return await self._loader(("opened", _key(predicate), period), load).load("all")

    async def _stores(self, ids: list[str]) -> list[Row | None]:
        """Of all stores only the asker's own is seen."""
        own = await get_store(self._db, self._store_id)
        return [own if id == self._store_id else None for id in ids]

    async def _keys_by_app(self, app_ids: list[str]) -> list[list[Row]]:
        keys = await get_api_keys_by_app(self._db, self._store_id, app_ids)
        return [keys[id] for id in app_ids]

    async def _orders_by_session(self, session_ids: list[str]) -> list[list[Row]]:
        orders = await get_orders_by_session(self._db, self._store_id, session_ids)
        return [orders[id] for id in session_ids]

    def _loader(self, key: Hashable, load: Callable[[list[str]], Awaitable[list[V]]]) -> Loader[V]:
        """The loader of that key, which is made when it is used first."""
        loader = self._loaders.get(key)
        if loader is None:
            loader = self._loaders[key] = Loader(load)
        return loader


def _by_id(
    get: Callable[[Pool, str, list[str]], Awaitable[Sequence[Any]]], db: Pool, store_id: str
) -> Callable[[list[str]], Awaitable[list[Any]]]:
    async def load(ids: list[str]) -> list[Any]:
        rows = {row.id: row for row in await get(db, store_id, ids)}
        return [rows.get(id) for id in ids]

    return load


def _key(predicate: Predicate) -> Hashable:
    """Predicates hold lists, which have no hash."""
    return predicate.sql, repr(predicate.values)
