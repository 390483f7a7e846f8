"""A store whose rows are hard to sort: many have the same name, creation time or expired time."""

import random
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import product
from typing import Any

from db.ids import new_id
from db.pool import Pool
from tests.support.pagination import CUSTOMERS, EVENTS, SESSIONS, SESSIONS_OF_CUSTOMER, Listing
from tests.support.rows import Row, insert
from tests.support.shop import Shop

START = datetime(2026, 1, 1, tzinfo=UTC)
FAR = datetime(2126, 1, 1, tzinfo=UTC)

# The sort key of each name.
NAMES = {"José": "jose", "JOSE": "jose", "ana": "ana", "Ольга": "ольга", "ОЛЬГА": "ольга", "王小明": "王小明"}
CREATED = [START, START, START + timedelta(microseconds=1), START + timedelta(days=1)]
EXPIRED = ["infinity", "infinity", START + timedelta(days=2), START + timedelta(days=3, microseconds=7), FAR]

FIELDS: dict[str, Callable[[Row], Any]] = {
    "DATE_CREATED": lambda row: row["created_at"],
    "EXPIRED_TIME": lambda row: (
        FAR + timedelta(days=1) if row["token_expires_at"] == "infinity" else row["token_expires_at"]
    ),
    "CUSTOMER_NAME": lambda row: NAMES[row["customer_name"]],
}
ORDERS = [{"field": field, "direction": direction} for field, direction in product(FIELDS, ("ASC", "DESC"))]
FILTERS: list[tuple[Row | None, Callable[[Row], bool]]] = [
    (None, lambda row: True),
    ({"tokenStatus": ["ACTIVE"]}, lambda row: row["token_expires_at"] in ("infinity", FAR)),
    ({"customerName": {"contains": "jos"}}, lambda row: NAMES[row["customer_name"]] == "jose"),
    ({"search": "ольга"}, lambda row: NAMES[row["customer_name"]] == "ольга"),
    ({"converted": True}, lambda row: row["conversion_kind"] is not None),
    ({"not": {"converted": True}}, lambda row: row["conversion_kind"] is None),
    ({"roomId": {"equals": "no such room"}}, lambda row: False),
]


def ordered(rows: list[Row], order: Row) -> list[str]:
    """The rows' IDs in that order; equal rows are sorted by their ID."""
    key = FIELDS[order["field"]]
    return [
        row["id"] for row in sorted(rows, key=lambda row: (key(row), row["id"]), reverse=order["direction"] == "DESC")
    ]


@dataclass(repr=False)
class UnsortedStore:
    shop: Shop
    customers: list[Row]
    sessions: list[Row]
    events: list[Row]

    def __repr__(self) -> str:
        return f"UnsortedStore of {self.shop.slug}"

    def listing(self, filter: int = 0, order: Row | None = None, customer_id: str | None = None) -> Listing:
        """The sessions, of one customer or all, that match a filter of FILTERS."""
        order = order or {"field": "DATE_CREATED", "direction": "DESC"}
        variables, matches = {"filter": FILTERS[filter][0], "orderBy": order}, FILTERS[filter][1]
        rows = [row for row in self.sessions if matches(row) and customer_id in (None, row["customer_id"])]
        if customer_id:
            variables["id"] = customer_id
            return Listing(self.shop, SESSIONS_OF_CUSTOMER, ["customer", "sessions"], ordered(rows, order), variables)
        return Listing(self.shop, SESSIONS, ["sessions"], ordered(rows, order), variables)

    def customer_listing(self, name: str | None = None) -> Listing:
        """The customers of that name, or all."""
        rows = [row for row in self.customers if name in (None, NAMES[row["name"]])]
        rows.sort(key=lambda row: (row["created_at"], row["id"]), reverse=True)
        filter = {"name": {"equals": name}} if name else None
        return Listing(self.shop, CUSTOMERS, ["customers"], [row["id"] for row in rows], {"filter": filter})

    def event_listing(self) -> Listing:
        """The events of the first session, including two derived expiries."""
        expiries = [
            (row["expires_at"], row["id"].replace("event", "expiry"))
            for row in self.events
            if row["expires_at"] not in (None, "infinity")
        ]
        ids = [id for _, id in sorted([*((row["at"], row["id"]) for row in self.events), *expiries])]
        return Listing(self.shop, EVENTS, ["session", "events"], ids, {"id": self.sessions[0]["id"]})


LISTINGS: dict[str, Callable[[UnsortedStore], Listing]] = {
    "sessions": UnsortedStore.listing,
    "customers": UnsortedStore.customer_listing,
    "a customer's sessions": lambda store: store.listing(customer_id=store.customers[0]["id"]),
    "a session's events": UnsortedStore.event_listing,
}


async def open_unsorted_store(
    db: Pool, shop: Shop, chance: random.Random, customers: int, sessions: int
) -> UnsortedStore:
    """Insert these numbers of customers and sessions."""
    rows = [new_customer(chance, shop) for _ in range(customers)]
    await insert(db, "customer", rows)
    store = UnsortedStore(shop, rows, [new_session(chance, shop, chance.choice(rows[:6])) for _ in range(sessions)], [])
    await insert(db, "session", store.sessions)
    first = store.sessions[0]["id"]
    store.events = [
        new_event(shop, first, "ISSUED", 0, expires=10),
        *(new_event(shop, first, "PREVIEWED", minute) for minute in (1, 1, 1, 1, 10, 10)),
        new_event(shop, first, "EXTENDED", 20, expires=30),
        *(new_event(shop, first, "OPENED", minute) for minute in (21, 21, 30, 30)),
        {**new_event(shop, first, "REISSUED", 40), "expires_at": "infinity"},
    ]
    await insert(db, "session_event", store.events)
    return store


def new_customer(chance: random.Random, shop: Shop) -> Row:
    return {
        "store_id": shop.id,
        "id": _shuffled(chance, "customer"),
        "name": chance.choice([*NAMES]),
        "created_at": chance.choice(CREATED),
    }


def new_session(chance: random.Random, shop: Shop, customer: Row) -> Row:
    converted = chance.random() < 0.3
    return {
        "store_id": shop.id,
        "id": _shuffled(chance, "session"),
        "customer_id": customer["id"],
        "customer_name": customer["name"],
        "order_numbers": "",
        "created_at": chance.choice(CREATED),
        "token_generation": 1,
        "token_key": "k2",
        "token_issued_at": START,
        "token_expires_at": chance.choice(EXPIRED),
        "conversion_kind": "TASK" if converted else None,
        "converted_at": START if converted else None,
        "metadata": {},
    }


def new_event(shop: Shop, session_id: str, kind: str, minute: float, expires: float | None = None) -> Row:
    return {
        "store_id": shop.id,
        "id": new_id("event"),
        "session_id": session_id,
        "kind": kind,
        "at": START + timedelta(minutes=minute),
        "expires_at": None if expires is None else START + timedelta(minutes=expires),
    }


def _shuffled(chance: random.Random, noun: str) -> str:
    """An ID that does not sort by its time of creation."""
    return f"{noun}_{''.join(chance.choices('01234567', k=26))}"
