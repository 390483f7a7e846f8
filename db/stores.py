"""Stores: the tenants and their settings."""

import re
from collections.abc import Sequence
from typing import Literal
from urllib.parse import urlsplit

from db.audit import COMMAND_LINE, Origin, change, creation
from db.columns import Change
from db.events import Actor, create_extended_events
from db.ids import new_id
from db.pool import Pool
from db.statements import Executor, Row

# The name of a store in links: a hostname label (RFC 1123 §2.1).
SLUG = re.compile(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?")

COLUMNS = "id, slug, name, storefront_url, storefront_hosts, session_expiration, retention_days"

CREATE = f"""
with created as (
    insert into store (id, slug, name, storefront_url, storefront_hosts, session_expiration)
    values ($1, $2, $3, $4, $5, $6)
    on conflict (slug) do nothing
    returning *
), event as (
    {creation("STORE_CREATED", 7)}
)
select {COLUMNS} from created
"""

GET = f"select {COLUMNS} from store where id = $1"
GET_LOCKED = f"select {COLUMNS} from store where id = $1 for no key update"
GET_BY_SLUG = f"select {COLUMNS} from store where slug = $1"
SEARCH = f"select {COLUMNS} from store order by slug"
FIND = {
    "app": "select store_id from app where id = $1",
    "api_key": "select store_id from api_key where id = $1",
    "customer": "select store_id from customer where id = $1",
}

SET = f"""
with before as materialized (
    select * from store where id = $1 for no key update
), changed as (
    update store set
        session_expiration = coalesce($2, store.session_expiration),
        name = coalesce($3, store.name),
        storefront_url = coalesce($4, store.storefront_url),
        storefront_hosts = coalesce($5, store.storefront_hosts),
        retention_days = case when $6 then $7 else store.retention_days end
    from before
    where store.id = $1
    returning store.*
), event as (
    {change("STORE_UPDATED", 8)}
)
select {COLUMNS} from changed
"""

# Updates the active tokens whose expiration time differs from what the store's setting implies. The lock on the store
# keeps the setting from changing meanwhile. Sessions are locked in the order of their IDs to prevent deadlocks.
SET_ACTIVE_EXPIRY = """
with setting as materialized (
    select session_expiration as minutes from store where id = $1 for share
), active as (
    select id, new.expires_at
    from session, setting, lateral (
        select case minutes when 0 then 'infinity' else token_issued_at + make_interval(mins => minutes) end
    ) as new (expires_at)
    where store_id = $1 and id > $2 and token_revoked_at is null and token_expires_at > now()
    and token_expires_at <> new.expires_at
    order by id limit $3 for no key update of session
)
update session set token_expires_at = active.expires_at
from active
where session.store_id = $1 and session.id = active.id
returning session.id, session.token_expires_at::text as expires_at
"""

BATCH = 1000


async def create_store(
    db: Executor,
    slug: str,
    name: str,
    storefront_url: str,
    session_expiration: int,
    storefront_hosts: Sequence[str] = (),
) -> Row | None:
    """Create a store. Returns None if the slug is taken.

    Its storefront can be moved to the host of `storefront_url` and to `storefront_hosts`. For operators only.
    """
    hosts = sorted({urlsplit(storefront_url).hostname or "", *storefront_hosts})
    values = (slug, name, storefront_url, hosts, session_expiration)
    return await db.fetchrow(CREATE, new_id("store"), *values, *COMMAND_LINE.values)


async def get_store(db: Executor, store_id: str) -> Row | None:
    return await db.fetchrow(GET, store_id)


async def get_store_locked(db: Executor, store_id: str) -> Row:
    """The store, locked until the transaction ends."""
    [row] = await db.fetch(GET_LOCKED, store_id)
    return row


async def get_store_by_slug(db: Executor, slug: str) -> Row | None:
    return await db.fetchrow(GET_BY_SLUG, slug)


async def find_store_of(db: Executor, table: Literal["app", "api_key", "customer"], id: str) -> str | None:
    """The ID of the store of an app, API key or customer. Searches all stores, so it is for operators only."""
    row = await db.fetchrow(FIND[table], id)
    return row["store_id"] if row else None


async def search_stores(db: Executor) -> list[Row]:
    """All stores, sorted by slug. For operators only."""
    return await db.fetch(SEARCH)


async def set_store(
    db: Executor,
    store_id: str,
    *,
    session_expiration: int | None = None,
    name: str | None = None,
    storefront_url: str | None = None,
    storefront_hosts: list[str] | None = None,
    retention_days: Change[int] | None = None,
    origin: Origin = COMMAND_LINE,
) -> Row:
    """Update the columns whose argument is not None. `session_expiration` is in minutes; 0 means never."""
    values = (session_expiration, name, storefront_url, storefront_hosts)
    retention = (retention_days is not None, retention_days and retention_days.value)
    [row] = await db.fetch(SET, store_id, *values, *retention, *origin.values)
    return row


async def set_active_expiry(db: Pool, store_id: str, actor: Actor) -> int:
    """Apply the store's session expiration to all active tokens, counted from the time of issue. Some expire now.

    Returns the number of tokens that were changed. Commits in batches, so that it holds no locks for long. If it is
    interrupted, it can be repeated.
    """
    changed, last_id = 0, ""
    while True:
        async with db.transaction() as transaction:
            rows = await transaction.fetch(SET_ACTIVE_EXPIRY, store_id, last_id, BATCH)
            await create_extended_events(transaction, store_id, rows, actor)
        if not rows:
            return changed
        changed += len(rows)
        last_id = max(row.id for row in rows)
