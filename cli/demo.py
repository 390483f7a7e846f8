"""`roomkey demo`, and the development key."""

import asyncio
import sys
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import NamedTuple

import click

from api.settings import read_settings
from cli.console import STAFF, open_console
from cli.database import data_option, database, run_within, write_private
from db.api_keys import API_KEY_PREFIX, create_api_key, generate_api_key, hash_api_key
from db.apps import create_app, set_console
from db.credentials import get_credential
from db.pool import Pool, connect
from db.stores import get_store_by_slug
from demo.load import DEMO_SLUG, load_demo
from schema.scopes import Scope

SESSIONS = 400
SESSIONS_PER_STORE = 5_000
RATE = 100_000


@click.command()
@click.option("--sessions", type=click.IntRange(1, 10_000_000), default=SESSIONS, show_default=True)
@click.option(
    "--stores",
    type=click.IntRange(1, 10_000),
    help=f"The demo store gets most.  [default: one for each {SESSIONS_PER_STORE:,} sessions]",
)
@data_option
def demo(sessions: int, stores: int | None, data: Path) -> None:
    """Load invented sessions into the demo store and into new ones."""
    stores = stores or max(1, sessions // SESSIONS_PER_STORE)
    with database(data):
        started = time.monotonic()
        with click.progressbar(length=sessions, label="Sessions", show_pos=True, file=sys.stderr) as bar:

            def progress(added: int) -> None:
                bar.update(added)
                if bar.finished:
                    click.echo("\nIndexes ...", err=True)

            asyncio.run(_load(sessions, stores, progress))
        keys = run_within(lambda db: demo_keys(db, data))
    seconds = time.monotonic() - started
    click.echo(f"Loaded {sessions:,} sessions in {seconds:.0f} s. Development key: {keys.development}")


class DemoKeys(NamedTuple):
    """Keys of the demo store: one that may do everything, and one of its console."""

    development: str
    console: str


async def demo_keys(db: Pool, data: Path) -> DemoKeys:
    """The keys, kept in files; the demo store is made where it is missing."""
    store = await get_store_by_slug(db, DEMO_SLUG)
    if store is None:
        await _load(SESSIONS, 1, lambda _: None)
        store = await get_store_by_slug(db, DEMO_SLUG)
        assert store is not None
    id = store.id

    async def development() -> str:
        key = generate_api_key()
        app = await create_app(db, id, "development", [Scope.ADMIN.value], rate=RATE)
        await create_api_key(db, id, app.id, "development", hash_api_key(key))
        # It signs in to the console, too, whose documents a start publishes.
        await set_console(db, id, app.id)
        return key

    async def console() -> str:
        _, key = await open_console(db, id, "console", list(STAFF), RATE)
        return key

    return DemoKeys(
        await _kept(db, id, data / "dev-key", development), await _kept(db, id, data / "console-key", console)
    )


async def _kept(db: Pool, store_id: str, path: Path, make: Callable[[], Awaitable[str]]) -> str:
    """The store's key in the file; a new one where it has none that works."""
    key = path.read_text().strip() if path.exists() else ""  # noqa: ASYNC240  # nobody else is waiting
    known = await get_credential(db, hash_api_key(key)) if key.startswith(API_KEY_PREFIX) else None
    if known is None or known.store_id != store_id:
        key = await make()
        write_private(path, key)
    return key


async def _load(sessions: int, stores: int, progress: Callable[[int], object]) -> None:
    settings = read_settings()
    connection = await connect(settings.database_direct_url)
    try:
        await load_demo(
            connection, sessions=sessions, stores=stores, token_key=settings.token_keys.current, progress=progress
        )
    finally:
        await connection.close()
