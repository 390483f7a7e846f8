"""A server that stops: it drains, and loses no request."""

import asyncio
import signal
import socket
from collections.abc import AsyncIterator
from contextlib import nullcontext

import httpx
import pytest
from uvicorn import Config

from api.app import create_app
from api.draining import DrainingServer, refuse_connections
from tests.conftest import settings_for
from tests.support.responses import checked

STOPPING = {"message": "The server is shutting down.", "extensions": {"code": "SERVICE_UNAVAILABLE"}}
TYPENAME = {"query": "{ __typename }"}
# Long enough for a slow machine. The tests end the drain themselves.
DRAIN_SECONDS = 60


class Running:
    """A server of this process that can be told to stop."""

    def __init__(self, database_url: str, drain_seconds: float) -> None:
        config = Config(create_app(settings_for(database_url)), log_level="warning", access_log=False)
        self.ready = asyncio.Event()
        self.server = DrainingServer(config, drain_seconds, owns_listener=True, on_ready=self.ready.set)
        self.server.capture_signals = nullcontext  # type: ignore[method-assign]  # they are pytest's
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self.listener.getsockname()[1]}"
        self.task = asyncio.create_task(self.server.serve([self.listener]))

    async def drain(self) -> None:
        """Stop, and wait until the server drains."""
        self.server.handle_exit(signal.SIGTERM, None)
        async with httpx.AsyncClient(base_url=self.url) as http:
            while (await http.get("/health/ready")).status_code == 200:
                pass

    async def end(self) -> None:
        """As Ctrl-C does."""
        self.server.handle_exit(signal.SIGINT, None)
        await self.task
        if self.server.force_exit:  # then, the process would end without this
            await self.server.lifespan.shutdown()


@pytest.fixture
async def running(database_url: str) -> AsyncIterator[Running]:
    running = Running(database_url, DRAIN_SECONDS)
    await running.ready.wait()
    yield running
    await running.end()


async def test_a_draining_server_is_not_ready_and_still_answers_new_connections(running: Running) -> None:
    async with httpx.AsyncClient(base_url=running.url) as before:
        assert (await before.get("/health/ready")).text == "ok"
        await running.drain()
        # The first request is sent on the connection from before, the others on new connections.
        for client in (before, before, httpx.AsyncClient(base_url=running.url)):
            ready = await client.get("/health/ready")
            assert (checked(ready), ready.headers["retry-after"]) == ((503, {"errors": [STOPPING]}), "1")
            assert ready.headers["connection"] == "close"
            live = await client.get("/health/live")
            assert (live.status_code, live.text, live.headers["connection"]) == (200, "ok", "close")
            answer = await client.post("/graphql", json=TYPENAME)
            assert (answer.json()["data"], answer.headers["connection"]) == ({"__typename": "Query"}, "close")
        await client.aclose()


async def test_a_request_that_began_before_the_stop_is_answered_with_the_close(running: Running) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", running.listener.getsockname()[1])
    writer.write(b"GET /health/live HTTP/1.1\r\nHost: 127.0.0.1\r\n")
    await running.drain()
    writer.write(b"\r\n")
    response = await reader.read()  # until the server closes the connection
    writer.close()
    assert response.startswith(b"HTTP/1.1 200 OK\r\n")
    assert b"\r\nconnection: close\r\n" in response


async def test_a_request_that_runs_at_the_stop_is_answered_with_the_close(running: Running) -> None:
    body = b'{"query": "{ __typename }"}'
    reader, writer = await asyncio.open_connection("127.0.0.1", running.listener.getsockname()[1])
    head = "POST /graphql HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n"
    writer.write(head.format(len(body)).encode())
    async with asyncio.timeout(5):
        # The application waits for the body.
        while not any(getattr(each, "cycle", None) for each in running.server.server_state.connections):  # noqa: ASYNC110
            await asyncio.sleep(0)
    await running.drain()
    writer.write(body)
    response = await reader.read()  # until the server closes the connection
    writer.close()
    assert response.startswith(b"HTTP/1.1 200 OK\r\n")
    assert b"\r\nconnection: close\r\n" in response


async def test_control_c_ends_the_drain(database_url: str) -> None:
    running = Running(database_url, DRAIN_SECONDS)
    await running.ready.wait()
    await running.drain()
    async with asyncio.timeout(5):
        await running.end()


async def test_every_request_of_a_stop_is_answered_or_never_accepted(database_url: str) -> None:
    running = Running(database_url, 0.3)
    await running.ready.wait()
    answered = 0

    async def ask() -> None:
        nonlocal answered
        async with httpx.AsyncClient(base_url=running.url, timeout=20) as client:
            while True:
                try:
                    response = await client.post("/graphql", json=TYPENAME)
                except httpx.ConnectError:  # the connection was refused, so that the request was not sent
                    return
                assert response.json()["data"] == {"__typename": "Query"}
                answered += 1

    async with asyncio.TaskGroup() as clients:
        for _ in range(10):
            clients.create_task(ask())
        running.server.handle_exit(signal.SIGTERM, None)
    await running.task
    assert answered > 10


async def test_a_socket_that_refuses_connections_keeps_those_in_its_queue() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        waiting = socket.create_connection(listener.getsockname())
        waiting.sendall(b"sent")
        refuse_connections(listener)
        with pytest.raises(TimeoutError):
            socket.create_connection(listener.getsockname(), timeout=0.1)
        accepted, _ = listener.accept()
        assert accepted.recv(10) == b"sent"
        accepted.close()
        waiting.close()
