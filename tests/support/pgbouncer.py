"""PgBouncer in front of a Postgres."""

import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Literal

from tests.support.clusters import ACCOUNT, HOST, USER, Cluster, account_folder, as_account
from tests.support.commands import free_port

# The programs, separated by colons, or else the one on the PATH or in the folder where Debian installs it.
GIVEN = os.environ.get("PGBOUNCER") or shutil.which("pgbouncer", path=f"{os.environ['PATH']}:/usr/sbin")
PROGRAMS = GIVEN.split(":") if GIVEN else []

CONFIGURATION = """
[databases]
* = host={host} port={server} user={user}

[pgbouncer]
listen_addr = {host}
listen_port = {port}
unix_socket_dir =
auth_type = any
pool_mode = {mode}
default_pool_size = {size}
max_client_conn = 500
# After a failed login, clients wait this number of seconds. The default of 15 is longer than tests wait.
server_login_retry = 1
logfile = {folder}/log
pidfile = {folder}/pid
"""


def version(program: str) -> str:
    return as_account([program, "--version"], Path("/tmp")).stdout.split()[1]


@contextmanager
def pgbouncer(
    postgres: Cluster,
    mode: Literal["transaction", "session"] = "transaction",
    size: int = 20,
    program: str | None = None,
) -> Iterator[int]:
    """Run PgBouncer until the context ends. Returns its port."""
    port = free_port()
    with account_folder() as folder:
        configuration = folder / "pgbouncer.ini"
        configuration.write_text(
            CONFIGURATION.format(
                host=HOST, server=postgres.port, user=USER, port=port, mode=mode, size=size, folder=folder
            )
        )
        account = {"user": ACCOUNT.pw_uid, "group": ACCOUNT.pw_gid, "extra_groups": []} if ACCOUNT else {}
        process = subprocess.Popen(
            [program or PROGRAMS[0], "-q", str(configuration)],
            cwd=folder,
            stderr=subprocess.DEVNULL,
            **account,  # type: ignore
        )
        try:
            while True:
                with suppress(OSError), socket.create_connection((HOST, port), timeout=1):
                    break
                assert process.poll() is None, (folder / "log").read_text()
                time.sleep(0.02)
            yield port
        finally:
            process.terminate()
            process.wait(10)
