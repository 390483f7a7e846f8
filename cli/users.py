"""`roomkey users`."""

import click

from cli.database import with_database
from cli.options import store_option
from cli.stores import find_store
from db.blocked_users import create_blocked_user, delete_blocked_user, search_blocked_users
from db.pool import Pool


@click.group()
def users() -> None:
    """Block users of the identity provider."""


@users.command()
@click.argument("id")
@store_option
@with_database
async def block(db: Pool, id: str, slug: str) -> None:
    """Refuse the access tokens of a user.

    ID is the claim `sub` of the tokens. The timeline and the audit log show it as `userId`. API keys that the user
    created keep working: the audit log lists them, and `roomkey keys revoke` revokes them.
    """
    await create_blocked_user(db, (await find_store(db, slug)).id, id)
    click.echo(f"{id} is blocked.")


@users.command()
@click.argument("id")
@store_option
@with_database
async def unblock(db: Pool, id: str, slug: str) -> None:
    """Accept the access tokens of a user again."""
    await delete_blocked_user(db, (await find_store(db, slug)).id, id)
    click.echo(f"{id} is not blocked.")


@users.command("list")
@store_option
@with_database
async def list_(db: Pool, slug: str) -> None:
    """List the blocked users of a store.

    Each line has the ID of the user and the date since which the user is blocked.
    """
    for user in await search_blocked_users(db, (await find_store(db, slug)).id):
        click.echo(f"{user.user_id}  {user.blocked_at:%Y-%m-%d}")
