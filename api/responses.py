"""Responses to GraphQL requests: status, headers and bytes (GraphQL over HTTP, "Response")."""

import gzip
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache
from typing import Any, TypeAlias

import brotli
import orjson
import zstandard
from starlette.responses import Response
from starlette.types import Send
from starlette_compress._utils import parse_accept_encoding

from api.media_types import JSON, media_type
from schema.rate_limits import RateLimit

# A smaller body fits into one packet without compression.
COMPRESSED_BYTES = 1_000
ENCODERS: dict[str, Callable[[bytes], bytes]] = {
    "zstd": zstandard.ZstdCompressor(level=1).compress,
    "br": lambda body: brotli.compress(body, quality=4),
    "gzip": lambda body: gzip.compress(body, compresslevel=4, mtime=0),
}
RawHeaders: TypeAlias = list[tuple[bytes, bytes]]
NOT_CACHED: RawHeaders = [(b"cache-control", b"no-store"), (b"vary", b"Accept, Origin, Accept-Encoding")]
CACHED = {"Cache-Control": "private, no-cache", "Vary": "Accept, Authorization, Origin, Accept-Encoding"}


@dataclass(frozen=True, slots=True)
class Negotiation:
    """The formats that the client accepts. `media_type` is None if none is supported, `encoding` if none compresses."""

    media_type: str | None
    lenient: bool
    """Whether `Accept` contains `application/json`, for which the status of an invalid operation is 200."""
    encoding: str | None
    content_type: bytes


@dataclass(slots=True)
class GraphQLResponse:
    """The response to one operation. A batch has several."""

    body: dict[str, Any]
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)

    @property
    def codes(self) -> set[str]:
        return {error["extensions"]["code"] for error in self.body.get("errors", ())}


@lru_cache(1024)
def negotiate(accept: bytes, accept_encoding: bytes) -> Negotiation:
    """Choose the media type and the encoding of a response. See Negotiation."""
    accepted = parse_accept_encoding(accept_encoding.decode("latin-1")) if accept_encoding else frozenset()
    encoding = next((name for name in ENCODERS if name in accepted), None)
    chosen = media_type(accept)
    lenient = chosen == JSON and JSON.encode() in accept.lower()
    return Negotiation(chosen, lenient, encoding, f"{chosen or JSON}; charset=utf-8".encode())


def cost_extensions(cost: int | None, rate_limit: RateLimit | None, maximum: int) -> dict[str, Any]:
    """The `extensions` of a response, as far as its cost is known. `maximum`: the highest cost that is allowed."""
    report: dict[str, Any] = {}
    if cost is not None:
        report |= {"requested": cost, "maximum": maximum}
    if rate_limit:
        report["throttle"] = {
            "available": rate_limit.available,
            "maximum": rate_limit.maximum,
            "restoreRate": rate_limit.restore_rate,
        }
    return {"cost": report}


def dump(body: object) -> bytes:
    try:
        return orjson.dumps(body)
    except TypeError:  # a message that quotes half a surrogate pair
        return json.dumps(body, default=datetime.isoformat).encode()


async def send_json(
    send: Send, status: int, body: bytes, headers: dict[str, str], negotiation: Negotiation, common: RawHeaders
) -> None:
    """Send a response, compressed if that is worth it. `common`: headers that every response to the client has."""
    pairs = [(b"content-type", negotiation.content_type), *common]
    if "Cache-Control" not in headers:
        pairs += NOT_CACHED
    if negotiation.encoding and len(body) >= COMPRESSED_BYTES:
        body = ENCODERS[negotiation.encoding](body)
        pairs.append((b"content-encoding", negotiation.encoding.encode()))
    pairs.append((b"content-length", b"%d" % len(body)))
    pairs += [(name.lower().encode(), value.encode()) for name, value in headers.items()]
    await send({"type": "http.response.start", "status": status, "headers": pairs})
    await send({"type": "http.response.body", "body": body})


def site_response(failure: GraphQLResponse, accept: bytes) -> Response:
    """An error of a path that is not GraphQL's, in the media type of a GraphQL response that the client prefers."""
    headers = {"Cache-Control": "no-store", "Vary": "Accept"} | failure.headers
    content_type = f"{media_type(accept) or JSON}; charset=utf-8"
    return Response(dump(failure.body), failure.status, headers, content_type)
