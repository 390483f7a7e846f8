"""Logs: JSON, an object a line, and a line a request. Of what a client sent they have known names alone."""

import logging
import re
import sys
import time
import warnings
from datetime import UTC, datetime
from secrets import token_hex
from traceback import format_tb
from typing import Any

import asyncpg
import orjson
from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from db.pool import recorded_statements

logger = logging.getLogger("roomkey")
requests = logging.getLogger("roomkey.requests")

# An ID that a proxy or a client chose, so that logs can be put together.
REQUEST_ID = re.compile(r"[A-Za-z0-9_.-]{8,64}")
QUIET = {"/health"}


class JsonFormatter(logging.Formatter):
    """A record as an object: when, by which worker, how bad, what, and the facts of a request."""

    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, Any] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "pid": record.process,
            "level": record.levelname.lower(),
        }
        facts = getattr(record, "facts", None)
        line |= facts if facts is not None else {"logger": record.name, "message": record.getMessage()}
        if record.exc_info and record.exc_info[1]:
            line |= described(record.exc_info[1])
        return orjson.dumps(line, default=str).decode()


def described(error: BaseException) -> dict[str, Any]:
    """What and where an error was. Its message may quote what was sent: Postgres's are in Postgres's own log."""
    name = type(error).__name__
    if isinstance(error, asyncpg.PostgresError):
        name += f" {error.sqlstate}"
    return {"error": name, "at": "".join(format_tb(error.__traceback__)).splitlines()}


def configure(level: str) -> None:
    """Let this process log to stderr from this level on."""
    handler = logging.StreamHandler()
    handler.setFormatter(JsonFormatter())
    # Of what Python would ask for each record, the line has the process alone.
    logging.logThreads = logging.logMultiprocessing = False
    logging.basicConfig(handlers=[handler], level=logging.WARNING, force=True)
    logger.setLevel(level.upper())
    # graphql-core leaves fields alone that were begun beside one that failed, of which Python would tell here and now.
    warnings.filterwarnings("ignore", "coroutine .* was never awaited", RuntimeWarning)
    logging.captureWarnings(True)
    sys.unraisablehook = _log_unraisable


def _log_unraisable(unraisable: "sys.UnraisableHookArgs") -> None:
    """What went wrong where nobody could be told, such as in a destructor."""
    error = described(unraisable.exc_value) if unraisable.exc_value else {}
    logger.debug("unraisable", extra={"facts": {"message": "unraisable", **error}})


class Logged:
    """Gives each request an ID, and writes its line when it is answered.

    What the endpoint knows of the request it puts into `request.state.facts`.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return await self._app(scope, receive, send)
        started = time.perf_counter()
        given = Headers(scope=scope).get("x-request-id", "")
        id = given if REQUEST_ID.fullmatch(given) else token_hex(16)
        state = scope.setdefault("state", {})
        state["request_id"], state["facts"] = id, {}
        # 499: the client left before it was answered, as nginx has it.
        status = 499

        async def send_with_id(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                MutableHeaders(scope=message)["X-Request-Id"] = id
            await send(message)

        with recorded_statements() as statements:
            try:
                await self._app(scope, receive, send_with_id)
            finally:
                facts = {
                    "request": id,
                    "method": scope["method"],
                    "route": _route(scope),
                    **state["facts"],
                    "status": status,
                    "ms": round((time.perf_counter() - started) * 1000, 1),
                    "statements": len(statements),
                }
                level = logging.DEBUG if scope["path"] in QUIET else logging.INFO
                if requests.isEnabledFor(level):
                    # Without a walk through the stack, to say which line of code this is.
                    extra = {"facts": facts}
                    requests.handle(requests.makeRecord(requests.name, level, "", 0, "request", (), None, extra=extra))


def _route(scope: Scope) -> str | None:
    """The pattern, not the path: a link's code is a secret."""
    return getattr(scope.get("route"), "path", None)
