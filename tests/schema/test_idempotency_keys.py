"""Idempotency keys: a repeated mutation happens once."""

import asyncio
import hashlib
import json
from datetime import timedelta
from typing import Any

import httpx
import pytest

from db.idempotency_keys import delete_outdated_keys
from tests.support.shop import MISMATCH, ORDER_OF_ANOTHER, NewShop, Shop

DEWI = {"details": {"name": "Dewi", "phone": "+6281234567890", "email": "dewi@shop.example", "externalId": "crm-1"}}

INPUT = {
    "customer": DEWI,
    "roomId": "1905692",
    "orderNumber": "QSH7K2",
    "expirationMinutes": 45,
    "metadata": {"channel": "whatsapp", "cart": {"items": 2}},
    "idempotencyKey": "cart-1905692",
}

CREATE = """mutation ($input: CreateSessionInput!) { createSession(input: $input) {
    session { id dateCreated customer { id name } token { link status expiredTime } orders { id number } }
    userErrors { code }
} }"""

EVERYTHING = """{
    sessions { nodes { id roomId metadata customer { name phone email } token { expiredTime } orders { number } } }
    customers { nodes { id name } }
    sessionStats { total }
}"""

ROWS = """
select (select count(*) from session where store_id = $1) as sessions,
    (select count(*) from customer where store_id = $1) as customers,
    (select count(*) from "order" where store_id = $1) as orders,
    (select count(*) from session_event where store_id = $1) as events
"""

AGE = "update idempotency_key set created_at = now() - $3::interval where store_id = $1 and key like '%:' || $2"


async def rows(shop: Shop) -> dict[str, int]:
    row = await shop.db.fetchrow(ROWS, shop.id)
    assert row is not None
    return dict(row)


async def keys(shop: Shop) -> list[str]:
    """The stored idempotency keys of all apps."""
    kept = await shop.db.fetch("select key from idempotency_key where store_id = $1 order by key", shop.id)
    return [row["key"].partition(":")[2] for row in kept]


async def create_at_once(shop: Shop, inputs: list[dict[str, Any]]) -> list[httpx.Response]:
    """The answers to concurrent creations, which are repeated while the server is too busy."""
    async with asyncio.timeout(60):
        return await asyncio.gather(*(shop.post_until_served(CREATE, input=input) for input in inputs))


async def test_a_retry_with_an_equivalent_input_returns_the_first_session(shop: Shop) -> None:
    first = await shop.create(**INPUT)
    again = INPUT | {
        "metadata": {"cart": {"items": 2}, "channel": "whatsapp"},
        "roomId": " 1905692 ",
        "customer": {"details": DEWI["details"] | {"phone": "+62 812-3456-7890", "name": "Dewi "}},
    }
    for input in (INPUT, again):
        assert await shop.create(**input) == first
    assert await rows(shop) == {"sessions": 1, "customers": 1, "orders": 1, "events": 1}
    named = await shop.create(customer=DEWI, idempotencyKey="short")
    given_null = {"customer": DEWI, "roomId": None, "orderNumber": None, "metadata": None, "expirationMinutes": None}
    assert await shop.create(**given_null, idempotencyKey="short") == named


async def test_a_retry_returns_the_current_state_of_the_session(shop: Shop) -> None:
    first = await shop.create(**INPUT)
    await shop.change("revokeToken", sessionId=first["id"])
    again = await shop.create(**INPUT)
    assert again == await shop.session(first["id"])
    assert again["token"]["status"] == "REVOKED"


async def test_requests_without_an_idempotency_key_create_separate_sessions(shop: Shop) -> None:
    first, second = await shop.create(customer=DEWI), await shop.create(customer=DEWI)
    assert first["id"] != second["id"]
    assert await keys(shop) == []


