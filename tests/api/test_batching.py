"""Batches: off by default, limited in size; each operation has its own answer (BATCH_LIMIT)."""

from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest

from db.api_keys import generate_api_key
from db.pool import Pool
from tests.conftest import client_of, settings_for
from tests.support.persisted_documents import apollo
from tests.support.responses import GRAPHQL, JSON, NO_QUERY, SLUG, TYPENAME, checked, error_body, send
from tests.support.shop import Shop, open_shop

QUERY = {"query": SLUG}
REVOKE = "mutation ($id: ID!) { revokeToken(input: {sessionId: $id}) { session { token { status } } } }"
REISSUE = REVOKE.replace("revoke", "reissue")


@pytest.fixture(scope="module")
async def batching(database_url: str, db: Pool) -> AsyncIterator[Shop]:
    """A shop at a server that accepts batches of up to three operations."""
    async with client_of(settings_for(database_url, batch_limit=3)) as http:
        yield await open_shop(db, http)


async def post(shop: Shop, batch: Any, accept: str = JSON) -> httpx.Response:
    return await send(shop.http, accept, json=batch, headers=shop.headers)


@pytest.mark.parametrize("batch", [[], [QUERY], [QUERY] * 2, [5]])
async def test_a_batch_is_refused_by_default(shop: Shop, batch: list[Any]) -> None:
    assert checked(await post(shop, batch)) == (400, error_body("The body must be a JSON object: batching is off."))


@pytest.mark.parametrize("type", [JSON, GRAPHQL])
async def test_the_answers_of_a_batch_are_in_its_order_with_their_costs(batching: Shop, type: str) -> None:
    store, viewer = {"store": {"slug": batching.slug}}, {"viewer": {"app": {"name": "test"}}}
    named = {"query": "query A { viewer { app { name } } }", "operationName": "A"}
    for batch, expected in (([QUERY, named, QUERY], [(store, 1), (viewer, 2), (store, 1)]), ([QUERY], [(store, 1)])):
        response = await post(batching, batch, type)
        answers = response.json()
        for answer in answers:
            del answer["extensions"]["cost"]["throttle"]
        assert response.headers["content-type"] == f"{type}; charset=utf-8"
        costs = [{"cost": {"requested": n, "maximum": 5_000}} for _, n in expected]
        data = [{"data": data, "extensions": cost} for (data, _), cost in zip(expected, costs, strict=True)]
        assert (response.status_code, answers) == (200, data)


async def test_an_operation_that_fails_does_not_affect_the_others(batching: Shop) -> None:
    response = await post(batching, [{"query": "{"}, apollo("0" * 64), QUERY])
    parse, miss, store = response.json()
    assert response.status_code == 200
    assert (list(parse), parse["errors"][0]["extensions"]) == (["errors"], {"code": "GRAPHQL_PARSE_FAILED"})
    assert miss == error_body("PersistedQueryNotFound", "PERSISTED_QUERY_NOT_FOUND")
    assert store["data"] == {"store": {"slug": batching.slug}}
    # Nor does one that needs an API key.
    typename, named = (await send(batching.http, JSON, json=[{"query": TYPENAME}, {"documentId": "x"}])).json()
    assert typename["data"] == {"__typename": "Query"}
    assert named == error_body("Persisted documents belong to an app: send an API key.", "UNAUTHENTICATED")


async def test_the_mutations_of_a_batch_run_in_its_order(batching: Shop) -> None:
    session = await batching.create()
    batch = [{"query": query, "variables": {"id": session["id"]}} for query in (REISSUE, REVOKE, REISSUE)]
    answers = (await post(batching, batch)).json()
    statuses = [payload["session"]["token"]["status"] for answer in answers for payload in answer["data"].values()]
    assert statuses == ["ACTIVE", "REVOKED", "ACTIVE"]
    assert await batching.event_kinds(session["id"]) == ["ISSUED", "REISSUED", "REVOKED", "REISSUED"]


@pytest.mark.parametrize("size", [0, 4, 1_000])
async def test_the_size_of_a_batch_is_limited(batching: Shop, size: int) -> None:
    response = await post(batching, [QUERY] * size)
    assert checked(response) == (400, error_body(f"A batch has 1 to 3 requests, got {size}."))


@pytest.mark.parametrize(
    ("operation", "message"),
    [
        *((each, "The body must be a JSON object with a query or a documentId.") for each in (5, [QUERY])),
        ({}, NO_QUERY),
        (QUERY | {"variables": []}, "variables must be an object."),
    ],
)
async def test_one_malformed_request_refuses_the_batch(batching: Shop, operation: Any, message: str) -> None:
    session = await batching.create()
    batch = [{"query": REVOKE, "variables": {"id": session["id"]}}, operation]
    assert checked(await post(batching, batch)) == (400, error_body(message))
    assert await batching.session(session["id"]) == session


async def test_an_unknown_api_key_refuses_the_batch(batching: Shop) -> None:
    response = await send(
        batching.http, JSON, json=[QUERY] * 2, headers={"Authorization": f"Bearer {generate_api_key()}"}
    )
    unknown = "The API key is unknown, expired or revoked, or its app is disabled."
    assert checked(response) == (401, error_body(unknown, "UNAUTHENTICATED"))
