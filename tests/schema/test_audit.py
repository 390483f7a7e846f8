"""The audit log: what is recorded, by whom, and how it is found."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from db.apps import set_app
from db.audit import COMMAND_LINE, Origin, create_signed_in
from tests.support.shop import Shop, moment, new_app

FIELDS = "id at action objectId apiKeyId userId address changes { field before after }"
CUSTOMER = {"name": "Dewi", "phone": "+6281234567890", "email": "dewi@shop.example", "externalId": "crm-1"}


async def audited(shop: Shop, **filter: Any) -> list[Any]:
    """The events of the audit log, newest first, without those of the setup, which an operator caused."""
    query = f"query ($filter: AuditLogFilter) {{ auditLog(filter: $filter) {{ nodes {{ {FIELDS} }} }} }}"
    nodes = (await shop.ask(query, filter=filter))["auditLog"]["nodes"]
    return [node for node in nodes if node["apiKeyId"] or node["userId"]]


def changes(event: Any) -> dict[str, Any]:
    """The former and the new value of each changed field."""
    return {change["field"]: (change["before"], change["after"]) for change in event["changes"]}


async def only(shop: Shop, action: str, object_id: str) -> dict[str, Any]:
    """The changes of the newest event, which has this action and object, and happened now, by the shop's key."""
    event = (await audited(shop))[0]
    assert (event["action"], event["objectId"], event["userId"]) == (action, object_id, None)
    assert event["apiKeyId"] == await shop.api_key_id()
    assert event["address"].startswith("2001:db8:")  # see tests/support/addresses.py
    assert datetime.now(UTC) - moment(event["at"]) < timedelta(seconds=10)
    return changes(event)


async def test_a_change_of_the_store_is_recorded_with_the_former_values(shop: Shop) -> None:
    url = "https://shop.example/new"
    await shop.changed("updateStoreSettings", "store { id }", storefrontUrl=url, sessionExpiration=30, name=None)
    assert await only(shop, "STORE_UPDATED", shop.id) == {"storefrontUrl": ("https://shop.example/chat", url)}
    hosts = ["kopi.example", "shop.example"]
    await shop.changed("updateStoreSettings", "store { id }", storefrontHosts=hosts, sessionExpiration=0)
    expected = {"storefrontHosts": (["shop.example"], hosts), "sessionExpiration": (30, 0)}
    assert await only(shop, "STORE_UPDATED", shop.id) == expected


async def test_changes_of_apps_and_their_keys_are_recorded_without_secrets(shop: Shop) -> None:
    app = await shop.changed("createApp", "app { id }", name="spa", scopes=["SESSIONS_READ"], clientId="c")
    created = {"name": "spa", "scopes": ["sessions:read"], "documentMode": "LOG", "rate": 1000, "clientId": "c"}
    expected = {field: (None, value) for field, value in (created | {"console": False}).items()}
    assert await only(shop, "APP_CREATED", app["id"]) == expected

    scopes = ["SESSIONS_READ", "SESSIONS_WRITE"]
    await shop.changed("updateApp", "app { id }", id=app["id"], scopes=scopes, clientId=None, rate=1000)
    expected = {"scopes": (["sessions:read"], ["sessions:read", "sessions:write"]), "clientId": ("c", None)}
    assert await only(shop, "APP_UPDATED", app["id"]) == expected

    disabled = await shop.changed("updateApp", "app { disabledAt }", id=app["id"], disabled=True)
    [(field, (before, after))] = (await only(shop, "APP_UPDATED", app["id"])).items()
    assert (field, before, moment(after)) == ("disabledAt", None, moment(disabled["disabledAt"]))

    payload = await shop.change("createApiKey", "apiKey { id } secret", appId=app["id"], name="laptop")
    key_id = payload["apiKey"]["id"]
    assert await only(shop, "API_KEY_CREATED", key_id) == {"appId": (None, app["id"]), "name": (None, "laptop")}
    await shop.changed("revokeApiKey", "apiKey { id }", id=key_id)
    assert list(await only(shop, "API_KEY_REVOKED", key_id)) == ["revokedAt"]
    rows = str(await shop.db.fetch("select * from audit_event where store_id = $1", shop.id))
    assert key_id in rows
    assert payload["secret"] not in rows
    assert "hash" not in rows


