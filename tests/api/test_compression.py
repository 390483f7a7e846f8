"""Compression: of large responses, in an encoding that the client accepts, and never of streams."""

import asyncio
import gzip
from collections.abc import AsyncIterator, Callable
from typing import Any

import brotli
import httpx
import pytest
import zstandard
from graphql import get_introspection_query
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route

from api.app import create_app
from tests.conftest import listening, settings_for
from tests.support.responses import GRAPHQL, JSON
from tests.support.shop import Shop

DECODED: dict[str, Callable[[bytes], bytes]] = {
    "zstd": lambda body: zstandard.ZstdDecompressor().decompressobj().decompress(body),
    "br": brotli.decompress,
    "gzip": gzip.decompress,
}
LARGE = get_introspection_query()
SMALL = "{ __typename }"


async def raw(shop: Shop, query: str, accept_encoding: str, accept: str = JSON) -> Any:
    """The headers, and the body before it is decoded."""
    headers = {"Accept-Encoding": accept_encoding, "Accept": accept, **shop.headers}
    async with shop.http.stream("POST", "/graphql", json={"query": query}, headers=headers) as response:
        body = b"".join([part async for part in response.aiter_raw()])
    assert response.status_code == 200
    assert len(body) == int(response.headers["content-length"])
    return response.headers, body


def without_cost(body: bytes) -> bytes:
    """The body without the extensions, in which the remaining points change."""
    return body.partition(b',"extensions":')[0]


@pytest.mark.parametrize("accept", [JSON, GRAPHQL])
@pytest.mark.parametrize("encoding", DECODED)
async def test_a_large_response_is_compressed(shop: Shop, encoding: str, accept: str) -> None:
    plain_headers, plain = await raw(shop, LARGE, "identity", accept)
    headers, body = await raw(shop, LARGE, encoding, accept)
    assert headers["content-encoding"] == encoding
    assert headers["content-type"] == plain_headers["content-type"] == f"{accept}; charset=utf-8"
    assert without_cost(DECODED[encoding](body)) == without_cost(plain)
    assert len(body) < len(plain) / 4
    for answer in (plain_headers, headers):
        assert set(answer["vary"].split(", ")) == {"Accept", "Origin", "Accept-Encoding"}


@pytest.mark.parametrize(
    ("accept_encoding", "encoding"),
    [
        *((accepted, "zstd") for accepted in ("gzip, deflate, br, zstd", "*")),
        ("gzip, deflate, br", "br"),
        *((accepted, "gzip") for accepted in ("gzip, deflate", "GZIP", "zstd;q=0, br;q=0.0, gzip")),
        # Any encoding that is accepted at all may be chosen: the best one for the server is.
        ("br;q=0.1, gzip;q=0.9", "br"),
        ("zstd;q=0, *;q=0.1", "br"),
        *((accepted, None) for accepted in ("gzip;q=0", "*;q=0", "identity", "deflate", "")),
        *((accepted, None) for accepted in ("compress;q=0.5, identity;q=0", "gzip;q=nonsense")),
    ],
)
async def test_the_encoding_is_accepted_by_the_client(shop: Shop, accept_encoding: str, encoding: str | None) -> None:
    headers, _ = await raw(shop, LARGE, accept_encoding)
    assert headers.get("content-encoding") == encoding


@pytest.mark.parametrize("encoding", DECODED)
async def test_a_small_response_is_not_compressed(shop: Shop, encoding: str) -> None:
    headers, body = await raw(shop, SMALL, encoding)
    assert "content-encoding" not in headers
    assert body.startswith(b'{"data":{"__typename":"Query"}')


@pytest.mark.parametrize(
    "type", ["text/event-stream", "text/event-stream; charset=utf-8", 'multipart/mixed; boundary="-"']
)
@pytest.mark.parametrize("encoding", DECODED)
async def test_a_stream_is_not_buffered_or_compressed(database_url: str, type: str, encoding: str) -> None:
    seen = asyncio.Event()

    async def parts() -> AsyncIterator[bytes]:
        yield b"data: 1\n\n" * 100
        await asyncio.wait_for(seen.wait(), 5)
        yield b"data: 2\n\n"

    async def stream(request: Request) -> Response:
        return StreamingResponse(parts(), media_type=type)

    app = create_app(settings_for(database_url))
    app.site.routes.append(Route("/stream", stream))
    async with (
        listening(app) as url,
        httpx.AsyncClient(base_url=url) as http,
        http.stream("GET", "/stream", headers={"Accept-Encoding": encoding}) as response,
    ):
        received = response.aiter_raw()
        assert await anext(received) == b"data: 1\n\n" * 100
        seen.set()
        assert await anext(received) == b"data: 2\n\n"
    assert "content-encoding" not in response.headers