@pytest.mark.parametrize(
    "other",
    [
        {"roomId": "1905693"},
        {"roomId": None},
        {"orderNumber": "QSH7K3"},
        {"expirationMinutes": 46},
        {"expirationMinutes": None},
        {"metadata": {"channel": "whatsapp", "cart": {"items": 3}}},
        {"metadata": None},
        {"customer": {"externalId": "crm-1"}},
        {"customer": {"details": DEWI["details"] | {"name": "Dewi Lestari"}}},
        {"customer": {"details": DEWI["details"] | {"phone": None}}},
        {"customer": {"details": DEWI["details"] | {"externalId": "crm-2"}}},
    ],
)
async def test_a_different_input_is_refused_and_changes_nothing(shop: Shop, other: dict[str, Any]) -> None:
    await shop.create(**INPUT)
    before = await shop.ask(EVERYTHING), await rows(shop)
    assert await shop.refusals("createSession", **INPUT | other) == MISMATCH
    assert (await shop.ask(EVERYTHING), await rows(shop)) == before


async def test_concurrent_requests_with_one_idempotency_key_create_one_session(shop: Shop) -> None:
    responses = await create_at_once(shop, [INPUT] * 50)
    assert {response.status_code for response in responses} == {200}
    # The rest of the body says how many points are left.
    assert len({response.content.partition(b',"extensions"')[0] for response in responses}) == 1
    payload = responses[0].json()["data"]["createSession"]
    assert payload["userErrors"] == []
    assert (await shop.session(payload["session"]["id"]))["token"]["link"] == payload["session"]["token"]["link"]
    assert await rows(shop) == {"sessions": 1, "customers": 1, "orders": 1, "events": 1}


async def test_concurrent_requests_with_different_inputs_create_one_session(shop: Shop) -> None:
    inputs = [INPUT | {"roomId": str(number % 5)} for number in range(25)]
    responses = await create_at_once(shop, inputs)
    payloads = [response.json()["data"]["createSession"] for response in responses]
    [created] = {payload["session"]["id"] for payload in payloads if payload["session"]}
    room = (await shop.session(created))["roomId"]
    for input, payload in zip(inputs, payloads, strict=True):
        if input["roomId"] == room:
            assert (payload["session"]["id"], payload["userErrors"]) == (created, [])
        else:
            assert payload == {"session": None, "userErrors": [{"code": "IDEMPOTENCY_MISMATCH"}]}
    assert await rows(shop) == {"sessions": 1, "customers": 1, "orders": 1, "events": 1}


async def test_concurrent_requests_with_different_idempotency_keys_create_one_customer(shop: Shop) -> None:
    """Only the external ID identifies the customer."""
    inputs = [{"customer": DEWI, "idempotencyKey": str(number)} for number in range(50)]
    responses = await create_at_once(shop, inputs)
    sessions = [response.json()["data"]["createSession"]["session"] for response in responses]
    assert len({session["id"] for session in sessions}) == 50
    assert len({session["customer"]["id"] for session in sessions}) == 1
    assert await rows(shop) == {"sessions": 50, "customers": 1, "orders": 0, "events": 50}


async def test_a_refused_creation_does_not_consume_the_idempotency_key(shop: Shop) -> None:
    other = await shop.create(orderNumber="QSH7K2")
    assert await shop.refusals("createSession", **INPUT) == [("orderNumber", *ORDER_OF_ANOTHER)]
    nobody = INPUT | {"customer": {"externalId": "nobody"}, "orderNumber": None}
    assert await shop.refusals("createSession", **nobody) == [
        ("customer.externalId", "CUSTOMER_NOT_FOUND", "matches no customer of your store")
    ]
    assert [code for _, code, _ in await shop.refusals("createSession", **INPUT | {"expirationMinutes": -1})] == [
        "INVALID"
    ]
    assert await keys(shop) == []
    created = await shop.create(**INPUT | {"orderNumber": "QSH7K3"})
    assert created["id"] != other["id"]
    assert await keys(shop) == ["cart-1905692"]


