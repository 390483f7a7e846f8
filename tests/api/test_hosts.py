"""Which hosts are served, the address of the client behind proxies, and the headers of every response."""

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest

from api.client_address import normalized
from tests.conftest import client_of, settings_for
from tests.support.logs import Log
from tests.support.responses import BROWSER, TYPENAME, checked, error_body, send
from tests.support.shop import Shop, path_of

ALLOWED = ("shop.example", "toko.example", "192.0.2.1", "2001:db8::1", "tökö.example")
PATHS = ["/", "/graphql", "/nothing", "/s/a/b", "/assets/none.js", "/healthy"]


@pytest.fixture(scope="module")
async def client(database_url: str) -> AsyncIterator[httpx.AsyncClient]:
    settings = settings_for(database_url, allowed_hosts=ALLOWED, trusted_proxies=())
    async with client_of(settings) as http:
        yield http


@pytest.mark.parametrize(
    "host",
    [
        *("localhost", "LOCALHOST:8000", "127.0.0.1", "127.0.0.1:", "[::1]:8000", "links.example", "links.example:443"),
        *("shop.example", "Toko.Example:8443", "192.0.2.1", "[2001:DB8::1]:80", "xn--tk-fkab.example"),
    ],
)
async def test_an_allowed_host_is_served(client: httpx.AsyncClient, host: str) -> None:
    response = await send(client, "*/*", headers={"Host": host})
    assert (response.status_code, response.json()["data"]) == (200, {"__typename": "Query"})
    assert (await client.get("/", headers={"Host": host})).status_code == 200


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("host", ["evil.example", "192.0.2.2:8000", "[::2]", "shop.example.evil.example", "127.0.0.1."])
async def test_another_host_is_refused(client: httpx.AsyncClient, path: str, host: str) -> None:
    response = await client.get(path, headers={"Host": host})
    name = host.removesuffix(":8000").strip("[]")
    message = f"The host {name!r} is not served. Add it to the setting ALLOWED_HOSTS."
    assert checked(response) == (421, error_body(message))
    assert len(response.headers["x-request-id"]) == 32


@pytest.mark.parametrize("host", ["", "a b", "user@127.0.0.1", "127.0.0.1, 127.0.0.1", "127.0.0.1/x", "[::1", "a:b"])
async def test_a_malformed_host_is_refused(client: httpx.AsyncClient, host: str) -> None:
    response = await client.get("/", headers={"Host": host})
    message = f"Host must be a name or an address, with or without a port, got {host!r}."
    assert checked(response) == (400, error_body(message))


async def ask(url: httpx.URL, lines: str) -> tuple[str, Any]:
    """The status line and the body of a response to these lines."""
    reader, writer = await asyncio.open_connection(url.host, url.port)
    writer.write(f"{lines}\r\nConnection: close\r\n\r\n".encode())
    head, _, body = (await asyncio.wait_for(reader.read(), 5)).decode().partition("\r\n\r\n")
    writer.close()
    return head.split("\r\n")[0], body


@pytest.mark.parametrize(
    ("lines", "number"),
    [("GET / HTTP/1.1", 0), ("GET / HTTP/1.0", 0), ("GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nHost: 127.0.0.1", 2)],
)
async def test_a_request_needs_exactly_one_host(client: httpx.AsyncClient, lines: str, number: int) -> None:
    status, body = await ask(client.base_url, lines)
    assert status == "HTTP/1.1 400 Bad Request"
    assert json.loads(body) == error_body(f"A request must have one Host header, got {number}.")


async def test_health_is_served_under_any_host(client: httpx.AsyncClient) -> None:
    assert (await client.get("/health/ready", headers={"Host": "10.0.0.5:8000"})).status_code == 200
    assert await ask(client.base_url, "GET /health/ready HTTP/1.0") == ("HTTP/1.1 200 OK", "ok")


