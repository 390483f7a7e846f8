"""Credentials: an API key, or a user of an app, with the app's store and permissions."""

from typing import NamedTuple

from db.audit import Origin
from db.events import Actor
from db.statements import Executor


class UserBlocked(Exception):
    """The store has blocked the user."""


class Credential(NamedTuple):
    """An authenticated API key or user, with the app and the store that it belongs to.

    `api_key_id` and `api_key_name` are None for a user, `user_id` is None for an API key. `console`: staff use the
    console through the app.
    """

    store_id: str
    store_slug: str
    app_id: str
    app_name: str
    scopes: list[str]
    document_mode: str
    rate: int
    console: bool
    api_key_id: str | None
    api_key_name: str | None
    user_id: str | None = None

    @property
    def actor(self) -> Actor:
        """The API key or user that events name."""
        return Actor(self.api_key_id, self.user_id)

    def origin(self, address: str | None) -> Origin:
        """The API key or user that audit events name, at a network address."""
        return Origin(self.api_key_id, self.user_id, address)


GET_BY_KEY = """
select store.id, store.slug, app.id, app.name, app.scopes, app.document_mode, app.rate, app.console,
    api_key.id, api_key.name
from api_key
join app on app.store_id = api_key.store_id and app.id = api_key.app_id
join store on store.id = api_key.store_id
where api_key.hash = $1 and api_key.revoked_at is null and app.disabled_at is null
and (api_key.expires_at is null or api_key.expires_at > now())
"""

GET_BY_CLIENT = """
select store.id, store.slug, app.id, app.name, app.scopes, app.document_mode, app.rate, app.console,
    null, null, $3::text, exists (select from blocked_user where store_id = store.id and user_id = $3) as is_blocked
from store join app on app.store_id = store.id
where (store.id = $1 or store.slug = $1) and app.client_id = $2 and app.disabled_at is null
"""


async def get_credential(db: Executor, hash: bytes) -> Credential | None:
    """The credential of the API key with this SHA-256.

    None if the key is unknown, expired or revoked, or its app is disabled.
    """
    row = await db.fetchrow(GET_BY_KEY, hash)
    return Credential(*row) if row else None


async def get_credential_of_user(db: Executor, store: str, client_id: str, user_id: str) -> Credential | None:
    """The credential of a user of the app with this client ID, in the store with this ID or slug.

    None if there is no such app, or it is disabled. Raises UserBlocked.
    """
    row = await db.fetchrow(GET_BY_CLIENT, store, client_id, user_id)
    if row is None:
        return None
    *values, is_blocked = row
    if is_blocked:
        raise UserBlocked
    return Credential(*values)
