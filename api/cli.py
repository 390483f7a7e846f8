"""The command line: `roomkey --help`."""

import asyncio
import os
import secrets
import signal
import socket
import sys
import threading
import time
from base64 import b64encode
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import NoReturn, TypeVar

import click
import uvicorn

from api.credentials import PREFIX, hash_of, new_key
from api.settings import SettingsError, has_database_url, is_set, read_settings
from db import embedded
from db.apps import create_app
from db.credentials import get_credential
from db.demo import DEMO_SLUG, load_demo
from db.keys import KeyRow, create_key, search_keys, set_key_revoked
from db.migrate import MigrationFailed, migrate
from db.pool import Pool, Unavailable, connect
from db.stores import SLUG, StoreRow, create_store, get_store_by_slug, search_stores
from schema.context import Scope
from schema.errors import BadUserInput
from schema.scalars import parse_url

T = TypeVar("T")

DEMO_SESSIONS = 400
SESSIONS_PER_STORE = 5_000

data_option = click.option(
    "--data",
    type=click.Path(file_okay=False, path_type=Path),
    default=Path(".roomkey"),
    show_default=True,
    help="The folder of the embedded database. Not used where DATABASE_URL is set, but for the development key.",
)


def main() -> NoReturn:
    """The console script: errors that a person can mend are one line."""
    try:
        cli()
    except (SettingsError, embedded.FolderInUse, embedded.StartFailed, MigrationFailed, Unavailable) as error:
        click.echo(f"roomkey: {error}", err=True)
    sys.exit(1)


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="roomkey")
def cli() -> None:
    """The sessions API for chat commerce.

    With no DATABASE_URL, a PostgreSQL of its own runs in the folder --data. Other settings: see .env.example.
    """


@cli.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="The address to listen on.")
@click.option("--port", type=click.IntRange(1, 65535), default=8000, show_default=True, help="The port to listen on.")
@click.option("--workers", type=click.IntRange(1, 64), default=1, show_default=True, help="How many processes answer.")
@click.option("--demo", is_flag=True, help="See that there is a demo store, and print a development key for it.")
@data_option
def serve(host: str, port: int, workers: int, demo: bool, data: Path) -> None:
    """Answer requests, after migrating the database."""
    # A stop ends the blocks below in order; uvicorn passes the signal on when it is done.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    _see_that_it_is_free(host, port)
    _set_default("LINK_BASE_URL", f"http://127.0.0.1:{port}/s")
    with _database(data, attach=False):
        key = asyncio.run(_with_pool(lambda db: _development_key(db, data))) if demo else None
        threading.Thread(target=_announce, args=(host, port, data, key), daemon=True).start()
        uvicorn.run(
            "api.app:create_app_from_environment",
            factory=True,
            host=host,
            port=port,
            workers=workers,
            log_level="warning",
            # Its lines would have the links' codes in them.
            access_log=False,
            server_header=False,
            timeout_graceful_shutdown=10,
        )


@cli.command("migrate")
@data_option
def migrate_command(data: Path) -> None:
    """Bring the database to this version. Safe to run at any time, from several processes at once."""
    with _database(data):
        click.echo("The database is up to date.")


