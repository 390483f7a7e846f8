"""The supervisor of workers, with applications that block their event loops."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest

from tests.conftest import ROOT
from tests.support.commands import children_of, command_of, eventually, free_port, is_alive

# Runs the application `application:app` of the folder, with short time limits.
SUPERVISE = """
import socket, sys
from uvicorn import Config
import cli.workers
from api.logs import configure
if __name__ == "__main__":
    configure("info")
    cli.workers.HANG_SECONDS, cli.workers.START_SECONDS = 1.0, 10.0
    listener = socket.create_server(("127.0.0.1", int(sys.argv[1])))
    config = Config("application:app", workers=2, log_config=None)
    cli.workers.Supervisor(config, listener, 0, on_ready=lambda: print("ready", flush=True)).run()
"""

# Blocks its event loop for good at /sleep, in a call of C, and at /loop, in Python.
BLOCKS = """
import os, time
async def app(scope, receive, send):
    assert scope["type"] == "http"
    if scope["path"] == "/sleep":
        time.sleep(3_600)
    while scope["path"] == "/loop":
        pass
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": str(os.getpid()).encode()})
"""

# The first worker that starts blocks for good.
BLOCKS_AT_START = f"""
import time
from pathlib import Path
try:
    Path("blocked").touch(exist_ok=False)
    time.sleep(3_600)
except FileExistsError:
    pass
{BLOCKS}
"""


@dataclass(frozen=True)
class Supervised:
    """A supervisor with two workers."""

    process: subprocess.Popen[str]
    url: str
    log: Path

    def workers(self) -> set[int]:
        return {child for child in children_of(self.process.pid) if b"spawn_main" in command_of(child)}

    def block(self, path: str) -> int:
        """Block a worker, and return its process ID."""
        with suppress(httpx.ReadTimeout):
            httpx.get(self.url + path, timeout=0.5)
            raise AssertionError("the worker is not blocked")
        [blocked] = self.workers() - self.answering()
        return blocked

    def answering(self) -> set[int]:
        return {int(httpx.get(self.url).text) for _ in range(10)}


@contextmanager
def supervised(folder: Path, application: str) -> Iterator[Supervised]:
    (folder / "application.py").write_text(application)
    (folder / "supervise.py").write_text(SUPERVISE)
    port, log = free_port(), folder / "log"
    paths = os.pathsep.join([str(folder), str(ROOT)])
    with open(log, "w") as errors:
        process = subprocess.Popen(
            [sys.executable, "supervise.py", str(port)],
            cwd=folder,
            env={**os.environ, "PYTHONPATH": paths},
            stdout=subprocess.PIPE,
            stderr=errors,
            text=True,
        )
    assert process.stdout is not None
    with process:
        try:
            assert process.stdout.readline() == "ready\n", log.read_text()
            yield Supervised(process, f"http://127.0.0.1:{port}", log)
            process.send_signal(signal.SIGTERM)
            assert process.wait(20) == 0
        finally:
            process.kill()


@pytest.mark.parametrize("path", ["/sleep", "/loop"])
def test_a_worker_whose_event_loop_is_blocked_is_replaced(tmp_path: Path, path: str) -> None:
    with supervised(tmp_path, BLOCKS) as server:
        before = server.workers()
        blocked = server.block(path)
        assert eventually(lambda: not is_alive(blocked) and len(server.workers()) == 2, 20)
        assert eventually(lambda: len(server.answering()) == 2, 20)
        assert before - server.workers() == {blocked}
    assert f"Worker {blocked} has not responded for 1 s and is replaced" in server.log.read_text()
    assert server.log.read_text().count("is replaced") == 1


def test_a_worker_that_hangs_while_it_starts_is_replaced(tmp_path: Path) -> None:
    with supervised(tmp_path, BLOCKS_AT_START) as server:
        assert eventually(lambda: len(server.answering()) == 2, 20)
    assert "has not started within 10 s and is replaced" in server.log.read_text()
    assert server.log.read_text().count("is replaced") == 1


def test_a_blocked_worker_does_not_delay_the_stop_of_the_others(tmp_path: Path) -> None:
    with supervised(tmp_path, BLOCKS) as server:
        blocked = server.block("/sleep")
        server.process.send_signal(signal.SIGTERM)
        assert server.process.wait(20) == 0
        assert not is_alive(blocked)
