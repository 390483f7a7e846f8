"""Recording orders, and finding sessions by them."""

import asyncio
from typing import Any

import pytest

from tests.support.shop import ERRORS, ORDER_OF_ANOTHER, Shop

FIELDS = "id number total { amount currency } placedAt session { id }"

TOTAL = {"amount": "125000.50", "currency": "IDR"}
AMOUNT = "must be 0 to 100,000,000,000,000 with at most 4 decimal places, got "
CURRENCY = "must be an ISO 4217 code of three capital letters, such as IDR, got "


async def record(shop: Shop, session: Any, number: str = "QSH7K2", **input: Any) -> Any:
    return await shop.changed("recordOrder", f"order {{ {FIELDS} }}", sessionId=session["id"], number=number, **input)


async def numbers(shop: Shop, session: Any) -> list[str]:
    return [order["number"] for order in (await shop.session(session["id"]))["orders"]]


async def test_an_order_is_recorded_with_every_field(shop: Shop) -> None:
    session = await shop.create()
    order = await record(shop, session, " QSH7K2 ", total=TOTAL, placedAt="2026-01-31T18:30:00.5+07:00")
    assert order == {
        "id": order["id"],
        "number": "QSH7K2",
        "total": TOTAL,
        "placedAt": "2026-01-31T11:30:00.500000+00:00",
        "session": {"id": session["id"]},
    }
    assert await shop.order("QSH7K2") == {"id": order["id"]}
    assert await numbers(shop, session) == ["QSH7K2"]


async def test_an_order_needs_only_a_number(shop: Shop) -> None:
    session = await shop.create()
    order = await record(shop, session)
    assert (order["number"], order["total"], order["placedAt"]) == ("QSH7K2", None, None)


async def test_recording_an_order_again_updates_only_given_fields(shop: Shop) -> None:
    session = await shop.create(orderNumber="QSH7K2")
    bare = await record(shop, session)
    placed = await record(shop, session, placedAt="2026-01-31T11:30:00Z")
    assert placed == bare | {"placedAt": "2026-01-31T11:30:00+00:00"}
    priced = await record(shop, session, total=TOTAL)
    assert priced == placed | {"total": TOTAL}
    assert await record(shop, session) == priced
    assert await record(shop, session, total=None, placedAt=None) == priced
    again = await record(shop, session, total={"amount": "9", "currency": "USD"}, placedAt="2026-02-01T00:00:00Z")
    assert again == bare | {"total": {"amount": "9.00", "currency": "USD"}, "placedAt": "2026-02-01T00:00:00+00:00"}
    assert await numbers(shop, session) == ["QSH7K2"]


async def test_a_session_has_its_orders_oldest_first(shop: Shop) -> None:
    session, other = await shop.create(orderNumber="C"), await shop.create()
    for number in ("A", "B"):
        await record(shop, session, number)
    await record(shop, other, "D")
    assert await numbers(shop, session) == ["C", "A", "B"]
    assert await numbers(shop, other) == ["D"]


@pytest.mark.parametrize(
    ("given", "written"),
    [
        ("0", "0.00"),
        ("-0", "0.00"),
        (7, "7.00"),
        (12.5, "12.50"),
        ("12.50", "12.50"),
        ("12.500", "12.50"),
        ("12.345", "12.345"),
        ("12.3456", "12.3456"),
        ("12.34560000", "12.3456"),
        ("1000000", "1000000.00"),
        ("99999999999999.9999", "99999999999999.9999"),
    ],
)
async def test_amounts_have_at_least_two_decimal_places(shop: Shop, given: str | float, written: str) -> None:
    session = await shop.create()
    order = await record(shop, session, total={"amount": given, "currency": "IDR"})
    assert order["total"] == {"amount": written, "currency": "IDR"}
    assert await shop.order("QSH7K2", "total { amount }") == {"total": {"amount": written}}


