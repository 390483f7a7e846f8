"""Users who sign in with a JWT of the shop's identity provider: their scopes, and their IDs in events."""

import asyncio
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from typing import Any

import httpx
import pytest

from db.audit import Origin, create_signed_in
from tests.conftest import client_of, settings_for
from tests.schema.test_apps import seconds_until
from tests.support.addresses import new_address
from tests.support.identity_provider import AUDIENCE, Issuer, open_issuer
from tests.support.logs import Log
from tests.support.shop import NewShop, Shop, code_of, new_app

READ, WRITE, JOIN, ADMIN = "sessions:read", "sessions:write", "sessions:join", "admin"
VIEWER = "{ viewer { userId scopes } store { id } }"

DISABLE = "update app set disabled_at = now() where store_id = $1 and client_id = 'dashboard'"

SignIn = Callable[..., Shop]


@pytest.fixture(scope="module")
async def issuer() -> AsyncIterator[Issuer]:
    async with open_issuer() as issuer:
        yield issuer


@pytest.fixture(scope="module")
async def server(database_url: str, issuer: Issuer) -> AsyncIterator[httpx.AsyncClient]:
    """A client of a server that accepts the issuer's tokens."""
    async with client_of(settings_for(database_url, jwt=issuer.settings)) as client:
        yield client


@pytest.fixture
async def sign_in(shop: Shop, server: httpx.AsyncClient, issuer: Issuer) -> SignIn:
    """The shop with a token that has these claims."""
    await new_app(shop.db, shop.id, [READ, WRITE, JOIN], "Dashboard", client_id="dashboard")

    def sign_in(**claims: Any) -> Shop:
        token = issuer.token(**{"store": shop.slug, "scope": f"{READ} {WRITE} {JOIN}", **claims})
        return replace(shop, key=token, http=server)

    return sign_in


async def refusal(client: Shop) -> str:
    """The error about the client's token."""
    response = await client.post(VIEWER)
    [error] = response.json()["errors"]
    assert response.status_code == 401, response.text
    assert response.json() == {"errors": [{**error, "extensions": {"code": "UNAUTHENTICATED"}}]}
    assert list(error) == ["message", "extensions"]
    assert response.headers["www-authenticate"] == 'Bearer error="invalid_token"'  # RFC 6750, section 3
    assert not any(len(part) > 3 and part in response.text for part in client.key.split("."))
    return str(error["message"])


async def test_a_token_signs_in_to_the_store_that_it_names(sign_in: SignIn, shop: Shop) -> None:
    session = await shop.create("Ольга")
    for name in (shop.slug, shop.id):
        client = sign_in(store=name, sub="auth0|42")
        assert await client.ask("{ viewer { userId scopes } store { id } sessions { nodes { id } } }") == {
            "viewer": {"userId": "auth0|42", "scopes": ["SESSIONS_READ", "SESSIONS_WRITE", "SESSIONS_JOIN"]},
            "store": {"id": shop.id},
            "sessions": {"nodes": [{"id": session["id"]}]},
        }


async def test_a_token_that_is_refused_ends_the_request(sign_in: SignIn) -> None:
    assert await refusal(sign_in(aud="other")) == f"The JWT's audience (aud) must be {AUDIENCE}."
    header = "The header must look like Authorization: Bearer rk_…, or have a JWT"
    for text in ("a.b", "a.b.c.d", "abc"):
        assert await refusal(replace(sign_in(), key=text)) == header
    assert await refusal(replace(sign_in(), key="..")) == "The JWT is malformed."


async def test_tokens_are_refused_without_a_configured_issuer(sign_in: SignIn, shop: Shop) -> None:
    response = await replace(shop, key=sign_in().key).post(VIEWER)
    message = "The header must look like Authorization: Bearer rk_…"
    expected = {"errors": [{"message": message, "extensions": {"code": "UNAUTHENTICATED"}}]}
    assert (response.status_code, response.json()) == (401, expected)


def no_such_app(store: str, client_id: str) -> str:
    return f"There is no store {store!r} with an app whose clientId is {client_id!r}, or the app is disabled."


