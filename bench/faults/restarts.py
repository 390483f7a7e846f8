"""Restarts under load: no client loses a request. Every client keeps its connection alive, and never tries again."""

import asyncio
import subprocess
import tempfile
import time
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import ExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import httpx

import embedded
from bench.faults.promises import Outcome
from tests.support.commands import TOKEN_KEYS, Serving, free_port, roomkey, serving

CLIENTS = 50
# How often each case is repeated. Two servers with 2 workers that take over from each other are the important one.
STOPS = 5
TAKEOVERS = 10
EXIT_SECONDS = 10
# Half of the clients pause between their requests, so that their connections are idle.
PAUSE_SECONDS = 0.05
QUERY = {"query": "{ store { slug } }"}
CREATE = {"query": 'mutation { createSession(input: {customer: {details: {name: "Load"}}}) { session { id } } }'}


@dataclass
class Load:
    """The observations of all clients."""

    answers: int = 0
    failures: Counter[str] = field(default_factory=Counter)
    slowest: float = 0
    _goal: int = 0
    _is_reached: asyncio.Event = field(default_factory=asyncio.Event)

    async def reach(self, more: int) -> None:
        """Wait until the clients have this many more responses."""
        self._goal = self.answers + more
        self._is_reached.clear()
        await self._is_reached.wait()

    def answered(self, seconds: float) -> None:
        self.answers += 1
        self.slowest = max(self.slowest, seconds)
        if self.answers >= self._goal:
            self._is_reached.set()


@dataclass
class Stop:
    """How a server stopped: the seconds until its readiness check failed, and until it exited."""

    unready_seconds: float
    exit_seconds: float


async def no_request_is_lost() -> Outcome:
    """Stop servers with 1 and 2 workers under load, and let servers with 2 workers take over a port."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        with embedded.start(folder / "data") as database:
            settings = {"DATABASE_URL": database.url(), "TOKEN_KEYS": TOKEN_KEYS, "LOG_LEVEL": "warning"}
            key = _create_key(folder, settings)
            outcomes = [await _stopped(folder, settings | {"DRAIN_SECONDS": "1"}, key, workers) for workers in (1, 2)]
            outcomes.append(await _replaced(folder, settings | {"DRAIN_SECONDS": "2"}, key))
    return Outcome(all(each.holds for each in outcomes), "; ".join(each.figure for each in outcomes))


async def _stopped(folder: Path, settings: dict[str, str], key: str, workers: int) -> Outcome:
    """No server takes over. The clients get responses until they are refused."""
    loads, stops = [], []
    for _ in range(STOPS):
        with serving(folder, "--workers", workers, port=free_port(), **settings) as server:
            async with _clients(server.url, key, refusal_is_failure=False) as load:
                await load.reach(500)
                server.process.terminate()
                stops.append(await _watch_stop(server.url, server.process))
        loads.append(load)
    return _outcome(f"{workers} worker(s) stopped", loads, stops)


async def _replaced(folder: Path, settings: dict[str, str], key: str) -> Outcome:
    """Each server takes over the port of the previous one."""
    port = free_port()
    loads, stops = [], []
    with ExitStack() as servers:

        def start() -> Serving:
            options = ("--workers", 2, "--reuse-port")
            return servers.enter_context(serving(folder, *options, port=port, **settings))

        server = start()
        for _ in range(TAKEOVERS):
            async with _clients(server.url, key, refusal_is_failure=True) as load:
                await load.reach(500)
                successor = await asyncio.to_thread(start)
                server.process.terminate()
                stops.append(await _watch_stop(None, server.process))
                await load.reach(500)
            loads.append(load)
            server = successor
    return _outcome("2 workers replaced", loads, stops)


def _outcome(what: str, loads: list[Load], stops: list[Stop]) -> Outcome:
    failures = sum((load.failures for load in loads), Counter())
    exit_seconds = max(stop.exit_seconds for stop in stops)
    unready_seconds = max(stop.unready_seconds for stop in stops)
    holds = not failures and exit_seconds < EXIT_SECONDS and unready_seconds < 0.5
    kinds = f" ({', '.join(f'{count} {kind}' for kind, count in failures.items())})" if failures else ""
    total = sum(load.answers for load in loads) + failures.total()
    figure = (
        f"{what}, {len(loads)} runs: {failures.total()} of {total} requests failed{kinds}, "
        f"unready after {unready_seconds:.2f} s, exit after {exit_seconds:.1f} s, "
        f"slowest answer {max(load.slowest for load in loads):.1f} s"
    )
    print(f"     {figure}", flush=True)
    return Outcome(holds, figure)


async def _watch_stop(url: str | None, process: subprocess.Popen[str]) -> Stop:
    """Watch a server that was told to stop. With another server at the same address, its readiness cannot be asked."""
    started = time.monotonic()
    unready = 0.0
    async with httpx.AsyncClient(timeout=30) as probe:
        while url and (await probe.get(f"{url}/health/ready")).status_code == 200:
            unready = time.monotonic() - started
    await asyncio.to_thread(process.wait, 30)
    return Stop(unready, time.monotonic() - started)


@asynccontextmanager
async def _clients(url: str, key: str, *, refusal_is_failure: bool) -> AsyncIterator[Load]:
    """Clients that send requests until the block ends. A client ends when it is refused a connection."""
    load, end = Load(), asyncio.Event()
    async with asyncio.TaskGroup() as clients:
        for number in range(CLIENTS):
            clients.create_task(_client(load, end, url, key, number, refusal_is_failure))
        yield load
        end.set()


async def _client(load: Load, end: asyncio.Event, url: str, key: str, number: int, refusal_is_failure: bool) -> None:
    headers = {"Authorization": f"Bearer {key}"}
    # Every second client creates sessions, which would be wrong to repeat.
    body = CREATE if number % 2 else QUERY
    async with httpx.AsyncClient(headers=headers, timeout=20) as http:
        while not end.is_set():
            began = time.monotonic()
            try:
                answer = await http.post(f"{url}/graphql", json=body)
            except httpx.ConnectError as error:
                if not refusal_is_failure:
                    return
                load.failures[type(error).__name__] += 1
            except httpx.HTTPError as error:
                load.failures[type(error).__name__] += 1
            else:
                if answer.status_code == 200 and "errors" not in answer.json():
                    load.answered(time.monotonic() - began)
                else:
                    load.failures[f"status {answer.status_code}"] += 1
            if number >= CLIENTS // 2:
                await asyncio.sleep(PAUSE_SECONDS)


def _create_key(folder: Path, settings: dict[str, str]) -> str:
    """A key of a new store, whose rate limit does not matter."""
    scopes = ("--scope", "sessions:read", "--scope", "sessions:write")
    commands = (
        ("migrate",),
        ("stores", "create", "load", "--name", "Load", "--storefront-url", "https://load.example/chat"),
        ("apps", "create", "--store", "load", "--name", "load", *scopes, "--rate", 1_000_000),
    )
    for command in commands:
        ended = roomkey(folder, *command, **settings)
        if ended.returncode:
            raise RuntimeError(ended.stderr)
    return ended.stdout.split()[1]