async def test_idempotency_keys_are_scoped_to_the_store(shop: Shop, new_shop: NewShop) -> None:
    neighbour = await new_shop()
    ours = await shop.create(**INPUT)
    theirs = await neighbour.create(**INPUT | {"roomId": "7"})
    assert ours["id"] != theirs["id"]
    assert (await shop.create(**INPUT), await neighbour.create(**INPUT | {"roomId": "7"})) == (ours, theirs)


async def test_apps_do_not_see_one_anothers_idempotency_keys(shop: Shop) -> None:
    other = await shop.with_scopes("sessions:read", "sessions:write")
    ours = await shop.create(customer=DEWI, idempotencyKey="k")
    theirs = await other.create(customer=DEWI, idempotencyKey="k", roomId="7")
    assert ours["id"] != theirs["id"]
    assert await shop.create(customer=DEWI, idempotencyKey="k") == ours
    assert await keys(shop) == ["k", "k"]


async def test_idempotency_keys_are_kept_for_a_day_and_deleted_after_two(shop: Shop, new_shop: NewShop) -> None:
    neighbour = await new_shop()
    for hours in (24, 47.9, 48.1, 1000):
        await shop.create(**INPUT | {"orderNumber": None, "idempotencyKey": f"{hours} hours"})
        await shop.db.fetch(AGE, shop.id, f"{hours} hours", timedelta(hours=hours))
    await neighbour.create(**INPUT)
    await shop.db.fetch(AGE, neighbour.id, "cart-1905692", timedelta(hours=1000))
    day_old = await shop.create(**INPUT | {"orderNumber": None, "idempotencyKey": "24 hours"})
    assert await rows(shop) == {"sessions": 4, "customers": 1, "orders": 0, "events": 4}
    await delete_outdated_keys(shop.db)
    assert await keys(shop) == ["24 hours", "47.9 hours"]
    assert await keys(neighbour) == []
    again = await shop.create(**INPUT | {"orderNumber": None, "idempotencyKey": "24 hours"})
    assert again == day_old
    assert await shop.refusals("createSession", **INPUT | {"idempotencyKey": "24 hours"}) == MISMATCH


async def test_all_outdated_idempotency_keys_are_deleted_in_batches(shop: Shop, new_shop: NewShop) -> None:
    stores = [shop, await new_shop()]
    for store in stores:
        await store.db.fetch(
            """insert into idempotency_key (store_id, key, input_hash, resource_id, created_at)
            select $1, 'app:old ' || number, '', '', now() - interval '49 hours'
            from generate_series(1, 1500) as number""",
            store.id,
        )
        await store.create(idempotencyKey="new")
    await delete_outdated_keys(shop.db)
    assert [await keys(store) for store in stores] == [["new"], ["new"]]


async def test_the_stored_hash_covers_the_present_fields(shop: Shop) -> None:
    """A field that a later version knows of, and a retry does not give, makes no difference."""
    await shop.create("Dewi", roomId="7", metadata={"b": None, "a": 1}, idempotencyKey="k")
    given = {"customer": {"details": {"name": "Dewi"}}, "idempotency_key": "k", "metadata": {"a": 1, "b": None}}
    hashed = ["CreateSessionInput", given | {"room_id": "7"}]
    [row] = await shop.db.fetch("select input_hash from idempotency_key where store_id = $1", shop.id)
    assert row["input_hash"] == hashlib.sha256(json.dumps(hashed, separators=(",", ":")).encode()).digest()


TOKEN = "session { id token { link status issuedAt expiredTime revokedAt } } userErrors { code }"
# The inputs of mutations that would have another effect each time, without the session.
REPEATABLE: dict[str, dict[str, Any]] = {"extendToken": {"minutes": 5}, "reissueToken": {"minutes": 5}}


def document_of(mutation: str) -> str:
    type = f"{mutation[0].upper()}{mutation[1:]}Input"
    return f"mutation ($input: {type}!) {{ {mutation}(input: $input) {{ {TOKEN} }} }}"


