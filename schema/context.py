"""What every resolver is given: the database, the links, the asker, and the loaders of this request."""

from dataclasses import dataclass, field
from enum import Enum
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple

import strawberry

from db.credentials import CredentialRow
from db.pool import Pool
from engine.cost import CostCounter
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


@dataclass
class Context:
    db: Pool
    links: Links
    cursors: Cursors
    credential: CredentialRow | None
    throttle: Throttle | None = None
    introspection: bool = True
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
    def cost_counter(self) -> CostCounter:
        from schema.cost import COST_MODEL

        return CostCounter(COST_MODEL)

    @cached_property
    def loaders(self) -> "Loaders":
        from schema.loaders import Loaders

        return Loaders(self.db, self.require().store_id)


Info = strawberry.Info[Context, None]
