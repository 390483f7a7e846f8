"""Changes on the command line are audited: real processes."""

from typing import Any

from tests.cli.conftest import Operator
from tests.support.shop import Shop, new_app

AUDIT = "{ auditLog { nodes { action objectId apiKeyId userId address changes { field before after } } } }"


async def test_changes_by_an_operator_are_audited_without_a_key_or_user(shop: Shop, operator: Operator) -> None:
    new = await new_app(shop.db, shop.id, ["sessions:read"], "partner")
    before = len((await shop.ask(AUDIT))["auditLog"]["nodes"])
    operator.run("apps", "update", new.app.id, "--rate", 7)
    key_id, _ = operator.run("keys", "create", "--app", new.app.id, "--name", "laptop")
    operator.run("keys", "revoke", key_id)
    operator.run("users", "block", "dewi", "--store", shop.slug)
    assert operator.run("users", "list", "--store", shop.slug)[0].startswith("dewi  2")
    operator.run("users", "unblock", "dewi", "--store", shop.slug)
    assert operator.run("users", "list", "--store", shop.slug) == []
    url = "https://kopi.example/"
    moved = ["--storefront-url", url, "--storefront-host", "kopi.example"]
    assert operator.run("stores", "update", shop.slug, *moved) == [f"Shop {shop.slug}  {url}  kopi.example"]
    evil = "must be on one of the storefront hosts: kopi.example; got 'evil.example'"
    refused = operator.error("stores", "update", shop.slug, "--storefront-url", "https://evil.example")
    assert refused == f"Error: The storefront URL {evil}."

    nodes = (await shop.ask(AUDIT))["auditLog"]["nodes"]
    events = nodes[: len(nodes) - before]
    assert [(event["action"], event["objectId"], changes(event)) for event in reversed(events)] == [
        ("APP_UPDATED", new.app.id, {"rate": (1_000_000, 7)}),
        ("API_KEY_CREATED", key_id, {"appId": (None, new.app.id), "name": (None, "laptop")}),
        ("API_KEY_REVOKED", key_id, {"revokedAt": (None, events[3]["changes"][0]["after"])}),
        ("USER_BLOCKED", "dewi", {}),
        ("USER_UNBLOCKED", "dewi", {}),
        (
            *("STORE_UPDATED", shop.id),
            {
                "storefrontHosts": (["shop.example"], ["kopi.example"]),
                "storefrontUrl": ("https://shop.example/chat", url),
            },
        ),
    ]
    for event in events:
        assert (event["apiKeyId"], event["userId"], event["address"]) == (None, None, None)


def changes(event: Any) -> dict[str, Any]:
    return {change["field"]: (change["before"], change["after"]) for change in event["changes"]}