async def test_published_and_retired_documents_are_recorded_once(shop: Shop) -> None:
    app_id = await shop.app_id()
    manifest = {"a": "query A { store { id } }", "b": "{ store { name } }"}
    for _ in range(2):
        await shop.changed("publishDocuments", "documents { id }", manifest=manifest)
    for _ in range(2):
        await shop.changed("retireDocument", "document { id }", id="a")
    await shop.changed("publishDocuments", "documents { id }", manifest=manifest)
    events = [(event["action"], event["objectId"]) for event in await audited(shop)]
    first = sorted([("DOCUMENT_PUBLISHED", "a"), ("DOCUMENT_PUBLISHED", "b")])
    assert events[:2] == [("DOCUMENT_PUBLISHED", "a"), ("DOCUMENT_RETIRED", "a")]
    assert sorted(events[2:]) == first
    published = changes((await audited(shop, objectId="a"))[-1])
    assert published == {"appId": (None, app_id), "name": (None, "A"), "cost": (None, 1)}
    retired = changes((await audited(shop, actions=["DOCUMENT_RETIRED"]))[0])
    assert retired.pop("appId") == (app_id, app_id)
    assert list(retired) == ["retiredAt"]


async def test_changes_of_a_customer_are_recorded_without_personal_data(shop: Shop) -> None:
    session = await shop.create(customer={"details": CUSTOMER})
    id = session["customer"]["id"]
    assert await only(shop, "CUSTOMER_CREATED", id) == dict.fromkeys(sorted(CUSTOMER), (None, None))
    await shop.changed("updateCustomer", "customer { id }", id=id, name="Dewi", phone=None)
    assert await only(shop, "CUSTOMER_UPDATED", id) == {"phone": (None, None)}
    await shop.create(customer={"details": CUSTOMER | {"name": "Sari"}})
    assert await only(shop, "CUSTOMER_UPDATED", id) == {"name": (None, None), "phone": (None, None)}
    await shop.create(customer={"details": CUSTOMER | {"name": "Sari"}})
    await shop.changed("updateCustomer", "customer { id }", id=id, name="Sari")
    assert len(await audited(shop, objectId=id)) == 3
    for _ in range(2):
        await shop.changed("redactCustomer", "customer { id }", id=id)
    assert await only(shop, "CUSTOMER_REDACTED", id) == {}
    assert len(await audited(shop, objectId=id)) == 4
    rows = str(await shop.db.fetch("select * from audit_event where store_id = $1", shop.id))
    assert [value for value in ("Dewi", "Sari", *CUSTOMER.values()) if value in rows] == []


async def test_changes_of_an_order_are_recorded(shop: Shop) -> None:
    session = await shop.create(orderNumber="QSH7K2")
    id = (await shop.order("QSH7K2"))["id"]
    created = {"number": (None, "QSH7K2"), "sessionId": (None, session["id"])}
    assert changes((await audited(shop, objectId=id))[0]) == created
    paid = {"sessionId": session["id"], "number": "QSH7K2", "total": {"amount": "12.50", "currency": "IDR"}}
    for _ in range(2):
        await shop.changed("recordOrder", "order { id }", **paid)
    expected = {"totalAmount": (None, 12.5), "totalCurrency": (None, "IDR")}
    assert await only(shop, "ORDER_UPDATED", id) == expected
    assert len(await audited(shop, objectId=id)) == 2


async def test_a_refused_mutation_is_not_recorded(shop: Shop) -> None:
    await shop.create(orderNumber="Q1")
    before = await audited(shop)
    details = {"customer": {"details": CUSTOMER}, "orderNumber": "Q1"}
    assert [code for _, code, _ in await shop.refusals("createSession", **details)] == ["ORDER_OF_ANOTHER_SESSION"]
    await shop.refusals("updateStoreSettings", name="New name", storefrontUrl="https://evil.example")
    assert await audited(shop) == before


