"""The viewer: the credential that authenticated the request."""

import strawberry

from db.apps import get_apps
from engine.rows import resolver
from schema.apps import App
from schema.context import Info
from schema.rate_limits import RateLimit
from schema.scopes import Scope


@strawberry.type(description="The API key or user that authenticated the request.")
class Viewer:
    id: strawberry.ID = strawberry.field(description="The ID of the API key, or of the app if a user signed in.")
    name: str = strawberry.field(description="The name of the API key, or of the app if a user signed in.")
    user_id: str | None = strawberry.field(
        description="The ID of the signed-in user: the `sub` claim of the JWT. Null for an API key."
    )
    scopes: list[Scope] = strawberry.field(description="The scopes of the credential.")

    @resolver("The app that the credential belongs to.")
    async def app(self, info: Info) -> App:
        row = await info.context.loaders.row(get_apps, info.context.require().app_id)
        assert row is not None  # rows are never deleted
        return App(row=row)

    @resolver("The state of the app's rate limit. Null if requests are not rate limited.")
    def rate_limit(self, info: Info) -> RateLimit | None:
        return info.context.rate_limit


def viewer(info: Info) -> Viewer:
    credential = info.context.require()
    return Viewer(
        id=strawberry.ID(credential.api_key_id or credential.app_id),
        name=credential.api_key_name or credential.app_name,
        user_id=credential.user_id,
        scopes=[Scope(scope) for scope in credential.scopes],
    )
