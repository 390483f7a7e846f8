"""Apps: creation, changes, disabling, and who can read them."""

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from db.api_keys import create_api_key, generate_api_key, hash_api_key
from tests.conftest import client_of, settings_for
from tests.support.identity_provider import open_issuer
from tests.support.shop import ERRORS, MISMATCH, NewShop, Shop, moment, new_app

FACTS = "id name scopes documentMode rate clientId dateCreated disabledAt"
APP = f"app {{ {FACTS} keys {{ id name dateCreated expiresAt revokedAt }} }}"
GET = f"query ($id: ID!) {{ {APP.replace('app', 'app(id: $id)')} }}"

PARTNER = {
    "name": "Partner",
    "scopes": ["SESSIONS_WRITE", "SESSIONS_READ"],
    "documentMode": "ID_ONLY",
    "rate": 50,
    "clientId": "partner-spa",
}
OWN_APP = "OWN_APP"
TAKEN = [("clientId", "CLIENT_ID_TAKEN", "must not be the client ID of another app of your store")]
RATE = "must be 1 to 10000 cost points per second, got "
FULL = "your store has 100 enabled apps, and the limit is 100: disable another app first"
FILL = """
insert into app (store_id, id, name, scopes)
select $1, 'app_' || number, 'x', '{}' from generate_series(1, $2) as number
"""


async def create(shop: Shop, **input: Any) -> Any:
    return await shop.changed("createApp", APP, **{"name": "x", "scopes": ["SESSIONS_READ"]} | input)


async def update(shop: Shop, **input: Any) -> Any:
    return await shop.changed("updateApp", APP, **input)


async def get(shop: Shop, id: str) -> Any:
    return (await shop.ask(GET, id=id))["app"]


async def seconds_until(shop: Shop, document: str, word: str) -> float:
    """The seconds until the last request whose response lacks the word."""
    clock = asyncio.get_running_loop().time
    start = sent = clock()
    async with asyncio.timeout(10):
        while True:
            last, sent = sent, clock()
            if word in (await shop.post(document)).text:
                return last - start


async def test_an_app_is_created_with_every_field(shop: Shop) -> None:
    before = datetime.now(UTC)
    app = await create(shop, **PARTNER)
    own = {"id": app["id"], "dateCreated": app["dateCreated"], "disabledAt": None, "keys": []}
    assert app == PARTNER | {"scopes": ["SESSIONS_READ", "SESSIONS_WRITE"]} | own
    assert app["id"].startswith("app_")
    assert timedelta(0) <= moment(app["dateCreated"]) - before < timedelta(seconds=10)
    assert await get(shop, app["id"]) == app


async def test_absent_fields_of_a_new_app_have_defaults(shop: Shop) -> None:
    app = await create(shop, name=" Staff ☕ ", scopes=["ADMIN", "ADMIN"], documentMode=None, rate=None, clientId=None)
    fields = ("name", "scopes", "documentMode", "rate", "clientId")
    assert [app[field] for field in fields] == ["Staff ☕", ["ADMIN"], "LOG", 1000, None]


@pytest.mark.parametrize("mutation", ["createApp", "updateApp"])
async def test_all_user_errors_are_returned_at_once(shop: Shop, mutation: str) -> None:
    named = {"id": "app_1"} if mutation == "updateApp" else {"idempotencyKey": ""}
    about_name = {
        "id": "must look like app_01h455vb4pex5vsknk084sn02q, got 'app_1'",
        "idempotencyKey": "must be 1 to 100 characters long, got 0",
    }
    expected = [
        *((field, "INVALID", about_name[field]) for field in named),
        ("name", "INVALID", "must be 1 to 200 characters long, got 201"),
        ("scopes", "INVALID", "must contain at least one scope"),
        ("rate", "INVALID", f"{RATE}0"),
        ("clientId", "INVALID", r"must be one line of Unicode text, got 'a\nb'"),
    ]
    refusals = await shop.refusals(mutation, **named, name="n" * 201, scopes=[], rate=0, clientId="a\nb")
    assert sorted(refusals) == sorted(expected)


