"""The media type and the status of a response (GraphQL over HTTP, "Accept")."""

from collections.abc import AsyncIterator
from typing import Any
from urllib.parse import urlsplit

import asyncpg
import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.media_types import ACCEPT_LENGTH, media_type
from db.api_keys import generate_api_key
from tests.conftest import settings_for, shop_at
from tests.support.responses import GRAPHQL, JSON, SLUG, TYPENAME, checked, error_body, send
from tests.support.shop import Shop, new_app

TAKES_JSON = [
    (), ("",), ("*/*",), ("*",), ("application/*",), (JSON,), ("Application/JSON",), (f"{JSON}; charset=utf-8",),
    (f", {JSON},",), (f"text/html, {JSON};q=0.1",), (f"{JSON}, {GRAPHQL};q=0.9",), (f"{GRAPHQL};q=0.1, */*;q=0.2",),
    (f"{GRAPHQL};q=0, */*;q=0.1",), (f"{JSON};q=nonsense",), ("text/html", JSON), (JSON, f"{GRAPHQL};q=0.9"),
]  # fmt: skip
TAKES_GRAPHQL = [
    (GRAPHQL,), (GRAPHQL.upper(),), (f"{GRAPHQL}; charset=utf-8",), (f"{JSON}, {GRAPHQL}",), (f"{GRAPHQL}, */*",),
    (f"{GRAPHQL}, {JSON};q=0.9",), (f"{GRAPHQL}, {JSON};q=0.9, */*;q=0.1",), (f"text/html;q=0.9, {GRAPHQL};q=0.1",),
    (f"{JSON};q=0, */*",), (f"{JSON};q=0.5, application/*",), (f"{JSON};q=0.5", GRAPHQL),
    ("text/html", f"{JSON};q=0", "*/*;q=0.1"),
]  # fmt: skip
TAKES_NEITHER = [
    ("text/html",), ("text/*, image/png",), ("application/xml",), ("application/json5",), ("json",), (f"{JSON};q=0",),
    (f"{JSON};q=0.0, {GRAPHQL};q=0",), ("*/*;q=0",), (f"{JSON};q=0, {GRAPHQL};q=0, */*",), ("text/html", "text/plain"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("accept", "type"), [*((accept, JSON) for accept in TAKES_JSON), *((accept, GRAPHQL) for accept in TAKES_GRAPHQL)]
)
async def test_the_media_type_is_the_preferred_one_and_json_wins_without_a_preference(
    http: httpx.AsyncClient, accept: tuple[str, ...], type: str
) -> None:
    assert checked(await send(http, *accept), type) == (200, {"data": {"__typename": "Query"}})


@pytest.mark.parametrize("accept", TAKES_NEITHER)
async def test_a_client_that_accepts_neither_media_type_is_refused(
    http: httpx.AsyncClient, accept: tuple[str, ...]
) -> None:
    message = f"Accept must allow {GRAPHQL} or {JSON}, got {', '.join(accept)!r}."
    assert checked(await send(http, *accept), JSON) == (406, error_body(message))


async def test_a_very_long_accept_header_is_refused(http: httpx.AsyncClient) -> None:
    accept = "*/*," * (ACCEPT_LENGTH // 4)
    assert checked(await send(http, accept)) == (200, {"data": {"__typename": "Query"}})
    message = f"Accept must allow {GRAPHQL} or {JSON}, got {accept[:100]!r}."
    assert checked(await send(http, f"{accept},")) == (406, error_body(message))


QUALITIES = st.sampled_from(["0", "0.1", "0.5", "0.50", "1", "1.000"])
RANGES = st.sampled_from([JSON, GRAPHQL, "application/*", "*/*", "text/html", "text/*"])


@given(st.dictionaries(RANGES, QUALITIES, min_size=1))
def test_the_media_type_has_the_highest_quality(ranges: dict[str, str]) -> None:
    def quality(type: str) -> float:
        """The quality of the most specific range (RFC 9110 §12.5.1)."""
        return next((float(ranges[range]) for range in (type, "application/*", "*/*") if range in ranges), 0.0)

    best = max(quality(JSON), quality(GRAPHQL))
    alike = quality(JSON) == quality(GRAPHQL)
    chosen = (GRAPHQL if GRAPHQL in ranges else JSON) if alike else (JSON if quality(JSON) == best else GRAPHQL)
    accept = ", ".join(f"{range};q={q}" for range, q in ranges.items())
    assert media_type(accept.encode()) == (chosen if best else None)


async def test_nothing_is_executed_if_no_media_type_is_accepted(shop: Shop) -> None:
    session = await shop.create()
    mutation = f'mutation {{ revokeToken(input: {{sessionId: "{session["id"]}"}}) {{ userErrors {{ code }} }} }}'
    response = await send(shop.http, "text/html", query=mutation, headers=shop.headers)
    assert response.status_code == 406
    assert await shop.session(session["id"]) == session


NO_FIELD = "Cannot query field 'storr' on type 'Query'. Did you mean 'store'?"
SEVERAL = "The document has several operations: operationName is required."
ID_IS_NULL = "Variable '$id' has invalid value: Expected value of non-null type 'ID!' not to be None."
# A document, its variables, and the code, message and column of its error.
INVALID: list[tuple[str, Any, str, str, int | None]] = [
    ("{ store { slug }", None, "GRAPHQL_PARSE_FAILED", "Syntax Error: Expected Name, found <EOF>.", 17),
    ("{ storr { slug } }", None, "GRAPHQL_VALIDATION_FAILED", NO_FIELD, 3),
    ("query A { __typename } query B { __typename }", None, "OPERATION_RESOLUTION_FAILURE", SEVERAL, None),
    ("query ($id: ID!) { node(id: $id) { id } }", {"id": None}, "BAD_USER_INPUT", ID_IS_NULL, 8),
]


@pytest.mark.parametrize(
    ("accept", "media_type", "status"),
    [
        *((accept, JSON, 200) for accept in ((JSON,), (f"{JSON};q=0.5, text/html",), ("text/html", JSON))),
        *((accept, JSON, 400) for accept in (("*/*",), (), ("application/*",))),
        *((accept, GRAPHQL, 400) for accept in ((GRAPHQL,), (f"{GRAPHQL}, {JSON}",))),
    ],
)
async def test_an_invalid_operation_has_the_status_200_only_if_json_is_named(
    http: httpx.AsyncClient, accept: tuple[str, ...], media_type: str, status: int
) -> None:
    for query, variables, code, message, column in INVALID:
        response = await send(http, *accept, json={"query": query, "variables": variables})
        error: dict[str, Any] = {"message": message, "extensions": {"code": code}}
        if column:
            error["locations"] = [{"line": 1, "column": column}]
        assert checked(response, media_type) == (status, {"errors": [error]})


each_type = pytest.mark.parametrize(("accept", "media_type"), [("*/*", JSON), (JSON, JSON), (GRAPHQL, GRAPHQL)])


@each_type
async def test_data_with_errors_has_the_status_200(shop: Shop, accept: str, media_type: str) -> None:
    query = '{ store { slug } node(id: "x") { id } }'
    response = await send(shop.http, accept, query=query, headers=shop.headers)
    error = {
        "message": "An ID must look like session_01h455vb4pex5vsknk084sn02q, got 'x'.",
        "locations": [{"line": 1, "column": 18}],
        "path": ["node"],
        "extensions": {"code": "BAD_USER_INPUT"},
    }
    expected = (200, {"data": {"store": {"slug": shop.slug}, "node": None}, "errors": [error]})
    assert checked(response, media_type) == expected


PREFLIGHTS = "authorization, graphql-require-preflight, apollo-require-preflight"
REFUSED: dict[str, tuple[dict[str, Any], int, dict[str, Any]]] = {
    "invalid JSON": (
        {"content": "{", "headers": {"Content-Type": JSON}},
        400,
        error_body("The body is not JSON in UTF-8 (unexpected end of data, line 1, column 2)."),
    ),
    "an unknown key": (
        {"json": {"query": SLUG}, "headers": {"Authorization": f"Bearer {generate_api_key()}"}},
        401,
        error_body("The API key is unknown, expired or revoked, or its app is disabled.", "UNAUTHENTICATED"),
    ),
    "another site": (
        {"method": "GET", "params": {"query": SLUG}, "headers": {"Sec-Fetch-Site": "cross-site"}},
        403,
        error_body(f"From another site, send one of the headers {PREFLIGHTS}."),
    ),
    "another path": ({"url": "/nothing"}, 404, error_body("Not found: GraphQL is served at /graphql.")),
    "another method": ({"method": "PUT"}, 405, error_body("Use GET or POST, not PUT.")),
    "another type": (
        {"content": TYPENAME, "headers": {"Content-Type": "text/plain"}},
        415,
        error_body("The Content-Type must be application/json in UTF-8, got 'text/plain'."),
    ),
}


@each_type
@pytest.mark.parametrize(("request_", "status", "body"), REFUSED.values(), ids=REFUSED)
async def test_a_refusal_has_its_status_and_the_accepted_media_type(
    http: httpx.AsyncClient, accept: str, media_type: str, request_: dict[str, Any], status: int, body: Any
) -> None:
    request_ = {"method": "POST", "url": "/graphql"} | request_
    headers = request_.pop("headers", {}) | {"Accept": accept}
    assert checked(await http.request(**request_, headers=headers), media_type) == (status, body)


@each_type
async def test_a_throttled_request_has_the_accepted_media_type(shop: Shop, accept: str, media_type: str) -> None:
    slow = await new_app(shop.db, shop.id, ["admin"], rate=1)
    key = {"Authorization": f"Bearer {slow.secret}"}
    most = "{ sessions(first: 100) { nodes { events(first: 47) { nodes { id } } } } }"  # 4,901 of its 5,000 points
    for headers in (shop.headers, key):  # the first one pays for the document
        assert (await send(shop.http, query=most, headers=headers)).status_code == 200
    response = await send(shop.http, accept, query=most, headers=key)
    status, answer = checked(response, media_type)
    [error] = answer["errors"]
    assert (status, list(answer), error["extensions"]) == (429, ["errors"], {"code": "THROTTLED"})
    assert 4_790 <= int(response.headers["retry-after"]) <= 4_802


@pytest.fixture
async def fragile(own_database_url: str, connection: "asyncpg.Connection[asyncpg.Record]") -> AsyncIterator[Shop]:
    """A shop at a server whose database has a short lock timeout."""
    await connection.execute(f"alter database {urlsplit(own_database_url).path[1:]} set lock_timeout to '10ms'")
    async with shop_at(settings_for(own_database_url)) as shop:
        yield shop


@each_type
async def test_an_internal_error_has_its_status_and_the_accepted_media_type(
    fragile: Shop, connection: "asyncpg.Connection[asyncpg.Record]", accept: str, media_type: str
) -> None:
    away = error_body("The database is not available at the moment.", "SERVICE_UNAVAILABLE")
    field = {"locations": [{"line": 1, "column": 3}], "path": ["sessions"]}
    masked = error_body("An internal error occurred. Quote the request ID when you report it.", "INTERNAL_SERVER_ERROR")
    async with connection.transaction():
        await connection.execute("lock table session")
        response = await send(fragile.http, accept, query="{ sessions { nodes { id } } }", headers=fragile.headers)
        assert checked(response, media_type) == (503, {"errors": [away["errors"][0] | field]})
        assert response.headers["retry-after"] == "1"
        await connection.execute("lock table api_key")
        response = await send(fragile.http, accept, headers={"Authorization": f"Bearer {generate_api_key()}"})
        assert checked(response, media_type) == (503, away)
        assert response.headers["retry-after"] == "1"
    await connection.execute("alter table api_key rename to away")
    response = await send(fragile.http, accept, headers={"Authorization": f"Bearer {generate_api_key()}"})
    masked["errors"][0]["extensions"]["requestId"] = response.headers["x-request-id"]
    assert checked(response, media_type) == (500, masked)
