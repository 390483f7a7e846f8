"""GraphQL over HTTP: `/graphql` and `/graphql/{document_id}`, as one ASGI endpoint.

The steps: read the request, look up the operation that its credential may execute (`_plan`), charge the cost, execute,
send the response. docs/architecture.md lists the functions from here to SQL.
"""

import asyncio
import hashlib
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, replace
from functools import partial
from typing import NamedTuple

from graphql import OperationType
from starlette.requests import ClientDisconnect
from starlette.types import Receive, Scope, Send

from api.auth.credentials import Credentials
from api.auth.usage import Usage
from api.client_address import client_address
from api.documents.lookup import Document, DocumentLookup
from api.documents.publishing import publish
from api.errors import RequestError, failure, field_errors
from api.garbage import DocumentGarbage
from api.media_types import GRAPHQL, HTML, JSON, is_json, media_type
from api.rate_limits import RateLimiter, Refusals
from api.request import (
    ANONYMOUS_BYTES,
    BODY_BYTES,
    DOCUMENT_NAMES,
    FREE_BYTES,
    GraphQLRequest,
    read_body,
    read_headers,
    read_query_string,
    receive_body,
    variables_cost,
)
from api.request_log import CLIENT_CLOSED_REQUEST, RequestLog, request_id
from api.responses import CACHED, GraphQLResponse, Negotiation, cost_extensions, dump, negotiate, send_json
from api.settings import Settings
from api.timeout import Timeout
from api.ttl_cache import TTLCache
from db.credentials import Credential
from db.pool import Pool
from db.statements import executed_statements, store_of_request
from engine.cost import TooCostly, introspection_cost
from engine.documents import Document as ParsedDocument
from engine.documents import DocumentCache, Operation
from engine.execution import InvalidOperation
from schema.context import Context
from schema.cost import COST_MODEL
from schema.cursors import Cursors
from schema.links import Links
from schema.mutations.documents import DOCUMENTS_PER_REQUEST
from schema.rate_limits import RateLimit, Throttled
from schema.root import GRAPHQL_SCHEMA, schema

PATH = "/graphql"
DOCUMENT_ROUTE = "/graphql/{document_id}"
DOCUMENT_PATH = re.compile("/graphql/[^/]+")

# Before a browser sends one of these headers for a page of another site, it sends a preflight.
PREFLIGHTED = (b"authorization", b"graphql-require-preflight", b"apollo-require-preflight", b"x-apollo-operation-name")

# Parameters of a GET request for an operation. Such a request is for GraphQL even if it accepts HTML.
NAMED_DOCUMENT = tuple(f"{name}=".encode() for name in (*DOCUMENT_NAMES, "extensions"))


# The size of a document without a credential, and of the cache of all of them, in tokens. The standard introspection
# query has 183 tokens.
ANONYMOUS_TOKEN_LIMIT = 300
ANONYMOUS_TOKENS = 2_000
# A mutation that is stopped before its COMMIT is rolled back. But it may be stopped later, for example while its COMMIT
# waits for a synchronous standby, and an earlier field of the mutation may have been committed.
OUTCOME_UNKNOWN = (
    "It is unknown whether the change was made. It is safe to repeat the request, with the same idempotencyKey if it "
    "has one."
)
# The cost of an error of a document, which takes up to a millisecond to search for similar names.
ERROR_COST = 25


class Plan(NamedTuple):
    """An operation that a credential may execute, looked up less than a second ago, and the pool for its app."""

    db: Pool
    credential: Credential | None
    document: Document
    parsed: ParsedDocument
    operation: Operation
    expires_at: float


@dataclass(slots=True)
class Exchange:
    """An HTTP request and how to respond to it."""

    scope: Scope
    method: str
    headers: dict[bytes, bytes]
    negotiation: Negotiation
    log: RequestLog
    timeout: Timeout
    surcharge: int = 0
    """The cost of large variables, until it is charged."""
    has_begun_mutation: bool = False
    """Changes may be committed from now on, or may have been by an earlier operation of the batch."""

    @property
    def address(self) -> str:
        return client_address(self.scope)

    def failed(self, error: Exception) -> GraphQLResponse:
        credential_sent = b"authorization" in self.headers
        lenient = self.negotiation.lenient
        return failure(error, self.log.request_id, lenient=lenient, credential_sent=credential_sent)


