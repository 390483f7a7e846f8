"""Redaction: removing the personal data of a customer and of their sessions."""

import asyncio
from typing import Any

import pytest

from db import redaction
from db.errors import Unavailable
from tests.support.shop import NewShop, Shop, path_of

CUSTOMER = "id name phone email externalId redactedAt"
REDACT = f"customer {{ {CUSTOMER} }}"
SESSION = f"""query ($id: ID!) {{ session(id: $id) {{
    roomId metadata redactedAt token {{ status revokedAt }} orders {{ number }} customer {{ {CUSTOMER} }}
}} }}"""
STATS = """{ sessionStats(groupBy: DAY) {
    total active expired revoked converted conversionRate medianSecondsToConversion opened
    periods { start total active expired revoked converted opened }
} }"""
DETAILS = {"name": "Dewi Lestari", "phone": "+6281234567890", "email": "dewi@shop.example", "externalId": "crm-1"}

SESSION_REDACTED = [("sessionId", "REDACTED", "is the ID of a session that was redacted: create a new one")]


def customer_redacted(field: str) -> list[tuple[str, str, str]]:
    return [(field, "REDACTED", "is the ID of a customer that was redacted: create a new one")]


async def dewi(shop: Shop, **input: Any) -> Any:
    return await shop.create(customer={"details": DETAILS}, **{"roomId": "1905692", "metadata": {"a": 1}} | input)


async def redact(shop: Shop, session: Any) -> Any:
    return await shop.changed("redactCustomer", REDACT, id=session["customer"]["id"])


async def session_of(shop: Shop, session: Any) -> Any:
    return (await shop.ask(SESSION, id=session["id"]))["session"]


async def test_the_personal_data_of_a_customer_and_their_sessions_is_removed(shop: Shop) -> None:
    first, second = await dewi(shop, orderNumber="QSH7K2"), await dewi(shop)
    await shop.changed("revokeToken", sessionId=second["id"], reason="Dewi asked for it")
    neighbour = await shop.create("Dewi Lestari", roomId="1905692", metadata={"a": 1})
    before = await shop.session(neighbour["id"])

    customer = await redact(shop, first)

    assert customer.pop("redactedAt") is not None
    unknown = {"phone": None, "email": None, "externalId": None}
    assert customer == {"id": first["customer"]["id"], "name": ""} | unknown
    for session, numbers in ((first, ["QSH7K2"]), (second, [])):
        seen = await session_of(shop, session)
        assert seen["customer"].pop("redactedAt") is not None
        assert seen.pop("redactedAt") is not None
        assert seen["token"].pop("revokedAt") is not None
        orders = [{"number": number} for number in numbers]
        redacted = {"roomId": None, "metadata": {}, "orders": orders, "customer": customer}
        assert seen == redacted | {"token": {"status": "REVOKED"}}
    by_admin = {"expiredTime": None, "reason": None, "apiKeyId": await shop.api_key_id()}
    events = await shop.events(first["id"], "kind expiredTime reason apiKeyId")
    assert events[1:] == [{"kind": kind} | by_admin for kind in ("REVOKED", "REDACTED")]
    assert [event["reason"] for event in await shop.events(second["id"])] == [None] * 3
    assert await shop.event_kinds(second["id"]) == ["ISSUED", "REVOKED", "REDACTED"]
    assert await shop.session(neighbour["id"]) == before


async def test_a_redacted_customer_is_not_found_by_their_data(shop: Shop) -> None:
    session = await dewi(shop, orderNumber="QSH7K2")
    await redact(shop, session)
    for filter in ({"search": "lestari"}, {"search": "1905692"}, {"customerName": {"contains": "dewi"}}):
        assert await shop.found(**filter) == [], filter
    assert await shop.found(metadata={"contains": {"a": 1}}) == []
    query = "query ($filter: CustomerFilter) { customers(filter: $filter) { nodes { id } } }"
    for name in ("phone", "email", "externalId"):
        assert await shop.ask(query, filter={name: DETAILS[name]}) == {"customers": {"nodes": []}}, name
    assert await shop.found(search="QSH7K2") == [session["id"]]


async def test_redacting_again_changes_nothing(shop: Shop) -> None:
    session = await dewi(shop)
    customer = await redact(shop, session)
    seen, events = await session_of(shop, session), await shop.events(session["id"], "id")
    assert await redact(shop, session) == customer
    assert await session_of(shop, session) == seen
    assert await shop.events(session["id"], "id") == events


async def test_statistics_of_redacted_sessions_do_not_change(shop: Shop) -> None:
    expired, revoked, converted = [await dewi(shop, orderNumber=f"N{number}") for number in range(3)]
    await shop.http.get(path_of(expired))
    await shop.changed("revokeToken", sessionId=revoked["id"])
    total = {"amount": "12.50", "currency": "IDR"}
    await shop.changed("recordOrder", "order { id }", sessionId=converted["id"], number="N2", total=total)
    await shop.changed("recordConversion", sessionId=converted["id"], kind="PURCHASE", orderNumber="N2")
    for session in (expired, converted):
        await shop.turn_back(session["id"], 31)
    stats, order = await shop.ask(STATS), await shop.order("N2", "total { amount currency } session { id }")
    assert (stats["sessionStats"]["expired"], stats["sessionStats"]["opened"]) == (2, 1)

    await redact(shop, expired)

    assert await shop.ask(STATS) == stats
    assert await shop.order("N2", "total { amount currency } session { id }") == order
    assert (await session_of(shop, expired))["token"] == {"status": "EXPIRED", "revokedAt": None}


