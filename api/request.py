"""GraphQL requests: the parameters of GraphQL over HTTP, from a query string or a body."""

from typing import Any, NamedTuple, TypeVar
from urllib.parse import parse_qsl

import orjson
from starlette.requests import ClientDisconnect
from starlette.types import Receive

from api.errors import RequestError
from schema.document_ids import canonical_id

# The maximum size of the parameters, with and without a credential.
BODY_BYTES = 64 * 1024
ANONYMOUS_BYTES = 8 * 1024
# A larger body is read up to this size and dropped: an early response can reset the connection before it is read.
DISCARDED_BYTES = 4 * 1024 * 1024

# Reading variables takes longer than most operations if they are large. Beyond FREE_BYTES, each VARIABLES_BYTES cost a
# point.
FREE_BYTES = 4 * 1024
VARIABLES_BYTES = 64

# The names under which clients send the ID of a persisted document: the specification's draft, Relay's, and others.
DOCUMENT_NAMES = ("documentId", "doc_id", "id")

T = TypeVar("T")


class GraphQLRequest(NamedTuple):
    """One operation to run, with the text of its document, the document's ID, or both."""

    query: str | None
    document_id: str | None
    registers: bool
    """Whether the ID is in `extensions.persistedQuery`, so that the client may register the text that it sends."""
    variables: dict[str, Any] | None
    operation_name: str | None


def read_headers(pairs: list[tuple[bytes, bytes]]) -> dict[bytes, bytes]:
    """The headers by name. Headers with the same name are joined (RFC 9110, section 5.3)."""
    headers: dict[bytes, bytes] = {}
    for name, value in pairs:
        headers[name] = value if name not in headers else headers[name] + b", " + value
    return headers


def variables_cost(size: int, requests: GraphQLRequest | list[GraphQLRequest]) -> int:
    """The cost of the variables in a request of this size, which they and the documents take."""
    each = [requests] if isinstance(requests, GraphQLRequest) else requests
    variables = size - sum(len(request.query or "") for request in each)
    return max(0, variables - FREE_BYTES) // VARIABLES_BYTES


def read_query_string(query_string: bytes, path_id: str | None) -> GraphQLRequest:
    """The parameters of a GET. An empty parameter counts as absent. HttpProtocol limits their size."""
    pairs = parse_qsl(query_string.decode("latin-1"), keep_blank_values=True)
    parameters: dict[str, Any] = {name: value for name, value in pairs if value}
    for name in ("variables", "extensions"):
        if name in parameters:
            parameters[name] = _parsed(parameters[name].encode(errors="replace"), name)
    return _request(parameters, path_id)


def read_body(body: bytes, path_id: str | None, batch_limit: int) -> GraphQLRequest | list[GraphQLRequest]:
    """The parameters of a POST, or those of each request of a batch."""
    parameters = _parsed(body, "The body")
    if not isinstance(parameters, list):
        return _request(parameters, path_id)
    if not batch_limit:
        raise RequestError(400, "The body must be a JSON object: batching is off.")
    if not 1 <= len(parameters) <= batch_limit:
        raise RequestError(400, f"A batch has 1 to {batch_limit} requests, got {len(parameters)}.")
    return [_request(each, path_id) for each in parameters]


async def receive_body(receive: Receive, limit: int) -> bytes:
    """Read the body. Raises RequestError if it is larger than the limit, and ClientDisconnect."""
    message = await receive()
    body: bytes = message.get("body", b"")
    size = len(body)
    while message.get("more_body") and size <= DISCARDED_BYTES:
        message = await receive()
        chunk = message.get("body", b"")
        size += len(chunk)
        if size <= limit:
            body += chunk
    if message["type"] == "http.disconnect":
        raise ClientDisconnect
    if size > limit:
        without_key = " without a key" if limit == ANONYMOUS_BYTES else ""
        raise RequestError(413, f"A request{without_key} has at most {limit} bytes.", Connection="close")
    return body


def _parsed(text: bytes, name: str) -> Any:
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError as error:
        where = f"{error.msg}, line {error.lineno}, column {error.colno}" if text else "it is empty"
        raise RequestError(400, f"{name} is not JSON in UTF-8 ({where}).") from None


def _request(parameters: Any, path_id: str | None) -> GraphQLRequest:
    if not isinstance(parameters, dict):
        raise RequestError(400, "The body must be a JSON object with a query or a documentId.")
    query = _optional(parameters, "query", str)
    extensions = _optional(parameters, "extensions", dict)
    hash = _hash(extensions) if extensions else None
    given = [path_id, hash, *[_optional(parameters, name, str) for name in DOCUMENT_NAMES if name in parameters]]
    ids = {canonical_id(id) or id for id in given if id}
    if len(ids) > 1:
        raise RequestError(400, "The request names several documents.")
    if not ids and not (query and query.strip()):
        raise RequestError(400, "Send either query, a GraphQL document as a string, or documentId.")
    return GraphQLRequest(
        query=query or None,
        document_id=ids.pop() if ids else None,
        registers=hash is not None,
        variables=_optional(parameters, "variables", dict),
        operation_name=_optional(parameters, "operationName", str) or None,
    )


def _hash(extensions: dict[str, Any]) -> str | None:
    """The document's ID in Apollo's extension, which is a hash or an ID from a manifest."""
    persisted = extensions.get("persistedQuery")
    if persisted is None:
        return None
    hash = persisted.get("sha256Hash") if isinstance(persisted, dict) else None
    if not isinstance(hash, str) or not hash or persisted.get("version", 1) != 1:
        raise RequestError(400, "extensions.persistedQuery must look like {version: 1, sha256Hash: “…”}.")
    return hash


def _optional(parameters: dict[str, Any], name: str, expected: type[T]) -> T | None:
    value = parameters.get(name)
    if value is not None and not isinstance(value, expected):
        raise RequestError(400, f"{name} must be {'a string' if expected is str else 'an object'}.")
    return value
