"""`roomkey stores`."""

from pathlib import Path
from urllib.parse import urlsplit

import click

from cli.database import data_option, run_with_database, with_database
from cli.options import validate_name
from db.pool import Pool
from db.statements import Row
from db.stores import SLUG, create_store, get_store_by_slug, get_store_locked, search_stores, set_store
from schema.errors import BadUserInput
from schema.scalars import parse_url
from schema.stores import checked_storefront_host, checked_storefront_url


def _validate_hosts(context: click.Context, parameter: click.Parameter, hosts: tuple[str, ...]) -> list[str]:
    try:
        return sorted({checked_storefront_host(host) for host in hosts})
    except BadUserInput as error:
        raise click.BadParameter(str(error)) from None


hosts_option = click.option(
    "--storefront-host",
    "hosts",
    multiple=True,
    callback=_validate_hosts,
    help="Host to which admins may move the storefront. Can be repeated.",
)


@click.group()
def stores() -> None:
    """Manage stores."""


@stores.command()
@click.argument("slug")
@click.option("--name", required=True, help="The name that customers see.")
@click.option("--storefront-url", required=True, help="The URL to which customers who open a link are redirected.")
@hosts_option
@click.option(
    "--session-expiration",
    type=click.IntRange(0, 1440),
    default=0,
    help="Minutes until a token expires. 0 means never.",
)
@data_option
def create(slug: str, name: str, storefront_url: str, hosts: list[str], session_expiration: int, data: Path) -> None:
    """Create a store.

    SLUG identifies the store in links. It consists of lowercase letters, digits and hyphens. The host of the
    storefront URL is always one of the storefront hosts.
    """
    if not SLUG.fullmatch(slug):
        raise click.BadParameter(
            f"must be 1 to 63 lowercase letters, digits and hyphens, got {slug!r}", param_hint="SLUG"
        )
    try:
        url = checked_storefront_url(storefront_url, [*hosts, urlsplit(parse_url(storefront_url)).hostname or ""])
    except BadUserInput as error:
        raise click.BadParameter(str(error), param_hint="--storefront-url") from None
    store = run_with_database(lambda db: create_store(db, slug, name, url, session_expiration, hosts), data)
    if store is None:
        raise click.UsageError(f"A store with the slug {slug!r} already exists.")
    click.echo(f"{store.id}  {store.slug}")


@stores.command()
@click.argument("slug")
@click.option("--name", callback=validate_name, help="The name that customers see.")
@click.option("--storefront-url", help="The URL to which customers who open a link are redirected.")
@hosts_option
@with_database
async def update(db: Pool, slug: str, name: str | None, storefront_url: str | None, hosts: list[str]) -> None:
    """Update the given settings of a store, and print its name, storefront URL and storefront hosts.

    The storefront hosts replace the current ones, and must include the host of the storefront URL.
    """
    store_id = (await find_store(db, slug)).id
    async with db.transaction() as transaction:
        store = await get_store_locked(transaction, store_id)
        try:
            if storefront_url is not None or hosts:
                checked_storefront_url(storefront_url or store.storefront_url, hosts or store.storefront_hosts)
        except BadUserInput as error:
            raise click.UsageError(f"The storefront URL {error}.") from None
        changed = await set_store(
            transaction, store_id, name=name, storefront_url=storefront_url, storefront_hosts=hosts or None
        )
    click.echo(f"{changed.name}  {changed.storefront_url}  {','.join(changed.storefront_hosts)}")


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
