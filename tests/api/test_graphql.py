"""The endpoint: executing operations, refusing documents, costs, GraphiQL."""

from typing import Any

import httpx
import pytest

from engine.cost import introspection_cost
from engine.execution import TOKEN_LIMIT
from schema.cost import COST_MODEL
from schema.root import GRAPHQL_SCHEMA
from tests.conftest import client_of, settings_for
from tests.support.responses import BROWSER, GRAPHQL, JSON, NO_QUERY, SLUG, TYPENAME, checked, error_body
from tests.support.shop import Shop

METHODS = ["GET", "POST"]
PAGE = "query ($first: Int!) { sessions(first: $first) { nodes { id } } }"


async def send(shop: Shop, method: str = "POST", **request: Any) -> httpx.Response:
    """Send the parameters of a request, with the shop's key, in the URL or in the body."""
    options = {"params" if method == "GET" else "json": request}
    return await shop.http.request(method, "/graphql", headers=shop.headers, **options)


async def test_variables_and_the_operation_name_come_by_get_and_post(shop: Shop) -> None:
    session = await shop.create()
    query = "query A($id: ID!) { session(id: $id) { id } } query B { viewer { app { name } } }"
    expected = (200, {"data": {"session": {"id": session["id"]}}})
    variables = f'{{"id": "{session["id"]}"}}'
    assert checked(await send(shop, query=query, variables={"id": session["id"]}, operationName="A")) == expected
    assert checked(await send(shop, "GET", query=query, variables=variables, operationName="A")) == expected
    for method in METHODS:
        other = await send(shop, method, query=query, operationName="B")
        assert checked(other) == (200, {"data": {"viewer": {"app": {"name": "test"}}}})


@pytest.mark.parametrize("method", METHODS)
async def test_the_operation_must_be_in_the_document(shop: Shop, method: str) -> None:
    several = "The document has several operations: operationName is required."
    for query, name, message in (
        (f"query A {SLUG}", "B", "The document has no operation 'B'."),
        (f"query A {SLUG}", "a", "The document has no operation 'a'."),
        (SLUG, "A", "The document has no operation 'A'."),
        ("fragment A on Store { slug }", "A", "The document has no operation 'A'."),
        ("fragment A on Store { slug }", "", "The document has no operation."),
        (f"query A {SLUG} query B {SLUG}", "", several),
        (f"query A {SLUG} mutation M {TYPENAME}", "", several),
        (f"mutation M {TYPENAME} query A {SLUG}", "", several),
    ):
        response = await send(shop, method, query=query, operationName=name)
        assert checked(response) == (400, error_body(message, "OPERATION_RESOLUTION_FAILURE"))
    response = await send(shop, method, query=f"query query {SLUG} # mutation")
    assert checked(response) == (200, {"data": {"store": {"slug": shop.slug}}})


async def test_a_mutation_by_get_is_refused_and_changes_nothing(shop: Shop) -> None:
    session = await shop.create()
    mutation = f'mutation M {{ revokeToken(input: {{sessionId: "{session["id"]}"}}) {{ userErrors {{ code }} }} }}'
    for request in ({"query": mutation}, {"query": f"query A {SLUG} {mutation}", "operationName": "M"}):
        response = await send(shop, "GET", **request)
        assert checked(response) == (405, error_body("A mutation must be sent by POST."))
        assert response.headers["allow"] == "POST"
    assert await shop.session(session["id"]) == session


@pytest.mark.parametrize("method", METHODS)
async def test_a_subscription_is_refused(shop: Shop, method: str) -> None:
    response = await send(shop, method, query="subscription { sessions { id } }")
    message = "Subscriptions are not supported."
    assert checked(response) == (400, error_body(message))


PARSE, VALIDATE = "GRAPHQL_PARSE_FAILED", "GRAPHQL_VALIDATION_FAILED"