async def test_a_token_needs_an_app_of_its_store(sign_in: SignIn, shop: Shop, new_shop: NewShop) -> None:
    other = await new_shop()
    await new_app(shop.db, other.id, [READ], "Theirs", client_id="theirs")
    assert await refusal(sign_in(store="nowhere")) == no_such_app("nowhere", "dashboard")
    assert await refusal(sign_in(client_id="theirs")) == no_such_app(shop.slug, "theirs")
    assert await refusal(sign_in(store=other.slug)) == no_such_app(other.slug, "dashboard")


async def test_a_token_gives_access_only_to_the_store_that_it_names(
    sign_in: SignIn, shop: Shop, new_shop: NewShop
) -> None:
    other = await new_shop()
    await new_app(shop.db, other.id, [ADMIN], client_id="dashboard")
    session = await other.create()
    client = sign_in(store_id=other.id, tenant=other.slug, stores=[other.slug], organization=other.slug)
    query = "query ($id: ID!) { store { id } session(id: $id) { id } sessions { nodes { id } } }"
    found = await client.ask(query, id=session["id"])
    assert found == {"store": {"id": shop.id}, "session": None, "sessions": {"nodes": []}}
    [refused] = await client.refusals("revokeToken", sessionId=session["id"])
    assert refused == ("sessionId", "NOT_FOUND", "must be the ID of a session of your store")
    assert await other.event_kinds(session["id"]) == ["ISSUED"]


async def test_a_disabled_app_ends_its_tokens_within_a_second(sign_in: SignIn, shop: Shop) -> None:
    client = sign_in()
    await client.ask(VIEWER)
    await shop.db.fetch(DISABLE, shop.id)
    # A user without cached credentials.
    assert await refusal(sign_in(sub="user-2")) == no_such_app(shop.slug, "dashboard")
    clock = asyncio.get_running_loop().time
    disabled = clock()
    while clock() < disabled + 1:
        await client.post(VIEWER)
    assert await refusal(client) == no_such_app(shop.slug, "dashboard")


@pytest.mark.parametrize(
    ("of_the_app", "of_the_token", "granted"),
    [
        ([READ, WRITE], f"{READ} {JOIN}", ["SESSIONS_READ"]),
        ([READ, WRITE], "", []),
        ([READ, WRITE], None, []),
        ([READ], ADMIN, []),
        ([READ], f"{ADMIN} {READ}", ["SESSIONS_READ"]),
        ([ADMIN], f"openid {READ}", ["SESSIONS_READ"]),
        ([ADMIN], f"{ADMIN} {READ}", ["ADMIN", "SESSIONS_READ"]),
        ([], f"{ADMIN} {READ}", []),
    ],
)
async def test_the_scopes_of_a_token_are_limited_by_those_of_its_app(
    sign_in: SignIn, shop: Shop, of_the_app: list[str], of_the_token: Any, granted: list[str]
) -> None:
    await new_app(shop.db, shop.id, of_the_app, client_id="other")
    client = sign_in(client_id="other", scope=of_the_token)
    assert (await client.ask(VIEWER))["viewer"] == {"userId": "user-1", "scopes": granted}


async def test_a_mutation_without_its_scope_is_forbidden(sign_in: SignIn, shop: Shop) -> None:
    session = await shop.create()
    mutation = "mutation ($id: ID!) { revokeToken(input: {sessionId: $id}) { session { id } } }"
    client = sign_in(scope=READ)
    message = "This needs the scope sessions:write, which the token or the app 'Dashboard' lacks."
    assert await client.error(mutation, id=session["id"]) == ("FORBIDDEN", message)
    assert await shop.event_kinds(session["id"]) == ["ISSUED"]
    await sign_in(scope=WRITE).ask(mutation, id=session["id"])
    assert await shop.event_kinds(session["id"]) == ["ISSUED", "REVOKED"]


