"""A store with fixed IDs and moments, so that its answers are always the same."""

import re
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx

from db.api_keys import hash_api_key
from db.pool import Pool
from tests.support.rows import Row, insert
from tests.support.shop import Shop

START = datetime(2026, 1, 31, 11, 30, tzinfo=UTC)
NEVER_REACHED = datetime(2126, 1, 1, tzinfo=UTC)
NAMES = ["Dewi Lestari", "José Ñandú", "Ольга Ёлкина", "王小明", "مريم الهاشمي", "Øystein Groß"]
KEY = "rk_golden"
FIXED = "01h455vb4pex5vsknk"

STORE, APP_ID, KEY_ID = (f"{noun}_{FIXED}00000000" for noun in ("store", "app", "key"))

# 52 characters of TypeID's base32: a code; 26 after a type's name: an ID.
CODE = re.compile(rf"\b(?!{FIXED})[0-9a-hjkmnp-tv-z]{{52}}\b")
ID = re.compile(rf"\b([a-z]+)_(?!{FIXED})[0-9a-hjkmnp-tv-z]{{26}}\b")
MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?\+00:00")

SET_CONVERSION_ORDERS = """
update session set conversion_order_id = "order".id
from "order"
where session.store_id = $1 and conversion_kind = 'PURCHASE'
and "order".store_id = $1 and "order".session_id = session.id
"""


def fixed_id(noun: str, number: int) -> str:
    return f"{noun}_{FIXED}{number:08}"


async def open_fixed_shop(db: Pool, http: httpx.AsyncClient) -> Shop:
    """Sixty sessions of six customers in all states, every third with an order, and one with a history."""
    store = {"id": STORE, "slug": "kopi", "name": "Kopi", "storefront_url": "https://kopi.example"}
    store["storefront_hosts"] = ["kopi.example"]
    await insert(db, "store", [store | {"session_expiration": 30}])
    await db.fetch(
        "insert into app (store_id, id, name, scopes, rate) values ($1, $2, 'golden', array['admin'], 1000000)",
        *(STORE, APP_ID),
    )
    await db.fetch(
        "insert into api_key (store_id, app_id, id, name, hash) values ($1, $2, $3, 'golden', $4)",
        *(STORE, APP_ID, KEY_ID, hash_api_key(KEY)),
    )
    await insert(db, "customer", [_customer(number) for number in range(len(NAMES))])
    await insert(db, "session", [_session(number) for number in range(60)])
    await insert(db, "order", [_order(number) for number in range(0, 60, 3)])
    await db.fetch(SET_CONVERSION_ORDERS, STORE)
    await insert(db, "session_event", _events())
    return Shop(STORE, "kopi", KEY, db, http)


def stable(value: Any) -> Any:
    """An answer with placeholders for what is new: IDs, codes, and moments of today."""
    if isinstance(value, dict):
        return {name: stable(inner) for name, inner in value.items()}
    if isinstance(value, list):
        return [stable(inner) for inner in value]
    if not isinstance(value, str):
        return value
    if MOMENT.fullmatch(value):
        minutes = round((datetime.fromisoformat(value) - datetime.now(UTC)).total_seconds() / 60)
        if abs(minutes) > 2 * 1440:
            return value
        return f"<now + {minutes} minutes>" if minutes else "<now>"
    return ID.sub(r"<new \1>", CODE.sub("<new code>", value))


def _customer(number: int) -> Row:
    return {
        "store_id": STORE,
        "id": fixed_id("customer", number),
        "name": NAMES[number],
        "phone": f"+62812345678{number}0",
        "email": f"customer{number}@mail.example",
        "external_id": f"crm-{number}",
        "created_at": START + timedelta(minutes=number),
    }


def _session(number: int) -> Row:
    created = START + timedelta(hours=number)
    state = ("active", "expired", "revoked", "never")[number % 4]
    is_converted = number % 5 == 0
    return {
        "store_id": STORE,
        "id": fixed_id("session", number),
        "customer_id": fixed_id("customer", number % len(NAMES)),
        "customer_name": NAMES[number % len(NAMES)],
        "room_id": f"19056{number:02}" if number % 7 else None,
        "order_numbers": _number(number) if number % 3 == 0 else "",
        "created_at": created,
        "token_generation": 1,
        "token_key": "k2",
        "token_issued_at": created,
        "token_expires_at": {
            "never": "infinity",
            "active": NEVER_REACHED,
            "expired": created + timedelta(minutes=30),
            "revoked": created + timedelta(minutes=30),
        }[state],
        "token_revoked_at": created + timedelta(minutes=5) if state == "revoked" else None,
        "conversion_kind": ("PURCHASE", "TASK", "GOAL")[number % 3] if is_converted else None,
        "converted_at": created + timedelta(minutes=number) if is_converted else None,
        "metadata": {"channel": "whatsapp"} if number % 2 else {},
    }


def _order(number: int) -> Row:
    return {
        "store_id": STORE,
        "id": fixed_id("order", number),
        "number": _number(number),
        "session_id": fixed_id("session", number),
        "total_amount": "125000.50" if number else None,
        "total_currency": "IDR" if number else None,
        "placed_at": START + timedelta(hours=number, minutes=3) if number else None,
        "created_at": START + timedelta(hours=number),
    }


def _number(number: int) -> str:
    return f"QSH7K{number}"


def _events() -> list[Row]:
    """The history of session 45, whose token expired."""
    created = START + timedelta(hours=45)
    kinds = {"ISSUED": 0, "PREVIEWED": 0.1, "OPENED": 2, "JOINED": 2.5, "CONVERTED": 45}
    return [
        {
            "store_id": STORE,
            "id": fixed_id("event", place),
            "session_id": fixed_id("session", 45),
            "kind": kind,
            "at": created + timedelta(minutes=minutes),
            "expires_at": created + timedelta(minutes=30) if kind == "ISSUED" else None,
            "api_key_id": KEY_ID if kind in ("ISSUED", "JOINED", "CONVERTED") else None,
        }
        for place, (kind, minutes) in enumerate(kinds.items())
    ]
