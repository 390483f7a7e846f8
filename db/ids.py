"""TypeIDs: a type name and a UUIDv7, like `session_01h455vb4pex5vsknk084sn02q` (https://github.com/jetify-com/typeid)."""

import re
from typing import Literal

from typeid import TypeID

Noun = Literal["store", "app", "key", "customer", "session", "order", "event", "audit"]

# 128 bits in Crockford's base32. The first digit has only three bits.
TYPE_ID = re.compile(r"([a-z](?:[a-z_]{0,61}[a-z])?)_[0-7][0-9a-hjkmnp-tv-z]{25}", re.ASCII)


def new_id(noun: Noun) -> str:
    """Generate a TypeID. IDs sort by the time of generation."""
    return str(TypeID(prefix=noun))


def noun_of(id: str) -> str | None:
    """The type name of a TypeID. None if the ID is malformed or has no type name."""
    match = TYPE_ID.fullmatch(id)
    return match[1] if match else None
