"""Acknowledged writes survive when the server is killed."""

import asyncio
import os
import signal
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import httpx
import pytest

from tests.support.commands import Serving, eventually, postgres_of, serving

CLIENTS = 8
ENOUGH = 100

CREATE = """mutation ($input: CreateSessionInput!) {
    createSession(input: $input) { session { id roomId token { link } } userErrors { code } }
}"""
GET = """query ($ids: [ID!]!) {
    nodes(ids: $ids) { ... on Session { id roomId token { link } events { nodes { kind } } } }
}"""


async def create_until_killed(served: Serving, kill: Callable[[], None]) -> dict[str, dict[str, object]]:
    """The acknowledged sessions of several concurrent clients, by their IDs."""
    acknowledged: dict[str, dict[str, object]] = {}
    enough = asyncio.Event()

    async def create(client: int, http: httpx.AsyncClient) -> None:
        number = 0
        while True:
            number += 1
            input = {
                "customer": {"details": {"name": f"Customer {client}", "externalId": f"C{client}"}},
                "roomId": f"room {client} {number}",
                "orderNumber": f"Q{client}-{number}",
            }
            try:
                response = await http.post("/graphql", json={"query": CREATE, "variables": {"input": input}})
                payload = response.json()["data"]["createSession"]
            except (httpx.TransportError, ValueError, KeyError, TypeError):
                return
            assert payload["userErrors"] == []
            acknowledged[payload["session"]["id"]] = payload["session"]
            if len(acknowledged) >= ENOUGH:
                enough.set()

    headers = {"Authorization": f"Bearer {served.key}"}
    async with httpx.AsyncClient(base_url=served.url, headers=headers, timeout=30) as http, asyncio.timeout(60):
        clients = [asyncio.create_task(create(client, http)) for client in range(CLIENTS)]
        await enough.wait()
        kill()
        await asyncio.gather(*clients)
    return acknowledged


async def kept(served: Serving, ids: list[str]) -> list[dict[str, object]]:
    headers = {"Authorization": f"Bearer {served.key}"}
    async with httpx.AsyncClient(base_url=served.url, headers=headers, timeout=30) as http:
        sessions: list[dict[str, object]] = []
        for start in range(0, len(ids), 20):
            variables = {"ids": ids[start : start + 20]}
            response = await http.post("/graphql", json={"query": GET, "variables": variables})
            sessions += response.json()["data"]["nodes"]
    return sessions


@pytest.mark.parametrize("with_postgres", [False, True], ids=["the server", "Postgres as well"])
async def test_a_kill_loses_no_acknowledged_write_and_leaves_no_process(tmp_path: Path, with_postgres: bool) -> None:
    with serving(tmp_path, "--demo") as served:

        def kill() -> None:
            for pid in (served.process.pid, *(postgres_of(tmp_path) if with_postgres else ())):
                with suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)

        acknowledged = await create_until_killed(served, kill)
        assert served.process.wait() == -signal.SIGKILL
    assert eventually(lambda: postgres_of(tmp_path) == [], 2)

    with serving(tmp_path, "--demo", port=int(served.url.rpartition(":")[2])) as again:
        assert again.key == served.key
        found = await kept(again, list(acknowledged))
    issued = {"events": {"nodes": [{"kind": "ISSUED"}]}}
    assert len(found) >= ENOUGH
    assert found == [session | issued for session in acknowledged.values()]
