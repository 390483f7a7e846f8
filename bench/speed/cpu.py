"""Processor seconds, from /proc."""

from collections import defaultdict
from contextlib import suppress
from os import sysconf
from pathlib import Path
from typing import NamedTuple

import asyncpg


class _Process(NamedTuple):
    parent: int
    seconds: float
    """Those of the process, and of its children that have ended."""


def seconds_of(pid: int) -> float:
    """The processor seconds of a process and its descendants."""
    processes = _processes()
    children = defaultdict(list)
    for id, process in processes.items():
        children[process.parent].append(id)
    total, pids = 0.0, [pid]
    while pids:
        id = pids.pop()
        total += processes[id].seconds if id in processes else 0.0
        pids += children[id]
    return total


async def postmaster_of(database_url: str) -> int | None:
    """The process ID of the Postgres server, or None if it runs on another machine or in another container."""
    connection = await asyncpg.connect(database_url)
    try:
        pid = await connection.fetchval("select pg_backend_pid()")
        backend = _processes().get(pid)
    finally:
        await connection.close()
    return backend.parent if backend and _is_postgres(backend.parent) else None


def _is_postgres(pid: int) -> bool:
    try:
        return "postgres" in Path(f"/proc/{pid}/cmdline").read_text()
    except OSError:
        return False


def _processes() -> dict[int, _Process]:
    ticks, found = sysconf("SC_CLK_TCK"), {}
    for path in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):  # The process has ended.
            fields = path.read_text().rpartition(")")[2].split()
            found[int(path.parent.name)] = _Process(int(fields[1]), sum(map(int, fields[11:15])) / ticks)
    return found
