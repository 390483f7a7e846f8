"""Error responses. The table PROBLEMS maps exceptions to statuses, codes and messages."""

from typing import Any, NamedTuple

import asyncpg
from graphql import ExecutionResult, FieldNode, GraphQLError

from api.auth.jwks import IssuerUnavailable
from api.logs import describe, logger
from api.responses import GraphQLResponse
from db.errors import OutcomeUnknown, Unavailable
from engine.cost import TooCostly
from engine.execution import InvalidOperation
from schema.errors import BadUserInput, Forbidden, Unauthenticated
from schema.rate_limits import Throttled


class Problem(NamedTuple):
    """How an exception is reported. If `message` is None, the exception's own text is used."""

    status: int
    code: str
    message: str | None = None


class RequestError(Exception):
    """A request that is not executed, with the status, code and message of its response."""

    def __init__(self, status: int, message: str, code: str = "BAD_REQUEST", **headers: str) -> None:
        super().__init__(message)
        self.problem = Problem(status, code)
        self.headers = headers


UNSTORABLE = Problem(400, "BAD_USER_INPUT", "The text contains a character that cannot be stored.")
# The problem of an exception is that of its class, or else of the closest base class. The status applies if the
# exception ends the whole request.
PROBLEMS: dict[type[BaseException], Problem] = {
    TooCostly: Problem(400, "COST_LIMIT_EXCEEDED"),
    Throttled: Problem(429, "THROTTLED"),
    Unauthenticated: Problem(401, "UNAUTHENTICATED"),
    Forbidden: Problem(403, "FORBIDDEN"),
    BadUserInput: Problem(400, "BAD_USER_INPUT"),
    UnicodeEncodeError: UNSTORABLE,
    asyncpg.CharacterNotInRepertoireError: UNSTORABLE,
    Unavailable: Problem(503, "SERVICE_UNAVAILABLE", "The database is not available at the moment."),
    OutcomeUnknown: Problem(
        503,
        "SERVICE_UNAVAILABLE",
        "The connection to the database was lost. If the request changes data, the change may have been made: repeat "
        "the request, with the same idempotencyKey if it has one.",
    ),
    IssuerUnavailable: Problem(503, "SERVICE_UNAVAILABLE"),
    TimeoutError: Problem(504, "TIMEOUT"),
}
UNFORESEEN = Problem(
    500, "INTERNAL_SERVER_ERROR", "An internal error occurred. Quote the request ID when you report it."
)

# Additional headers by status (RFC 6585, section 4; RFC 9110, sections 15.5.2 and 15.6.4). A field is only throttled
# by limits that allow one attempt per second.
HEADERS = {401: {"WWW-Authenticate": "Bearer"}, 429: {"Retry-After": "1"}, 503: {"Retry-After": "1"}}

# The status of the response if all fields are null and one of them failed with this code.
REQUEST_CODES = {"UNAUTHENTICATED": 401, "THROTTLED": 429, "SERVICE_UNAVAILABLE": 503}


def failure(
    error: Exception, request_id: str, *, lenient: bool = False, credential_sent: bool = False, route: str = "graphql"
) -> GraphQLResponse:
    """The response to an exception that ended a request.

    `lenient`: the client accepts `application/json`, and expects the status 200 for an invalid operation (GraphQL over
    HTTP, section 6.4.1).
    """
    if isinstance(error, InvalidOperation):
        errors = [{**each.formatted, "extensions": {"code": error.code}} for each in error.errors]
        return GraphQLResponse({"errors": errors}, 200 if lenient else 400)
    problem = problem_of(error)
    status, headers = problem.status, HEADERS.get(problem.status, {})
    if isinstance(error, RequestError):
        headers = headers | error.headers
        if lenient and problem.code == "PERSISTED_QUERY_NOT_FOUND":
            status = 200
    elif isinstance(error, Throttled):
        headers = {"Retry-After": str(error.retry_after_seconds)}
    elif isinstance(error, Unauthenticated) and credential_sent:  # RFC 6750, section 3
        headers = {"WWW-Authenticate": 'Bearer error="invalid_token"'}
    return GraphQLResponse({"errors": [_reported(error, route, request_id)]}, status, headers)


def field_errors(result: ExecutionResult, request_id: str) -> GraphQLResponse:
    """The response to an operation some of whose fields have failed."""
    errors = [_field_error(error, request_id) for error in result.errors or ()]
    if all(value is None for value in (result.data or {}).values()):
        codes = {error["extensions"]["code"] for error in errors}
        for code, status in REQUEST_CODES.items():
            if code in codes:
                return GraphQLResponse({"errors": errors}, status, HEADERS[status])
    return GraphQLResponse({"data": result.data, "errors": errors})


def problem_of(error: BaseException) -> Problem:
    if isinstance(error, RequestError):
        return error.problem
    return next((PROBLEMS[base] for base in type(error).__mro__ if base in PROBLEMS), UNFORESEEN)


def _field_error(error: GraphQLError, request_id: str) -> dict[str, Any]:
    original = error.original_error
    while isinstance(original, GraphQLError):
        original = original.original_error
    if original is None:
        return {**error.formatted, "extensions": {"code": "BAD_USER_INPUT"}}
    # The name of the field, not the path, which contains the aliases that the client chose.
    field = error.nodes[0] if error.nodes else None
    where = field.name.value if isinstance(field, FieldNode) else "graphql"
    return {**error.formatted, **_reported(original, where, request_id)}


def _reported(error: Exception, where: str, request_id: str) -> dict[str, Any]:
    """The error for the client. An unforeseen error is logged and masked: neither quotes the client's input."""
    problem = problem_of(error)
    if isinstance(error, Unavailable):
        logger.warning("Postgres is unavailable: %s", error)
    if problem is not UNFORESEEN:
        return {"message": problem.message or str(error), "extensions": {"code": problem.code}}
    entry = {"request": request_id, "message": "unforeseen", "where": where, **describe(error)}
    logger.error("unforeseen", extra={"entry": entry})
    return {"message": problem.message, "extensions": {"code": problem.code, "requestId": request_id}}
