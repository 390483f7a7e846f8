"""Loaders: what the rows of one request ask of another table is fetched in one statement.

They live for one request, and see one store.
"""

from collections.abc import Awaitable, Callable, Hashable, Sequence
from typing import Any, TypeVar

from strawberry.dataloader import DataLoader

from db.apps import AppRow, get_apps
from db.customers import CustomerRow, get_customers
from db.documents import DocumentRow, search_documents
from db.events import EventRow, search_events
from db.keys import KeyRow, get_keys_by_app
from db.keysets import Order, Window
from db.orders import OrderRow, get_orders, get_orders_by_session
from db.pool import Pool
from db.search import Predicate, count_sessions_of_customers, search_sessions_of_customers
from db.sessions import SessionRow, get_sessions
from db.stores import StoreRow, get_store

V = TypeVar("V")


class Loaders:
    def __init__(self, db: Pool, store_id: str) -> None:
        self._db = db
        self._store_id = store_id
        self._with_arguments: dict[Hashable, DataLoader[str, Any]] = {}
        self.sessions: DataLoader[str, SessionRow | None] = DataLoader(_by_id(get_sessions, db, store_id))
        self.customers: DataLoader[str, CustomerRow | None] = DataLoader(_by_id(get_customers, db, store_id))
        self.orders: DataLoader[str, OrderRow | None] = DataLoader(_by_id(get_orders, db, store_id))
        self.stores: DataLoader[str, StoreRow | None] = DataLoader(self._stores)
        self.apps: DataLoader[str, AppRow | None] = DataLoader(_by_id(get_apps, db, store_id))
        self.keys_by_app: DataLoader[str, list[KeyRow]] = DataLoader(self._keys_by_app)
        self.orders_by_session: DataLoader[str, list[OrderRow]] = DataLoader(self._orders_by_session)

    async def events(self, session_id: str, window: Window) -> list[EventRow]:
        """A page of the session's events; sessions with the same arguments share a statement."""

        async def load(session_ids: list[str]) -> list[list[EventRow]]:
            events = await search_events(
                self._db, self._store_id, session_ids, window.limit, window.after, window.before
            )
            return [events[id] for id in session_ids]

        return await self._load(("events", window), load, session_id)

    async def documents(self, app_id: str, window: Window) -> list[DocumentRow]:
        """A page of the app's documents; apps with the same arguments share a statement."""

        async def load(app_ids: list[str]) -> list[list[DocumentRow]]:
            documents = await search_documents(self._db, self._store_id, app_ids, window)
            return [documents[id] for id in app_ids]

        return await self._load(("documents", window), load, app_id)

    async def sessions_of_customer(
        self, customer_id: str, predicate: Predicate, order: Order, window: Window
    ) -> list[SessionRow]:
        """A page of the customer's sessions; customers with the same arguments share a statement."""

        async def load(customer_ids: list[str]) -> list[list[SessionRow]]:
            found = await search_sessions_of_customers(self._db, self._store_id, customer_ids, predicate, order, window)
            return [found[id] for id in customer_ids]

        return await self._load(("sessions", _key(predicate), order, window), load, customer_id)

    async def count_of_customer(self, customer_id: str, predicate: Predicate, limit: int) -> int:
        """How many sessions the customer has, up to the limit; shared likewise."""

        async def load(customer_ids: list[str]) -> list[int]:
            counts = await count_sessions_of_customers(self._db, self._store_id, customer_ids, predicate, limit)
            return [counts[id] for id in customer_ids]

        return await self._load(("count", _key(predicate), limit), load, customer_id)

    async def _stores(self, ids: list[str]) -> list[StoreRow | None]:
        """Of all stores only the asker's own is seen."""
        own = await get_store(self._db, self._store_id)
        return [own if id == self._store_id else None for id in ids]

    async def _keys_by_app(self, app_ids: list[str]) -> list[list[KeyRow]]:
        keys = await get_keys_by_app(self._db, self._store_id, app_ids)
        return [keys[id] for id in app_ids]

    async def _orders_by_session(self, session_ids: list[str]) -> list[list[OrderRow]]:
        orders = await get_orders_by_session(self._db, self._store_id, session_ids)
        return [orders[id] for id in session_ids]

    async def _load(self, arguments: Hashable, load: Callable[[list[str]], Awaitable[list[V]]], id: str) -> V:
        loader = self._with_arguments.setdefault(arguments, DataLoader(load))
        return await loader.load(id)  # type: ignore[no-any-return]


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
