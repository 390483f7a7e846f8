"""The database of a command: the one at DATABASE_URL, or else the embedded one in the data folder."""

import asyncio
import os
import secrets
from base64 import b64encode
from collections.abc import Awaitable, Callable, Iterator
from contextlib import ExitStack, contextmanager
from functools import wraps
from pathlib import Path
from typing import Any, TypeVar

import click

import embedded
from api.settings import SettingsError, is_set, read_settings
from db.pool import Pool
from db.poolers import shares_backends
from db.version import is_current

T = TypeVar("T")

data_option = click.option(
    "--data",
    type=click.Path(file_okay=False, path_type=Path),
    default=Path(".roomkey"),
    help="The folder of the embedded database and of development keys.",
)


@contextmanager
def open_database(data: Path, *, attach: bool = True) -> Iterator[None]:
    """Migrate the database, and set DATABASE_URL for this process and its workers.

    Without DATABASE_URL, the embedded database in `data` runs until the context ends. `attach` uses it if another
    process already runs it. Raises SettingsError, StartFailed, MigrationFailed and Unavailable.
    """
    with ExitStack() as stop:
        if not is_set("DATABASE_URL"):
            if is_set("DATABASE_DIRECT_URL"):
                raise SettingsError("DATABASE_DIRECT_URL needs DATABASE_URL: without it, the embedded database is used")
            server = embedded.running(data) if attach else None
            os.environ["DATABASE_URL"] = (server or stop.enter_context(embedded.start(data))).url()
            token_key = data / "token-key"
            if not token_key.exists():
                write_private(token_key, b64encode(secrets.token_bytes(32)).decode())
            set_default("TOKEN_KEYS", f"embedded:{token_key.read_text().strip()}")
        settings = read_settings()
        if not settings.transaction_pooler and asyncio.run(shares_backends(settings.database_url)):
            raise SettingsError(
                "DATABASE_URL is that of a connection pooler in transaction mode: set DATABASE_POOLER=transaction, and "
                "DATABASE_DIRECT_URL to a URL that bypasses the pooler"
            )
        if not asyncio.run(is_current(settings.database_direct_url)):
            from db.migrate import migrate  # takes 0.3 s

            asyncio.run(migrate(settings.database_direct_url))
        yield


def with_database(command: Callable[..., Awaitable[None]]) -> Callable[..., None]:
    """Make an async function a command on the database, which must exist: it gets a pool, and the option --data."""

    @data_option
    @wraps(command)
    def run(data: Path, **options: Any) -> None:
        run_with_database(lambda db: command(db, **options), data)

    return run


def run_with_database(function: Callable[[Pool], Awaitable[T]], data: Path) -> T:
    """Run an async function on the database, which must exist. Raises UsageError if it does not."""
    if not is_set("DATABASE_URL") and not (data / "postgres").exists():
        raise click.UsageError(
            f"There is no database in {data}: set --data to its folder, set DATABASE_URL, or run `roomkey serve` first."
        )
    with open_database(data):
        return run_with_pool(function)


def run_with_pool(function: Callable[[Pool], Awaitable[T]]) -> T:
    """Run an async function with a connection pool to the database that `open_database` opened."""

    async def connected() -> T:
        settings = read_settings()
        db = Pool(settings.database_url, size=1, transaction_pooler=settings.transaction_pooler)
        await db.connect()
        try:
            return await function(db)
        finally:
            await db.disconnect()

    return asyncio.run(connected())


def set_default(name: str, value: str) -> None:
    """Set an environment variable for this process and its workers, unless the setting has a value, also in .env."""
    if not is_set(name):
        os.environ[name] = value


def write_private(path: Path, text: str) -> None:
    """Write a line of text to a file that only its owner can read."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
        os.fchmod(file.fileno(), 0o600)  # also if the file existed
        file.write(text + "\n")
