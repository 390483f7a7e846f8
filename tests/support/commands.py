"""The command `roomkey` as a real process with its own data folder."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from tests.support.database import through_pooler

ROOMKEY = Path(sys.executable).parent / "roomkey"
SETTINGS = (
    *("DATABASE_URL", "DATABASE_DIRECT_URL", "DATABASE_POOLER", "LINK_BASE_URL", "TOKEN_KEYS", "CORS_ORIGINS"),
    *("GRAPHIQL", "ALLOWED_HOSTS", "TRUSTED_PROXIES", "SIGN_IN_FOLDER"),
)
TOKEN_KEYS = f"k:{'A' * 43}="
READY_SECONDS = 60


@dataclass(frozen=True)
class Serving:
    """A `roomkey serve` that is ready."""

    process: subprocess.Popen[str]
    url: str
    said: str
    folder: Path

    @property
    def key(self) -> str:
        return self.said.split("API key")[1].split()[0]

    def sign_in_address(self, name: str) -> str:
        """The one-time address of the console or of GraphiQL that it printed."""
        return self.said.split(name)[1].split()[0]


def environment(**settings: str) -> dict[str, str]:
    """The environment of this process, without settings of Roomkey except these. By default, servers do not drain."""
    if "DATABASE_URL" in settings and "DATABASE_DIRECT_URL" not in settings:
        url, transaction_pooler = through_pooler(settings["DATABASE_URL"])
        if transaction_pooler:
            through = {"DATABASE_URL": url, "DATABASE_POOLER": "transaction"}
            settings = settings | {"DATABASE_DIRECT_URL": settings["DATABASE_URL"]} | through
    others = {name: value for name, value in os.environ.items() if name not in SETTINGS}
    return others | {"DRAIN_SECONDS": "0"} | settings


def roomkey(folder: Path, *arguments: object, **settings: str) -> subprocess.CompletedProcess[str]:
    """Run a command in the folder, which also has its data by default."""
    command = [str(ROOMKEY), *map(str, arguments)]
    return subprocess.run(
        command, cwd=folder, env=environment(**settings), capture_output=True, text=True, timeout=READY_SECONDS
    )


@contextmanager
def serving(folder: Path, *options: object, port: int | None = None, **settings: str) -> Iterator[Serving]:
    """`roomkey serve` on a free port. It is stopped at the end, or killed if it does not stop."""
    port = port or free_port()
    command = [str(ROOMKEY), "serve", "--port", str(port), *map(str, options)]
    with open(folder / "serve.log", "a") as log:
        process = subprocess.Popen(
            command, cwd=folder, env=environment(**settings), stdout=subprocess.PIPE, stderr=log, text=True
        )
    try:
        yield Serving(process, f"http://127.0.0.1:{port}", said(process, folder), folder)
    finally:
        for stop in (signal.SIGTERM, signal.SIGKILL):
            if process.poll() is None:
                process.send_signal(stop)
                with suppress(subprocess.TimeoutExpired):
                    process.wait(20)
        assert process.stdout is not None
        process.stdout.close()


def said(process: subprocess.Popen[str], folder: Path) -> str:
    """The output until it is ready."""
    assert process.stdout is not None
    lines: list[str] = []
    while "/graphql" not in "".join(lines):
        line = process.stdout.readline()
        assert line, "".join(lines) + (folder / "serve.log").read_text()
        lines.append(line)
    if "--demo" in process.args:  # type: ignore[operator]
        lines.append(process.stdout.readline())
    return "".join(lines)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def postgres_of(folder: Path) -> list[int]:
    """The processes of the Postgres that has its data in the folder."""
    data = str(folder / ".roomkey" / "postgres")
    return [pid for pid in every_process() if _link(pid) == data]


def children_of(pid: int) -> set[int]:
    """The descendants of the process, without those of Postgres."""
    found = {child for child in every_process() if _parent(child) == pid}
    return found.union(*(children_of(child) for child in found))


def every_process() -> list[int]:
    return [int(name) for name in os.listdir("/proc") if name.isdigit()]


def command_of(pid: int) -> bytes:
    """The command line, or nothing if the process has ended."""
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes()
    except (FileNotFoundError, ProcessLookupError):
        return b""


def is_alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


def eventually(condition: Callable[[], object], seconds: float) -> bool:
    """Whether the condition becomes true in time."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.01)
    return True


def _link(pid: int) -> str | None:
    try:
        return os.readlink(f"/proc/{pid}/cwd")
    except OSError:
        return None


def _parent(pid: int) -> int | None:
    try:
        return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])
    except OSError:
        return None
