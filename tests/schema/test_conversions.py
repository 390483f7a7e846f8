"""Conversions of sessions."""

import asyncio
from datetime import timedelta, timezone
from typing import Any

import pytest

from tests.support.shop import ERRORS, ORDER_OF_ANOTHER, Shop, moment

CONVERT = f"""mutation ($input: RecordConversionInput!) {{
    recordConversion(input: $input) {{ session {{ id }} {ERRORS} }}
}}"""

ALREADY = ("ALREADY_CONVERTED", "already has a different conversion, which is kept")
STANDS = [("sessionId", *ALREADY)]
NOT_THEN = [("at", "INVALID", "must be between the start of the session and now")]


async def convert(shop: Shop, session: Any, kind: str = "PURCHASE", **input: Any) -> Any:
    """The session after a conversion that was not refused."""
    return await shop.changed("recordConversion", sessionId=session["id"], kind=kind, **input)


async def now(shop: Shop) -> Any:
    [row] = await shop.db.fetch("select now() as now")
    return row["now"]


@pytest.mark.parametrize("kind", ["PURCHASE", "TASK", "GOAL"])
async def test_a_conversion_is_recorded_at_the_current_time(shop: Shop, kind: str) -> None:
    session = await shop.create()
    before = await now(shop)
    converted = await convert(shop, session, kind)
    at = converted["conversion"]["at"]
    assert converted == session | {"conversion": {"kind": kind, "at": at, "order": None}}
    assert before <= moment(at) <= await now(shop)
    assert await shop.session(session["id"]) == converted
    assert await shop.event_kinds(session["id"]) == ["ISSUED", "CONVERTED"]


async def test_a_conversion_can_be_recorded_at_an_earlier_time(shop: Shop) -> None:
    session = await shop.create()
    await shop.turn_back(session["id"], 60)
    at = (await now(shop) - timedelta(minutes=30)).replace(microsecond=250_001)
    converted = await convert(shop, session, at=at.astimezone(timezone(timedelta(hours=7))).isoformat())
    assert converted["conversion"] == {"kind": "PURCHASE", "at": at.isoformat(), "order": None}


async def test_a_conversion_refers_to_an_existing_order_or_to_a_new_one(shop: Shop) -> None:
    session, other = await shop.create(orderNumber="QSH7K2"), await shop.create(orderNumber="A")
    order = await shop.order("QSH7K2")
    converted = await convert(shop, session, orderNumber=" QSH7K2 ")
    assert (converted["conversion"]["order"], converted["orders"]) == ({"number": "QSH7K2"}, [{"number": "QSH7K2"}])
    assert await shop.order("QSH7K2") == order
    converted = await convert(shop, other, orderNumber="QSH7K3")
    assert converted["conversion"]["order"] == {"number": "QSH7K3"}
    assert converted["orders"] == [{"number": "A"}, {"number": "QSH7K3"}]
    assert await shop.found(search="qsh7k3") == [other["id"]]


async def test_an_order_of_another_session_is_refused_and_nothing_is_recorded(shop: Shop) -> None:
    owner, session = await shop.create(orderNumber="QSH7K2"), await shop.create()
    assert await shop.refusals("recordConversion", sessionId=session["id"], kind="PURCHASE", orderNumber="QSH7K2") == [
        ("orderNumber", *ORDER_OF_ANOTHER)
    ]
    assert await shop.session(session["id"]) == session
    assert await shop.session(owner["id"]) == owner
    assert await shop.event_kinds(session["id"]) == ["ISSUED"]


async def test_recording_the_same_conversion_again_is_idempotent(shop: Shop) -> None:
    session = await shop.create()
    first = await convert(shop, session, orderNumber="QSH7K2")
    at = first["conversion"]["at"]
    for again in ({}, {"orderNumber": "QSH7K2"}, {"at": at}, {"at": at, "orderNumber": "QSH7K2"}):
        assert await convert(shop, session, **again) == first
    assert await shop.event_kinds(session["id"]) == ["ISSUED", "CONVERTED"]


