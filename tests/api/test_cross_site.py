"""Requests by pages of other sites: CSRF protection and CORS."""

from dataclasses import replace
from typing import Any

import httpx
import pytest

from tests.conftest import serving, settings_for
from tests.support.responses import SLUG, checked, error_body
from tests.support.shop import Shop

TRUSTED = "https://spa.example"
TYPENAME = {"query": "{ __typename }"}
REFUSED = (
    403,
    error_body(
        "From another site, send one of the headers authorization, graphql-require-preflight, apollo-require-preflight."
    ),
)
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
    response = await shop.http.get(
        "/graphql", params={"query": SLUG}, headers=headers | {"Authorization": f"Bearer {shop.key}"}
    )
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
    for headers in ({}, {"Authorization": f"Bearer {shop.key}"}, {"GraphQL-Require-Preflight": "1", "Origin": TRUSTED}):
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
    assert (response.status_code, granted) == (
        200,
        {
            "access-control-allow-origin": TRUSTED,
            "access-control-allow-methods": "GET, POST",
            "access-control-allow-headers": "authorization,content-type,traceparent",
            "access-control-max-age": "3600",
        },
    )
    assert "Origin" in response.headers["vary"]


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Origin": "http://spa.example"},
        {"Origin": f"{TRUSTED}:8443"},
        {"Origin": f"{TRUSTED}.evil.example"},
        {"Origin": TRUSTED.upper()},
    ],
)
async def test_a_preflight_of_another_origin_is_refused(http: httpx.AsyncClient, headers: dict[str, str]) -> None:
    response = await http.options("/graphql", headers=headers | PREFLIGHT)
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
    response = await http.request(**request_, headers={"Origin": TRUSTED})
    assert response.status_code == status
    assert response.headers["access-control-allow-origin"] == TRUSTED
    assert response.headers["access-control-expose-headers"] == "ETag, Retry-After, X-Request-Id"
    assert "access-control-allow-credentials" not in response.headers
    assert "Origin" in response.headers["vary"].split(", ")
    foreign = {"Origin": "https://evil.example", "GraphQL-Require-Preflight": "1"}
    response = await http.request(**request_, headers=foreign)
    assert response.status_code == status
    assert "access-control-allow-origin" not in response.headers
    assert "Origin" in response.headers["vary"].split(", ")


async def test_no_origin_is_named_unless_set(database_url: str) -> None:
    settings = replace(settings_for(database_url), cors_origins=())
    async with serving(settings) as url, httpx.AsyncClient(base_url=url) as http:
        refused = await http.options("/graphql", headers={"Origin": TRUSTED} | PREFLIGHT)
        assert (refused.status_code, refused.headers.get("access-control-allow-origin")) == (400, None)
        assert await get(http, Origin=TRUSTED) == REFUSED
