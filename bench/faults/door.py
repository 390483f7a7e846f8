"""Rows 11a and 11b: clients that send too much, stop in the middle of a request, or do not read, beside an honest one.

One worker serves the demo store. The honest client and the attackers run in separate processes. The attackers have a
lower priority, because they would run on other machines. The honest client sends a query for a page at a constant rate.
Its times count from the time at which a request is due, so that a server that stalls does not get fewer requests.
"""

import asyncio
import os
import random
import socket
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Coroutine, Iterator
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from contextlib import contextmanager, suppress
from functools import partial
from http.client import HTTPConnection
from multiprocessing import get_context
from pathlib import Path
from statistics import median, quantiles
from typing import Any, NamedTuple

import orjson

from api.web import BUILT
from bench.faults.promises import Outcome
from engine.cost import Meter, TooCostly
from engine.execution import InvalidOperation, choose_operation, parse_document, validate_document
from schema.cost import COST_MODEL
from schema.root import schema
from tests.support.commands import Serving, serving
from tests.support.hostile_documents import KINDS, hostile_request

PAGE = "{ sessions(first: 20) { nodes { id roomId customer { name } token { status expiredTime } } } }"
REQUESTS_PER_SECOND = 25
SECONDS = 15.0
# The honest client stops after twice the time that it needs if the server is not overloaded.
PATIENCE = 2
ROUNDS = 4
# The time for the attackers to connect.
CONNECT_SECONDS = 30.0

IDLE, HALF_SENT, NOT_READING, HOSTILE = 2_000, 1_000, 300, 16
HEADER_BYTES = 50 * 1024 * 1024
STALL_SECONDS = 0.1
FACTOR = 2

HOST = b"Host: 127.0.0.1\r\n"
POST = b"POST /graphql HTTP/1.1\r\n" + HOST + b"Content-Type: application/json\r\n"
CHUNKED = POST + b"Transfer-Encoding: chunked\r\n\r\n"
GET = b"GET /health/live HTTP/1.1\r\n" + HOST
# Forms of a large header: its start, and the part that is repeated.
LARGE_HEADERS = {
    "one header": (GET + b"x: ", b"x" * 65_536),
    "small headers": (GET, b"a: b\r\n" * 10_000),
    "headers of 1 KB": (GET, (b"a: " + b"x" * 1_000 + b"\r\n") * 64),
    "the name of a header": (GET, b"x" * 65_536),
    "a URL": (b"GET /", b"x" * 65_536),
    "line breaks": (b"", b"\r\n" * 32_768),
    "a chunk extension": (CHUNKED + b"1;", b"x" * 65_536),
    "trailers": (CHUNKED + b"0\r\n", b"a: b\r\n" * 10_000),
    "one trailer": (CHUNKED + b"0\r\nx: ", b"x" * 65_536),
}
# The number of kinds of hostile documents that are sent: those that take the most time.
WORST_KINDS = 5
LARGEST = 1_448


SPAWN = get_context("spawn")


class Honest(NamedTuple):
    """A run of the honest client: the seconds of each request, the number of statuses other than 200, and the processor
    time of the worker in the meantime."""

    seconds: list[float]
    failed: int
    processor_seconds: float = 0.0


class Sent(NamedTuple):
    """Whether the server has closed a connection, and the number of bytes that the client could send before that."""

    disconnected: bool
    sent: int


class Scene(NamedTuple):
    """A server of the demo store with an honest client."""

    server: Serving
    port: int
    client: ProcessPoolExecutor

    def measure(self, seconds: float) -> Honest:
        """Run the honest client for this time."""
        before = self.processor_seconds
        honest = self.client.submit(send_honest_requests, self.port, self.server.key, seconds).result()
        return honest._replace(processor_seconds=self.processor_seconds - before)

    @property
    def memory(self) -> int:
        """The resident memory of the worker in MB."""
        status = Path(f"/proc/{self.server.process.pid}/status").read_text()
        return int(status.partition("VmRSS:")[2].split()[0]) // 1024

    @property
    def processor_seconds(self) -> float:
        """The processor time of the worker's main thread, which runs the event loop."""
        return int(Path(f"/proc/{self.server.process.pid}/schedstat").read_text().split()[0]) / 1e9

    @property
    def connections(self) -> int:
        """The number of descriptors, most of which are connections."""
        return len(os.listdir(f"/proc/{self.server.process.pid}/fd"))


@contextmanager
def scene() -> Iterator[Scene]:
    with (
        tempfile.TemporaryDirectory() as folder,
        serving(Path(folder), "--demo") as server,
        ProcessPoolExecutor(1, SPAWN) as client,
    ):
        it = Scene(server, int(server.url.rpartition(":")[2]), client)
        it.measure(5)  # warms up
        yield it


