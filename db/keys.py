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

SEARCH = f"""
select {COLUMNS} from api_key where store_id = $1 and ($2::text[] is null or app_id = any($2)) order by id
"""

CREATE = f"""
insert into api_key (store_id, app_id, id, name, hash) values ($1, $2, $3, $4, $5)
returning {COLUMNS}
"""

REVOKE = f"""
update api_key set revoked_at = coalesce(revoked_at, now()) where store_id = $1 and id = $2
returning {COLUMNS}
"""


async def search_keys(db: Executor, store_id: str, app_ids: list[str] | None = None) -> list[KeyRow]:
    """All keys of the apps, or of the store, the oldest first, revoked ones included."""
    return [KeyRow(*row) for row in await db.fetch(SEARCH, store_id, app_ids)]


async def create_key(db: Executor, store_id: str, app_id: str, name: str, hash: bytes) -> KeyRow:
    row = await db.fetchrow(CREATE, store_id, app_id, new_id("key"), name, hash)
    assert row is not None
    return KeyRow(*row)


async def set_key_revoked(db: Executor, store_id: str, id: str) -> KeyRow | None:
    """Turn a key off; once is for ever."""
    row = await db.fetchrow(REVOKE, store_id, id)
    return KeyRow(*row) if row else None
