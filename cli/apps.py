"""`roomkey apps`."""

from pathlib import Path

import click

from cli.database import data_option, run
from cli.names import line
from cli.stores import store_of, store_option
from db import apps as db_apps
from db.api_keys import create_api_key, generate_api_key, hash_api_key
from db.apps import ClientIdTaken, find_store_of_app, search_apps, set_app
from db.changes import Change
from db.pool import Pool, Row
from schema.apps import RATE, DocumentMode
from schema.scopes import Scope

SCOPES = click.Choice([scope.value for scope in Scope])
MODES = click.Choice([mode.value for mode in DocumentMode])
RATES = click.IntRange(1, 1_000_000)


@click.group()
def apps() -> None:
    """The clients of a shop, with what each may do."""


@apps.command()
@store_option
@click.option("--name", required=True, callback=line, help="What it is called, as in 'storefront'.")
@click.option("--scope", "scopes", multiple=True, required=True, type=SCOPES, help="What it may do; several times.")
@click.option(
    "--mode", type=MODES, default=DocumentMode.LOG.value, show_default=True, help="Which documents it may send."
)
@click.option("--rate", type=RATES, default=RATE, show_default=True, help="How much cost it may spend a second.")
@click.option("--client-id", callback=line, help="What the identity provider calls it.")
@data_option
def create(
    slug: str, name: str, scopes: tuple[str, ...], mode: str, rate: int, client_id: str | None, data: Path
) -> None:
    """Add an app, and print its ID and its first key.

    Each is on a line of its own. The key is not shown again: the database holds its hash only.
    """
    key = generate_api_key()

    async def create(db: Pool) -> Row:
        store = await store_of(db, slug)
        async with db.transaction() as transaction:
            app = await db_apps.create_app(transaction, store.id, name, once(scopes), rate, mode, client_id)
            await create_api_key(transaction, store.id, app.id, name, hash_api_key(key))
        return app

    try:
        app = run(create, data)
    except ClientIdTaken:
        raise taken(client_id) from None
    click.echo(f"{app.id}\n{key}")


@apps.command("list")
@store_option
@data_option
def list_(slug: str, data: Path) -> None:
    """Show the apps.

    Of each: ID, name, scopes, mode, rate, client ID, when it was created, state.
    """

    async def search(db: Pool) -> list[Row]:
        return await search_apps(db, (await store_of(db, slug)).id)

    for app in run(search, data):
        click.echo(_line(app))


@apps.command()
@click.argument("id")
@click.option("--name", callback=line, help="What it is called.")
@click.option("--scope", "scopes", multiple=True, type=SCOPES, help="All that it may do from now on; several times.")
@click.option("--mode", type=MODES, help="Which documents it may send.")
@click.option("--rate", type=RATES, help="How much cost it may spend a second.")
@click.option("--client-id", callback=line, help="What the identity provider calls it.")
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
    """Change what is given of an app. ID is what `roomkey apps list` shows."""

    async def update(db: Pool) -> Row | None:
        return await set_app(
            db,
            await store_of_app(db, id),
            id,
            name=name,
            scopes=once(scopes) or None,
            document_mode=mode,
            rate=rate,
            client_id=Change(client_id) if client_id else None,
        )

    try:
        app = run(update, data)
    except ClientIdTaken:
        raise taken(client_id) from None
    assert app is not None
    click.echo(_line(app))


@apps.command()
@click.argument("id")
@data_option
def disable(id: str, data: Path) -> None:
    """Turn an app off, with all its keys, until it is enabled. ID is what `roomkey apps list` shows."""
    _set_disabled(id, True, data)


@apps.command()
@click.argument("id")
@data_option
def enable(id: str, data: Path) -> None:
    """Turn a disabled app on again."""
    _set_disabled(id, False, data)


async def store_of_app(db: Pool, id: str) -> str:
    """The ID of the store that the app is of; a usage error where there is no such app."""
    store_id = await find_store_of_app(db, id)
    if store_id is None:
        raise click.UsageError(f"There is no app {id!r}: see `roomkey apps list`.")
    return store_id


def _set_disabled(id: str, disabled: bool, data: Path) -> None:
    async def set(db: Pool) -> None:
        await set_app(db, await store_of_app(db, id), id, disabled=disabled)

    run(set, data)
    click.echo(f"{id} is {'disabled' if disabled else 'enabled'}.")


def once(scopes: tuple[str, ...]) -> list[str]:
    return [scope.value for scope in Scope if scope.value in scopes]


def _line(app: Row) -> str:
    state = f"disabled {app.disabled_at:%Y-%m-%d}" if app.disabled_at else "active"
    scopes = ",".join(app.scopes)
    created = f"{app.created_at:%Y-%m-%d}"
    return "  ".join(
        [app.id, app.name, scopes, app.document_mode, f"{app.rate}/s", app.client_id or "-", created, state]
    )


def taken(client_id: str | None) -> click.UsageError:
    return click.UsageError(f"Another app of the store has the client ID {client_id!r}.")
