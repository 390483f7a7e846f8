"""`roomkey stores`."""

from pathlib import Path

import click

from cli.database import data_option, run
from db.pool import Pool, Row
from db.stores import SLUG, create_store, get_store_by_slug, search_stores
from schema.errors import BadUserInput
from schema.scalars import parse_url

store_option = click.option("--store", "slug", required=True, help="The shop's slug.")


@click.group()
def stores() -> None:
    """The shops that have their sessions here."""


@stores.command()
@click.argument("slug")
@click.option("--name", required=True, help="Its name, as customers see it.")
@click.option("--storefront-url", required=True, help="Where a customer who opens a link is sent.")
@click.option(
    "--session-expiration",
    type=click.IntRange(0, 1440),
    default=0,
    show_default=True,
    help="Minutes until a token expires; 0: never.",
)
@data_option
def create(slug: str, name: str, storefront_url: str, session_expiration: int, data: Path) -> None:
    """Add a shop. SLUG is its name in links: small letters, digits and hyphens."""
    if not SLUG.fullmatch(slug):
        raise click.BadParameter("must be 1 to 63 small letters, digits and hyphens", param_hint="SLUG")
    try:
        url = parse_url(storefront_url)
    except BadUserInput as error:
        raise click.BadParameter(str(error), param_hint="--storefront-url") from None
    store = run(lambda db: create_store(db, slug, name, url, session_expiration), data)
    if store is None:
        raise click.UsageError(f"There is a store {slug!r} already.")
    click.echo(f"{store.id}  {store.slug}")


@stores.command("list")
@data_option
def list_(data: Path) -> None:
    """Show the shops."""
    for store in run(search_stores, data):
        click.echo(f"{store.id}  {store.slug}  {store.name}")


async def store_of(db: Pool, slug: str) -> Row:
    """The store of that slug; a usage error where there is none."""
    store = await get_store_by_slug(db, slug)
    if store is None:
        raise click.UsageError(f"There is no store {slug!r}: see `roomkey stores list`.")
    return store
