"""GraphQL over HTTP: one endpoint, for programs and, in a browser, for people."""

import json
import logging
import re
from collections.abc import Sequence
from traceback import format_tb
from typing import Any
from uuid import uuid4

import asyncpg
import orjson
from graphql import GraphQLError, GraphQLSyntaxError, OperationDefinitionNode, parse
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from strawberry.http.ides import get_graphql_ide_html
from strawberry.schema.exceptions import CannotGetOperationTypeError, InvalidOperationTypeError
from strawberry.types.execution import PreExecutionError
from strawberry.types.graphql import OperationType

from api.credentials import Credentials
from db.pool import Pool, Unavailable
from schema import schema
from schema.context import Context
from schema.cursors import Cursors
from schema.errors import ClientError, Unauthenticated
from schema.links import Links

logger = logging.getLogger("roomkey")

BODY_BYTES = 64 * 1024
# More is read, up to this, and thrown away: who is answered while still sending may lose the answer.
DISCARDED_BYTES = 4 * 1024 * 1024
RETRY_SECONDS = 1

OPERATION = re.compile(r"\b(query|mutation|subscription)\b")


class RequestError(Exception):
    """A request that is not executed: what the answer's status, code and message are."""

    def __init__(self, status: int, message: str, code: str = "BAD_REQUEST", **headers: str) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.headers = headers


class GraphQLEndpoint:
    """Serves `/graphql`."""

    def __init__(self, db: Pool, links: Links, *, graphiql: bool) -> None:
        self._db = db
        self._links = links
        self._cursors = Cursors(links.keys)
        self._credentials = Credentials(db)
        self._graphiql = get_graphql_ide_html() if graphiql else None

    async def handle(self, request: Request) -> Response:
        if self._graphiql and request.method == "GET" and "text/html" in request.headers.get("accept", ""):
            return HTMLResponse(self._graphiql)
        try:
            return await self._answer(request)
        except Unauthenticated as error:
            return error_response(401, str(error), error.code, **{"WWW-Authenticate": "Bearer"})
        except Unavailable as error:
            logger.warning("Postgres is unavailable: %s", error)
            return unavailable_response()
        except RequestError as error:
            return error_response(error.status, str(error), error.code, **error.headers)

    async def _answer(self, request: Request) -> Response:
        parameters = _query_parameters(request) if request.method == "GET" else await _body_parameters(request)
        query, variables, operation_name = _checked(parameters)
        context = Context(
            db=self._db,
            links=self._links,
            cursors=self._cursors,
            credential=await self._credentials.of(request.headers.get("authorization")),
        )
        if operation_name is None and _has_several_operations(query):
            raise RequestError(
                400, "The document has several operations: operationName is needed.", "OPERATION_RESOLUTION_FAILURE"
            )
        reads = {OperationType.QUERY}
        try:
            result = await schema.execute(
                query,
                variable_values=variables,
                operation_name=operation_name,
                context_value=context,
                allowed_operation_types=reads if request.method == "GET" else reads | {OperationType.MUTATION},
            )
        except CannotGetOperationTypeError:
            raise RequestError(400, "No operation of that name.", "OPERATION_RESOLUTION_FAILURE") from None
        except InvalidOperationTypeError as error:
            if error.operation_type is OperationType.SUBSCRIPTION:
                raise RequestError(400, "There are no subscriptions here.") from None
            raise RequestError(405, error.as_http_error_reason(request.method), Allow="POST") from None
        invalid = isinstance(result, PreExecutionError)
        errors = [_formatted(error, invalid) for error in result.errors or ()]
        status = 400 if invalid or _was_not_executed(result.errors) else 200
        body: dict[str, Any] = {} if status == 400 else {"data": result.data}
        return response(status, body | ({"errors": errors} if errors else {}))


def _query_parameters(request: Request) -> dict[str, Any]:
    parameters: dict[str, Any] = {name: value for name, value in request.query_params.items() if value}
    if "variables" in parameters:
        parameters["variables"] = _parsed(parameters["variables"].encode(errors="replace"), "variables")
    return parameters


async def _body_parameters(request: Request) -> dict[str, Any]:
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != "application/json":
        raise RequestError(415, "The Content-Type must be application/json.")
    body, size = bytearray(), 0
    async for chunk in request.stream():
        size += len(chunk)
        if size <= BODY_BYTES:
            body += chunk
        elif size > DISCARDED_BYTES:
            break
    if size > BODY_BYTES:
        raise RequestError(413, f"A request has at most {BODY_BYTES} bytes.", Connection="close")
    parameters = _parsed(bytes(body), "the body")
    if not isinstance(parameters, dict):
        raise RequestError(400, "The body must be a JSON object with a query.")
    return parameters