async def test_a_change_on_the_command_line_has_no_key_and_no_user(shop: Shop) -> None:
    new = await new_app(shop.db, shop.id, ["sessions:read"])
    await set_app(shop.db, shop.id, new.app.id, name="renamed", origin=COMMAND_LINE)
    query = f"{{ auditLog(first: 1) {{ nodes {{ {FIELDS} }} }} }}"
    [event] = (await shop.ask(query))["auditLog"]["nodes"]
    assert (event["action"], event["objectId"]) == ("APP_UPDATED", new.app.id)
    assert (event["apiKeyId"], event["userId"], event["address"]) == (None, None, None)
    assert changes(event) == {"name": ("test", "renamed")}


async def test_events_are_found_by_each_filter(shop: Shop) -> None:
    app = await shop.changed("createApp", "app { id }", name="spa", scopes=["SESSIONS_READ"])
    await shop.changed("updateApp", "app { id }", id=app["id"], name="other")
    await shop.changed("updateStoreSettings", "store { id }", name="Kopi")
    stored, updated, created = await audited(shop)
    by_user = Origin(None, "dewi", "192.0.2.7")
    await create_signed_in(shop.db, shop.id, app["id"], by_user)
    [signed_in] = await audited(shop, userId="dewi")
    assert (signed_in["action"], signed_in["address"], signed_in["changes"]) == ("SIGNED_IN", "192.0.2.7", [])
    key_id = await shop.api_key_id()
    for filter, expected in (
        ({"actions": ["APP_CREATED", "STORE_UPDATED"]}, [stored, created]),
        ({"actions": []}, []),
        ({"objectId": app["id"]}, [signed_in, updated, created]),
        ({"objectId": app["id"], "apiKeyId": key_id}, [updated, created]),
        ({"apiKeyId": "key_01h455vb4pex5vsknk084sn02q"}, []),
        ({"at": {"from": updated["at"], "to": stored["at"]}}, [updated]),
        ({"at": {"from": stored["at"]}}, [signed_in, stored]),
        ({}, [signed_in, stored, updated, created]),
    ):
        assert await audited(shop, **filter) == expected, filter


async def test_the_audit_log_has_pages(shop: Shop) -> None:
    for number in range(3):
        await shop.changed("updateStoreSettings", "store { id }", name=f"Kopi {number}")
    query = """query ($after: String) {
        auditLog(filter: {actions: [STORE_UPDATED]}, first: 2, after: $after) {
            nodes { changes { after } } count { value } pageInfo { endCursor hasNextPage }
        }
    }"""
    first = (await shop.ask(query))["auditLog"]
    second = (await shop.ask(query, after=first["pageInfo"]["endCursor"]))["auditLog"]
    names = [node["changes"][0]["after"] for node in first["nodes"] + second["nodes"]]
    assert (names, first["count"]) == (["Kopi 2", "Kopi 1", "Kopi 0"], {"value": 3})
    assert [page["pageInfo"]["hasNextPage"] for page in (first, second)] == [True, False]


async def test_a_blocked_user_is_recorded_once(shop: Shop) -> None:
    for _ in range(2):
        assert await shop.changed("blockUser", "userId", userId="dewi") == "dewi"
    for _ in range(2):
        assert await shop.changed("unblockUser", "userId", userId="dewi") == "dewi"
    events = [(event["action"], event["objectId"]) for event in await audited(shop)]
    assert events == [("USER_UNBLOCKED", "dewi"), ("USER_BLOCKED", "dewi")]


@pytest.mark.parametrize("scope", ["sessions:read", "settings:write", "documents:write"])
async def test_only_an_admin_reads_the_audit_log(shop: Shop, scope: str) -> None:
    client = await shop.with_scopes(scope)
    message = "This needs the scope admin, which the app 'test' lacks."
    assert await client.error("{ auditLog { nodes { id } } }") == ("FORBIDDEN", message)


async def test_an_event_names_the_key_that_was_used(shop: Shop) -> None:
    new = await new_app(shop.db, shop.id, ["admin"])
    await replace(shop, key=new.secret).changed("updateStoreSettings", "store { id }", name="Kopi")
    [event] = await audited(shop, apiKeyId=new.key.id)
    assert (event["action"], changes(event)) == ("STORE_UPDATED", {"name": (f"Shop {shop.slug}", "Kopi")})