async def test_events_have_the_id_of_the_user(sign_in: SignIn, shop: Shop) -> None:
    await new_app(shop.db, shop.id, [ADMIN], client_id="office")
    dewi, sari = (sign_in(sub=sub, client_id="office", scope=ADMIN) for sub in ("dewi", "sari"))
    api_key_id = await shop.api_key_id()
    session = await dewi.create()
    id = session["id"]
    await sari.change("joinSession", token=code_of(session))
    await shop.change("extendToken", sessionId=id, minutes=30)
    await sari.change("extendToken", sessionId=id, minutes=5)
    await dewi.change("updateStoreSettings", "store { id }", sessionExpiration=60, applyToActiveTokens=True)
    await sari.change("revokeToken", sessionId=id)
    await dewi.change("reissueToken", sessionId=id)
    await sari.change("recordConversion", sessionId=id, kind="TASK")
    told = await dewi.events(id, "kind apiKeyId userId")
    assert [(event["kind"], event["apiKeyId"], event["userId"]) for event in told] == [
        ("ISSUED", None, "dewi"),
        ("JOINED", None, "sari"),
        ("EXTENDED", api_key_id, None),
        ("EXTENDED", None, "sari"),
        ("EXTENDED", None, "dewi"),
        ("REVOKED", None, "sari"),
        ("REISSUED", None, "dewi"),
        ("CONVERTED", None, "sari"),
    ]


async def test_a_blocked_user_is_refused_within_a_second_and_others_are_not(sign_in: SignIn, shop: Shop) -> None:
    dewi, sari = sign_in(sub="dewi"), sign_in(sub="sari")
    for client in (dewi, sari):
        await client.ask(VIEWER)
    await shop.changed("blockUser", "userId", userId="dewi")
    assert await seconds_until(dewi, VIEWER, "UNAUTHENTICATED") < 1
    assert await refusal(dewi) == "The store has blocked this user."
    # A new token makes no difference.
    assert await refusal(sign_in(sub="dewi", jti="new")) == "The store has blocked this user."
    await sari.ask(VIEWER)
    await shop.changed("unblockUser", "userId", userId="dewi")
    await dewi.ask(VIEWER)


async def test_a_user_is_blocked_by_the_exact_sub_with_its_spaces(sign_in: SignIn, shop: Shop) -> None:
    subjects = ["dewi", " dewi", "dewi ", "  dewi  ", " ", "x" * 255]
    for subject in subjects:
        user = sign_in(sub=subject)
        await user.ask(VIEWER)
        assert await shop.changed("blockUser", "userId", userId=subject) == subject
        assert await seconds_until(user, VIEWER, "UNAUTHENTICATED") < 1
        assert await shop.changed("unblockUser", "userId", userId=subject) == subject
        await user.ask(VIEWER)
    await shop.changed("blockUser", "userId", userId=" dewi ")
    for subject in subjects:
        await sign_in(sub=subject, jti="new").ask(VIEWER)


@pytest.mark.parametrize(
    ("user_id", "message"),
    [
        ("", "must be 1 to 255 characters long, got 0"),
        ("x" * 256, "must be 1 to 255 characters long, got 256"),
        ("dewi\n", r"must have only printable characters, as the claim sub, got 'dewi\n'"),
        ("\0", r"must have only printable characters, as the claim sub, got '\x00'"),
    ],
)
async def test_a_user_id_that_no_token_can_have_is_refused(shop: Shop, user_id: str, message: str) -> None:
    for mutation in ("blockUser", "unblockUser"):
        assert await shop.refusals(mutation, userId=user_id) == [("userId", "INVALID", message)]


async def test_the_api_keys_of_a_blocked_user_work_until_an_admin_finds_and_revokes_them(
    sign_in: SignIn, shop: Shop
) -> None:
    office = await new_app(shop.db, shop.id, [ADMIN], client_id="office")
    dewi = sign_in(sub="dewi", client_id="office", scope=ADMIN)
    made = await dewi.change("createApiKey", "apiKey { id } secret", appId=office.app.id, name="laptop")
    key = replace(shop, key=made["secret"])
    again = await key.change("createApiKey", "apiKey { id } secret", appId=office.app.id, name="another")
    other = replace(shop, key=again["secret"])
    await shop.changed("blockUser", "userId", userId="dewi")
    assert await seconds_until(dewi, VIEWER, "UNAUTHENTICATED") < 1
    query = """query ($filter: AuditLogFilter!) { auditLog(filter: $filter) { nodes { objectId } } }"""
    for client, creator in ((key, {"userId": "dewi"}), (other, {"apiKeyId": made["apiKey"]["id"]})):
        await client.ask(VIEWER)
        [event] = (await shop.ask(query, filter={**creator, "actions": ["API_KEY_CREATED"]}))["auditLog"]["nodes"]
        await shop.changed("revokeApiKey", "apiKey { id }", id=event["objectId"])
        assert await seconds_until(client, VIEWER, "UNAUTHENTICATED") < 1


