"""Authentication by API keys, and the scopes that fields need."""

from dataclasses import replace
from itertools import count
from typing import Any

import pytest

from db.api_keys import generate_api_key
from tests.support.shop import ERRORS, Shop, code_of, new_app

numbers = count(1)

READ, WRITE, JOIN, SETTINGS = "sessions:read", "sessions:write", "sessions:join", "settings:write"
DOCUMENTS, ADMIN = "documents:write", "admin"
SCOPES = [READ, WRITE, JOIN, SETTINGS, DOCUMENTS, ADMIN]

# Each root field: the scope that it takes, if any, and a call of it that succeeds.
QUERIES = {
    "viewer": (None, "viewer { id }"),
    "store": (None, "store { id }"),
    "session": (READ, 'session(id: "SESSION") { id }'),
    "sessions": (READ, "sessions { nodes { id } }"),
    "customer": (READ, 'customer(id: "CUSTOMER") { id }'),
    "customers": (READ, "customers { nodes { id } }"),
    "order": (READ, 'order(number: "NUMBER") { id }'),
    "sessionStats": (READ, "sessionStats { total }"),
    "app": (ADMIN, 'app(id: "APP") { id }'),
    "apps": (ADMIN, "apps { nodes { id } }"),
    "node": (READ, 'node(id: "STORE") { id }'),
    "nodes": (READ, 'nodes(ids: ["SESSION"]) { id }'),
}
MUTATIONS = {
    "createSession": (WRITE, f'createSession(input: {{customer: {{id: "CUSTOMER"}}}}) {{ {ERRORS} }}'),
    "extendToken": (WRITE, f'extendToken(input: {{sessionId: "SESSION", minutes: 5}}) {{ {ERRORS} }}'),
    "reissueToken": (WRITE, f'reissueToken(input: {{sessionId: "SESSION"}}) {{ {ERRORS} }}'),
    "revokeToken": (WRITE, f'revokeToken(input: {{sessionId: "SESSION"}}) {{ {ERRORS} }}'),
    "joinSession": (JOIN, f'joinSession(input: {{token: "CODE"}}) {{ {ERRORS} }}'),
    "recordOrder": (WRITE, f'recordOrder(input: {{sessionId: "SESSION", number: "NUMBER"}}) {{ {ERRORS} }}'),
    "recordConversion": (WRITE, f'recordConversion(input: {{sessionId: "SESSION", kind: TASK}}) {{ {ERRORS} }}'),
    "updateCustomer": (WRITE, f'updateCustomer(input: {{id: "CUSTOMER", name: "Sari"}}) {{ {ERRORS} }}'),
    "updateStoreSettings": (SETTINGS, f"updateStoreSettings(input: {{sessionExpiration: 5}}) {{ {ERRORS} }}"),
    "createApp": (ADMIN, f'createApp(input: {{name: "x", scopes: ADMIN}}) {{ {ERRORS} }}'),
    "updateApp": (ADMIN, f'updateApp(input: {{id: "APP", scopes: ADMIN}}) {{ {ERRORS} }}'),
    "createApiKey": (ADMIN, f'createApiKey(input: {{appId: "APP", name: "x"}}) {{ {ERRORS} }}'),
    "revokeApiKey": (ADMIN, f'revokeApiKey(input: {{id: "KEY"}}) {{ {ERRORS} }}'),
    "publishDocuments": (
        DOCUMENTS,
        f'publishDocuments(input: {{manifest: {{store: "{{ store {{ id }} }}"}}}}) {{ {ERRORS} }}',
    ),
    "retireDocument": (DOCUMENTS, f'retireDocument(input: {{id: "published"}}) {{ {ERRORS} }}'),
}
CALLS = [
    *(("query", field, scope, call) for field, (scope, call) in QUERIES.items()),
    *(("mutation", field, scope, call) for field, (scope, call) in MUTATIONS.items()),
]

UNKNOWN = {
    "message": "The API key is unknown or revoked, or its app is disabled.",
    "extensions": {"code": "UNAUTHENTICATED"},
}
# For each app of the store.
PUBLISH = """
insert into document (store_id, app_id, id, body, hash, cost, checked_with)
select store_id, id, 'published', '{ store { id } }', '', 1, '' from app where store_id = $1
on conflict do nothing
"""
MALFORMED = {
    "message": "The header must look like Authorization: Bearer rk_…",
    "extensions": {"code": "UNAUTHENTICATED"},
}


