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
    """Its own, and those of its children that have ended."""


def seconds_of(pid: int) -> float:
    """Of a process and all that come of it."""
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
    """The process whose children are Postgres's. None: Postgres runs on another machine, or out of sight."""
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
        with suppress(OSError):  # it has ended
            fields = path.read_text().rpartition(")")[2].split()
            found[int(path.parent.name)] = _Process(int(fields[1]), sum(map(int, fields[11:15])) / ticks)
    return found