class GraphQLEndpoint:
    """Responds to GraphQL requests. `/graphql` in a browser's address bar is not one: see `serves`."""

    def __init__(self, settings: Settings, db: Pool, links: Links) -> None:
        self._db = db
        self._links = links
        self._cursors = Cursors(links.keys)
        self._credentials = Credentials(db, settings.jwt)
        self._usage = Usage(db)
        self._lookup = DocumentLookup(db)
        self._limiter = RateLimiter(db)
        self._refusals = Refusals()
        self._new_document = asyncio.Lock()
        self._garbage = DocumentGarbage()
        new_documents = partial(
            DocumentCache, schema, introspection=settings.introspection, compiled=settings.compiled_documents
        )
        self._documents = new_documents(COST_MODEL)
        # Without a credential, clients can only read the schema, and only with the standard query or less.
        limit = introspection_cost(GRAPHQL_SCHEMA, COST_MODEL) * 11 // 10
        self._anonymous_documents = new_documents(
            replace(COST_MODEL, cost_limit=limit), tokens=ANONYMOUS_TOKENS, token_limit=ANONYMOUS_TOKEN_LIMIT
        )
        self._plans: TTLCache[tuple[bytes | None, str | None, str | None, bool, str | None], Plan] = TTLCache(1_000)
        self._publish_documents = partial(
            publish, db, limit=DOCUMENTS_PER_REQUEST, introspection=settings.introspection
        )
        self._graphiql = settings.graphiql
        self._seconds = settings.operation_seconds
        self._batch_limit = settings.batch_limit
        self._origins = {origin.encode() for origin in settings.cors_origins}

    def serves(self, scope: Scope) -> bool:
        """Whether the request is for GraphQL, not a preflight and not from a browser that opens GraphiQL."""
        path, method = scope["path"], scope["method"]
        if path != PATH:
            return method != "OPTIONS" and DOCUMENT_PATH.fullmatch(path) is not None
        if method != "GET":
            return bool(method != "OPTIONS")
        if not self._graphiql or any(name in scope["query_string"] for name in NAMED_DOCUMENT):
            return True
        accept = read_headers(scope["headers"]).get(b"accept", b"")
        return media_type(accept, html=True) != HTML

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers = read_headers(scope["headers"])
        method, path_id = scope["method"], scope["path"][len(PATH) + 1 :] or None
        route = DOCUMENT_ROUTE if path_id else PATH
        log = RequestLog(request_id(headers.get(b"x-request-id")), method, route, address=client_address(scope) or None)
        executed_statements.set(log.statements)
        negotiation = negotiate(headers.get(b"accept", b""), headers.get(b"accept-encoding", b""))
        timeout = Timeout(self._seconds)
        exchange = Exchange(scope, method, headers, negotiation, log, timeout)
        requests = None
        response: GraphQLResponse | list[GraphQLResponse]
        try:
            requests = await self._read(exchange, receive, path_id)
            timeout.watch(receive)
            if isinstance(requests, GraphQLRequest):
                response = await self._execute(requests, exchange)
            else:
                await self._authenticate(exchange)
                log.batch = len(requests)
                response = [await self._execute(request, exchange) for request in requests]
        except ClientDisconnect:
            return log.write(CLIENT_CLOSED_REQUEST)
        except asyncio.CancelledError:
            if timeout.client_left:
                return log.write(CLIENT_CLOSED_REQUEST)
            if not timeout.passed:
                raise
            unknown = f" {OUTCOME_UNKNOWN}" if exchange.has_begun_mutation else ""
            timed_out: Exception = TimeoutError(f"Stopped after {self._seconds:g} s.{unknown}")
            if requests is None:
                late = f"The body took longer than {self._seconds:g} s."
                timed_out = RequestError(408, late, "TIMEOUT", Connection="close")
            response = exchange.failed(timed_out)
        except Exception as error:
            response = exchange.failed(error)
        finally:
            timeout.stop()
        if log.app is None:  # no credential, an invalid one, or none was looked up yet
            responses = [response] if isinstance(response, GraphQLResponse) else response
            if any("errors" in each.body for each in responses):
                await self._refusals.delay(exchange.address)
        log.write(await self._send(send, response, exchange))

    async def _read(
        self, exchange: Exchange, receive: Receive, path_id: str | None
    ) -> GraphQLRequest | list[GraphQLRequest]:
        """Read the parameters. Raises RequestError."""
        headers, method = exchange.headers, exchange.method
        limit = BODY_BYTES if b"authorization" in headers else ANONYMOUS_BYTES
        if exchange.negotiation.media_type is None:
            accept = headers[b"accept"].decode("latin-1").lower()[:100]
            raise RequestError(406, f"Accept must allow {GRAPHQL} or {JSON}, got {accept!r}.")
        if method == "POST":
            if not is_json(content_type := headers.get(b"content-type", b"")):
                quoted = content_type.decode("latin-1")[:100]
                raise RequestError(415, f"The Content-Type must be {JSON} in UTF-8, got {quoted!r}.")
            body = await receive_body(receive, limit)
            requests = read_body(body, path_id, self._batch_limit)
            if len(body) > FREE_BYTES:
                exchange.surcharge = variables_cost(len(body), requests)
            return requests
        if method == "GET":
            self._refuse_other_site(headers)
            query_string = exchange.scope["query_string"]
            request = read_query_string(query_string, path_id)
            if len(query_string) > FREE_BYTES:
                exchange.surcharge = variables_cost(len(query_string), request)
            return request
        raise RequestError(405, f"Use GET or POST, not {method}.", Allow="GET, POST")

    async def _execute(self, request: GraphQLRequest, exchange: Exchange) -> GraphQLResponse:
        """Execute one operation. An exception becomes its response, so that a batch continues."""
        log = exchange.log
        cost: int | None = None
        rate_limit: RateLimit | None = None
        maximum = COST_MODEL.cost_limit
        authorization, address = exchange.headers.get(b"authorization"), exchange.address
        key = authorization, request.query, request.document_id, request.registers, request.operation_name
        cached = self._plans.get(key)
        try:
            plan = cached[0] if cached else await self._plan(request, exchange)
            credential = plan.credential
            if credential:
                store_of_request.set(credential.store_id)
                log.authenticated(credential)
                log.published = plan.document.is_published
            else:
                maximum = self._anonymous_documents.model.cost_limit
            log.document = plan.document.id
            try:
                _refuse_transport(plan.operation, exchange.method)
                measured = plan.operation.measure(request.variables)
                cost = measured.cost
                log.cost = (log.cost or 0) + cost
                measured.check(plan.parsed.cache.model)
            except Exception:
                await self._limiter.charge(credential, 1, address)
                raise
            price, exchange.surcharge = cost + exchange.surcharge, 0
            rate_limit = self._limiter.charge_leased(credential, price)
            rate_limit = rate_limit or await self._limiter.charge(credential, price, address)
            if not cached:
                if not plan.parsed.is_valid:
                    await self._validate(plan, address)
                if credential and request.query and request.registers:
                    self._lookup.register(plan.document, credential)
                if plan.expires_at:  # otherwise, the document must be looked up for each request
                    self._plans.put(key, plan, plan.expires_at)
            node = plan.operation.node
            if node.operation is OperationType.MUTATION:
                exchange.timeout.finish()
                exchange.has_begun_mutation = True
            name = node.name
            log.operation = name.value[:100] if name else None
            context = Context(
                plan.db,
                self._links,
                self._cursors,
                credential,
                self._publish_documents,
                rate_limit,
                exchange.address,
            )
            result, log.interpreted = await plan.operation.execute(request.variables, context)
        except Exception as error:
            if isinstance(error, Throttled):
                rate_limit = error.rate_limit
            elif authorization is None and isinstance(error, InvalidOperation | TooCostly):
                self._limiter.charge_anonymous_error(address)
            response = exchange.failed(error)
        else:
            if context.refusals:
                log.refusals = sorted({*(log.refusals or ()), *context.refusals})
            if result.errors:
                response = field_errors(result, log.request_id)
            else:
                response = GraphQLResponse({"data": result.data})
                if exchange.method == "GET" and (plan.document.is_published or request.document_id is not None):
                    _make_cacheable(response)
        if cost is not None or rate_limit:
            response.body["extensions"] = cost_extensions(cost, rate_limit, maximum)
        return response

    async def _plan(self, request: GraphQLRequest, exchange: Exchange) -> Plan:
        """Look up the operation that the request's credential may execute. Raises the reasons to refuse it."""
        log = exchange.log
        credential, expires_at = await self._authenticate(exchange)
        self._limiter.check(credential, exchange.address)
        documents = self._documents if credential else self._anonymous_documents
        try:
            document = await self._lookup.find(request, credential)
            log.document = document.id
            log.published = document.is_published if credential else None
            if price := documents.price(document.text):
                await self._limiter.charge(credential, price, exchange.address)
                async with self._turn(credential):
                    parsed = documents.get(document.text)
            else:
                parsed = documents.get(document.text)
            operation = parsed.operation(request.operation_name)
        except Throttled:
            raise
        except Exception:
            await self._limiter.charge(credential, 1, exchange.address)
            raise
        db = self._db.of_app(credential.store_id, credential.app_id) if credential else self._db
        return Plan(db, credential, document, parsed, operation, min(expires_at, document.expires_at))

    async def _validate(self, plan: Plan, address: str) -> None:
        """Validate a new document. Raises InvalidOperation, for whose errors the app pays as far as it has points."""
        try:
            async with self._turn(plan.credential):
                plan.parsed.cache.validate(plan.parsed)
        except InvalidOperation as error:
            with suppress(Throttled):
                await self._limiter.charge(plan.credential, ERROR_COST * len(error.errors), address)
            raise

    @asynccontextmanager
    async def _turn(self, credential: Credential | None) -> AsyncIterator[None]:
        """Parse or validate one document at a time, which takes milliseconds, and serve other requests in between."""
        async with self._new_document:
            await asyncio.sleep(0)
            try:
                yield
            finally:
                if credential:  # others can send too few documents to leave much garbage
                    self._garbage.collect()

    async def _authenticate(self, exchange: Exchange) -> tuple[Credential | None, float]:
        credential, expires_at = await self._credentials.authenticate(
            exchange.headers.get(b"authorization"), exchange.address
        )
        if credential:
            exchange.log.authenticated(credential)
            self._usage.record(credential, exchange.address)
        return credential, expires_at

    async def _send(self, send: Send, response: GraphQLResponse | list[GraphQLResponse], exchange: Exchange) -> int:
        """Send the response, or those of a batch in one. Returns the status."""
        headers, log = exchange.headers, exchange.log
        common = [(b"x-request-id", log.request_id.encode())]
        if origin := headers.get(b"origin"):
            common.append((b"access-control-expose-headers", b"ETag, Retry-After, X-Request-Id"))
            if origin in self._origins:
                common.append((b"access-control-allow-origin", origin))
        if not isinstance(response, GraphQLResponse):
            log.codes = sorted(set().union(*(each.codes for each in response)))
            await send_json(send, 200, dump([each.body for each in response]), {}, exchange.negotiation, common)
            return 200
        log.codes = sorted(response.codes) if "errors" in response.body else []
        if "ETag" in response.headers and _is_known(response.headers["ETag"], headers.get(b"if-none-match", b"")):
            pairs = [(name.lower().encode(), value.encode()) for name, value in response.headers.items()]
            await send({"type": "http.response.start", "status": 304, "headers": [*pairs, *common]})
            await send({"type": "http.response.body"})
            return 304
        await send_json(send, response.status, dump(response.body), response.headers, exchange.negotiation, common)
        return response.status

    def _refuse_other_site(self, headers: dict[bytes, bytes]) -> None:
        """Refuse a GET that a page of an unknown site made a browser send without a preflight. Raises RequestError."""
        origin = headers.get(b"origin")
        site = headers.get(b"sec-fetch-site")
        is_foreign = (
            site in (b"cross-site", b"same-site")
            if site
            else origin is not None and origin.partition(b"://")[2] != headers.get(b"host")
        )
        if is_foreign and origin not in self._origins and not any(name in headers for name in PREFLIGHTED):
            names = ", ".join(name.decode() for name in PREFLIGHTED[:3])
            raise RequestError(403, f"From another site, send one of the headers {names}.")


def _refuse_transport(operation: Operation, method: str) -> None:
    kind = operation.node.operation
    if kind is OperationType.SUBSCRIPTION:
        raise RequestError(400, "Subscriptions are not supported.")
    if kind is OperationType.MUTATION and method == "GET":
        raise RequestError(405, "A mutation must be sent by POST.", Allow="POST")


def _make_cacheable(response: GraphQLResponse) -> None:
    """Let the client keep the data and ask whether it has changed. The tag does not cover the cost."""
    digest = hashlib.sha256(dump(response.body["data"])).hexdigest()[:32]
    response.headers = {"ETag": f'W/"{digest}"', **CACHED}


def _is_known(tag: str, if_none_match: bytes) -> bool:
    """Whether the client has this response already (RFC 9110, section 13.1.2)."""
    known = {each.strip().removeprefix("W/") for each in if_none_match.decode("latin-1").split(",")}
    return not known.isdisjoint({"*", tag.removeprefix("W/")})
