"""TypeIDs: a type name and a UUIDv7, as in `session_01h455vb4pex5vsknk084sn02q` (https://github.com/jetify-com/typeid)."""

from typing import Literal

from typeid import TypeID
from typeid.errors import TypeIDException

Noun = Literal["store", "app", "key", "customer", "session", "order", "event"]


def new_id(noun: Noun) -> str:
    """A new TypeID; those made later sort later."""
    return str(TypeID(prefix=noun))


def noun_of(id: str) -> str | None:
    """The type name of a well-formed TypeID, or None where it is malformed or has no such name."""
    try:
        return TypeID.from_string(id).prefix or None
    except (TypeIDException, ValueError):
        return None
