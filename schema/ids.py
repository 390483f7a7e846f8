"""IDs as clients see them: global object identification (https://relay.dev/graphql/objectidentification.htm)."""

import strawberry

from db.ids import Noun, noun_of
from schema.errors import BadUserInput
from schema.scalars import shortened

NODE_ID = "A TypeID: the type's name and 26 characters that sort by time."


@strawberry.interface(description="Anything that can be fetched again by its ID.")
class Node:
    id: strawberry.ID = strawberry.field(description=NODE_ID)


def checked_id(id: str, noun: Noun) -> str:
    """The ID, if it is one of such a thing. Raises BadUserInput."""
    if noun_of(id) != noun:
        raise BadUserInput(f"The ID of a {noun} looks like {noun}_01h455vb4pex5vsknk084sn02q, got {shortened(id)}.")
    return id
