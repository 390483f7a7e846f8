"""Several worker processes that accept connections from one listening socket."""

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

CHECK_SECONDS = 0.5
# A worker that does not respond for this long hangs, and is replaced.
ANSWER_SECONDS = 5


class Worker(Process):
    """A worker process. It drains on SIGTERM, and leaves it to its supervisor to refuse connections."""

    def __init__(self, config: Config, listener: socket.socket, drain_seconds: float) -> None:
        self._drain_seconds = drain_seconds
        self._is_asked = False
        self.has_started = False
        super().__init__(config, [listener])

    @property
    def server(self) -> DrainingServer:
        if not isinstance(self._server, DrainingServer):
            self._server = DrainingServer(self.config, self._drain_seconds, owns_listener=False)
        return self._server

    def is_well(self) -> bool:
        """Whether it runs, and responds unless it is still starting."""
        if not self.process.is_alive():
            return False
        if self.has_started:
            return self.ping(ANSWER_SECONDS)
        with suppress(OSError, EOFError):
            if not self._is_asked:
                self.parent_conn.send(b"ping")
                self._is_asked = True
            if self.parent_conn.poll():
                self.has_started = self.parent_conn.recv()
                self._is_asked = False
        return True

    def always_pong(self) -> None:
        with suppress(EOFError, OSError):  # the supervisor asks no longer
            super().always_pong()


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
            with suppress(Empty):
                return self._signals.get(timeout=CHECK_SECONDS if is_ready else 0.02)
            for index, worker in enumerate(workers):
                if not worker.is_well():
                    workers[index] = self._replace(worker, is_ready)
            if not is_ready and all(worker.has_started for worker in workers):
                is_ready = True
                self._on_ready()

    def _replace(self, worker: Worker, is_ready: bool) -> Worker:
        worker.kill()
        worker.join()
        # Later, a worker may not be able to start because Postgres is away. The others continue, and it is tried again.
        if worker.exitcode == STARTUP_FAILURE and not is_ready:
            raise SystemExit(STARTUP_FAILURE)
        logger.warning("Worker %s ended with status %s and is replaced", worker.pid, worker.exitcode)
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
