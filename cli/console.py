"""`roomkey console`, and publishing the documents of the console."""

import click
import orjson

from api.documents.publishing import publish_for_consoles
from api.web import BUILT
from cli.apps import create_app_with_key
from cli.database import with_database
from cli.options import RATE_HELP, RATE_TYPE, scope_option, store_option, validate_name
from cli.stores import find_store
from db.apps import AppSettings
from db.pool import Pool
from db.statements import Row
from schema.apps import DocumentMode
from schema.errors import UserErrors
from schema.scopes import Scope

MANIFEST = BUILT / "documents.json"

# The scopes that all features of the console need.
STAFF_SCOPES = [Scope.SESSIONS_READ.value, Scope.SESSIONS_WRITE.value, Scope.SETTINGS_WRITE.value]
# In points per second, shared by all of the staff.
RATE = 10_000
CLIENT_ID_HELP = "Client ID of the app at the identity provider where staff sign in."


@click.command()
@store_option
@click.option("--name", default="console", callback=validate_name, help="The name of the app.")
@scope_option("Scope to grant. Can be repeated. The console hides what the scopes do not allow.", default=STAFF_SCOPES)
@click.option("--rate", type=RATE_TYPE, default=RATE, help=RATE_HELP)
@click.option("--client-id", callback=validate_name, help=CLIENT_ID_HELP)
@with_database
async def console(db: Pool, slug: str, name: str, scopes: list[str], rate: int, client_id: str | None) -> None:
    """Create a console app for the staff of a store.

    The app may only send the documents of the console. Prints the app's ID and an API key on two lines.
    """
    app, key = await create_console_app(db, (await find_store(db, slug)).id, name, scopes, rate, client_id)
    click.echo(f"{app.id}\n{key}")
    if not MANIFEST.exists():
        click.echo("The console is not built: install Node 20.19 or newer, then run `make web`.", err=True)


async def create_console_app(
    db: Pool, store_id: str, name: str, scopes: list[str], rate: int, client_id: str | None = None
) -> tuple[Row, str]:
    """Create an app for the staff of a store, with an API key, and publish the documents of the console."""
    new = AppSettings(name, scopes, rate, DocumentMode.ID_ONLY.value, client_id, console=True)
    created = await create_app_with_key(db, store_id, new)
    await publish_console(db)
    return created


async def publish_console(db: Pool) -> None:
    """Publish the documents of the built console for all stores. Documents of other versions stay published."""
    if not MANIFEST.exists():
        return
    try:
        await publish_for_consoles(db, orjson.loads(MANIFEST.read_bytes()))
    except UserErrors:
        click.echo("The built console does not match this version of the server: run `make web`.", err=True)
