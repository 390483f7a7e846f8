"""What a request asks for: the parameters of GraphQL over HTTP, from a query string or a body."""

import asyncio
from dataclasses import dataclass
from typing import Any

import orjson
from starlette.requests import Request

from api.media_types import JSON, is_json
from schema.document_ids import canonical_id

BODY_BYTES = 64 * 1024
# More is read, up to this, and thrown away: who is answered while still sending may lose the answer.
DISCARDED_BYTES = 4 * 1024 * 1024
BODY_SECONDS = 30

# Who names a persisted document calls it so: the specification's draft, Relay's example, and others.
DOCUMENT_NAMES = ("documentId", "doc_id", "id")


class RequestError(Exception):
    """A request that is not executed: what the answer's status, code and message are."""

    def __init__(self, status: int, message: str, code: str = "BAD_REQUEST", **headers: str) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.headers = headers


class Malformed(RequestError):
    """A request that is JSON, but not one of GraphQL's."""

    def __init__(self, message: str) -> None:
        super().__init__(400, message)


@dataclass(frozen=True)
class Operation:
    """What to run: a document's text, or its name, or both."""

    query: str | None
    document_id: str | None
    registers: bool
    """Whether the name came as `extensions.persistedQuery`, by which a client may register the text it sends."""
    variables: dict[str, Any] | None
    name: str | None


def operation_of_query(request: Request) -> Operation:
    """What a GET asks for. An empty parameter is none."""
    parameters: dict[str, Any] = {name: value for name, value in request.query_params.items() if value}
    for name in ("variables", "extensions"):
        if name in parameters:
            parameters[name] = _parsed(parameters[name].encode(errors="replace"), name)
    return _operation(parameters, request.path_params.get("document_id"))


async def operations_of_body(request: Request, batch_limit: int) -> Operation | list[Operation]:
    """What a POST asks for; a list where it is a batch, which has at most so many."""
    path_id = request.path_params.get("document_id")
    content_type = ", ".join(request.headers.getlist("content-type"))
    if not is_json(content_type):
        raise RequestError(415, f"The Content-Type must be {JSON} in UTF-8, got {content_type[:100]!r}.")
    body = _parsed(await _body(request), "the body")
    if not isinstance(body, list):
        return _operation(body, path_id)
    if not batch_limit:
        raise Malformed("The body must be a JSON object: batching is off.")
    if not 1 <= len(body) <= batch_limit:
        raise Malformed(f"A batch has 1 to {batch_limit} requests, got {len(body)}.")
    return [_operation(parameters, path_id) for parameters in body]


async def _body(request: Request) -> bytes:
    body, size = bytearray(), 0
    try:
        async with asyncio.timeout(BODY_SECONDS):
            async for chunk in request.stream():
                size += len(chunk)
                if size <= BODY_BYTES:
                    body += chunk
                elif size > DISCARDED_BYTES:
                    break
    except TimeoutError:
        raise RequestError(
            408, f"The body took longer than {BODY_SECONDS:g} s.", "TIMEOUT", Connection="close"
        ) from None
    if size > BODY_BYTES:
        raise RequestError(413, f"A request has at most {BODY_BYTES} bytes.", Connection="close")
    return bytes(body)


def _parsed(text: bytes, name: str) -> Any:
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError as error:
        where = f"{error.msg}, line {error.lineno}, column {error.colno}" if text else "it is empty"
        raise RequestError(400, f"Not JSON in UTF-8: {name} ({where}).") from None


def _operation(parameters: Any, path_id: str | None) -> Operation:
    if not isinstance(parameters, dict):
        raise Malformed("The body must be a JSON object with a query or a documentId.")
    query = _text(parameters, "query")
    extensions = _object(parameters, "extensions") or {}
    hash = _hash(extensions)
    given = [path_id, hash, *(_text(parameters, name) for name in DOCUMENT_NAMES)]
    names = {canonical_id(name) or name for name in given if name}
    if len(names) > 1:
        raise Malformed("The request names several documents.")
    if not names and not (query and query.strip()):
        raise Malformed("A request needs a query, a GraphQL document as a string, or a documentId.")
    return Operation(
        query=query or None,
        document_id=names.pop() if names else None,
        registers=hash is not None,
        variables=_object(parameters, "variables"),
        name=_text(parameters, "operationName") or None,
    )


def _hash(extensions: dict[str, Any]) -> str | None:
    """Apollo's way to name a document. A manifest's IDs come as its hash, too."""
    persisted = extensions.get("persistedQuery")
    if persisted is None:
        return None
    hash = persisted.get("sha256Hash") if isinstance(persisted, dict) else None
    if not isinstance(hash, str) or not hash or persisted.get("version", 1) != 1:
        raise Malformed("extensions.persistedQuery must look like {version: 1, sha256Hash: “…”}.")
    return hash


def _text(parameters: dict[str, Any], name: str) -> str | None:
    value = parameters.get(name)
    if value is not None and not isinstance(value, str):
        raise Malformed(f"{name} must be a string.")
    return value


def _object(parameters: dict[str, Any], name: str) -> dict[str, Any] | None:
    value = parameters.get(name)
    if value is not None and not isinstance(value, dict):
        raise Malformed(f"{name} must be an object.")
    return value
