"""Recording orders, and finding sessions by them."""

import asyncio
from typing import Any

import pytest

from tests.support.shop import ERRORS, NewShop, Shop

FIELDS = "{ id number total { amount currency } placedAt session { id } }"

TOTAL = {"amount": "125000.50", "currency": "IDR"}
AMOUNT = "must be 0 to 100,000,000,000,000 with at most 4 decimal places, got "
CURRENCY = "must be an ISO 4217 code of three capital letters, such as IDR, got "


async def record(shop: Shop, session: Any, number: str = "QSH7K2", **input: Any) -> Any:
    payload = await shop.change("recordOrder", f"order {FIELDS}", sessionId=session["id"], number=number, **input)
    assert payload["userErrors"] == [], payload
    return payload["order"]


async def numbers(shop: Shop, session: Any) -> list[str]:
    return [order["number"] for order in (await shop.session(session["id"]))["orders"]]


async def found(shop: Shop, **filter: Any) -> list[str]:
    """The IDs of the sessions that match."""
    answer = await shop.ask(
        "query ($filter: SessionFilter) { sessions(filter: $filter) { nodes { id } } }", filter=filter
    )
    return [node["id"] for node in answer["sessions"]["nodes"]]


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
    assert await shop.ask('{ order(number: "QSH7K2") { id } }') == {"order": {"id": order["id"]}}
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
    answer = await shop.ask('{ order(number: "QSH7K2") { total { amount } } }')
    assert answer["order"]["total"]["amount"] == written


@pytest.mark.parametrize(
    ("input", "refusals"),
    [
        ({"number": ""}, [("number", "INVALID", "must be 1 to 100 characters long, got 0")]),
        ({"number": "x" * 101}, [("number", "INVALID", "must be 1 to 100 characters long, got 101")]),
        ({"number": "A\nB"}, [("number", "INVALID", r"must be one line of Unicode text, got 'A\nB'")]),
        ({"total": TOTAL | {"amount": "-0.01"}}, [("total.amount", "INVALID", AMOUNT + "'-0.01'")]),
        ({"total": TOTAL | {"amount": "0.00001"}}, [("total.amount", "INVALID", AMOUNT + "'0.00001'")]),
        ({"total": TOTAL | {"amount": "1" + "0" * 14}}, [("total.amount", "INVALID", AMOUNT + f"'1{'0' * 14}'")]),
        (
            {"total": TOTAL | {"amount": "9" * 20 + ".99999"}},
            [("total.amount", "INVALID", AMOUNT + f"'{'9' * 20}.99999'")],
        ),
        ({"total": TOTAL | {"currency": "idr"}}, [("total.currency", "INVALID", CURRENCY + "'idr'")]),
        ({"total": TOTAL | {"currency": "IDRX"}}, [("total.currency", "INVALID", CURRENCY + "'IDRX'")]),
        ({"total": TOTAL | {"currency": "IDR\n"}}, [("total.currency", "INVALID", CURRENCY + r"'IDR\n'")]),
        (
            {"sessionId": "42", "number": "", "total": {"amount": -1, "currency": ""}},
            [
                ("sessionId", "INVALID", "must look like session_01h455vb4pex5vsknk084sn02q, got '42'"),
                ("number", "INVALID", "must be 1 to 100 characters long, got 0"),
                ("total.amount", "INVALID", AMOUNT + "'-1'"),
                ("total.currency", "INVALID", CURRENCY + "''"),
            ],
        ),
    ],
)
async def test_invalid_input_is_refused(
    shop: Shop, input: dict[str, Any], refusals: list[tuple[str, str, str]]
) -> None:
    session = await shop.create()
    assert await shop.refusals("recordOrder", **{"sessionId": session["id"], "number": "QSH7K2"} | input) == refusals
    assert await numbers(shop, session) == []


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
    assert await shop.refusals(
        "recordOrder", sessionId=other["id"], number="QSH7K2", total={"amount": 1, "currency": "USD"}
    ) == [("number", "ORDER_OF_ANOTHER_SESSION", "must not be the number of another session's order")]
    assert await shop.ask(f'{{ order(number: "QSH7K2") {FIELDS} }}') == {"order": before}
    assert await numbers(shop, other) == []
    assert await found(shop, orderNumber={"equals": "QSH7K2"}) == [owner["id"]]


async def test_two_stores_can_have_orders_with_the_same_number(shop: Shop, new_shop: NewShop) -> None:
    neighbour = await new_shop()
    ours = await record(shop, await shop.create(), total=TOTAL)
    theirs = await record(neighbour, await neighbour.create())
    assert ours["id"] != theirs["id"]
    assert await shop.ask('{ order(number: "QSH7K2") { id } }') == {"order": {"id": ours["id"]}}


async def test_a_session_is_found_by_any_of_its_orders(shop: Shop) -> None:
    session, other = await shop.create(orderNumber="QSH7K2"), await shop.create(orderNumber="ZZZ")
    assert await found(shop, search="ab-é9") == []
    await record(shop, session, "AB-É9")
    for number in ("QSH7K2", "AB-É9"):
        for filter in (
            {"search": number},
            {"search": number.lower()},
            {"search": number[1:-1]},
            {"orderNumber": {"equals": number.lower()}},
            {"orderNumber": {"contains": number[1:-1]}},
            {"orderNumber": {"startsWith": number[:3]}},
        ):
            assert await found(shop, **filter) == [session["id"]], filter
    assert await found(shop, search="zzz") == [other["id"]]
    assert await found(shop, orderNumber={"equals": "QSH7K"}) == []


async def test_concurrent_recordings_of_a_number_create_one_order(shop: Shop) -> None:
    sessions = [await shop.create() for _ in range(4)]
    document = (
        f"mutation ($i: RecordOrderInput!) {{ recordOrder(input: $i) {{ order {{ session {{ id }} }} {ERRORS} }} }}"
    )
    answers = await asyncio.gather(
        *(shop.ask(document, i={"sessionId": session["id"], "number": "QSH7K2"}) for session in sessions * 2)
    )
    payloads = [answer["recordOrder"] for answer in answers]
    winner = (await shop.ask('{ order(number: "QSH7K2") { session { id } } }'))["order"]["session"]["id"]
    for session, payload in zip(sessions * 2, payloads, strict=True):
        if session["id"] == winner:
            assert payload == {"order": {"session": {"id": winner}}, "userErrors": []}
        else:
            assert (payload["order"], payload["userErrors"][0]["code"]) == (None, "ORDER_OF_ANOTHER_SESSION")
    assert await found(shop, search="QSH7K2") == [winner]
    assert sorted([await numbers(shop, session) for session in sessions]) == [[], [], [], ["QSH7K2"]]
