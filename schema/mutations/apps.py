"""Mutations that create and update apps."""

from dataclasses import replace

import strawberry

from db import apps as db_apps
from db.apps import AppSettings, ClientIdTaken, count_enabled_apps, get_apps, set_app
from db.columns import Change
from db.ids import new_id
from db.pool import Transaction
from schema.apps import APP_LIMIT, RATE, RATE_LIMIT, App, DocumentMode
from schema.context import Info
from schema.errors import UserErrorCode, UserErrors, found, user_error
from schema.fields import optional
from schema.idempotency_keys import IDEMPOTENCY_KEY, idempotent_id
from schema.mutations.payloads import Payload
from schema.scopes import Scope
from schema.validation import NAME_LENGTH, Validation

RATE_DESCRIPTION = (
    f"The rate limit in cost points per second, 1 to {RATE_LIMIT}. Only the operator of the server can set a higher "
    "limit."
)
CLIENT_ID_DESCRIPTION = (
    "The client ID of the app at your identity provider. Users who sign in to that client act through this app. "
    "Must be unique within your store."
)


@strawberry.input(description=f"The app to create. A store can have at most {APP_LIMIT} enabled apps.")
class CreateAppInput:
    name: str = strawberry.field(description=f"The name, 1 to {NAME_LENGTH} characters.")
    scopes: list[Scope] = strawberry.field(description="The scopes to grant, at least one.")
    document_mode: DocumentMode | None = optional("The documents that the app can send. Defaults to `LOG`.")
    rate: int | None = optional(f"{RATE_DESCRIPTION} Defaults to {RATE}.")
    client_id: str | None = optional(CLIENT_ID_DESCRIPTION)
    idempotency_key: str | None = optional(f"{IDEMPOTENCY_KEY} A retry returns the app that the first request created.")


@strawberry.type(description="The created app. It has no API key yet: create one with `createApiKey`.")
class CreateAppPayload(Payload):
    app: App | None = optional("The app. Null if the mutation was refused.")


@strawberry.input(
    description="The changes to an app. Omitted fields do not change. Changes take effect within a second. The app "
    "that sends the request can neither disable itself nor remove its own `admin` scope, so that changes can always be "
    "undone."
)
class UpdateAppInput:
    id: strawberry.ID = strawberry.field(description="The ID of the app.")
    name: str | None = optional(f"The name, 1 to {NAME_LENGTH} characters. Null keeps the current name.")
    scopes: list[Scope] | None = optional(
        "The scopes, at least one, which replace the current scopes. Null keeps the current scopes."
    )
    document_mode: DocumentMode | None = optional("The documents that the app can send. Null keeps the current mode.")
    rate: int | None = optional(f"{RATE_DESCRIPTION} Null keeps the current limit.")
    client_id: str | None = optional(f"{CLIENT_ID_DESCRIPTION} Null removes it.", default=strawberry.UNSET)
    disabled: bool | None = optional(
        "True disables the app and all of its API keys until the app is enabled again. False enables the "
        f"app, if the store has fewer than {APP_LIMIT} enabled apps. Null changes nothing."
    )


@strawberry.type(description="The updated app.")
class UpdateAppPayload(Payload):
    app: App | None = optional("The app. Null if the mutation was refused.")


async def create_app(info: Info, input: CreateAppInput) -> CreateAppPayload:
    credential = info.context.require(Scope.ADMIN)
    store_id = credential.store_id
    with Validation() as validation:
        input = replace(
            input,
            name=validation.text(input.name, "name", length=NAME_LENGTH),
            scopes=_validated_scopes(validation, input.scopes),
            rate=_validated_rate(validation, input.rate),
            client_id=validation.text(input.client_id, "clientId", length=NAME_LENGTH),
            idempotency_key=validation.text(input.idempotency_key, "idempotencyKey"),
        )
    new = new_id("app")
    try:
        async with info.context.db.transaction() as transaction:
            id = await idempotent_id(transaction, credential, input, new)
            if id == new:
                await _check_app_limit(transaction, store_id)
                scopes = [scope.value for scope in input.scopes]
                rate = RATE if input.rate is None else input.rate
                mode = (input.document_mode or DocumentMode.LOG).value
                app = AppSettings(input.name, scopes, rate, mode, input.client_id)
                row = await db_apps.create_app(transaction, store_id, app, id=id, origin=info.context.origin)
            else:
                [row] = await get_apps(transaction, store_id, [id])
    except ClientIdTaken:
        raise _client_id_taken() from None
    return CreateAppPayload(app=App(row=row))


async def update_app(info: Info, input: UpdateAppInput) -> UpdateAppPayload:
    credential = info.context.require(Scope.ADMIN)
    with Validation() as validation:
        id = validation.id(input.id, "app", "id")
        name = validation.text(input.name, "name", length=NAME_LENGTH)
        scopes = None if input.scopes is None else _validated_scopes(validation, input.scopes)
        rate = _validated_rate(validation, input.rate)
        client_id = None
        if input.client_id is not strawberry.UNSET:
            client_id = Change(validation.text(input.client_id, "clientId", length=NAME_LENGTH))
    if id == credential.app_id and input.disabled:
        raise user_error(UserErrorCode.OWN_APP, "must not be true for the app that sends the request", "disabled")
    if id == credential.app_id and scopes is not None and Scope.ADMIN not in scopes:
        raise user_error(UserErrorCode.OWN_APP, "must include ADMIN for the app that sends the request", "scopes")
    try:
        async with info.context.db.transaction() as transaction:
            current = await get_apps(transaction, credential.store_id, [id]) if input.disabled is False else []
            if any(app.disabled_at for app in current):
                await _check_app_limit(transaction, credential.store_id, "disabled")
            row = await set_app(
                transaction,
                credential.store_id,
                id,
                name=name,
                scopes=[scope.value for scope in scopes] if scopes else None,
                document_mode=input.document_mode.value if input.document_mode else None,
                rate=rate,
                client_id=client_id,
                disabled=input.disabled,
                origin=info.context.origin,
            )
    except ClientIdTaken:
        raise _client_id_taken() from None
    return UpdateAppPayload(app=App(row=found(row, "an app", "id")))


def _client_id_taken() -> UserErrors:
    return user_error(
        UserErrorCode.CLIENT_ID_TAKEN, "must not be the client ID of another app of your store", "clientId"
    )


async def _check_app_limit(transaction: Transaction, store_id: str, *field: str) -> None:
    """Raise UserErrors if the store cannot have another enabled app."""
    count = await count_enabled_apps(transaction, store_id)
    if count >= APP_LIMIT:
        message = f"your store has {count} enabled apps, and the limit is {APP_LIMIT}: disable another app first"
        raise user_error(UserErrorCode.INVALID, message, *field)


def _validated_scopes(validation: Validation, scopes: list[Scope]) -> list[Scope]:
    """The scopes without duplicates, in the order of the enum."""
    if not scopes:
        validation.add_error("must contain at least one scope", "scopes")
    return [scope for scope in Scope if scope in scopes]


def _validated_rate(validation: Validation, rate: int | None) -> int | None:
    if rate is not None and not 1 <= rate <= RATE_LIMIT:
        validation.add_error(f"must be 1 to {RATE_LIMIT} cost points per second, got {rate}", "rate")
    return rate
