"""Global object identification (https://relay.dev/graphql/objectidentification.htm)."""

import strawberry

from db.ids import Noun, noun_of
from db.statements import Row
from schema.errors import BadUserInput
from schema.scalars import shortened


@strawberry.interface(description="An object that can be fetched by ID.")
class Node:
    row: strawberry.Private[Row]
    id: strawberry.ID = strawberry.field(
        description="A globally unique ID: the prefix of the type, an underscore, and 26 characters, which sort by "
        "creation time."
    )


def checked_id(id: str, noun: Noun) -> str:
    """Return the ID. Raises BadUserInput if it is not the ID of such an object."""
    if noun_of(id) != noun:
        raise BadUserInput(f"The {noun} ID must look like {noun}_01h455vb4pex5vsknk084sn02q, got {shortened(id)}.")
    return id
