"""Several workers: a change at one takes effect at the others within a second."""

import json
import os
import signal
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack
from dataclasses import dataclass, replace
from pathlib import Path

import httpx
import pytest

from tests.support import commands
from tests.support.persisted_documents import (
    NOT_IN_LIST,
    SLUG,
    AppClient,
    new_client,
    outcome,
    sha256,
    slug_of,
    within_a_second,
)
from tests.support.shop import Shop

KEYS = "query ($id: ID!) { app(id: $id) { keys { id } } }"
NOBODY = (401, "UNAUTHENTICATED", "The API key is unknown, expired or revoked, or its app is disabled.")


@dataclass(frozen=True)
class Worker:
    """A shop as the client of one of the workers, and its client as well."""

    pid: int
    shop: Shop
    client: AppClient

    async def get(self) -> httpx.Response:
        return await self.client.get(sha256(SLUG))


@dataclass
class Workers:
    """Two workers, and which of them answered each request, from their log."""

    one: Worker
    other: Worker
    log: Path
    answers: list[tuple[int, str]]

    def really_answered(self) -> bool:
        """Whether each request was answered by the intended worker."""
        lines = [json.loads(line) for line in self.log.read_text().splitlines()]
        logged = {(line["pid"], line["request"]) for line in lines if "status" in line}
        return set(self.answers) <= logged


@pytest.fixture(scope="module")
def served(database_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[commands.Serving, Path]]:
    """Two workers, and where their log is."""
    folder = tmp_path_factory.mktemp("workers")
    settings = {"DATABASE_URL": database_url, "TOKEN_KEYS": commands.TOKEN_KEYS, "LOG_LEVEL": "debug"}
    with commands.serving(folder, "--workers", 2, **settings) as served:
        yield served, folder / "serve.log"


@pytest.fixture
async def workers(served: tuple[commands.Serving, Path], shop: Shop) -> AsyncIterator[Workers]:
    """Two workers that know an app, its key and its document."""
    client = await new_client(shop, "ID_ONLY")
    await client.publish(SLUG)
    answers: list[tuple[int, str]] = []
    server, log = served
    pids = [pid for pid in commands.children_of(server.process.pid) if b"spawn_main" in commands.command_of(pid)]
    async with AsyncExitStack() as stack:
        workers = []
        for pid, other in zip(pids, reversed(pids), strict=True):

            async def note(response: httpx.Response, pid: int = pid) -> None:
                answers.append((pid, response.headers["x-request-id"]))

            http = httpx.AsyncClient(base_url=server.url, event_hooks={"response": [note]}, timeout=30)
            there = replace(shop, http=await stack.enter_async_context(http))
            workers.append(Worker(pid, there, replace(client, shop=there)))
            # While the other worker is stopped, this one accepts the connection and keeps it.
            os.kill(other, signal.SIGSTOP)
            try:
                assert outcome(await workers[-1].get()) == slug_of(shop)
            finally:
                os.kill(other, signal.SIGCONT)
        yield Workers(*workers, log, answers)


async def test_a_key_revoked_at_one_worker_is_refused_by_the_other_within_a_second(workers: Workers) -> None:
    shop, app_id = workers.one.shop, workers.one.client.app_id
    [key] = (await shop.ask(KEYS, id=app_id))["app"]["keys"]
    await shop.change("revokeApiKey", "apiKey { id }", id=key["id"])
    for worker in (workers.other, workers.one):
        assert await within_a_second(401, worker.get) == NOBODY
    assert commands.eventually(workers.really_answered, 1)


async def test_an_app_disabled_at_one_worker_is_refused_by_the_other_within_a_second(workers: Workers) -> None:
    shop, app_id = workers.one.shop, workers.one.client.app_id
    await shop.change("updateApp", "app { id }", id=app_id, disabled=True)
    for worker in (workers.other, workers.one):
        assert await within_a_second(401, worker.get) == NOBODY
    await workers.other.shop.change("updateApp", "app { id }", id=app_id, disabled=False)
    for worker in (workers.one, workers.other):
        assert await within_a_second(200, worker.get) == slug_of(shop)
    assert commands.eventually(workers.really_answered, 1)


async def test_a_document_retired_at_one_worker_is_refused_by_the_other_within_a_second(workers: Workers) -> None:
    await workers.one.client.retire(f"sha256:{sha256(SLUG)}")
    for worker in (workers.other, workers.one):
        assert await within_a_second(404, worker.get) == NOT_IN_LIST
    await workers.other.client.publish(SLUG)
    for worker in (workers.one, workers.other):
        assert await within_a_second(200, worker.get) == slug_of(workers.one.shop)
    assert commands.eventually(workers.really_answered, 1)
