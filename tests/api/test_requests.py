"""Which requests are accepted, and the errors about malformed ones (GraphQL over HTTP, "Request")."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx
import pytest

from tests.conftest import serving, settings_for
from tests.support.logs import recorded_log
from tests.support.responses import JSON, NO_QUERY, checked, error_body
from tests.support.shop import Shop

TYPENAME = '{"query": "{ __typename }"}'
ANSWERED = (200, {"data": {"__typename": "Query"}})
NO_OBJECT = "The body must be a JSON object with a query or a documentId."


async def post(http: httpx.AsyncClient, content: Any, *content_types: str, shop: Shop | None = None) -> tuple[int, Any]:
    """Send a body, with the shop's key if there is one."""
    headers = [("Content-Type", each) for each in content_types or (JSON,)]
    headers += shop.headers.items() if shop else []
    return checked(await http.post("/graphql", content=content, headers=headers))


@pytest.mark.parametrize(
    "content_type",
    [
        *(
            f"application/json{more}"
            for more in ("; charset=utf-8", ";charset=UTF-8", '; charset="utf-8"', ";", " ;x=y")
        ),
        *("application/json; charset=utf8", "APPLICATION/JSON"),
    ],
)
async def test_a_json_content_type_is_accepted(http: httpx.AsyncClient, content_type: str) -> None:
    assert await post(http, TYPENAME, content_type) == ANSWERED


@pytest.mark.parametrize(
    "content_types",
    [
        *(("",), ("json",), ("text/plain",), ("text/plain;application/json",), ("application/graphql",)),
        *(("application/json5",), ("application/x-www-form-urlencoded",), ("multipart/form-data; boundary=x",)),
        *(("text/json, application/json",), ("application/json, text/json",), ("text/plain", "application/json")),
        *((f"application/json; charset={name}",) for name in ("latin-1", "utf-16", "")),
        ("application/json", "text/plain"),
    ],
)
async def test_another_content_type_is_refused(http: httpx.AsyncClient, content_types: tuple[str, ...]) -> None:
    message = f"The Content-Type must be application/json in UTF-8, got {', '.join(content_types)!r}."
    assert await post(http, TYPENAME, *content_types) == (415, error_body(message))


async def test_a_missing_or_long_content_type_is_refused(http: httpx.AsyncClient) -> None:
    message = "The Content-Type must be application/json in UTF-8, got {!r}."
    assert checked(await http.post("/graphql", content=TYPENAME)) == (415, error_body(message.format("")))
    assert await post(http, TYPENAME, "a" * 10_000) == (415, error_body(message.format("a" * 100)))


@pytest.mark.parametrize("method", ["HEAD", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "PROPFIND"])
@pytest.mark.parametrize("path", ["/graphql", "/graphql/sha256:0"])
async def test_another_method_is_refused(http: httpx.AsyncClient, method: str, path: str) -> None:
    response = await http.request(method, path, content=TYPENAME, headers={"Content-Type": JSON})
    assert response.headers["allow"] == "GET, POST"
    if method == "HEAD":
        assert (response.status_code, response.content) == (405, b"")
    else:
        assert checked(response) == (405, error_body(f"Use GET or POST, not {method}."))


@pytest.mark.parametrize("path", ["/nothing", "/graphql/", "//graphql", "/graphql/a/b", "/.env", "/%2e%2e/x", "/%ff"])
@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "OPTIONS"])
async def test_another_path_is_answered_in_json(http: httpx.AsyncClient, method: str, path: str) -> None:
    response = await http.request(method, httpx.URL(str(http.base_url).rstrip("/") + path))
    assert checked(response) == (404, error_body("Not found: GraphQL is served at /graphql."))


async def test_another_method_on_another_path_is_refused_in_json(http: httpx.AsyncClient) -> None:
    response = await http.post("/health/live")
    assert response.headers["allow"] in ("GET, HEAD", "HEAD, GET")
    assert checked(response) == (405, error_body("Method Not Allowed"))


