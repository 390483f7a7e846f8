"""`roomkey demo`, and the development key."""

import asyncio
import sys
import time
from collections.abc import Callable
from pathlib import Path

import click

from api.cli.database import data_option, database, run_within, write_private
from api.settings import read_settings
from db.apps import create_app
from db.credentials import get_credential
from db.demo import DEMO_SLUG, load_demo
from db.keys import create_key
from db.pool import Pool, connect
from db.stores import get_store_by_slug
from schema.context import Scope
from schema.keys import KEY_PREFIX, hash_of, new_key

SESSIONS = 400
SESSIONS_PER_STORE = 5_000


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
        key = run_within(lambda db: development_key(db, data))
    click.echo(f"Loaded {sessions:,} sessions in {time.monotonic() - started:.0f} s. Development key: {key}")


async def development_key(db: Pool, data: Path) -> str:
    """A key of the demo store that may do everything, kept in a file; the store is made where it is missing."""
    store = await get_store_by_slug(db, DEMO_SLUG)
    if store is None:
        await _load(SESSIONS, 1, lambda _: None)
        store = await get_store_by_slug(db, DEMO_SLUG)
        assert store is not None
    path = data / "dev-key"
    key = path.read_text().strip() if path.exists() else ""
    known = await get_credential(db, hash_of(key)) if key.startswith(KEY_PREFIX) else None
    if known is None or known.store_id != store.id:
        key = new_key()
        app = await create_app(db, store.id, "development", [Scope.ADMIN.value], rate=100_000)
        await create_key(db, store.id, app.id, "development", hash_of(key))
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
