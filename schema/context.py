"""The request context: what every resolver needs of its request."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from enum import Enum
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple

import strawberry

from db.credentials import CredentialRow
from db.documents import Published
from db.pool import Pool
from schema.cursors import Cursors
from schema.enums import enum_value
from schema.errors import Forbidden, Unauthenticated
from schema.links import Links

if TYPE_CHECKING:
    from schema.loaders import Loaders


@strawberry.enum(description="What a credential may do.")
class Scope(Enum):
    SESSIONS_READ = enum_value("sessions:read", "`sessions:read`: query sessions, customers, orders and figures.")
    SESSIONS_WRITE = enum_value(
        "sessions:write", "`sessions:write`: issue, extend, reissue and revoke, record orders and conversions."
    )
    SESSIONS_JOIN = enum_value(
        "sessions:join", "`sessions:join`: let customers in. What a storefront needs, and no more."
    )
    SETTINGS_WRITE = enum_value("settings:write", "`settings:write`: change the store's settings.")
    DOCUMENTS_WRITE = enum_value("documents:write", "`documents:write`: publish persisted documents.")
    ADMIN = enum_value("admin", "`admin`: everything.")


class Throttle(NamedTuple):
    """An app's points: how many there are now as far as the worker knows, at most, and how many come a second."""

    available: int
    maximum: int
    restore_rate: int


PublishDocuments = Callable[[str, str, object], Awaitable[list[Published] | None]]
"""Publishes the documents of a manifest for an app, given the ID of the store, the ID of the app and the manifest.

Returns the documents in the order of the manifest, or None if the store has no such app. Raises UserErrors.
"""


@dataclass
class Context:
    db: Pool
    links: Links
    cursors: Cursors
    credential: CredentialRow | None
    publish_documents: PublishDocuments
    throttle: Throttle | None = None
    introspection: bool = True
    # Of lists longer than assumed: what their items cost, and what those beyond have come to. See `schema/cost.py`.
    item_costs: dict[tuple[int, ...], int] = field(default_factory=dict)
    unforeseen_cost: int = 0
    # The codes of the userErrors so far, for the log.
    refusals: list[str] = field(default_factory=list)

    def require(self, *scopes: Scope) -> CredentialRow:
        """Who asks. Raises Unauthenticated when nobody is known to, Forbidden when they have none of the scopes."""
        if self.credential is None:
            raise Unauthenticated("Send an API key: Authorization: Bearer rk_…")
        if scopes and not any(scope.value in self.credential.scopes for scope in (*scopes, Scope.ADMIN)):
            whose = "the token or " if self.credential.user_id else ""
            app = self.credential.app_name
            raise Forbidden(f"This needs the scope {scopes[0].value}, which {whose}the app {app!r} lacks.")
        return self.credential

    @cached_property
    def loaders(self) -> "Loaders":
        from schema.loaders import Loaders

        return Loaders(self.db, self.require().store_id)


Info = strawberry.Info[Context, None]
