"""Several worker processes that accept connections from one listening socket."""

import asyncio
import os
import signal
import socket
import time
from collections.abc import Callable
from contextlib import suppress
from queue import Empty, SimpleQueue

from uvicorn import Config
from uvicorn.config import STARTUP_FAILURE
from uvicorn.supervisors.multiprocess import Process

from api.draining import HANDSHAKE_SECONDS, REQUEST_SECONDS, RUNNING_SECONDS, DrainingServer, refuse_connections
from api.logs import logger

# The time between two checks, and while the workers start.
CHECK_SECONDS, FIRST_CHECK_SECONDS = 0.5, 0.02
# A worker whose event loop does not respond for this long hangs, and is replaced. This is much longer than a garbage
# collection, or than the kernel needs to read back a worker that it has swapped out.
HANG_SECONDS = 30.0
# The maximum time until a worker accepts connections. It loads the application, and connects to Postgres within
# COMMAND_SECONDS of db/pool.py. It does not migrate the database.
START_SECONDS = 120.0


class Worker(Process):
    """A worker process. It drains on SIGTERM, and leaves it to its supervisor to refuse connections.

    Its event loop responds to pings, not a thread as in uvicorn, whose thread responds while the loop is blocked.
    """

    def __init__(self, config: Config, listener: socket.socket, drain_seconds: float) -> None:
        self._drain_seconds = drain_seconds
        self._is_asked = False
        self._waited = 0.0
        self.has_started = False
        super().__init__(config, [listener])

    @property
    def server(self) -> DrainingServer:
        if not isinstance(self._server, DrainingServer):
            self._server = DrainingServer(
                self.config, self._drain_seconds, owns_listener=False, on_ready=self._answer_pings
            )
        return self._server

    def target(self, sockets: list[socket.socket] | None = None) -> None:
        self.server.run(sockets)

    def fault(self, seconds: float) -> str | None:
        """Why the worker must be replaced, if it must, `seconds` after the last check.

        The time without a response is the sum of these seconds, not the difference of two readings of a clock, so that
        a pause of the whole machine does not count.
        """
        if not self.process.is_alive():
            return f"ended with status {self.exitcode}"
        self._waited += seconds
        with suppress(OSError, EOFError):
            if self._is_asked and self.parent_conn.poll():
                self.has_started = self.parent_conn.recv()
                self._is_asked = False
            if not self._is_asked:
                self.parent_conn.send(b"ping")
                self._is_asked, self._waited = True, 0.0
        if self.has_started:
            return f"has not responded for {HANG_SECONDS:g} s" if self._waited >= HANG_SECONDS else None
        return f"has not started within {START_SECONDS:g} s" if self._waited >= START_SECONDS else None

    def _answer_pings(self) -> None:
        asyncio.get_running_loop().add_reader(self.child_conn.fileno(), self.pong)


class Supervisor:
    """Runs workers until a signal, and replaces those that end or hang.

    uvicorn's own supervisor keeps the listening socket open after its workers have closed theirs. Connections that
    arrive then get no response.
    """

    def __init__(
        self, config: Config, listener: socket.socket, drain_seconds: float, *, on_ready: Callable[[], object]
    ) -> None:
        self._config = config
        self._listener = listener
        self._drain_seconds = drain_seconds
        self._on_ready = on_ready
        # Its `put` is safe in a signal handler.
        self._signals: SimpleQueue[int] = SimpleQueue()

    def run(self) -> None:
        """Raises SystemExit if the workers cannot start."""
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda received, frame: self._signals.put(received))
        workers = [self._start() for _ in range(self._config.workers)]
        try:
            received = self._watch(workers)
        except SystemExit:
            for worker in workers:
                worker.kill()
            raise
        self._stop(workers, received)

    def _start(self) -> Worker:
        worker = Worker(self._config, self._listener, self._drain_seconds)
        worker.start()
        return worker

    def _watch(self, workers: list[Worker]) -> int:
        """Keep the workers running until a signal arrives, and return it."""
        is_ready = False
        while True:
            seconds = CHECK_SECONDS if is_ready else FIRST_CHECK_SECONDS
            with suppress(Empty):
                return self._signals.get(timeout=seconds)
            for index, worker in enumerate(workers):
                if fault := worker.fault(seconds):
                    workers[index] = self._replace(worker, fault, is_ready)
            if not is_ready and all(worker.has_started for worker in workers):
                is_ready = True
                self._on_ready()

    def _replace(self, worker: Worker, fault: str, is_ready: bool) -> Worker:
        worker.kill()
        worker.join()
        # Later, a worker may not be able to start because Postgres is away. The others continue, and it is tried again.
        if worker.exitcode == STARTUP_FAILURE and not is_ready:
            raise SystemExit(STARTUP_FAILURE)
        logger.warning("Worker %s %s and is replaced", worker.pid, fault)
        return self._start()

    def _stop(self, workers: list[Worker], number: int) -> None:
        for worker in workers:
            if worker.pid is not None:
                with suppress(ProcessLookupError):
                    os.kill(worker.pid, number)
        if number == signal.SIGTERM:
            _join(workers, self._drain_seconds)
            refuse_connections(self._listener)
        # The workers close it a little later, and the last one ends it.
        self._listener.close()
        _join(workers, HANDSHAKE_SECONDS + REQUEST_SECONDS + RUNNING_SECONDS + 1)
        for worker in workers:
            worker.kill()


def _join(workers: list[Worker], seconds: float) -> None:
    deadline = time.monotonic() + seconds
    for worker in workers:
        worker.process.join(max(0, deadline - time.monotonic()))