class Attack:
    """A function that attacks the port in a separate process until it is stopped, and its report."""

    def __init__(self, function: Callable[..., str], port: int, *arguments: object) -> None:
        self._stop = SPAWN.Event()
        self._report = SPAWN.SimpleQueue()
        everything = (function, self._stop, self._report, port, *arguments)
        self._process = SPAWN.Process(target=run_attack, args=everything, daemon=True)
        self._process.start()

    def stop(self) -> str:
        self._stop.set()
        report: str = self._report.get()
        self._process.join()
        return report


def run_attack(function: Callable[..., str], stop: Any, report: Any, port: int, *arguments: object) -> None:
    os.nice(10)
    report.put(function(stop, port, *arguments))


async def large_headers() -> Outcome:
    """50 MB of each form of header, then of all forms from 16 clients at the same time, beside an honest client.

    A stall of the event loop takes processor time. Unlike the waits of the honest client, this time does not depend on
    other work of the machine.
    """
    with scene() as it, ThreadPoolExecutor(HOSTILE) as clients:
        alone = it.measure(SECONDS)
        results, stalls = [], {}
        for name, form in LARGE_HEADERS.items():
            before = it.processor_seconds
            results.append(send_large_header(it.port, *form))
            stalls[name] = it.processor_seconds - before
        forms = list(LARGE_HEADERS.values())
        together = [clients.submit(send_large_header, it.port, *forms[i % len(forms)]) for i in range(HOSTILE)]
        attacked = it.measure(SECONDS)
        results += [each.result() for each in together]
    disconnected = sum(result.disconnected for result in results)
    slowest = max(stalls, key=lambda name: stalls[name])
    figure = (
        f"{disconnected} of {len(results)} clients disconnected after at most "
        f"{max(result.sent for result in results) >> 20} MB; at most {ms(stalls[slowest])} of processor time "
        f"for one of them ({slowest}); longest wait of an honest client "
        f"beside {HOSTILE} of them {ms(max(attacked.seconds))}, {ms(max(alone.seconds))} without"
    )
    return Outcome(disconnected == len(results) and not attacked.failed and stalls[slowest] < STALL_SECONDS, figure)


async def slow_clients() -> Outcome:
    """Clients that are idle, that have sent half of a request, and that do not read."""
    attack = f"{IDLE:,} idle, {HALF_SENT:,} half-sent and {NOT_READING} clients that do not read"
    return compare(attack, lambda port: [Attack(be_slow, port)])


async def everything_at_once() -> Outcome:
    """The same, 16 clients without a key that send the worst documents, and a client that sends 50 MB of header."""
    documents = worst_documents()
    return compare(
        f"the same, {HOSTILE} keyless clients with the worst documents and a client that sends 50 MB of header",
        lambda port: [Attack(be_slow, port), Attack(send_documents, port, documents), Attack(repeat_headers, port)],
    )


def compare(attack: str, start: Callable[[int], list[Attack]]) -> Outcome:
    """Compare the 99th percentile of an honest client with and without an attack."""
    alone, attacked, most = list[Honest](), list[Honest](), 0
    with scene() as it:
        before = it.memory
        for _ in range(ROUNDS):
            alone.append(it.measure(SECONDS))
            attacks = start(it.port)
            deadline = time.monotonic() + CONNECT_SECONDS
            while it.connections < IDLE + HALF_SENT + NOT_READING and time.monotonic() < deadline:
                time.sleep(0.1)
            connections = it.connections
            attacked.append(it.measure(SECONDS))
            most = max(most, it.memory)
            reports = [report for each in attacks if (report := each.stop())]
    # The median of the rounds: in one of them, the server may still feel the attack before.
    baseline = median(p99_of([each]) for each in alone)
    p99, failed = p99_of(attacked), sum(each.failed for each in attacked)
    load, base_load = (sum(each.processor_seconds for each in measured) for measured in (attacked, alone))
    figure = (
        f"p99 of an honest client {ms(p99)} beside {attack}, {ms(baseline)} without; {failed} requests failed; "
        f"{load / base_load:.1f} times the processor time of the worker; {connections} connections; "
        f"memory {before} MB before, {most} MB during the attack{''.join(f'; {report}' for report in reports)}"
    )
    return Outcome(p99 < FACTOR * baseline and not failed, figure)


def send_honest_requests(port: int, key: str, seconds: float) -> Honest:
    body = orjson.dumps({"query": PAGE})
    headers = {"Authorization": f"Bearer {key}", "Content-Type": "application/json"}
    measured, failed = list[float](), 0
    connection = HTTPConnection("127.0.0.1", port, timeout=10)
    start = time.perf_counter()
    for number in range(int(seconds * REQUESTS_PER_SECOND)):
        due = start + number / REQUESTS_PER_SECOND
        time.sleep(max(0.0, due - time.perf_counter()))
        try:
            if time.perf_counter() > start + PATIENCE * seconds:  # a request that cannot be sent any more
                raise TimeoutError
            connection.request("POST", "/graphql", body, headers)
            response = connection.getresponse()
            response.read()
            failed += response.status != 200
        except OSError:
            connection.close()
            failed += 1
        measured.append(time.perf_counter() - due)
    return Honest(measured, failed)