async def document(shop: Shop, operation: str, call: str) -> str:
    """A document with the call, about a new session of the shop."""
    session = await shop.create(orderNumber=f"Q{next(numbers)}")
    new = await new_app(shop.db, shop.id, [READ])
    await shop.db.fetch(PUBLISH, shop.id)
    for word, value in {
        "SESSION": session["id"],
        "CUSTOMER": session["customer"]["id"],
        "STORE": shop.id,
        "CODE": code_of(session),
        "NUMBER": session["orders"][0]["number"],
        "APP": new.app.id,
        "KEY": new.key.id,
    }.items():
        call = call.replace(f'"{word}"', f'"{value}"')
    return f"{operation} {{ {call} }}"


async def test_every_root_field_is_in_the_table(shop: Shop) -> None:
    fields = "{ fields { name } }"
    types = (await shop.ask(f"{{ __schema {{ queryType {fields} mutationType {fields} }} }}"))["__schema"]
    assert [field["name"] for field in types["queryType"]["fields"]] == list(QUERIES)
    assert [field["name"] for field in types["mutationType"]["fields"]] == list(MUTATIONS)


@pytest.mark.parametrize(("operation", "field", "needed", "call"), CALLS, ids=[call[1] for call in CALLS])
async def test_each_root_field_needs_its_scope(
    shop: Shop, operation: str, field: str, needed: str | None, call: str
) -> None:
    for scope in SCOPES:
        limited = await shop.with_scopes(scope)
        response = await limited.post(await document(shop, operation, call))
        answer = response.json()
        if needed in (None, scope) or scope == ADMIN:
            assert response.status_code == 200, scope
            assert "errors" not in answer, (scope, answer)
            assert answer["data"][field], (scope, answer)
            if operation == "mutation":
                assert answer["data"][field] == {"userErrors": []}, (scope, answer)
        else:
            [error] = answer["errors"]
            assert error.pop("locations"), scope
            assert (response.status_code, error) == (
                200,
                {
                    "message": f"This needs the scope {needed}, which the app 'test' lacks.",
                    "path": [field],
                    "extensions": {"code": "FORBIDDEN"},
                },
            ), scope
            assert answer["data"] in (None, {field: None}), (scope, answer)


@pytest.mark.parametrize(("operation", "field", "call"), [(call[0], call[1], call[3]) for call in CALLS])
async def test_each_root_field_needs_an_api_key(shop: Shop, operation: str, field: str, call: str) -> None:
    response = await shop.http.post("/graphql", json={"query": await document(shop, operation, call)})
    answer = response.json()
    [error] = answer["errors"]
    assert (response.status_code, response.headers["www-authenticate"]) == (401, "Bearer")
    assert (error["message"], error["path"], error["extensions"]) == (
        "Send an API key: Authorization: Bearer rk_…",
        [field],
        {"code": "UNAUTHENTICATED"},
    )
    assert "data" not in answer


@pytest.mark.parametrize("path", ["{ __typename }", "{ viewer { id } }", "{"])
@pytest.mark.parametrize(
    ("authorization", "error"),
    [
        ("", MALFORMED),
        ("Bearer", MALFORMED),
        ("Bearer abc", MALFORMED),
        ("Bearer RK_abc", MALFORMED),
        ("Bearer  KEY", MALFORMED),
        ("Basic KEY", MALFORMED),
        ("KEY", MALFORMED),
        ("BearerKEY", MALFORMED),
        ("Bearer rk_", UNKNOWN),
        ("Bearer KEY0", UNKNOWN),
        ("Bearer KEY KEY", UNKNOWN),
        ("Bearer KEY, Bearer KEY", UNKNOWN),
        (f"Bearer {generate_api_key()}", UNKNOWN),
        ("Bearer rk_\x80\xff", UNKNOWN),
        (f"Bearer rk_{'0' * 10_000}", UNKNOWN),
    ],
)
async def test_an_invalid_api_key_refuses_any_request(
    shop: Shop, path: str, authorization: str, error: dict[str, Any]
) -> None:
    header = authorization.replace("KEY", shop.key).encode("latin-1")
    response = await shop.http.post("/graphql", json={"query": path}, headers={b"Authorization": header})
    assert (response.status_code, response.json()) == (401, {"errors": [error]})
    assert response.headers["www-authenticate"] == 'Bearer error="invalid_token"'
    assert response.headers["cache-control"] == "no-store"


