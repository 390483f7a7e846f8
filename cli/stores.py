"""`roomkey stores`."""

from pathlib import Path

import click

from cli.database import data_option, run_with_database, with_database
from db.pool import Pool, Row
from db.stores import SLUG, create_store, get_store_by_slug, search_stores
from schema.errors import BadUserInput
from schema.scalars import parse_url


@click.group()
def stores() -> None:
    """Manage stores."""


@stores.command()
@click.argument("slug")
@click.option("--name", required=True, help="The name that customers see.")
@click.option("--storefront-url", required=True, help="The URL to which customers who open a link are redirected.")
@click.option(
    "--session-expiration",
    type=click.IntRange(0, 1440),
    default=0,
    help="Minutes until a token expires. 0 means never.",
)
@data_option
def create(slug: str, name: str, storefront_url: str, session_expiration: int, data: Path) -> None:
    """Create a store.

    SLUG identifies the store in links. It consists of lowercase letters, digits and hyphens.
    """
    if not SLUG.fullmatch(slug):
        raise click.BadParameter(
            f"must be 1 to 63 lowercase letters, digits and hyphens, got {slug!r}", param_hint="SLUG"
        )
    try:
        url = parse_url(storefront_url)
    except BadUserInput as error:
        raise click.BadParameter(str(error), param_hint="--storefront-url") from None
    store = run_with_database(lambda db: create_store(db, slug, name, url, session_expiration), data)
    if store is None:
        raise click.UsageError(f"A store with the slug {slug!r} already exists.")
    click.echo(f"{store.id}  {store.slug}")


@stores.command("list")
@with_database
async def list_(db: Pool) -> None:
    """List the stores: ID, slug and name."""
    for store in await search_stores(db):
        click.echo(f"{store.id}  {store.slug}  {store.name}")


async def find_store(db: Pool, slug: str) -> Row:
    """The store with this slug. Raises UsageError if there is no such store."""
    store = await get_store_by_slug(db, slug)
    if store is None:
        raise click.UsageError(f"There is no store {slug!r}: see `roomkey stores list`.")
    return store
