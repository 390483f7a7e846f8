"""API keys. The database holds their hashes only."""

import hashlib
import secrets

from typeid.codecs import base32

from db.ids import new_id
from db.pool import Executor, Row

API_KEY_PREFIX = "rk_"


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

CREATE = f"""
insert into api_key (store_id, app_id, id, name, hash) values ($1, $2, $3, $4, $5)
returning {COLUMNS}
"""

REVOKE = f"""
update api_key set revoked_at = coalesce(revoked_at, now()) where store_id = $1 and id = $2
returning {COLUMNS}
"""


async def get_api_key(db: Executor, store_id: str, id: str) -> Row | None:
    return await db.fetchrow(GET, store_id, id)


async def get_api_keys_by_app(db: Executor, store_id: str, app_ids: list[str]) -> dict[str, list[Row]]:
    """The keys of each app, the oldest first, revoked ones included."""
    keys: dict[str, list[Row]] = {id: [] for id in app_ids}
    for row in await db.fetch(GET_BY_APP, store_id, app_ids):
        keys[row.app_id].append(row)
    return keys


async def search_api_keys(db: Executor, store_id: str) -> list[Row]:
    """All keys of the store, the oldest first, revoked ones included."""
    return await db.fetch(SEARCH, store_id)


async def find_store_of_api_key(db: Executor, id: str) -> str | None:
    """Whose key it is. It looks in all stores: for an operator's command line, never for a client."""
    row = await db.fetchrow(FIND, id)
    return row["store_id"] if row else None


async def create_api_key(
    db: Executor, store_id: str, app_id: str, name: str, hash: bytes, *, id: str | None = None
) -> Row:
    """A new key of the store's app, of that ID if one is given."""
    row = await db.fetchrow(CREATE, store_id, app_id, id or new_id("key"), name, hash)
    assert row is not None
    return row


async def set_api_key_revoked(db: Executor, store_id: str, id: str) -> Row | None:
    """Turn a key off; once is for ever."""
    return await db.fetchrow(REVOKE, store_id, id)


def generate_api_key() -> str:
    """A key of 256 random bits. It is shown once; the database gets its hash."""
    return API_KEY_PREFIX + base32.encode(secrets.token_bytes(16)) + base32.encode(secrets.token_bytes(16))


def hash_api_key(key: str) -> bytes:
    """A key is random and long, so that a plain SHA-256 cannot be reversed."""
    return hashlib.sha256(key.encode()).digest()
