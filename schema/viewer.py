"""Who asks."""

import strawberry

from schema.context import Info, Scope


@strawberry.type(description="Who asks: what your credential is and may do.")
class Viewer:
    id: strawberry.ID = strawberry.field(description="The API key's ID, as events name it.")
    name: str = strawberry.field(description="What the key was called when it was made.")
    scopes: list[Scope] = strawberry.field(description="What it may do.")


def viewer(info: Info) -> Viewer:
    credential = info.context.require()
    return Viewer(
        id=strawberry.ID(credential.key_id or ""),
        name=credential.key_name or "",
        scopes=[Scope(scope) for scope in credential.scopes],
    )
