"""HTTP/1.1 for `roomkey serve`: uvicorn's protocol with limits on what a client sends, and on how long it takes.

The limits protect the worker from a client that sends too much, stops in the middle of a request, or does not read its
response. docs/adr/0016-connections.md has the reasons for their values.
"""

import socket
from asyncio import BaseTransport, TimerHandle, Transport
from typing import Any, cast

import httptools
from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol

from api.client_address import normalized
from api.errors import RequestError, failure
from api.media_types import JSON
from api.request import DISCARDED_BYTES
from api.request_log import RequestLog, request_id
from api.responses import dump
from api.settings import Settings

INVALID = "The request is not valid HTTP/1.1."
# Browsers use only https for this host for a year (RFC 6797).
HSTS = ("strict-transport-security", "max-age=31536000")


class HttpProtocol(HttpToolsProtocol):
    """One connection. The limits are attributes of the class, which tests override."""

    HEAD_BYTES = 16 * 1024
    """Maximum size of the request line and the headers. It also applies to the chunk extensions and trailers of a
    body."""
    URL_BYTES = 8 * 1024
    HEADERS = 100
    PIPELINED_REQUESTS = 16
    """Maximum number of requests that wait for the response to an earlier request of their connection."""
    CONNECTIONS = 10_000
    """Maximum number of connections of a worker."""
    SOCKET_BUFFER_BYTES = 256 * 1024
    """Size of each buffer of the operating system, which would otherwise grow to megabytes for a slow client."""
    HEAD_SECONDS = 10.0
    """Maximum time from a request's first byte, or from the start of the connection, until its headers are complete."""
    IDLE_SECONDS = 75.0
    """Time until an idle connection is closed. It must be longer than the idle time of proxies in front of the server,
    which would otherwise send requests on a connection that is being closed."""
    UNREAD_SECONDS = 30.0
    """Maximum time for which the client does not read a response that waits to be sent."""
    DISCARD_SECONDS = 0.01
    """Time between two reads from a client whose request is refused. Each read has at most SOCKET_BUFFER_BYTES."""
    LINGER_SECONDS = 2.0
    """Time for a client to read an error while it is still sending (RFC 9112, section 9.6)."""

    def __init__(self, *arguments: Any, **named: Any) -> None:
        super().__init__(*arguments, **named)
        self.timeout_keep_alive = self.IDLE_SECONDS  # type: ignore[assignment]
        # The number of bytes of an incomplete head, or of the chunk extensions and trailers of a body.
        self._pending_bytes = 0
        self._packet_bytes = 0
        self._in_head = False
        self._in_body = False
        self._is_refused = False
        self._unread_timer: TimerHandle | None = None

    def connection_made(self, transport: BaseTransport) -> None:
        super().connection_made(cast(Transport, transport))
        for option in (socket.SO_SNDBUF, socket.SO_RCVBUF):
            transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, option, self.SOCKET_BUFFER_BYTES)
        if self.client:
            self.client = (normalized(self.client[0]), self.client[1])
        if len(self.connections) > self.CONNECTIONS:
            full = f"This server has {self.CONNECTIONS} connections, the maximum."
            self._refuse(RequestError(503, full, "SERVICE_UNAVAILABLE"))
        else:
            self._close_after(self.HEAD_SECONDS)

    def connection_lost(self, exc: Exception | None) -> None:
        self._unset_keepalive_if_required()
        self._stop_unread_timer()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        # The superclass would stop the timer here. Then, a client could keep a connection with one byte per minute.
        self._packet_bytes = len(data)
        self._pending_bytes += self._packet_bytes
        if self._is_refused:
            if self._pending_bytes > DISCARDED_BYTES:
                self.transport.abort()
            else:  # other connections have their turn first
                self.transport.pause_reading()
                self.loop.call_later(self.DISCARD_SECONDS, self.transport.resume_reading)
            return
        try:
            while data:
                try:
                    self.parser.feed_data(data)
                    break
                except httptools.HttpParserUpgrade as upgrade:
                    data = self._without_upgrade(data[upgrade.args[0] :])
        except httptools.HttpParserError as error:
            self._refuse(_reason(error))
        else:
            if self._pending_bytes > self.HEAD_BYTES:
                self._refuse(self._too_large())
            elif self._in_head and self.timeout_keep_alive_task is None and not self._is_responding:
                self._close_after(self.HEAD_SECONDS)

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self._in_head = True
        if self.cycle is not None:  # otherwise, the time since the start of the connection counts
            self._unset_keepalive_if_required()

    def on_header(self, name: bytes, value: bytes) -> None:
        # Not only after the last one: a packet can contain 40,000 headers.
        if len(self.headers) >= self.HEADERS:
            raise self._too_large()
        super().on_header(name, value)

    def on_headers_complete(self) -> None:
        if len(self.url) > self.URL_BYTES:
            raise self._too_large()
        # Both can include the bytes of a body, and the packet those of other requests.
        if max(self._pending_bytes, self._packet_bytes) > self.HEAD_BYTES:
            size = len(self.url) + sum(len(name) + len(value) + 4 for name, value in self.headers)
            if size > self.HEAD_BYTES:
                raise self._too_large()
        if len(self.pipeline) >= self.PIPELINED_REQUESTS:
            raise RequestError(400, f"At most {self.PIPELINED_REQUESTS} requests can wait for a response.")
        if self.parser.should_upgrade():
            if self.parser.get_method() == b"CONNECT":
                raise RequestError(400, INVALID)
            return  # see _without_upgrade
        super().on_headers_complete()
        if self.timeout_keep_alive_task is not None:
            self._unset_keepalive_if_required()
        self._in_head, self._in_body = False, True
        self._pending_bytes = 0

    def on_body(self, body: bytes) -> None:
        self._pending_bytes -= len(body)
        super().on_body(body)

    def on_chunk_header(self) -> None:
        # Fields from here on are trailers, which must not become headers (RFC 9110, section 6.5.1).
        self.headers = []

    def on_message_complete(self) -> None:
        if self.parser.should_upgrade():
            return
        self._in_body = False
        self._pending_bytes = 0
        super().on_message_complete()
        if self.timeout_keep_alive_task is not None:  # the response was sent before the end of the body
            self._close_after(self.IDLE_SECONDS)

    def on_response_complete(self) -> None:
        super().on_response_complete()
        if self.transport.is_closing():
            if self.transport.get_write_buffer_size():  # it closes when the client has read the response
                self._close_after(self.UNREAD_SECONDS)
        elif (self._in_head or self._in_body) and self.timeout_keep_alive_task:
            self._close_after(self.HEAD_SECONDS)

    def pause_writing(self) -> None:
        super().pause_writing()
        self._unread_timer = self.loop.call_later(self.UNREAD_SECONDS, self.transport.abort)

    def resume_writing(self) -> None:
        super().resume_writing()
        self._stop_unread_timer()

    def timeout_keep_alive_handler(self) -> None:
        self.timeout_keep_alive_task = None
        if self._in_head and not self._is_refused and not self.transport.is_closing():
            self._refuse(RequestError(408, f"The headers took longer than {self.HEAD_SECONDS:g} s.", "TIMEOUT"))
        else:  # `close` would wait until the client has read everything
            self.transport.abort()

    def _without_upgrade(self, rest: bytes) -> bytes:
        """The current request without its header Upgrade, which a server may ignore (RFC 9110, section 7.8).

        The parser stops after the headers of such a request, and would parse its body as the next request. Therefore, a
        new parser gets the headers again, followed by the rest of the data.
        """
        request_line = b"%b %b HTTP/%b" % (self.parser.get_method(), self.url, self.parser.get_http_version().encode())
        headers = [b"%b: %b" % header for header in self.headers if header[0] != b"upgrade"]
        self.parser = httptools.HttpRequestParser(self)
        self.parser.set_dangerous_leniencies(lenient_data_after_close=True)  # as in the superclass
        return b"\r\n".join([request_line, *headers, b"", rest])

    @property
    def _is_responding(self) -> bool:
        return self.cycle is not None and not self.cycle.response_complete

    def _too_large(self) -> RequestError:
        if self._in_body:
            return RequestError(400, f"Chunk extensions and trailers have at most {self.HEAD_BYTES} bytes.")
        if not self._in_head:  # only line breaks
            return RequestError(400, INVALID)
        if len(self.url) > self.URL_BYTES:
            return RequestError(414, f"A URL has at most {self.URL_BYTES} bytes.")
        return RequestError(
            431, f"A request has at most {self.HEADERS} headers and {self.HEAD_BYTES} bytes before its body."
        )

    def _refuse(self, error: RequestError) -> None:
        """Send an error and close the connection, or only close it after the responses that are due before."""
        self._is_refused = True
        self._unset_keepalive_if_required()
        if self._is_responding:
            if not self._in_body:
                self.cycle.keep_alive = False
                return
            if self.cycle.response_started or self.pipeline:
                self.transport.abort()
                return
            self.cycle.disconnected = True
            self.cycle.message_event.set()
        log = RequestLog(request_id(None), None, None, address=self.client[0] if self.client else None)
        response = failure(error, log.request_id)
        body = dump(response.body)
        headers = [
            *self.server_state.default_headers,
            (b"content-type", f"{JSON}; charset=utf-8".encode()),
            (b"content-length", b"%d" % len(body)),
            (b"cache-control", b"no-store"),
            (b"connection", b"close"),
            (b"x-request-id", log.request_id.encode()),
            *((name.lower().encode(), value.encode()) for name, value in response.headers.items()),
        ]
        lines = b"".join(b"%b: %b\r\n" % header for header in headers)
        self.transport.write(STATUS_LINE[response.status] + lines + b"\r\n" + body)
        # Closing it now would reset the connection if the client is still sending, and it would lose the response.
        self.transport.write_eof()
        self._close_after(self.LINGER_SECONDS)
        log.write(response.status)

    def _close_after(self, seconds: float) -> None:
        """Restart the one timer that ends the connection, which the superclass uses only for idle connections."""
        self._unset_keepalive_if_required()
        self.timeout_keep_alive_task = self.loop.call_later(seconds, self.timeout_keep_alive_handler)

    def _stop_unread_timer(self) -> None:
        if self._unread_timer is not None:
            self._unread_timer.cancel()
            self._unread_timer = None


def _reason(error: httptools.HttpParserError) -> RequestError:
    """Our own reason to refuse a request, which the parser wraps, or that of the parser."""
    return error.__context__ if isinstance(error.__context__, RequestError) else RequestError(400, INVALID)


def server_options(settings: Settings) -> dict[str, Any]:
    """The options of uvicorn that every server of the application needs."""
    headers = [("x-content-type-options", "nosniff")]
    if settings.link_base_url.startswith("https://"):
        headers.append(HSTS)
    return {
        "http": HttpProtocol,
        "ws": "none",
        # A pipelined request would have the context of the request before it.
        "reset_contextvars": True,
        "headers": headers,
        "server_header": False,
        # The access log of uvicorn would contain the codes of links.
        "access_log": False,
        # Without declared proxies, a client could choose its address with X-Forwarded-For.
        "proxy_headers": bool(settings.trusted_proxies),
        "forwarded_allow_ips": list(settings.trusted_proxies),
    }
