"""One-time codes that sign a browser in, by HTTP. tests/e2e/console/test_signing_in.py uses them in a browser."""

import asyncio
import json
import os
import time
from collections.abc import AsyncIterator
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import pytest

from api.sign_in import CODE_SECONDS, create_code, remove_codes
from tests.conftest import client_of, settings_for
from tests.support.responses import BROWSER, checked, error_body

KEY = "rk_0123456789"
USED = "The code was used before or has expired. Run `roomkey sign-in` for a new one."
FOREIGN = "A page of another site cannot sign in."


@pytest.fixture
async def http(database_url: str, tmp_path: Path) -> AsyncIterator[httpx.AsyncClient]:
    (tmp_path / "dev-key").write_text(f"{KEY}\n")
    async with client_of(settings_for(database_url, sign_in_folder=tmp_path)) as http:
        yield http


async def test_a_code_is_exchanged_for_its_key_once(http: httpx.AsyncClient, tmp_path: Path) -> None:
    code = create_code(tmp_path, "dev-key")
    another = create_code(tmp_path, "dev-key")
    response = await http.post("/sign-in", json={"code": code})
    assert (response.status_code, response.json()) == (200, {"key": KEY})
    assert response.headers["cache-control"] == "no-store"
    again = await http.post("/sign-in", json={"code": code})
    assert checked(again) == (403, error_body(USED, "FORBIDDEN"))
    assert (await http.post("/sign-in", json={"code": another})).json() == {"key": KEY}


@pytest.mark.parametrize("code", ["", "../dev-key", "A" * 32, "\ud800", "é" * 100])
async def test_an_unknown_code_is_refused(http: httpx.AsyncClient, code: str) -> None:
    body = b'{"code": "\\ud800"}' if code == "\ud800" else None
    headers = {"Content-Type": "application/json"}
    sent = {"content": body, "headers": headers} if body else {"json": {"code": code}}
    response = await http.post("/sign-in", **sent)  # type: ignore[arg-type]
    # A JSON parser may refuse half of a surrogate pair.
    assert response.status_code == (400 if body else 403)
    assert KEY not in response.text


async def test_an_expired_or_removed_code_is_refused(http: httpx.AsyncClient, tmp_path: Path) -> None:
    expired = create_code(tmp_path, "dev-key")
    [path] = (tmp_path / "sign-in").iterdir()
    then = time.time() - CODE_SECONDS
    os.utime(path, (then, then))
    removed = create_code(tmp_path, "dev-key")
    assert (await http.post("/sign-in", json={"code": expired})).status_code == 403
    remove_codes(tmp_path)
    assert (await http.post("/sign-in", json={"code": removed})).status_code == 403


@pytest.mark.parametrize(
    "headers",
    [
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Origin": "https://spa.example"},  # one of CORS_ORIGINS
        {"Origin": "null"},
        {"Host": "localhost", "Origin": "http://127.0.0.1:8000"},
    ],
)
async def test_a_page_of_another_site_cannot_use_a_code(
    http: httpx.AsyncClient, tmp_path: Path, headers: dict[str, str]
) -> None:
    code = create_code(tmp_path, "dev-key")
    refused = await http.post("/sign-in", json={"code": code}, headers=headers)
    assert checked(refused) == (403, error_body(FOREIGN, "FORBIDDEN"))
    origin = f"http://{urlsplit(str(http.base_url)).netloc}"
    own = await http.post("/sign-in", json={"code": code}, headers={"Sec-Fetch-Site": "same-origin", "Origin": origin})
    assert own.json() == {"key": KEY}


async def test_a_form_cannot_use_a_code(http: httpx.AsyncClient, tmp_path: Path) -> None:
    code = create_code(tmp_path, "dev-key")
    form = await http.post("/sign-in", content=f'{{"code": "{code}"}}', headers={"Content-Type": "text/plain"})
    message = "The Content-Type must be application/json in UTF-8, got 'text/plain'."
    assert checked(form) == (415, error_body(message))


async def test_a_body_that_does_not_arrive_is_refused(http: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("api.sign_in.BODY_SECONDS", 0.1)
    reader, writer = await asyncio.open_connection(http.base_url.host, http.base_url.port)
    writer.write(
        b"POST /sign-in HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\nContent-Length: 9\r\n\r\n"
    )
    head, _, body = (await asyncio.wait_for(reader.read(), 5)).partition(b"\r\n\r\n")
    writer.close()
    assert head.startswith(b"HTTP/1.1 408 ")
    assert json.loads(body) == error_body("The body took longer than 0.1 s.", "TIMEOUT")


async def test_no_page_contains_a_key(http: httpx.AsyncClient, tmp_path: Path) -> None:
    code = create_code(tmp_path, "dev-key")
    for path in ("/", "/graphql", f"/?sign-in={code}", f"/graphql?sign-in={code}"):
        page = await http.get(path, headers=BROWSER)
        assert (page.status_code, "rk_" in page.text, code in page.text) == (200, False, False)


def test_only_the_owner_can_read_the_codes(tmp_path: Path) -> None:
    code = create_code(tmp_path, "dev-key")
    [path] = (tmp_path / "sign-in").iterdir()
    assert (tmp_path / "sign-in").stat().st_mode & 0o777 == 0o700
    assert code not in path.name + path.read_text()


async def test_without_codes_there_is_no_such_path(database_url: str) -> None:
    async with client_of(settings_for(database_url)) as http:
        assert (await http.post("/sign-in", json={"code": "x"})).status_code == 404