@pytest.mark.parametrize(
    ("query", "code", "message"),
    [
        ("{ store { slug }", PARSE, "Syntax Error: Expected Name, found <EOF>."),
        ("\0", PARSE, "Syntax Error: Unexpected character: U+0000."),
        ('{ session(id: "\\ud800") { id } }', PARSE, "Syntax Error: "),
        ("{ a" * 10_000 + " }" * 10_000, PARSE, "nested too deeply"),
        (f"{{ sessions(filter: {'[' * 20_000}{']' * 20_000}) {{ nodes {{ id }} }} }}", PARSE, "nested too deeply"),
        (f"{{ a(b: {'{not: ' * 5_000}{{}}{'}' * 5_000}) }}", PARSE, "nested too deeply"),
        (f"query ($a: {'[' * 20_000}ID{']' * 20_000}) {SLUG}", PARSE, "nested too deeply"),
        ("{ storr { slug } }", VALIDATE, "Cannot query field 'storr' on type 'Query'."),
        ("{ store }", VALIDATE, "must have a selection of subfields"),
        ("{ store @no { slug } }", VALIDATE, "Unknown directive '@no'."),
        ('{ sessions(first: "1") { nodes { id } } }', VALIDATE, "Int cannot represent non-integer value"),
        ("{ sessions(filter: {no: 1}) { nodes { id } } }", VALIDATE, "unknown field 'no'"),
        ("{ session { id } }", VALIDATE, "is required, but it was not provided"),
        ("{ store { ...A } } fragment A on Store { ...A }", VALIDATE, "Cannot spread fragment 'A' within itself"),
    ],
    ids=lambda value: value[:20],
)
async def test_an_invalid_document_is_refused(shop: Shop, query: str, code: str, message: str) -> None:
    status, answer = checked(await send(shop, query=query))
    [error] = answer["errors"]
    assert (status, list(answer), error["extensions"]) == (400, ["errors"], {"code": code})
    assert all(set(location) == {"line", "column"} for location in error.get("locations", ()))
    assert message in error["message"]


@pytest.mark.parametrize(
    "variables", [{}, {"first": None}, {"first": "1"}, {"first": 1.5}, {"first": []}, {"first": 2**31}]
)
async def test_invalid_variables_are_refused(shop: Shop, variables: dict[str, Any]) -> None:
    status, answer = checked(await send(shop, query=PAGE, variables=variables))
    [error] = answer["errors"]
    assert error["message"].startswith("Variable '$first' has invalid value: ")
    assert (status, list(answer), error["extensions"]) == (400, ["errors"], {"code": "BAD_USER_INPUT"})
    assert error["locations"] == [{"line": 1, "column": 8}]


async def test_deep_variables_are_refused(shop: Shop) -> None:
    query = "query ($filter: SessionFilter) { sessions(filter: $filter) { nodes { id } } }"
    filter: dict[str, Any] = {}
    for _ in range(900):
        filter = {"not": filter}
    response = await send(shop, query=query, variables={"filter": filter})
    assert checked(response) == (400, error_body("Variable values are nested too deeply.", "BAD_USER_INPUT"))


@pytest.mark.parametrize(
    ("query", "variables", "status", "cost"),
    [
        (SLUG, {}, 200, 1),
        ('{ node(id: "x") { id } store { slug } }', {}, 200, 2),
        ("{ sessions(first: 101) { nodes { id } } }", {}, 200, 101),
        ("{ store { no } }", {}, 400, 1),
        ("query ($id: ID!) { node(id: $id) { id } }", {}, 400, 1),
        (PAGE, {"first": 20}, 200, 21),
    ],
)
async def test_an_answer_has_the_cost_of_its_operation(
    shop: Shop, query: str, variables: dict[str, Any], status: int, cost: int
) -> None:
    response = await send(shop, query=query, variables=variables)
    extensions = response.json()["extensions"]
    assert list(extensions["cost"].pop("throttle")) == ["available", "maximum", "restoreRate"]
    assert (response.status_code, extensions) == (status, {"cost": {"requested": cost, "maximum": 5_000}})


async def test_an_answer_without_a_key_has_its_cost(http: httpx.AsyncClient) -> None:
    answer = (await http.post("/graphql", json={"query": TYPENAME})).json()
    available = answer["extensions"]["cost"]["throttle"]["available"]
    throttle = {"available": available, "maximum": 20_000, "restoreRate": 1_000}
    maximum = introspection_cost(GRAPHQL_SCHEMA, COST_MODEL) * 11 // 10
    cost = {"requested": 0, "maximum": maximum, "throttle": throttle}
    assert answer == {"data": {"__typename": "Query"}, "extensions": {"cost": cost}}


async def test_an_operation_that_exceeds_the_cost_limit_is_not_charged(shop: Shop) -> None:
    response = await send(shop, query="{ sessions(first: 100) { nodes { events(first: 100) { nodes { id } } } } }")
    advice = "Request smaller pages, or nest fewer lists."
    message = f"This operation has a cost of 10,201; the maximum is 5,000. {advice}"
    assert checked(response) == (400, error_body(message, "COST_LIMIT_EXCEEDED"))
    assert response.json()["extensions"] == {"cost": {"requested": 10_201, "maximum": 5_000}}


