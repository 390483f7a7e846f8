"""The log of the servers of this process."""

import asyncio
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import httpx
import orjson

from api.logs import JsonFormatter

# The loggers of the tests' client.
CLIENT = ("httpx", "httpcore")


class Log(logging.Handler):
    """A handler that collects every line from DEBUG on."""

    def __init__(self) -> None:
        super().__init__()
        self.setFormatter(JsonFormatter())
        self.addFilter(lambda record: record.name.partition(".")[0] not in CLIENT)
        self.text = ""
        self._written = asyncio.Event()

    def emit(self, record: logging.LogRecord) -> None:
        self.text += f"{self.format(record)}\n"
        self._written.set()

    @property
    def lines(self) -> list[dict[str, Any]]:
        return [orjson.loads(line) for line in self.text.splitlines()]

    @property
    def errors(self) -> list[dict[str, Any]]:
        return [line for line in self.lines if line["level"] == "error"]

    async def line_of(self, response: httpx.Response) -> dict[str, Any]:
        """The line of a request, which is written after the response."""
        id = response.headers["x-request-id"]
        async with asyncio.timeout(1):
            while not (lines := [line for line in self.lines if line.get("request") == id and "status" in line]):
                self._written.clear()
                await self._written.wait()
        [line] = lines
        return line


@contextmanager
def recorded_log() -> Iterator[Log]:
    log = Log()
    level = logging.root.level
    logging.root.addHandler(log)
    logging.root.setLevel(logging.DEBUG)
    try:
        yield log
    finally:
        logging.root.removeHandler(log)
        logging.root.setLevel(level)
