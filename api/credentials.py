"""Credentials: `Authorization: Bearer rk_…`."""

import hashlib
import secrets

from cachetools import TTLCache
from typeid.codecs import base32

from db.credentials import CredentialRow, get_credential
from db.pool import Pool
from schema.errors import Unauthenticated

PREFIX = "rk_"

# For how long a revoked key may go on working.
CACHE_SECONDS = 1.0
CACHE_SIZE = 10_000


def new_key() -> str:
    """A key of 256 random bits. It is shown once; the database gets its hash."""
    return PREFIX + base32.encode(secrets.token_bytes(16)) + base32.encode(secrets.token_bytes(16))


def hash_of(key: str) -> bytes:
    """A key is random and long, so that a plain SHA-256 cannot be reversed."""
    return hashlib.sha256(key.encode()).digest()


class Credentials:
    """Tells who sends a request."""

    def __init__(self, db: Pool) -> None:
        self._db = db
        self._known: TTLCache[bytes, CredentialRow] = TTLCache(CACHE_SIZE, CACHE_SECONDS)

    async def of(self, authorization: str | None) -> CredentialRow | None:
        """Whom the header names; None: no header. Raises Unauthenticated when it names nobody."""
        if authorization is None:
            return None
        scheme, _, key = authorization.partition(" ")
        if scheme.lower() != "bearer" or not key.startswith(PREFIX):
            raise Unauthenticated("The header must look like Authorization: Bearer rk_…")
        hash = hash_of(key)
        credential = self._known.get(hash)
        if credential is None:
            credential = await get_credential(self._db, hash)
            if credential is None:
                raise Unauthenticated("The API key is unknown or revoked, or its app is disabled.")
            self._known[hash] = credential
        return credential
