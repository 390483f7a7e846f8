"""Authentication by API keys, and the scopes that fields need."""

from dataclasses import replace
from itertools import count
from typing import Any

import pytest

from db.api_keys import generate_api_key
from tests.support.responses import error_body
from tests.support.shop import ERRORS, Shop, code_of, new_app

numbers = count(1)

READ, WRITE, JOIN, SETTINGS = "sessions:read", "sessions:write", "sessions:join", "settings:write"
DOCUMENTS, ADMIN = "documents:write", "admin"
SCOPES = [READ, WRITE, JOIN, SETTINGS, DOCUMENTS, ADMIN]
LACKS = "This needs the scope {}, which the app 'test' lacks."
FORBIDDEN = LACKS.format("sessions:read")

# Each root field: the scope that it takes, if any, and a call or an input with which it succeeds.
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
    "auditLog": (ADMIN, "auditLog { nodes { id } }"),
    "node": (READ, 'node(id: "STORE") { id }'),
    "nodes": (READ, 'nodes(ids: ["SESSION"]) { id }'),
}
MUTATIONS = {
    "createSession": (WRITE, 'customer: {id: "CUSTOMER"}'),
    "extendToken": (WRITE, 'sessionId: "SESSION", minutes: 5'),
    "reissueToken": (WRITE, 'sessionId: "SESSION"'),
    "revokeToken": (WRITE, 'sessionId: "SESSION"'),
    "joinSession": (JOIN, 'token: "CODE"'),
    "recordOrder": (WRITE, 'sessionId: "SESSION", number: "NUMBER"'),
    "recordConversion": (WRITE, 'sessionId: "SESSION", kind: TASK'),
    "updateCustomer": (WRITE, 'id: "CUSTOMER", name: "Sari"'),
    "redactCustomer": (ADMIN, 'id: "CUSTOMER"'),
    "updateStoreSettings": (SETTINGS, "sessionExpiration: 5"),
    "createApp": (ADMIN, 'name: "x", scopes: ADMIN'),
    "updateApp": (ADMIN, 'id: "APP", scopes: ADMIN'),
    "createApiKey": (ADMIN, 'appId: "APP", name: "x"'),
    "revokeApiKey": (ADMIN, 'id: "KEY"'),
    "blockUser": (ADMIN, 'userId: "dewi"'),
    "unblockUser": (ADMIN, 'userId: "dewi"'),
    "publishDocuments": (DOCUMENTS, 'manifest: {store: "{ store { id } }"}'),
    "retireDocument": (DOCUMENTS, 'id: "published"'),
}
CALLS = [
    *(("query", field, scope, call) for field, (scope, call) in QUERIES.items()),
    *(
        ("mutation", field, scope, f"{field}(input: {{{input}}}) {{ {ERRORS} }}")
        for field, (scope, input) in MUTATIONS.items()
    ),
]

UNKNOWN = error_body("The API key is unknown, expired or revoked, or its app is disabled.", "UNAUTHENTICATED")
MISTYPED = error_body("The API key is incomplete or mistyped: its checksum is wrong.", "UNAUTHENTICATED")
MALFORMED = error_body("The header must look like Authorization: Bearer rk_…", "UNAUTHENTICATED")
# For each app of the store.
PUBLISH = """
insert into document (store_id, app_id, id, body, hash, cost, checked_with)
select store_id, id, 'published', '{ store { id } }', '', 1, '' from app where store_id = $1
on conflict do nothing
"""


async def document(shop: Shop, operation: str, call: str) -> str:
    """A document with the call, about a new session of the shop."""
    session = await shop.create(orderNumber=f"Q{next(numbers)}")
    new = await new_app(shop.db, shop.id, [READ])
    await shop.db.fetch(PUBLISH, shop.id)
    objects = {"SESSION": session["id"], "CUSTOMER": session["customer"]["id"], "STORE": shop.id}
    objects |= {"CODE": code_of(session), "NUMBER": session["orders"][0]["number"]}
    for word, value in {**objects, "APP": new.app.id, "KEY": new.key.id}.items():
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
            message = f"This needs the scope {needed}, which the app 'test' lacks."
            expected = {"message": message, "path": [field], "extensions": {"code": "FORBIDDEN"}}
            assert (response.status_code, error) == (200, expected), scope
            assert answer["data"] in (None, {field: None}), (scope, answer)


