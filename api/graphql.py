"""GraphQL over HTTP: one endpoint, for programs and, in a browser, for people.

The only place that knows both. An operation goes from its document (`api/documents.py`) through its cost and its app's
rate to its execution (`schema/operations.py`), and its answer (`api/answers.py`) back.
"""

import asyncio
import hashlib
from collections.abc import Coroutine, Sequence
from typing import Any, TypeVar

import orjson
from graphql import OperationDefinitionNode, OperationType
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.types import Receive, Scope, Send
from strawberry.http.ides import get_graphql_ide_html

from api.answers import Answer, Terms, executed, invalid_operation, refusal, refused_request, response, unavailable
from api.credentials import Credentials
from api.documents import Document, Documents
from api.jwks import IssuerUnavailable
from api.logs import logger
from api.media import GRAPHQL, HTML, JSON, accepted, media_type
from api.rates import Rates, Throttled
from api.requests import DOCUMENT_NAMES, Operation, RequestError, operation_of_query, operations_of_body
from api.settings import Settings
from db.credentials import CredentialRow
from db.pool import Pool, Unavailable
from schema import schema
from schema.context import Context, Throttle
from schema.cost import COST_LIMIT, TooCostly, measure
from schema.cursors import Cursors
from schema.errors import Unauthenticated
from schema.links import Links
from schema.operations import (
    InvalidOperation,
    choose_operation,
    execute_operation,
    parse_document,
    validate_document,
)

T = TypeVar("T")

GRAPHQL_SCHEMA = schema._schema

# A browser asks first (a preflight) before it sends one of these for a page of another site.
PREFLIGHTED = ("authorization", "graphql-require-preflight", "apollo-require-preflight", "x-apollo-operation-name")


class GraphQLEndpoint:
    """Serves `/graphql` and `/graphql/{document_id}`."""

    def __init__(self, settings: Settings, db: Pool, links: Links) -> None:
        self._settings = settings
        self._db = db
        self._links = links
        self._cursors = Cursors(links.keys)
        self._credentials = Credentials(db, settings.jwt)
        self._documents = Documents(db)
        self._rates = Rates(db)
        self._graphiql = get_graphql_ide_html() if settings.graphiql else None
        self._stopped: set[asyncio.Task[Any]] = set()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        answer = await self._handle(Request(scope, receive))
        await answer(scope, receive, send)

    async def _handle(self, request: Request) -> Response:
        accept = accepted(request.headers)
        type = media_type(accept, html=self._graphiql is not None and _is_opened_in_a_browser(request))
        if type == HTML:
            return HTMLResponse(self._graphiql)
        draft = self._settings.http_status == "draft"
        lenient = type == JSON and JSON in accept and not draft
        terms = Terms(type or JSON, lenient, draft)
        try:
            if type is None:
                raise RequestError(406, f"Accept must allow {GRAPHQL} or {JSON}, got {accept[:100]!r}.")
            answer = await self._answer(request, terms)
        except RequestError as error:
            answer = refused_request(error, terms)
        except Unauthenticated as error:
            answer = refusal(401, str(error), error.code)
            if "authorization" in request.headers:
                answer.headers["WWW-Authenticate"] = 'Bearer error="invalid_token"'
        except Unavailable as error:
            logger.warning("Postgres is unavailable: %s", error)
            answer = unavailable()
        except IssuerUnavailable as error:
            answer = refusal(503, str(error), "SERVICE_UNAVAILABLE")
        answers = [answer] if isinstance(answer, Answer) else answer
        request.state.facts["codes"] = sorted({code for each in answers for code in each.codes})
        if isinstance(answer, Answer) and _is_known(request, answer):
            return Response(status_code=304, headers=answer.headers)
        return response(answer, terms)

    async def _answer(self, request: Request, terms: Terms) -> Answer | Sequence[Answer]:
        if request.method == "GET":
            _refuse_another_site(request, self._settings.cors_origins)
            operations: Operation | list[Operation] = operation_of_query(request)
        elif request.method == "POST":
            operations = await operations_of_body(request, self._settings.batch_limit)
        else:
            raise RequestError(405, f"GraphQL is served by GET and POST, not by {request.method}.", Allow="GET, POST")
        return await self._in_time(self._run(request, operations, terms))

    async def _in_time(self, work: Coroutine[Any, Any, T]) -> T:
        """Stop what takes too long, and with it its statement in Postgres, without waiting until it has stopped."""
        task = asyncio.create_task(work)
        try:
            done, _ = await asyncio.wait({task}, timeout=self._settings.operation_seconds)
        finally:
            if not task.done():
                self._stopped.add(task)
                task.add_done_callback(self._forget)
                task.cancel()
        if not done:
            raise RequestError(504, f"Stopped after {self._settings.operation_seconds:g} s.", "TIMEOUT")
        return task.result()

    def _forget(self, task: asyncio.Task[Any]) -> None:
        self._stopped.discard(task)
        # Why it failed after all is asked here, or asyncio would log it.
        if not task.cancelled():
            task.exception()

    async def _run(
        self, request: Request, operations: Operation | list[Operation], terms: Terms
    ) -> Answer | list[Answer]:
        credential = await self._credentials.of(request.headers.get("authorization"))
        if credential:
            request.state.facts.update(store=credential.store_slug, app=credential.app_id)
        if isinstance(operations, Operation):
            return await self._run_one(request, operations, credential, terms)
        request.state.facts.update(batch=len(operations))
        return [await self._run_one(request, operation, credential, terms) for operation in operations]

    async def _run_one(
        self, request: Request, operation: Operation, credential: CredentialRow | None, terms: Terms
    ) -> Answer:
        """An operation's answer, with what it cost, whether it could be executed or not."""
        cost: dict[str, Any] = {}
        try:
            answer = await self._execute(request, operation, credential, terms, cost)
        except InvalidOperation as error:
            answer = invalid_operation(error, terms)
        except TooCostly as error:
            answer = refusal(400, str(error), error.code)
        except Throttled as error:
            cost["throttle"] = _throttle_extension(error.throttle)
            answer = refusal(429, f"{error}.", "THROTTLED", {"Retry-After": str(error.retry_after_seconds)})
        except RequestError as error:  # of a batch, the others are answered
            answer = refused_request(error, terms)
        if cost:
            answer.body["extensions"] = {"cost": cost}
        return answer

    async def _execute(
        self,
        request: Request,
        operation: Operation,
        credential: CredentialRow | None,
        terms: Terms,
        cost: dict[str, Any],
    ) -> Answer:
        facts = request.state.facts
        document = await self._documents.find(operation, credential)
        if document.id:
            facts["document"] = document.id
        if credential:
            facts["published"] = document.is_published
        tree = parse_document(document.text)
        chosen = choose_operation(tree, operation.name)
        _refuse_transport(chosen, request.method)
        measured = measure(GRAPHQL_SCHEMA, tree, chosen, operation.variables)
        cost |= {"requested": measured.cost, "maximum": COST_LIMIT}
        facts["cost"] = facts.get("cost", 0) + measured.cost
        measured.check()
        throttle = None
        if credential:
            throttle = await self._rates.spend(credential, measured.cost)
            cost["throttle"] = _throttle_extension(throttle)
        validate_document(GRAPHQL_SCHEMA, tree, introspection=self._settings.introspection)
        facts["operation"] = chosen.name.value[:100] if chosen.name else None
        context = Context(
            db=self._db,
            links=self._links,
            cursors=self._cursors,
            credential=credential,
            throttle=throttle,
            introspection=self._settings.introspection,
        )
        result = await execute_operation(GRAPHQL_SCHEMA, tree, chosen, operation.variables, context)
        answer = executed(result, terms, request.state.request_id)
        if request.method == "GET" and document.id and not result.errors:
            _make_cacheable(answer, document)
        return answer


