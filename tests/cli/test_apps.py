"""`roomkey apps` and `roomkey keys`: real processes, with a running server."""

import re
from dataclasses import replace
from datetime import date
from typing import Any

from db.api_keys import hash_api_key
from tests.cli.conftest import APP, SECRET, Operator
from tests.schema.test_apps import seconds_until
from tests.support.shop import Shop, new_app

KEY = APP.replace("app", "key")
DAY = r"\d{4}-\d\d-\d\d"

WHO = "{ viewer { name scopes app { id name documentMode rate clientId } } store { slug } }"
TAKEN = "Error: Another app of the store has the client ID '{}': choose another."


async def test_an_app_is_created_with_its_first_key(shop: Shop, operator: Operator) -> None:
    create = ["apps", "create", "--store", shop.slug, "--name", " Partner's SPA ", "--scope", "sessions:write"]
    id, key = operator.run(*create, "--scope", "sessions:read", "--rate", 50, "--client-id", "spa")
    assert re.fullmatch(APP, id)
    assert re.fullmatch(SECRET, key)
    app = {"id": id, "name": "Partner's SPA", "documentMode": "LOG", "rate": 50, "clientId": "spa"}
    assert await replace(shop, key=key).ask(WHO) == {
        "viewer": {"name": "Partner's SPA", "scopes": ["SESSIONS_READ", "SESSIONS_WRITE"], "app": app},
        "store": {"slug": shop.slug},
    }
    assert operator.error(*create, "--client-id", "spa") == TAKEN.format("spa")
    lines = operator.run("apps", "list", "--store", shop.slug)
    assert re.fullmatch(rf"{APP}  test  admin  LOG  1000000/s  -  {DAY}  active", lines[0])
    assert lines[1:] == [
        f"{id}  Partner's SPA  sessions:read,sessions:write  LOG  50/s  spa  {lines[0].split('  ')[6]}  active"
    ]


async def test_an_app_is_updated_by_its_id(shop: Shop, operator: Operator) -> None:
    new = await new_app(shop.db, shop.id, ["sessions:read"], "Partner", rate=1000)
    other = await new_app(shop.db, shop.id, ["sessions:read"], client_id="taken")
    [before] = [line for line in operator.run("apps", "list", "--store", shop.slug) if new.app.id in line]
    assert operator.run("apps", "update", new.app.id) == [before]
    changes: list[Any] = ["--name", "Staff", "--scope", "sessions:join", "--mode", "ID_ONLY"]
    changed = before.replace("Partner", "Staff").replace("sessions:read", "sessions:join")
    changed = changed.replace("LOG  1000/s  -", "ID_ONLY  7/s  c")
    assert operator.run("apps", "update", new.app.id, *changes, "--rate", 7, "--client-id", "c") == [changed]
    assert operator.error("apps", "update", new.app.id, "--client-id", "taken") == TAKEN.format("taken")
    listed = operator.run("apps", "list", "--store", shop.slug)
    assert [line.split("  ")[0] for line in listed[1:]] == [new.app.id, other.app.id]
    assert listed[1] == changed


async def test_disabling_and_enabling_an_app_takes_effect_within_a_second(shop: Shop, operator: Operator) -> None:
    new = await new_app(shop.db, shop.id, ["sessions:read"])
    client = replace(shop, key=new.secret)
    await client.ask("{ __typename }")
    for _ in range(2):
        assert operator.run("apps", "disable", new.app.id) == [f"{new.app.id} is disabled."]
    assert await seconds_until(client, "{ __typename }", "UNAUTHENTICATED") < 1
    listed = operator.run("apps", "list", "--store", shop.slug)
    assert re.search(rf"  disabled {DAY}$", listed[1])
    assert abs((date.today() - date.fromisoformat(listed[1][-10:])).days) <= 1
    assert operator.run("apps", "enable", new.app.id) == [f"{new.app.id} is enabled."]
    await client.ask("{ __typename }")


async def test_api_keys_are_created_listed_and_revoked(shop: Shop, operator: Operator) -> None:
    new = await new_app(shop.db, shop.id, ["sessions:read"], "partner")
    create = ["keys", "create", "--app", new.app.id, "--name", "their laptop"]
    id, secret = operator.run(*create, "--expires", "2126-01-31")
    assert re.fullmatch(KEY, id)
    assert re.fullmatch(SECRET, secret)
    past = "Error: --expires must be in the future, got 2026-01-31 18:30:00+07:00."
    assert operator.error(*create, "--expires", "2026-01-31T18:30:00+07:00") == past
    client = replace(shop, key=secret)
    assert (await client.ask(WHO))["viewer"]["name"] == "their laptop"

    first, second = operator.run("keys", "list", "--app", new.app.id)
    assert re.fullmatch(rf"{new.key.id}  partner  {new.app.id}  {DAY}  {DAY}  -  active", first)
    assert re.fullmatch(rf"{id}  their laptop  {new.app.id}  {DAY}  ({DAY}|-)  2126-01-31  active", second)
    own, *others = operator.run("keys", "list", "--store", shop.slug)
    assert re.fullmatch(rf"{KEY}  test  {APP}  {DAY}  {DAY}  -  active", own)
    assert others == [first, second]

    for _ in range(2):
        assert operator.run("keys", "revoke", id) == [f"{id} is revoked."]
    assert await seconds_until(client, "{ __typename }", "UNAUTHENTICATED") < 1
    revoked = operator.run("keys", "list", "--app", new.app.id)
    assert revoked[0] == first
    assert re.fullmatch(rf"{id}  their laptop  {new.app.id}  {DAY}  {DAY}  2126-01-31  revoked {DAY}", revoked[1])
    await replace(shop, key=new.secret).ask("{ __typename }")
    [row] = await shop.db.fetch("select hash from api_key where store_id = $1 and id = $2", shop.id, id)
    assert row["hash"] == hash_api_key(secret)


async def test_a_leaked_api_key_is_revoked_by_its_secret_which_is_never_printed(shop: Shop, operator: Operator) -> None:
    new = await new_app(shop.db, shop.id, ["sessions:read"])
    assert operator.run("keys", "revoke", new.secret) == [f"{new.key.id} is revoked."]
    assert await seconds_until(replace(shop, key=new.secret), "{ __typename }", "UNAUTHENTICATED") < 1
    refused = operator.error("keys", "revoke", new.secret)
    assert "This API key is unknown or already revoked, or its app is disabled: see `roomkey keys list`." in refused
    assert new.secret not in refused


async def test_unknown_stores_apps_and_keys_are_usage_errors(shop: Shop, operator: Operator) -> None:
    nowhere = "Error: There is no store 'nowhere': see `roomkey stores list`."
    for command in (["apps", "create", "--name", "x", "--scope", "admin"], ["apps", "list"], ["keys", "list"]):
        assert operator.error(*command, "--store", "nowhere") == nowhere
    id = "app_01h455vb4pex5vsknk084sn02q"
    no_app = f"Error: There is no app '{id}': see `roomkey apps list`."
    for command in (["apps", "update", id, "--name", "x"], ["apps", "disable", id], ["apps", "enable", id]):
        assert operator.error(*command) == no_app
    for command in (["keys", "create", "--app", id, "--name", "x"], ["keys", "list", "--app", id]):
        assert operator.error(*command) == no_app
    assert operator.error("keys", "revoke", id) == f"Error: There is no API key '{id}': see `roomkey keys list`."
