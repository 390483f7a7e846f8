"""The endpoint: what it makes of operations, and what it says they cost."""

from dataclasses import replace
from typing import Any

import httpx
import pytest

from engine.execution import TOKEN_LIMIT
from tests.conftest import serving, settings_for
from tests.support.answers import GRAPHQL, JSON, NO_QUERY, SLUG, answered, refusal
from tests.support.shop import Shop


async def send(shop: Shop, method: str = "POST", **request: Any) -> httpx.Response:
    """The answer to a request with the shop's key."""
    return await shop.http.request(method, "/graphql", headers={"Authorization": f"Bearer {shop.key}"}, **request)


async def test_a_query_is_answered_by_get_and_post(shop: Shop) -> None:
    answer = (200, {"data": {"store": {"slug": shop.slug}}})
    assert answered(await send(shop, json={"query": SLUG})) == answer
    assert answered(await send(shop, "GET", params={"query": SLUG})) == answer
    assert answered(await send(shop, "GET", params={"query": SLUG, "variables": "", "operationName": ""})) == answer
    assert answered(await send(shop, json={"query": SLUG, "variables": None, "operationName": None})) == answer
    assert answered(await send(shop, json={"query": SLUG, "extensions": {"a": 1}, "unknown": [1]})) == answer


async def test_variables_and_the_operation_name_come_by_get_and_post(shop: Shop) -> None:
    session = await shop.create()
    query = "query A($id: ID!) { session(id: $id) { id } } query B { viewer { app { name } } }"
    by_post = {"query": query, "variables": {"id": session["id"]}, "operationName": "A"}
    by_get = by_post | {"variables": f'{{"id": "{session["id"]}"}}'}
    answer = (200, {"data": {"session": {"id": session["id"]}}})
    assert answered(await send(shop, json=by_post)) == answer
    assert answered(await send(shop, "GET", params=by_get)) == answer
    by_post["operationName"] = "B"
    assert answered(await send(shop, json=by_post)) == (200, {"data": {"viewer": {"app": {"name": "test"}}}})


@pytest.mark.parametrize("method", ["GET", "POST"])
async def test_an_operation_that_the_document_lacks_is_refused(shop: Shop, method: str) -> None:
    for query, name, message in (
        (f"query A {SLUG}", "B", "The document has no operation 'B'."),
        (f"query A {SLUG}", "a", "The document has no operation 'a'."),
        (SLUG, "A", "The document has no operation 'A'."),
        ("fragment A on Store { slug }", "A", "The document has no operation 'A'."),
        ("fragment A on Store { slug }", "", "The document has no operation."),
    ):
        request = {"query": query, "operationName": name}
        response = await send(shop, method, **{"params" if method == "GET" else "json": request})
        assert answered(response) == (400, refusal(message, "OPERATION_RESOLUTION_FAILURE"))


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
        assert answered(response) == (405, refusal("A mutation must be sent by POST."))
        assert response.headers["allow"] == "POST"
    assert await shop.session(session["id"]) == session


@pytest.mark.parametrize("method", ["GET", "POST"])
async def test_a_subscription_is_refused(shop: Shop, method: str) -> None:
    request = {"query": "subscription { sessions { id } }"}
    response = await send(shop, method, **({"params": request} if method == "GET" else {"json": request}))
    message = "Subscriptions are not served by plain requests, and there is no other transport yet."
    assert answered(response) == (400, refusal(message))


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


COST = {"requested": 1, "maximum": 5_000}
UNKNOWN = "{ store { no } }"


@pytest.mark.parametrize(
    ("query", "variables", "status", "cost"),
    [
        (SLUG, {}, 200, COST),
        ('{ node(id: "x") { id } store { slug } }', {}, 200, COST | {"requested": 2}),
        ("{ sessions(first: 101) { nodes { id } } }", {}, 200, COST | {"requested": 101}),
        (UNKNOWN, {}, 400, COST),
        ("query ($id: ID!) { node(id: $id) { id } }", {}, 400, COST),
        (
            "query ($first: Int!) { sessions(first: $first) { nodes { id } } }",
            {"first": 20},
            200,
            COST | {"requested": 21},
        ),
    ],
)
async def test_an_answer_says_what_the_operation_cost(
    shop: Shop, query: str, variables: dict[str, Any], status: int, cost: dict[str, int]
) -> None:
    response = await send(shop, json={"query": query, "variables": variables})
    extensions = response.json()["extensions"]
    assert list(extensions["cost"].pop("throttle")) == ["available", "maximum", "restoreRate"]
    assert (response.status_code, extensions) == (status, {"cost": cost})


async def test_an_answer_without_a_key_says_what_the_operation_cost(http: httpx.AsyncClient) -> None:
    answer = (await http.post("/graphql", json={"query": "{ __typename }"})).json()
    throttle = {
        "available": answer["extensions"]["cost"]["throttle"]["available"],
        "maximum": 10_000,
        "restoreRate": 2_000,
    }
    assert answer == {
        "data": {"__typename": "Query"},
        "extensions": {"cost": {"requested": 0, "maximum": 5_000, "throttle": throttle}},
    }


async def test_an_operation_that_costs_too_much_is_not_executed_and_not_charged(shop: Shop) -> None:
    query = "{ sessions(first: 100) { nodes { events(first: 100) { nodes { id } } } } }"
    response = await send(shop, json={"query": query})
    message = (
        "An operation has a cost of at most 5,000, this one of 10,201. "
        "Ask for smaller pages, or for fewer lists inside of lists."
    )
    assert answered(response) == (400, refusal(message, "COST_LIMIT_EXCEEDED"))
    assert response.json()["extensions"] == {"cost": {"requested": 10_201, "maximum": 5_000}}


