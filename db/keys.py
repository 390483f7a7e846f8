"""API keys. The database holds their hashes only."""

from datetime import datetime
from typing import NamedTuple

from db.ids import new_id
from db.pool import Executor


class CredentialRow(NamedTuple):
    """Who asks: a key that is valid, and its store."""

    key_id: str
    key_name: str
    scopes: list[str]
    store_id: str
    store_slug: str


class KeyRow(NamedTuple):
    id: str
    name: str
    scopes: list[str]
    created_at: datetime
    revoked_at: datetime | None


GET_CREDENTIAL = """
select api_key.id, api_key.name, api_key.scopes, store.id, store.slug
from api_key join store on store.id = api_key.store_id
where api_key.hash = $1 and api_key.revoked_at is null
"""

SEARCH = """
select id, name, scopes, created_at, revoked_at from api_key where store_id = $1 order by id
"""

CREATE = """
insert into api_key (store_id, id, name, hash, scopes) values ($1, $2, $3, $4, $5)
returning id, name, scopes, created_at, revoked_at
"""

REVOKE = """
update api_key set revoked_at = coalesce(revoked_at, now()) where store_id = $1 and id = $2
returning id, name, scopes, created_at, revoked_at
"""


async def get_credential(db: Executor, hash: bytes) -> CredentialRow | None:
    """The valid key whose SHA-256 this is."""
    row = await db.fetchrow(GET_CREDENTIAL, hash)
    return CredentialRow(*row) if row else None


async def search_keys(db: Executor, store_id: str) -> list[KeyRow]:
    """All keys of the store, the oldest first, revoked ones included."""
    return [KeyRow(*row) for row in await db.fetch(SEARCH, store_id)]


async def create_key(db: Executor, store_id: str, name: str, hash: bytes, scopes: list[str]) -> KeyRow:
    row = await db.fetchrow(CREATE, store_id, new_id("key"), name, hash, scopes)
    assert row is not None
    return KeyRow(*row)


async def set_key_revoked(db: Executor, store_id: str, id: str) -> KeyRow | None:
    """Turn a key off; once is for ever."""
    row = await db.fetchrow(REVOKE, store_id, id)
    return KeyRow(*row) if row else None
