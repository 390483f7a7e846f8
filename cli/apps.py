"""`roomkey apps`."""

from pathlib import Path

import click

from cli.database import data_option, run_with_database
from cli.options import validate_name
from cli.stores import find_store, store_option
from db import apps as db_apps
from db.api_keys import create_api_key, generate_api_key, hash_api_key
from db.apps import ClientIdTaken, find_store_of_app, search_apps, set_app
from db.changes import Change
from db.pool import Pool, Row
from schema.apps import RATE, DocumentMode
from schema.scopes import Scope

SCOPE_TYPE = click.Choice([scope.value for scope in Scope])
MODE_TYPE = click.Choice([mode.value for mode in DocumentMode])
RATE_TYPE = click.IntRange(1, 1_000_000)


@click.group()
def apps() -> None:
    """Manage apps, the clients of a store."""


@apps.command()
@store_option
@click.option("--name", required=True, callback=validate_name, help="The name, such as 'storefront'.")
@click.option(
    "--scope", "scopes", multiple=True, required=True, type=SCOPE_TYPE, help="Scope to grant. Can be repeated."
)
@click.option(
    "--mode",
    type=MODE_TYPE,
    default=DocumentMode.LOG.value,
    show_default=True,
    help="Documents that the app may send.",
)
@click.option("--rate", type=RATE_TYPE, default=RATE, show_default=True, help="Rate limit, in cost points per second.")
@click.option("--client-id", callback=validate_name, help="Client ID of the app at the identity provider.")
@data_option
def create(
    slug: str, name: str, scopes: tuple[str, ...], mode: str, rate: int, client_id: str | None, data: Path
) -> None:
    """Create an app with an API key, and print the app's ID and the key on two lines.

    The key is not shown again, because the database contains only its hash.
    """
    key = generate_api_key()

    async def create(db: Pool) -> Row:
        store = await find_store(db, slug)
        async with db.transaction() as transaction:
            app = await db_apps.create_app(transaction, store.id, name, unique_scopes(scopes), rate, mode, client_id)
            await create_api_key(transaction, store.id, app.id, name, hash_api_key(key))
        return app

    try:
        app = run_with_database(create, data)
    except ClientIdTaken:
        raise client_id_taken(client_id) from None
    click.echo(f"{app.id}\n{key}")


@apps.command("list")
@store_option
@data_option
def list_(slug: str, data: Path) -> None:
    """List the apps of a store.

    Each line has the ID, name, scopes, mode, rate limit, client ID, creation date and state.
    """

    async def search(db: Pool) -> list[Row]:
        return await search_apps(db, (await find_store(db, slug)).id)

    for app in run_with_database(search, data):
        click.echo(_format_app(app))


@apps.command()
@click.argument("id")
@click.option("--name", callback=validate_name, help="The new name.")
@click.option(
    "--scope",
    "scopes",
    multiple=True,
    type=SCOPE_TYPE,
    help="Scope to grant, instead of the current scopes. Can be repeated.",
)
@click.option("--mode", type=MODE_TYPE, help="Documents that the app may send.")
@click.option("--rate", type=RATE_TYPE, help="Rate limit, in cost points per second.")
@click.option("--client-id", callback=validate_name, help="Client ID of the app at the identity provider.")
@data_option
def update(
    id: str,
    name: str | None,
    scopes: tuple[str, ...],
    mode: str | None,
    rate: int | None,
    client_id: str | None,
    data: Path,
) -> None:
    """Update the given settings of an app. `roomkey apps list` shows its ID."""

    async def update(db: Pool) -> Row | None:
        return await set_app(
            db,
            await find_store_id_of_app(db, id),
            id,
            name=name,
            scopes=unique_scopes(scopes) or None,
            document_mode=mode,
            rate=rate,
            client_id=Change(client_id) if client_id else None,
        )

    try:
        app = run_with_database(update, data)
    except ClientIdTaken:
        raise client_id_taken(client_id) from None
    assert app is not None
    click.echo(_format_app(app))


@apps.command()
@click.argument("id")
@data_option
def disable(id: str, data: Path) -> None:
    """Disable an app and all its API keys. `roomkey apps list` shows its ID."""
    _set_disabled(id, True, data)


@apps.command()
@click.argument("id")
@data_option
def enable(id: str, data: Path) -> None:
    """Enable a disabled app."""
    _set_disabled(id, False, data)


async def find_store_id_of_app(db: Pool, id: str) -> str:
    """The ID of the store that an app belongs to. Raises UsageError if there is no such app."""
    store_id = await find_store_of_app(db, id)
    if store_id is None:
        raise click.UsageError(f"There is no app {id!r}: see `roomkey apps list`.")
    return store_id


def _set_disabled(id: str, disabled: bool, data: Path) -> None:
    async def set(db: Pool) -> None:
        await set_app(db, await find_store_id_of_app(db, id), id, disabled=disabled)

    run_with_database(set, data)
    click.echo(f"{id} is {'disabled' if disabled else 'enabled'}.")


def unique_scopes(scopes: tuple[str, ...]) -> list[str]:
    """The scopes without duplicates, in the order of the enum."""
    return [scope.value for scope in Scope if scope.value in scopes]


def _format_app(app: Row) -> str:
    state = f"disabled {app.disabled_at:%Y-%m-%d}" if app.disabled_at else "active"
    scopes = ",".join(app.scopes)
    created = f"{app.created_at:%Y-%m-%d}"
    return "  ".join(
        [app.id, app.name, scopes, app.document_mode, f"{app.rate}/s", app.client_id or "-", created, state]
    )


def client_id_taken(client_id: str | None) -> click.UsageError:
    return click.UsageError(f"Another app of the store has the client ID {client_id!r}: choose another.")
