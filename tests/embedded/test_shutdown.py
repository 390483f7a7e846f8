"""How the embedded Postgres ends: kills, stops, and what they leave."""

import os
import signal
import subprocess
import time
from pathlib import Path

import pytest

import embedded
from embedded import StartFailed, running, start
from tests.support.commands import eventually
from tests.support.postgres_processes import (
    SUPERVISE,
    descendants,
    group,
    postgres_of,
    postmaster,
    processes,
    psql,
)

WRITE = """
import asyncio, sys
from pathlib import Path
import asyncpg
from embedded import start
async def write(url):
    connection = await asyncpg.connect(url)
    await connection.execute("create table note (id integer)")
    for id in range(1, 1_000_000):
        await connection.execute("insert into note values ($1)", id)
        print(id, flush=True)
with start(Path(sys.argv[1])) as server:
    asyncio.run(write(server.url()))
"""


# Dies some seconds after it has started the shell.
KILLED = """
import os, signal, subprocess, sys, time
from pathlib import Path
from embedded import start
class Popen(subprocess.Popen):
    def __init__(self, *arguments, **options):
        super().__init__(*arguments, **options)
        time.sleep(float(sys.argv[2]))
        print(self.pid, flush=True)
        os.kill(os.getpid(), signal.SIGKILL)
subprocess.Popen = Popen
with start(Path(sys.argv[1])):
    pass
"""


# As the server does: SIGTERM leaves through the context manager.
GIVES_UP = """
import signal, sys, time
from pathlib import Path
from embedded import StartFailed, postgres, start
postgres.PAUSES_SECONDS = (0.0, 0.1)
signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
try:
    with start(Path(sys.argv[1])):
        print("started", flush=True)
        while True:
            time.sleep(60)
except StartFailed as error:
    print(error, flush=True)
    sys.exit(1)
"""


INTERRUPTED = """
import signal, subprocess, sys
signal.signal(signal.SIGINT, signal.default_int_handler)  # the test runner may have been started with it ignored
from pathlib import Path
from embedded import bin_folder, start
with start(Path(sys.argv[1])) as server:
    try:
        print("started", flush=True)
        sys.stdin.read()
    except KeyboardInterrupt:
        subprocess.run([bin_folder() / "psql", "-XAtc", "select 'still there'", server.url()])
"""


def test_a_killed_supervisor_leaves_no_process_and_loses_no_acknowledged_write(folder: Path, python) -> None:
    writer = python(WRITE, folder)
    acknowledged = [writer.stdout.readline() for _ in range(200)]
    left = descendants(writer.pid)
    socket_folder = running(folder).socket_folder
    assert len(left) > 5
    writer.kill()
    assert eventually(lambda: not left & processes().keys(), seconds=2), "Postgres outlived its supervisor"
    assert not socket_folder.exists()
    acknowledged += writer.stdout.readlines()
    began = time.monotonic()
    with start(folder) as server:
        assert time.monotonic() - began < 2
        kept = psql(server, "select count(*), max(id) from note").split("|")
    last = int([line for line in acknowledged if line.endswith("\n")][-1])
    # The last insert may have been committed and not yet reported.
    assert kept in ([str(last), str(last)], [str(last + 1), str(last + 1)])


def test_a_supervisor_killed_while_it_starts_leaves_no_process(folder: Path, python) -> None:
    with start(folder, durable=False):
        pass
    for milliseconds in (0, 0, 0, 1, 2, 3, 5, 8, 12, 18, 25, 40):
        supervisor = python(KILLED, folder, milliseconds / 1000)
        shell = int(supervisor.communicate()[0])
        assert eventually(lambda: not group(shell), seconds=2), f"Postgres outlived its supervisor, {milliseconds} ms"  # noqa: B023
    with start(folder) as server:
        assert psql(server, "select 1") == "1"


def test_a_supervisor_killed_in_its_first_start_leaves_a_folder_to_start_in(folder: Path, python) -> None:
    supervisor = python(SUPERVISE, folder)
    assert eventually((folder / "postgres.new" / "global").exists, seconds=5)
    supervisor.kill()
    supervisor.wait()
    assert not (folder / "postgres").exists()
    with start(folder) as server:
        assert psql(server, "select current_database()") == "roomkey"
    assert not (folder / "postgres.new").exists()


