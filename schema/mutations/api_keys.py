"""Mutations that create and revoke API keys."""

from dataclasses import replace
from datetime import datetime

import strawberry

from db import api_keys as db_api_keys
from db.api_keys import generate_api_key, get_api_key, hash_api_key, set_api_key_revoked
from db.apps import get_apps
from db.ids import new_id
from schema.api_keys import ApiKey
from schema.context import Info
from schema.errors import UserErrorCode, found, user_error
from schema.fields import optional
from schema.idempotency_keys import IDEMPOTENCY_KEY, idempotent_id
from schema.mutations.payloads import Payload
from schema.scopes import Scope
from schema.validation import NAME_LENGTH, Validation


@strawberry.input(description="The API key to create.")
class CreateApiKeyInput:
    app_id: strawberry.ID = strawberry.field(description="The ID of the app that will use the key.")
    name: str = strawberry.field(description=f"A name for people, 1 to {NAME_LENGTH} characters.")
    expires_at: datetime | None = optional(
        "The time from which the key is refused, which must be in the future. By default, the key never expires."
    )
    idempotency_key: str | None = optional(
        f"{IDEMPOTENCY_KEY} A retry returns the API key that the first request created, without its secret."
    )


@strawberry.type(description="The created API key and its secret.")
class CreateApiKeyPayload(Payload):
    api_key: ApiKey | None = optional("The API key. Null if the mutation was refused.")
    secret: str | None = optional(
        "The secret, to send as `Authorization: Bearer <secret>`. Store it now: the server stores only "
        "its hash and cannot show it again. Null if the mutation was refused, or if the request is a retry. "
        "If you lost the secret, revoke the key and create another."
    )


@strawberry.input(description="The API key to revoke.")
class RevokeApiKeyInput:
    id: strawberry.ID = strawberry.field(description="The ID of the API key. It can be the key that sends the request.")


@strawberry.type(description="The revoked API key. It stops working within a second.")
class RevokeApiKeyPayload(Payload):
    api_key: ApiKey | None = optional("The API key. Null if the mutation was refused.")


async def create_api_key(info: Info, input: CreateApiKeyInput) -> CreateApiKeyPayload:
    credential = info.context.require(Scope.ADMIN)
    store_id = credential.store_id
    with Validation() as validation:
        validation.id(input.app_id, "app", "appId")
        input = replace(
            input,
            name=validation.text(input.name, "name", length=NAME_LENGTH),
            idempotency_key=validation.text(input.idempotency_key, "idempotencyKey"),
        )
    new = new_id("key")
    async with info.context.db.transaction() as transaction:
        id = await idempotent_id(transaction, credential, input, new)
        if id != new:
            known = await get_api_key(transaction, store_id, id)
            assert known is not None  # rows are never deleted
            return CreateApiKeyPayload(api_key=ApiKey(row=known))
        found(await get_apps(transaction, store_id, [input.app_id]) or None, "an app", "appId")
        secret = generate_api_key()
        row = await db_api_keys.create_api_key(
            transaction,
            store_id,
            input.app_id,
            input.name,
            hash_api_key(secret),
            id=id,
            expires_at=input.expires_at,
            origin=info.context.origin,
        )
        if row is None:
            raise user_error(UserErrorCode.INVALID, "must be in the future", "expiresAt")
    return CreateApiKeyPayload(api_key=ApiKey(row=row), secret=secret)


async def revoke_api_key(info: Info, input: RevokeApiKeyInput) -> RevokeApiKeyPayload:
    store_id = info.context.require(Scope.ADMIN).store_id
    with Validation() as validation:
        id = validation.id(input.id, "key", "id")
    row = found(await set_api_key_revoked(info.context.db, store_id, id, info.context.origin), "an API key", "id")
    return RevokeApiKeyPayload(api_key=ApiKey(row=row))