@pytest.mark.parametrize(
    ("body", "column"),
    [
        *((b"{", 2), (b"\0", 1), (b"nonsense", 1), (b"\xff\xfe", 1), (b"\xef\xbb\xbf{}", 1)),
        *(
            (b'{"query": "\xff"}', 1),
            (b'{"query": "\\ud800"}', 12),
            (b'{"query": NaN}', 11),
            (b"{'query': '{ a }'}", 2),
        ),
        (b'{"query": "{ a }"} {}', 20),
        (b'{"query": "{ a }", "variables": {"n": 1e999}}', 39),
        (b'{"query": "{ a }", "variables": ' + b"[" * 30_000 + b"]" * 30_000 + b"}", 1057),
        ('{"query": "{ a }"}'.encode("utf-16"), 1),
    ],
)
async def test_the_error_about_invalid_json_has_its_position(shop: Shop, body: bytes, column: int) -> None:
    status, answer = await post(shop.http, body, shop=shop)
    [message] = [error["message"] for error in answer["errors"]]
    assert (status, answer) == (400, error_body(message))
    assert message.startswith("The body is not JSON in UTF-8 (")
    assert message.endswith(f", line 1, column {column}).")


async def test_an_empty_body_is_refused(http: httpx.AsyncClient) -> None:
    assert await post(http, b"") == (400, error_body("The body is not JSON in UTF-8 (it is empty)."))


@pytest.mark.parametrize(
    ("body", "message"),
    [(body, NO_OBJECT) for body in ("null", '"{ a }"', "5", "true")]
    + [(body, "The body must be a JSON object: batching is off.") for body in ("[]", f"[{TYPENAME}]")]
    + [
        (body, NO_QUERY)
        for body in ("{}", '{"query": null}', '{"query": ""}', '{"query": " \\n"}', '{"qeury": "{ __typename }"}')
    ]
    + [
        (f'{{"query": "{{ __typename }}", "{name}": {value}}}', f"{name} must be an object.")
        for name in ("variables", "extensions")
        for value in ("[]", '"{}"', "5", "0", "true", "false", '""')
    ]
    + [
        (f'{{"query": "{{ __typename }}", "operationName": {value}}}', "operationName must be a string.")
        for value in ("[]", "{}", "5", "0", "true", "false")
    ]
    + [(f'{{"query": {value}}}', "query must be a string.") for value in ("[]", "{}", "5", "0", "true", "false")],
)
async def test_a_malformed_body_is_refused(http: httpx.AsyncClient, body: str, message: str) -> None:
    assert await post(http, body) == (400, error_body(message))


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        *((query, NO_QUERY) for query in ("", "query=", "query=%20%0a", "Query=%7B__typename%7D")),
        *((f"query={{a}}&variables={value}", "variables must be an object.") for value in ("[]", "%22%7B%7D%22")),
        ("query={a}&extensions=0", "extensions must be an object."),
        ("query={a}&variables={", "variables is not JSON in UTF-8 (unexpected end of data, line 1, column 2)."),
        (
            "query={a}&extensions={'a':1}",
            "extensions is not JSON in UTF-8 (unexpected character, expected a string key, line 1, column 2).",
        ),
    ],
)
async def test_malformed_parameters_of_a_get_are_refused(
    http: httpx.AsyncClient, parameters: str, message: str
) -> None:
    assert checked(await http.get(f"/graphql?{parameters}")) == (400, error_body(message))


@pytest.mark.parametrize("sent", ["%ff", "%ED%A0%80", "%c3("])
async def test_a_query_parameter_that_is_not_utf_8_is_refused(http: httpx.AsyncClient, sent: str) -> None:
    status, answer = checked(await http.get(f"/graphql?query={sent}"))
    error = {
        "message": "Syntax Error: Unexpected character: U+FFFD.",
        "locations": [{"line": 1, "column": 1}],
        "extensions": {"code": "GRAPHQL_PARSE_FAILED"},
    }
    assert (status, answer) == (400, {"errors": [error]})


@pytest.mark.parametrize(
    "parameters", ["variables=&operationName=&extensions=&documentId=&id=", "variables=null", "unknown=1&utm=2&utm=3"]
)
async def test_empty_and_unknown_parameters_of_a_get_are_ignored(http: httpx.AsyncClient, parameters: str) -> None:
    assert checked(await http.get("/graphql?query={__typename}&" + parameters)) == ANSWERED