@pytest.mark.parametrize(
    ("rate", "is_right"), [(1, True), (10_000, True), (0, False), (-1, False), (10_001, False), (10**6, False)]
)
async def test_a_rate_is_1_to_10000(shop: Shop, rate: int, is_right: bool) -> None:
    app = await create(shop)
    if is_right:
        assert (await create(shop, rate=rate))["rate"] == rate
        assert (await update(shop, id=app["id"], rate=rate))["rate"] == rate
    else:
        complaint = [("rate", "INVALID", f"{RATE}{rate}")]
        assert await shop.refusals("createApp", name="x", scopes=["ADMIN"], rate=rate) == complaint
        assert await shop.refusals("updateApp", id=app["id"], rate=rate) == complaint


async def test_updating_another_field_keeps_a_rate_above_the_limit(shop: Shop) -> None:
    new = await new_app(shop.db, shop.id, ["sessions:read"], rate=1_000_000)
    assert (await update(shop, id=new.app.id, name="x"))["rate"] == 1_000_000


async def test_a_store_can_have_100_enabled_apps(shop: Shop, new_shop: NewShop) -> None:
    await shop.db.fetch(FILL, shop.id, 95)
    new = {"name": "x", "scopes": ["SESSIONS_READ"]}
    statement = f"mutation ($input: CreateAppInput!) {{ createApp(input: $input) {{ {APP} {ERRORS} }} }}"
    inputs = [new | {"idempotencyKey": str(number)} for number in range(10)]
    async with asyncio.timeout(60):
        answers = await asyncio.gather(*(shop.post_until_served(statement, input=input) for input in inputs))
    payloads = [answer.json()["data"]["createApp"] for answer in answers]
    refusal = {"app": None, "userErrors": [{"field": None, "code": "INVALID", "message": FULL}]}
    created = [payload["app"] for payload in payloads if payload["app"]]
    assert (len(created), [payload for payload in payloads if not payload["app"]]) == (4, [refusal] * 6)

    again = inputs[next(number for number, payload in enumerate(payloads) if payload["app"])]
    assert await create(shop, **again) in created
    disabled = await update(shop, id=created[0]["id"], disabled=True)
    await create(shop)
    assert await shop.refusals("updateApp", id=disabled["id"], disabled=False) == [("disabled", "INVALID", FULL)]
    assert await update(shop, id=disabled["id"]) == disabled
    assert await update(shop, id=created[1]["id"], disabled=False) == created[1]
    await update(shop, id=created[1]["id"], disabled=True)
    assert await update(shop, id=disabled["id"], disabled=False) == disabled | {"disabledAt": None}
    await create(await new_shop())


async def test_only_given_fields_of_an_app_are_updated(shop: Shop) -> None:
    app = await create(shop, **PARTNER)
    assert await update(shop, id=app["id"]) == app
    nulls = dict.fromkeys(("name", "scopes", "documentMode", "rate", "disabled"))
    assert await update(shop, id=app["id"], **nulls) == app
    changes: list[dict[str, Any]] = [
        {"name": "Partner 2"},
        {"scopes": ["DOCUMENTS_WRITE"]},
        {"documentMode": "ALLOW_LIST"},
        {"rate": 51},
        {"clientId": "other"},
        {"clientId": None},
    ]
    for change in changes:
        app |= change
        assert await update(shop, id=app["id"], **change) == app
        assert await get(shop, app["id"]) == app


