"""Filters compared with a model: every field, and, or and not, on texts of many scripts."""

import random
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from itertools import groupby
from typing import Any

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from db.ids import new_id
from db.pool import Pool
from tests.support.filter_model import ALPHABET, NAMES, figures, fold, matches, text_matches
from tests.support.rows import Row, insert
from tests.support.shop import Shop, open_shop

START = datetime(2026, 3, 1, 12, tzinfo=UTC)
METADATA = [
    {}, {"a": 1}, {"a": 1.0}, {"a": True}, {"a": None}, {"a": "1"}, {"a": [1, 2, [1]]}, {"a": [{"b": 1}, {"b": []}]},
    {"a": {"b": 1, "c": "é"}}, {"a": {"b": {}}}, {"a": {}}, {"b": "😀", "a": 0}, {"": "", "a": []},
]  # fmt: skip

DOCUMENT = f"""query ($filter: SessionFilter, $customer: ID!) {{
    sessions(filter: $filter, first: 100) {{ nodes {{ id }} count {{ value precision }} }}
    customer(id: $customer) {{ sessions(filter: $filter, first: 100) {{ nodes {{ id }} count {{ value precision }} }} }}
    sessionStats(filter: $filter, groupBy: DAY) {{
        {" ".join(figures([]))} periods {{ start {" ".join(figures([]))} }}
    }}
}}"""


class Market:
    """A store whose sessions have all kinds of texts, and its model."""

    def __init__(self, shop: Shop, customers: list[Row], sessions: list[Row]) -> None:
        self.shop = shop
        self.customers = customers
        self.sessions = sorted(sessions, key=lambda row: (row["created_at"], row["id"]), reverse=True)

    def __repr__(self) -> str:
        return f"Market {self.shop.slug}"


@pytest.fixture(scope="module")
async def market(db: Pool, http: httpx.AsyncClient) -> Market:
    shop, chance = await open_shop(db, http), random.Random(1)
    customers = [
        {
            "store_id": shop.id,
            "id": new_id("customer"),
            "name": name,
            "phone": chance.choice([None, "+6281234567890"]),
            "email": chance.choice([None, "a@shop.example", "A@shop.example"]),
            "external_id": chance.choice([None, f"C-{number}"]),
            "created_at": START + timedelta(seconds=chance.randrange(3)),
        }
        for number, name in enumerate(NAMES)
    ]
    sessions = [_session(chance, customers[number % len(NAMES)]) for number in range(90)]
    await insert(db, "customer", customers)
    await insert(db, "session", [_session_row(shop, row) for row in sessions])
    await insert(db, "order", [_order_row(shop, row["id"], number) for row in sessions for number in row["orders"]])
    await insert(db, "order", [_order_row(shop, None, "of no session")])
    return Market(shop, customers, sessions)


def _session(chance: random.Random, customer: Row) -> Row:
    created = START + timedelta(hours=chance.choice([0, 0, 6, 11.999999, 12, 30, 100]))
    far = datetime(2126, 1, 1, tzinfo=UTC)
    active, expired = [(None, "ACTIVE"), (far, "ACTIVE")], [(created + timedelta(minutes=30), "EXPIRED")]
    expires, status = chance.choice([*active, *expired, (far, "REVOKED"), (created + timedelta(days=1), "REVOKED")])
    id = new_id("session")
    orders = chance.choice([[], [id[-6:].upper()], [f"Ünï-{id[-6:]}", f"%{id[-5:]}"], [f"_{id[-4:]} \\é"]])
    return {
        "id": id,
        "customer_id": customer["id"],
        "name": customer["name"],
        "room": chance.choice([None, "1905692", "room_1", "Räum 7", "王 100%", chance.choice(NAMES)]),
        "orders": orders,
        "created_at": created,
        "expires_at": expires,
        "status": status,
        "converted_at": chance.choice([None, None, created, created + timedelta(seconds=chance.randrange(900))]),
        "metadata": chance.choice(METADATA),
    }


def _session_row(shop: Shop, row: Row) -> Row:
    return {
        "store_id": shop.id,
        "id": row["id"],
        "customer_id": row["customer_id"],
        "customer_name": row["name"],
        "room_id": row["room"],
        "order_numbers": "\n".join(row["orders"]),
        "created_at": row["created_at"],
        "token_generation": 1,
        "token_key": "k1",
        "token_issued_at": row["created_at"],
        "token_expires_at": row["expires_at"] or "infinity",
        "token_revoked_at": row["created_at"] if row["status"] == "REVOKED" else None,
        "conversion_kind": "GOAL" if row["converted_at"] else None,
        "converted_at": row["converted_at"],
        "metadata": row["metadata"],
    }


def _order_row(shop: Shop, session_id: str | None, number: str) -> Row:
    return {"store_id": shop.id, "id": new_id("order"), "session_id": session_id, "number": number, "created_at": START}


