"""`roomkey console`, and publishing the documents of the console."""

from pathlib import Path

import click
import orjson

from api.documents.publishing import publish_for_consoles
from api.web import BUILT
from cli.apps import RATE_TYPE, SCOPE_TYPE, client_id_taken, unique_scopes
from cli.database import data_option, run_with_database
from cli.options import validate_name
from cli.stores import find_store, store_option
from db.api_keys import create_api_key, generate_api_key, hash_api_key
from db.apps import ClientIdTaken, create_app, set_console
from db.pool import Pool, Row
from schema import GRAPHQL_SCHEMA
from schema.apps import DocumentMode
from schema.errors import UserErrors
from schema.scopes import Scope

MANIFEST = BUILT / "documents.json"

# The scopes that all features of the console need.
STAFF_SCOPES = (Scope.SESSIONS_READ.value, Scope.SESSIONS_WRITE.value, Scope.SETTINGS_WRITE.value)
# In points per second, shared by all of the staff.
RATE = 10_000


@click.command()
@store_option
@click.option("--name", default="console", show_default=True, callback=validate_name, help="The name of the app.")
@click.option(
    "--scope",
    "scopes",
    multiple=True,
    default=STAFF_SCOPES,
    show_default=True,
    type=SCOPE_TYPE,
    help="Scope to grant. Can be repeated. The console hides what the scopes do not allow.",
)
@click.option("--rate", type=RATE_TYPE, default=RATE, show_default=True, help="Rate limit, in cost points per second.")
@click.option(
    "--client-id", callback=validate_name, help="Client ID of the app at the identity provider where staff sign in."
)
@data_option
def console(slug: str, name: str, scopes: tuple[str, ...], rate: int, client_id: str | None, data: Path) -> None:
    """Create a console app for the staff of a store.

    The app may only send the documents of the console. Prints the app's ID and an API key on two lines.
    """

    async def create(db: Pool) -> tuple[Row, str]:
        store = await find_store(db, slug)
        return await create_console_app(db, store.id, name, unique_scopes(scopes), rate, client_id)

    try:
        app, key = run_with_database(create, data)
    except ClientIdTaken:
        raise client_id_taken(client_id) from None
    click.echo(f"{app.id}\n{key}")
    if not MANIFEST.exists():
        click.echo("The console is not built: install Node 20.19 or newer, then run `make web`.", err=True)


async def create_console_app(
    db: Pool, store_id: str, name: str, scopes: list[str], rate: int, client_id: str | None = None
) -> tuple[Row, str]:
    """Create an app for the staff of a store, with an API key, and publish the documents of the console."""
    key = generate_api_key()
    async with db.transaction() as transaction:
        app = await create_app(transaction, store_id, name, scopes, rate, DocumentMode.ID_ONLY.value, client_id)
        await create_api_key(transaction, store_id, app.id, name, hash_api_key(key))
        await set_console(transaction, store_id, app.id)
    await publish_console(db)
    return app, key


async def publish_console(db: Pool) -> None:
    """Publish the documents of the built console for all stores. Documents of other versions stay published."""
    if not MANIFEST.exists():
        return
    try:
        await publish_for_consoles(db, GRAPHQL_SCHEMA, orjson.loads(MANIFEST.read_bytes()))
    except UserErrors:
        click.echo("The built console does not match this version of the server: run `make web`.", err=True)
