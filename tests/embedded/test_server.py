"""The embedded PostgreSQL, with real processes."""

import os
import shutil
import subprocess
import tempfile
import time
from contextlib import suppress
from pathlib import Path

import asyncpg
import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import create_async_engine

import embedded
from embedded import Server, StartFailed, running, start
from embedded.server import LOCALES
from tests.support.postgres_processes import AS_ROOT, SUPERVISE, mode, postmaster, processes, psql


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


async def test_asyncpg_and_sqlalchemy_connect_by_the_url_despite_pg_variables(
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


def test_a_server_is_durable_unless_requested_otherwise(folder: Path) -> None:
    names = "fsync", "synchronous_commit", "full_page_writes"
    with start(folder, durable=False) as server:
        assert [psql(server, f"show {name}") for name in names] == ["off", "off", "off"]
    with start(folder) as server:
        assert [psql(server, f"show {name}") for name in names] == ["on", "on", "on"]


def test_the_path_of_the_socket_is_short_in_a_deep_folder(tmp_path: Path) -> None:
    folder = tmp_path / ("deep" * 25) / ("deeper" * 20) / "roomkey"
    assert len(str(folder)) > 200
    with start(folder, durable=False) as server:
        assert psql(server, "select 1") == "1"
        assert len(str(server.socket_folder / ".s.PGSQL.5432")) < 100


def trigrams(server: Server, word: str) -> int:
    psql(server, "create extension if not exists pg_trgm")
    return int(psql(server, f"select cardinality(show_trgm('{word}'))"))


@pytest.mark.parametrize("locales", [LOCALES, ("xx_XX.UTF-8", "C.UTF-8")], ids=["first", "fallback"])
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


def test_a_system_without_a_suitable_locale_is_an_error(folder: Path) -> None:
    with pytest.raises(StartFailed) as failed, start(folder, locales=("xx_XX.UTF-8", "yy_YY.UTF-8")):
        pass
    first, *log = str(failed.value).splitlines()
    assert first == f"initdb failed in {folder}/postgres.new with LC_CTYPE xx_XX.UTF-8 and yy_YY.UTF-8"
    assert '  initdb: error: invalid locale name "yy_YY.UTF-8"' in log


def test_an_incomplete_data_folder_is_created_again(folder: Path) -> None:
    (folder / "postgres.new" / "base").mkdir(parents=True)
    (folder / "postgres.new" / "PG_VERSION").write_text("18\n")
    with start(folder, durable=False) as server:
        assert psql(server, "select current_database()") == "roomkey"


def test_a_stale_pid_file_with_the_pid_of_another_process_is_ignored(folder: Path) -> None:
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
    # Postgres itself would trust the pid of a process of its own user.
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
        assert another_owner.exists() == AS_ROOT  # as root, the folder does not belong to the account of Postgres
        assert stranger.poll() is None
    finally:
        stranger.kill()
        stranger.wait()
        another_name.rmdir()
        with suppress(FileNotFoundError):
            another_owner.rmdir()


def test_a_second_process_is_refused_with_the_pid_of_the_first(folder: Path, python) -> None:
    supervisor = python(SUPERVISE, folder)
    supervisor.stdout.readline()
    began = time.monotonic()
    with pytest.raises(StartFailed) as refused, start(folder):
        pass
    assert time.monotonic() - began < 0.5
    assert str(refused.value) == (
        f"{folder} is in use by process {supervisor.pid}: stop it, or choose another folder with --data"
    )


def test_a_second_start_in_the_same_process_is_refused(folder: Path) -> None:
    with start(folder, durable=False) as server:
        with pytest.raises(StartFailed, match=f"by process {os.getpid()}:"), start(folder):
            pass
        assert psql(server, "select 1") == "1"


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


def test_data_of_another_major_version_is_refused(folder: Path) -> None:
    with start(folder, durable=False):
        pass
    (folder / "postgres" / "PG_VERSION").write_text("17\n")
    with pytest.raises(StartFailed) as failed, start(folder):
        pass
    assert str(failed.value) == (
        f"{folder}/postgres/PG_VERSION says 17, this needs 18: choose another folder with --data"
    )


def test_the_error_about_a_folder_that_cannot_be_created_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(StartFailed) as failed, start(tmp_path / "file" / "roomkey"):
        pass
    assert str(failed.value).startswith(f"Postgres cannot start in {tmp_path}/file/roomkey: ")
    assert "\n" not in str(failed.value)


def test_a_large_log_is_rotated_and_one_old_log_is_kept(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("embedded.server.LOG_BYTES", 100)
    for _ in range(3):
        with start(folder, durable=False):
            pass
    assert sorted(path.name for path in folder.glob("*.log*")) == ["postgres.log", "postgres.log.1"]
    assert (folder / "postgres.log").read_text().count("starting PostgreSQL") == 1


def test_the_log_contains_no_parameters(folder: Path) -> None:
    with start(folder, durable=False) as server:
        psql(server, "create table customer (phone text primary key)")
        insert = "insert into customer values ($1) \\bind '+4915112345678' \\g"
        command = [embedded.bin_folder() / "psql", "-Xq", server.url()]
        for _ in range(2):
            subprocess.run(command, input=insert, text=True, capture_output=True)
    log = (folder / "postgres.log").read_text()
    assert "duplicate key value" in log
    assert "4915112345678" not in log
