"""`roomkey console`, and publishing what the console asks."""

from pathlib import Path

import click
import orjson

from api.documents.manifests import ManifestRefused
from api.documents.publishing import publish_for_consoles
from api.web import BUILT
from cli.apps import RATES, SCOPES, once, taken
from cli.database import data_option, run
from cli.names import line
from cli.stores import store_of, store_option
from db.api_keys import create_api_key, generate_api_key, hash_api_key
from db.apps import ClientIdTaken, create_app, set_console
from db.pool import Pool, Row
from schema import GRAPHQL_SCHEMA
from schema.apps import DocumentMode
from schema.scopes import Scope

MANIFEST = BUILT / "documents.json"

# All that the console offers.
STAFF = (Scope.SESSIONS_READ.value, Scope.SESSIONS_WRITE.value, Scope.SETTINGS_WRITE.value)
# Many people share it.
RATE = 10_000


@click.command()
@store_option
@click.option("--name", default="console", show_default=True, callback=line, help="What the app is called.")
@click.option(
    "--scope",
    "scopes",
    multiple=True,
    default=STAFF,
    show_default=True,
    type=SCOPES,
    help="What it may do; several times. What is not allowed is not offered.",
)
@click.option("--rate", type=RATES, default=RATE, show_default=True, help="How much cost it may spend a second.")
@click.option("--client-id", callback=line, help="What the identity provider calls it, for staff who sign in there.")
@data_option
def console(slug: str, name: str, scopes: tuple[str, ...], rate: int, client_id: str | None, data: Path) -> None:
    """Let a store's staff into the console.

    Adds an app that may send the console's documents and nothing else, and prints its ID and its first key, each on a
    line of its own.
    """

    async def open_(db: Pool) -> tuple[Row, str]:
        store = await store_of(db, slug)
        return await open_console(db, store.id, name, once(scopes), rate, client_id)

    try:
        app, key = run(open_, data)
    except ClientIdTaken:
        raise taken(client_id) from None
    click.echo(f"{app.id}\n{key}")
    if not MANIFEST.exists():
        click.echo("The console is not built: install Node 20.19 or newer, and run `make web`.", err=True)


async def open_console(
    db: Pool, store_id: str, name: str, scopes: list[str], rate: int, client_id: str | None = None
) -> tuple[Row, str]:
    """An app for a store's staff, and its first key."""
    key = generate_api_key()
    async with db.transaction() as transaction:
        app = await create_app(transaction, store_id, name, scopes, rate, DocumentMode.ID_ONLY.value, client_id)
        await create_api_key(transaction, store_id, app.id, name, hash_api_key(key))
        await set_console(transaction, store_id, app.id)
    await publish_console(db)
    return app, key


async def publish_console(db: Pool) -> None:
    """Publish the documents of the console that is built here for all stores; those of other versions stay."""
    if not MANIFEST.exists():
        return
    try:
        await publish_for_consoles(db, GRAPHQL_SCHEMA, orjson.loads(MANIFEST.read_bytes()))
    except ManifestRefused:
        click.echo("The console that is built is of another version: run `make web`.", err=True)
