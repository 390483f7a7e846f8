"""The application: its routes, and what lives as long as it does."""

import os
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from multiprocessing import parent_process
from multiprocessing.process import BaseProcess
from threading import Thread

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.middleware.cors import CORSMiddleware
from starlette.middleware.exceptions import ExceptionMiddleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Mount, Route
from starlette.types import Receive, Scope, Send
from starlette_compress import CompressMiddleware, remove_compress_type

from api.client_address import normalize_client
from api.errors import RequestError, failure
from api.garbage import collect_garbage_rarely
from api.graphql import DOCUMENT_ROUTE, PATH, GraphQLEndpoint
from api.health import health_routes
from api.hosts import AllowedHosts
from api.links import LinkEndpoint
from api.logs import configure
from api.media_types import HTML, media_type
from api.pages import broken_page, missing_page, unknown_page
from api.request import read_headers
from api.request_log import RequestLogMiddleware
from api.responses import site_response
from api.settings import Settings, read_settings
from api.sign_in import sign_in_route
from api.web import Page, assets
from db.pool import Pool
from schema.links import Links
from schema.signing_keys import SigningKeys

# The pages within the console: a reload must find them.
CONSOLE_PATHS = ("/", "/sessions", "/sessions/{id}", "/overview", "/settings", "/audit")


class App:
    """The ASGI application: the GraphQL endpoint, and a Starlette application for everything else."""

    def __init__(self, settings: Settings) -> None:
        self.db = Pool(settings.database_url, transaction_pooler=settings.transaction_pooler)
        links = Links(settings.link_base_url, SigningKeys(settings.signing_keys))
        self._behind_proxies = bool(settings.trusted_proxies)
        self._hosts = AllowedHosts(settings.link_base_url, settings.allowed_hosts)
        self._graphql = GraphQLEndpoint(settings, self.db, links)
        self.site = _site(settings, self.db, links)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return await self.site(scope, receive, send)
        if self._behind_proxies:
            normalize_client(scope)
        if refused := self._hosts.refusal(scope):
            accept = read_headers(scope["headers"]).get(b"accept", b"")
            response = site_response(failure(refused, request_id=""), accept)
            await RequestLogMiddleware(response)(scope, receive, send)
        elif self._graphql.serves(scope):
            await self._graphql(scope, receive, send)
        else:
            await self.site(scope, receive, send)


def create_app(settings: Settings) -> App:
    """An application with its own pool. The database must be migrated."""
    return App(settings)


def create_app_from_environment() -> App:
    """The application that each worker runs."""
    settings = read_settings()
    configure(settings.log_level)
    if parent := parent_process():
        Thread(target=_end_with, args=(parent,), daemon=True).start()
    app = create_app(settings)
    collect_garbage_rarely()
    return app


def _site(settings: Settings, db: Pool, links: Links) -> Starlette:
    """The pages, links and health checks."""

    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        await db.connect()
        try:
            yield
        finally:
            await db.disconnect()

    # The parts of a stream must not wait for each other.
    for stream in ("text/event-stream", "multipart/mixed"):
        remove_compress_type(stream)
    console = Page("index")
    graphiql = Page("graphiql", Vary="Accept")
    routes = [
        *(Route(path, console.response, methods=["GET"]) for path in CONSOLE_PATHS),
        *([Mount("/assets", built)] if (built := assets()) else []),
        Route("/s/{slug}/{code}", LinkEndpoint(db, links, settings.operation_seconds).handle, methods=["GET"]),
        *health_routes(db),
        *([sign_in_route(settings.sign_in_folder)] if settings.sign_in_folder else []),
        # Requests that the GraphQL endpoint does not serve: GraphiQL, preflights and other methods.
        *(Route(path, graphiql.response, methods=["GET"]) for path in (PATH, DOCUMENT_ROUTE)),
    ]
    site = Starlette(
        routes=routes,
        middleware=[
            Middleware(RequestLogMiddleware),
            Middleware(CompressMiddleware),
            Middleware(
                CORSMiddleware,
                allow_origins=settings.cors_origins,
                allow_methods=["GET", "POST"],
                # Clients add headers, for tracing and such; credentials are not cookies, so none is a danger.
                allow_headers=["*"],
                expose_headers=["ETag", "Retry-After", "X-Request-Id"],
                max_age=3600,
            ),
            # Not one of the `exception_handlers`: Starlette would raise the exception again after the response, and the
            # server would log it a second time.
            Middleware(ExceptionMiddleware, handlers={Exception: _other_error}),
        ],
        exception_handlers={HTTPException: _http_error},
        lifespan=lifespan,
    )
    site.router.redirect_slashes = False
    return site


def _accept(request: Request) -> bytes:
    return ", ".join(request.headers.getlist("accept")).encode("latin-1")


async def _http_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    accept, path = _accept(request), request.scope["path"]
    if error.status_code == 404 and path.startswith("/s/"):
        return unknown_page()
    if error.status_code == 404 and media_type(accept, html=True) == HTML:
        return missing_page()
    message = "Not found: GraphQL is served at /graphql." if error.status_code == 404 else error.detail
    headers = dict(error.headers or {})
    if error.status_code == 405 and path.startswith(PATH):
        message, headers = f"Use GET or POST, not {request.method}.", {"Allow": "GET, POST"}
    refused = RequestError(error.status_code, message, **headers)
    return site_response(failure(refused, request.state.log.request_id), accept)


async def _other_error(request: Request, error: Exception) -> Response:
    # Only the first part of the path, because a link's code is a secret.
    route = request.scope["path"].split("/")[1]
    masked = failure(error, request.state.log.request_id, route=route)
    return broken_page() if route == "s" else site_response(masked, _accept(request))


def _end_with(parent: BaseProcess) -> None:
    """Stop this worker when its parent is gone. A killed parent cannot stop its workers, which would keep the port."""
    parent.join()
    os.kill(os.getpid(), signal.SIGTERM)
