"""API keys. The database stores only their hashes."""

import hashlib
import re
import secrets
from datetime import datetime
from zlib import crc32

from typeid.codecs import base32

from db.audit import COMMAND_LINE, Origin, change, creation
from db.columns import grouped
from db.ids import new_id
from db.statements import Executor, Row

API_KEY_PREFIX = "rk_"

# 256 random bits in TypeID's base32, and a checksum, so that scanners recognize a leaked key without asking the server.
API_KEY = re.compile(r"(rk_[0-9a-hjkmnp-tv-z]{52})([0-9A-Za-z]{6})", re.ASCII)
CHECKSUM_DIGITS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
CHECKSUM_LENGTH = 6

COLUMNS = "app_id, id, name, created_at, expires_at, last_used_at, revoked_at, expires_at <= now() as is_expired"
GET = f"select {COLUMNS} from api_key where store_id = $1 and id = $2"
GET_BY_APP = f"select {COLUMNS} from api_key where store_id = $1 and app_id = any ($2) order by id"
SEARCH = f"select {COLUMNS} from api_key where store_id = $1 order by id"

CREATE = f"""
with created as (
    insert into api_key (store_id, app_id, id, name, hash, expires_at)
    select $1, $2, $3, $4, $5, $6
    where $6::timestamptz is null or $6 > now()
    returning *
), event as (
    {creation("API_KEY_CREATED", 7, details="to_jsonb(created) - 'hash'")}
)
select {COLUMNS} from created
"""

REVOKE = f"""
with before as materialized (
    select * from api_key where store_id = $1 and id = $2 for no key update
), changed as (
    update api_key set revoked_at = coalesce(api_key.revoked_at, now())
    from before
    where api_key.store_id = $1 and api_key.id = before.id
    returning api_key.*
), event as (
    {change("API_KEY_REVOKED", 3)}
)
select {COLUMNS} from changed
"""

SET_USED = """
update api_key set last_used_at = now()
where store_id = $1 and id = $2 and (last_used_at is null or last_used_at < now() - interval '1 hour')
"""


async def get_api_key(db: Executor, store_id: str, id: str) -> Row | None:
    return await db.fetchrow(GET, store_id, id)


async def get_api_keys_by_app(db: Executor, store_id: str, app_ids: list[str]) -> dict[str, list[Row]]:
    """The API keys of each app, oldest first, including expired and revoked keys."""
    return grouped(await db.fetch(GET_BY_APP, store_id, app_ids), "app_id", app_ids)


async def search_api_keys(db: Executor, store_id: str) -> list[Row]:
    """All API keys of the store, oldest first, including expired and revoked keys."""
    return await db.fetch(SEARCH, store_id)


async def create_api_key(
    db: Executor,
    store_id: str,
    app_id: str,
    name: str,
    hash: bytes,
    *,
    id: str | None = None,
    expires_at: datetime | None = None,
    origin: Origin = COMMAND_LINE,
) -> Row | None:
    """Create an API key for an app of the store, with the given ID if any. Returns None if it would have expired."""
    return await db.fetchrow(CREATE, store_id, app_id, id or new_id("key"), name, hash, expires_at, *origin.values)


async def set_api_key_revoked(db: Executor, store_id: str, id: str, origin: Origin = COMMAND_LINE) -> Row | None:
    """Revoke an API key permanently. Idempotent. Returns None if the store has no such key."""
    return await db.fetchrow(REVOKE, store_id, id, *origin.values)


async def set_api_key_used(db: Executor, store_id: str, id: str) -> None:
    """Record that an API key is in use, unless this was recorded within the last hour."""
    await db.fetch(SET_USED, store_id, id)


def generate_api_key() -> str:
    """Generate an API key of 256 random bits, with a checksum."""
    start = API_KEY_PREFIX + base32.encode(secrets.token_bytes(16)) + base32.encode(secrets.token_bytes(16))
    return start + _checksum(start)


def is_api_key(text: str) -> bool:
    """Whether the text has the form of an API key, and its checksum is right."""
    match = API_KEY.fullmatch(text)
    return match is not None and _checksum(match[1]) == match[2]


def hash_api_key(api_key: str) -> bytes:
    """The SHA-256 of an API key. No salt or slow hash is needed, because the key is long and random."""
    return hashlib.sha256(api_key.encode()).digest()


def _checksum(text: str) -> str:
    """The CRC-32 of the text in base 62, as in GitHub's tokens."""
    number, digits = crc32(text.encode()), ""
    for _ in range(CHECKSUM_LENGTH):
        number, digit = divmod(number, len(CHECKSUM_DIGITS))
        digits = CHECKSUM_DIGITS[digit] + digits
    return digits
