"""API keys: creation, the secret, revocation."""

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from db.api_keys import generate_api_key, is_api_key, set_api_key_used
from tests.schema.test_apps import create, get, seconds_until
from tests.support.rows import everything_of
from tests.support.shop import MISMATCH, Shop, moment, new_app

SET_USED_AT = "update api_key set last_used_at = $3 where store_id = $1 and id = $2"
KEY = "apiKey { id name dateCreated expiresAt revokedAt }"
CREATE = f"""mutation ($input: CreateApiKeyInput!) {{
    createApiKey(input: $input) {{ {KEY} secret userErrors {{ code }} }}
}}"""


async def make(shop: Shop, app_id: str, **input: Any) -> Any:
    """The key that is made, and its secret; refusals fail the test."""
    payload = await shop.change("createApiKey", f"{KEY} secret", appId=app_id, **{"name": "laptop"} | input)
    assert payload.pop("userErrors") == []
    return payload


async def revoke(shop: Shop, id: str) -> Any:
    return await shop.changed("revokeApiKey", KEY, id=id)


async def test_a_created_api_key_works_for_its_app(shop: Shop) -> None:
    app = await create(shop, scopes=["SESSIONS_JOIN"])
    before = datetime.now(UTC)
    made = await make(shop, app["id"], name=" laptop ")
    key = made["apiKey"]
    moments = {"dateCreated": key["dateCreated"], "expiresAt": None, "revokedAt": None}
    assert key == {"id": key["id"], "name": "laptop", **moments}
    assert timedelta(0) <= moment(key["dateCreated"]) - before < timedelta(seconds=10)
    assert await replace(shop, key=made["secret"]).ask("{ viewer { id name scopes app { id } } store { id } }") == {
        "viewer": {"id": key["id"], "name": "laptop", "scopes": ["SESSIONS_JOIN"], "app": {"id": app["id"]}},
        "store": {"id": shop.id},
    }
    second = await make(shop, app["id"], name="server")
    assert (await get(shop, app["id"]))["keys"] == [key, second["apiKey"]]


async def test_the_database_does_not_contain_the_secret(shop: Shop) -> None:
    app = await create(shop)
    secret = (await make(shop, app["id"], idempotencyKey="k"))["secret"].removeprefix("rk_")
    rows = str(await everything_of(shop.db, shop.id))
    assert app["id"] in rows
    for part in (secret, secret[:26], secret[26:]):
        assert part not in rows
        assert part.encode().hex() not in rows


async def test_all_user_errors_are_returned_at_once(shop: Shop) -> None:
    assert await shop.refusals("createApiKey", appId=shop.id, name="", idempotencyKey="k" * 101) == [
        ("appId", "INVALID", f"must look like app_01h455vb4pex5vsknk084sn02q, got '{shop.id}'"),
        ("name", "INVALID", "must be 1 to 200 characters long, got 0"),
        ("idempotencyKey", "INVALID", "must be 1 to 100 characters long, got 101"),
    ]
    assert await shop.refusals("revokeApiKey", id="x") == [
        ("id", "INVALID", "must look like key_01h455vb4pex5vsknk084sn02q, got 'x'")
    ]


async def test_a_retry_with_an_idempotency_key_returns_the_api_key_without_its_secret(shop: Shop) -> None:
    app, other = await create(shop), await create(shop)
    first = await make(shop, app["id"], idempotencyKey="k")
    assert await make(shop, app["id"], idempotencyKey="k") == {"apiKey": first["apiKey"], "secret": None}
    revoked = await revoke(shop, first["apiKey"]["id"])
    assert await make(shop, app["id"], idempotencyKey="k") == {"apiKey": revoked, "secret": None}
    for changed in ({"name": "server"}, {"appId": other["id"]}):
        input = {"appId": app["id"], "name": "laptop", "idempotencyKey": "k"} | changed
        assert await shop.refusals("createApiKey", **input) == MISMATCH
    assert (await get(shop, app["id"]))["keys"] == [revoked]
    assert (await get(shop, other["id"]))["keys"] == []


async def test_concurrent_requests_with_one_idempotency_key_create_one_api_key(shop: Shop) -> None:
    app = await create(shop)
    input = {"appId": app["id"], "name": "laptop", "idempotencyKey": "k"}
    async with asyncio.timeout(60):
        answers = await asyncio.gather(*(shop.post_until_served(CREATE, input=input) for _ in range(50)))
    payloads = [answer.json()["data"]["createApiKey"] for answer in answers]
    assert {payload["apiKey"]["id"] for payload in payloads} == {payloads[0]["apiKey"]["id"]}
    assert all(payload["userErrors"] == [] for payload in payloads)
    [secret] = [payload["secret"] for payload in payloads if payload["secret"]]
    assert (await get(shop, app["id"]))["keys"] == [payloads[0]["apiKey"]]
    await replace(shop, key=secret).ask("{ __typename }")


