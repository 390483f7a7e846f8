"""`roomkey apps`."""

import click

from cli.database import with_database
from cli.options import RATE_HELP, RATE_TYPE, scope_option, store_option, validate_name
from cli.stores import find_store
from db.api_keys import create_api_key, generate_api_key, hash_api_key
from db.apps import AppSettings, ClientIdTaken, create_app, search_apps, set_app
from db.columns import Change
from db.pool import Pool
from db.statements import Row
from db.stores import find_store_of
from schema.apps import RATE, DocumentMode

MODE_TYPE = click.Choice([mode.value for mode in DocumentMode])

client_id_option = click.option(
    "--client-id", callback=validate_name, help="Client ID of the app at the identity provider."
)


@click.group()
def apps() -> None:
    """Manage apps, the clients of a store."""


@apps.command()
@store_option
@click.option("--name", required=True, callback=validate_name, help="The name, such as 'storefront'.")
@scope_option("Scope to grant. Can be repeated.", required=True)
@click.option("--mode", type=MODE_TYPE, default=DocumentMode.LOG.value, help="Documents that the app can send.")
@click.option("--rate", type=RATE_TYPE, default=RATE, help=RATE_HELP)
@client_id_option
@with_database
async def create(
    db: Pool, slug: str, name: str, scopes: list[str], mode: str, rate: int, client_id: str | None
) -> None:
    """Create an app with an API key, and print the app's ID and the key on two lines.

    The key is not shown again, because the database contains only its hash.
    """
    store = await find_store(db, slug)
    app, key = await create_app_with_key(db, store.id, AppSettings(name, scopes, rate, mode, client_id))
    click.echo(f"{app.id}\n{key}")


@apps.command("list")
@store_option
@with_database
async def list_(db: Pool, slug: str) -> None:
    """List the apps of a store.

    Each line has the ID, name, scopes, mode, rate limit, client ID, creation date and state.
    """
    for app in await search_apps(db, (await find_store(db, slug)).id):
        _print_app(app)


@apps.command()
@click.argument("id")
@click.option("--name", callback=validate_name, help="The new name.")
@scope_option("Scope to grant, instead of the current scopes. Can be repeated.")
@click.option("--mode", type=MODE_TYPE, help="Documents that the app can send.")
@click.option("--rate", type=RATE_TYPE, help=RATE_HELP)
@client_id_option
@with_database
async def update(
    db: Pool, id: str, name: str | None, scopes: list[str], mode: str | None, rate: int | None, client_id: str | None
) -> None:
    """Update the given settings of an app. `roomkey apps list` shows its ID."""
    store_id = await find_store_id_of_app(db, id)
    change = Change(client_id) if client_id else None
    try:
        app = await set_app(
            db, store_id, id, name=name, scopes=scopes or None, document_mode=mode, rate=rate, client_id=change
        )
    except ClientIdTaken:
        raise _client_id_taken(client_id) from None
    assert app is not None
    _print_app(app)


@apps.command()
@click.argument("id")
@with_database
async def disable(db: Pool, id: str) -> None:
    """Disable an app and all its API keys. `roomkey apps list` shows its ID."""
    await set_app(db, await find_store_id_of_app(db, id), id, disabled=True)
    click.echo(f"{id} is disabled.")


@apps.command()
@click.argument("id")
@with_database
async def enable(db: Pool, id: str) -> None:
    """Enable a disabled app."""
    await set_app(db, await find_store_id_of_app(db, id), id, disabled=False)
    click.echo(f"{id} is enabled.")


async def create_app_with_key(db: Pool, store_id: str, new: AppSettings) -> tuple[Row, str]:
    """Create an app and an API key with the same name. Raises UsageError if the client ID is taken."""
    key = generate_api_key()
    try:
        async with db.transaction() as transaction:
            app = await create_app(transaction, store_id, new)
            await create_api_key(transaction, store_id, app.id, app.name, hash_api_key(key))
    except ClientIdTaken:
        raise _client_id_taken(new.client_id) from None
    return app, key


async def find_store_id_of_app(db: Pool, id: str) -> str:
    """The ID of the store that an app belongs to. Raises UsageError if there is no such app."""
    store_id = await find_store_of(db, "app", id)
    if store_id is None:
        raise click.UsageError(f"There is no app {id!r}: see `roomkey apps list`.")
    return store_id


def _print_app(app: Row) -> None:
    state = f"disabled {app.disabled_at:%Y-%m-%d}" if app.disabled_at else "active"
    granted = f"{','.join(app.scopes)}  {app.document_mode}  {app.rate}/s  {app.client_id or '-'}"
    click.echo(f"{app.id}  {app.name}  {granted}  {app.created_at:%Y-%m-%d}  {state}")


def _client_id_taken(client_id: str | None) -> click.UsageError:
    return click.UsageError(f"Another app of the store has the client ID {client_id!r}: choose another.")