@pytest.mark.parametrize(
    ("input", "field", "message"),
    [
        ({"number": ""}, "number", "must be 1 to 100 characters long, got 0"),
        ({"number": "x" * 101}, "number", "must be 1 to 100 characters long, got 101"),
        ({"number": "A\nB"}, "number", r"must be one line of Unicode text, got 'A\nB'"),
        *(
            ({"total": TOTAL | {"amount": amount}}, "total.amount", f"{AMOUNT}'{amount}'")
            for amount in ("-0.01", "0.00001", "1" + "0" * 14, "9" * 20 + ".99999")
        ),
        *(
            ({"total": TOTAL | {"currency": currency}}, "total.currency", f"{CURRENCY}{currency!r}")
            for currency in ("idr", "IDRX", "IDR\n")
        ),
    ],
)
async def test_invalid_input_is_refused(shop: Shop, input: dict[str, Any], field: str, message: str) -> None:
    session = await shop.create()
    refusals = await shop.refusals("recordOrder", **{"sessionId": session["id"], "number": "QSH7K2"} | input)
    assert refusals == [(field, "INVALID", message)]
    assert await numbers(shop, session) == []


async def test_all_user_errors_are_returned_at_once(shop: Shop) -> None:
    total = {"amount": -1, "currency": ""}
    assert await shop.refusals("recordOrder", sessionId="42", number="", total=total) == [
        ("sessionId", "INVALID", "must look like session_01h455vb4pex5vsknk084sn02q, got '42'"),
        ("number", "INVALID", "must be 1 to 100 characters long, got 0"),
        ("total.amount", "INVALID", AMOUNT + "'-1'"),
        ("total.currency", "INVALID", CURRENCY + "''"),
    ]


@pytest.mark.parametrize("amount", ["", "12,50", "1e3", "NaN", "Infinity", "٣", True, [1], "1" * 21])
async def test_an_invalid_decimal_is_an_input_error(shop: Shop, amount: Any) -> None:
    session = await shop.create()
    code, message = await shop.error(
        "mutation ($input: RecordOrderInput!) { recordOrder(input: $input) { order { id } } }",
        input={"sessionId": session["id"], "number": "QSH7K2", "total": {"amount": amount, "currency": "IDR"}},
    )
    assert code == "BAD_USER_INPUT"
    assert 'A Decimal must look like "12.50", got ' in message
    assert await numbers(shop, session) == []


async def test_an_order_of_another_session_is_refused_and_unchanged(shop: Shop) -> None:
    owner, other = await shop.create(), await shop.create()
    before = await record(shop, owner, total=TOTAL)
    refusal = ("number", *ORDER_OF_ANOTHER)
    total = {"amount": 1, "currency": "USD"}
    assert await shop.refusals("recordOrder", sessionId=other["id"], number="QSH7K2", total=total) == [refusal]
    assert await shop.order("QSH7K2", FIELDS) == before
    assert await numbers(shop, other) == []
    assert await shop.found(orderNumber={"equals": "QSH7K2"}) == [owner["id"]]


async def test_a_session_is_found_by_any_of_its_orders(shop: Shop) -> None:
    session, other = await shop.create(orderNumber="QSH7K2"), await shop.create(orderNumber="ZZZ")
    assert await shop.found(search="ab-é9") == []
    await record(shop, session, "AB-É9")
    for number in ("QSH7K2", "AB-É9"):
        for filter in ({"search": number}, {"search": number[1:-1]}, {"orderNumber": {"equals": number.lower()}}):
            assert await shop.found(**filter) == [session["id"]], filter
    assert await shop.found(search="zzz") == [other["id"]]


async def test_concurrent_recordings_of_a_number_create_one_order(shop: Shop) -> None:
    sessions = [await shop.create() for _ in range(4)]
    document = (
        f"mutation ($i: RecordOrderInput!) {{ recordOrder(input: $i) {{ order {{ session {{ id }} }} {ERRORS} }} }}"
    )
    answers = await asyncio.gather(
        *(shop.ask(document, i={"sessionId": session["id"], "number": "QSH7K2"}) for session in sessions * 2)
    )
    payloads = [answer["recordOrder"] for answer in answers]
    winner = (await shop.order("QSH7K2", "session { id }"))["session"]["id"]
    for session, payload in zip(sessions * 2, payloads, strict=True):
        if session["id"] == winner:
            assert payload == {"order": {"session": {"id": winner}}, "userErrors": []}
        else:
            assert (payload["order"], payload["userErrors"][0]["code"]) == (None, "ORDER_OF_ANOTHER_SESSION")
    assert await shop.found(search="QSH7K2") == [winner]
    assert sorted([await numbers(shop, session) for session in sessions]) == [[], [], [], ["QSH7K2"]]