def _throttle_extension(throttle: Throttle) -> dict[str, int]:
    return {"available": throttle.available, "maximum": throttle.maximum, "restoreRate": throttle.restore_rate}


def _is_opened_in_a_browser(request: Request) -> bool:
    """Whether it may be a person who wants a page: a program with a document gets its answer, whatever it accepts."""
    names = request.query_params.keys() & {*DOCUMENT_NAMES, "extensions"}
    return request.method == "GET" and not names and not request.path_params


def _refuse_another_site(request: Request, trusted: Sequence[str]) -> None:
    """A page of another site can let a browser send a GET without asking. Its owner must have meant to call an API."""
    origin = request.headers.get("origin")
    site = request.headers.get("sec-fetch-site")
    is_foreign = (
        site in ("cross-site", "same-site")
        if site
        else origin is not None and origin.partition("://")[2] != request.headers.get("host")
    )
    if is_foreign and origin not in trusted and not any(name in request.headers for name in PREFLIGHTED):
        raise RequestError(403, f"From another site, send one of the headers {', '.join(PREFLIGHTED[:3])}.")


def _refuse_transport(operation: OperationDefinitionNode, method: str) -> None:
    if operation.operation is OperationType.SUBSCRIPTION:
        raise RequestError(400, "Subscriptions are not served by plain requests, and there is no other transport yet.")
    if operation.operation is OperationType.MUTATION and method == "GET":
        raise RequestError(405, "A mutation must be sent by POST.", Allow="POST")


def _make_cacheable(answer: Answer, document: Document) -> None:
    """Let a client keep the answer, and ask whether it is still true. What it cost is not part of what it says."""
    digest = hashlib.sha256(orjson.dumps(answer.body["data"])).hexdigest()[:32]
    answer.headers |= {
        "ETag": f'W/"{digest}"',
        "Cache-Control": "private, no-cache",
        "Vary": "Accept, Authorization",
    }


def _is_known(request: Request, answer: Answer) -> bool:
    """Whether the client has this answer already (RFC 9110, section 13.1.2)."""
    given = ",".join(request.headers.getlist("if-none-match")).split(",")
    known = {tag.strip().removeprefix("W/") for tag in given}
    return "ETag" in answer.headers and not known.isdisjoint({"*", answer.headers["ETag"].removeprefix("W/")})
