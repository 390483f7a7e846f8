"""What an answer looks like: its status, media type and errors (GraphQL over HTTP, "Response")."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NamedTuple

import asyncpg
import orjson
from graphql import ExecutionResult, FieldNode, GraphQLError
from starlette.responses import Response

from api.logs import described, logger
from api.media_types import JSON, media_type
from api.requests import RequestError
from db.pool import Unavailable
from engine.execution import InvalidOperation
from schema.errors import ClientError, Unauthenticated

# What a status says besides (RFC 9110, sections 15.5.2 and 15.6.4).
HEADERS = {401: {"WWW-Authenticate": "Bearer"}, 503: {"Retry-After": "1"}}

# Where no field could be answered for one of these reasons, neither was the request.
FAILED = {"UNAUTHENTICATED": 401, "SERVICE_UNAVAILABLE": 503}


class Terms(NamedTuple):
    """On what terms a client is answered."""

    media_type: str
    lenient: bool = False
    """Whether an operation that is invalid has the status 200, as who asks for application/json by name expects."""


@dataclass
class Answer:
    """The answer to one operation. A batch has several."""

    status: int
    body: dict[str, Any]
    headers: dict[str, str] = field(default_factory=dict)

    @property
    def codes(self) -> list[str]:
        return [error["extensions"]["code"] for error in self.body.get("errors", ())]


def refusal(status: int, message: str, code: str, headers: dict[str, str] | None = None) -> Answer:
    """An answer that has nothing but one error."""
    headers = HEADERS.get(status, {}) | (headers or {})
    return Answer(status, {"errors": [{"message": message, **_code(code)}]}, headers)


def unauthenticated(error: Unauthenticated, *, sent: bool = False) -> Answer:
    """An answer to nobody known; `sent`: with a credential that does not count (RFC 6750, section 3)."""
    return refusal(401, str(error), error.code, {"WWW-Authenticate": 'Bearer error="invalid_token"'} if sent else None)


def unavailable(error: Exception) -> Answer:
    logger.warning("Postgres is unavailable: %s", error)
    return refusal(503, "The database is not available just now.", "SERVICE_UNAVAILABLE")


def refused_request(error: RequestError, terms: Terms) -> Answer:
    status = 200 if terms.lenient and error.code == "PERSISTED_QUERY_NOT_FOUND" else error.status
    return refusal(status, str(error), error.code, error.headers)


def invalid_operation(error: InvalidOperation, terms: Terms) -> Answer:
    """An answer to what cannot be executed."""
    errors = [{**each.formatted, **_code(error.code)} for each in error.errors]
    return Answer(200 if terms.lenient else 400, {"errors": errors})


def executed(result: ExecutionResult, request_id: str) -> Answer:
    """An answer to what was executed."""
    if not result.errors:
        return Answer(200, {"data": result.data})
    errors = [_formatted(error, request_id) for error in result.errors]
    answer = Answer(200, {"data": result.data, "errors": errors})
    if all(value is None for value in (result.data or {}).values()):
        for code, status in FAILED.items():
            if code in answer.codes:
                return Answer(status, {"errors": errors}, dict(HEADERS[status]))
    return answer


def _formatted(error: GraphQLError, request_id: str) -> dict[str, Any]:
    """A field's error as the client sees it. What nobody foresaw is logged, and only the request's ID goes out."""
    original = error.original_error
    while isinstance(original, GraphQLError):
        original = original.original_error
    if original is None:
        return {**error.formatted, **_code("BAD_USER_INPUT")}
    if isinstance(original, ClientError):
        return {**error.formatted, **_code(original.code)}
    if isinstance(original, Unavailable):
        return {**error.formatted, "message": "The database is not available just now.", **_code("SERVICE_UNAVAILABLE")}
    if isinstance(original, UnicodeEncodeError | asyncpg.CharacterNotInRepertoireError):
        return {**error.formatted, "message": "A text has a character that cannot be kept.", **_code("BAD_USER_INPUT")}
    # The field, not the path, which has the aliases that the client chose.
    field = error.nodes[0] if error.nodes else None
    where = field.name.value if isinstance(field, FieldNode) else "graphql"
    return {**error.formatted, **unforeseen(original, where, request_id)}


def unforeseen(error: Exception, where: str, request_id: str) -> dict[str, Any]:
    """The error that the client sees instead of one that nobody foresaw, which is logged."""
    facts = {"request": request_id, "message": "unforeseen", "where": where, **described(error)}
    logger.error("unforeseen", extra={"facts": facts})
    return {
        "message": "Something went wrong here. Quote the request ID when you report it.",
        "extensions": {"code": "INTERNAL_SERVER_ERROR", "requestId": request_id},
    }


def _code(code: str) -> dict[str, Any]:
    return {"extensions": {"code": code}}


def response(answer: Answer | Sequence[Answer], terms: Terms) -> Response:
    """The answer, or those of a batch, over HTTP."""
    if isinstance(answer, Answer):
        status, content, headers = answer.status, _json(answer.body), answer.headers
    else:
        status, content, headers = 200, _json([each.body for each in answer]), {}
    headers = {"Cache-Control": "no-store", "Vary": "Accept"} | headers
    return Response(content, status, headers, f"{terms.media_type}; charset=utf-8")


def _json(value: Any) -> bytes:
    try:
        return orjson.dumps(value)
    except TypeError:  # a message that quotes half a surrogate pair
        return json.dumps(value, default=datetime.isoformat).encode()


def plain(answer: Answer, accept: str) -> Response:
    """An answer that the endpoint did not give, of the media type that the Accept header likes, if it likes any."""
    return response(answer, Terms(media_type(accept) or JSON))
