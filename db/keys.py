"""API keys. The database holds their hashes only."""

from datetime import datetime
from typing import NamedTuple

from db.ids import new_id
from db.pool import Executor


class KeyRow(NamedTuple):
    app_id: str
    id: str
    name: str
    created_at: datetime
    revoked_at: datetime | None


COLUMNS = "app_id, id, name, created_at, revoked_at"

GET = f"""
select {COLUMNS} from api_key where store_id = $1 and id = $2
"""

GET_BY_APP = f"""
select {COLUMNS} from api_key where store_id = $1 and app_id = any ($2) order by id
"""

SEARCH = f"""
select {COLUMNS} from api_key where store_id = $1 order by id
"""

FIND = """
select store_id from api_key where id = $1
"""

# The scopes are for servers of the version before, which may run beside this one: see 0002_apps.py.
CREATE = f"""
insert into api_key (store_id, app_id, id, name, hash, scopes)
select store_id, id, $3, $4, $5, scopes from app where store_id = $1 and id = $2
returning {COLUMNS}
"""

REVOKE = f"""
update api_key set revoked_at = coalesce(revoked_at, now()) where store_id = $1 and id = $2
returning {COLUMNS}
"""


async def get_key(db: Executor, store_id: str, id: str) -> KeyRow | None:
    row = await db.fetchrow(GET, store_id, id)
    return KeyRow(*row) if row else None


async def get_keys_by_app(db: Executor, store_id: str, app_ids: list[str]) -> dict[str, list[KeyRow]]:
    """The keys of each app, the oldest first, revoked ones included."""
    keys: dict[str, list[KeyRow]] = {id: [] for id in app_ids}
    for row in await db.fetch(GET_BY_APP, store_id, app_ids):
        keys[row["app_id"]].append(KeyRow(*row))
    return keys


async def search_keys(db: Executor, store_id: str) -> list[KeyRow]:
    """All keys of the store, the oldest first, revoked ones included."""
    return [KeyRow(*row) for row in await db.fetch(SEARCH, store_id)]


async def find_store_of_key(db: Executor, id: str) -> str | None:
    """Whose key it is. It looks in all stores: for an operator's command line, never for a client."""
    row = await db.fetchrow(FIND, id)
    return row["store_id"] if row else None


async def create_key(
    db: Executor, store_id: str, app_id: str, name: str, hash: bytes, *, id: str | None = None
) -> KeyRow:
    """A new key of the store's app, of that ID if one is given."""
    row = await db.fetchrow(CREATE, store_id, app_id, id or new_id("key"), name, hash)
    assert row is not None
    return KeyRow(*row)


async def set_key_revoked(db: Executor, store_id: str, id: str) -> KeyRow | None:
    """Turn a key off; once is for ever."""
    row = await db.fetchrow(REVOKE, store_id, id)
    return KeyRow(*row) if row else None
