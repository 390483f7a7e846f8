"""The limits of the HTTP protocol: a client that sends too much, or stops sending or reading, is disconnected."""

import asyncio
import gc
import json
import socket
from collections.abc import AsyncIterator, Iterable, Iterator
from contextlib import asynccontextmanager, suppress
from time import perf_counter, thread_time
from typing import Any, NamedTuple
from weakref import finalize

import httpx
import pytest
from starlette.types import Receive, Scope, Send

from api.protocol import HttpProtocol
from tests.conftest import listening, serving, settings_for
from tests.support.logs import recorded_log
from tests.support.responses import error_body
from tests.support.shop import Shop

GET = b"GET /health/live HTTP/1.1\r\nHost: 127.0.0.1\r\n"
CHUNKED = b"POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
HEAD_SIZE = "A request has at most 100 headers and 16384 bytes before its body."
URL_SIZE = "A URL has at most 8192 bytes."
CHUNK_SIZE = "Chunk extensions and trailers have at most 16384 bytes."
INVALID = "The request is not valid HTTP/1.1."
MEGABYTE = 1024 * 1024


class Response(NamedTuple):
    status: int
    headers: dict[str, str]
    body: bytes


class Connection:
    """A connection that sends any bytes."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer

    def pause_reading(self) -> None:
        self._writer.transport.pause_reading()  # type: ignore[attr-defined]

    async def send(self, *parts: bytes) -> None:
        """Send the parts, as far as the server reads them."""
        with suppress(ConnectionError):
            for part in parts:
                self._writer.write(part)
                await self._writer.drain()

    async def response(self) -> Response:
        async with asyncio.timeout(5):
            head = (await self._reader.readuntil(b"\r\n\r\n")).decode()
            status, *lines = head.split("\r\n")[:-2]
            headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in lines)}
            body = await self._reader.readexactly(int(headers["content-length"]))
        return Response(int(status.split()[1]), headers, body)

    async def last(self) -> bytes:
        """What the server sends until it closes the connection."""
        async with asyncio.timeout(5):
            with suppress(ConnectionError):
                return await self._reader.read()
        return b""

    async def is_closed(self, within: float = 5) -> bool:
        """Whether the server closes the connection in time. Fails if it sends something before that."""
        with suppress(TimeoutError):
            async with asyncio.timeout(within):
                with suppress(ConnectionError):
                    assert await self._reader.read() == b""
                return True
        return False


@asynccontextmanager
async def connection(url: str, receive_buffer: int | None = None) -> AsyncIterator[Connection]:
    opened = socket.create_connection((httpx.URL(url).host, httpx.URL(url).port))
    if receive_buffer:
        opened.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
    reader, writer = await asyncio.open_connection(sock=opened)
    try:
        yield Connection(reader, writer)
    finally:
        writer.transport.abort()


def refusal(status: int, message: str, code: str = "BAD_REQUEST") -> tuple[int, Any]:
    return status, error_body(message, code)


async def refused(connection: Connection) -> tuple[int, Any]:
    """The status and body of an error after which the connection is closed."""
    response = await connection.response()
    assert response.headers["content-type"] == "application/json; charset=utf-8"
    assert response.headers["connection"] == "close"
    assert response.headers["cache-control"] == "no-store"
    assert len(response.headers["x-request-id"]) == 32
    assert await connection.is_closed()
    return response.status, json.loads(response.body)


class Impatient(HttpProtocol):
    """Time limits that a test can wait for."""

    HEAD_SECONDS = 0.2
    IDLE_SECONDS = 0.4
    UNREAD_SECONDS = 0.3
    LINGER_SECONDS = 0.2


@pytest.fixture(scope="module")
async def impatient_url(database_url: str) -> AsyncIterator[str]:
    async with serving(settings_for(database_url), http=Impatient) as url:
        yield url


class Echo:
    """An application that answers with the body, and records the headers of the last request. `/large` has a large
    response, `/slow` waits until it is released, and `/early` responds without reading the body."""

    def __init__(self) -> None:
        self.headers: list[tuple[bytes, bytes]] = []
        self.paths: list[str] = []
        self.began = asyncio.Event()
        self.released = asyncio.Event()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        path = scope["path"]
        self.paths.append(path)
        self.began.set()
        body, more = b"", path != "/early"
        while more:
            message = await receive()
            body += message.get("body", b"")
            more = message.get("more_body", False)
        if path == "/slow":
            await self.released.wait()
        if path == "/large":
            body = bytes(8 * MEGABYTE)
        self.headers = scope["headers"]
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"%d" % len(body))]})
        await send({"type": "http.response.body", "body": body})


@pytest.fixture
async def echo() -> Echo:
    return Echo()


@pytest.fixture
async def echo_url(echo: Echo) -> AsyncIterator[str]:
    async with listening(echo, http=Impatient, lifespan="off") as url:
        yield url


def headers(number: int, size: int = 10) -> bytes:
    return b"".join(b"h%03d: %b\r\n" % (i, b"x" * size) for i in range(number))


async def test_headers_up_to_the_limits_are_accepted(base_url: str) -> None:
    full = HttpProtocol.HEAD_BYTES - len(GET) - len("x: \r\n\r\n")
    async with connection(base_url) as client:
        for more in (headers(99), headers(98, 150), b"x: %b\r\n" % (b"x" * full)):
            await client.send(GET + more + b"\r\n")
            assert (await client.response()).status == 200
        # A large body may follow in the same packet.
        await client.send(GET.replace(b"GET", b"POST") + b"Content-Length: 60000\r\n\r\n" + b"x" * 60_000)
        assert (await client.response()).status == 405


@pytest.mark.parametrize(
    ("request_bytes", "status", "message"),
    [
        (GET + headers(100) + b"\r\n", 431, HEAD_SIZE),
        (GET + headers(90, 200) + b"\r\n", 431, HEAD_SIZE),
        (GET + b"x: " + b"x" * 16_384 + b"\r\n\r\n", 431, HEAD_SIZE),
        (GET + b"x: " + b" " * 17_000, 431, HEAD_SIZE),
        (GET + b"x" * 17_000, 431, HEAD_SIZE),
        (b"GET /" + b"x" * 8_192 + b" HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n", 414, URL_SIZE),
        (b"GET /?" + b"x" * 17_000, 414, URL_SIZE),
        (b"\r\n" * 10_000, 400, INVALID),
        (b"nonsense\r\n\r\n", 400, INVALID),
        (b"GET / HTTP/1.1\r\nHost 127.0.0.1\r\n\r\n", 400, INVALID),
        (b"GET http://[ HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n", 400, INVALID),
    ],
)
async def test_a_request_over_the_limits_is_refused(
    base_url: str, request_bytes: bytes, status: int, message: str
) -> None:
    async with connection(base_url) as client:
        await client.send(request_bytes)
        assert await refused(client) == refusal(status, message)


@pytest.fixture
def no_garbage_collection() -> Iterator[None]:
    """A collection of all objects of the test suite takes longer than what is measured."""
    gc.disable()
    yield
    gc.enable()


def pieces(part: bytes) -> Iterable[bytes]:
    """50 MB of it."""
    return (part * (MEGABYTE // len(part)) for _ in range(50))


@pytest.mark.parametrize(
    ("start", "part"),
    [
        *((GET + b"x: ", b"x"), (GET, b"x"), (GET, b"a: b\r\n"), (GET, b"ab: " + b"x" * 1_000 + b"\r\n")),
        *((b"GET /", b"x"), (b"GET /?", b"a=b&"), (b"", b"\r\n"), (b"", b"x")),
        *((CHUNKED + b"1;", b"x"), (CHUNKED + b"1;a=\"", b"x"), (CHUNKED + b"0\r\nx: ", b"x")),
        *((CHUNKED + b"0\r\n", b"a: b\r\n"), (CHUNKED, b"0")),
    ],
)  # fmt: skip
@pytest.mark.usefixtures("no_garbage_collection")
async def test_fifty_megabytes_of_header_close_the_connection_without_a_stall(
    echo_url: str, start: bytes, part: bytes
) -> None:
    longest = 0.0  # in processor time, because the machine may be busy with other work

    async def watch() -> None:
        nonlocal longest
        while True:
            before = thread_time()
            await asyncio.sleep(0.001)
            longest = max(longest, thread_time() - before)

    watching = asyncio.create_task(watch())
    async with connection(echo_url) as client:
        await client.send(start, *pieces(part))
        assert (await client.last())[:9] in (b"HTTP/1.1 ", b"")  # the error can be lost
    watching.cancel()
    assert longest < 0.5  # bench/faults/door.py measures the longest stall of a server that has a processor to itself


async def test_the_headers_over_the_limit_are_not_parsed(echo: Echo, monkeypatch: pytest.MonkeyPatch) -> None:
    parsed = 0
    on_header = HttpProtocol.on_header

    def counted(self: HttpProtocol, name: bytes, value: bytes) -> None:
        nonlocal parsed
        parsed += 1
        on_header(self, name, value)

    monkeypatch.setattr(HttpProtocol, "on_header", counted)
    async with listening(echo, http=Impatient, lifespan="off") as url, connection(url) as client:
        await client.send(GET + b"a: b\r\n" * 40_000)
        assert await refused(client) == refusal(431, HEAD_SIZE)
    assert parsed == HttpProtocol.HEADERS + 1


@pytest.mark.parametrize("part", [b"", GET + headers(101), b"nonsense\r\n\r\n", GET + b"\r\n"])
@pytest.mark.usefixtures("no_garbage_collection")
async def test_a_closed_connection_is_freed_without_a_garbage_collection(echo: Echo, part: bytes) -> None:
    """Under an attack, there are thousands. Python stops all requests to collect them."""
    made, freed = asyncio.Event(), asyncio.Event()

    class Watched(Impatient):
        def __init__(self, *arguments: Any, **named: Any) -> None:
            super().__init__(*arguments, **named)
            finalize(self, freed.set)
            made.set()

    async with listening(echo, http=Watched, lifespan="off") as url, asyncio.timeout(5):
        async with connection(url) as client:
            await client.send(part)
            await made.wait()
            if part:
                await client.response()
        await freed.wait()


async def test_trailers_do_not_become_headers(echo: Echo, echo_url: str) -> None:
    async with connection(echo_url) as client:
        await client.send(CHUNKED)
        await client.send(b"3\r\nabc\r\n0\r\nAuthorization: Bearer rk_other\r\n\r\n")
        assert (await client.response()).body == b"abc"
    assert echo.headers == [(b"host", b"a"), (b"transfer-encoding", b"chunked")]


async def test_small_chunks_and_extensions_are_accepted(echo_url: str) -> None:
    async with connection(echo_url) as client:
        await client.send(CHUNKED + b"1;name=value\r\nx\r\n" * 20_000 + b"0\r\n\r\n")
        assert (await client.response()).body == b"x" * 20_000


async def test_a_malformed_body_is_refused_while_the_application_waits_for_it(echo: Echo, echo_url: str) -> None:
    async with connection(echo_url) as client:
        await client.send(CHUNKED)
        await asyncio.wait_for(echo.began.wait(), 5)
        await client.send(b"nonsense\r\n")
        assert await refused(client) == refusal(400, INVALID)


async def test_pipelined_requests_are_answered_in_order(echo_url: str) -> None:
    posts = [b"POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\n%02d" % i for i in range(17)]
    async with connection(echo_url) as client:
        await client.send(b"".join(posts))
        assert [(await client.response()).body for _ in posts] == [b"%02d" % i for i in range(17)]
        await client.send(posts[3])
        assert (await client.response()).body == b"03"


async def test_a_pipelined_request_has_the_same_limits(base_url: str) -> None:
    async with connection(base_url) as client:
        await client.send(GET + b"\r\n" + GET + b"x: " + b"x" * 100_000 + b"\r\n\r\n")
        response = await client.response()
        assert (response.status, response.headers["connection"]) == (200, "close")
        assert await client.is_closed()


async def test_the_extensions_of_all_chunks_have_one_limit(echo: Echo, echo_url: str) -> None:
    async with connection(echo_url) as client:
        await client.send(CHUNKED)
        await asyncio.wait_for(echo.began.wait(), 5)
        for _ in range(4):
            await client.send(b"1;" + b"x" * 5_000 + b"\r\nx\r\n")
        assert await refused(client) == refusal(400, CHUNK_SIZE)


async def test_pipelined_requests_over_the_limit_are_not_read(echo: Echo, echo_url: str) -> None:
    async with connection(echo_url) as client:
        await client.send(b"GET /slow HTTP/1.1\r\nHost: a\r\n\r\n" + b"GET /next HTTP/1.1\r\nHost: a\r\n\r\n" * 5_000)
        await asyncio.wait_for(echo.began.wait(), 5)
        echo.released.set()
        responses = [await client.response() for _ in range(1 + HttpProtocol.PIPELINED_REQUESTS)]
        assert [response.status for response in responses] == [200] * 17
        assert [response.headers.get("connection") for response in responses] == [None] * 16 + ["close"]
        assert await client.is_closed()
    assert echo.paths == ["/slow", *["/next"] * 16]


UPGRADING = (
    b"POST /echo HTTP/1.1\r\nHost: a\r\nConnection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: x\r\n"
)
SMUGGLED = b"GET /smuggled HTTP/1.1\r\nHost: a\r\n\r\n"


@pytest.mark.parametrize(
    ("parts", "bodies"),
    [
        ([UPGRADING + b"Content-Length: 35\r\n\r\n" + SMUGGLED], [SMUGGLED]),
        ([UPGRADING + b"Content-Length: 35\r\n\r\n", SMUGGLED], [SMUGGLED]),
        ([UPGRADING, b"Content-Length: 35\r\n\r\n" + SMUGGLED[:9], SMUGGLED[9:]], [SMUGGLED]),
        ([UPGRADING + b"Transfer-Encoding: chunked\r\n\r\n23\r\n" + SMUGGLED + b"\r\n0\r\n\r\n"], [SMUGGLED]),
        ([(UPGRADING + b"Content-Length: 2\r\n\r\nab") * 3], [b"ab"] * 3),
        ([UPGRADING.replace(b"h2c", b"websocket") + b"\r\n"], [b""]),
    ],
)
async def test_a_request_to_upgrade_is_an_ordinary_request(echo: Echo, parts: list[bytes], bodies: list[bytes]) -> None:
    packets: asyncio.Queue[bytes] = asyncio.Queue()

    class Observed(HttpProtocol):
        def data_received(self, data: bytes) -> None:
            packets.put_nowait(data)
            super().data_received(data)

    async with listening(echo, http=Observed, lifespan="off") as url, connection(url) as client:
        for part in parts:  # as separate packets
            await client.send(part)
            assert await asyncio.wait_for(packets.get(), 5) == part
        assert [(await client.response()).body for _ in bodies] == bodies
        await client.send(GET.replace(b"/health/live", b"/next") + b"\r\n")
        assert (await client.response()).status == 200
    assert echo.paths == [*["/echo"] * len(bodies), "/next"]


async def test_a_tunnel_is_refused(echo_url: str) -> None:
    async with connection(echo_url) as client:
        await client.send(b"CONNECT a:80 HTTP/1.1\r\nHost: a\r\n\r\n")
        assert await refused(client) == refusal(400, INVALID)


async def test_an_invalid_request_after_a_valid_one_does_not_replace_its_response(echo: Echo, echo_url: str) -> None:
    async with connection(echo_url) as client:
        await client.send(b"GET /slow HTTP/1.1\r\nHost: a\r\n\r\nnonsense\r\n\r\n")
        await asyncio.wait_for(echo.began.wait(), 5)
        echo.released.set()
        response = await client.response()
        assert (response.status, response.headers["connection"]) == (200, "close")
        assert await client.is_closed()


@pytest.mark.parametrize("start", [b"", b"\r\n", b"GET", GET, GET + b"x: "])
async def test_headers_that_do_not_arrive_in_time_are_refused(impatient_url: str, start: bytes) -> None:
    late = refusal(408, "The headers took longer than 0.2 s.", "TIMEOUT")
    async with connection(impatient_url) as client:
        await client.send(start)
        assert await client.is_closed() if not start.strip() else await refused(client) == late
    async with connection(impatient_url) as client:  # the same for a later request of a connection
        await client.send(GET + b"\r\n")
        assert (await client.response()).status == 200
        await client.send(start)
        assert await client.is_closed() if not start.strip() else await refused(client) == late


async def test_single_bytes_do_not_extend_the_time(impatient_url: str) -> None:
    async with connection(impatient_url) as client:
        start = perf_counter()
        sending = asyncio.create_task(drip(client, GET + headers(90)))
        assert (await client.response()).status == 408
        assert perf_counter() - start < 1
        sending.cancel()
    async with connection(impatient_url) as client:
        await client.send(GET + b"\r\n")
        await client.response()
        start = perf_counter()
        sending = asyncio.create_task(drip(client, b"\r\n" * 1_000))
        assert await client.is_closed()
        assert perf_counter() - start < 1
        sending.cancel()


async def drip(client: Connection, text: bytes) -> None:
    for byte in text:
        await client.send(bytes([byte]))
        await asyncio.sleep(0.01)


async def test_an_idle_connection_is_closed(impatient_url: str) -> None:
    async with connection(impatient_url) as client:
        for _ in range(3):
            await client.send(GET + b"\r\n")
            assert (await client.response()).status == 200
            assert not await client.is_closed(within=0.25)
        assert await client.is_closed()


async def test_idle_connections_are_kept_longer_than_by_load_balancers() -> None:
    assert HttpProtocol.IDLE_SECONDS > 60


async def test_a_body_after_its_response_has_limited_time(echo_url: str) -> None:
    async with connection(echo_url) as client:
        await client.send(b"POST /early HTTP/1.1\r\nHost: a\r\nContent-Length: 100\r\n\r\n")
        assert (await client.response()).status == 200
        await client.send(b"x" * 50)
        assert await client.is_closed()
    async with connection(echo_url) as client:
        await client.send(b"POST /early HTTP/1.1\r\nHost: a\r\nContent-Length: 100\r\n\r\n")
        assert (await client.response()).status == 200
        await client.send(b"x" * 100)
        assert not await client.is_closed(within=0.25)
        await client.send(b"GET /echo HTTP/1.1\r\nHost: a\r\n\r\n")
        assert (await client.response()).status == 200


@pytest.mark.parametrize("path", ["/", "/health/live", "/nothing", "/s/a/b"])
async def test_a_body_that_a_page_does_not_need_is_not_waited_for(impatient_url: str, path: str) -> None:
    async with connection(impatient_url) as client:
        await client.send(f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 100\r\n\r\nx".encode())
        assert (await client.response()).status in (404, 405)
        assert await client.is_closed()


@pytest.mark.parametrize("more", [b"", b"Connection: close\r\n"])
async def test_a_client_that_does_not_read_is_disconnected(echo: Echo, more: bytes) -> None:
    lost = asyncio.Event()

    class Reported(Impatient):
        def connection_lost(self, exc: Exception | None) -> None:
            super().connection_lost(exc)
            lost.set()

    async with (
        listening(echo, http=Reported, lifespan="off") as url,
        connection(url, receive_buffer=4096) as client,
        asyncio.timeout(5),
    ):
        client.pause_reading()
        await client.send(b"GET /large HTTP/1.1\r\nHost: a\r\n" + more + b"\r\n")
        await lost.wait()


async def test_connections_over_the_limit_are_refused(echo: Echo) -> None:
    class Small(HttpProtocol):
        CONNECTIONS = 2

    async with (
        listening(echo, http=Small, lifespan="off") as url,
        connection(url) as first,
        connection(url) as second,
    ):
        for client in (first, second):
            await client.send(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
            assert (await client.response()).status == 200
        async with connection(url) as third:
            message = "This server has 2 connections, the maximum."
            assert await refused(third) == refusal(503, message, "SERVICE_UNAVAILABLE")


async def test_a_refused_request_has_one_line_in_the_log(base_url: str) -> None:
    with recorded_log() as log:
        async with connection(base_url) as client:
            await client.send(GET + b"x: " + b"x" * 20_000)
            response = await client.response()
    [line] = log.lines
    expected = {"level": "info", "method": None, "route": None, "address": "127.0.0.1", "status": 431, "statements": 0}
    assert {name: line[name] for name in expected} == expected
    assert line["request"] == response.headers["x-request-id"]


async def test_a_slow_but_complete_request_is_answered(impatient_url: str, shop: Shop) -> None:
    body = b'{"query": "{ __typename }"}'
    head = b"POST /graphql HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n"
    async with connection(impatient_url) as client:
        await client.send(head % len(body))
        for byte in body:
            await client.send(bytes([byte]))
            await asyncio.sleep(0.01)
        assert json.loads((await client.response()).body)["data"] == {"__typename": "Query"}
