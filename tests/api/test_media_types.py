"""Media types: which one an answer has, and which status with it (GraphQL over HTTP, "Accept")."""

from collections.abc import AsyncIterator
from typing import Any
from urllib.parse import urlsplit

import asyncpg
import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.media_types import ACCEPT_LENGTH, media_type
from db.pool import Pool
from tests.conftest import serving, settings_for
from tests.support.answers import GRAPHQL, JSON, SLUG, answered, ask, refusal
from tests.support.shop import Shop, new_app, open_shop

TYPENAME = (200, {"data": {"__typename": "Query"}})
TAKES_JSON = [
    (),
    ("",),
    ("*/*",),
    ("*",),
    ("application/*",),
    (JSON,),
    ("Application/JSON",),
    (f"{JSON}; charset=utf-8",),
    (f", {JSON},",),
    (f"text/html, {JSON};q=0.1",),
    (f"{JSON}, {GRAPHQL};q=0.9",),
    (f"{GRAPHQL};q=0.1, */*;q=0.2",),
    (f"{GRAPHQL};q=0, */*;q=0.1",),
    (f"{JSON};q=nonsense",),
    ("text/html", JSON),
    (JSON, f"{GRAPHQL};q=0.9"),
]
TAKES_GRAPHQL = [
    (GRAPHQL,),
    (GRAPHQL.upper(),),
    (f"{GRAPHQL}; charset=utf-8",),
    (f"{JSON}, {GRAPHQL}",),
    (f"{GRAPHQL}, {JSON};q=0.9",),
    (f"{GRAPHQL}, {JSON};q=0.9, */*;q=0.1",),
    (f"{GRAPHQL}, */*",),
    (f"text/html;q=0.9, {GRAPHQL};q=0.1",),
    (f"{JSON};q=0, */*",),
    (f"{JSON};q=0.5, application/*",),
    (f"{JSON};q=0.5", GRAPHQL),
    ("text/html", f"{JSON};q=0", "*/*;q=0.1"),
]
TAKES_NEITHER = [
    ("text/html",),
    ("text/*, image/png",),
    ("application/xml",),
    ("application/json5",),
    ("json",),
    (f"{JSON};q=0",),
    (f"{JSON};q=0.0, {GRAPHQL};q=0",),
    ("*/*;q=0",),
    (f"{JSON};q=0, {GRAPHQL};q=0, */*",),
    ("text/html", "text/plain"),
]


@pytest.mark.parametrize("accept", TAKES_JSON)
async def test_who_likes_json_at_least_as_well_gets_json(http: httpx.AsyncClient, accept: tuple[str, ...]) -> None:
    assert answered(await ask(http, *accept), JSON) == TYPENAME


@pytest.mark.parametrize("accept", TAKES_GRAPHQL)
async def test_who_names_the_type_of_graphql_or_likes_it_better_gets_it(
    http: httpx.AsyncClient, accept: tuple[str, ...]
) -> None:
    assert answered(await ask(http, *accept), GRAPHQL) == TYPENAME


@pytest.mark.parametrize("accept", TAKES_NEITHER)
async def test_who_takes_neither_type_is_told_so_in_json(http: httpx.AsyncClient, accept: tuple[str, ...]) -> None:
    message = f"Accept must allow {GRAPHQL} or {JSON}, got {', '.join(accept)!r}."
    assert answered(await ask(http, *accept), JSON) == (406, refusal(message))


