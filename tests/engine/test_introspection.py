"""Introspection: available without a key, or off, and then errors suggest no names either (INTROSPECTION)."""

from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
from graphql import build_client_schema, get_introspection_query, print_schema

from db.pool import Pool
from schema.root import schema
from tests.conftest import client_of, settings_for
from tests.support.responses import SLUG, checked
from tests.support.shop import Shop, open_shop


@pytest.fixture(scope="module")
async def closed(database_url: str, db: Pool) -> AsyncIterator[Shop]:
    """A shop at a server without introspection."""
    async with client_of(settings_for(database_url, introspection=False)) as http:
        yield await open_shop(db, http)


@pytest.mark.parametrize("method", ["GET", "POST"])
async def test_introspection_needs_no_key_and_returns_the_whole_schema(http: httpx.AsyncClient, method: str) -> None:
    request = {"query": get_introspection_query(specified_by_url=True)}
    options: dict[str, Any] = {"params": request} if method == "GET" else {"json": request}
    status, answer = checked(await http.request(method, "/graphql", **options))
    assert (status, list(answer)) == (200, ["data"])
    told = print_schema(build_client_schema(answer["data"]))
    assert told == print_schema(schema._schema)
    assert "type Session implements Node" in told


REFUSED = "GraphQL introspection has been disabled, but the requested query contained the field '{}'."


@pytest.mark.parametrize(
    ("query", "fields"),
    [
        ("{ __schema { queryType { name } } }", ["__schema", "queryType"]),
        ('{ __type(name: "Session") { name } }', ["__type"]),
        ("{ ...A } fragment A on Query { a: __schema { description } }", ["__schema"]),
    ],
)
async def test_introspection_is_refused_if_it_is_off(closed: Shop, query: str, fields: list[str]) -> None:
    for key in ({}, closed.headers):
        response = await closed.http.post("/graphql", json={"query": query}, headers=key)
        status, answer = checked(response)
        assert (status, list(answer)) == (400, ["errors"])
        assert [error["message"] for error in answer["errors"]] == [REFUSED.format(field) for field in fields]
        assert {error["extensions"]["code"] for error in answer["errors"]} == {"GRAPHQL_VALIDATION_FAILED"}


async def test_typename_is_allowed_if_introspection_is_off(closed: Shop) -> None:
    store = {"__typename": "Store", "slug": closed.slug}
    assert await closed.ask("{ __typename store { __typename slug } }") == {"__typename": "Query", "store": store}


# Each is one letter away from something of the schema, or leaves something out.
SESSIONS = "{ sessions(filter: $a) { nodes { id } } }"
STATUSES = "{ sessions(filter: {tokenStatus: $a}) { nodes { id } } }"
NEARLY: dict[str, tuple[str, dict[str, Any]]] = {
    "a field": ("{ stor { slug } }", {}),
    "a field of a type": ("{ store { slugg } }", {}),
    "a mutation": ("mutation { revokeTokn { userErrors { code } } }", {}),
    "a field of one of an interface's types": ('{ node(id: "x") { slug } }', {}),
    "a selection that lacks": ("{ store }", {}),
    "a selection of a mutation that lacks": ('mutation { revokeToken(input: {sessionId: "x"}) }', {}),
    "an argument": ("{ sessions(firs: 1) { nodes { id } } }", {}),
    "an argument of a directive": ("{ store { slug @skip(iff: true) } }", {}),
    "a directive": ("{ store { slug @skp(if: true) } }", {}),
    "a type": (f"query ($a: SessionFiltr) {SESSIONS}", {}),
    "a fragment's type": ("{ store { ...A } } fragment A on Stor { slug }", {}),
    "an inline fragment's type": ("{ store { ... on Stor { slug } } }", {}),
    "an enum's value": ("{ sessions(filter: {tokenStatus: [ACTIV]}) { nodes { id } } }", {}),
    "an enum's value as a string": ('{ sessions(filter: {tokenStatus: ["ACTIVE"]}) { nodes { id } } }', {}),
    "an enum's value in a variable": (f"query ($a: [TokenStatus!]) {STATUSES}", {"a": ["ACTIV"]}),
    "an enum's value in a default": (f"query ($a: [TokenStatus!] = [ACTIV]) {STATUSES}", {}),
    "an input field": ("{ sessions(filter: {tokenStats: []}) { nodes { id } } }", {}),
    "an input field in a variable": (f"query ($a: SessionFilter) {SESSIONS}", {"a": {"tokenStats": []}}),
    "an input field deep in a variable": (
        f"query ($a: SessionFilter) {SESSIONS}",
        {"a": {"and": [{"roomId": {"equal": "1"}}]}},
    ),
    "an input field in a variable of a mutation": (
        "mutation ($a: RevokeTokenInput!) { revokeToken(input: $a) { userErrors { code } } }",
        {"a": {"sessionI": "x"}},
    ),
    "a fragment": ("{ store { ...Ab } } fragment Abc on Store { slug }", {}),
    "an operation": (f"query Abc {SLUG}", {}),
}


@pytest.mark.parametrize(("query", "variables"), NEARLY.values(), ids=NEARLY)
async def test_errors_suggest_no_names_if_introspection_is_off(
    closed: Shop, query: str, variables: dict[str, Any]
) -> None:
    request = {"query": query, "variables": variables}
    if query.startswith("query Abc"):
        request["operationName"] = "Ab"
    response = await closed.http.post("/graphql", json=request, headers=closed.headers)
    assert response.status_code == 400
    assert response.json()["errors"]
    assert "Did you mean" not in response.text


async def test_errors_suggest_similar_names_if_introspection_is_on(shop: Shop) -> None:
    texts = {name: (await shop.post(query, **variables)).text for name, (query, variables) in NEARLY.items()}
    silent = [name for name, text in texts.items() if "Did you mean" not in text]
    assert silent == ["a directive", "a fragment", "an operation"]
