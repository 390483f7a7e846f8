"""Stores: the tenants and their settings."""

import re

from db.events import Actor, create_extended_events
from db.ids import new_id
from db.pool import Executor, Pool, Row

# A store's name in links: a label of a host name (RFC 1123).
SLUG = re.compile(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?")


COLUMNS = "id, slug, name, storefront_url, session_expiration"

CREATE = f"""
insert into store (id, slug, name, storefront_url, session_expiration) values ($1, $2, $3, $4, $5)
on conflict (slug) do nothing
returning {COLUMNS}
"""

GET = f"""
select {COLUMNS} from store where id = $1
"""

GET_BY_SLUG = f"""
select {COLUMNS} from store where slug = $1
"""

SEARCH = f"""
select {COLUMNS} from store order by slug
"""

SET = f"""
update store set
    session_expiration = coalesce($2, session_expiration),
    name = coalesce($3, name),
    storefront_url = coalesce($4, storefront_url)
where id = $1
returning {COLUMNS}
"""

# Tokens of which the setting, as it is now, makes another expired time: the lock keeps it so until this ends. In the
# order of their IDs, so that two changes of many sessions never wait for each other.
SET_ACTIVE_EXPIRY = """
with setting as materialized (
    select session_expiration as minutes from store where id = $1 for share
), active as (
    select id, wanted.expires_at
    from session, setting, lateral (
        select case minutes when 0 then 'infinity' else token_issued_at + make_interval(mins => minutes) end
    ) as wanted (expires_at)
    where store_id = $1 and id > $2 and token_revoked_at is null and token_expires_at > now()
    and token_expires_at <> wanted.expires_at
    order by id
    limit $3
    for no key update of session
)
update session set token_expires_at = active.expires_at
from active
where session.store_id = $1 and session.id = active.id
returning session.id, session.token_expires_at::text as expires_at
"""

BATCH = 1000


async def create_store(db: Executor, slug: str, name: str, storefront_url: str, session_expiration: int) -> Row | None:
    """A new store, or None where the slug is taken."""
    return await db.fetchrow(CREATE, new_id("store"), slug, name, storefront_url, session_expiration)


async def get_store(db: Executor, store_id: str) -> Row | None:
    return await db.fetchrow(GET, store_id)


async def get_store_by_slug(db: Executor, slug: str) -> Row | None:
    return await db.fetchrow(GET_BY_SLUG, slug)


async def search_stores(db: Executor) -> list[Row]:
    """All stores, by slug. For operators: a client never sees another store."""
    return await db.fetch(SEARCH)


async def set_store(
    db: Executor,
    store_id: str,
    *,
    session_expiration: int | None,
    name: str | None,
    storefront_url: str | None,
) -> Row:
    """Change what is not None. session_expiration is in minutes; 0: tokens issued from now on never expire."""
    row = await db.fetchrow(SET, store_id, session_expiration, name, storefront_url)
    assert row is not None
    return row


async def set_active_expiry(db: Pool, store_id: str, actor: Actor) -> int:
    """Let each active token expire as the store's setting says, counted from its issue; some of them at once.

    Returns how many tokens were given another expired time. There may be many of them, so it goes in steps that each
    keep nobody waiting; one that is interrupted can be done again.
    """
    changed, last_id = 0, ""
    while True:
        async with db.transaction() as transaction:
            rows = await transaction.fetch(SET_ACTIVE_EXPIRY, store_id, last_id, BATCH)
            expiries = [(row.id, row.expires_at) for row in rows]
            await create_extended_events(transaction, store_id, expiries, actor)
        if not rows:
            return changed
        changed += len(rows)
        last_id = max(row.id for row in rows)
