"""The processes and files of an embedded Postgres."""

import os
import stat
import subprocess
from pathlib import Path

import embedded
from embedded import Server

ROOT = Path(__file__).parents[2]


AS_ROOT = os.geteuid() == 0


SUPERVISE = """
import sys
from pathlib import Path
from embedded import start
with start(Path(sys.argv[1])) as server:
    print(server.url(), flush=True)
    sys.stdin.read()
"""


def psql(server: Server, statement: str) -> str:
    command = [embedded.bin_folder() / "psql", "-XAtq", "-v", "ON_ERROR_STOP=1", "-c", statement, server.url()]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()


def processes() -> dict[int, int]:
    """The parent of each living process."""
    ps = subprocess.Popen(["ps", "-A", "-o", "pid=,ppid=,stat="], stdout=subprocess.PIPE, text=True)
    rows = [line.split() for line in ps.communicate()[0].splitlines()]
    living = {int(pid): int(parent) for pid, parent, state in rows if not state.startswith("Z")}
    del living[ps.pid]
    return living


def descendants(pid: int) -> set[int]:
    parents = processes()
    found = {pid}
    while more := {child for child, parent in parents.items() if parent in found} - found:
        found |= more
    return found - {pid}


def group(leader: int) -> bool:
    """Whether a process of this group lives."""
    listed = subprocess.run(["ps", "-A", "-o", "pgid=,stat="], check=True, capture_output=True, text=True).stdout
    return any(int(pgid) == leader and not state.startswith("Z") for pgid, state in map(str.split, listed.splitlines()))


def postgres_of(folder: Path) -> set[int]:
    """The processes of the server in `folder` and the shell above them."""
    shell = processes()[int(postmaster(folder)[0])]
    return {shell} | descendants(shell)


def postmaster(folder: Path) -> list[str]:
    return (folder / "postgres" / "postmaster.pid").read_text().splitlines()


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)
