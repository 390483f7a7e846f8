"""The application: its routes, and what lives as long as it does."""

import gc
import os
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from multiprocessing import parent_process
from multiprocessing.process import BaseProcess
from threading import Thread

from starlette.applications import Starlette
from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.middleware.cors import CORSMiddleware
from starlette.requests import ClientDisconnect, Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Mount, Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from starlette_compress import CompressMiddleware, add_compress_type, remove_compress_type

from api.deadline import Deadline, DeadlinePassed
from api.graphql import GraphQLEndpoint
from api.links import LinkEndpoint
from api.logs import Logged, configure
from api.media_types import GRAPHQL, HTML, accepted, media_type
from api.pages import broken_page, missing_page, unknown_page
from api.responses import Answer, plain, refusal, unavailable, unforeseen
from api.settings import Settings, read_settings
from api.web import Page, assets
from db.pool import Pool, Unavailable
from schema.links import Links
from schema.signing_keys import SigningKeys

HEALTH_SECONDS = 1

# The pages within the console: a reload must find them.
CONSOLE_PATHS = ("/", "/sessions", "/sessions/{id}", "/overview", "/settings")


def create_app(settings: Settings) -> Starlette:
    """An application of its own pool. It expects a database that is migrated."""
    add_compress_type(GRAPHQL)
    # The parts of a stream must not wait for each other.
    for stream in ("text/event-stream", "multipart/mixed"):
        remove_compress_type(stream)
    db = Pool(settings.database_url)
    links = Links(settings.link_base_url, SigningKeys(settings.signing_keys))
    deadline = Deadline(settings.operation_seconds)
    graphql = GraphQLEndpoint(settings, db, links, deadline)

    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        await db.connect()
        try:
            yield
        finally:
            await db.disconnect()

    console = Page("index", settings.console_key)

    async def health(request: Request) -> Response:
        try:
            await Deadline(HEALTH_SECONDS).hold(db.fetchrow("select 1"))
        except (Unavailable, DeadlinePassed) as error:
            return plain(unavailable(error), accepted(request.headers))
        return PlainTextResponse("ok")

    app = Starlette(
        routes=[
            *(Route(path, console.response, methods=["GET"]) for path in CONSOLE_PATHS),
            *([Mount("/assets", built)] if (built := assets()) else []),
            Route("/graphql", graphql),
            Route("/graphql/{document_id}", graphql),
            Route("/s/{slug}/{code}", LinkEndpoint(db, links, deadline).handle, methods=["GET"]),
            Route("/health", health),
        ],
        middleware=[
            Middleware(Logged),
            Middleware(CompressMiddleware),
            Middleware(
                CORSMiddleware,
                allow_origins=settings.cors_origins,
                allow_methods=["GET", "POST"],
                # Clients add some of their own, for tracing and such; credentials are no cookies, so none is a danger.
                allow_headers=["*"],
                expose_headers=["ETag", "Retry-After", "X-Request-Id"],
                max_age=3600,
            ),
            Middleware(Masked),
        ],
        exception_handlers={HTTPException: _http_error},
        lifespan=lifespan,
    )
    app.router.redirect_slashes = False
    return app


def create_app_from_environment() -> Starlette:
    """What each of several workers runs."""
    settings = read_settings()
    configure(settings.log_level)
    parent = parent_process()
    if parent is not None:
        Thread(target=_end_with, args=(parent,), daemon=True).start()
    app = create_app(settings)
    collect_garbage_in_small_steps()
    return app


def collect_garbage_in_small_steps() -> None:
    """To walk all that is loaded by now, and stays, would stop everything else for a tenth of a second."""
    gc.collect()
    gc.freeze()
    # A page has some hundred objects, which end with it: to look through them at each request took a tenth of its time.
    gc.set_threshold(10_000, 5, 5)


def _end_with(parent: BaseProcess) -> None:
    """Stop this worker when its parent is gone: one that was killed has stopped nobody, and the port stays taken."""
    parent.join()
    os.kill(os.getpid(), signal.SIGTERM)


async def _http_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    if error.status_code == 404 and request.url.path.startswith("/s/"):
        return unknown_page()
    if error.status_code == 404 and media_type(accepted(request.headers), html=True) == HTML:
        return missing_page()
    message = "Nothing is here: GraphQL is served at /graphql." if error.status_code == 404 else error.detail
    answer = refusal(error.status_code, message, "BAD_REQUEST", dict(error.headers or {}))
    return plain(answer, accepted(request.headers))


class Masked:
    """Answers after an error that nobody foresaw. Starlette's own handler would raise it again, and the server would
    print it with its message, which may quote what was sent.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return await self._app(scope, receive, send)
        is_begun = False

        async def send_noting(message: Message) -> None:
            nonlocal is_begun
            is_begun = True
            await send(message)

        try:
            await self._app(scope, receive, send_noting)
        except ClientDisconnect:
            pass  # nobody is there to be answered
        except Exception as error:
            # The route, not the path: a link's code is a secret.
            route = scope["path"].split("/")[1]
            masked = Answer(500, {"errors": [unforeseen(error, route, scope["state"]["request_id"])]})
            answer = broken_page() if route == "s" else plain(masked, accepted(Headers(scope=scope)))
            # An answer that breaks off cannot be made good: the server closes the connection.
            if not is_begun:
                await answer(scope, receive, send)
