"""Stopping without losing a request: how a server drains before it exits.

On SIGTERM, a server fails its readiness check and asks each client to close its connection with the next response
(RFC 9112, section 9.6), while it still accepts connections for `DRAIN_SECONDS`. Then it refuses new connections, and
closes those that are idle. See docs/adr/0019-restarts.md.
"""

import asyncio
import ctypes
import signal
import socket
import struct
import sys
from collections.abc import Callable

from uvicorn import Config, Server

# The time for handshakes that have begun. A handshake takes one round trip.
HANDSHAKE_SECONDS = 0.3
# The maximum time for further requests on open connections, the last of which were accepted at the end of the drain.
REQUEST_SECONDS = 2
# The maximum time for requests that are still running. Then they are canceled.
RUNNING_SECONDS = 4

SO_ATTACH_FILTER = 26  # Linux; the module `socket` does not have it
# A classic BPF program: drop the packets of a listening socket that have the flag SYN, and accept all others.
DROP_SYN = (
    (0x30, 0, 0, 13),  # load the byte of the TCP header that contains the flags (RFC 9293, section 3.1)
    (0x45, 0, 1, 0x02),  # is SYN set?
    (0x06, 0, 0, 0),  # drop the packet
    (0x06, 0, 0, 0xFFFFFFFF),  # accept the packet
)


class DrainingServer(Server):
    """A server that drains on SIGTERM. On SIGINT, as from Ctrl-C, it stops immediately.

    `owns_listener`: whether no other process accepts connections from the same listening socket after the drain.
    `on_ready` is called when the server accepts connections.
    """

    def __init__(
        self,
        config: Config,
        drain_seconds: float,
        *,
        owns_listener: bool,
        on_ready: Callable[[], object] = lambda: None,
    ) -> None:
        super().__init__(config)
        self._drain_seconds = drain_seconds
        self._owns_listener = owns_listener
        self._on_ready = on_ready

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self._on_ready()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        if signal.SIGINT not in self._captured_signals:
            await self._drain(sockets or [])
        await super().shutdown(sockets)

    async def _drain(self, sockets: list[socket.socket]) -> None:
        # The readiness check reads this from the state of its request. See api/health.py.
        self.lifespan.state["is_draining"] = True
        # A response with this header is the last one on its connection.
        last = self.server_state.default_headers = [*self.server_state.default_headers, (b"connection", b"close")]
        for connection in self.server_state.connections:
            if cycle := getattr(connection, "cycle", None):  # a running request has the earlier list
                cycle.default_headers = last
        await self._wait(self._drain_seconds)
        if self._owns_listener:
            for listener in sockets:
                refuse_connections(listener)
        await self._wait(HANDSHAKE_SECONDS)
        for server in self.servers:
            server.close()
        # A client of an idle connection may just be sending a request.
        await self._wait(REQUEST_SECONDS, until=lambda: not self.server_state.connections)

    async def _wait(self, seconds: float, until: Callable[[], bool] = lambda: False) -> None:
        """Wait for the time, or until the condition holds or Ctrl-C is pressed."""
        deadline = asyncio.get_running_loop().time() + seconds
        while not until() and signal.SIGINT not in self._captured_signals:
            remaining = deadline - asyncio.get_running_loop().time()
            if remaining <= 0:
                return
            await asyncio.sleep(min(0.05, remaining))


def refuse_connections(listener: socket.socket) -> None:
    """Begin no new connection on a listening socket, and keep those that have begun.

    Closing the socket would reset connections that wait to be accepted, after their clients have sent requests. So this
    drops only the packets that begin a connection. The client repeats such a packet after a second. By then the socket
    should be closed, so that the client is refused, or reaches the next server on the port. Only on Linux.
    """
    if sys.platform == "linux":
        program = ctypes.create_string_buffer(b"".join(struct.pack("HBBI", *step) for step in DROP_SYN))
        listener.setsockopt(
            socket.SOL_SOCKET, SO_ATTACH_FILTER, struct.pack("HP", len(DROP_SYN), ctypes.addressof(program))
        )
