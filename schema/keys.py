"""API keys: how they are made, and what is shown of them."""

import hashlib
import secrets
from datetime import datetime

import strawberry
from typeid.codecs import base32

from db.keys import KeyRow

KEY_PREFIX = "rk_"


def new_key() -> str:
    """A key of 256 random bits. It is shown once; the database gets its hash."""
    return KEY_PREFIX + base32.encode(secrets.token_bytes(16)) + base32.encode(secrets.token_bytes(16))


def hash_of(key: str) -> bytes:
    """A key is random and long, so that a plain SHA-256 cannot be reversed."""
    return hashlib.sha256(key.encode()).digest()


@strawberry.type(description="A key by which an app is known, without its secret, which is kept nowhere.")
class ApiKey:
    id: strawberry.ID = strawberry.field(description="Its own ID, as events name it.")
    name: str = strawberry.field(description="What it was called when it was made.")
    date_created: datetime = strawberry.field(description="When it was made.")
    revoked_at: datetime | None = strawberry.field(description="When it was turned off. Null: it was not.")

    @classmethod
    def from_row(cls, row: KeyRow) -> "ApiKey":
        return cls(id=strawberry.ID(row.id), name=row.name, date_created=row.created_at, revoked_at=row.revoked_at)
