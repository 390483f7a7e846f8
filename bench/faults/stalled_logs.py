"""Logs cannot stop the service: no process reads stderr or stdout, and requests continue."""

import asyncio
import os
import re
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from statistics import quantiles
from threading import Event, Thread
from typing import NamedTuple

from bench.faults.promises import Outcome
from bench.faults.servers import connected, database, post, settings_for, shops
from tests.support import commands

WORKERS = (1, 2)
CONNECTIONS = 16
# More than the pipe (64 KiB), the writer's buffer and the queue (10,000 lines) of each worker hold.
REQUESTS_PER_WORKER = 24_000
EXIT_SECONDS = 10
FEW = 1_600
DOCUMENT = "query Log { __typename }"


class Pipe:
    """A pipe that a thread reads, until `stall` and after `resume`."""

    def __init__(self) -> None:
        self._reader, self.writer = os.pipe()
        self.read = b""
        self._reads = Event()
        self._thread = Thread(target=self._drain, daemon=True)
        self._thread.start()

    def fill(self) -> None:
        """Fill the pipe, so that not even one byte can be written."""
        os.set_blocking(self.writer, False)
        for size in (4096, 1):
            try:
                while True:
                    os.write(self.writer, b"\n" * size)
            except BlockingIOError:
                pass
        os.set_blocking(self.writer, True)

    def resume(self) -> None:
        self._reads.set()

    def stall(self) -> None:
        self._reads.clear()

    def _drain(self) -> None:
        while True:
            self._reads.wait()
            data = os.read(self._reader, 65_536)
            if not data:
                return
            self.read += data


class Measured(NamedTuple):
    statuses: set[int]
    p99_ms: float


async def requests_go_on() -> Outcome:
    outcomes = []
    for workers in WORKERS:
        with database() as (folder, url):
            outcomes.append(await _show(folder, url, workers))
    return Outcome(all(each.holds for each in outcomes), "; ".join(each.figure for each in outcomes))


async def _show(folder: Path, url: str, workers: int) -> Outcome:
    stdout, stderr = Pipe(), Pipe()
    stdout.fill()
    stderr.resume()
    with _process(folder, url, workers, stdout, stderr) as (process, base_url):
        async with shops(url, base_url) as [shop]:
            request = post(DOCUMENT, shop.key)
        count = REQUESTS_PER_WORKER * workers
        await _send(base_url, request, FEW)
        baseline = await _send(base_url, request, 3 * FEW)
        stderr.stall()
        stalled = await _send(base_url, request, count)
        stderr.resume()
        resumed = await _send(base_url, request, FEW)
        # The lines that were read, and those that are reported as dropped, are all lines.
        sent = 5 * FEW + count
        is_counted = commands.eventually(lambda: _lines(stderr.read) + _dropped(stderr.read) == sent, 10)
        lines, dropped = _lines(stderr.read), _dropped(stderr.read)
        stderr.stall()
        await _send(base_url, request, FEW * workers)
        started = time.monotonic()
        process.send_signal(signal.SIGTERM)
        has_ended = await asyncio.to_thread(_ends, process)
        seconds = time.monotonic() - started
    holds = (
        baseline.statuses == stalled.statuses == resumed.statuses == {200}
        and is_counted
        and dropped > 0
        and stalled.p99_ms < 3 * baseline.p99_ms
        and has_ended
        and process.returncode == 0
    )
    return Outcome(
        holds,
        f"{workers} {'workers' if workers > 1 else 'worker'}: {count:,} requests while the log was not read, statuses "
        f"{sorted(stalled.statuses)}, p99 {stalled.p99_ms:.0f} ms (while read: {baseline.p99_ms:.0f} ms), {lines:,} "
        f"lines read and {dropped:,} dropped of {sent:,}, exit {process.returncode} after {seconds:.1f} s",
    )


@contextmanager
def _process(
    folder: Path, url: str, workers: int, stdout: Pipe, stderr: Pipe
) -> Iterator[tuple["subprocess.Popen[bytes]", str]]:
    port = commands.free_port()
    command = [str(commands.ROOMKEY), "serve", "--port", str(port), "--workers", str(workers)]
    settings = commands.environment(**settings_for(url))
    process = subprocess.Popen(
        command, cwd=folder, env=settings, stdout=stdout.writer, stderr=stderr.writer, start_new_session=True
    )
    os.close(stdout.writer)
    os.close(stderr.writer)
    try:
        assert commands.eventually(lambda: _accepts(port), commands.READY_SECONDS)
        yield process, f"http://127.0.0.1:{port}"
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def _accepts(port: int) -> bool:
    with suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
        return True
    return False


async def _send(base_url: str, request: bytes, count: int) -> Measured:
    statuses: set[int] = set()
    milliseconds: list[float] = []

    async def send() -> None:
        async with connected(base_url) as client:
            for _ in range(count // CONNECTIONS):
                started = time.perf_counter()
                async with asyncio.timeout(10):
                    response = await client.send(request)
                milliseconds.append((time.perf_counter() - started) * 1000)
                statuses.add(response.status)

    await asyncio.gather(*(send() for _ in range(CONNECTIONS)))
    return Measured(statuses, quantiles(milliseconds, n=100)[98])


def _ends(process: "subprocess.Popen[bytes]") -> bool:
    try:
        process.wait(EXIT_SECONDS)
    except subprocess.TimeoutExpired:
        return False
    return True


def _lines(log: bytes) -> int:
    """The number of requests in the log."""
    return log.count(b'"operation":"Log"')


def _dropped(log: bytes) -> int:
    return sum(int(count) for count in re.findall(rb'"(\d+) log lines were dropped', log))
