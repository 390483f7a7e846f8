"""The rate limit in responses."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from math import ceil

import httpx
import pytest
from graphql import get_introspection_query

from db.rate_limits import take_points
from tests.conftest import client_of, settings_for
from tests.support.logs import recorded_log
from tests.support.responses import error_body
from tests.support.shop import Shop, new_app

STORE = "{ store { id } }"
VIEWER = "{ viewer { rateLimit { available maximum restoreRate } } }"
VIEWER_COST = 2
PAGE = "{ sessions(first: 20) { nodes { id } } }"
CREATE = 'mutation { createSession(input: {customer: {details: {name: "Dewi"}}}) { __typename } }'


@pytest.fixture(scope="module")
async def other_http(database_url: str) -> AsyncIterator[httpx.AsyncClient]:
    """A client of another server on the same database."""
    async with client_of(settings_for(database_url)) as http:
        yield http


async def limited(shop: Shop, rate: int, left: int | None = None) -> Shop:
    """The shop with the key of an app of this rate, which has this number of points left.

    The documents above are known to the server, so that they cost the app nothing.
    """
    for document in (STORE, VIEWER, PAGE):
        await shop.ask(document)
    new = await new_app(shop.db, shop.id, ["admin"], rate=rate)
    if left is not None:
        spent = 5000 - left
        assert (await take_points(shop.db, shop.id, new.app.id, spent, spent, rate, 5000)).granted == spent
    return replace(shop, key=new.secret)


def throttle(available: int, maximum: int = 5000, rate: int = 1) -> dict[str, int]:
    return {"available": available, "maximum": maximum, "restoreRate": rate}


async def test_an_answer_has_the_remaining_points_of_the_app(shop: Shop) -> None:
    client = await limited(shop, rate=1)
    answer = (await client.post(VIEWER)).json()
    cost = answer["extensions"]["cost"]
    assert answer["data"] == {"viewer": {"rateLimit": throttle(5000 - cost["requested"])}}
    assert cost["throttle"] == throttle(5000 - cost["requested"])


async def test_a_throttled_request_is_told_when_to_retry(shop: Shop) -> None:
    client = await limited(shop, rate=1, left=4)
    response = await client.post(PAGE)
    cost = response.json()["extensions"]["cost"]
    requested, available = cost["requested"], cost["throttle"]["available"]
    assert requested > 10
    assert available in (4, 5)  # a moment has passed
    seconds = response.headers["retry-after"]
    assert int(seconds) in (requested - available, requested - available - 1)
    message = (
        f"The request costs {requested} points, and {available} are available. They are restored at a rate "
        f"of 1 per second: try again in {seconds} s."
    )
    cost = {"requested": requested, "maximum": 5000, "throttle": throttle(available)}
    body = error_body(message, "THROTTLED") | {"extensions": {"cost": cost}}
    assert (response.status_code, response.json()) == (429, body)
    assert response.headers["cache-control"] == "no-store"
    assert (await client.post(STORE)).status_code == 200  # costs less than what is left


async def test_the_line_of_a_throttled_request_names_its_app_and_document(shop: Shop) -> None:
    client = await limited(shop, rate=1, left=5)
    with recorded_log() as log:
        lines = [await log.line_of(await client.post(STORE)) for _ in range(6)]
    assert [line["status"] for line in lines[::5]] == [200, 429]
    known = [(line["store"], line["app"], line["document"], line["published"]) for line in lines]
    assert len(set(known)) == 1


async def test_a_throttled_mutation_changes_nothing(shop: Shop) -> None:
    client = await limited(shop, rate=1, left=0)
    response = await client.post(CREATE)
    assert (response.status_code, response.json()["errors"][0]["extensions"]) == (429, {"code": "THROTTLED"})
    assert (await shop.ask("{ sessions { nodes { id } } }"))["sessions"]["nodes"] == []


async def test_an_invalid_request_costs_points_and_takes_no_statement_once_throttled(shop: Shop) -> None:
    client = await limited(shop, rate=1, left=16)
    with recorded_log() as log:
        # An unknown ID each time, a text that is no GraphQL, and one that is not published.
        requests = [
            {name: value.format(number)}
            for number in range(20)
            for name, value in (("documentId", "unknown.{}"), ("query", "{{ {}"), ("query", "{{ x{} }}"))
        ]
        responses = [await shop.http.post("/graphql", json=request, headers=client.headers) for request in requests]
        lines = [await log.line_of(response) for response in responses]
    statuses = [response.status_code for response in responses]
    assert set(statuses[:6]) == {404, 400}
    # A point is restored, and the credential is looked up, once a second.
    seconds = ceil(sum(response.elapsed.total_seconds() for response in responses))
    assert statuses[-30:].count(429) >= 30 - seconds
    assert sum(line["statements"] for line in lines[-30:]) <= 2 * seconds


async def test_requests_without_a_key_share_a_rate_limit_of_their_own(shop: Shop, database_url: str) -> None:
    introspection = {"query": get_introspection_query()}
    async with client_of(settings_for(database_url)) as http:
        responses = [await http.post("/graphql", json=introspection) for _ in range(30)]
        statuses = [response.status_code for response in responses]
        assert (statuses[:3], statuses[-1]) == ([200, 200, 200], 429)
        refused = responses[-1]
        assert refused.json()["errors"][0]["extensions"] == {"code": "THROTTLED"}
        cost = refused.json()["extensions"]["cost"]
        assert cost["throttle"] == throttle(cost["throttle"]["available"], 40_000, 2_000)
        missing = cost["requested"] - cost["throttle"]["available"]
        assert missing > 0
        assert refused.headers["retry-after"] == str(ceil(missing / 2_000))
        await replace(shop, http=http).ask(STORE)


@pytest.mark.parametrize(
    ("document", "price"),
    [
        ("query New { store { id } }", 8),
        ('{ session(id: "a") { ...A } } fragment A on Session { id }', 23),
        ("{ nothing }", 28),  # 3, and 25 for the error
        ("{ viewer { id }", 5),  # has a syntax error
        ("# two words\n{,,, store { name } }", 9),
        (" " * 700 + "{ store { slug } }", 8),  # 6, and 2 for its size
        ("{ " + "a: __typename " * 500 + "}", 1_027),  # 1,000 at most, and 27 for its size
    ],
)
async def test_a_new_document_is_charged_by_its_size(shop: Shop, document: str, price: int) -> None:
    client = await limited(shop, rate=1)
    answer = (await client.post(document)).json()
    requested = answer.get("extensions", {}).get("cost", {}).get("requested", 0)
    left = (await client.ask(VIEWER))["viewer"]["rateLimit"]["available"]
    spent = price + max(1, requested) + VIEWER_COST
    assert left in (5000 - spent, 5001 - spent)  # a moment has passed


async def test_a_new_document_is_charged_before_it_is_parsed(shop: Shop) -> None:
    client = await limited(shop, rate=1, left=900)
    refused = await client.post("{" * 2_000)
    assert refused.status_code == 429
    assert "The request costs 1007 points, and 900 are available" in refused.json()["errors"][0]["message"]


async def test_a_document_that_the_worker_knows_costs_its_operation_only(shop: Shop) -> None:
    client, document = await limited(shop, rate=1), "query Known { store { id name } }"
    costs = [(await client.post(document)).json()["extensions"]["cost"] for _ in range(3)]
    assert [cost["requested"] for cost in costs] == [1, 1, 1]
    available = [cost["throttle"]["available"] for cost in costs]
    assert available[0] in (4990, 4991)
    assert available[0] - available[2] in (1, 2)


async def test_large_variables_are_charged_by_their_size(shop: Shop) -> None:
    client = await limited(shop, rate=1)
    document = "query ($ids: [ID!]!) { nodes(ids: $ids) { id } }"
    await shop.ask(document, ids=[])
    left = 5000
    for number, surcharge in ((100, 0), (1_000, 0), (2_000, 61), (10_000, 561)):
        await client.post(document, ids=["a"] * number)
        left -= 100 + surcharge + VIEWER_COST
        available = (await client.ask(VIEWER))["viewer"]["rateLimit"]["available"]
        assert (number, available - left in (0, 1)) == (number, True)
        left = available


async def test_a_changed_rate_takes_effect_within_a_second_on_every_server(
    shop: Shop, other_http: httpx.AsyncClient
) -> None:
    new = await new_app(shop.db, shop.id, ["admin"], rate=1)
    clients = [replace(shop, key=new.secret), replace(shop, key=new.secret, http=other_http)]
    for client in clients:
        assert (await client.ask(VIEWER))["viewer"]["rateLimit"]["maximum"] == 5000
    payload = await shop.change("updateApp", "app { rate }", id=new.app.id, rate=700)
    assert payload == {"app": {"rate": 700}, "userErrors": []}
    clock = asyncio.get_running_loop().time
    changed = clock()
    while clock() < changed + 1:  # however often it is used meanwhile
        for client in clients:
            await client.post(STORE)
    for client in clients:
        limit = (await client.ask(VIEWER))["viewer"]["rateLimit"]
        assert (limit["maximum"], limit["restoreRate"]) == (7000, 700)
