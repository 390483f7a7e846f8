"""The HTTP of the pages: security headers and caching."""

import asyncio
import re
from pathlib import Path

import httpx
import pytest
from starlette.types import Message, Receive, Scope, Send

from api.app import CONSOLE_PATHS
from api.web import BUILT, assets
from tests.conftest import client_of, listening, settings_for

BROWSER = {"Accept": "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"}
PAGES = [*(path.format(id="session_01h455vb4pex5vsknk084sn02q") for path in CONSOLE_PATHS), "/graphql"]


@pytest.mark.parametrize("path", PAGES)
async def test_a_page_loads_nothing_from_other_hosts(http: httpx.AsyncClient, path: str) -> None:
    page = await http.get(path, headers=BROWSER)
    assert (page.status_code, page.headers["content-type"]) == (200, "text/html; charset=utf-8")
    policy = dict(part.strip().split(" ", 1) for part in page.headers["content-security-policy"].split(";"))
    assert policy == {
        "default-src": "'none'",
        "script-src": "'self'",
        "worker-src": "'self'",
        "style-src": "'self' 'unsafe-inline'",
        "font-src": "'self' data:",
        "img-src": "'self' data:",
        "connect-src": "'self'",
        "base-uri": "'none'",
        "form-action": "'none'",
        "frame-ancestors": "'none'",
    }
    assert page.headers["referrer-policy"] == "no-referrer"
    assert page.headers["x-content-type-options"] == "nosniff"
    assert page.headers["cache-control"] == "no-cache"
    assert re.findall(r'(?:src|href)="(?!/assets/)', page.text) == []
    if path == "/graphql":
        assert "accept" in page.headers["vary"].lower()


async def test_assets_are_immutable_and_compressed_at_build_time(http: httpx.AsyncClient) -> None:
    [script] = re.findall(r'src="(/assets/index-[^"]+\.js)"', (await http.get("/")).text)
    file = BUILT / script.lstrip("/")
    for accepted, encoding, suffix in (("br, gzip", "br", ".br"), ("gzip", "gzip", ".gz"), ("identity", None, "")):
        asset = await http.get(script, headers={"Accept-Encoding": accepted})
        assert asset.content == file.read_bytes()
        assert asset.headers.get("content-encoding") == encoding
        assert int(asset.headers["content-length"]) == len(file.with_name(file.name + suffix).read_bytes())
        assert asset.headers["content-type"].startswith("text/javascript")
        assert "immutable" in asset.headers["cache-control"]
        assert "accept-encoding" in asset.headers["vary"].lower()
    assert "access-control-allow-origin" not in asset.headers


async def test_no_more_of_an_asset_is_read_after_its_client_has_left() -> None:
    files = assets()
    assert files
    path = max((BUILT / "assets").glob("*.js"), key=lambda each: each.stat().st_size)
    sent, began, ended = 0, asyncio.Event(), asyncio.Event()

    async def counting(scope: Scope, receive: Receive, send: Send) -> None:
        async def counted(message: Message) -> None:
            nonlocal sent
            sent += len(message.get("body", b""))
            began.set()
            await send(message)

        await files(scope, receive, counted)
        ended.set()

    async with listening(counting, lifespan="off") as url, asyncio.timeout(5):
        _, writer = await asyncio.open_connection(httpx.URL(url).host, httpx.URL(url).port, limit=1)
        writer.write(b"GET /assets/%b HTTP/1.1\r\nHost: a\r\n\r\n" % path.name.encode())
        await began.wait()
        writer.transport.abort()
        await ended.wait()
    assert sent < path.stat().st_size


@pytest.mark.parametrize(
    "path", ["/assets/", "/assets/none.js", "/assets/../web.py", "/assets/%2e%2e/web.py", "/index.html", "/setting"]
)
async def test_an_unknown_path_is_not_found(http: httpx.AsyncClient, path: str) -> None:
    assert (await http.get(path)).status_code == 404


async def test_a_browser_gets_an_html_page_for_an_unknown_path(http: httpx.AsyncClient) -> None:
    page = await http.get("/setting", headers=BROWSER)
    assert (page.status_code, page.headers["content-type"]) == (404, "text/html; charset=utf-8")
    assert "Nothing is here" in page.text
    answer = await http.get("/setting", headers={"Accept": "application/json"})
    assert (answer.status_code, answer.headers["content-type"]) == (404, "application/json; charset=utf-8")


async def test_a_page_allows_only_get_and_head(http: httpx.AsyncClient) -> None:
    response = await http.post("/", json={})
    assert response.status_code == 405
    assert {*response.headers["allow"].split(", ")} == {"GET", "HEAD"}


async def test_pages_that_are_not_built_are_explained(
    database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("api.web.BUILT", tmp_path)
    async with client_of(settings_for(database_url)) as http:
        for path in PAGES:
            page = await http.get(path, headers=BROWSER)
            assert page.status_code == 404
            assert "make web" in page.text
        answer = await http.post("/graphql", json={"query": "{ __typename }"})
        assert answer.json()["data"] == {"__typename": "Query"}
