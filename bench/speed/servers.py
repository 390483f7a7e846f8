"""A contender's process: started, asked, stopped."""

import os
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from typing import NamedTuple

from bench.speed.contenders import Contender
from bench.speed.load import Failed, Load, wrk
from bench.speed.queries import Query, Row, Sample

STARTING_SECONDS = 60.0
STOPPING_SECONDS = 10.0
LINES = 30


class Server(NamedTuple):
    """A contender that answers."""

    contender: Contender
    sample: Sample
    port: int
    pid: int
    log: Path

    @property
    def name(self) -> str:
        return self.contender.name

    def has(self, query: Query) -> bool:
        return self.contender.request(query, self.sample) is not None

    def ask(self, query: Query) -> tuple[int, bytes]:
        """The answer's status and body. Raises OSError and HTTPException."""
        request = self.contender.request(query, self.sample)
        assert request is not None
        connection = HTTPConnection("127.0.0.1", self.port, timeout=30)
        try:
            connection.request(request.method, request.path, request.body and request.body.encode(), request.headers)
            response = connection.getresponse()
            return response.status, response.read()
        finally:
            connection.close()

    def rows(self, query: Query) -> list[Row]:
        """Raises Failed where the answer is none."""
        try:
            status, body = self.ask(query)
        except (OSError, HTTPException) as error:
            raise self.failed(f"does not answer {query}: {error!r}") from None
        try:
            assert status == 200
            return self.contender.rows(query, body)
        except (AssertionError, KeyError, TypeError, ValueError) as error:
            text = body.decode(errors="replace")[:2000]
            raise self.failed(f"answers {query} with status {status} ({error!r}):\n{text}") from None

    def load(self, query: Query, seconds: int) -> Load:
        request = self.contender.request(query, self.sample)
        assert request is not None
        try:
            return wrk(f"http://127.0.0.1:{self.port}", request, seconds)
        except Failed as error:
            raise self.failed(f"failed under the load of {query}: {error}") from None

    def failed(self, what: str) -> Failed:
        said = "\n  ".join(self.log.read_text(errors="replace").splitlines()[-LINES:])
        return Failed(f"{self.name} {what}\n{self.log} ends so:\n  {said or '(it is empty)'}")


@contextmanager
def serving(contender: Contender, database_url: str, sample: Sample, logs: Path) -> Iterator[Server]:
    """Start it, wait until it answers, and end it with all that came of it. Raises Failed."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    logs.mkdir(parents=True, exist_ok=True)
    path = logs / f"{contender.name}.log"
    command = contender.command(port, database_url, sample)
    environment = os.environ | contender.environment(port, database_url, sample)
    with open(path, "wb") as log:
        # In a session of its own: Ctrl-C is for this process, which then ends it and its children.
        process = subprocess.Popen(
            command, env=environment, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True
        )
    try:
        server = Server(contender, sample, port, process.pid, path)
        _wait(server, process)
        yield server
    finally:
        _stop(process)


def _wait(server: Server, process: "subprocess.Popen[bytes]") -> None:
    first = next(query for query in Query if server.has(query))
    deadline, last = time.monotonic() + STARTING_SECONDS, "it refused connections"
    while time.monotonic() < deadline:
        if process.poll() is not None:
            raise server.failed(f"ended with status {process.returncode} while it started")
        with suppress(OSError, HTTPException):
            status, body = server.ask(first)
            if status == 200:
                return
            last = f"{status} {body[:2000].decode(errors='replace')}"
            if status < 500:
                break
        time.sleep(0.1)
    raise server.failed(f"does not start; its last answer: {last}")


def _stop(process: "subprocess.Popen[bytes]") -> None:
    try:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGTERM)
        with suppress(subprocess.TimeoutExpired):
            process.wait(STOPPING_SECONDS)
    finally:  # also at a second Ctrl-C: it, or what is left of its children
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
