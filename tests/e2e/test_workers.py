"""Several workers: a change at one takes effect at the others within a second."""

import json
import os
import signal
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import AsyncExitStack
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.support import commands
from tests.support.persisted_documents import (
    NOT_IN_LIST,
    SESSIONS,
    SLUG,
    AppClient,
    new_client,
    outcome,
    sha256,
    slug_of,
    within_a_second,
)
from tests.support.shop import Shop, code_of, minutes_of, path_of

KEYS = "query ($id: ID!) { app(id: $id) { keys { id } } }"
REFUSED = (401, "UNAUTHENTICATED", "The API key is unknown, expired or revoked, or its app is disabled.")


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
        written = self.log.read_text().rpartition("\n")[0]  # the last line can be incomplete
        lines = [json.loads(line) for line in written.splitlines()]
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
        assert await within_a_second(401, worker.get) == REFUSED
    assert commands.eventually(workers.really_answered, 1)


async def test_an_app_disabled_at_one_worker_is_refused_by_the_other_within_a_second(workers: Workers) -> None:
    shop, app_id = workers.one.shop, workers.one.client.app_id
    await shop.change("updateApp", "app { id }", id=app_id, disabled=True)
    for worker in (workers.other, workers.one):
        assert await within_a_second(401, worker.get) == REFUSED
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


async def test_a_new_key_works_at_the_other_worker_immediately(workers: Workers) -> None:
    shop, app_id = workers.one.shop, workers.one.client.app_id
    secret = (await shop.change("createApiKey", "secret", appId=app_id, name="new"))["secret"]
    client = replace(workers.other.client, key=secret)
    assert outcome(await client.get(sha256(SLUG))) == slug_of(shop)
    assert commands.eventually(workers.really_answered, 1)


async def test_scopes_that_are_taken_at_one_worker_are_missing_at_the_other_within_a_second(workers: Workers) -> None:
    shop, app_id = workers.one.shop, workers.one.client.app_id
    await workers.one.client.publish(SESSIONS)

    async def codes(worker: Worker) -> list[str]:
        answer = (await worker.client.get(sha256(SESSIONS))).json()
        return [error["extensions"]["code"] for error in answer.get("errors", ())]

    both = (workers.one, workers.other)
    assert [await codes(worker) for worker in both] == [[], []]
    await shop.changed("updateApp", "app { id }", id=app_id, scopes=["SESSIONS_JOIN"])
    for worker in reversed(both):
        await follows(["FORBIDDEN"], partial(codes, worker))
    await workers.other.shop.changed("updateApp", "app { id }", id=app_id, scopes=["SESSIONS_READ"])
    for worker in both:
        await follows([], partial(codes, worker))
    assert commands.eventually(workers.really_answered, 1)


async def test_a_rate_and_a_document_mode_set_at_one_worker_apply_at_the_other_within_a_second(
    workers: Workers,
) -> None:
    shop, app_id = workers.one.shop, workers.one.client.app_id

    async def rate(worker: Worker) -> int:
        return int((await worker.get()).json()["extensions"]["cost"]["throttle"]["restoreRate"])

    async def status_of_text(worker: Worker) -> int:
        return (await worker.client.send({"query": SLUG})).status_code

    assert await status_of_text(workers.other) == 400
    await shop.changed("updateApp", "app { id }", id=app_id, rate=7, documentMode="LOG")
    for worker in (workers.other, workers.one):
        await follows(7, partial(rate, worker))
        await follows(200, partial(status_of_text, worker))
    assert commands.eventually(workers.really_answered, 1)


async def test_store_settings_changed_at_one_worker_apply_at_the_other(workers: Workers) -> None:
    """Links redirect to a new storefront within a second, and everything else changes immediately."""

    async def location(worker: Worker, session: Any) -> str:
        return (await worker.shop.http.get(path_of(session))).headers["location"]

    hosts = ["new.example", "old.example", "shop.example"]
    await workers.one.shop.changed("updateStoreSettings", "store { id }", storefrontHosts=hosts)
    settings = {"name": "Kopi Baru", "storefrontUrl": "https://new.example/chat", "sessionExpiration": 5}
    selection = "{ name storefrontUrl sessionExpiration }"
    for one, other in ((workers.one, workers.other), (workers.other, workers.one)):
        before = (await other.shop.ask(f"{{ store {selection} }}"))["store"]
        await one.shop.changed("updateStoreSettings", f"store {selection}", **settings)
        session = await other.shop.create()
        assert (await other.shop.ask(f"{{ store {selection} }}"))["store"] == settings != before
        assert minutes_of(session["token"]) == settings["sessionExpiration"]
        await follows(f"{settings['storefrontUrl']}?token={code_of(session)}", partial(location, other, session))
        settings = {"name": "Kopi Lama", "storefrontUrl": "https://old.example", "sessionExpiration": 10}
    assert commands.eventually(workers.really_answered, 1)


async def follows(expected: Any, ask: Callable[[], Awaitable[Any]]) -> None:
    """Wait until the answer is the expected one. A request that is sent a second later has it."""
    sent = started = time.monotonic()
    while (found := await ask()) != expected:
        assert sent - started < 1, found
        sent = time.monotonic()
