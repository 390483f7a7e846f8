"""A Postgres of a test's own, which listens on a port and can be stopped, killed and promoted."""

import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Literal

from embedded.programs import programs_for
from tests.support.commands import free_port

# Postgres and PgBouncer do not run as root.
ACCOUNT = pwd.getpwnam("nobody") if os.geteuid() == 0 else None
HOST = "127.0.0.1"
USER = "roomkey"

SETTINGS = {
    "listen_addresses": HOST,
    "unix_socket_directories": "",
    "fsync": "off",
    "shared_buffers": "64MB",
    "log_min_messages": "fatal",
}


def as_account(
    command: list[str], folder: Path, check: bool = True, **environment: str
) -> "subprocess.CompletedProcess[str]":
    """Run a command under the account that Postgres runs under."""
    return subprocess.run(
        command,
        cwd=folder,
        env=os.environ | environment,
        check=check,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        **({"user": ACCOUNT.pw_uid, "group": ACCOUNT.pw_gid, "extra_groups": []} if ACCOUNT else {}),  # type: ignore
    )


class Cluster:
    """A Postgres with its data in `folder/data`."""

    def __init__(self, folder: Path, port: int | None = None) -> None:
        self.folder = folder
        self.port = port or free_port()
        with open(os.devnull, "wb") as log:
            self._programs = programs_for(log).folder

    def url(self, database: str = "postgres") -> str:
        return f"postgresql://{USER}@{HOST}:{self.port}/{database}"

    @property
    def pid(self) -> int:
        return int((self.folder / "data" / "postmaster.pid").read_text().split()[0])

    def create(self) -> None:
        self._run("initdb", "-D", "data", "-U", USER, "-A", "trust", "-E", "UTF8", "--locale", "C.UTF-8", "--no-sync")

    def copy(self, primary: "Cluster") -> None:
        """Create a standby that follows the primary."""
        self._run("pg_basebackup", "-D", "data", "-R", "-X", "stream", "-c", "fast", "--no-sync", "-d", primary.url())

    def start(self, **settings: str) -> None:
        options = " ".join(f"-c {name}={value}" for name, value in (SETTINGS | settings).items())
        try:
            self._run("pg_ctl", "start", "-w", "-t", "60", "-D", "data", "-l", "log", "-o", f"-p {self.port} {options}")
        except subprocess.CalledProcessError as error:
            raise RuntimeError(error.stdout + (self.folder / "log").read_text()) from error

    def stop(self, mode: Literal["fast", "immediate"] = "immediate") -> None:
        self._run("pg_ctl", "stop", "-w", "-t", "60", "-D", "data", "-m", mode)

    def promote(self) -> None:
        self._run("pg_ctl", "promote", "-w", "-D", "data")

    def _run(self, program: str, *arguments: str) -> None:
        as_account([str(self._programs / program), *arguments], self.folder)


@contextmanager
def cluster(folder: Path | None = None, primary: Cluster | None = None, **settings: str) -> Iterator[Cluster]:
    """A new Postgres that runs until the context ends, by default in a temporary folder."""
    with account_folder() if folder is None else _owned(folder) as folder:
        cluster = Cluster(folder)
        cluster.copy(primary) if primary else cluster.create()
        cluster.start(**settings)
        try:
            yield cluster
        finally:
            with suppress(subprocess.CalledProcessError):  # it may have been stopped
                cluster.stop()


@contextmanager
def account_folder() -> Iterator[Path]:
    """A temporary folder of the account."""
    folder = Path(tempfile.mkdtemp(prefix="roomkey-test-", dir="/tmp"))
    try:
        with _owned(folder):
            yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def _owned(folder: Path) -> Iterator[Path]:
    if ACCOUNT:
        os.chown(folder, ACCOUNT.pw_uid, ACCOUNT.pw_gid)
    yield folder
