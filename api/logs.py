"""The log: one JSON object per line on stderr. A stalled reader never blocks a request."""

import logging
import os
import sys
import warnings
from collections import deque
from datetime import UTC, datetime
from functools import lru_cache
from select import PIPE_BUF
from threading import Event, Thread
from time import time
from traceback import format_tb
from typing import Any, TextIO

import asyncpg
import orjson

logger = logging.getLogger("roomkey")

# The maximum number of lines that wait to be written. Further lines are dropped, and their number is logged.
QUEUE_LINES = 10_000
FLUSH_SECONDS = 0.05
# The maximum time that the process waits at its end until the last lines are written.
CLOSE_SECONDS = 2.0


class JsonFormatter(logging.Formatter):
    """Formats a record as an object: the time, the process ID, the level, and the record's entry or its message."""

    def format(self, record: logging.LogRecord) -> str:
        entry = getattr(record, "entry", None)
        line = entry if entry is not None else {"logger": record.name, "message": record.getMessage()}
        if record.exc_info and record.exc_info[1]:
            line |= describe(record.exc_info[1])
        return _line(record.created, record.levelname.lower(), line).decode()


class StreamWriter(logging.Handler):
    """Writes lines to a stream in a separate thread, so that a full pipe cannot block the service."""

    def __init__(self, stream: TextIO) -> None:
        super().__init__()
        self.setFormatter(JsonFormatter())
        self._stream = stream
        self._lines: deque[bytes] = deque()
        self._dropped = 0  # since the thread looked last
        # These belong to the thread.
        self._lost = 0
        self._is_in_line = False  # the last line was written in part
        self._closing = Event()
        self._thread = Thread(target=self._write, name="log", daemon=True)
        self._thread.start()

    def emit(self, record: logging.LogRecord) -> None:
        self.put(self.format(record).encode())

    def put(self, line: bytes) -> None:
        if len(self._lines) < QUEUE_LINES:
            self._lines.append(line)
        else:
            self._dropped += 1

    def close(self) -> None:
        """Write the remaining lines, and wait for at most CLOSE_SECONDS. `logging` calls this when the process ends."""
        self._closing.set()
        self._thread.join(CLOSE_SECONDS)
        super().close()

    def _write(self) -> None:
        while True:
            is_last = self._closing.wait(FLUSH_SECONDS)
            lines = [self._lines.popleft() for _ in range(len(self._lines))]
            dropped, self._dropped = self._dropped, 0
            self._lost += dropped
            notices = [self._notice()] if self._lost else []
            left = [*lines, *notices]
            try:
                while left:
                    text, number = _first(left)
                    self._write_through(text)
                    del left[:number]
                self._lost = 0
            except ValueError:  # the stream is closed
                return
            except OSError:  # the disk is full, or the reader has closed the pipe. Both can change.
                self._lost += len(left) - len(notices)
            if is_last:
                return

    def _notice(self) -> bytes:
        message = (
            f"{self._lost} log lines were dropped because the log could not be written, or was not read fast enough"
        )
        return _line(time(), "warning", {"logger": logger.name, "message": message})

    def _write_through(self, text: bytes) -> None:
        """Write past the buffer of the stream, which would keep text that cannot be written, and write it later."""
        if self._is_in_line:
            text = b"\n" + text
        while text:
            written = os.write(self._stream.fileno(), text)
            text = text[written:]
            self._is_in_line = bool(text)


def _first(lines: list[bytes]) -> tuple[bytes, int]:
    """The first lines, as many as a pipe takes without mixing them with those of another worker (POSIX, `write`). Also
    their number, which is at least one.
    """
    text, number = lines[0] + b"\n", 1
    while number < len(lines) and len(text) + len(lines[number]) < PIPE_BUF:
        text += lines[number] + b"\n"
        number += 1
    return text, number


# None until `configure` is called.
_writer: StreamWriter | None = None


def log_entry(to: logging.Logger, level: int, entry: dict[str, Any]) -> None:
    """Log an object. Creates no LogRecord, which takes 15 µs, unless other handlers are configured."""
    if not to.isEnabledFor(level):
        return None
    if _writer is not None:
        return _writer.put(_line(time(), logging.getLevelName(level).lower(), entry))
    # `Logger.log` would walk the stack to find the caller.
    to.handle(to.makeRecord(to.name, level, "", 0, "entry", (), None, extra={"entry": entry}))


def _line(created: float, level: str, entry: dict[str, Any]) -> bytes:
    moment = f"{_second(int(created))}.{int(created % 1 * 1000):03}+00:00"
    return orjson.dumps({"time": moment, "pid": os.getpid(), "level": level, **entry}, default=str)


@lru_cache(8)
def _second(second: int) -> str:
    return datetime.fromtimestamp(second, UTC).strftime("%Y-%m-%dT%H:%M:%S")


def describe(error: BaseException) -> dict[str, Any]:
    """The class and traceback of an exception and its cause, without messages, which can quote a client's input."""
    name = type(error).__name__
    if isinstance(error, asyncpg.PostgresError):
        name += f" {error.sqlstate}"
    cause = {"cause": describe(error.__cause__)} if error.__cause__ else {}
    return {"error": name, "at": "".join(format_tb(error.__traceback__)).splitlines(), **cause}


def configure(level: str) -> None:
    """Log to stderr, starting at this level."""
    global _writer
    _writer = StreamWriter(sys.stderr)
    logging.basicConfig(handlers=[_writer], level=logging.WARNING, force=True)
    logger.setLevel(level.upper())
    # When a field fails, graphql-core drops the coroutines of its siblings, and Python would warn about each.
    warnings.filterwarnings("ignore", "coroutine .* was never awaited", RuntimeWarning)
    logging.captureWarnings(True)
    sys.unraisablehook = _log_unraisable


def _log_unraisable(unraisable: "sys.UnraisableHookArgs") -> None:
    """Log an exception that no caller can see, such as one in a destructor."""
    error = describe(unraisable.exc_value) if unraisable.exc_value else {}
    logger.debug("unraisable", extra={"entry": {"message": "unraisable", **error}})
