"""`roomkey keys`."""

from pathlib import Path

import click

from cli.apps import find_store_id_of_app
from cli.database import data_option, run_with_database
from cli.options import validate_name
from cli.stores import find_store
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
    """Manage API keys."""


@keys.command()
@click.option("--app", "app_id", required=True, help="The ID of the app. See `roomkey apps list`.")
@click.option("--name", required=True, callback=validate_name, help="The name of the key, such as 'laptop'.")
@data_option
def create(app_id: str, name: str, data: Path) -> None:
    """Create an API key and print it.

    The key is not shown again, because the database contains only its hash.
    """
    key = generate_api_key()

    async def create(db: Pool) -> None:
        await create_api_key(db, await find_store_id_of_app(db, app_id), app_id, name, hash_api_key(key))

    run_with_database(create, data)
    click.echo(key)


@keys.command("list")
@click.option("--store", "slug", help="The slug of the store whose API keys are listed.")
@click.option("--app", "app_id", help="The ID of the app whose API keys are listed.")
@data_option
def list_(slug: str | None, app_id: str | None, data: Path) -> None:
    """List the API keys of a store or of an app.

    Each line has the ID, name, app, creation date and state. Secrets are not stored.
    """

    async def search(db: Pool) -> list[Row]:
        if slug:
            return await search_api_keys(db, (await find_store(db, slug)).id)
        assert app_id is not None
        return (await get_api_keys_by_app(db, await find_store_id_of_app(db, app_id), [app_id]))[app_id]

    if (slug is None) == (app_id is None):
        raise click.UsageError("Give either --store or --app, and not both.")
    for key in run_with_database(search, data):
        state = f"revoked {key.revoked_at:%Y-%m-%d}" if key.revoked_at else "active"
        click.echo(f"{key.id}  {key.name}  {key.app_id}  {key.created_at:%Y-%m-%d}  {state}")


@keys.command()
@click.argument("key")
@data_option
def revoke(key: str, data: Path) -> None:
    """Revoke an API key permanently.

    KEY is its ID, which `roomkey keys list` shows, or the secret itself if it has leaked.
    """
    is_secret = key.startswith(API_KEY_PREFIX)

    async def revoke(db: Pool) -> Row | None:
        if is_secret:
            credential = await get_credential(db, hash_api_key(key))
            return (
                await set_api_key_revoked(db, credential.store_id, credential.api_key_id or "") if credential else None
            )
        store_id = await find_store_of_api_key(db, key)
        return await set_api_key_revoked(db, store_id, key) if store_id else None

    revoked = run_with_database(revoke, data)
    if revoked is None:
        problem = (
            "This API key is unknown or already revoked, or its app is disabled"
            if is_secret
            else f"There is no API key {key!r}"
        )
        raise click.UsageError(f"{problem}: see `roomkey keys list`.")
    click.echo(f"{revoked.id} is revoked.")
