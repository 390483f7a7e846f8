"""HTTP_STATUS=draft: statuses and media types as the newest draft of GraphQL over HTTP has them ("Status Codes")."""

from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import httpx
import pytest

from db.pool import Pool
from tests.answers import GRAPHQL, JSON, NO_QUERY, SLUG, answered, ask, refusal
from tests.conftest import serving, settings_for
from tests.shop import Shop, open_shop

# Whoever names JSON alone is answered by the same statuses, and with JSON where it is a success.
ACCEPTS = [("*/*", JSON), (JSON, JSON), (GRAPHQL, GRAPHQL)]


@pytest.fixture(scope="module")
async def draft(database_url: str, db: Pool) -> AsyncIterator[Shop]:
    """A shop at a server that follows the draft."""
    settings = replace(settings_for(database_url), http_status="draft", batch_limit=2)
    async with serving(settings) as url, httpx.AsyncClient(base_url=url) as http:
        yield await open_shop(db, http)


def key(shop: Shop) -> dict[str, str]:
    return {"Authorization": f"Bearer {shop.key}"}


@pytest.mark.parametrize(("accept", "type"), ACCEPTS)
async def test_data_alone_has_the_status_200(draft: Shop, accept: str, type: str) -> None:
    response = await ask(draft.http, accept, query=SLUG, headers=key(draft))
    assert answered(response, type) == (200, {"data": {"store": {"slug": draft.slug}}})


@pytest.mark.parametrize(("accept", "type"), ACCEPTS)
async def test_data_with_errors_has_the_status_294(draft: Shop, accept: str, type: str) -> None:
    bad_id = {
        "message": "An ID looks like session_01h455vb4pex5vsknk084sn02q, got 'x'.",
        "locations": [{"line": 1, "column": 18}],
        "path": ["node"],
        "extensions": {"code": "BAD_USER_INPUT"},
    }
    response = await ask(draft.http, accept, query='{ store { slug } node(id: "x") { id } }', headers=key(draft))
    answer = {"data": {"store": {"slug": draft.slug}, "node": None}, "errors": [bad_id]}
    assert answered(response, type) == (294, answer)


@pytest.mark.parametrize(("accept", "type"), ACCEPTS)
async def test_data_that_is_null_with_errors_has_the_status_294(draft: Shop, accept: str, type: str) -> None:
    too_many = {
        "message": "first must be 0 to 100, got 101.",
        "locations": [{"line": 1, "column": 3}],
        "path": ["sessions"],
        "extensions": {"code": "BAD_USER_INPUT"},
    }
    response = await ask(draft.http, accept, query="{ sessions(first: 101) { nodes { id } } }", headers=key(draft))
    assert answered(response, type) == (294, {"data": None, "errors": [too_many]})


REFUSED: dict[str, tuple[dict[str, Any], int, str]] = {
    "no JSON": ({"content": "{", "headers": {"Content-Type": JSON}}, 400, "BAD_REQUEST"),
    "variables that are no JSON": (
        {"method": "GET", "params": {"query": SLUG, "variables": "{"}},
        400,
        "BAD_REQUEST",
    ),
    "no object": ({"json": 5}, 422, "BAD_REQUEST"),
    "no query": ({"json": {}}, 422, "BAD_REQUEST"),
    "a query that is no string": ({"json": {"query": 5}}, 422, "BAD_REQUEST"),
    "variables that are no object": ({"json": {"query": SLUG, "variables": []}}, 422, "BAD_REQUEST"),
    "extensions that are no object": ({"json": {"query": SLUG, "extensions": 0}}, 422, "BAD_REQUEST"),
    "a name that is no string": ({"json": {"query": SLUG, "operationName": False}}, 422, "BAD_REQUEST"),
    "an empty batch": ({"json": []}, 422, "BAD_REQUEST"),
    "a large batch": ({"json": [{"query": SLUG}] * 3}, 422, "BAD_REQUEST"),
    "no GraphQL": ({"json": {"query": "{"}}, 400, "GRAPHQL_PARSE_FAILED"),
    "an unknown field": ({"json": {"query": "{ no }"}}, 422, "GRAPHQL_VALIDATION_FAILED"),
    "an unknown operation": (
        {"json": {"query": SLUG, "operationName": "A"}},
        422,
        "OPERATION_RESOLUTION_FAILURE",
    ),
    "several operations": (
        {"json": {"query": f"query A {SLUG} query B {SLUG}"}},
        422,
        "OPERATION_RESOLUTION_FAILURE",
    ),
    "a variable that does not fit": (
        {"json": {"query": "query ($id: ID!) { node(id: $id) { id } }"}},
        422,
        "BAD_USER_INPUT",
    ),
    "no key": ({"json": {"query": SLUG}}, 401, "UNAUTHENTICATED"),
    "an unknown key": ({"json": {"query": SLUG}, "headers": {"Authorization": "Bearer rk_0"}}, 401, "UNAUTHENTICATED"),
    "another site": (
        {"method": "GET", "params": {"query": SLUG}, "headers": {"Sec-Fetch-Site": "cross-site"}},
        403,
        "BAD_REQUEST",
    ),
    "a mutation by GET": ({"method": "GET", "params": {"query": "mutation { __typename }"}}, 405, "BAD_REQUEST"),
    "another method": ({"method": "PUT"}, 405, "BAD_REQUEST"),
    "a large body": ({"content": b" " * 65_537, "headers": {"Content-Type": JSON}}, 413, "BAD_REQUEST"),
    "text": ({"content": SLUG, "headers": {"Content-Type": "text/plain"}}, 415, "BAD_REQUEST"),
}


@pytest.mark.parametrize(("request_", "status", "code"), REFUSED.values(), ids=REFUSED)
async def test_a_refusal_has_the_status_and_the_type_of_the_draft(
    draft: Shop, request_: dict[str, Any], status: int, code: str
) -> None:
    request_ = {"method": "POST", "url": "/graphql"} | request_
    headers = request_.pop("headers", {})
    for accept, _ in ACCEPTS:
        response = await draft.http.request(**request_, headers=headers | {"Accept": accept})
        got, answer = answered(response, GRAPHQL)
        assert (got, list(answer), [error["extensions"]["code"] for error in answer["errors"]]) == (
            status,
            ["errors"],
            [code],
        )


async def test_who_takes_neither_type_has_the_status_406(draft: Shop) -> None:
    message = f"Accept must allow {GRAPHQL} or {JSON}, got 'text/html'."
    assert answered(await ask(draft.http, "text/html"), GRAPHQL) == (406, refusal(message))


async def test_what_refuses_a_request_says_the_same_as_without_the_draft(draft: Shop, http: httpx.AsyncClient) -> None:
    for body in ({}, {"query": "{ no }"}, {"query": SLUG, "operationName": "A"}):
        by_draft = (await ask(draft.http, GRAPHQL, json=body)).json()
        assert by_draft == (await ask(http, GRAPHQL, json=body)).json()
    assert (await ask(draft.http, GRAPHQL, json={})).json() == refusal(NO_QUERY)