async def test_a_different_conversion_is_refused_and_the_first_is_kept(shop: Shop) -> None:
    session = await shop.create()
    await shop.turn_back(session["id"], 10)
    first = await convert(shop, session, orderNumber="QSH7K2")
    at = moment(first["conversion"]["at"])
    for other in (
        {"kind": "TASK"},
        {"kind": "GOAL", "orderNumber": "QSH7K2"},
        {"orderNumber": "QSH7K3"},
        {"at": (at - timedelta(microseconds=1)).isoformat()},
        {"at": (at + timedelta(days=1)).isoformat()},
    ):
        input = {"sessionId": session["id"], "kind": "PURCHASE"} | other
        assert await shop.refusals("recordConversion", **input) == STANDS
    assert await shop.session(session["id"]) == first
    assert await shop.event_kinds(session["id"]) == ["ISSUED", "CONVERTED"]
    assert await shop.order("QSH7K3") is None
    without = await convert(shop, await shop.create())
    assert await shop.refusals("recordConversion", sessionId=without["id"], kind="PURCHASE", orderNumber="A") == STANDS
    assert await shop.session(without["id"]) == without


@pytest.mark.parametrize(
    ("since", "seconds", "refusals"),
    [
        *(("began", seconds, NOT_THEN) for seconds in (-86_400, -61)),
        *(("began", seconds, []) for seconds in (-59, 0)),
        *(("now", seconds, []) for seconds in (0, 50)),
        *(("now", seconds, NOT_THEN) for seconds in (75, 86_400)),
    ],
)
async def test_the_time_of_a_conversion_is_between_the_start_of_the_session_and_a_minute_from_now(
    shop: Shop, since: str, seconds: int, refusals: list[Any]
) -> None:
    """The minute allows for clocks that differ."""
    session = await shop.create(expirationMinutes=0)
    await shop.turn_back(session["id"], 60)
    session = await shop.session(session["id"])
    at = (moment(session["dateCreated"]) if since == "began" else await now(shop)) + timedelta(seconds=seconds)
    if refusals:
        input = {"sessionId": session["id"], "kind": "TASK", "at": at.isoformat()}
        assert await shop.refusals("recordConversion", **input) == refusals
        assert await shop.session(session["id"]) == session
        assert await shop.event_kinds(session["id"]) == ["ISSUED"]
    else:
        converted = await convert(shop, session, "TASK", at=at.isoformat())
        assert moment(converted["conversion"]["at"]) == at


@pytest.mark.parametrize(("status", "minutes"), [("EXPIRED", 2), ("REVOKED", 0)])
async def test_a_session_converts_whatever_the_status_of_its_token(shop: Shop, status: str, minutes: int) -> None:
    session = await shop.create(expirationMinutes=1)
    await shop.turn_back(session["id"], minutes)
    if status == "REVOKED":
        await shop.change("revokeToken", sessionId=session["id"])
    converted = await convert(shop, session)
    assert (converted["token"]["status"], converted["conversion"]["kind"]) == (status, "PURCHASE")


async def test_invalid_input_is_refused(shop: Shop) -> None:
    assert await shop.refusals("recordConversion", sessionId="42", kind="GOAL", orderNumber="") == [
        ("sessionId", "INVALID", "must look like session_01h455vb4pex5vsknk084sn02q, got '42'"),
        ("orderNumber", "INVALID", "must be 1 to 100 characters long, got 0"),
    ]


async def test_one_of_several_concurrent_conversions_is_kept(shop: Shop) -> None:
    session = await shop.create()
    inputs = [{"sessionId": session["id"], "kind": "PURCHASE", "orderNumber": f"QSH-{n}"} for n in range(20)]
    responses = await asyncio.gather(*(shop.post_until_served(CONVERT, input=input) for input in inputs))
    payloads = [response.json()["data"]["recordConversion"] for response in responses]
    [winner] = [n for n, payload in enumerate(payloads) if payload["session"]]
    converted = await shop.session(session["id"])
    refusal = {"field": ["sessionId"], "code": ALREADY[0], "message": ALREADY[1]}
    expected = [{"session": None, "userErrors": [refusal]}] * 20
    expected[winner] = {"session": {"id": session["id"]}, "userErrors": []}
    assert payloads == expected
    assert converted["conversion"]["order"] == {"number": f"QSH-{winner}"}
    assert converted["orders"] == [{"number": f"QSH-{winner}"}]
    assert await shop.event_kinds(session["id"]) == ["ISSUED", "CONVERTED"]


async def test_concurrent_equal_conversions_are_recorded_once(shop: Shop) -> None:
    session = await shop.create()
    input = {"sessionId": session["id"], "kind": "TASK"}
    payloads = await asyncio.gather(*(shop.change("recordConversion", **input) for _ in range(8)))
    assert payloads == [{"session": await shop.session(session["id"]), "userErrors": []}] * 8
    assert await shop.event_kinds(session["id"]) == ["ISSUED", "CONVERTED"]
