"""The processes of Postgres: they end with this process, and are started again if they end before it."""

import fcntl
import logging
import os
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Event, Lock, Thread

from embedded.programs import Programs, StartFailed

# The same logger as in api/logs.py.
logger = logging.getLogger("roomkey")

# The maximum time to wait for a Postgres that is already stopping, and for a fast shutdown.
STOPPING_SECONDS = 10.0
FAST_SHUTDOWN_SECONDS = 30.0

# The pauses before Postgres is started again after it has ended, for each time within a minute. Then this process ends.
PAUSES_SECONDS = (0.0, 0.5, 1.0, 2.0, 4.0)
STABLE_SECONDS = 60

# If fewer bytes than this are free, this process waits for space instead: Postgres ends, and cannot start, if it has no
# space for its write-ahead log, whose segments have 16 MB.
FREE_BYTES = 64 * 1024 * 1024
FREE_CHECK_SECONDS = 0.5

# Runs Postgres and stops it when this process ends, by any signal. Standard input is a pipe whose other end only
# this process holds, so end of file means that this process has stopped or died. Then the script sends TERM first,
# because a child that is not Postgres yet ignores INT; Postgres itself does a fast shutdown when it gets both. The
# script ignores QUIT, which `stop` sends to the whole process group for an immediate shutdown of Postgres. If Postgres
# has ended by itself, the watch is killed by TERM (status 143), and the folder stays for the next start.
SUPERVISOR_SCRIPT = """
trap '' QUIT
socket_folder=$1; shift
exec 3<&0
"$@" </dev/null 3<&- &
postgres=$!
{ read -r _ <&3; kill -TERM $postgres; kill -INT $postgres; } 2>/dev/null &
watch=$!
wait $postgres; status=$?
{ kill $watch; wait $watch; } 2>/dev/null
[ $? = 143 ] || rm -rf "$socket_folder"
exit $status
"""


class Postgres:
    """Postgres on the folder `data`, with its socket in a private folder. `settings` are options of the program."""

    def __init__(self, programs: Programs, data: Path, socket_folder: Path, settings: dict[str, str]) -> None:
        postgres = [f"{programs.folder}/postgres", *(f"--{name}={value}" for name, value in settings.items())]
        self._command = ["/bin/sh", "-c", SUPERVISOR_SCRIPT, "sh", str(socket_folder), *postgres]
        self._programs = programs
        self._data = data
        self._socket_folder = socket_folder
        self._stopping = Event()
        self._lock = Lock()  # of the two attributes below
        self._process: subprocess.Popen[bytes] | None = None
        self._watch = Thread(target=self._keep_running, name="postgres", daemon=True)
        self.failure: StartFailed | None = None
        """Why Postgres was not started again. This process then sends SIGTERM to itself."""

    def start(self) -> None:
        """Start Postgres and wait until it accepts connections. Raises StartFailed."""
        process = self._launch()
        # There is no deadline, because Postgres first recovers after a crash.
        while postmaster(self._data)[1] != "ready":
            if process.poll() is not None:
                raise self._programs.failed(f"Postgres ended with status {process.returncode} in {self._data}")
            time.sleep(0.01)
        self._watch.start()

    def stop(self) -> None:
        with self._lock:
            self._stopping.set()
            process = self._process
        if process is None:
            return
        assert process.stdin is not None
        process.stdin.close()
        try:
            process.wait(FAST_SHUTDOWN_SECONDS)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGQUIT)
            process.wait(STOPPING_SECONDS)

    def _launch(self) -> subprocess.Popen[bytes]:
        """Start Postgres. Raises StartFailed if processes of an earlier one do not end."""
        with without_postgres(self._data) as lock, self._lock:
            # No Postgres runs, so these are stale.
            (self._data / "postmaster.pid").unlink(missing_ok=True)
            for stale in self._socket_folder.iterdir():
                stale.unlink()
            if self._stopping.is_set() and self._process:
                return self._process
            # A separate session, so that Ctrl-C in the terminal reaches only this process.
            self._process = self._programs.run(self._command, self._data, lock, session=True)
            return self._process

    def _keep_running(self) -> None:
        attempts = 0
        assert self._process is not None
        process, began = self._process, time.monotonic()
        while True:
            status = process.wait()
            if self._stopping.is_set():
                return None
            attempts = attempts + 1 if time.monotonic() - began < STABLE_SECONDS else 1
            ended = f"Postgres ended with status {status} in {self._data}"
            if attempts > len(PAUSES_SECONDS) and self._is_full():
                logger.warning("%s and is started again when its disk has %d MB free", ended, FREE_BYTES >> 20)
                while self._is_full():
                    if self._stopping.wait(FREE_CHECK_SECONDS):
                        return None
                attempts = 1
            if attempts > len(PAUSES_SECONDS):
                return self._give_up(self._programs.failed(f"{ended}, {attempts} times within a minute each"))
            logger.warning("%s and is started again", ended)
            if self._stopping.wait(PAUSES_SECONDS[attempts - 1]):
                return None
            began = time.monotonic()
            try:
                process = self._launch()
            except (StartFailed, OSError) as error:
                return self._give_up(StartFailed(f"{ended} and cannot be started again: {error}"))

    def _is_full(self) -> bool:
        return shutil.disk_usage(self._data).free < FREE_BYTES

    def _give_up(self, failure: StartFailed) -> None:
        self.failure = failure
        logger.error("%s", str(failure).splitlines()[0])
        os.kill(os.getpid(), signal.SIGTERM)


def postmaster(data: Path) -> tuple[Path, str]:
    """The folder of the socket and the status in postmaster.pid. Both are empty without a complete file."""
    try:
        lines = (data / "postmaster.pid").read_text().splitlines()
    except FileNotFoundError:
        lines = []
    return (Path(lines[4]), lines[7].strip()) if len(lines) > 7 else (Path(), "")


@contextmanager
def without_postgres(data: Path) -> Iterator[int]:
    """Lock `data` exclusively, and yield the descriptor. Raises StartFailed if a process of Postgres still runs there.

    Every process of Postgres inherits the descriptor of the lock, so the lock is free only when none is left.
    """
    lock = os.open(data, os.O_RDONLY)
    try:
        if not try_lock(lock, STOPPING_SECONDS):
            raise StartFailed(f"{data} is in use by a Postgres that is still stopping: try again in a moment")
        yield lock
    finally:
        os.close(lock)


def try_lock(descriptor: int, seconds: float) -> bool:
    """Lock a file descriptor, and return whether that succeeded within `seconds`."""
    deadline = time.monotonic() + seconds
    while True:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return True
        except BlockingIOError:
            if time.monotonic() >= deadline:
                return False
        time.sleep(0.01)
