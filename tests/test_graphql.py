"""GraphQL over HTTP: what the endpoint makes of requests, well-formed and not."""

from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import httpx
import pytest
from graphql import build_client_schema, get_introspection_query, print_schema

from schema import schema
from tests.conftest import serving, settings_for
from tests.shop import Shop

LIMIT = 64 * 1024
JSON = {"Content-Type": "application/json"}
SLUG = "{ store { slug } }"
NO_QUERY = "A request needs a query: a GraphQL document, as a string."


async def send(shop: Shop, method: str = "POST", headers: dict[str, str] | None = None, **request: Any) -> Any:
    """The answer to a request with the shop's key."""
    headers = {"Authorization": f"Bearer {shop.key}"} | (headers or {})
    return await shop.http.request(method, "/graphql", headers=headers, **request)


def answered(response: httpx.Response) -> tuple[int, Any]:
    assert response.headers["content-type"] == "application/json"
    assert response.headers["cache-control"] == "no-store"
    return response.status_code, response.json()


def refusal(message: str, code: str = "BAD_REQUEST") -> dict[str, Any]:
    return {"errors": [{"message": message, "extensions": {"code": code}}]}


async def test_a_query_is_answered_by_get_and_post(shop: Shop) -> None:
    answer = (200, {"data": {"store": {"slug": shop.slug}}})
    assert answered(await send(shop, json={"query": SLUG})) == answer
    assert answered(await send(shop, "GET", params={"query": SLUG})) == answer
    assert answered(await send(shop, "GET", params={"query": SLUG, "variables": "", "operationName": ""})) == answer
    assert answered(await send(shop, json={"query": SLUG, "variables": None, "operationName": None})) == answer
    assert answered(await send(shop, json={"query": SLUG, "extensions": {"a": 1}, "unknown": [1]})) == answer


async def test_variables_and_the_operation_name_come_by_get_and_post(shop: Shop) -> None:
    session = await shop.create()
    query = "query A($id: ID!) { session(id: $id) { id } } query B { viewer { name } }"
    by_post = {"query": query, "variables": {"id": session["id"]}, "operationName": "A"}
    by_get = by_post | {"variables": f'{{"id": "{session["id"]}"}}'}
    answer = (200, {"data": {"session": {"id": session["id"]}}})
    assert answered(await send(shop, json=by_post)) == answer
    assert answered(await send(shop, "GET", params=by_get)) == answer
    by_post["operationName"] = "B"
    assert answered(await send(shop, json=by_post)) == (200, {"data": {"viewer": {"name": "test"}}})


@pytest.mark.parametrize(
    "content_type", ["application/json; charset=utf-8", "APPLICATION/JSON", "application/json ;x=y"]
)
async def test_json_is_recognised_however_it_is_written(shop: Shop, content_type: str) -> None:
    response = await send(shop, headers={"Content-Type": content_type}, content=f'{{"query": "{SLUG}"}}')
    assert answered(response) == (200, {"data": {"store": {"slug": shop.slug}}})


@pytest.mark.parametrize(
    "content_type",
    [
        "",
        "json",
        "text/plain",
        "application/graphql",
        "application/json5",
        "application/x-www-form-urlencoded",
        "multipart/form-data; boundary=x",
        "text/json, application/json",
    ],
)
async def test_another_content_type_is_refused(shop: Shop, content_type: str) -> None:
    response = await send(shop, headers={"Content-Type": content_type}, content=f'{{"query": "{SLUG}"}}')
    assert answered(response) == (415, refusal("The Content-Type must be application/json."))


