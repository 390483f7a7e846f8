"""Rate limits: the effect of floods of hostile documents and of taps on other clients."""

import json
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from http.client import HTTPConnection
from multiprocessing import get_context
from pathlib import Path
from statistics import quantiles
from threading import Event, Thread
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from bench.faults.promises import Outcome
from tests.support.commands import Serving, serving
from tests.support.hostile_documents import hostile_requests

HEADERS = {"Accept": "application/graphql-response+json", "Content-Type": "application/json"}
HONEST = {"query": "{ sessions(first: 10) { nodes { id customer { name } token { status } } } }"}
# A flood comes from one address of this machine, the other clients from others.
FLOOD, OTHER = "127.0.0.2", "127.0.0.3"
KEYLESS_CLIENTS, TAPPING_CLIENTS, TAPS = 16, 20, 2_000
SECONDS = 10


async def keyless_flood() -> Outcome:
    """Let 16 clients without a key send hostile documents from one address, and measure another client's latency.

    As many clients that only ask for a page that does not exist show what the load of HTTP itself does.
    """
    with tempfile.TemporaryDirectory() as folder, serving(Path(folder), "--demo") as served, _processes() as processes:
        measured, statuses = [], []
        for flood in (flood_with_pages, flood_without_key):
            flooding = processes.submit(flood, served.url, SECONDS + 1)
            measured.append(processes.submit(query, served.url, served.key, SECONDS).result())
            statuses.append(flooding.result())
    pages, documents = measured
    holds = documents.errors == 0 and documents.p99 < 1.5 * pages.p99 + 10
    sent = [_counted(each) for each in statuses]
    return Outcome(
        holds,
        f"{KEYLESS_CLIENTS} clients without a key, {sent[1]} hostile documents, compared with {sent[0]} missing pages: "
        f"{documents.against(pages)}",
    )


async def taps() -> Outcome:
    """Tap one link 2,000 times from one address, and measure how long another customer's taps take.

    They are compared with those beside as many requests for a missing page.
    """
    with tempfile.TemporaryDirectory() as folder, serving(Path(folder), "--demo") as served, _processes() as processes:
        link, other = _new_link(served), _new_link(served)
        pages = processes.submit(flood_with_pages, served.url, 5)
        before = processes.submit(tap, served.url, other.path, 5).result()
        pages.result()
        flood = processes.submit(tap_often, served.url, link.path, TAPS)
        during = processes.submit(tap, served.url, other.path, 5).result()
        statuses = flood.result()
        events = [len(_events(served, each.session_id)) - 1 for each in (link, other)]
    # A flood can be longer than a minute, and begin in one.
    holds = events[0] <= 2 and during.errors == 0 and during.p99 < 1.5 * before.p99 + 10
    figure = f"{_counted(statuses)} taps: {events[0]} events"
    return Outcome(holds, f"{figure}; another customer's {during.against(before)}")


class Latency(NamedTuple):
    milliseconds: list[float]
    errors: int

    @property
    def p99(self) -> float:
        return quantiles(self.milliseconds, n=100)[-1]

    def against(self, before: "Latency") -> str:
        [p50, p50_before] = [quantiles(each.milliseconds, n=2)[0] for each in (self, before)]
        p99, p99_before = self.p99, before.p99
        return f"p50 {p50:.1f} ms (was {p50_before:.1f}), p99 {p99:.1f} ms (was {p99_before:.1f}), {self.errors} errors"


# Each of these functions runs in a separate process.


def query(url: str, key: str, seconds: float) -> Latency:
    headers = HEADERS | {"Authorization": f"Bearer {key}"}
    connection, body = _connect(url, OTHER), json.dumps(HONEST)
    return _latency(lambda: _status(connection, "POST", "/graphql", body, headers), 200, seconds)


def tap(url: str, path: str, seconds: float) -> Latency:
    connection = _connect(url, OTHER)
    return _latency(lambda: _status(connection, "GET", path), 303, seconds)


def flood_without_key(url: str, seconds: float) -> Counter[int]:
    statuses: Counter[int] = Counter()
    ended = time.monotonic() + seconds
    requests = [json.dumps(hostile.request) for hostile in hostile_requests(2_000, seed=1)]

    def send(number: int) -> None:
        connection = _connect(url, FLOOD)
        for body in requests[number * 100 :] + requests:
            if time.monotonic() > ended:
                return
            statuses[_status(connection, "POST", "/graphql", body, HEADERS)] += 1

    _in_threads(KEYLESS_CLIENTS, send)
    return statuses


def flood_with_pages(url: str, seconds: float) -> Counter[int]:
    statuses: Counter[int] = Counter()
    ended = time.monotonic() + seconds

    def send(_: int) -> None:
        connection = _connect(url, FLOOD)
        while time.monotonic() < ended:
            statuses[_status(connection, "GET", "/nothing")] += 1

    _in_threads(KEYLESS_CLIENTS, send)
    return statuses


def tap_often(url: str, path: str, number: int) -> Counter[int]:
    statuses: Counter[int] = Counter()

    def send(_: int) -> None:
        connection = _connect(url, FLOOD)
        for _ in range(number // TAPPING_CLIENTS):
            statuses[_status(connection, "GET", path)] += 1

    _in_threads(TAPPING_CLIENTS, send)
    return statuses


def _in_threads(number: int, work: Callable[[int], None]) -> None:
    threads = [Thread(target=work, args=(each,)) for each in range(number)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def _latency(send: Callable[[], int], expected: int, seconds: float) -> Latency:
    """Send a request every 10 ms, or as soon as the last response arrived."""
    ended, milliseconds, errors = time.monotonic() + seconds, [], 0
    pause = Event()
    while time.monotonic() < ended:
        began = time.perf_counter()
        errors += send() != expected
        milliseconds.append((time.perf_counter() - began) * 1000)
        pause.wait(0.01)
    return Latency(milliseconds, errors)


def _connect(url: str, address: str) -> HTTPConnection:
    parts = urlsplit(url)
    assert parts.hostname
    return HTTPConnection(parts.hostname, parts.port, timeout=30, source_address=(address, 0))


def _status(
    connection: HTTPConnection,
    method: str,
    path: str,
    body: str | None = None,
    headers: Mapping[str, str] | None = None,
) -> int:
    connection.request(method, path, body, headers or {})
    response = connection.getresponse()
    response.read()
    return response.status


# The parts of the scripts.


@contextmanager
def _processes() -> Iterator[ProcessPoolExecutor]:
    with ProcessPoolExecutor(2, get_context("spawn")) as processes:
        yield processes


def _counted(statuses: Counter[int]) -> str:
    return f"{sum(statuses.values()):,} ({', '.join(f'{n:,} × {status}' for status, n in sorted(statuses.items()))})"


class Link(NamedTuple):
    session_id: str
    path: str


def _new_link(served: Serving) -> Link:
    mutation = (
        'mutation { createSession(input: {customer: {details: {name: "Dewi"}}}) { session { id token { link } } } }'
    )
    session = _ask(served, mutation)["createSession"]["session"]
    return Link(session["id"], urlsplit(session["token"]["link"]).path)


def _events(served: Serving, session_id: str) -> list[Any]:
    found = _ask(served, f'{{ session(id: "{session_id}") {{ events {{ nodes {{ kind }} }} }} }}')
    return list(found["session"]["events"]["nodes"])


def _ask(served: Serving, document: str) -> Any:
    connection = _connect(served.url, OTHER)
    headers = HEADERS | {"Authorization": f"Bearer {served.key}"}
    connection.request("POST", "/graphql", json.dumps({"query": document}), headers)
    return json.loads(connection.getresponse().read())["data"]
