"""Apps: the API clients of a store, with their permissions and limits."""

from typing import NamedTuple

import asyncpg

from db.audit import COMMAND_LINE, Origin, change, creation
from db.columns import Change
from db.ids import new_id
from db.pool import Transaction
from db.statements import Executor, Row

COLUMNS = "id, name, scopes, document_mode, rate, client_id, created_at, disabled_at"
GET = f"select {COLUMNS} from app where store_id = $1 and id = any ($2)"
SEARCH = f"select {COLUMNS} from app where store_id = $1 order by id"

CREATE = f"""
with created as (
    insert into app (store_id, id, name, scopes, rate, document_mode, client_id, console)
    values ($1, $2, $3, $4, $5, $6, $7, $8)
    returning *
), event as (
    {creation("APP_CREATED", 9)}
)
select {COLUMNS} from created
"""

SET = f"""
with before as materialized (
    select * from app where store_id = $1 and id = $2 for no key update
), changed as (
    update app set
        name = coalesce($3, app.name),
        scopes = coalesce($4, app.scopes),
        document_mode = coalesce($5, app.document_mode),
        rate = coalesce($6, app.rate),
        client_id = case when $7 then $8 else app.client_id end,
        disabled_at = case when $9 then coalesce(app.disabled_at, now()) when not $9 then null else app.disabled_at end
    from before
    where app.store_id = $1 and app.id = before.id
    returning app.*
), event as (
    {change("APP_UPDATED", 10)}
)
select {COLUMNS} from changed
"""

# Serializes the creation and enabling of a store's apps, so that none misses another in its count.
LOCK = "select from store where id = $1 for no key update"
COUNT_ENABLED = "select count(*) from app where store_id = $1 and disabled_at is null"

# Another app of the store has this client ID. An app has no other unique constraint except on its ID.
ClientIdTaken = asyncpg.UniqueViolationError


class AppSettings(NamedTuple):
    """The settings of an app. `console`: `roomkey serve` publishes the documents of its console for the app."""

    name: str
    scopes: list[str]
    rate: int
    document_mode: str = "LOG"
    client_id: str | None = None
    console: bool = False


async def get_apps(db: Executor, store_id: str, ids: list[str]) -> list[Row]:
    """The store's apps with these IDs, in no particular order. Unknown IDs are skipped."""
    return await db.fetch(GET, store_id, ids)


async def search_apps(db: Executor, store_id: str) -> list[Row]:
    """All apps of the store, oldest first, including disabled apps."""
    return await db.fetch(SEARCH, store_id)


async def count_enabled_apps(db: Transaction, store_id: str) -> int:
    """The number of enabled apps of the store. Locks it: other transactions wait here until this one ends."""
    await db.fetchrow(LOCK, store_id)
    [row] = await db.fetch(COUNT_ENABLED, store_id)
    return int(row["count"])


async def create_app(
    db: Executor, store_id: str, app: AppSettings, *, id: str | None = None, origin: Origin = COMMAND_LINE
) -> Row:
    """Create an app, with the given ID if any. Raises ClientIdTaken."""
    [row] = await db.fetch(CREATE, store_id, id or new_id("app"), *app, *origin.values)
    return row


async def set_app(
    db: Executor,
    store_id: str,
    id: str,
    *,
    name: str | None = None,
    scopes: list[str] | None = None,
    document_mode: str | None = None,
    rate: int | None = None,
    client_id: Change[str] | None = None,
    disabled: bool | None = None,
    origin: Origin = COMMAND_LINE,
) -> Row | None:
    """Update the columns whose argument is not None. Returns None if there is no such app. Raises ClientIdTaken."""
    values = (name, scopes, document_mode, rate, client_id is not None, client_id and client_id.value, disabled)
    return await db.fetchrow(SET, store_id, id, *values, *origin.values)