variants = st.sampled_from([str, str.upper, str.lower, str.title])
parts = st.builds(
    lambda text, start, length, variant: variant(text[start % len(text) :][: length or None]),
    st.sampled_from([*NAMES, "1905692", "room_1", "Räum 7", "王 100%", "Ünï-", "of no session"]),
    st.integers(0, 12),
    st.integers(0, 3),
    variants,
)
terms = parts | st.text(ALPHABET, max_size=3)
text_filters = st.dictionaries(st.sampled_from(["equals", "contains", "startsWith"]), terms | st.none(), max_size=2)
moments = st.sampled_from([START + timedelta(hours=hours) for hours in (-1, 0, 0.5, 6, 11.999999, 12, 24.5, 30, 200)])
offsets = st.sampled_from(["+00:00", "+07:00", "-11:30"])
times = st.builds(
    lambda at, offset: at.astimezone(datetime.fromisoformat(f"{at:%F}T00:00{offset}").tzinfo), moments, offsets
)
ranges = st.dictionaries(st.sampled_from(["from", "to"]), times.map(datetime.isoformat) | st.none())
statuses = st.lists(st.sampled_from(["ACTIVE", "EXPIRED", "REVOKED"]), max_size=3)
json_parts = st.sampled_from(METADATA) | st.sampled_from(
    [*({"a": part} for part in ([1], [2, 1], [[1]], [[]], [{"b": []}], [{}], {"b": 1})), {"c": None}]
)


def filters_of(market: Market) -> st.SearchStrategy[Row]:
    """Filters of up to two conditions each, nested by and, or and not."""
    ids = st.sampled_from([row["id"] for row in market.sessions]) | st.builds(new_id, st.just("session"))
    customer_ids = st.sampled_from([row["id"] for row in market.customers]) | st.builds(new_id, st.just("customer"))
    numbers = st.sampled_from([number for row in market.sessions for number in row["orders"]])
    searches = st.lists(terms | numbers | ids.map(lambda id: id[8:20]), max_size=3).map(" ".join)
    order_filters = text_filters | st.fixed_dictionaries({"equals": numbers})
    conditions: dict[str, st.SearchStrategy[Any]] = {
        "search": searches,
        "ids": st.lists(ids, max_size=40),
        "customerId": customer_ids,
        "customerName": text_filters,
        "orderNumber": order_filters,
        "roomId": text_filters,
        "tokenStatus": statuses,
        "converted": st.booleans(),
        "dateCreated": ranges,
        "expiredTime": ranges,
        "metadata": st.fixed_dictionaries({"contains": json_parts}),
    }
    single = st.one_of([st.fixed_dictionaries({name: values | st.none()}) for name, values in conditions.items()])
    leaf = st.lists(single, max_size=2).map(lambda singles: {name: one[name] for one in singles for name in one})
    return st.recursive(
        leaf,
        lambda inner: st.builds(
            dict.__or__,
            leaf,
            st.dictionaries(st.sampled_from(["and", "or"]), st.lists(inner, max_size=3) | st.none())
            | st.fixed_dictionaries({"not": inner | st.none()}),
        ),
        max_leaves=8,
    )


def approximately(figures: Row) -> Row:
    return {name: pytest.approx(value) if isinstance(value, float) else value for name, value in figures.items()}


async def check(market: Market, filter: Row | None, customer: int = 0) -> list[Row]:
    """Check everything that depends on a filter against the model. Returns the matching sessions."""
    customer_id = market.customers[customer]["id"]
    rows = [row for row in market.sessions if matches(filter, row)]
    theirs = [row for row in rows if row["customer_id"] == customer_id]
    answer = await market.shop.ask(DOCUMENT, filter=filter, customer=customer_id)
    days = groupby(rows[::-1], lambda row: row["created_at"].replace(hour=0, minute=0, second=0, microsecond=0))
    assert answer == {
        "sessions": _connection(rows),
        "customer": {"sessions": _connection(theirs)},
        "sessionStats": approximately(figures(rows))
        | {"periods": [{"start": day.isoformat()} | approximately(figures([*group])) for day, group in days]},
    }
    return rows


def _connection(rows: list[Row]) -> Row:
    return {"nodes": [{"id": row["id"]} for row in rows], "count": {"value": len(rows), "precision": "EXACT"}}


@settings(max_examples=250)
@given(data=st.data(), customer=st.integers(0, len(NAMES) - 1))
async def test_a_filter_matches_the_model(market: Market, data: st.DataObject, customer: int) -> None:
    await check(market, data.draw(filters_of(market)), customer)


@settings(max_examples=150)
@given(term=terms, field=st.sampled_from(["customerName", "roomId", "orderNumber"]))
async def test_a_text_filter_matches_the_model(market: Market, term: str, field: str) -> None:
    for comparison in ("equals", "contains", "startsWith"):
        await check(market, {field: {comparison: term}})


@settings(max_examples=150)
@given(text=st.lists(terms, max_size=4).map(" ".join))
async def test_a_search_matches_the_model(market: Market, text: str) -> None:
    await check(market, {"search": text})


