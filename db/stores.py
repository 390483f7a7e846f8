"""Stores: the tenants and their settings."""

from typing import NamedTuple

from db.events import create_extended_events
from db.ids import new_id
from db.pool import Executor, Transaction


class StoreRow(NamedTuple):
    id: str
    slug: str
    name: str
    storefront_url: str
    session_expiration: int


CREATE = """
insert into store (id, slug, name, storefront_url, session_expiration) values ($1, $2, $3, $4, $5)
on conflict (slug) do nothing
returning id, slug, name, storefront_url, session_expiration
"""

GET = """
select id, slug, name, storefront_url, session_expiration from store where id = $1
"""

GET_BY_SLUG = """
select id, slug, name, storefront_url, session_expiration from store where slug = $1
"""

SEARCH = """
select id, slug, name, storefront_url, session_expiration from store order by slug
"""

SET = """
update store set
    session_expiration = coalesce($2, session_expiration),
    name = coalesce($3, name),
    storefront_url = coalesce($4, storefront_url)
where id = $1
returning id, slug, name, storefront_url, session_expiration
"""

# In the order of their IDs, so that two changes of many sessions never wait for each other.
SET_ACTIVE_EXPIRY = """
with active as (
    select id, case when $2 = 0 then 'infinity' else token_issued_at + make_interval(mins => $2) end as expires_at
    from session
    where store_id = $1 and token_revoked_at is null and token_expires_at > now()
    order by id
    for no key update
)
update session set token_expires_at = active.expires_at
from active
where session.store_id = $1 and session.id = active.id and session.token_expires_at <> active.expires_at
returning session.id, session.token_expires_at::text as expires_at
"""


async def create_store(
    db: Executor, slug: str, name: str, storefront_url: str, session_expiration: int
) -> StoreRow | None:
    """A new store, or None where the slug is taken."""
    row = await db.fetchrow(CREATE, new_id("store"), slug, name, storefront_url, session_expiration)
    return StoreRow(*row) if row else None


async def get_store(db: Executor, store_id: str) -> StoreRow | None:
    row = await db.fetchrow(GET, store_id)
    return StoreRow(*row) if row else None


async def get_store_by_slug(db: Executor, slug: str) -> StoreRow | None:
    row = await db.fetchrow(GET_BY_SLUG, slug)
    return StoreRow(*row) if row else None


async def search_stores(db: Executor) -> list[StoreRow]:
    """All stores, by slug. For operators: a client never sees another store."""
    return [StoreRow(*row) for row in await db.fetch(SEARCH)]


async def set_store(
    db: Executor,
    store_id: str,
    *,
    session_expiration: int | None,
    name: str | None,
    storefront_url: str | None,
) -> StoreRow:
    """Change what is not None. session_expiration is in minutes; 0: tokens issued from now on never expire."""
    row = await db.fetchrow(SET, store_id, session_expiration, name, storefront_url)
    assert row is not None
    return StoreRow(*row)


async def set_active_expiry(db: Transaction, store_id: str, minutes: int, key_id: str) -> int:
    """Let each active token expire that many minutes after its issue (0: never), some of them at once.

    Returns how many tokens were given another expired time.
    """
    changed = await db.fetch(SET_ACTIVE_EXPIRY, store_id, minutes)
    await create_extended_events(db, store_id, [(row["id"], row["expires_at"]) for row in changed], key_id)
    return len(changed)
