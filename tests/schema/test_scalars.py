"""Scalars are returned as they were sent: text in any script, and moments in UTC."""

from typing import Any

import pytest

from tests.support.shop import Shop, code_of

TEXTS = {
    "emoji": "🛒 Toko 👩🏽‍🚀🇮🇩 é",
    "right to left": "مرحبا بالعالم שלום",
    "direction marks": "abc \u202eevil\u202c \u2067שלום\u2069",
    "decomposed": "Zoe\u0301 n\u0303 가",
    "composed": "Zoé ñ 가",
    "many scripts": "王小明 Ольга สมหญิง நிலா ŁŁ ẞ İ",
    "beyond the basic plane": "𠮷野家 𝒜",
    "marks of queries": "%_\\'\"; -- {a} ${b} $1 <b>&amp;",
    "joiners": "नि‍क्‌की \u200b\u2060x",
}


@pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS)
async def test_a_text_comes_back_as_it_was(shop: Shop, text: str) -> None:
    metadata = {text: [text, {"a": text}]}
    session = await shop.create(text, roomId=text, orderNumber=text, metadata=metadata)
    await shop.change("revokeToken", sessionId=session["id"], reason=text)
    await shop.change("updateStoreSettings", "store { id }", name=text)
    shown = await shop.session(session["id"])
    assert (shown["roomId"], shown["metadata"], shown["orders"]) == (text, metadata, [{"number": text}])
    assert (shown["customer"]["name"], await shop.order(text, "number")) == (text, {"number": text})
    assert [event["reason"] for event in await shop.events(session["id"])] == [None, text]
    assert await shop.ask("{ store { name } }") == {"store": {"name": text}}
    for field in ("customerName", "roomId"):
        assert await shop.found(**{field: {"equals": text}}) == [session["id"]], field
    assert await shop.found(metadata={"contains": metadata}) == [session["id"]]


async def test_a_text_in_the_document_is_the_same_as_in_a_variable(shop: Shop) -> None:
    mutation = r"""mutation {
        createSession(input: {customer: {details: {name: "\u0645 \uD83D\uDE00 \u{1F600} é"}}}) {
            session { customer { name } }
        }
    }"""
    assert await shop.ask(mutation) == {"createSession": {"session": {"customer": {"name": "م 😀 😀 é"}}}}


@pytest.mark.parametrize(
    "value", [{}, {"a": None, "b": [], "c": {"d": [1, -2.5, True, "x", {"e": {}}]}}, {"n": 2**53 - 1}]
)
async def test_metadata_comes_back_as_it_was(shop: Shop, value: dict[str, Any]) -> None:
    session = await shop.create(metadata=value)
    assert session["metadata"] == value


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ("2026-01-31T18:30:00+07:00", "2026-01-31T11:30:00+00:00"),
        ("2026-01-31T18:30:00-11:30", "2026-02-01T06:00:00+00:00"),
        ("2026-01-31T18:30:00Z", "2026-01-31T18:30:00+00:00"),
        ("2026-01-31t18:30:00z", "2026-01-31T18:30:00+00:00"),
        ("2026-01-31T18:30:00-00:00", "2026-01-31T18:30:00+00:00"),
        ("2026-01-31T18:30:00.5+05:45", "2026-01-31T12:45:00.500000+00:00"),
        ("2026-01-31T18:30:00.123456Z", "2026-01-31T18:30:00.123456+00:00"),
        ("2024-02-29T23:59:59+14:00", "2024-02-29T09:59:59+00:00"),
        ("0001-01-01T00:00:00.000001Z", "0001-01-01T00:00:00.000001+00:00"),
        ("9999-12-31T23:59:59Z", "9999-12-31T23:59:59+00:00"),
    ],
)
async def test_a_moment_can_have_any_offset_and_is_returned_in_utc(shop: Shop, given: str, told: str) -> None:
    session = await shop.create()
    order = await shop.changed("recordOrder", "order { placedAt }", sessionId=session["id"], number="Q", placedAt=given)
    assert order == await shop.order("Q", "placedAt") == {"placedAt": told}


MALFORMED = "A DateTime must look like 2026-01-31T18:30:00Z or 2026-01-31T18:30:00+07:00, got {}."
NO_MOMENT = "The DateTime does not exist or is out of range, got {}."


@pytest.mark.parametrize(
    ("given", "message"),
    [(text, MALFORMED) for text in ("2026-01-31T18:30:00", "2026-01-31", "2026-01-31 18:30:00Z", "now", "")]
    + [(text, MALFORMED) for text in ("2026-01-31T18:30Z", "20260131T183000Z", "2026-01-31T18:30:00+0700", " 2026")]
    + [(text, NO_MOMENT) for text in ("2026-02-30T00:00:00Z", "2016-12-31T23:59:60Z", "0000-01-01T00:00:00Z")]
    + [(text, NO_MOMENT) for text in ("0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00")]
    # asyncpg would store these as -infinity and infinity.
    + [(text, NO_MOMENT) for text in ("0001-01-01T00:00:00Z", "9999-12-31T23:59:59.999999Z")],
)
async def test_an_invalid_moment_is_refused(shop: Shop, given: str, message: str) -> None:
    query = "query ($from: DateTime) { sessions(filter: {dateCreated: {from: $from}}) { nodes { id } } }"
    response = await shop.post(query, **{"from": given})
    [error] = response.json()["errors"]
    assert (response.status_code, error["extensions"]) == (400, {"code": "BAD_USER_INPUT"})
    assert message.format(repr(given)) in error["message"]


async def test_every_moment_is_returned_in_utc(shop: Shop) -> None:
    session = await shop.create(expirationMinutes=5)
    await shop.change("recordConversion", sessionId=session["id"], kind="TASK")
    await shop.change("joinSession", token=code_of(session))
    await shop.change("revokeToken", sessionId=session["id"])
    answer = await shop.ask(
        """query ($id: ID!) {
            session(id: $id) {
                dateCreated conversion { at }
                token { issuedAt expiredTime revokedAt }
                events { nodes { at } }
            }
            sessionStats(groupBy: DAY) { periods { start } }
        }""",
        id=session["id"],
    )
    told = answer["session"]
    moments = [told["dateCreated"], told["conversion"]["at"], *told["token"].values()]
    moments += [event["at"] for event in told["events"]["nodes"]]
    moments += [period["start"] for period in answer["sessionStats"]["periods"]]
    assert len(moments) == 5 + 4 + 1
    assert all(moment.endswith("+00:00") for moment in moments), moments


@pytest.mark.parametrize("text", ["a\0b", "a\nb", "a\x1bb", "a\x7fb", "a\x85b"])
async def test_control_characters_are_refused_in_every_line_of_text(shop: Shop, text: str) -> None:
    fields = ["roomId", "orderNumber", "idempotencyKey"]
    customer = {"details": {"name": text, "externalId": text}}
    message = f"must be one line of Unicode text, got {text!a}"
    assert await shop.refusals("createSession", customer=customer, **dict.fromkeys(fields, text)) == [
        (field, "INVALID", message) for field in ("customer.details.name", "customer.details.externalId", *fields)
    ]