@pytest.mark.parametrize(("mutation", "input"), REPEATABLE.items())
async def test_concurrent_changes_of_a_token_with_one_idempotency_key_are_one_change(
    shop: Shop, mutation: str, input: dict[str, Any]
) -> None:
    session = await shop.create()
    sent = {"sessionId": session["id"], "idempotencyKey": "k", **input}
    document = document_of(mutation)
    async with asyncio.timeout(60):
        responses = await asyncio.gather(*(shop.post_until_served(document, input=sent) for _ in range(50)))
    assert len({response.text.partition(',"extensions"')[0] for response in responses}) == 1
    payload = responses[0].json()["data"][mutation]
    assert payload["userErrors"] == []
    kind = "EXTENDED" if mutation == "extendToken" else "REISSUED"
    assert await shop.event_kinds(session["id"]) == ["ISSUED", kind]
    assert (await shop.session(session["id"]))["token"] == payload["session"]["token"]


@pytest.mark.parametrize(("mutation", "input"), REPEATABLE.items())
async def test_a_late_retry_returns_the_current_token_and_changes_nothing(
    shop: Shop, mutation: str, input: dict[str, Any]
) -> None:
    session = await shop.create()
    sent = {"sessionId": session["id"], "idempotencyKey": "k", **input}
    await shop.changed(mutation, **sent)
    revoked = await shop.changed("revokeToken", sessionId=session["id"])
    before = await shop.event_kinds(session["id"])
    assert await shop.changed(mutation, **sent) == revoked
    assert await shop.refusals(mutation, **sent | {"minutes": 6}) == MISMATCH
    assert await shop.refusals(mutation, **sent | {"sessionId": (await shop.create())["id"]}) == MISMATCH
    assert await shop.event_kinds(session["id"]) == before


async def test_an_idempotency_key_belongs_to_one_mutation(shop: Shop) -> None:
    session = await shop.create()
    sent = {"sessionId": session["id"], "minutes": 5, "idempotencyKey": "k"}
    await shop.changed("extendToken", **sent)
    assert await shop.refusals("reissueToken", **sent) == MISMATCH
    assert await shop.event_kinds(session["id"]) == ["ISSUED", "EXTENDED"]


async def test_a_refused_change_of_a_token_does_not_consume_the_idempotency_key(shop: Shop) -> None:
    session = await shop.create()
    await shop.changed("revokeToken", sessionId=session["id"])
    sent = {"sessionId": session["id"], "minutes": 5, "idempotencyKey": "k"}
    assert [code for _, code, _ in await shop.refusals("extendToken", **sent)] == ["TOKEN_REVOKED"]
    assert await keys(shop) == []


NATURAL: dict[str, dict[str, Any]] = {
    "revokeToken": {"reason": "lost phone"},
    "recordOrder": {"number": "Q1", "total": {"amount": "12.50", "currency": "IDR"}},
    "recordConversion": {"kind": "PURCHASE", "orderNumber": "Q1"},
}


@pytest.mark.parametrize(("mutation", "input"), NATURAL.items())
async def test_other_changes_of_a_session_are_idempotent_without_a_key(
    shop: Shop, mutation: str, input: dict[str, Any]
) -> None:
    session = await shop.create()
    sent = {"sessionId": session["id"], **input}
    type = f"{mutation[0].upper()}{mutation[1:]}Input"
    changed = "order { id total { amount } }" if mutation == "recordOrder" else "session { id token { revokedAt } }"
    document = f"mutation ($input: {type}!) {{ {mutation}(input: $input) {{ {changed} userErrors {{ code }} }} }}"
    async with asyncio.timeout(60):
        responses = await asyncio.gather(*(shop.post_until_served(document, input=sent) for _ in range(50)))
    assert len({response.text.partition(',"extensions"')[0] for response in responses}) == 1
    assert responses[0].json()["data"][mutation]["userErrors"] == []
    assert len(await shop.event_kinds(session["id"])) == (1 if mutation == "recordOrder" else 2)