def test_a_start_waits_for_the_postgres_of_a_killed_supervisor(
    folder: Path, python, monkeypatch: pytest.MonkeyPatch
) -> None:
    supervisor = python(SUPERVISE, folder)
    supervisor.stdout.readline()
    left = descendants(supervisor.pid)
    postgres = int(postmaster(folder)[0])
    os.kill(postgres, signal.SIGSTOP)  # as if its last checkpoint took long
    supervisor.kill()
    supervisor.wait()
    monkeypatch.setattr("embedded.postgres.STOPPING_SECONDS", 0.2)
    with pytest.raises(StartFailed) as refused, start(folder):
        pass
    assert str(refused.value) == (
        f"{folder}/postgres is in use by a Postgres that is still stopping: try again in a moment"
    )
    monkeypatch.setattr("embedded.postgres.STOPPING_SECONDS", 10)
    os.kill(postgres, signal.SIGCONT)
    with start(folder) as server:
        assert psql(server, "select 1") == "1"
        assert not left & processes().keys()


def test_a_postgres_killed_from_outside_is_started_again_at_the_same_address(
    folder: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with start(folder) as server:
        psql(server, "create table note as select 'kept' as body")
        for _ in range(2):
            left, killed = postgres_of(folder), postmaster(folder)[0]
            os.kill(int(killed), signal.SIGKILL)
            assert eventually(lambda: not left & processes().keys(), seconds=5)  # noqa: B023
            assert eventually(lambda: running(folder) == server, seconds=20)
            assert postmaster(folder)[0] != killed
            assert psql(server, "select body from note") == "kept"
        left = postgres_of(folder)
    assert not left & processes().keys()
    assert not server.socket_folder.exists()
    warning = f"Postgres ended with status 137 in {folder}/postgres and is started again"
    assert [record.getMessage() for record in caplog.records] == [warning, warning]


def test_a_postgres_that_ends_again_and_again_ends_the_process_with_an_error(folder: Path, python) -> None:
    process = python(GIVES_UP, folder)
    assert process.stdout.readline() == "started\n"
    left = descendants(process.pid)
    with open(folder / "postgres" / "postgresql.conf", "a") as configuration:
        configuration.write("no_such_setting = 1\n")
    os.kill(int(postmaster(folder)[0]), signal.SIGKILL)
    said = process.communicate(timeout=30)[0].splitlines()
    assert said[0] == f"Postgres ended with status 1 in {folder}/postgres, 3 times within a minute each"
    assert 'unrecognized configuration parameter "no_such_setting"' in "\n".join(said)
    assert process.returncode == 1
    assert not left & processes().keys()


def test_a_stop_between_two_starts_of_postgres_leaves_nothing(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("embedded.postgres.PAUSES_SECONDS", (60.0,))
    with start(folder) as server:
        left = postgres_of(folder)
        os.kill(int(postmaster(folder)[0]), signal.SIGKILL)
        assert eventually(lambda: not left & processes().keys(), seconds=5)
        assert running(folder) is None
        began = time.monotonic()
    assert time.monotonic() - began < 1
    assert not server.socket_folder.exists()


def test_a_stop_does_not_wait_for_clients(folder: Path) -> None:
    with start(folder) as server:
        command = [embedded.bin_folder() / "psql", "-Xqc", "select pg_sleep(60)", server.url()]
        sleeper = subprocess.Popen(command, stderr=subprocess.DEVNULL)
        asleep = "select exists (select from pg_stat_activity where wait_event = 'PgSleep')"
        assert eventually(lambda: psql(server, asleep) == "t", seconds=5)
        began = time.monotonic()
    assert time.monotonic() - began < 5
    assert sleeper.wait() != 0
    with start(folder):
        assert "was not properly shut down" not in (folder / "postgres.log").read_text()


def test_a_stop_that_hangs_becomes_immediate(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("embedded.postgres.FAST_SHUTDOWN_SECONDS", 0.2)
    with start(folder) as server:
        psql(server, "create table note as select 'kept' as body")
        left = postgres_of(folder)
        os.kill(
            int(psql(server, "select pid from pg_stat_activity where backend_type = 'checkpointer'")), signal.SIGSTOP
        )
        began = time.monotonic()
    assert time.monotonic() - began < 10
    assert not left & processes().keys()
    assert not server.socket_folder.exists()
    with start(folder) as server:
        assert psql(server, "select body from note") == "kept"


def test_control_c_reaches_the_supervisor_and_not_postgres(folder: Path, python) -> None:
    supervisor = python(INTERRUPTED, folder)
    assert supervisor.stdout.readline() == "started\n"
    left = descendants(supervisor.pid)
    os.killpg(supervisor.pid, signal.SIGINT)  # what the terminal does
    assert supervisor.communicate()[0] == "still there\n"
    assert not left & processes().keys()