async def test_limits_are_checked_before_validation(shop: Shop) -> None:
    """The schema has no field `no`."""
    query = f"{'{ no ' * 17}{'}' * 17}"
    message = "This operation has a depth of 17; the maximum is 16. Request deeper objects by their IDs."
    assert checked(await send(shop, query=query)) == (400, error_body(message, "COST_LIMIT_EXCEEDED"))
    doubling = "".join(f" fragment F{n} on Query {{ ...F{n + 1} ...F{n + 1} }}" for n in range(1, 30))
    response = await send(shop, query=f"{{ ...F1 }} {doubling} fragment F30 on Query {query}")
    assert response.json()["errors"][0]["extensions"]["code"] == "COST_LIMIT_EXCEEDED"


async def test_parsing_stops_at_the_token_limit(shop: Shop) -> None:
    too_many = f"Syntax Error: Document contains more than {TOKEN_LIMIT} tokens. Parsing aborted."
    for number, code, message in (
        (TOKEN_LIMIT - 2, VALIDATE, "Cannot query field 'a0' on type 'Query'."),
        (TOKEN_LIMIT - 1, PARSE, too_many),
    ):
        response = await send(shop, query=f"{{ {' '.join(f'a{n}' for n in range(number))} }}")
        error = response.json()["errors"][0]
        assert (response.status_code, error["extensions"]["code"], error["message"]) == (400, code, message)


async def test_a_document_that_repeats_fields_too_often_is_refused(shop: Shop) -> None:
    message = "The document selects the same fields too many times: select each once."
    repeated = await send(shop, query=f"{{ store {{ {'slug ' * 300} }} }}")
    assert checked(repeated) == (400, error_body(message, VALIDATE))
    assert await shop.ask(f"{{ store {{ {'slug ' * 40} }} }}") == {"store": {"slug": shop.slug}}


@pytest.mark.parametrize("request_", [{}, {"query": "{"}, {"query": f"query A {SLUG} query B {SLUG}"}])
async def test_an_operation_that_was_not_measured_has_no_cost(shop: Shop, request_: dict[str, str]) -> None:
    response = await send(shop, **request_)
    assert (response.status_code, list(response.json())) == (400, ["errors"])


async def test_a_browser_gets_graphiql(http: httpx.AsyncClient) -> None:
    for parameters in ({}, {"query": TYPENAME}, {"query": "", "variables": "{"}):
        # A link on another site can lead there.
        page = await http.get("/graphql", params=parameters, headers=BROWSER | {"Sec-Fetch-Site": "cross-site"})
        assert (page.status_code, page.headers["content-type"]) == (200, "text/html; charset=utf-8")
        assert "GraphiQL" in page.text


@pytest.mark.parametrize(("accept", "type"), [("*/*", JSON), (JSON, JSON), (GRAPHQL, GRAPHQL)])
async def test_a_program_does_not_get_graphiql(http: httpx.AsyncClient, accept: str, type: str) -> None:
    response = await http.get("/graphql", params={"query": TYPENAME}, headers={"Accept": accept})
    assert checked(response, type) == (200, {"data": {"__typename": "Query"}})
    assert checked(await http.get("/graphql", headers={"Accept": accept}), type) == (400, error_body(NO_QUERY))


async def test_a_post_is_answered_in_json_even_to_a_browser(http: httpx.AsyncClient) -> None:
    response = await http.post("/graphql", json={"query": TYPENAME}, headers=BROWSER)
    assert checked(response) == (200, {"data": {"__typename": "Query"}})


async def test_graphiql_can_be_turned_off(database_url: str) -> None:
    neither = error_body(f"Accept must allow {GRAPHQL} or {JSON}, got 'text/html'.")
    async with client_of(settings_for(database_url, graphiql=False)) as http:
        assert checked(await http.get("/graphql", headers=BROWSER)) == (400, error_body(NO_QUERY))
        assert checked(await http.get("/graphql", headers={"Accept": "text/html"})) == (406, neither)


async def test_the_health_check_queries_the_database(http: httpx.AsyncClient) -> None:
    response = await http.get("/health/ready")
    assert (response.status_code, response.text) == (200, "ok")
