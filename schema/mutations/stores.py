"""The mutation that updates the settings of a store."""

from urllib.parse import urlsplit

import strawberry

from db.columns import Change
from db.pool import Transaction
from db.stores import get_store_locked, set_active_expiry, set_store
from schema.context import Info
from schema.fields import optional
from schema.mutations.payloads import Payload
from schema.scopes import Scope
from schema.stores import HOST_LIMIT, Store, checked_storefront_host, checked_storefront_url
from schema.validation import DAYS_MAXIMUM, DAYS_MINIMUM, NAME_LENGTH, Validation


@strawberry.input(description="The changes to the settings of the store. Omitted fields do not change.")
class UpdateStoreSettingsInput:
    session_expiration: int | None = optional(
        "The session expiration: the lifetime of new tokens in minutes, 1 to 1440. 0 means that new tokens "
        "never expire. Tokens that were already issued change only with `applyToActiveTokens`."
    )
    name: str | None = optional(f"The name of the store, 1 to {NAME_LENGTH} characters.")
    storefront_url: str | None = optional(
        "The URL to which customers who open a link are redirected. It must start with `https://`, or be of "
        "`localhost`, and its host must be one of `storefrontHosts`. A username or password in it is refused. Requires "
        "the scope `admin`."
    )
    storefront_hosts: list[str] | None = optional(
        f"The hosts to which `storefrontUrl` may point, at most {HOST_LIMIT}, such as `shop.example`. They replace the "
        "current hosts, and must include the host of `storefrontUrl`. Requires the scope `admin`."
    )
    retention_days: int | None = optional(
        f"The retention period, {DAYS_MINIMUM} to {DAYS_MAXIMUM} days: sessions without an event for so long are "
        "redacted, and so are customers without other sessions. Null keeps sessions. Requires the scope `admin`.",
        default=strawberry.UNSET,
    )
    apply_to_active_tokens: bool | None = optional(
        "Whether to also apply the session expiration to active tokens, counted from the time at which "
        "each was issued. Some of them can expire immediately. Defaults to false. Requires the scope `sessions:write`."
    )


@strawberry.type(description="The updated store.")
class UpdateStoreSettingsPayload(Payload):
    store: Store | None = optional("The store. Null if the mutation was refused.")
    tokens_changed: int = optional("The number of active tokens whose expiration time was changed.", default=0)


async def update_store_settings(info: Info, input: UpdateStoreSettingsInput) -> UpdateStoreSettingsPayload:
    credential = info.context.require(Scope.SETTINGS_WRITE)
    # Where customers are sent with their tokens, and when their data is removed.
    keeps_retention = input.retention_days is strawberry.UNSET
    if not (keeps_retention and input.storefront_url is None and input.storefront_hosts is None):
        info.context.require(Scope.ADMIN)
    if input.apply_to_active_tokens:
        info.context.require(Scope.SESSIONS_WRITE)
    db, store_id = info.context.db, credential.store_id
    async with db.transaction() as transaction:
        with Validation() as validation:
            minutes = validation.minutes(input.session_expiration, "sessionExpiration")
            name = validation.text(input.name, "name", length=NAME_LENGTH)
            url, hosts = await _validated_storefront(validation, transaction, store_id, input)
            days = None
            if not keeps_retention:
                days = Change(validation.retention_days(input.retention_days, "retentionDays"))
        row = await set_store(
            transaction,
            store_id,
            session_expiration=minutes,
            name=name,
            storefront_url=url,
            storefront_hosts=hosts,
            retention_days=days,
            origin=info.context.origin,
        )
    changed = await set_active_expiry(db, store_id, credential.actor) if input.apply_to_active_tokens else 0
    return UpdateStoreSettingsPayload(store=Store(row=row), tokens_changed=changed)


async def _validated_storefront(
    validation: Validation, transaction: Transaction, store_id: str, input: UpdateStoreSettingsInput
) -> tuple[str | None, list[str] | None]:
    """The URL and the hosts of the input. They must match each other, or what the store has."""
    if input.storefront_url is None and input.storefront_hosts is None:
        return None, None
    store = await get_store_locked(transaction, store_id)
    hosts = None
    if input.storefront_hosts is not None:
        if not 1 <= len(input.storefront_hosts) <= HOST_LIMIT:
            count = len(input.storefront_hosts)
            validation.add_error(f"must contain 1 to {HOST_LIMIT} hosts, got {count}", "storefrontHosts")
        checked = [
            validation.checked(checked_storefront_host, host, "storefrontHosts") for host in input.storefront_hosts
        ]
        hosts = sorted({host for host in checked if host is not None})
    allowed = store.storefront_hosts if hosts is None else hosts
    url = validation.checked(lambda url: checked_storefront_url(url, allowed), input.storefront_url, "storefrontUrl")
    if input.storefront_url is None and (current := urlsplit(store.storefront_url).hostname) not in allowed:
        validation.add_error(f"must contain {current}, the host of the storefront URL", "storefrontHosts")
    return url, hosts