@cli.command()
@click.option("--sessions", type=click.IntRange(1, 10_000_000), default=DEMO_SESSIONS, show_default=True)
@click.option(
    "--stores",
    type=click.IntRange(1, 10_000),
    help=f"The demo store gets most.  [default: one for each {SESSIONS_PER_STORE:,} sessions]",
)
@data_option
def demo(sessions: int, stores: int | None, data: Path) -> None:
    """Load invented sessions into the demo store and into new ones."""
    stores = stores or max(1, sessions // SESSIONS_PER_STORE)
    with _database(data):
        settings = read_settings()
        started = time.monotonic()
        with click.progressbar(length=sessions, label="Sessions", show_pos=True, file=sys.stderr) as bar:

            def progress(added: int) -> None:
                bar.update(added)
                if bar.finished:
                    click.echo("\nIndexes ...", err=True)

            asyncio.run(_load(settings.database_direct_url, sessions, stores, settings.token_keys.current, progress))
        key = asyncio.run(_with_pool(lambda db: _development_key(db, data)))
    click.echo(f"Loaded {sessions:,} sessions in {time.monotonic() - started:.0f} s. Development key: {key}")


@cli.group()
def stores() -> None:
    """The shops that have their sessions here."""


@stores.command("create")
@click.argument("slug")
@click.option("--name", required=True, help="Its name, as customers see it.")
@click.option("--storefront-url", required=True, help="Where a customer who opens a link is sent.")
@click.option(
    "--session-expiration",
    type=click.IntRange(0, 1440),
    default=0,
    show_default=True,
    help="Minutes until a token expires; 0: never.",
)
@data_option
def stores_create(slug: str, name: str, storefront_url: str, session_expiration: int, data: Path) -> None:
    """Add a shop. SLUG is its name in links: small letters, digits and hyphens."""
    if not SLUG.fullmatch(slug):
        raise click.BadParameter("must be 1 to 63 small letters, digits and hyphens", param_hint="SLUG")
    try:
        url = parse_url(storefront_url)
    except BadUserInput as error:
        raise click.BadParameter(str(error), param_hint="--storefront-url") from None

    async def create(db: Pool) -> StoreRow | None:
        return await create_store(db, slug, name, url, session_expiration)

    with _database(data):
        store = asyncio.run(_with_pool(create))
    if store is None:
        raise click.UsageError(f"There is a store {slug!r} already.")
    click.echo(f"{store.id}  {store.slug}")


@stores.command("list")
@data_option
def stores_list(data: Path) -> None:
    """Show the shops."""
    with _database(data):
        for store in asyncio.run(_with_pool(search_stores)):
            click.echo(f"{store.id}  {store.slug}  {store.name}")


@cli.group()
def keys() -> None:
    """The API keys of a shop."""


store_option = click.option("--store", "slug", required=True, help="The shop's slug.")


@keys.command("create")
@store_option
@click.option("--name", required=True, help="What it is for, as in 'storefront'.")
@click.option(
    "--scope",
    "scopes",
    multiple=True,
    required=True,
    type=click.Choice([scope.value for scope in Scope]),
    help="What it may do; give it as often as needed.",
)
@data_option
def keys_create(slug: str, name: str, scopes: tuple[str, ...], data: Path) -> None:
    """Make a key and print it. It is not shown again: the database holds its hash only."""
    key = new_key()

    async def create(db: Pool) -> None:
        store = await _store(db, slug)
        app = await create_app(db, store.id, name, list(scopes))
        await create_key(db, store.id, app.id, name, hash_of(key))

    with _database(data):
        asyncio.run(_with_pool(create))
    click.echo(key)


@keys.command("list")
@store_option
@data_option
def keys_list(slug: str, data: Path) -> None:
    """Show the keys, without their secrets."""

    async def search(db: Pool) -> list[KeyRow]:
        return await search_keys(db, (await _store(db, slug)).id)

    with _database(data):
        for key in asyncio.run(_with_pool(search)):
            state = f"revoked {key.revoked_at:%Y-%m-%d}" if key.revoked_at else "active"
            click.echo(f"{key.id}  {key.name}  {key.app_id}  {key.created_at:%Y-%m-%d}  {state}")


@keys.command("revoke")
@click.argument("id")
@store_option
@data_option
def keys_revoke(id: str, slug: str, data: Path) -> None:
    """Turn a key off for ever. ID is what `roomkey keys list` shows."""

    async def revoke(db: Pool) -> KeyRow | None:
        return await set_key_revoked(db, (await _store(db, slug)).id, id)

    with _database(data):
        if asyncio.run(_with_pool(revoke)) is None:
            raise click.UsageError(f"The store {slug!r} has no key {id!r}.")
    click.echo(f"{id} is revoked.")


@contextmanager
def _database(data: Path, *, attach: bool = True) -> Iterator[None]:
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
        _set_default("TOKEN_KEYS", f"embedded:{_secret(data / 'token-key')}")
        _migrate()
        yield


def _migrate() -> None:
    asyncio.run(migrate(read_settings().database_direct_url))


def _set_default(name: str, value: str) -> None:
    """Put it into the environment, for workers too, unless the setting is there or in the file .env."""
    if not is_set(name):
        os.environ[name] = value


def _secret(path: Path) -> str:
    """The secret in the file, which is made where it is missing."""
    if not path.exists():
        _write_private(path, b64encode(secrets.token_bytes(32)).decode())
    return path.read_text().strip()


def _write_private(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
        file.write(text + "\n")


async def _with_pool(work: Callable[[Pool], Awaitable[T]]) -> T:
    settings = read_settings()
    db = Pool(settings.database_url, size=1)
    await db.connect()
    try:
        return await work(db)
    finally:
        await db.disconnect()


async def _store(db: Pool, slug: str) -> StoreRow:
    store = await get_store_by_slug(db, slug)
    if store is None:
        raise click.UsageError(f"There is no store {slug!r}: see `roomkey stores list`.")
    return store


async def _load(url: str, sessions: int, stores: int, token_key: str, progress: Callable[[int], object]) -> None:
    connection = await connect(url)
    try:
        await load_demo(connection, sessions=sessions, stores=stores, token_key=token_key, progress=progress)
    finally:
        await connection.close()


async def _development_key(db: Pool, data: Path) -> str:
    """A key of the demo store that may do everything, kept in a file; the store is made where it is missing."""
    store = await get_store_by_slug(db, DEMO_SLUG)
    if store is None:
        settings = read_settings()
        await _load(settings.database_direct_url, DEMO_SESSIONS, 1, settings.token_keys.current, lambda _: None)
        store = await _store(db, DEMO_SLUG)
    path = data / "dev-key"
    key = path.read_text().strip() if path.exists() else ""
    known = await get_credential(db, hash_of(key)) if key.startswith(PREFIX) else None
    if known is None or known.store_id != store.id:
        key = new_key()
        app = await create_app(db, store.id, "development", [Scope.ADMIN.value], rate=100_000)
        await create_key(db, store.id, app.id, "development", hash_of(key))
        _write_private(path, key)
    return key


def _see_that_it_is_free(host: str, port: int) -> None:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            raise click.ClickException(
                f"Cannot listen on {host}, port {port}: {error.strerror}. Choose another: --port (make: PORT=8123)."
            ) from None


def _announce(host: str, port: int, data: Path, key: str | None) -> None:
    """Say where to go as soon as somebody listens."""
    host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104
    while True:
        try:
            socket.create_connection((host, port), timeout=1).close()
        except OSError:
            time.sleep(0.02)
        else:
            break
    address = f"[{host}]" if ":" in host else host
    click.echo(f"Roomkey is ready.\n\n  GraphiQL   http://{address}:{port}/graphql")
    if key:
        click.echo(f"  API key    {key}   (kept in {data / 'dev-key'})\n")
