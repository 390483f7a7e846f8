"""`python -m tests.e2e.pgbouncer [ARGUMENTS OF PYTEST]`: run the suite through PgBouncer in transaction mode.

PGBOUNCER names the programs, separated by colons. By default, it is the one on the PATH.
"""

import os
import subprocess
import sys
from pathlib import Path

from tests.support.clusters import HOST, cluster
from tests.support.pgbouncer import PROGRAMS, pgbouncer, version

ROOT = Path(__file__).parents[2]


def run_suite(program: str, arguments: list[str], *, capture: bool = False) -> "subprocess.CompletedProcess[str]":
    """Run pytest on servers that reach Postgres through this PgBouncer."""
    # As docs/postgres.md advises for the role.
    limits = {"lock_timeout": "2s", "max_parallel_workers_per_gather": "0"}
    with cluster(max_connections="300", **limits) as server, pgbouncer(server, program=program) as port:
        settings = {"ROOMKEY_TEST_DATABASE_URL": server.url(), "ROOMKEY_TEST_POOLER": f"{HOST}:{port}"}
        command = [sys.executable, "-m", "pytest", "-q", "--no-header", *arguments]
        return subprocess.run(command, cwd=ROOT, env=os.environ | settings, text=True, capture_output=capture)


def main() -> None:
    if not PROGRAMS:
        sys.exit("PgBouncer is not installed: install it, or set PGBOUNCER to the program.")
    failed = 0
    for program in PROGRAMS:
        print(f"The suite through PgBouncer {version(program)} in transaction mode:", flush=True)
        failed += run_suite(program, sys.argv[1:]).returncode != 0
    sys.exit(failed)


if __name__ == "__main__":
    main()