@pytest.mark.parametrize("method", ["HEAD", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE"])
async def test_another_method_is_refused(shop: Shop, method: str) -> None:
    response = await send(shop, method, json={"query": SLUG})
    assert response.status_code == 405
    assert set(response.headers["allow"].split(", ")) == {"GET", "POST"}
    assert response.content == b"" if method == "HEAD" else response.json() == refusal("Method Not Allowed")


@pytest.mark.parametrize("path", ["/nothing", "/graphql/x", "/.env"])
async def test_another_path_is_answered_in_json(shop: Shop, path: str) -> None:
    assert answered(await shop.http.get(path)) == (404, refusal("Not Found"))


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"\0",
        b"nonsense",
        b"\xff\xfe",
        b"\xef\xbb\xbf{}",
        b'{"query": "\xff"}',
        b'{"query": "\\ud800"}',
        b'{"query": NaN}',
        b"{'query': '{ a }'}",
        b'{"query": "{ a }", "variables": {"n": 1e999}}',
        b'{"query": "{ a }", "variables": ' + b"[" * 30_000 + b"]" * 30_000 + b"}",
        '{"query": "{ a }"}'.encode("utf-16"),
    ],
)
async def test_a_body_that_is_no_json_is_refused(shop: Shop, body: bytes) -> None:
    response = await send(shop, headers=JSON, content=body)
    assert answered(response) == (400, refusal("Not JSON in UTF-8: the body."))


@pytest.mark.parametrize(
    ("body", "message"),
    [(body, "The body must be a JSON object with a query.") for body in (None, [], "{ a }", 5, True, [{"query": SLUG}])]
    + [(body, NO_QUERY) for body in ({}, {"query": None}, {"query": 5}, {"query": ""}, {"query": " \n"}, {"query": []})]
    + [({"query": SLUG, "variables": value}, "variables must be an object.") for value in ([], "{}", 5, True)]
    + [({"query": SLUG, "operationName": value}, "operationName must be a string.") for value in ([], {}, 5, True)],
)
async def test_a_request_of_another_shape_is_refused(shop: Shop, body: Any, message: str) -> None:
    content = "null" if body is None else None
    response = await send(shop, headers=JSON, content=content) if content else await send(shop, json=body)
    assert answered(response) == (400, refusal(message))


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({}, NO_QUERY),
        ({"query": ""}, NO_QUERY),
        ({"query": SLUG, "variables": "{"}, "Not JSON in UTF-8: variables."),
        ({"query": SLUG, "variables": "[]"}, "variables must be an object."),
        ({"query": SLUG, "variables": b"\xff"}, "Not JSON in UTF-8: variables."),
    ],
)
async def test_a_get_of_another_shape_is_refused(shop: Shop, parameters: dict[str, Any], message: str) -> None:
    assert answered(await send(shop, "GET", params=parameters)) == (400, refusal(message))


async def test_a_body_may_have_64_kib_and_not_a_byte_more(shop: Shop) -> None:
    body = f'{{"query": "{SLUG}"}}'.encode()
    whole = body + b" " * (LIMIT - len(body))
    assert answered(await send(shop, headers=JSON, content=whole)) == (200, {"data": {"store": {"slug": shop.slug}}})
    too_large = (413, refusal("A request has at most 65536 bytes."))
    assert answered(await send(shop, headers=JSON, content=whole + b" ")) == too_large

    async def chunks() -> AsyncIterator[bytes]:
        for _ in range(1024):
            yield b" " * 1024

    chunked = await send(shop, headers=JSON, content=chunks())
    assert answered(chunked) == too_large
    assert chunked.headers["connection"] == "close"


@pytest.mark.parametrize("method", ["GET", "POST"])
async def test_an_operation_that_the_document_lacks_is_refused(shop: Shop, method: str) -> None:
    for query, name in ((f"query A {SLUG}", "B"), (f"query A {SLUG}", "a"), ("fragment A on Store { slug }", None)):
        request = {"query": query} | ({"operationName": name} if name else {})
        response = await send(shop, method, **({"params": request} if method == "GET" else {"json": request}))
        assert answered(response) == (400, refusal("No operation of that name.", "OPERATION_RESOLUTION_FAILURE"))


