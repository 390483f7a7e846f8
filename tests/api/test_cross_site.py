"""Requests by pages of other sites: CSRF protection and CORS."""

from typing import Any

import httpx
import pytest

from tests.conftest import client_of, settings_for
from tests.support.responses import SLUG, checked, error_body
from tests.support.shop import Shop

TRUSTED = "https://spa.example"
TYPENAME = {"query": "{ __typename }"}
PREFLIGHTS = "authorization, graphql-require-preflight, apollo-require-preflight"
REFUSED = (403, error_body(f"From another site, send one of the headers {PREFLIGHTS}."))
ANSWERED = (200, {"data": {"__typename": "Query"}})

# The headers that a browser adds to requests of a page of another site.
FOREIGN = [
    {"Sec-Fetch-Site": "cross-site"},
    {"Sec-Fetch-Site": "same-site"},
    {"Sec-Fetch-Site": "cross-site", "Origin": "https://evil.example"},
    {"Sec-Fetch-Site": "cross-site", "Origin": "null"},
    {"Sec-Fetch-Site": "cross-site", "Origin": TRUSTED + ".evil.example"},
    # The headers of an old browser.
    {"Origin": "https://evil.example"},
    {"Origin": "null"},
    {"Origin": "http://127.0.0.1:1"},
    {"Origin": "http://[not-an-address"},
    {"Origin": ""},
]


async def get(http: httpx.AsyncClient, **headers: str) -> tuple[int, Any]:
    return checked(await http.get("/graphql", params=TYPENAME, headers=headers))


@pytest.mark.parametrize("headers", FOREIGN)
async def test_a_simple_get_of_another_site_is_refused(http: httpx.AsyncClient, headers: dict[str, str]) -> None:
    assert await get(http, **headers) == REFUSED
    assert await get(http, **headers, **{"Content-Type": "text/plain", "X-Other": "1"}) == REFUSED


@pytest.mark.parametrize("headers", FOREIGN)
@pytest.mark.parametrize("header", ["GraphQL-Require-Preflight", "Apollo-Require-Preflight", "X-Apollo-Operation-Name"])
async def test_a_get_that_needs_a_preflight_is_answered(
    http: httpx.AsyncClient, headers: dict[str, str], header: str
) -> None:
    assert await get(http, **headers, **{header: "1"}) == ANSWERED


@pytest.mark.parametrize("headers", FOREIGN)
async def test_a_get_with_a_key_is_answered(shop: Shop, headers: dict[str, str]) -> None:
    response = await shop.http.get("/graphql", params={"query": SLUG}, headers=headers | shop.headers)
    assert checked(response) == (200, {"data": {"store": {"slug": shop.slug}}})


async def test_a_get_of_a_program_of_this_site_of_an_address_bar_or_of_a_named_origin_is_answered(
    http: httpx.AsyncClient, base_url: str
) -> None:
    assert await get(http) == ANSWERED
    assert await get(http, Origin=base_url) == ANSWERED
    assert await get(http, Origin=TRUSTED) == ANSWERED
    assert await get(http, **{"Sec-Fetch-Site": "same-origin", "Origin": base_url}) == ANSWERED
    assert await get(http, **{"Sec-Fetch-Site": "none"}) == ANSWERED
    assert await get(http, **{"Sec-Fetch-Site": "cross-site", "Origin": TRUSTED}) == ANSWERED


@pytest.mark.parametrize(
    "content_type",
    ["text/plain", "text/plain;application/json", "application/x-www-form-urlencoded", "multipart/form-data", ""],
)
async def test_a_post_that_a_browser_sends_without_asking_is_refused(shop: Shop, content_type: str) -> None:
    for headers in ({}, shop.headers, {"GraphQL-Require-Preflight": "1", "Origin": TRUSTED}):
        response = await shop.http.post(
            "/graphql", content=f'{{"query": "{SLUG}"}}', headers=headers | {"Content-Type": content_type}
        )
        message = f"The Content-Type must be application/json in UTF-8, got {content_type!r}."
        assert checked(response) == (415, error_body(message))


PREFLIGHT = {
    "Access-Control-Request-Method": "POST",
    "Access-Control-Request-Headers": "authorization,content-type,traceparent",
}


async def test_a_preflight_of_a_named_origin_is_granted_for_any_header(http: httpx.AsyncClient) -> None:
    response = await http.options("/graphql", headers={"Origin": TRUSTED} | PREFLIGHT)
    granted = {name: value for name, value in response.headers.items() if name.startswith("access-control-")}
    expected = {
        "access-control-allow-origin": TRUSTED,
        "access-control-allow-methods": "GET, POST",
        "access-control-allow-headers": PREFLIGHT["Access-Control-Request-Headers"],
        "access-control-max-age": "3600",
    }
    assert (response.status_code, granted) == (200, expected)
    assert "Origin" in response.headers["vary"]


@pytest.mark.parametrize(
    "origin",
    [
        "https://evil.example",
        "null",
        "http://spa.example",
        f"{TRUSTED}:8443",
        f"{TRUSTED}.evil.example",
        "HTTPS://SPA.EXAMPLE",
    ],
)
async def test_a_preflight_of_another_origin_is_refused(http: httpx.AsyncClient, origin: str) -> None:
    response = await http.options("/graphql", headers={"Origin": origin} | PREFLIGHT)
    assert response.status_code == 400
    assert "access-control-allow-origin" not in response.headers


async def test_a_preflight_for_another_method_is_refused(http: httpx.AsyncClient) -> None:
    asked = {"Origin": TRUSTED, "Access-Control-Request-Method": "DELETE"}
    assert (await http.options("/graphql", headers=asked)).status_code == 400


@pytest.mark.parametrize(
    ("request_", "status"),
    [
        ({"method": "POST", "json": TYPENAME}, 200),
        ({"method": "GET", "params": TYPENAME}, 200),
        ({"method": "POST", "json": {}}, 400),
        ({"method": "POST", "json": {"query": SLUG}}, 401),
        ({"method": "PUT"}, 405),
        ({"method": "GET", "url": "/nothing"}, 404),
    ],
)
async def test_a_page_of_a_named_origin_may_read_every_answer_and_a_page_of_another_none(
    http: httpx.AsyncClient, request_: dict[str, Any], status: int
) -> None:
    request_ = {"url": "/graphql", **request_}
    foreign = {"Origin": "https://evil.example", "GraphQL-Require-Preflight": "1"}
    for headers, allowed in (({"Origin": TRUSTED}, TRUSTED), (foreign, None)):
        response = await http.request(**request_, headers=headers)
        assert response.status_code == status
        assert response.headers.get("access-control-allow-origin") == allowed
        assert response.headers["access-control-expose-headers"] == "ETag, Retry-After, X-Request-Id"
        assert "access-control-allow-credentials" not in response.headers
        assert "Origin" in response.headers["vary"].split(", ")


async def test_no_origin_is_named_unless_set(database_url: str) -> None:
    async with client_of(settings_for(database_url, cors_origins=())) as http:
        refused = await http.options("/graphql", headers={"Origin": TRUSTED} | PREFLIGHT)
        assert (refused.status_code, refused.headers.get("access-control-allow-origin")) == (400, None)
        assert await get(http, Origin=TRUSTED) == REFUSED