async def test_a_revoked_api_key_stops_working_within_a_second_and_others_keep_working(shop: Shop) -> None:
    app = await create(shop)
    leaked, other = await make(shop, app["id"]), await make(shop, app["id"])
    client = replace(shop, key=leaked["secret"])
    await client.ask("{ __typename }")
    revoked = await revoke(shop, leaked["apiKey"]["id"])
    assert revoked == leaked["apiKey"] | {"revokedAt": revoked["revokedAt"]}
    assert datetime.now(UTC) - moment(revoked["revokedAt"]) < timedelta(seconds=10)
    assert await seconds_until(client, "{ __typename }", "UNAUTHENTICATED") < 1
    assert await revoke(shop, leaked["apiKey"]["id"]) == revoked
    assert (await get(shop, app["id"]))["keys"] == [revoked, other["apiKey"]]
    await replace(shop, key=other["secret"]).ask("{ __typename }")


async def test_an_api_key_can_revoke_itself(shop: Shop) -> None:
    new = await new_app(shop.db, shop.id, ["admin"])
    client = replace(shop, key=new.secret)
    assert (await revoke(client, new.key.id))["revokedAt"] is not None
    assert await seconds_until(client, "{ __typename }", "UNAUTHENTICATED") < 1


async def test_an_api_key_works_until_it_expires(shop: Shop) -> None:
    app = await create(shop)
    expires_at = datetime.now(UTC) + timedelta(seconds=1.5)
    made = await make(shop, app["id"], expiresAt=expires_at.isoformat())
    assert moment(made["apiKey"]["expiresAt"]) == expires_at
    client = replace(shop, key=made["secret"])
    await client.ask("{ __typename }")
    # The result of an authentication is cached for 0.9 s.
    assert await seconds_until(client, "{ __typename }", "UNAUTHENTICATED") < 1.5 + 1
    assert datetime.now(UTC) >= expires_at
    message = "The API key is unknown, expired or revoked, or its app is disabled."
    assert await client.error("{ __typename }") == ("UNAUTHENTICATED", message)


async def test_an_api_key_cannot_expire_in_the_past(shop: Shop) -> None:
    app = await create(shop)
    past = (datetime.now(UTC) - timedelta(seconds=1)).isoformat()
    refused = [("expiresAt", "INVALID", "must be in the future")]
    assert await shop.refusals("createApiKey", appId=app["id"], name="laptop", expiresAt=past) == refused
    assert (await get(shop, app["id"]))["keys"] == []


async def test_the_last_use_of_an_api_key_is_recorded_about_once_an_hour(shop: Shop) -> None:
    app = await create(shop)
    made = await make(shop, app["id"])
    assert await last_used(shop, made) is None
    client, before = replace(shop, key=made["secret"]), datetime.now(UTC)
    await client.ask("{ __typename }")
    async with asyncio.timeout(5):
        while (used := await last_used(shop, made)) is None:
            pass
    assert timedelta(0) <= used - before < timedelta(seconds=5)
    for minutes, is_recorded in ((59, False), (61, True)):
        earlier = used - timedelta(minutes=minutes)
        await shop.db.fetch(SET_USED_AT, shop.id, made["apiKey"]["id"], earlier)
        await set_api_key_used(shop.db, shop.id, made["apiKey"]["id"])
        assert (await last_used(shop, made) != earlier) is is_recorded


async def last_used(shop: Shop, made: Any) -> datetime | None:
    query = "query ($id: ID!) { app(id: $id) { keys { id lastUsedAt } } }"
    app_id = (await shop.db.fetch("select app_id from api_key where id = $1", made["apiKey"]["id"]))[0]["app_id"]
    [key] = (await shop.ask(query, id=app_id))["app"]["keys"]
    return moment(key["lastUsedAt"]) if key["lastUsedAt"] else None


def test_generated_api_keys_are_long_and_unique() -> None:
    keys = {generate_api_key() for _ in range(1000)}
    assert len(keys) == 1000
    assert {len(key) for key in keys} == {len("rk_") + 2 * 26 + 6}
    assert all(is_api_key(key) for key in keys)


def test_a_checksum_is_the_crc_32_in_base_62() -> None:
    start = "rk_" + "0123456789abcdefghjkmnpqrstvwxyz" + "0" * 20
    assert is_api_key(start + "0jEEbz") is True


@given(st.integers(0, 60), st.sampled_from("0123456789abcdefghjkmnpqrstvwxyzABCXYZ_-"))
def test_a_mistyped_api_key_is_recognized_without_the_database(place: int, character: str) -> None:
    key = generate_api_key()
    mistyped = key[:place] + character + key[place + 1 :]
    assert is_api_key(mistyped) is (mistyped == key)


@pytest.mark.parametrize("text", ["", "rk_", "rk_golden", "rk_" + "0" * 52, "rk_" + "0" * 58, "rk_" + "0" * 10_000])
def test_other_texts_are_not_api_keys(text: str) -> None:
    assert not is_api_key(text)
