"""`roomkey keys`."""

from pathlib import Path

import click

from cli.apps import store_of_app
from cli.database import data_option, run
from cli.names import line
from cli.stores import store_of
from db.api_keys import (
    API_KEY_PREFIX,
    create_api_key,
    find_store_of_api_key,
    generate_api_key,
    get_api_keys_by_app,
    hash_api_key,
    search_api_keys,
    set_api_key_revoked,
)
from db.credentials import get_credential
from db.pool import Pool, Row


@click.group()
def keys() -> None:
    """The API keys of apps."""


@keys.command()
@click.option("--app", "app_id", required=True, help="The app's ID, which `roomkey apps list` shows.")
@click.option("--name", required=True, callback=line, help="What it is called, as in 'laptop'.")
@data_option
def create(app_id: str, name: str, data: Path) -> None:
    """Make a key and print it. It is not shown again: the database holds its hash only."""
    key = generate_api_key()

    async def create(db: Pool) -> None:
        await create_api_key(db, await store_of_app(db, app_id), app_id, name, hash_api_key(key))

    run(create, data)
    click.echo(key)


@keys.command("list")
@click.option("--store", "slug", help="The slug of the shop of which to show all keys.")
@click.option("--app", "app_id", help="The ID of the app of which to show the keys.")
@data_option
def list_(slug: str | None, app_id: str | None, data: Path) -> None:
    """Show the keys of a shop or an app.

    Of each: ID, name, app, when it was made, state. The secrets are kept nowhere.
    """

    async def search(db: Pool) -> list[Row]:
        if slug:
            return await search_api_keys(db, (await store_of(db, slug)).id)
        assert app_id is not None
        return (await get_api_keys_by_app(db, await store_of_app(db, app_id), [app_id]))[app_id]

    if (slug is None) == (app_id is None):
        raise click.UsageError("Give either --store or --app.")
    for key in run(search, data):
        state = f"revoked {key.revoked_at:%Y-%m-%d}" if key.revoked_at else "active"
        click.echo(f"{key.id}  {key.name}  {key.app_id}  {key.created_at:%Y-%m-%d}  {state}")


@keys.command()
@click.argument("key")
@data_option
def revoke(key: str, data: Path) -> None:
    """Turn a key off for ever. KEY is its ID, which `roomkey keys list` shows, or the leaked key itself."""
    is_secret = key.startswith(API_KEY_PREFIX)

    async def revoke(db: Pool) -> Row | None:
        if is_secret:
            credential = await get_credential(db, hash_api_key(key))
            return await set_api_key_revoked(db, credential.store_id, credential.key_id or "") if credential else None
        store_id = await find_store_of_api_key(db, key)
        return await set_api_key_revoked(db, store_id, key) if store_id else None

    revoked = run(revoke, data)
    if revoked is None:
        complaint = (
            "That key is unknown, revoked already, or of a disabled app" if is_secret else f"There is no key {key!r}"
        )
        raise click.UsageError(f"{complaint}: see `roomkey keys list`.")
    click.echo(f"{revoked.id} is revoked.")
