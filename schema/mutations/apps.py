"""Creating apps and changing them."""

from dataclasses import replace

import strawberry

from db import apps as db_apps
from db.apps import ClientIdTaken, count_enabled_apps, get_apps, set_app
from db.changes import Change
from db.ids import new_id
from db.pool import Transaction
from schema.apps import APP_LIMIT, RATE, RATE_LIMIT, App, DocumentMode
from schema.context import Info
from schema.errors import Refused, UserError, UserErrorCode, refusable, refused
from schema.idempotency_keys import claim, given
from schema.scopes import Scope
from schema.validation import NAME_LENGTH, Checks

NAME = f"What it is called, 1 to {NAME_LENGTH} characters."
RATES = f"How much cost it may spend a second, 1 to {RATE_LIMIT}; only who runs the server can allow more."
CLIENT_ID = "What the identity provider calls it: people who sign in to that client act as this app."


@strawberry.input(description=f"An app to create. A store has at most {APP_LIMIT} that are not disabled.")
class CreateAppInput:
    name: str = strawberry.field(description=NAME)
    scopes: list[Scope] = strawberry.field(description="What it may do; at least one.")
    document_mode: DocumentMode | None = strawberry.field(
        default=None, description="Which documents it may send. `LOG` if absent."
    )
    rate: int | None = strawberry.field(default=None, description=f"{RATES} {RATE} if absent.")
    client_id: str | None = strawberry.field(default=None, description=f"{CLIENT_ID} No other app may have it.")
    idempotency_key: str | None = strawberry.field(
        default=None,
        description="Any text of 1 to 100 characters that you make up for this app, a UUID for instance. Sent again "
        "with the same input, within at least 24 hours, it returns the app of the first time.",
    )


@strawberry.type(description="The created app. It has no key yet: see `createApiKey`.")
class CreateAppPayload:
    app: App | None = strawberry.field(default=None, description="The app. Null: it was refused.")
    user_errors: list[UserError] = strawberry.field(default_factory=list, description="Why it was refused.")


@strawberry.input(
    description="What to change of an app; what is absent stays. It takes effect within a second. The app by which you "
    "ask cannot be disabled, nor lose `admin`, so that somebody can always undo it."
)
class UpdateAppInput:
    id: strawberry.ID = strawberry.field(description="The app.")
    name: str | None = strawberry.field(default=None, description=f"{NAME} Null: it stays.")
    scopes: list[Scope] | None = strawberry.field(
        default=None, description="All that it may do from now on; at least one. Null: they stay."
    )
    document_mode: DocumentMode | None = strawberry.field(
        default=None, description="Which documents it may send. Null: it stays."
    )
    rate: int | None = strawberry.field(default=None, description=f"{RATES} Null: it stays.")
    client_id: str | None = strawberry.field(
        default=strawberry.UNSET, description=f"{CLIENT_ID} No other app may have it. Null removes it."
    )
    disabled: bool | None = strawberry.field(
        default=None,
        description="Whether to turn it off, with all its keys, until it is turned on again, for which the store "
        f"must have fewer than {APP_LIMIT} that are not disabled. Null: it stays as it is.",
    )


@strawberry.type(description="The changed app.")
class UpdateAppPayload:
    app: App | None = strawberry.field(default=None, description="The app. Null: it was refused.")
    user_errors: list[UserError] = strawberry.field(default_factory=list, description="Why it was refused.")


@refusable
async def create_app(info: Info, input: CreateAppInput) -> CreateAppPayload:
    store_id = info.context.require(Scope.ADMIN).store_id
    checks = Checks()
    input = replace(
        input,
        name=checks.text(input.name, "name", length=NAME_LENGTH),
        scopes=_checked_scopes(checks, input.scopes),
        rate=_checked_rate(checks, input.rate),
        client_id=checks.optional_text(input.client_id, "clientId", length=NAME_LENGTH),
        idempotency_key=checks.optional_text(input.idempotency_key, "idempotencyKey"),
    )
    checks.done()
    new = new_id("app")
    try:
        async with info.context.db.transaction() as transaction:
            id = await claim(transaction, store_id, input.idempotency_key, given(input), new)
            if id == new:
                await _check_room(transaction, store_id)
                row = await db_apps.create_app(
                    transaction,
                    store_id,
                    input.name,
                    [scope.value for scope in input.scopes],
                    RATE if input.rate is None else input.rate,
                    (input.document_mode or DocumentMode.LOG).value,
                    input.client_id,
                    id=id,
                )
            else:
                [row] = await get_apps(transaction, store_id, [id])
    except ClientIdTaken:
        raise _client_id_taken() from None
    return CreateAppPayload(app=App(row=row))


@refusable
async def update_app(info: Info, input: UpdateAppInput) -> UpdateAppPayload:
    credential = info.context.require(Scope.ADMIN)
    checks = Checks()
    id = checks.id(input.id, "app", "id")
    name = checks.optional_text(input.name, "name", length=NAME_LENGTH)
    scopes = None if input.scopes is None else _checked_scopes(checks, input.scopes)
    rate = _checked_rate(checks, input.rate)
    client_id = (
        None
        if input.client_id is strawberry.UNSET
        else Change(checks.optional_text(input.client_id, "clientId", length=NAME_LENGTH))
    )
    checks.done()
    if id == credential.app_id and input.disabled:
        raise refused(UserErrorCode.OWN_APP, "is true, but an app cannot disable itself", "disabled")
    if id == credential.app_id and scopes is not None and Scope.ADMIN not in scopes:
        raise refused(UserErrorCode.OWN_APP, "lack ADMIN, but an app cannot take that from itself", "scopes")
    try:
        async with info.context.db.transaction() as transaction:
            if input.disabled is False and await _is_disabled(transaction, credential.store_id, id):
                await _check_room(transaction, credential.store_id, "disabled")
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
            )
    except ClientIdTaken:
        raise _client_id_taken() from None
    if row is None:
        raise app_not_found("id")
    return UpdateAppPayload(app=App(row=row))


def app_not_found(field: str) -> Refused:
    return refused(UserErrorCode.NOT_FOUND, "is no app of your store", field)


def _client_id_taken() -> Refused:
    return refused(UserErrorCode.CLIENT_ID_TAKEN, "is the client ID of another app", "clientId")


async def _check_room(transaction: Transaction, store_id: str, *field: str) -> None:
    """Refuse one more app that is not disabled where the store has as many as it may."""
    count = await count_enabled_apps(transaction, store_id)
    if count >= APP_LIMIT:
        message = f"your store has {count} apps that are not disabled, and may have {APP_LIMIT}: disable another first"
        raise refused(UserErrorCode.INVALID, message, *field)


async def _is_disabled(transaction: Transaction, store_id: str, id: str) -> bool:
    return any(row.disabled_at for row in await get_apps(transaction, store_id, [id]))


def _checked_scopes(checks: Checks, scopes: list[Scope]) -> list[Scope]:
    """Each once, in one order, whatever order they are given in."""
    if not scopes:
        checks.complain("must be one at least", "scopes")
    return [scope for scope in Scope if scope in scopes]


def _checked_rate(checks: Checks, rate: int | None) -> int | None:
    if rate is not None and not 1 <= rate <= RATE_LIMIT:
        checks.complain(f"must be 1 to {RATE_LIMIT} a second, got {rate}", "rate")
    return rate
