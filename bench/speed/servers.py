"""The process of a contender."""

import os
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import NamedTuple

import httpx

from bench.speed.browser import HEADERS
from bench.speed.contenders import Contender
from bench.speed.load import Failed, Load, wrk
from bench.speed.queries import Query, Row, Sample

STARTING_SECONDS = 60.0
STOPPING_SECONDS = 10.0
LINES = 30


class Checked(NamedTuple):
    """A response without errors."""

    rows: list[Row] | None
    """None if the contender returns no rows."""
    size: int
    """In bytes as sent."""
    encoding: str | None


class Server(NamedTuple):
    """A contender that has started."""

    contender: Contender
    sample: Sample
    port: int
    pid: int
    log: Path

    @property
    def name(self) -> str:
        return self.contender.name

    def has(self, query: Query) -> bool:
        return query in self.contender.queries

    def ask(self, query: Query) -> httpx.Response:
        """Send the request as a browser does. Raises httpx.HTTPError."""
        request = self.contender.request(query, self.sample)
        url = f"http://127.0.0.1:{self.port}{request.path}"
        return httpx.request(
            request.method, url, headers=HEADERS | request.headers, content=request.body, timeout=30, trust_env=False
        )

    def check(self, query: Query) -> Checked:
        """Send one request, and read the response. Raises Failed if it is wrong."""
        try:
            response = self.ask(query)
        except httpx.HTTPError as error:
            raise self.failed(f"does not respond to {query}: {error!r}") from None
        if response.status_code != 200:
            raise self.failed(f"responds to {query} with status {response.status_code}:\n{response.text[:2000]}")
        rows = self._rows(query, response.content)
        return Checked(rows, response.num_bytes_downloaded, response.headers.get("Content-Encoding"))

    def load(self, query: Query, seconds: int) -> Load:
        """Drive the server. Raises Failed if a response is wrong."""
        expected = self.check(query).rows
        try:
            load, answers = wrk(f"http://127.0.0.1:{self.port}", self.contender.request(query, self.sample), seconds)
        except Failed as error:
            raise self.failed(f"failed under the load of {query}: {error}") from None
        for answer in answers:
            if _ids(self._rows(query, answer)) != _ids(expected):
                raise self.failed(f"returns other sessions for {query} under load:\n{_text(answer)}")
        return load

    def _rows(self, query: Query, answer: bytes) -> list[Row] | None:
        try:
            return self.contender.rows(query, answer)
        except (KeyError, TypeError, ValueError) as error:
            raise self.failed(f"returns a wrong response to {query} ({error!r}):\n{_text(answer)}") from None

    def failed(self, what: str) -> Failed:
        end = "\n  ".join(self.log.read_text(errors="replace").splitlines()[-LINES:])
        return Failed(f"{self.name} {what}\nThe end of {self.log}:\n  {end or '(it is empty)'}")


def _ids(rows: list[Row] | None) -> list[str | None]:
    return [row.get("id") for row in rows or []]


def _text(answer: bytes) -> str:
    return answer.decode(errors="replace")[:2000]


@contextmanager
def serving(contender: Contender, database_url: str, sample: Sample, logs: Path) -> Iterator[Server]:
    """Start a contender, wait until it responds, and end it and its children after the block. Raises Failed."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    logs.mkdir(parents=True, exist_ok=True)
    path = logs / f"{contender.name}.log"
    command = contender.command(port, database_url, sample)
    environment = os.environ | contender.environment(port, database_url, sample)
    with open(path, "wb") as log:
        # A separate session, so that Ctrl-C reaches only this process, which then ends the server and its children.
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
        with suppress(httpx.HTTPError):
            response = server.ask(first)
            if response.status_code == 200:
                return
            last = f"{response.status_code} {response.text[:2000]}"
            if response.status_code < 500:
                break
        time.sleep(0.1)
    raise server.failed(f"does not start; its last response: {last}")


def _stop(process: "subprocess.Popen[bytes]") -> None:
    try:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGTERM)
        with suppress(subprocess.TimeoutExpired):
            process.wait(STOPPING_SECONDS)
    finally:  # End the remaining processes, also after a second Ctrl-C.
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