@pytest.mark.parametrize(("operation", "field", "call"), [(call[0], call[1], call[3]) for call in CALLS])
async def test_each_root_field_needs_an_api_key(shop: Shop, operation: str, field: str, call: str) -> None:
    response = await shop.http.post("/graphql", json={"query": await document(shop, operation, call)})
    answer = response.json()
    [error] = answer["errors"]
    assert (response.status_code, response.headers["www-authenticate"]) == (401, "Bearer")
    expected = ("Send an API key: Authorization: Bearer rk_…", [field], {"code": "UNAUTHENTICATED"})
    assert (error["message"], error["path"], error["extensions"]) == expected
    assert "data" not in answer


@pytest.mark.parametrize("path", ["{ __typename }", "{ viewer { id } }", "{"])
@pytest.mark.parametrize(
    ("authorization", "error"),
    [
        *((text, MALFORMED) for text in ("", "Bearer", "Bearer abc", "Bearer RK_abc", "Bearer  KEY", "Basic KEY")),
        *((text, MALFORMED) for text in ("KEY", "BearerKEY")),
        *((text, MISTYPED) for text in ("Bearer rk_", "Bearer KEY0", "Bearer KEY KEY", "Bearer KEY, Bearer KEY")),
        *((f"Bearer {key}", MISTYPED) for key in ("rk_\x80\xff", f"rk_{'0' * 10_000}", f"rk_{'0' * 58}")),
        (f"Bearer {generate_api_key()}", UNKNOWN),
    ],
    # The test runner needs the same names in each process, so a random key must not be in them.
    ids=lambda value: value[:10] if isinstance(value, str) else "",
)
async def test_an_invalid_api_key_refuses_any_request(
    shop: Shop, path: str, authorization: str, error: dict[str, Any]
) -> None:
    header = authorization.replace("KEY", shop.key).encode("latin-1")
    response = await shop.http.post("/graphql", json={"query": path}, headers={b"Authorization": header})
    assert (response.status_code, response.json()) == (401, error)
    assert response.headers["www-authenticate"] == 'Bearer error="invalid_token"'
    assert response.headers["cache-control"] == "no-store"


async def test_the_authentication_scheme_is_case_insensitive(shop: Shop) -> None:
    for scheme in ("bearer", "BEARER", "Bearer"):
        headers = {"Authorization": f"{scheme} {shop.key}"}
        response = await shop.http.post("/graphql", json={"query": "{ store { slug } }"}, headers=headers)
        assert response.json()["data"] == {"store": {"slug": shop.slug}}


async def test_the_viewer_is_the_api_key(shop: Shop) -> None:
    new = await new_app(shop.db, shop.id, [READ, JOIN], "the storefront")
    client = replace(shop, key=new.secret)
    assert await client.ask("{ viewer { id name scopes } store { id slug } }") == {
        "viewer": {"id": new.key.id, "name": "the storefront", "scopes": ["SESSIONS_READ", "SESSIONS_JOIN"]},
        "store": {"id": shop.id, "slug": shop.slug},
    }


async def test_a_storefront_sees_no_more_of_a_session_than_it_needs(shop: Shop) -> None:
    session = await shop.create("Ольга", orderNumber="Q1", roomId="1905692", metadata={"channel": "line"})
    storefront = await shop.with_scopes(JOIN)
    seen = {"id": session["id"], "customerName": "Ольга", "roomId": "1905692", "orderNumbers": ["Q1"]}
    joined = seen | {"expiredTime": session["token"]["expiredTime"]}
    payload = await storefront.change("joinSession", token=code_of(session))
    assert payload == {"session": joined, "userErrors": []}
    fields = (await shop.ask('{ __type(name: "JoinedSession") { fields { name } } }'))["__type"]["fields"]
    assert {field["name"] for field in fields} == set(joined)


UNREADABLE = ["metadata", "customer { phone }", "customer { email }", "customer { externalId }"]
UNREADABLE += ["customer { sessions { nodes { id } } }", "events { nodes { kind } }", "orders { session { id } }"]