def repeat_headers(stop: Any, port: int) -> str:
    forms, number = list(LARGE_HEADERS.values()), 0
    while not stop.is_set():
        send_large_header(port, *forms[number % len(forms)])
        number += 1
    return f"50 MB of header sent {number} times"


def send_large_header(port: int, start: bytes, part: bytes) -> Sent:
    """Send 50 MB, as far as the server reads them, and wait for the end of the connection."""
    sent = 0
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=5) as client:
            client.sendall(start)
            while sent < HEADER_BYTES:
                client.sendall(part)
                sent += len(part)
            while client.recv(65_536):
                pass
    except ConnectionError:
        pass
    except TimeoutError:
        return Sent(False, sent)
    return Sent(True, sent)


def be_slow(stop: Any, port: int) -> str:
    """Hold connections that are idle, half-sent, and not read. Connect again when the server closes one."""
    asset = max((BUILT / "assets").glob("*.js"), key=lambda path: path.stat().st_size).name
    unread = f"GET /assets/{asset} HTTP/1.1\r\n".encode() + HOST + b"\r\n"
    parts = {b"": IDLE // 2, GET + b"\r\n": IDLE // 2, GET + b"x: ": HALF_SENT // 2}
    parts[POST + b"Content-Length: 60000\r\n\r\n" + b"x" * 30_000] = HALF_SENT // 2

    async def hold(part: bytes) -> None:
        while True:
            await asyncio.sleep(3 * random.random())
            with suppress(OSError):
                reader, writer = await asyncio.open_connection("127.0.0.1", port)
                writer.write(part)
                await reader.read()
                writer.close()

    async def hold_unread() -> None:
        await asyncio.sleep(3 * random.random())
        with socket.socket() as client:
            client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            client.setblocking(False)
            await asyncio.get_running_loop().sock_connect(client, ("127.0.0.1", port))
            await asyncio.get_running_loop().sock_sendall(client, unread)
            await asyncio.Event().wait()

    holding = [partial(hold, part) for part, number in parts.items() for _ in range(number)]
    asyncio.run(until(stop, [*holding, *[hold_unread] * NOT_READING]))
    return ""


async def until(stop: Any, clients: list[Callable[[], Coroutine[Any, Any, None]]]) -> None:
    """Run the clients until the attack is stopped."""
    tasks = [asyncio.create_task(client()) for client in clients]
    await asyncio.to_thread(stop.wait)
    for task in tasks:
        task.cancel()


def worst_documents() -> list[str]:
    """Documents of the kinds that take the most time, of every size that a request can have."""
    seconds = {kind: examine(hostile_request(kind, random.Random(0), LARGEST)["query"]) for kind in KINDS}
    worst = sorted(KINDS, key=lambda kind: seconds[kind])[-WORST_KINDS:]
    return [hostile_request(kind, random.Random(seed), LARGEST)["query"] for kind in worst for seed in range(10)]


def examine(text: str) -> float:
    """The seconds of CPU to parse the document, measure its cost, and validate it."""
    start = time.thread_time()
    with suppress(InvalidOperation, TooCostly):
        document = parse_document(text)
        Meter(schema._schema, COST_MODEL, document, choose_operation(document, None)).measure(None).check(COST_MODEL)
        validate_document(schema._schema, document)
    return time.thread_time() - start


def send_documents(stop: Any, port: int, documents: list[str]) -> str:
    """Send the documents without a key from 16 clients. A comment makes each one new to the server."""
    statuses: Counter[str] = Counter()
    bodies = [orjson.dumps({"query": text + "\n#"})[:-2] for text in documents]

    async def send() -> None:
        while True:
            with suppress(OSError, asyncio.IncompleteReadError):
                reader, writer = await asyncio.open_connection("127.0.0.1", port)
                while True:
                    body = random.choice(bodies) + f'{random.getrandbits(64)}"}}'.encode()
                    writer.write(POST + b"Content-Length: %d\r\n\r\n" % len(body) + body)
                    head = (await reader.readuntil(b"\r\n\r\n")).decode().lower()
                    await reader.readexactly(int(head.partition("content-length: ")[2].partition("\r\n")[0]))
                    statuses[head[9:12]] += 1

    asyncio.run(until(stop, [send] * HOSTILE))
    return f"statuses of hostile documents {dict(statuses)}"


def p99_of(measured: list[Honest]) -> float:
    return quantiles([seconds for each in measured for seconds in each.seconds], n=100)[98]


def ms(seconds: float) -> str:
    return f"{seconds * 1000:.1f} ms"