# Each has fields that the schema lacks, too: what is too much is refused before that is looked at.
BEYOND = {
    "a depth of at most 16, this one of 17. Ask for what lies deeper by its ID.": "{ "
    + "no { " * 16
    + "no"
    + " }" * 17,
    "a number of aliases of at most 100, this one of 101. Send several documents.": (
        "{ " + " ".join(f"a{number}: no" for number in range(101)) + " }"
    ),
    "a number of directives of at most 100, this one of 101. Send several documents.": "{ no " + "@no " * 101 + "}",
    "a cost of at most 5,000, this one of 10,201. Ask for smaller pages, or for fewer lists inside of lists.": (
        "{ no sessions(first: 100) { nodes { events(first: 100) { nodes { id } } } } }"
    ),
}


@pytest.mark.parametrize(("message", "query"), BEYOND.items())
async def test_what_is_beyond_a_limit_is_refused_before_it_is_validated(shop: Shop, message: str, query: str) -> None:
    refused = (400, refusal(f"An operation has {message}", "COST_LIMIT_EXCEEDED"))
    assert answered(await send(shop, json={"query": query})) == refused
    double = "{ ...F1 }" + "".join(f" fragment F{n} on Query {{ ...F{n + 1} ...F{n + 1} }}" for n in range(1, 30))
    document = f"{double} fragment F30 on Query {query}"
    assert (await send(shop, json={"query": document})).json()["errors"][0]["extensions"][
        "code"
    ] == "COST_LIMIT_EXCEEDED"


async def test_a_document_of_too_many_tokens_is_refused_while_it_is_read(shop: Shop) -> None:
    for number, code, message in (
        (TOKEN_LIMIT - 2, "GRAPHQL_VALIDATION_FAILED", "Cannot query field 'a0' on type 'Query'."),
        (
            TOKEN_LIMIT - 1,
            "GRAPHQL_PARSE_FAILED",
            f"Syntax Error: Document contains more than {TOKEN_LIMIT} tokens. Parsing aborted.",
        ),
    ):
        query = f"{{ {' '.join(f'a{n}' for n in range(number))} }}"
        status, answer = answered(await send(shop, json={"query": query}))
        error = answer["errors"][0]
        assert (status, error["extensions"]["code"], error["message"]) == (400, code, message)


async def test_a_document_that_repeats_itself_too_often_is_told_what_to_do(shop: Shop) -> None:
    message = "The document selects the same fields too many times: select each once."
    repeated = await send(shop, json={"query": f"{{ store {{ {'slug ' * 300} }} }}"})
    assert answered(repeated) == (400, refusal(message, "GRAPHQL_VALIDATION_FAILED"))
    assert await shop.ask(f"{{ store {{ {'slug ' * 40} }} }}") == {"store": {"slug": shop.slug}}


@pytest.mark.parametrize("request_", [{}, {"query": "{"}, {"query": f"query A {SLUG} query B {SLUG}"}])
async def test_what_was_not_measured_has_no_cost(shop: Shop, request_: dict[str, str]) -> None:
    response = await send(shop, json=request_)
    assert (response.status_code, list(response.json())) == (400, ["errors"])


BROWSER = {"Accept": "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"}


async def test_a_browser_gets_graphiql(http: httpx.AsyncClient) -> None:
    for parameters in ({}, {"query": "{ __typename }"}, {"query": "", "variables": "{"}):
        # A link on another site may lead there.
        page = await http.get("/graphql", params=parameters, headers=BROWSER | {"Sec-Fetch-Site": "cross-site"})
        assert (page.status_code, page.headers["content-type"]) == (200, "text/html; charset=utf-8")
        assert "GraphiQL" in page.text


@pytest.mark.parametrize(("accept", "type"), [("*/*", JSON), (JSON, JSON), (GRAPHQL, GRAPHQL)])
async def test_a_program_does_not_get_graphiql(http: httpx.AsyncClient, accept: str, type: str) -> None:
    response = await http.get("/graphql", params={"query": "{ __typename }"}, headers={"Accept": accept})
    assert answered(response, type) == (200, {"data": {"__typename": "Query"}})
    assert answered(await http.get("/graphql", headers={"Accept": accept}), type) == (400, refusal(NO_QUERY))


async def test_a_persisted_document_and_a_post_are_answered_in_json_even_to_a_browser(http: httpx.AsyncClient) -> None:
    needed = refusal("Persisted documents belong to an app: send an API key.", "UNAUTHENTICATED")
    for url in ("/graphql?documentId=a", "/graphql?id=a", "/graphql?doc_id=a", "/graphql/a"):
        assert answered(await http.get(url, headers=BROWSER)) == (401, needed)
    assert answered(await http.post("/graphql", json={"query": "{ __typename }"}, headers=BROWSER)) == (
        200,
        {"data": {"__typename": "Query"}},
    )


async def test_graphiql_can_be_turned_off(database_url: str) -> None:
    async with serving(replace(settings_for(database_url), graphiql=False)) as url, httpx.AsyncClient() as http:
        assert answered(await http.get(f"{url}/graphql", headers=BROWSER)) == (400, refusal(NO_QUERY))
        neither = refusal(f"Accept must allow {GRAPHQL} or {JSON}, got 'text/html'.")
        assert answered(await http.get(f"{url}/graphql", headers={"Accept": "text/html"})) == (406, neither)


async def test_the_health_check_asks_the_database(http: httpx.AsyncClient) -> None:
    response = await http.get("/health")
    assert (response.status_code, response.text) == (200, "ok")
