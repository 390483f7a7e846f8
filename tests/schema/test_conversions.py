"""Conversions of sessions."""

import asyncio
from datetime import timedelta, timezone
from typing import Any

import pytest

from tests.support.shop import ERRORS, Shop, moment

CONVERT = f"""mutation ($input: RecordConversionInput!) {{
    recordConversion(input: $input) {{ session {{ id }} {ERRORS} }}
}}"""

STANDS = [("sessionId", "ALREADY_CONVERTED", "already has a different conversion, which is kept")]
NOT_THEN = [("at", "INVALID", "must be between the start of the session and now")]


async def convert(shop: Shop, session: Any, kind: str = "PURCHASE", **input: Any) -> Any:
    """The session after a conversion that was not refused."""
    payload = await shop.change("recordConversion", sessionId=session["id"], kind=kind, **input)
    assert payload["userErrors"] == [], payload
    return payload["session"]


async def now(shop: Shop) -> Any:
    row = await shop.db.fetchrow("select now() as now")
    assert row is not None
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


async def test_a_conversion_refers_to_an_existing_order(shop: Shop) -> None:
    session = await shop.create(orderNumber="QSH7K2")
    order = await shop.ask('{ order(number: "QSH7K2") { id } }')
    converted = await convert(shop, session, orderNumber=" QSH7K2 ")
    assert converted["conversion"]["order"] == {"number": "QSH7K2"}
    assert converted["orders"] == [{"number": "QSH7K2"}]
    assert await shop.ask('{ order(number: "QSH7K2") { id } }') == order


async def test_an_unknown_order_of_a_conversion_is_created(shop: Shop) -> None:
    session = await shop.create(orderNumber="A")
    converted = await convert(shop, session, orderNumber="QSH7K2")
    assert converted["conversion"]["order"] == {"number": "QSH7K2"}
    assert converted["orders"] == [{"number": "A"}, {"number": "QSH7K2"}]
    found = await shop.ask('{ sessions(filter: { search: "qsh7k2" }) { nodes { id } } }')
    assert found["sessions"]["nodes"] == [{"id": session["id"]}]


async def test_an_order_of_another_session_is_refused_and_nothing_is_recorded(shop: Shop) -> None:
    owner, session = await shop.create(orderNumber="QSH7K2"), await shop.create()
    assert await shop.refusals("recordConversion", sessionId=session["id"], kind="PURCHASE", orderNumber="QSH7K2") == [
        ("orderNumber", "ORDER_OF_ANOTHER_SESSION", "must not be the number of another session's order")
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
        assert await shop.refusals("recordConversion", **{"sessionId": session["id"], "kind": "PURCHASE"} | other) == (
            STANDS
        )
    assert await shop.session(session["id"]) == first
    assert await shop.event_kinds(session["id"]) == ["ISSUED", "CONVERTED"]
    assert await shop.ask('{ order(number: "QSH7K3") { id } }') == {"order": None}


async def test_a_conversion_with_an_order_differs_from_one_without(shop: Shop) -> None:
    session = await shop.create()
    first = await convert(shop, session)
    assert await shop.refusals("recordConversion", sessionId=session["id"], kind="PURCHASE", orderNumber="A") == STANDS
    assert await shop.session(session["id"]) == first


@pytest.mark.parametrize(
    ("since", "seconds", "refusals"),
    [
        ("began", -86_400, NOT_THEN),
        ("began", -61, NOT_THEN),
        ("began", -59, []),
        ("began", 0, []),
        ("now", 0, []),
        ("now", 50, []),
        ("now", 75, NOT_THEN),
        ("now", 86_400, NOT_THEN),
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


@pytest.mark.parametrize("state", ["EXPIRED", "REVOKED"])
async def test_a_session_converts_whatever_the_status_of_its_token(shop: Shop, state: str) -> None:
    session = await shop.create(expirationMinutes=1)
    if state == "REVOKED":
        await shop.change("revokeToken", sessionId=session["id"])
    else:
        await shop.turn_back(session["id"], 2)
    converted = await convert(shop, session)
    assert (converted["token"]["status"], converted["conversion"]["kind"]) == (state, "PURCHASE")


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
    refusal = {
        "field": ["sessionId"],
        "code": "ALREADY_CONVERTED",
        "message": "already has a different conversion, which is kept",
    }
    expected = [{"session": None, "userErrors": [refusal]}] * 20
    expected[winner] = {"session": {"id": session["id"]}, "userErrors": []}
    assert payloads == expected
    assert converted["conversion"]["order"] == {"number": f"QSH-{winner}"}
    assert converted["orders"] == [{"number": f"QSH-{winner}"}]
    assert await shop.event_kinds(session["id"]) == ["ISSUED", "CONVERTED"]


async def test_concurrent_equal_conversions_are_recorded_once(shop: Shop) -> None:
    session = await shop.create()
    payloads = await asyncio.gather(
        *(shop.change("recordConversion", sessionId=session["id"], kind="TASK") for _ in range(8))
    )
    assert payloads == [{"session": await shop.session(session["id"]), "userErrors": []}] * 8
    assert await shop.event_kinds(session["id"]) == ["ISSUED", "CONVERTED"]