@pytest.mark.parametrize("method", ["GET", "POST"])
async def test_a_document_of_several_operations_needs_an_operation_name(shop: Shop, method: str) -> None:
    session = await shop.create()
    mutation = f'mutation M {{ revokeToken(input: {{sessionId: "{session["id"]}"}}) {{ userErrors {{ code }} }} }}'
    needed = "The document has several operations: operationName is needed."
    for query in (f"query A {SLUG} query B {SLUG}", f"query A {SLUG} {mutation}", f"{mutation} query A {SLUG}"):
        response = await send(shop, method, **{"params" if method == "GET" else "json": {"query": query}})
        assert answered(response) == (400, refusal(needed, "OPERATION_RESOLUTION_FAILURE"))
    assert await shop.session(session["id"]) == session
    one = f"query query {SLUG} # mutation"
    response = await send(shop, method, **{"params" if method == "GET" else "json": {"query": one}})
    assert answered(response) == (200, {"data": {"store": {"slug": shop.slug}}})


async def test_a_mutation_by_get_is_refused_and_changes_nothing(shop: Shop) -> None:
    session = await shop.create()
    mutation = f'mutation M {{ revokeToken(input: {{sessionId: "{session["id"]}"}}) {{ userErrors {{ code }} }} }}'
    for request in ({"query": mutation}, {"query": f"query A {SLUG} {mutation}", "operationName": "M"}):
        response = await send(shop, "GET", params=request)
        assert answered(response) == (405, refusal("mutations are not allowed when using GET"))
        assert response.headers["allow"] == "POST"
    assert await shop.session(session["id"]) == session


@pytest.mark.parametrize("method", ["GET", "POST"])
async def test_a_subscription_is_refused(shop: Shop, method: str) -> None:
    request = {"query": "subscription { sessions { id } }"}
    response = await send(shop, method, **({"params": request} if method == "GET" else {"json": request}))
    assert answered(response) == (400, refusal("There are no subscriptions here."))


@pytest.mark.parametrize(
    ("query", "code", "message"),
    [
        ("{ store { slug }", "GRAPHQL_PARSE_FAILED", "Syntax Error: Expected Name, found <EOF>."),
        ("\0", "GRAPHQL_PARSE_FAILED", "Syntax Error: Unexpected character: U+0000."),
        ('{ session(id: "\\ud800") { id } }', "GRAPHQL_PARSE_FAILED", None),
        ("{ storr { slug } }", "GRAPHQL_VALIDATION_FAILED", "Cannot query field 'storr' on type 'Query'."),
        ("{ store }", "GRAPHQL_VALIDATION_FAILED", None),
        ("{ store @no { slug } }", "GRAPHQL_VALIDATION_FAILED", "Unknown directive '@no'."),
        ('{ sessions(first: "1") { nodes { id } } }', "GRAPHQL_VALIDATION_FAILED", None),
        ("{ sessions(filter: {no: 1}) { nodes { id } } }", "GRAPHQL_VALIDATION_FAILED", None),
        ("{ session { id } }", "GRAPHQL_VALIDATION_FAILED", None),
        ("{ store { ...A } } fragment A on Store { ...A }", "GRAPHQL_VALIDATION_FAILED", None),
    ],
)
async def test_a_document_that_cannot_run_is_refused(shop: Shop, query: str, code: str, message: str | None) -> None:
    status, answer = answered(await send(shop, json={"query": query}))
    [error] = answer["errors"]
    assert (status, list(answer), error["extensions"]) == (400, ["errors"], {"code": code})
    assert all(set(location) == {"line", "column"} for location in error["locations"])
    assert error["message"].startswith(message or "")


@pytest.mark.parametrize(
    "variables", [{}, {"first": None}, {"first": "1"}, {"first": 1.5}, {"first": []}, {"first": 2**31}]
)
async def test_variables_that_do_not_fit_are_refused(shop: Shop, variables: dict[str, Any]) -> None:
    query = "query ($first: Int!) { sessions(first: $first) { nodes { id } } }"
    status, answer = answered(await send(shop, json={"query": query, "variables": variables}))
    [error] = answer["errors"]
    assert (status, list(answer)) == (400, ["errors"])
    assert error["extensions"] == {"code": "BAD_USER_INPUT"}
    assert error["message"].startswith("Variable '$first' has invalid value: ")
    assert error["locations"] == [{"line": 1, "column": 8}]