async def test_the_authentication_scheme_is_case_insensitive(shop: Shop) -> None:
    for scheme in ("bearer", "BEARER", "Bearer"):
        response = await shop.http.post(
            "/graphql", json={"query": "{ store { slug } }"}, headers={"Authorization": f"{scheme} {shop.key}"}
        )
        assert response.json()["data"] == {"store": {"slug": shop.slug}}


async def test_the_viewer_is_the_api_key(shop: Shop) -> None:
    new = await new_app(shop.db, shop.id, [READ, JOIN], "the storefront")
    client = replace(shop, key=new.secret)
    assert await client.ask("{ viewer { id name scopes } store { id slug } }") == {
        "viewer": {"id": new.key.id, "name": "the storefront", "scopes": ["SESSIONS_READ", "SESSIONS_JOIN"]},
        "store": {"id": shop.id, "slug": shop.slug},
    }


WALKS = {
    "customer.sessions": ("customer { sessions { nodes { id } } }", ["customer", "sessions"]),
    "orders.session": ("orders { session { id } }", ["orders", 0, "session"]),
    "metadata": ("metadata", ["metadata"]),
    "events": ("events { nodes { kind } }", ["events"]),
    "conversion.order.session": ("conversion { order { session { id } } }", ["conversion", "order", "session"]),
}


@pytest.mark.parametrize(("selection", "path"), WALKS.values(), ids=WALKS)
async def test_a_storefront_can_read_nothing_beyond_the_session_that_it_joins(
    shop: Shop, selection: str, path: list[str | int]
) -> None:
    session = await shop.create(orderNumber="Q1")
    await shop.change("recordConversion", sessionId=session["id"], kind="PURCHASE", orderNumber="Q1")
    storefront = await shop.with_scopes(JOIN)
    response = await storefront.post(
        f"mutation ($input: JoinSessionInput!) {{ joinSession(input: $input) {{ session {{ id {selection} }} }} }}",
        input={"token": code_of(session)},
    )
    [error] = response.json()["errors"]
    assert (error["path"], error["message"], error["extensions"]) == (
        ["joinSession", "session", *path],
        "This needs the scope sessions:read, which the app 'test' lacks.",
        {"code": "FORBIDDEN"},
    )


async def test_a_storefront_can_read_the_session_that_it_joins(shop: Shop) -> None:
    session = await shop.create("Ольга", orderNumber="Q1", roomId="1905692", metadata={"channel": "line"})
    storefront = await shop.with_scopes(JOIN)
    selection = "session { id active roomId customer { id name phone email externalId } orders { number } }"
    payload = await storefront.change("joinSession", selection, token=code_of(session))
    seen = {name: session[name] for name in ("id", "active", "roomId", "customer", "orders")}
    assert payload == {"session": seen, "userErrors": []}


async def test_a_scope_to_write_does_not_allow_reading_from_a_payload(shop: Shop) -> None:
    writer = await shop.with_scopes(WRITE)
    session = await writer.create(orderNumber="Q1")
    forbidden = ("FORBIDDEN", "This needs the scope sessions:read, which the app 'test' lacks.")
    calls = {
        "updateCustomer": ({"id": session["customer"]["id"]}, "customer { sessions { nodes { id } } }"),
        "recordOrder": ({"sessionId": session["id"], "number": "Q1"}, "order { session { id } }"),
        "revokeToken": ({"sessionId": session["id"]}, "session { events { nodes { kind } } }"),
    }
    for field, (input, selection) in calls.items():
        document = (
            f"mutation ($input: {field[0].upper()}{field[1:]}Input!) {{ {field}(input: $input) {{ {selection} }} }}"
        )
        assert await writer.error(document, input=input) == forbidden, field
