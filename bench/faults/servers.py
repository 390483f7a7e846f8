"""A database, servers on it, and a client that costs little CPU time, for the scripts of this folder."""

import asyncio
from base64 import b64encode
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple
from urllib.parse import urlsplit

import httpx
import orjson

import embedded
from tests.conftest import pool
from tests.support import commands
from tests.support.shop import Shop, open_shop

SIGNING_KEYS = {"k": b"the secret that signs the links."}


@contextmanager
def database() -> Iterator[tuple[Path, str]]:
    """A new folder, and the URL of a new database with the default, durable settings."""
    with TemporaryDirectory() as name, embedded.start(Path(name) / "data") as server:
        yield Path(name), server.url()


@contextmanager
def serving(folder: Path, url: str, *options: object, **settings: str) -> Iterator[commands.Serving]:
    """`roomkey serve` on the database. Its log is `serve.log` in the folder."""
    with commands.serving(folder, *options, **{**settings_for(url), **settings}) as served:
        yield served


def settings_for(url: str) -> dict[str, str]:
    token_keys = ",".join(f"{name}:{b64encode(secret).decode()}" for name, secret in SIGNING_KEYS.items())
    return {"DATABASE_URL": url, "TOKEN_KEYS": token_keys}


@asynccontextmanager
async def shops(url: str, base_url: str, count: int = 1) -> AsyncIterator[list[Shop]]:
    """New stores of the database, and their client at a server."""
    async with pool(url) as db, httpx.AsyncClient(base_url=base_url, timeout=30) as http:
        yield [await open_shop(db, http) for _ in range(count)]


class Response(NamedTuple):
    status: int
    head: bytes
    body: bytes


class Client:
    """A keep-alive connection to a server, which reads responses with a Content-Length."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer

    async def send(self, request: bytes, *, is_head: bool = False) -> Response:
        """Send a request and read the response. Raises OSError or EOFError if the connection breaks."""
        self._writer.write(request)
        head = await self._reader.readuntil(b"\r\n\r\n")
        lines = head.lower().split(b"\r\n")
        length = next((int(line[15:]) for line in lines if line.startswith(b"content-length:")), 0)
        body = b"" if is_head else await self._reader.readexactly(length)
        return Response(int(head[9:12]), head, body)

    def abandon(self, request: bytes) -> None:
        """Send a request, and hang up before the response."""
        self._writer.write(request)
        self._writer.transport.abort()


@asynccontextmanager
async def connected(base_url: str) -> AsyncIterator[Client]:
    parts = urlsplit(base_url)
    reader, writer = await asyncio.open_connection(parts.hostname, parts.port, limit=2**20)
    try:
        yield Client(reader, writer)
    finally:
        writer.close()


def get(path: str, *headers: str, method: str = "GET") -> bytes:
    """The bytes of a request without a body."""
    lines = (f"{method} {path} HTTP/1.1", "Host: 127.0.0.1", *headers)
    return "".join(f"{line}\r\n" for line in (*lines, "")).encode()


def post(document: str, key: str | None = None, operation_name: str | None = None, **variables: object) -> bytes:
    """The bytes of a GraphQL request."""
    body = orjson.dumps({"query": document, "variables": variables, "operationName": operation_name})
    headers = [f"Authorization: Bearer {key}"] if key else []
    headers += ["Content-Type: application/json", f"Content-Length: {len(body)}"]
    return get("/graphql", *headers, method="POST") + body