DEEP = {
    "fields": "{ a" * 10_000 + " }" * 10_000,
    "lists": f"{{ sessions(filter: {'[' * 20_000}{']' * 20_000}) {{ nodes {{ id }} }} }}",
    "a filter": f"{{ sessions(filter: {'{not: ' * 5_000}{{}}{'}' * 5_000}) {{ nodes {{ id }} }} }}",
    "types": f"query ($a: {'[' * 20_000}ID{']' * 20_000}) {SLUG}",
}


@pytest.mark.parametrize("query", DEEP.values(), ids=DEEP)
async def test_a_deep_document_is_refused(shop: Shop, query: str) -> None:
    status, answer = answered(await send(shop, json={"query": query}))
    [error] = answer["errors"]
    assert (status, list(answer), error["extensions"]) == (400, ["errors"], {"code": "GRAPHQL_PARSE_FAILED"})
    assert "nested too deeply" in error["message"]


async def test_deep_variables_are_refused(shop: Shop) -> None:
    query = "query ($filter: SessionFilter) { sessions(filter: $filter) { nodes { id } } }"
    filter: dict[str, Any] = {}
    for _ in range(900):
        filter = {"not": filter}
    status, answer = answered(await send(shop, json={"query": query, "variables": {"filter": filter}}))
    assert (status, answer) == (400, refusal("Variable values are nested too deeply.", "BAD_USER_INPUT"))


@pytest.mark.parametrize("method", ["GET", "POST"])
async def test_introspection_needs_no_key_and_tells_the_whole_schema(http: httpx.AsyncClient, method: str) -> None:
    request = {"query": get_introspection_query(specified_by_url=True)}
    options: dict[str, Any] = {"params": request} if method == "GET" else {"json": request}
    status, answer = answered(await http.request(method, "/graphql", **options))
    assert (status, list(answer)) == (200, ["data"])
    told = print_schema(build_client_schema(answer["data"]))
    assert told == print_schema(schema._schema)
    assert "type Session implements Node" in told


async def test_a_browser_gets_graphiql_and_a_program_does_not(http: httpx.AsyncClient) -> None:
    browser = {"Accept": "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"}
    page = await http.get("/graphql", headers=browser)
    assert (page.status_code, page.headers["content-type"]) == (200, "text/html; charset=utf-8")
    assert "GraphiQL" in page.text
    home = await http.get("/", headers=browser)
    assert (home.status_code, home.headers["location"]) == (307, "/graphql")
    for accept in ("*/*", "application/json", "application/graphql-response+json"):
        response = await http.get("/graphql", params={"query": "{ __typename }"}, headers={"Accept": accept})
        assert answered(response) == (200, {"data": {"__typename": "Query"}})


async def test_graphiql_can_be_turned_off(database_url: str) -> None:
    async with serving(replace(settings_for(database_url), graphiql=False)) as url, httpx.AsyncClient() as http:
        response = await http.get(f"{url}/graphql", headers={"Accept": "text/html"})
        assert answered(response) == (400, refusal(NO_QUERY))


async def test_an_origin_that_is_named_may_ask_from_a_browser_and_another_may_not(http: httpx.AsyncClient) -> None:
    asked = {"Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "authorization,traceparent"}
    allowed = await http.options("/graphql", headers={"Origin": "https://spa.example"} | asked)
    assert (allowed.status_code, allowed.headers["access-control-allow-origin"]) == (200, "https://spa.example")
    assert allowed.headers["access-control-allow-headers"] == "authorization,traceparent"
    refused = await http.options("/graphql", headers={"Origin": "https://evil.example"} | asked)
    assert (refused.status_code, refused.headers.get("access-control-allow-origin")) == (400, None)


async def test_the_health_check_asks_the_database(http: httpx.AsyncClient) -> None:
    response = await http.get("/health")
    assert (response.status_code, response.text) == (200, "ok")
