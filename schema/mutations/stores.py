"""Changing the store's settings."""

import strawberry

from db.stores import set_active_expiry, set_store
from schema.context import Info
from schema.errors import UserError, refusable
from schema.scopes import Scope
from schema.stores import Store
from schema.validation import NAME_LENGTH, Checks


@strawberry.input(description="What to change of the store's settings. What is absent or null stays.")
class UpdateStoreSettingsInput:
    session_expiration: int | None = strawberry.field(
        default=None,
        description="Session Expiration: minutes until a token expires, 1 to 1440. 0 disables expiry: sessions stay "
        "active indefinitely. It applies to tokens that are issued from now on.",
    )
    name: str | None = strawberry.field(default=None, description=f"The store's name, 1 to {NAME_LENGTH} characters.")
    storefront_url: str | None = strawberry.field(
        default=None, description="Where a customer who opens a link is sent: an absolute http or https address."
    )
    apply_to_active_tokens: bool | None = strawberry.field(
        default=None,
        description="Whether tokens that are active now expire so many minutes after their issue, too (0: never); some "
        "of them expire at once. If absent, they do not.",
    )


@strawberry.type(description="The changed store.")
class UpdateStoreSettingsPayload:
    store: Store | None = strawberry.field(default=None, description="The store. Null: it was refused.")
    tokens_changed: int = strawberry.field(
        default=0, description="How many active tokens were given another expired time."
    )
    user_errors: list[UserError] = strawberry.field(default_factory=list, description="Why it was refused.")


@refusable
async def update_store_settings(info: Info, input: UpdateStoreSettingsInput) -> UpdateStoreSettingsPayload:
    credential = info.context.require(Scope.SETTINGS_WRITE)
    checks = Checks()
    minutes = checks.optional_minutes(input.session_expiration, "sessionExpiration")
    name = checks.optional_text(input.name, "name", length=NAME_LENGTH)
    storefront_url = checks.url(input.storefront_url, "storefrontUrl")
    checks.done()
    db, store_id = info.context.db, credential.store_id
    row = await set_store(db, store_id, session_expiration=minutes, name=name, storefront_url=storefront_url)
    changed = await set_active_expiry(db, store_id, credential.actor) if input.apply_to_active_tokens else 0
    return UpdateStoreSettingsPayload(store=Store(row=row), tokens_changed=changed)
