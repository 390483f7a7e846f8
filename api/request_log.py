"""The request log: one line per request, without any client input except known names and the IDs of users."""

import logging
import re
from dataclasses import dataclass, field, fields
from random import getrandbits
from time import perf_counter
from typing import Any

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.client_address import client_address
from api.logs import log_entry
from db.credentials import Credential
from db.statements import recorded_statements

requests = logging.getLogger("roomkey.requests")

# IDs that are accepted from a proxy or client, so that logs can be correlated.
REQUEST_ID = re.compile(rb"[A-Za-z0-9_.-]{8,64}")
# They are frequent, and logged at DEBUG.
HEALTH_CHECKS = ("/health/live", "/health/ready")
# The status that nginx logs when the client disconnects before the response.
CLIENT_CLOSED_REQUEST = 499


@dataclass(slots=True)
class RequestLog:
    """The log entry of a request. Fields that are None are omitted. See "Deployment" in README.md."""

    request_id: str
    method: str | None
    route: str | None
    started: float = field(default_factory=perf_counter)
    statements: list[str] = field(default_factory=list)
    address: str | None = None
    store: str | None = None
    app: str | None = None
    key: str | None = None
    user: str | None = None
    session: str | None = None
    batch: int | None = None
    document: str | None = None
    published: bool | None = None
    cost: int | None = None
    operation: str | None = None
    interpreted: str | None = None
    refusals: list[str] | None = None
    codes: list[str] | None = None

    def authenticated(self, credential: Credential) -> None:
        """Name the credential of the request: its store, its app, and the API key or the user."""
        self.store, self.app = credential.store_slug, credential.app_id
        self.key, self.user = credential.api_key_id, credential.user_id

    def write(self, status: int) -> None:
        entry: dict[str, Any] = {"request": self.request_id, "method": self.method, "route": self.route}
        for name in DETAILS:
            if (value := getattr(self, name)) is not None:
                entry[name] = value
        entry["status"] = status
        entry["ms"] = round((perf_counter() - self.started) * 1000, 2)
        entry["statements"] = len(self.statements)
        log_entry(requests, logging.DEBUG if self.route in HEALTH_CHECKS else logging.INFO, entry)


# The optional fields of an entry, in order.
DETAILS = tuple(each.name for each in fields(RequestLog) if each.default is None)


def request_id(given: bytes | None) -> str:
    """The ID from the header X-Request-Id if it is acceptable, or a new one."""
    return given.decode() if given and REQUEST_ID.fullmatch(given) else f"{getrandbits(128):032x}"


class RequestLogMiddleware:
    """Assigns an ID to each request of the site and logs it. The GraphQL endpoint logs its own requests."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return await self._app(scope, receive, send)
        given = next((value for name, value in scope["headers"] if name == b"x-request-id"), None)
        log = RequestLog(request_id(given), scope["method"], None, address=client_address(scope) or None)
        scope.setdefault("state", {})["log"] = log
        status = CLIENT_CLOSED_REQUEST

        async def send_with_id(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                MutableHeaders(scope=message)["X-Request-Id"] = log.request_id
            await send(message)

        with recorded_statements() as log.statements:
            try:
                await self._app(scope, receive, send_with_id)
            finally:
                # Log the route's pattern instead of the path, because the code of a link is a secret.
                log.route = getattr(scope.get("route"), "path", None)
                log.write(status)
