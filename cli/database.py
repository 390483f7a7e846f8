"""The database that a command works on: the one that DATABASE_URL names, or the embedded one of a data folder."""

import asyncio
import os
import secrets
from base64 import b64encode
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import TypeVar

import click

import embedded
from api.settings import SettingsError, has_database_url, is_set, read_settings
from db.migrate import migrate
from db.pool import Pool

T = TypeVar("T")

data_option = click.option(
    "--data",
    type=click.Path(file_okay=False, path_type=Path),
    default=Path(".roomkey"),
    show_default=True,
    help="The folder of the embedded database. Not used where DATABASE_URL is set, but for the development key.",
)


@contextmanager
def database(data: Path, *, attach: bool = True) -> Iterator[None]:
    """Sees to it that there is a database of this version, and that the environment names it, for workers too."""
    if has_database_url():
        _migrate()
        yield
        return
    if is_set("DATABASE_DIRECT_URL"):
        raise SettingsError("DATABASE_DIRECT_URL needs DATABASE_URL: without it, the embedded database is meant")
    server = embedded.running(data) if attach else None
    with nullcontext(server) if server else embedded.start(data) as server:
        os.environ["DATABASE_URL"] = server.url()
        set_default("TOKEN_KEYS", f"embedded:{_secret(data / 'token-key')}")
        _migrate()
        yield


def run(work: Callable[[Pool], Awaitable[T]], data: Path) -> T:
    """Do the work on the database of that folder, which is there already, and end."""
    if not has_database_url() and not (data / "postgres").exists():
        raise click.UsageError(
            f"There is no database in {data}: name its folder with --data, set DATABASE_URL, or start `roomkey serve`."
        )
    with database(data):
        return run_within(work)


def run_within(work: Callable[[Pool], Awaitable[T]]) -> T:
    """Do the work on the database that the environment names."""

    async def connected() -> T:
        db = Pool(read_settings().database_url, size=1)
        await db.connect()
        try:
            return await work(db)
        finally:
            await db.disconnect()

    return asyncio.run(connected())


def set_default(name: str, value: str) -> None:
    """Put it into the environment, for workers too, unless the setting is there or in the file .env."""
    if not is_set(name):
        os.environ[name] = value


def write_private(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
        file.write(text + "\n")


def _migrate() -> None:
    asyncio.run(migrate(read_settings().database_direct_url))


def _secret(path: Path) -> str:
    """The secret in the file, which is made where it is missing."""
    if not path.exists():
        write_private(path, b64encode(secrets.token_bytes(32)).decode())
    return path.read_text().strip()