async def test_null_and_unknown_keys_of_a_body_are_ignored(http: httpx.AsyncClient) -> None:
    body = {"query": "{ __typename }", "variables": None, "operationName": None, "extensions": None, "documentId": None}
    assert checked(await http.post("/graphql", json=body)) == ANSWERED
    body = {"query": "{ __typename }", "extensions": {"some": "value", "persistedQuery": None}, "unknown": [1]}
    assert checked(await http.post("/graphql", json=body)) == ANSWERED
    assert checked(await http.post("/graphql", json=body | {"operationName": ""})) == ANSWERED


async def test_the_last_of_duplicate_parameters_counts(http: httpx.AsyncClient) -> None:
    assert checked(await http.get("/graphql?query={no}&query={__typename}")) == ANSWERED
    assert await post(http, '{"query": "{ no }", "query": "{ __typename }"}') == ANSWERED


async def test_a_body_can_have_at_most_64_kib_and_8_without_a_key(shop: Shop) -> None:
    for client, limit, message in (
        (shop, 65_536, "A request has at most 65536 bytes."),
        (None, 8_192, "A request without a key has at most 8192 bytes."),
    ):
        whole = TYPENAME + " " * (limit - len(TYPENAME))
        assert await post(shop.http, whole, shop=client) == ANSWERED
        too_large = (413, error_body(message))
        assert await post(shop.http, whole + " ", shop=client) == too_large
        assert await post(shop.http, "{" * (limit + 1), shop=client) == too_large  # nor is it parsed


async def chunks(number: int) -> AsyncIterator[bytes]:
    yield TYPENAME.encode()
    for _ in range(number):
        yield b" " * 1024


async def test_a_chunked_body_has_the_same_limit(shop: Shop) -> None:
    assert await post(shop.http, chunks(63), shop=shop) == ANSWERED
    headers = shop.headers | {"Content-Type": JSON}
    for number in (64, 1024):
        response = await shop.http.post("/graphql", content=chunks(number), headers=headers)
        assert checked(response) == (413, error_body("A request has at most 65536 bytes."))
        assert response.headers["connection"] == "close"


@asynccontextmanager
async def sending(base_url: str, body_length: int) -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
    """A connection on which the head of a request was sent."""
    url = httpx.URL(base_url)
    reader, writer = await asyncio.open_connection(url.host, url.port)
    head = f"POST /graphql HTTP/1.1\r\nHost: {url.host}\r\nContent-Type: {JSON}\r\nContent-Length: {body_length}\r\n"
    writer.write(f"{head}Expect: 100-continue\r\n\r\n".encode())
    assert await reader.readuntil(b"\r\n\r\n") == b"HTTP/1.1 100 Continue\r\n\r\n"
    yield reader, writer
    writer.close()


async def test_expect_100_continue_is_answered(base_url: str) -> None:
    async with sending(base_url, len(TYPENAME)) as (reader, writer):
        writer.write(TYPENAME.encode())
        assert await reader.readuntil(b"\r\n") == b"HTTP/1.1 200 OK\r\n"


async def test_a_client_that_disconnects_while_sending_is_logged_as_499(base_url: str) -> None:
    with recorded_log() as log:
        async with sending(base_url, 1_000) as (_, writer):
            writer.write(TYPENAME.encode())
        async with asyncio.timeout(5):
            while not log.lines:  # noqa: ASYNC110
                await asyncio.sleep(0.01)
    [line] = log.lines
    expected = {"level": "info", "method": "POST", "route": "/graphql", "status": 499, "statements": 0}
    assert {name: line[name] for name in expected} == expected


async def test_a_body_that_does_not_arrive_in_time_is_refused(database_url: str) -> None:
    async with serving(settings_for(database_url, operation_seconds=0.05)) as url, sending(url, 1_000) as (reader, _):
        head, _, body = (await asyncio.wait_for(reader.read(), 5)).partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 408 Request Timeout\r\n")
    assert b"\r\nconnection: close" in head.lower()
    assert httpx.Response(408, content=body).json() == error_body("The body took longer than 0.05 s.", "TIMEOUT")
