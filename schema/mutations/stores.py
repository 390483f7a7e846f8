"""The mutation that updates the settings of a store."""

import strawberry

from db.columns import Change
from db.stores import set_active_expiry, set_store
from schema.context import Info
from schema.fields import optional
from schema.mutations.payloads import Payload
from schema.scopes import Scope
from schema.stores import Store
from schema.validation import DAYS_MAXIMUM, DAYS_MINIMUM, NAME_LENGTH, Validation


@strawberry.input(description="The changes to the settings of the store. Omitted fields do not change.")
class UpdateStoreSettingsInput:
    session_expiration: int | None = optional(
        "The session expiration: the lifetime of new tokens in minutes, 1 to 1440. 0 means that new tokens "
        "never expire. Tokens that were already issued change only with `applyToActiveTokens`."
    )
    name: str | None = optional(f"The name of the store, 1 to {NAME_LENGTH} characters.")
    storefront_url: str | None = optional(
        "The absolute http or https URL to which customers who open a link are redirected."
    )
    retention_days: int | None = optional(
        f"The retention period, {DAYS_MINIMUM} to {DAYS_MAXIMUM} days: sessions without an event for so long are "
        "redacted, and so are customers without other sessions. Null keeps sessions. Requires the scope `admin`.",
        default=strawberry.UNSET,
    )
    apply_to_active_tokens: bool | None = optional(
        "Whether to also apply the session expiration to active tokens, counted from the time at which "
        "each was issued. Some of them can expire immediately. Defaults to false."
    )


@strawberry.type(description="The updated store.")
class UpdateStoreSettingsPayload(Payload):
    store: Store | None = optional("The store. Null if the mutation was refused.")
    tokens_changed: int = optional("The number of active tokens whose expiration time was changed.", default=0)


async def update_store_settings(info: Info, input: UpdateStoreSettingsInput) -> UpdateStoreSettingsPayload:
    credential = info.context.require(Scope.SETTINGS_WRITE)
    if input.retention_days is not strawberry.UNSET:
        info.context.require(Scope.ADMIN)
    with Validation() as validation:
        minutes = validation.minutes(input.session_expiration, "sessionExpiration")
        name = validation.text(input.name, "name", length=NAME_LENGTH)
        storefront_url = validation.url(input.storefront_url, "storefrontUrl")
        days = (
            None
            if input.retention_days is strawberry.UNSET
            else Change(validation.retention_days(input.retention_days, "retentionDays"))
        )
    db, store_id = info.context.db, credential.store_id
    row = await set_store(
        db, store_id, session_expiration=minutes, name=name, storefront_url=storefront_url, retention_days=days
    )
    changed = await set_active_expiry(db, store_id, credential.actor) if input.apply_to_active_tokens else 0
    return UpdateStoreSettingsPayload(store=Store(row=row), tokens_changed=changed)