def _parsed(text: bytes, name: str) -> Any:
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError:
        raise RequestError(400, f"Not JSON in UTF-8: {name}.") from None


def _checked(parameters: dict[str, Any]) -> tuple[str, dict[str, Any] | None, str | None]:
    query = parameters.get("query")
    variables = parameters.get("variables")
    operation_name = parameters.get("operationName")
    if not isinstance(query, str) or not query.strip():
        raise RequestError(400, "A request needs a query: a GraphQL document, as a string.")
    if variables is not None and not isinstance(variables, dict):
        raise RequestError(400, "variables must be an object.")
    if operation_name is not None and not isinstance(operation_name, str):
        raise RequestError(400, "operationName must be a string.")
    return query, variables, operation_name or None


def _has_several_operations(query: str) -> bool:
    """Strawberry would run the first of them. A document that is malformed is left to it."""
    if len(OPERATION.findall(query)) < 2:  # most documents, which need not be parsed twice
        return False
    try:
        definitions = parse(query, no_location=True).definitions
    except (GraphQLSyntaxError, RecursionError):
        return False
    return sum(isinstance(definition, OperationDefinitionNode) for definition in definitions) > 1


def _was_not_executed(errors: Sequence[GraphQLError] | None) -> bool:
    """Variables that do not fit end a request before it begins: their errors have no path."""
    return bool(errors) and all(error.path is None for error in errors or ())


def _formatted(error: GraphQLError, invalid: bool) -> dict[str, Any]:
    """The error as the client sees it, of a document that is invalid or ran. What nobody foresaw is logged, and only
    its ID goes out.
    """
    original = error.original_error
    while isinstance(original, GraphQLError):
        original = original.original_error
    if isinstance(original, RecursionError):
        return {"message": "The document or its variables are nested too deeply.", **_code("GRAPHQL_PARSE_FAILED")}
    if original is None or isinstance(original, ClientError):
        return {**error.formatted, **_code(_code_of(error, original, invalid))}
    if isinstance(original, Unavailable):
        return {**error.formatted, "message": "The database is not available just now.", **_code("SERVICE_UNAVAILABLE")}
    if isinstance(original, UnicodeEncodeError | asyncpg.CharacterNotInRepertoireError):
        return {**error.formatted, "message": "A text has a character that cannot be kept.", **_code("BAD_USER_INPUT")}
    return {**error.formatted, **unforeseen(original, str(error.path))}


def unforeseen(error: Exception, where: str) -> dict[str, Any]:
    """The error that the client sees instead of one that nobody foresaw, which is logged under an ID."""
    request_id = uuid4().hex
    # Without its message, which may quote what was sent. Postgres's messages are in its own log.
    frames = "".join(format_tb(error.__traceback__))
    logger.error("%s at %s: %s\n%s", request_id, where, _name_of(error), frames)
    return {
        "message": "Something went wrong here. Quote the request ID when you report it.",
        "extensions": {"code": "INTERNAL_SERVER_ERROR", "requestId": request_id},
    }


def _name_of(error: Exception) -> str:
    return " ".join([type(error).__name__, *([error.sqlstate] if isinstance(error, asyncpg.PostgresError) else [])])


def _code_of(error: GraphQLError, original: Exception | None, invalid: bool) -> str:
    if isinstance(original, ClientError):
        return original.code
    if isinstance(error, GraphQLSyntaxError):
        return "GRAPHQL_PARSE_FAILED"
    return "GRAPHQL_VALIDATION_FAILED" if invalid else "BAD_USER_INPUT"


def _code(code: str) -> dict[str, Any]:
    return {"extensions": {"code": code}}


def error_response(status: int, message: str, code: str, **headers: str) -> Response:
    """An answer that has nothing but one error."""
    return response(status, {"errors": [{"message": message, **_code(code)}]}, headers)


def unavailable_response() -> Response:
    return error_response(
        503, "The database is not available just now.", "SERVICE_UNAVAILABLE", **{"Retry-After": str(RETRY_SECONDS)}
    )


def response(status: int, body: dict[str, Any], headers: dict[str, str] | None = None) -> Response:
    codes = {error["extensions"]["code"] for error in body.get("errors", ())}
    headers = {"Cache-Control": "no-store"} | (headers or {})
    if status == 200 and all(value is None for value in (body.get("data") or {}).values()):
        if "UNAUTHENTICATED" in codes:
            status, headers["WWW-Authenticate"] = 401, "Bearer"
        elif "SERVICE_UNAVAILABLE" in codes:
            status, headers["Retry-After"] = 503, str(RETRY_SECONDS)
    try:
        content = orjson.dumps(body)
    except TypeError:  # a message that quotes half a surrogate pair
        content = json.dumps(body).encode()
    return Response(content, status, headers, "application/json")
