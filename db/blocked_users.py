"""Users of the identity provider whom a store has blocked. Their access tokens are refused."""

from db.audit import COMMAND_LINE, INSERT, Origin
from db.statements import Executor, Row

SEARCH = "select user_id, blocked_at from blocked_user where store_id = $1 order by user_id"

CREATE = f"""
with blocked as (
    insert into blocked_user (store_id, user_id) values ($1, $2)
    on conflict (store_id, user_id) do nothing
    returning user_id
)
{INSERT}
select $1, $3, 'USER_BLOCKED', user_id, $4, $5, $6, null, null from blocked
"""

DELETE = f"""
with unblocked as (
    delete from blocked_user where store_id = $1 and user_id = $2
    returning user_id
)
{INSERT}
select $1, $3, 'USER_UNBLOCKED', user_id, $4, $5, $6, null, null from unblocked
"""


async def search_blocked_users(db: Executor, store_id: str) -> list[Row]:
    """The blocked users of the store, sorted by ID."""
    return await db.fetch(SEARCH, store_id)


async def create_blocked_user(db: Executor, store_id: str, user_id: str, origin: Origin = COMMAND_LINE) -> None:
    """Block a user. Idempotent."""
    await db.fetch(CREATE, store_id, user_id, *origin.values)


async def delete_blocked_user(db: Executor, store_id: str, user_id: str, origin: Origin = COMMAND_LINE) -> None:
    """Accept the access tokens of a user again. Idempotent."""
    await db.fetch(DELETE, store_id, user_id, *origin.values)