async def test_a_list_of_types_that_no_client_needs_is_not_read(http: httpx.AsyncClient) -> None:
    accept = "*/*," * (ACCEPT_LENGTH // 4)
    assert answered(await ask(http, accept)) == TYPENAME
    message = f"Accept must allow {GRAPHQL} or {JSON}, got {accept[:100]!r}."
    assert answered(await ask(http, f"{accept},")) == (406, refusal(message))


QUALITIES = st.sampled_from(["0", "0.1", "0.5", "0.50", "1", "1.000"])
RANGES = st.sampled_from([JSON, GRAPHQL, "application/*", "*/*", "text/html", "text/*"])


@given(st.dictionaries(RANGES, QUALITIES, min_size=1))
def test_the_type_is_one_that_is_liked_best(ranges: dict[str, str]) -> None:
    def quality(type: str) -> float:
        """That of the most specific range (RFC 9110, section 12.5.1)."""
        return next((float(ranges[range]) for range in (type, "application/*", "*/*") if range in ranges), 0.0)

    best = max(quality(JSON), quality(GRAPHQL))
    alike = quality(JSON) == quality(GRAPHQL)
    chosen = (GRAPHQL if GRAPHQL in ranges else JSON) if alike else (JSON if quality(JSON) == best else GRAPHQL)
    accept = ", ".join(f"{range};q={q}" for range, q in ranges.items())
    assert media_type(accept.encode()) == (chosen if best else None)


async def test_nothing_is_executed_for_who_does_not_take_the_answer(shop: Shop) -> None:
    session = await shop.create()
    mutation = f'mutation {{ revokeToken(input: {{sessionId: "{session["id"]}"}}) {{ userErrors {{ code }} }} }}'
    response = await ask(shop.http, "text/html", query=mutation, headers={"Authorization": f"Bearer {shop.key}"})
    assert response.status_code == 406
    assert await shop.session(session["id"]) == session


INVALID = [
    ("{ store { slug }", None, "GRAPHQL_PARSE_FAILED", "Syntax Error: Expected Name, found <EOF>.", [(1, 17)], None),
    (
        "{ storr { slug } }",
        None,
        "GRAPHQL_VALIDATION_FAILED",
        "Cannot query field 'storr' on type 'Query'. Did you mean 'store'?",
        [(1, 3)],
        1,
    ),
    (
        "query A { __typename } query B { __typename }",
        None,
        "OPERATION_RESOLUTION_FAILURE",
        "The document has several operations: operationName is needed.",
        None,
        None,
    ),
    (
        "query ($id: ID!) { node(id: $id) { id } }",
        {"id": None},
        "BAD_USER_INPUT",
        "Variable '$id' has invalid value: Expected value of non-null type 'ID!' not to be None.",
        [(1, 8)],
        1,
    ),
]


@pytest.mark.parametrize(
    ("accept", "media_type", "status"),
    [
        ((JSON,), JSON, 200),
        ((f"{JSON};q=0.5, text/html",), JSON, 200),
        (("text/html", JSON), JSON, 200),
        (("*/*",), JSON, 400),
        ((), JSON, 400),
        (("application/*",), JSON, 400),
        ((GRAPHQL,), GRAPHQL, 400),
        ((f"{GRAPHQL}, {JSON}",), GRAPHQL, 400),
    ],
)
@pytest.mark.parametrize(("query", "variables", "code", "message", "locations", "cost"), INVALID)
async def test_only_who_names_json_is_told_by_200_that_an_operation_is_invalid(
    http: httpx.AsyncClient,
    accept: tuple[str, ...],
    media_type: str,
    status: int,
    query: str,
    variables: Any,
    code: str,
    message: str,
    locations: list[tuple[int, int]] | None,
    cost: int | None,
) -> None:
    response = await ask(http, *accept, json={"query": query, "variables": variables})
    error: dict[str, Any] = {"message": message, "extensions": {"code": code}}
    if locations:
        error["locations"] = [{"line": line, "column": column} for line, column in locations]
    assert answered(response, media_type) == (status, {"errors": [error]})
    told = {"cost": {"requested": cost, "maximum": 5_000}} if cost else None
    extensions = response.json().get("extensions")
    if extensions:
        assert extensions["cost"].pop("throttle")
    assert extensions == told


@pytest.mark.parametrize(("accept", "media_type"), [("*/*", JSON), (JSON, JSON), (GRAPHQL, GRAPHQL)])
async def test_data_with_errors_has_the_status_200(shop: Shop, accept: str, media_type: str) -> None:
    query = '{ store { slug } node(id: "x") { id } }'
    response = await ask(shop.http, accept, query=query, headers={"Authorization": f"Bearer {shop.key}"})
    error = {
        "message": "An ID must look like session_01h455vb4pex5vsknk084sn02q, got 'x'.",
        "locations": [{"line": 1, "column": 18}],
        "path": ["node"],
        "extensions": {"code": "BAD_USER_INPUT"},
    }
    expected = (200, {"data": {"store": {"slug": shop.slug}, "node": None}, "errors": [error]})
    assert answered(response, media_type) == expected


UNKNOWN_KEY = {"Authorization": "Bearer rk_" + "0" * 52}
NOT_JSON = "Not JSON in UTF-8: the body (unexpected end of data, line 1, column 2)."
REFUSED: dict[str, tuple[dict[str, Any], int, dict[str, Any]]] = {
    "no JSON": ({"content": "{", "headers": {"Content-Type": JSON}}, 400, refusal(NOT_JSON)),
    "no request": ({"json": 5}, 400, refusal("The body must be a JSON object with a query or a documentId.")),
    "a costly operation": (
        {"json": {"query": "{ sessions(first: 100) { nodes { events(first: 100) { nodes { id } } } } }"}},
        400,
        refusal(
            "An operation has a cost of at most 5,000, this one of 10,201. "
            "Ask for smaller pages, or for fewer lists inside of lists.",
            "COST_LIMIT_EXCEEDED",
        ),
    ),
    "an unknown key": (
        {"json": {"query": SLUG}, "headers": UNKNOWN_KEY},
        401,
        refusal("The API key is unknown or revoked, or its app is disabled.", "UNAUTHENTICATED"),
    ),
    "another site": (
        {"method": "GET", "params": {"query": SLUG}, "headers": {"Sec-Fetch-Site": "cross-site"}},
        403,
        refusal(
            "From another site, send one of the headers "
            "authorization, graphql-require-preflight, apollo-require-preflight."
        ),
    ),
    "another path": ({"url": "/nothing"}, 404, refusal("Nothing is here: GraphQL is served at /graphql.")),
    "another method": (
        {"method": "PUT"},
        405,
        refusal("GraphQL is served by GET and POST, not by PUT."),
    ),
    "a large body": (
        {"content": b" " * 65_537, "headers": {"Content-Type": JSON}},
        413,
        refusal("A request has at most 65536 bytes."),
    ),
    "text": (
        {"content": "{ __typename }", "headers": {"Content-Type": "text/plain"}},
        415,
        refusal("The Content-Type must be application/json in UTF-8, got 'text/plain'."),
    ),
}


@pytest.mark.parametrize(("accept", "media_type"), [("*/*", JSON), (JSON, JSON), (GRAPHQL, GRAPHQL)])
@pytest.mark.parametrize(("request_", "status", "body"), REFUSED.values(), ids=REFUSED)
async def test_a_refusal_has_its_status_and_the_type_that_was_asked_for(
    http: httpx.AsyncClient, accept: str, media_type: str, request_: dict[str, Any], status: int, body: Any
) -> None:
    request_ = {"method": "POST", "url": "/graphql"} | request_
    headers = request_.pop("headers", {}) | {"Accept": accept}
    assert answered(await http.request(**request_, headers=headers), media_type) == (status, body)


async def test_an_app_that_asks_too_much_is_told_so_in_the_type_that_was_asked_for(shop: Shop) -> None:
    slow = await new_app(shop.db, shop.id, ["admin"], rate=1)
    key = {"Authorization": f"Bearer {slow.secret}"}
    most = "{ sessions(first: 100) { nodes { events(first: 47) { nodes { id } } } } }"  # 4,901 of its 5,000 points
    assert (await ask(shop.http, query=most, headers=key)).status_code == 200
    for accept, type in (("*/*", JSON), (JSON, JSON), (GRAPHQL, GRAPHQL)):
        response = await ask(shop.http, accept, query=most, headers=key)
        status, answer = answered(response, type)
        [error] = answer["errors"]
        assert (status, list(answer), error["extensions"]) == (429, ["errors"], {"code": "THROTTLED"})
        assert 4_790 <= int(response.headers["retry-after"]) <= 4_802


@pytest.fixture
async def fragile(own_database_url: str, connection: "asyncpg.Connection[asyncpg.Record]") -> AsyncIterator[Shop]:
    """A shop at a server of its own, whose database does not wait long for a lock."""
    await connection.execute(f"alter database {urlsplit(own_database_url).path[1:]} set lock_timeout to '10ms'")
    db = Pool(own_database_url)
    await db.connect()
    async with serving(settings_for(own_database_url)) as url, httpx.AsyncClient(base_url=url) as http:
        yield await open_shop(db, http)
    await db.disconnect()


async def test_what_goes_wrong_here_has_its_status_and_the_type_that_was_asked_for(
    fragile: Shop, connection: "asyncpg.Connection[asyncpg.Record]"
) -> None:
    key = {"Authorization": f"Bearer {fragile.key}"}
    away = refusal("The database is not available at the moment.", "SERVICE_UNAVAILABLE")
    field = {"locations": [{"line": 1, "column": 3}], "path": ["sessions"]}
    masked = refusal("An internal error occurred. Quote the request ID when you report it.", "INTERNAL_SERVER_ERROR")
    for accept, type in (("*/*", JSON), (JSON, JSON), (GRAPHQL, GRAPHQL)):
        async with connection.transaction():
            await connection.execute("lock table session")
            response = await ask(fragile.http, accept, query="{ sessions { nodes { id } } }", headers=key)
            assert answered(response, type) == (503, {"errors": [away["errors"][0] | field]})
            assert response.headers["retry-after"] == "1"
            await connection.execute("lock table api_key")
            response = await ask(fragile.http, accept, headers={"Authorization": f"Bearer rk_{type}{accept}"})
            assert answered(response, type) == (503, away)
            assert response.headers["retry-after"] == "1"
        await connection.execute("alter table api_key rename to away")
        response = await ask(fragile.http, accept, headers={"Authorization": f"Bearer rk_{type}{accept}"})
        masked["errors"][0]["extensions"]["requestId"] = response.headers["x-request-id"]
        assert answered(response, type) == (500, masked)
        await connection.execute("alter table away rename to api_key")
