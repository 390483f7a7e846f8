"""The floor: only uvicorn (`/hello`), and uvicorn with one fetch of a prepared statement (`/detail`).

Each connection to Postgres keeps the statement prepared. Nothing reads the request, and nothing converts the row.
"""

import os
from collections.abc import Sequence
from typing import Any

import asyncpg
from asyncpg.prepared_stmt import PreparedStatement

from bench.speed.bare import Recorder, fetch
from bench.speed.contenders import POOL_SIZE
from bench.speed.queries import Query

BODY = b'{"data":{"session":{"id":"session_01h2xcejqtf2nbrexx3vqjhp41"}}}'
START = {
    "type": "http.response.start",
    "status": 200,
    "headers": [(b"content-type", b"application/json"), (b"content-length", str(len(BODY)).encode())],
}
END = {"type": "http.response.body", "body": BODY}


class Floor:
    """A raw ASGI application."""

    def __init__(self) -> None:
        self._idle: list[PreparedStatement[Any]] = []
        self._values: Sequence[Any] = ()

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "lifespan":
            await self._live(receive, send)
            return
        if scope["path"] == "/detail":
            # There are as many statements as the load has connections, so that one is always idle.
            statement = self._idle.pop()
            try:
                await statement.fetch(*self._values)
            finally:
                self._idle.append(statement)
        await send(START)
        await send(END)

    async def _live(self, receive: Any, send: Any) -> None:
        await receive()
        connections = [await asyncpg.connect(os.environ["DATABASE_URL"]) for _ in range(POOL_SIZE)]
        recorder = Recorder(connections[0])
        await fetch(recorder, os.environ["STORE_ID"], Query.DETAIL, {"id": os.environ["SESSION_ID"]})
        [statement] = recorder.statements
        self._values = statement.values
        self._idle = [await connection.prepare(statement.sql) for connection in connections]
        await send({"type": "lifespan.startup.complete"})
        await receive()
        for connection in connections:
            await connection.close()
        await send({"type": "lifespan.shutdown.complete"})


app = Floor()