async def test_a_client_id_is_unique_within_a_store(shop: Shop, new_shop: NewShop) -> None:
    neighbour = await new_shop()
    first, second = await create(shop, **PARTNER), await create(shop)
    assert await shop.refusals("createApp", **PARTNER) == TAKEN
    assert await shop.refusals("updateApp", id=second["id"], clientId="partner-spa", name="changed") == TAKEN
    assert await get(shop, second["id"]) == second
    assert (await create(neighbour, **PARTNER))["clientId"] == "partner-spa"
    assert await update(shop, id=first["id"], clientId="partner-spa") == first
    await update(shop, id=first["id"], clientId=None)
    assert (await update(shop, id=second["id"], clientId="partner-spa"))["clientId"] == "partner-spa"


async def test_a_change_of_scopes_takes_effect_within_a_second(shop: Shop) -> None:
    new = await new_app(shop.db, shop.id, ["sessions:read"])
    client = replace(shop, key=new.secret)
    apps = "{ apps { nodes { id } } }"
    assert (await client.error(apps))[0] == "FORBIDDEN"
    await update(shop, id=new.app.id, scopes=["ADMIN"])
    assert await seconds_until(client, apps, new.app.id) < 1
    await update(shop, id=new.app.id, scopes=["SESSIONS_READ"])
    assert await seconds_until(client, apps, "FORBIDDEN") < 1


async def test_disabling_and_enabling_an_app_takes_effect_within_a_second(shop: Shop) -> None:
    new = await new_app(shop.db, shop.id, ["sessions:read"])
    second = generate_api_key()
    await create_api_key(shop.db, shop.id, new.app.id, "second", hash_api_key(second))
    clients = [replace(shop, key=key) for key in (new.secret, second)]
    for client in clients:
        await client.ask("{ __typename }")

    disabled = await update(shop, id=new.app.id, disabled=True)
    assert datetime.now(UTC) - moment(disabled["disabledAt"]) < timedelta(seconds=10)
    assert max([await seconds_until(client, "{ __typename }", "UNAUTHENTICATED") for client in clients]) < 1
    for client in clients:
        [error] = (await client.post("{ __typename }")).json()["errors"]
        assert error["message"] == "The API key is unknown, expired or revoked, or its app is disabled."
    assert await update(shop, id=new.app.id, disabled=True, name="off") == disabled | {"name": "off"}
    assert await update(shop, id=new.app.id) == disabled | {"name": "off"}

    assert await update(shop, id=new.app.id, disabled=False) == disabled | {"name": "off", "disabledAt": None}
    for client in clients:
        await client.ask("{ __typename }")


async def test_an_app_cannot_lock_itself_out(shop: Shop) -> None:
    id = await shop.app_id()
    before = await get(shop, id)
    assert await shop.refusals("updateApp", id=id, disabled=True, name="changed") == [
        ("disabled", OWN_APP, "must not be true for the app that sends the request")
    ]
    assert await shop.refusals("updateApp", id=id, scopes=["SESSIONS_READ", "DOCUMENTS_WRITE"]) == [
        ("scopes", OWN_APP, "must include ADMIN for the app that sends the request")
    ]
    assert await get(shop, id) == before
    changed = await update(shop, id=id, name="Staff", scopes=["SESSIONS_READ", "ADMIN"], disabled=False)
    assert changed == before | {"name": "Staff", "scopes": ["SESSIONS_READ", "ADMIN"]}


async def test_an_admin_can_disable_another_admin(shop: Shop) -> None:
    other = await new_app(shop.db, shop.id, ["admin"])
    changed = await update(shop, id=other.app.id, scopes=["SESSIONS_READ"], disabled=True)
    assert (changed["scopes"], changed["disabledAt"] is not None) == (["SESSIONS_READ"], True)


