"""Making API keys and revoking them."""

from dataclasses import replace

import strawberry

from db import api_keys as db_api_keys
from db.api_keys import generate_api_key, get_api_key, hash_api_key, set_api_key_revoked
from db.apps import get_apps
from db.ids import new_id
from schema.api_keys import ApiKey
from schema.context import Info
from schema.errors import UserError, UserErrorCode, refusable, refused
from schema.idempotency_keys import claim, given
from schema.mutations.apps import NAME, app_not_found
from schema.scopes import Scope
from schema.validation import NAME_LENGTH, Checks


@strawberry.input(description="An API key to make.")
class CreateApiKeyInput:
    app_id: strawberry.ID = strawberry.field(description="The app that it is for.")
    name: str = strawberry.field(description=NAME)
    idempotency_key: str | None = strawberry.field(
        default=None,
        description="Any text of 1 to 100 characters that you make up for this key, a UUID for instance. Sent again "
        "with the same input, within at least 24 hours, it returns the key of the first time, but not its secret.",
    )


@strawberry.type(description="The new key.")
class CreateApiKeyPayload:
    api_key: ApiKey | None = strawberry.field(default=None, description="The key. Null: it was refused.")
    secret: str | None = strawberry.field(
        default=None,
        description="What to send as `Authorization: Bearer`. Keep it: it is shown this once, as the database has only "
        "its hash. Null: it was refused, or the idempotency key was used before. If the secret was lost with it, "
        "revoke the key and make another.",
    )
    user_errors: list[UserError] = strawberry.field(default_factory=list, description="Why it was refused.")


@strawberry.input(description="An API key to turn off for ever.")
class RevokeApiKeyInput:
    id: strawberry.ID = strawberry.field(description="The key. It may be the one by which you ask.")


@strawberry.type(description="The revoked key. It stops working within a second.")
class RevokeApiKeyPayload:
    api_key: ApiKey | None = strawberry.field(default=None, description="The key. Null: it was refused.")
    user_errors: list[UserError] = strawberry.field(default_factory=list, description="Why it was refused.")


@refusable
async def create_api_key(info: Info, input: CreateApiKeyInput) -> CreateApiKeyPayload:
    store_id = info.context.require(Scope.ADMIN).store_id
    checks = Checks()
    input = replace(
        input,
        app_id=strawberry.ID(checks.id(input.app_id, "app", "appId")),
        name=checks.text(input.name, "name", length=NAME_LENGTH),
        idempotency_key=checks.optional_text(input.idempotency_key, "idempotencyKey"),
    )
    checks.done()
    new = new_id("key")
    async with info.context.db.transaction() as transaction:
        id = await claim(transaction, store_id, input.idempotency_key, given(input), new)
        if id != new:
            known = await get_api_key(transaction, store_id, id)
            assert known is not None  # nothing is deleted
            return CreateApiKeyPayload(api_key=ApiKey(row=known))
        if not await get_apps(transaction, store_id, [input.app_id]):
            raise app_not_found("appId")
        secret = generate_api_key()
        row = await db_api_keys.create_api_key(
            transaction, store_id, input.app_id, input.name, hash_api_key(secret), id=id
        )
    return CreateApiKeyPayload(api_key=ApiKey(row=row), secret=secret)


@refusable
async def revoke_api_key(info: Info, input: RevokeApiKeyInput) -> RevokeApiKeyPayload:
    store_id = info.context.require(Scope.ADMIN).store_id
    checks = Checks()
    id = checks.id(input.id, "key", "id")
    checks.done()
    row = await set_api_key_revoked(info.context.db, store_id, id)
    if row is None:
        raise refused(UserErrorCode.NOT_FOUND, "is no key of your store", "id")
    return RevokeApiKeyPayload(api_key=ApiKey(row=row))