async def test_a_refused_host_is_logged(client: httpx.AsyncClient, log: Log) -> None:
    line = await log.line_of(await client.get("/s/a/secret", headers={"Host": "evil.example"}))
    expected = {"method": "GET", "route": None, "address": "127.0.0.1", "status": 421}
    assert {name: line[name] for name in expected} == expected
    assert "secret" not in log.text


FORWARDED = {"X-Forwarded-For": "203.0.113.9, 198.51.100.7, 10.0.0.5"}


async def logged_address(http: httpx.AsyncClient, log: Log, **options: Any) -> str:
    addresses = {
        (await log.line_of(await http.get("/nothing", **options)))["address"],
        (await log.line_of(await http.post("/graphql", json={"query": TYPENAME}, **options)))["address"],
    }
    [address] = addresses
    return str(address)


async def test_a_client_cannot_choose_its_address(client: httpx.AsyncClient, log: Log) -> None:
    assert await logged_address(client, log, headers=FORWARDED) == "127.0.0.1"


@pytest.mark.parametrize(
    ("trusted", "forwarded", "address"),
    [
        (("127.0.0.1",), "203.0.113.9, 198.51.100.7", "198.51.100.7"),
        (("127.0.0.0/8", "198.51.100.0/24"), "203.0.113.9, 198.51.100.7", "203.0.113.9"),
        (("127.0.0.1",), "203.0.113.9:4711", "203.0.113.9"),
        (("127.0.0.1",), "::ffff:203.0.113.9", "203.0.113.9"),
        (("127.0.0.1",), "[2001:DB8:0:0::9]:4711", "2001:db8::9"),
        (("127.0.0.1",), "nonsense" * 100, "unknown"),
        (("127.0.0.1",), "", "127.0.0.1"),
        (("10.0.0.0/8",), "203.0.113.9", "127.0.0.1"),
    ],
)
async def test_the_address_behind_trusted_proxies_is_that_of_the_client(
    database_url: str, log: Log, trusted: tuple[str, ...], forwarded: str, address: str
) -> None:
    headers = {"X-Forwarded-For": forwarded}
    async with client_of(settings_for(database_url, trusted_proxies=trusted)) as http:
        assert await logged_address(http, log, headers=headers) == address


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        *(("192.0.2.1", "192.0.2.1"), ("::ffff:192.0.2.1", "192.0.2.1"), ("::FFFF:c000:201", "192.0.2.1")),
        *(("2001:DB8::0:1", "2001:db8::1"), ("", "unknown"), ("_hidden", "unknown")),
    ],
)
def test_an_address_has_one_form(address: str, expected: str) -> None:
    assert normalized(address) == expected


@pytest.mark.parametrize("base", ["https://room.example/s", "http://links.example/s"])
async def test_every_response_has_the_security_headers(database_url: str, shop: Shop, base: str) -> None:
    link = path_of(await shop.create())
    paths = [
        "/",
        "/graphql",
        "/nothing",
        "/health/ready",
        link,
        "/s/a/b",
        "/graphql?query={__typename}",
        "/graphql?query={",
    ]
    async with client_of(settings_for(database_url, link_base_url=base)) as http:
        [script] = [part for part in (await http.get("/")).text.split('"') if part.startswith("/assets/index")][:1]
        responses = [await http.get(path, headers=BROWSER) for path in [*paths, script]]
        responses += [await http.get("/", headers={"Host": host}) for host in ("evil.example", "")]
        responses.append(await http.get("/", headers={"x": "x" * 20_000}))
        responses.append(
            await http.post("/graphql", content=b"x" * 100_000, headers={"Content-Type": "application/json"})
        )
        responses.append(await http.options("/graphql", headers={"Origin": "https://a.example"}))
    assert {response.status_code for response in responses} >= {200, 303, 400, 404, 405, 413, 421, 431}
    for response in responses:
        assert response.headers.get_list("x-content-type-options") == ["nosniff"]
        secure = ["max-age=31536000"] if base.startswith("https") else []
        assert response.headers.get_list("strict-transport-security") == secure
