"""`roomkey demo`, and the development keys."""

import asyncio
import sys
import time
from collections.abc import Awaitable, Callable
from functools import partial
from pathlib import Path

import click

from api.settings import read_settings
from cli.apps import create_app_with_key
from cli.console import STAFF_SCOPES, create_console_app
from cli.database import data_option, open_database, run_with_pool, write_private
from cli.sign_in import CONSOLE_KEY, DEVELOPMENT_KEY
from db.api_keys import hash_api_key, is_api_key
from db.apps import AppSettings
from db.credentials import get_credential
from db.pool import Pool, connect
from db.statements import Row
from db.stores import get_store_by_slug
from demo.load import DEMO_SLUG, load_demo
from schema.scopes import Scope

SESSIONS = 400
SESSIONS_PER_STORE = 5_000
RATE = 100_000


@click.command()
@click.option("--sessions", type=click.IntRange(1, 10_000_000), default=SESSIONS, help="The number of sessions.")
@click.option(
    "--stores",
    type=click.IntRange(1, 10_000),
    help=f"The number of stores; the first gets most sessions.  [default: one per {SESSIONS_PER_STORE:,} sessions]",
)
@data_option
def demo(sessions: int, stores: int | None, data: Path) -> None:
    """Load generated sessions into the demo store and into new stores."""
    stores = stores or max(1, sessions // SESSIONS_PER_STORE)
    with open_database(data):
        started = time.monotonic()
        with click.progressbar(length=sessions, label="Sessions", show_pos=True, file=sys.stderr) as bar:

            def progress(added: int) -> None:
                bar.update(added)
                if bar.finished:
                    click.echo("\nCreating the indexes ...", err=True)

            asyncio.run(_load(sessions, stores, progress))
        key = run_with_pool(lambda db: demo_keys(db, data))
    seconds = time.monotonic() - started
    click.echo(f"Loaded {sessions:,} sessions in {seconds:.0f} s. Development key: {key}")


async def demo_keys(db: Pool, data: Path) -> str:
    """Two API keys of the demo store, in files in `data`: one with the scope `admin`, and one of its console app.

    Creates the keys and the demo store if they are missing. Returns the first key.
    """
    store = await get_store_by_slug(db, DEMO_SLUG)
    id = store.id if store else (await _load(SESSIONS, 1, lambda _: None))[0]
    # A console app, so that the key can also sign in to the console: `roomkey serve` publishes its documents.
    new = AppSettings("development", [Scope.ADMIN.value], RATE, console=True)
    create_app = partial(create_app_with_key, db, id, new)
    create_console = partial(create_console_app, db, id, "console", STAFF_SCOPES, RATE)
    await _read_or_create_key(db, id, data / CONSOLE_KEY, create_console)
    return await _read_or_create_key(db, id, data / DEVELOPMENT_KEY, create_app)


async def _read_or_create_key(
    db: Pool, store_id: str, path: Path, create: Callable[[], Awaitable[tuple[Row, str]]]
) -> str:
    """The API key in the file, or a new one if the file has none that works for the store."""
    key = path.read_text().strip() if path.exists() else ""  # noqa: ASYNC240  # nothing else runs in this event loop
    known = await get_credential(db, hash_api_key(key)) if is_api_key(key) else None
    if known is None or known.store_id != store_id:
        _, key = await create()
        write_private(path, key)
    return key


async def _load(sessions: int, stores: int, progress: Callable[[int], object]) -> list[str]:
    settings = read_settings()
    token_key = next(iter(settings.signing_keys))
    connection = await connect(settings.database_direct_url)
    try:
        return await load_demo(connection, sessions=sessions, stores=stores, token_key=token_key, progress=progress)
    finally:
        await connection.close()