async def test_the_link_of_a_redacted_session_does_not_work_again(shop: Shop) -> None:
    active, expired = await dewi(shop), await dewi(shop)
    await shop.turn_back(expired["id"], 31)
    await redact(shop, active)
    for session in (active, expired):
        assert (await shop.http.get(path_of(session))).status_code == 410
        assert await shop.refusals("extendToken", sessionId=session["id"], minutes=5) == SESSION_REDACTED
        assert await shop.refusals("reissueToken", sessionId=session["id"]) == SESSION_REDACTED
        seen = await session_of(shop, session)
        await shop.changed("revokeToken", sessionId=session["id"], reason="Dewi asked for it")
        assert await session_of(shop, session) == seen
    reasons = [event["reason"] for event in await shop.events(expired["id"], "reason")]
    assert reasons == [None] * 3  # issued, expired and redacted


async def test_a_redacted_customer_is_not_used_again_but_their_external_id_can_be(shop: Shop) -> None:
    session = await dewi(shop)
    id = session["customer"]["id"]
    await redact(shop, session)
    assert await shop.refusals("createSession", customer={"id": id}) == customer_redacted("customer.id")
    assert await shop.refusals("updateCustomer", id=id, name="Dewi") == customer_redacted("id")
    by_external_id = {"customer": {"externalId": "crm-1"}}
    unknown = ("customer.externalId", "CUSTOMER_NOT_FOUND", "matches no customer of your store")
    assert await shop.refusals("createSession", **by_external_id) == [unknown]
    new = await dewi(shop)
    assert new["customer"]["id"] != id
    assert new["customer"] == {"id": new["customer"]["id"]} | DETAILS
    assert (await shop.create(**by_external_id))["customer"] == new["customer"]
    assert (await session_of(shop, session))["customer"]["name"] == ""


async def test_only_admins_redact_customers_and_change_the_retention_period(shop: Shop) -> None:
    session = await dewi(shop)
    staff = await shop.with_scopes("sessions:read", "sessions:write", "settings:write")
    message = "This needs the scope admin, which the app 'test' lacks."
    documents = {
        "mutation ($id: ID!) { redactCustomer(input: {id: $id}) { customer { id } } }": {
            "id": session["customer"]["id"]
        },
        "mutation { updateStoreSettings(input: {retentionDays: 30}) { store { id } } }": {},
        "mutation { updateStoreSettings(input: {retentionDays: null}) { store { id } } }": {},
    }
    for document, variables in documents.items():
        assert await staff.error(document, **variables) == ("FORBIDDEN", message)
    assert await shop.session(session["id"]) == session


async def test_a_customer_with_many_sessions_is_redacted_in_batches_and_can_be_redacted_after_an_interruption(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(redaction, "BATCH", 3)
    sessions = [await dewi(shop) for _ in range(10)]
    create_events, calls = redaction.create_events, 0

    async def interrupted(*arguments: Any) -> None:
        nonlocal calls
        calls += 1
        if calls == 6:  # in the third batch
            raise Unavailable("interrupted")
        await create_events(*arguments)

    with monkeypatch.context() as once:
        once.setattr(redaction, "create_events", interrupted)
        document = f"mutation ($id: ID!) {{ redactCustomer(input: {{id: $id}}) {{ {REDACT} }} }}"
        assert (await shop.error(document, id=sessions[0]["customer"]["id"]))[0] == "SERVICE_UNAVAILABLE"
    names = [(await session_of(shop, session))["customer"]["name"] for session in sessions]
    assert names.count("") == 6
    await redact(shop, sessions[0])
    assert [(await session_of(shop, session))["customer"]["name"] for session in sessions] == [""] * 10
    assert [await shop.event_kinds(session["id"]) for session in sessions] == [["ISSUED", "REVOKED", "REDACTED"]] * 10


async def test_sessions_that_are_created_meanwhile_are_redacted_or_belong_to_a_new_customer(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(redaction, "BATCH", 2)
    first = await dewi(shop)
    for _ in range(10):
        await dewi(shop)
    created, _ = await asyncio.gather(asyncio.gather(*(dewi(shop) for _ in range(10))), redact(shop, first))
    for session in created:
        seen, customer = await session_of(shop, session), session["customer"]
        is_redacted = customer["id"] == first["customer"]["id"]
        assert seen["customer"]["name"] == ("" if is_redacted else "Dewi Lestari")
        assert (seen["redactedAt"] is not None) == is_redacted


@pytest.mark.parametrize("days", [30, 365, 3650, None])
async def test_a_store_has_a_retention_period_of_30_to_3650_days_or_none(shop: Shop, days: int | None) -> None:
    await shop.changed("updateStoreSettings", "store { id }", retentionDays=90)
    await shop.changed("updateStoreSettings", "store { id }", retentionDays=days)
    await shop.changed("updateStoreSettings", "store { id }", name="New name")
    assert await shop.ask("{ store { retentionDays } }") == {"store": {"retentionDays": days}}


@pytest.mark.parametrize("days", [-1, 0, 29, 3651])
async def test_an_invalid_retention_period_is_refused(shop: Shop, days: int) -> None:
    message = f"must be 30 to 3650 days, or null to keep sessions, got {days}"
    assert await shop.refusals("updateStoreSettings", retentionDays=days) == [("retentionDays", "INVALID", message)]


async def test_another_stores_customer_is_not_redacted(shop: Shop, new_shop: NewShop) -> None:
    other = await new_shop()
    session = await dewi(shop)
    refusal = ("id", "NOT_FOUND", "must be the ID of a customer of your store")
    assert await other.refusals("redactCustomer", id=session["customer"]["id"]) == [refusal]
    assert await shop.session(session["id"]) == session