EDGES: dict[str, tuple[Row | None, Callable[[Row], bool]]] = {
    "no filter": (None, lambda row: True),
    "no condition": ({}, lambda row: True),
    "nulls": (dict.fromkeys(("search", "ids", "tokenStatus", "converted", "roomId", "and", "or")), lambda row: True),
    "more nulls": (dict.fromkeys(("dateCreated", "metadata", "not")), lambda row: True),
    "and of nothing": ({"and": []}, lambda row: True),
    "or of nothing": ({"or": []}, lambda row: False),
    "no ids": ({"ids": []}, lambda row: False),
    "no statuses": ({"tokenStatus": []}, lambda row: False),
    "not everything": ({"not": {}}, lambda row: False),
    "not nothing": ({"not": {"or": []}}, lambda row: True),
    "not of a null": ({"not": {"search": None}}, lambda row: False),
    "no room contains nothing": ({"roomId": {"contains": ""}}, lambda row: row["room"] is not None),
    "no room is not a room": ({"not": {"roomId": {"contains": "1"}}}, lambda row: "1" not in fold(row["room"] or "")),
    "an order": ({"orderNumber": {"contains": ""}}, lambda row: row["orders"] != []),
    "no order": ({"not": {"orderNumber": {"contains": ""}}}, lambda row: row["orders"] == []),
    "any time": ({"dateCreated": {}}, lambda row: True),
    "any expired time": ({"expiredTime": {}}, lambda row: row["expires_at"] is not None),
    "never expires": ({"not": {"expiredTime": {"from": None}}}, lambda row: row["expires_at"] is None),
    "any metadata": ({"metadata": {"contains": {}}}, lambda row: True),
    "an empty comparison": ({"customerName": {}}, lambda row: True),
    "a percent sign": ({"customerName": {"contains": "%"}}, lambda row: row["name"] in ("100%", "50％＿")),
    "an underscore": ({"customerName": {"startsWith": "a_"}}, lambda row: row["name"] == "a_b"),
    "a backslash": ({"customerName": {"equals": "A\\B"}}, lambda row: row["name"] == "a\\b"),
    "accents": ({"customerName": {"equals": "JÓSE"}}, lambda row: row["name"] == "JOSÉ"),
    "what every ID begins with": ({"search": "SESSION_"}, lambda row: True),
}


@pytest.mark.parametrize("edge", EDGES)
async def test_edge_cases_of_filters(market: Market, edge: str) -> None:
    filter, expected = EDGES[edge]
    assert await check(market, filter) == [row for row in market.sessions if expected(row)]


@settings(max_examples=50)
@given(position=st.integers(0, 89), variant=variants, length=st.integers(8, 34))
async def test_a_search_finds_a_session_by_the_start_of_its_id(
    market: Market, position: int, variant: Any, length: int
) -> None:
    row = market.sessions[position]
    assert row in await check(market, {"search": variant(row["id"][:length])})
    assert await check(market, {"search": variant(row["id"])}) == [row]


CUSTOMERS = """query ($filter: CustomerFilter) {
    customers(filter: $filter, first: 100) { nodes { id } count { value precision } }
}"""
customer_filters = st.fixed_dictionaries(
    {},
    optional={
        "name": text_filters | st.none(),
        "phone": st.sampled_from(["+6281234567890", "+62", None]),
        "email": st.sampled_from(["a@shop.example", "A@shop.example", None]),
        "externalId": st.sampled_from(["C-1", "c-1", "C-2", None]),
    },
)


@given(filter=customer_filters)
async def test_a_customer_filter_matches_the_model(market: Market, filter: Row) -> None:
    rows = sorted(market.customers, key=lambda row: (row["created_at"], row["id"]), reverse=True)
    columns = {"phone": "phone", "email": "email", "externalId": "external_id"}
    rows = [row for row in rows if filter.get("name") is None or text_matches(filter["name"], row["name"])]
    for name, column in columns.items():
        rows = [row for row in rows if filter.get(name) is None or row[column] == filter[name]]
    assert (await market.shop.ask(CUSTOMERS, filter=filter)) == {"customers": _connection(rows)}


@pytest.mark.parametrize(
    ("name", "same", "different"),
    [
        ("José Łuk", ["jose luk", "JOSÉ ŁUK"], ["jos luk"]),
        ("Ольга Ёлкина", ["ольга елкина", "ОЛЬГА ЁЛКИНА"], []),
        ("Σίσυφος", ["σισυφος", "ΣΊΣΥΦΟς"], ["σισυφοσ", "ΣΊΣΥΦΟΣ"]),
        ("مَرحبا", ["مَرحبا"], ["مرحبا"]),
        ("שָׁלוֹם", ["שָׁלוֹם"], ["שלום"]),
    ],
)
async def test_case_and_accents_are_ignored_as_the_schema_describes(
    shop: Shop, name: str, same: list[str], different: list[str]
) -> None:
    session = await shop.create(name)
    for text in (name, *same):
        assert await shop.found(customerName={"equals": text}) == [session["id"]], text
    for text in different:
        assert await shop.found(customerName={"equals": text}) == [], text
