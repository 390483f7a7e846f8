"""API keys. The database stores only their hashes."""

import hashlib
import secrets

from typeid.codecs import base32

from db.columns import grouped
from db.ids import new_id
from db.pool import Executor, Row

API_KEY_PREFIX = "rk_"

COLUMNS = "app_id, id, name, created_at, revoked_at"
GET = f"select {COLUMNS} from api_key where store_id = $1 and id = $2"
GET_BY_APP = f"select {COLUMNS} from api_key where store_id = $1 and app_id = any ($2) order by id"
SEARCH = f"select {COLUMNS} from api_key where store_id = $1 order by id"
CREATE = f"insert into api_key (store_id, app_id, id, name, hash) values ($1, $2, $3, $4, $5) returning {COLUMNS}"

REVOKE = f"""
update api_key set revoked_at = coalesce(revoked_at, now()) where store_id = $1 and id = $2
returning {COLUMNS}
"""


async def get_api_key(db: Executor, store_id: str, id: str) -> Row | None:
    return await db.fetchrow(GET, store_id, id)


async def get_api_keys_by_app(db: Executor, store_id: str, app_ids: list[str]) -> dict[str, list[Row]]:
    """The API keys of each app, oldest first, including revoked keys."""
    return grouped(await db.fetch(GET_BY_APP, store_id, app_ids), "app_id", app_ids)


async def search_api_keys(db: Executor, store_id: str) -> list[Row]:
    """All API keys of the store, oldest first, including revoked keys."""
    return await db.fetch(SEARCH, store_id)


async def create_api_key(
    db: Executor, store_id: str, app_id: str, name: str, hash: bytes, *, id: str | None = None
) -> Row:
    """Create an API key for an app of the store, with the given ID if any."""
    [row] = await db.fetch(CREATE, store_id, app_id, id or new_id("key"), name, hash)
    return row


async def set_api_key_revoked(db: Executor, store_id: str, id: str) -> Row | None:
    """Revoke an API key permanently. Idempotent. Returns None if the store has no such key."""
    return await db.fetchrow(REVOKE, store_id, id)


def generate_api_key() -> str:
    """Generate an API key of 256 random bits."""
    return API_KEY_PREFIX + base32.encode(secrets.token_bytes(16)) + base32.encode(secrets.token_bytes(16))


def hash_api_key(api_key: str) -> bytes:
    """The SHA-256 of an API key. No salt or slow hash is needed, because the key is long and random."""
    return hashlib.sha256(api_key.encode()).digest()
