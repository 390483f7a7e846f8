"""Batches: off unless set, then capped; each operation has its own answer (BATCH_LIMIT)."""

from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import httpx
import pytest

from db.pool import Pool
from tests.conftest import serving, settings_for
from tests.support.answers import GRAPHQL, JSON, NO_QUERY, SLUG, answered, ask, refusal
from tests.support.shop import Shop, open_shop

OFF = "The body must be a JSON object: batching is off."


@pytest.fixture(scope="module")
async def batching(database_url: str, db: Pool) -> AsyncIterator[Shop]:
    """A shop at a server that takes batches of up to three."""
    async with (
        serving(replace(settings_for(database_url), batch_limit=3)) as url,
        httpx.AsyncClient(base_url=url) as http,
    ):
        yield await open_shop(db, http)


async def send(shop: Shop, batch: Any, accept: str = JSON) -> httpx.Response:
    return await ask(shop.http, accept, json=batch, headers={"Authorization": f"Bearer {shop.key}"})


@pytest.mark.parametrize("batch", [[], [{"query": SLUG}], [{"query": SLUG}] * 2, [5]])
async def test_a_batch_is_refused_unless_batching_is_on(shop: Shop, batch: list[Any]) -> None:
    assert answered(await send(shop, batch)) == (400, refusal(OFF))


async def test_what_takes_a_key_leaves_the_others_without_one_their_answers(batching: Shop) -> None:
    response = await ask(batching.http, JSON, json=[{"query": "{ __typename }"}, {"documentId": "x"}])
    typename, named = response.json()
    assert (response.status_code, typename["data"]) == (200, {"__typename": "Query"})
    assert named == refusal("Persisted documents belong to an app: send an API key.", "UNAUTHENTICATED")


@pytest.mark.parametrize("type", [JSON, GRAPHQL])
async def test_a_batch_is_answered_in_its_order_each_operation_with_its_cost(batching: Shop, type: str) -> None:
    store = {"data": {"store": {"slug": batching.slug}}, "extensions": {"cost": {"requested": 1, "maximum": 5_000}}}
    viewer = {
        "data": {"viewer": {"app": {"name": "test"}}},
        "extensions": {"cost": {"requested": 2, "maximum": 5_000}},
    }
    batch = [{"query": SLUG}, {"query": "query A { viewer { app { name } } }", "operationName": "A"}, {"query": SLUG}]
    response = await send(batching, batch, type)
    assert response.headers["content-type"] == f"{type}; charset=utf-8"
    assert (response.status_code, without_throttle(response.json())) == (200, [store, viewer, store])


async def test_a_batch_of_one_is_answered_by_a_list(batching: Shop) -> None:
    [answer] = (await send(batching, [{"query": SLUG}])).json()
    assert answer["data"] == {"store": {"slug": batching.slug}}


async def test_an_operation_that_fails_leaves_the_others_their_answers(batching: Shop) -> None:
    unknown = {"extensions": {"persistedQuery": {"version": 1, "sha256Hash": "0" * 64}}}
    response = await send(batching, [{"query": "{"}, unknown, {"query": SLUG}])
    parse, miss, store = response.json()
    assert response.status_code == 200
    assert (list(parse), parse["errors"][0]["extensions"]) == (["errors"], {"code": "GRAPHQL_PARSE_FAILED"})
    assert miss == refusal("PersistedQueryNotFound", "PERSISTED_QUERY_NOT_FOUND")
    assert store["data"] == {"store": {"slug": batching.slug}}


async def test_mutations_of_a_batch_are_executed_in_its_order(batching: Shop) -> None:
    session = await batching.create()
    mutation = "mutation ($input: {}Input!) {{ {}(input: $input) {{ session {{ token {{ status }} }} }} }}"
    batch = [
        {
            "query": mutation.format("ReissueToken", "reissueToken"),
            "variables": {"input": {"sessionId": session["id"]}},
        },
        {"query": mutation.format("RevokeToken", "revokeToken"), "variables": {"input": {"sessionId": session["id"]}}},
        {
            "query": mutation.format("ReissueToken", "reissueToken"),
            "variables": {"input": {"sessionId": session["id"]}},
        },
    ]
    answers = (await send(batching, batch)).json()
    assert [next(iter(answer["data"].values()))["session"]["token"]["status"] for answer in answers] == [
        "ACTIVE",
        "REVOKED",
        "ACTIVE",
    ]
    assert await batching.event_kinds(session["id"]) == ["ISSUED", "REISSUED", "REVOKED", "REISSUED"]


@pytest.mark.parametrize("size", [0, 4, 1_000])
async def test_a_batch_has_as_many_operations_as_is_set(batching: Shop, size: int) -> None:
    batch = [{"query": SLUG}] * size
    assert answered(await send(batching, batch)) == (400, refusal(f"A batch has 1 to 3 requests, got {size}."))


@pytest.mark.parametrize(
    ("operation", "message"),
    [
        (5, "The body must be a JSON object with a query or a documentId."),
        ([{"query": SLUG}], "The body must be a JSON object with a query or a documentId."),
        ({}, NO_QUERY),
        ({"query": SLUG, "variables": []}, "variables must be an object."),
    ],
)
async def test_nothing_of_a_batch_is_executed_where_one_is_malformed(
    batching: Shop, operation: Any, message: str
) -> None:
    session = await batching.create()
    mutation = f'mutation {{ revokeToken(input: {{sessionId: "{session["id"]}"}}) {{ userErrors {{ code }} }} }}'
    assert answered(await send(batching, [{"query": mutation}, operation])) == (400, refusal(message))
    assert await batching.session(session["id"]) == session


async def test_what_refuses_the_asker_refuses_the_batch(batching: Shop) -> None:
    response = await ask(batching.http, JSON, json=[{"query": SLUG}] * 2, headers={"Authorization": "Bearer rk_0"})
    unknown = "The API key is unknown or revoked, or its app is disabled."
    assert answered(response) == (401, refusal(unknown, "UNAUTHENTICATED"))


def without_throttle(answers: Any) -> Any:
    """The answers without what the app has left, which depends on the time."""
    for answer in answers:
        answer["extensions"]["cost"].pop("throttle", None)
    return answers