@pytest.mark.parametrize("selection", UNREADABLE)
async def test_a_scope_to_write_does_not_read_contact_details_or_history(shop: Shop, selection: str) -> None:
    """For each mutation that returns the session."""
    details = {"name": "Dewi", "phone": "+6281234567890", "email": "dewi@shop.example", "externalId": "crm-1"}
    session = await shop.create(customer={"details": details}, orderNumber="Q1", metadata={"note": "a"})
    writer, id = await shop.with_scopes(WRITE), session["id"]
    inputs: dict[str, dict[str, Any]] = {
        "createSession": {"customer": {"externalId": "crm-1"}, "orderNumber": f"Q{next(numbers)}"},
        "extendToken": {"sessionId": id, "minutes": 5},
        "reissueToken": {"sessionId": id},
        "revokeToken": {"sessionId": id},
        "recordConversion": {"sessionId": id, "kind": "TASK"},
    }
    for mutation, input in inputs.items():
        await refused(writer, mutation, f"session {{ id {selection} }}", input)
    assert (await shop.session(id))["conversion"]["kind"] == "TASK"
    if selection.startswith("customer"):
        own = selection.removeprefix("customer { ").removesuffix(" }")
        await refused(writer, "updateCustomer", f"customer {{ {own} }}", {"id": session["customer"]["id"]})
    if selection.startswith("orders"):
        await refused(writer, "recordOrder", "order { session { id } }", {"sessionId": id, "number": "Q1"})


async def refused(shop: Shop, mutation: str, selection: str, input: dict[str, Any]) -> None:
    """The mutation takes effect, but the shop's scopes do not allow the selection."""
    type = f"{mutation[0].upper()}{mutation[1:]}Input"
    document = f"mutation ($input: {type}!) {{ {mutation}(input: $input) {{ {selection} }} }}"
    response = await shop.post(document, input=input)
    answer = response.json()
    assert {(error["message"], error["extensions"]["code"]) for error in answer["errors"]} == {(FORBIDDEN, "FORBIDDEN")}
    for detail in ("+6281234567890", "dewi@shop.example", "crm-1", '"note"'):
        assert detail not in response.text.replace(FORBIDDEN, ""), mutation


async def test_a_scope_to_write_reads_the_link_that_it_issued(shop: Shop) -> None:
    writer = await shop.with_scopes(WRITE)
    selection = "session { id customer { id name } token { link status } orders { number } }"
    session = await writer.changed("createSession", selection, customer={"details": {"name": "Dewi"}}, orderNumber="Q1")
    whole = await shop.session(session["id"])
    assert session["customer"] == {"id": whole["customer"]["id"], "name": "Dewi"}
    assert session["token"] == {"link": whole["token"]["link"], "status": "ACTIVE"}
    assert session["orders"] == [{"number": "Q1"}]


async def test_a_scope_to_read_does_not_read_links(shop: Shop) -> None:
    """A link admits as its customer. The field is null, and the rest of the response stays."""
    session = await shop.create(orderNumber="Q1")
    reader, id, token = await shop.with_scopes(READ), session["id"], "token { link status }"
    listed = {"id": id, "token": {"link": None, "status": "ACTIVE"}}
    for query, path, data in (
        (f'session(id: "{id}") {{ id {token} }}', ["session"], {"session": listed}),
        (f"sessions {{ nodes {{ id {token} }} }}", ["sessions", "nodes", 0], {"sessions": {"nodes": [listed]}}),
        (f'node(id: "{id}") {{ ... on Session {{ id {token} }} }}', ["node"], {"node": listed}),
        (f'nodes(ids: ["{id}"]) {{ ... on Session {{ id {token} }} }}', ["nodes", 0], {"nodes": [listed]}),
        (
            f'order(number: "Q1") {{ session {{ id {token} }} }}',
            ["order", "session"],
            {"order": {"session": listed}},
        ),
        (
            f"customers(first: 1) {{ nodes {{ sessions(first: 1) {{ nodes {{ id {token} }} }} }} }}",
            ["customers", "nodes", 0, "sessions", "nodes", 0],
            {"customers": {"nodes": [{"sessions": {"nodes": [listed]}}]}},
        ),
    ):
        answer = (await reader.post(f"{{ {query} }}")).json()
        assert answer["data"] == data
        [error] = answer["errors"]
        assert error.pop("locations")
        message, extensions = LACKS.format(WRITE), {"code": "FORBIDDEN"}
        assert error == {"message": message, "path": [*path, "token", "link"], "extensions": extensions}
    for scopes in ((READ, WRITE), (ADMIN,)):
        answer = await (await shop.with_scopes(*scopes)).session(id)
        assert answer["token"]["link"] == session["token"]["link"]