async def test_a_user_is_blocked_only_in_one_store(sign_in: SignIn, shop: Shop, new_shop: NewShop) -> None:
    neighbour = await new_shop()
    await neighbour.changed("blockUser", "userId", userId="dewi")
    await sign_in(sub="dewi").ask(VIEWER)


async def test_an_admin_cannot_block_themselves(sign_in: SignIn, shop: Shop) -> None:
    await new_app(shop.db, shop.id, [ADMIN], client_id="office")
    dewi = sign_in(sub="dewi", client_id="office", scope=ADMIN)
    refused = [("userId", "INVALID", "must not be the user who sends the request")]
    assert await dewi.refusals("blockUser", userId="dewi") == refused
    await dewi.changed("blockUser", "userId", userId="sari")


async def test_the_first_request_of_a_user_in_an_hour_is_recorded_as_a_sign_in(sign_in: SignIn, shop: Shop) -> None:
    [app] = await shop.db.fetch("select id from app where store_id = $1 and client_id = 'dashboard'", shop.id)
    query = """{ auditLog(filter: {actions: [SIGNED_IN]}) {
        nodes { objectId apiKeyId userId address changes { field } }
    } }"""
    dewi = sign_in(sub="dewi")
    dewi = replace(dewi, http=httpx.AsyncClient(base_url=dewi.http.base_url))
    async with dewi.http:
        for _ in range(3):
            await dewi.ask(VIEWER)
    signed_in = {"objectId": app["id"], "apiKeyId": None, "userId": "dewi", "address": "127.0.0.1", "changes": []}
    async with asyncio.timeout(5):
        while not (nodes := (await shop.ask(query))["auditLog"]["nodes"]):
            pass
    assert nodes == [signed_in]
    origin = Origin(None, "dewi", "127.0.0.1")
    await create_signed_in(shop.db, shop.id, app["id"], origin)
    assert len((await shop.ask(query))["auditLog"]["nodes"]) == 1
    await shop.db.fetch("update audit_event set at = at - interval '61 minutes' where store_id = $1", shop.id)
    await create_signed_in(shop.db, shop.id, app["id"], origin)
    await create_signed_in(shop.db, shop.id, app["id"], origin._replace(address="192.0.2.7"))
    nodes = (await shop.ask(query))["auditLog"]["nodes"]
    assert nodes == [signed_in | {"address": "192.0.2.7"}, signed_in, signed_in]


async def test_sign_ins_from_addresses_of_one_network_are_recorded_once(sign_in: SignIn, shop: Shop) -> None:
    network, other = new_address().removesuffix("1"), new_address()
    dewi = sign_in(sub="dewi")
    for address in (f"{network}1", f"{network}2", f"{network}3", other):
        # Another document each time, because a known plan is not authenticated again within a second.
        body, headers = {"query": f"# {address}\n{VIEWER}"}, dewi.headers | {"X-Forwarded-For": address}
        assert (await dewi.http.post("/graphql", json=body, headers=headers)).status_code == 200
    query = "{ auditLog(filter: {actions: [SIGNED_IN]}) { nodes { address } } }"
    async with asyncio.timeout(5):
        while {"address": other} not in (nodes := (await shop.ask(query))["auditLog"]["nodes"]):
            pass
    assert sorted(node["address"] for node in nodes) == sorted([f"{network}1", other])


async def test_audit_events_and_log_lines_have_the_id_of_the_user(sign_in: SignIn, shop: Shop, log: Log) -> None:
    await new_app(shop.db, shop.id, [ADMIN], client_id="office")
    dewi = sign_in(sub="dewi", client_id="office", scope=ADMIN)
    async with httpx.AsyncClient(base_url=dewi.http.base_url) as http:
        await replace(dewi, http=http).changed("updateStoreSettings", "store { id }", name="Kopi")
    query = '{ auditLog(filter: {userId: "dewi", actions: [STORE_UPDATED]}) { nodes { apiKeyId userId address } } }'
    nodes = (await shop.ask(query))["auditLog"]["nodes"]
    assert nodes == [{"apiKeyId": None, "userId": "dewi", "address": "127.0.0.1"}]
    line = await log.line_of(await dewi.post(VIEWER))
    assert (line["user"], "key" in line) == ("dewi", False)