async def test_an_app_without_admin_can_query_itself_except_its_api_keys(shop: Shop) -> None:
    new = await new_app(shop.db, shop.id, ["sessions:join"], "storefront", rate=70, client_id="spa")
    storefront = replace(shop, key=new.secret)
    answer = await storefront.ask(f"{{ viewer {{ id name app {{ {FACTS} }} }} }}")
    app = await get(shop, new.app.id)
    assert app.pop("keys")
    assert answer == {"viewer": {"id": new.key.id, "name": "storefront", "app": app}}
    assert (app["name"], app["scopes"], app["rate"], app["clientId"]) == ("storefront", ["SESSIONS_JOIN"], 70, "spa")
    assert await storefront.error("{ viewer { app { keys { id } } } }") == (
        "FORBIDDEN",
        "This needs the scope admin, which the app 'storefront' lacks.",
    )


async def test_a_signed_in_user_can_query_the_app_they_signed_in_to(shop: Shop, database_url: str) -> None:
    app = await create(shop, name="Dashboard", scopes=["SESSIONS_READ", "SESSIONS_WRITE"], clientId="dashboard")
    settings = settings_for(database_url)
    async with open_issuer() as issuer, client_of(replace(settings, jwt=issuer.settings)) as http:
        token = issuer.token(store=shop.slug, client_id="dashboard", sub="user-1", scope="sessions:read")
        person = replace(shop, key=token, http=http)
        assert await person.ask(f"{{ viewer {{ id name userId scopes app {{ {FACTS} }} }} }}") == {
            "viewer": {
                "id": app["id"],
                "name": "Dashboard",
                "userId": "user-1",
                "scopes": ["SESSIONS_READ"],
                "app": {name: value for name, value in app.items() if name != "keys"},
            }
        }


async def test_an_app_is_a_node_for_admins_and_for_itself(shop: Shop, new_shop: NewShop) -> None:
    node = f"query ($id: ID!) {{ node(id: $id) {{ __typename ... on App {{ {FACTS} }} }} }}"
    nodes = "query ($ids: [ID!]!) { nodes(ids: $ids) { id } }"
    ids = [await shop.app_id(), (await create(shop, **PARTNER))["id"]]
    theirs = await (await new_shop()).app_id()
    for id in ids:
        app = await get(shop, id)
        del app["keys"]
        assert (await shop.ask(node, id=id))["node"] == {"__typename": "App", **app}
    assert await shop.ask(nodes, ids=[*ids, theirs]) == {"nodes": [{"id": ids[0]}, {"id": ids[1]}, None]}

    reader = await shop.with_scopes("sessions:read", "sessions:write", "settings:write", "documents:write")
    own = await reader.app_id()
    assert await reader.ask(nodes, ids=[ids[0], own, ids[1], theirs]) == {"nodes": [None, {"id": own}, None, None]}
    for id in ids:
        assert await reader.ask(node, id=id) == {"node": None}


async def test_a_retry_with_an_idempotency_key_returns_the_first_app(shop: Shop) -> None:
    first = await create(shop, **PARTNER, idempotencyKey="k")
    same = PARTNER | {"scopes": ["SESSIONS_READ", "SESSIONS_WRITE"], "name": " Partner "}
    assert await create(shop, **same, idempotencyKey="k") == first
    changed = await update(shop, id=first["id"], name="renamed")
    assert await create(shop, **PARTNER, idempotencyKey="k") == changed
    assert await shop.refusals("createApp", **PARTNER | {"rate": 51}, idempotencyKey="k") == MISMATCH
    assert (await shop.ask("{ apps { count { value } } }"))["apps"]["count"]["value"] == 2


async def test_an_idempotency_key_cannot_be_reused_by_another_mutation(shop: Shop) -> None:
    app = await create(shop, name="x", idempotencyKey="k")
    assert await shop.refusals("createApiKey", appId=app["id"], name="x", idempotencyKey="k") == MISMATCH
    customer = {"details": {"name": "x"}}
    assert await shop.refusals("createSession", customer=customer, idempotencyKey="k") == MISMATCH
    await shop.create(customer=customer, idempotencyKey="s")
    assert await shop.refusals("createApp", name="x", scopes=["ADMIN"], idempotencyKey="s") == MISMATCH
