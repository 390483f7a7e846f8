"""GraphQL over HTTP: one endpoint, for programs and, in a browser, for people."""

from collections.abc import Sequence

from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from api.auth.credentials import Credentials
from api.auth.jwks import IssuerUnavailable
from api.deadline import Deadline, DeadlinePassed
from api.media_types import GRAPHQL, HTML, JSON, accepted, media_type
from api.operations import Operations
from api.requests import DOCUMENT_NAMES, Operation, RequestError, operation_of_query, operations_of_body
from api.responses import Answer, Terms, refusal, refused_request, response, unauthenticated, unavailable
from api.settings import Settings
from api.web import Page
from db.pool import Pool, Unavailable
from schema.errors import Unauthenticated
from schema.links import Links

# A browser asks first (a preflight) before it sends one of these for a page of another site.
PREFLIGHTED = ("authorization", "graphql-require-preflight", "apollo-require-preflight", "x-apollo-operation-name")


class GraphQLEndpoint:
    """Serves `/graphql` and `/graphql/{document_id}`."""

    def __init__(self, settings: Settings, db: Pool, links: Links, deadline: Deadline) -> None:
        self._settings = settings
        self._credentials = Credentials(db, settings.jwt)
        self._operations = Operations(settings, db, links)
        self._deadline = deadline
        self._graphiql = Page("graphiql", settings.graphiql_key) if settings.graphiql else None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        answer = await self._handle(Request(scope, receive))
        await answer(scope, receive, send)

    async def _handle(self, request: Request) -> Response:
        accept = accepted(request.headers)
        chosen = media_type(accept, html=self._graphiql is not None and _is_opened_in_a_browser(request))
        if chosen == HTML and self._graphiql:
            return await self._graphiql.response(request, Vary="Accept")
        terms = Terms(chosen or JSON, lenient=chosen == JSON and JSON in accept)
        try:
            if chosen is None:
                raise RequestError(406, f"Accept must allow {GRAPHQL} or {JSON}, got {accept[:100]!r}.")
            answer = await self._answer(request, terms)
        except RequestError as error:
            answer = refused_request(error, terms)
        except DeadlinePassed as error:
            answer = refusal(504, str(error), "TIMEOUT")
        except Unauthenticated as error:
            answer = unauthenticated(error, sent="authorization" in request.headers)
        except Unavailable as error:
            answer = unavailable(error)
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
        return await self._deadline.hold(self._run(request, operations, terms))

    async def _run(
        self, request: Request, operations: Operation | list[Operation], terms: Terms
    ) -> Answer | list[Answer]:
        credential = await self._credentials.of(request.headers.get("authorization"))
        if credential:
            request.state.facts.update(store=credential.store_slug, app=credential.app_id)
        if isinstance(operations, Operation):
            return await self._operations.answer(request, operations, credential, terms)
        request.state.facts.update(batch=len(operations))
        return [await self._operations.answer(request, operation, credential, terms) for operation in operations]


def _is_opened_in_a_browser(request: Request) -> bool:
    """Whether it may be a person who wants a page: a program with a document gets its answer, whatever it accepts."""
    if request.method != "GET" or request.path_params:
        return False
    return not request.query_params.keys() & {*DOCUMENT_NAMES, "extensions"}


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


def _is_known(request: Request, answer: Answer) -> bool:
    """Whether the client has this answer already (RFC 9110, section 13.1.2)."""
    given = ",".join(request.headers.getlist("if-none-match")).split(",")
    known = {tag.strip().removeprefix("W/") for tag in given}
    return "ETag" in answer.headers and not known.isdisjoint({"*", answer.headers["ETag"].removeprefix("W/")})
