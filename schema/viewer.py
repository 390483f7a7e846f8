"""Who asks."""

import strawberry

from engine.rows import resolver
from schema.apps import App
from schema.context import Info
from schema.rate_limits import RateLimit
from schema.scopes import Scope


@strawberry.type(description="Who asks: what your credential is and may do.")
class Viewer:
    id: strawberry.ID = strawberry.field(
        description="The API key's ID, as events name it; the app's where a person signed in."
    )
    name: str = strawberry.field(
        description="What the key was called when it was made; the app's name where a person signed in."
    )
    user_id: str | None = strawberry.field(
        description="Who you are, where you signed in as a person: what the identity provider calls you (`sub`)."
    )
    scopes: list[Scope] = strawberry.field(description="What it may do.")

    @resolver("The app that the credential belongs to.")
    async def app(self, info: Info) -> App:
        row = await info.context.loaders.apps.load(info.context.require().app_id)
        assert row is not None  # nothing is deleted
        return App(row=row)

    @resolver("What the app may spend. Null: nothing is counted.")
    def rate_limit(self, info: Info) -> RateLimit | None:
        return info.context.rate_limit


def viewer(info: Info) -> Viewer:
    credential = info.context.require()
    return Viewer(
        id=strawberry.ID(credential.key_id or credential.app_id),
        name=credential.key_name or credential.app_name,
        user_id=credential.user_id,
        scopes=[Scope(scope) for scope in credential.scopes],
    )
