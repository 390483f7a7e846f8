"""`roomkey keys`."""

from datetime import UTC, datetime
from pathlib import Path

import click

from cli.apps import find_store_id_of_app
from cli.database import data_option, run_with_database, with_database
from cli.options import app_option, validate_name
from cli.stores import find_store
from db import api_keys
from db.api_keys import API_KEY_PREFIX, generate_api_key, hash_api_key
from db.credentials import get_credential
from db.pool import Pool
from db.statements import Row
from db.stores import find_store_of


@click.group()
def keys() -> None:
    """Manage API keys."""


@keys.command()
@app_option
@click.option("--name", required=True, callback=validate_name, help="The name of the key, such as 'laptop'.")
@click.option(
    "--expires",
    "expires_at",
    type=click.DateTime(["%Y-%m-%d", "%Y-%m-%dT%H:%M:%S%z"]),
    help="The day (at 00:00 UTC) or the time from which the key is refused.  [default: never]",
)
@with_database
async def create(db: Pool, app_id: str, name: str, expires_at: datetime | None) -> None:
    """Create an API key, and print its ID and the key on two lines.

    The key is not shown again, because the database contains only its hash.
    """
    store_id, key = await find_store_id_of_app(db, app_id), generate_api_key()
    if expires_at is not None and expires_at.tzinfo is None:
        expires_at = expires_at.replace(tzinfo=UTC)
    row = await api_keys.create_api_key(db, store_id, app_id, name, hash_api_key(key), expires_at=expires_at)
    if row is None:
        raise click.UsageError(f"--expires must be in the future, got {expires_at}.")
    click.echo(f"{row.id}\n{key}")


@keys.command("list")
@click.option("--store", "slug", help="The slug of the store whose API keys are listed.")
@click.option("--app", "app_id", help="The ID of the app whose API keys are listed.")
@data_option
def list_(slug: str | None, app_id: str | None, data: Path) -> None:
    """List the API keys of a store or of an app.

    Each line has the ID, name, app, creation date, date of the last use, expiration date and state. Secrets are not
    stored.
    """
    if (slug is None) == (app_id is None):
        raise click.UsageError("Give either --store or --app, and not both.")

    async def search(db: Pool) -> list[Row]:
        if app_id is None:
            return await api_keys.search_api_keys(db, (await find_store(db, slug or "")).id)
        store_id = await find_store_id_of_app(db, app_id)
        return (await api_keys.get_api_keys_by_app(db, store_id, [app_id]))[app_id]

    for key in run_with_database(search, data):
        dates = "  ".join(
            f"{date:%Y-%m-%d}" if date else "-" for date in (key.created_at, key.last_used_at, key.expires_at)
        )
        click.echo(f"{key.id}  {key.name}  {key.app_id}  {dates}  {_state(key)}")


def _state(key: Row) -> str:
    if key.revoked_at:
        return f"revoked {key.revoked_at:%Y-%m-%d}"
    return "expired" if key.is_expired else "active"


@keys.command()
@click.argument("key")
@with_database
async def revoke(db: Pool, key: str) -> None:
    """Revoke an API key permanently.

    KEY is its ID, which `roomkey keys list` shows, or the secret itself if it has leaked.
    """
    if key.startswith(API_KEY_PREFIX):
        credential = await get_credential(db, hash_api_key(key))
        store_id, id = (credential.store_id, credential.api_key_id or "") if credential else (None, "")
        problem = "This API key is unknown or already revoked, or its app is disabled"
    else:
        store_id, id = await find_store_of(db, "api_key", key), key
        problem = f"There is no API key {key!r}"
    revoked = await api_keys.set_api_key_revoked(db, store_id, id) if store_id else None
    if revoked is None:
        raise click.UsageError(f"{problem}: see `roomkey keys list`.")
    click.echo(f"{revoked.id} is revoked.")
