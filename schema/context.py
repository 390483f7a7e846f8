"""What every resolver is given: the database, the links, the asker, and the loaders of this request."""

from dataclasses import dataclass
from enum import Enum
from functools import cached_property
from typing import TYPE_CHECKING

import strawberry

from db.credentials import CredentialRow
from db.pool import Pool
from schema.cursors import Cursors
from schema.described import value
from schema.errors import Forbidden, Unauthenticated
from schema.links import Links

if TYPE_CHECKING:
    from schema.loaders import Loaders


@strawberry.enum(description="What a credential may do.")
class Scope(Enum):
    SESSIONS_READ = value("sessions:read", "`sessions:read`: query sessions, customers, orders and figures.")
    SESSIONS_WRITE = value(
        "sessions:write", "`sessions:write`: issue, extend, reissue and revoke, record orders and conversions."
    )
    SESSIONS_JOIN = value("sessions:join", "`sessions:join`: let customers in. What a storefront needs, and no more.")
    SETTINGS_WRITE = value("settings:write", "`settings:write`: change the store's settings.")
    DOCUMENTS_WRITE = value("documents:write", "`documents:write`: publish persisted documents.")
    ADMIN = value("admin", "`admin`: everything.")


@dataclass
class Context:
    db: Pool
    links: Links
    cursors: Cursors
    credential: CredentialRow | None

    def require(self, *scopes: Scope) -> CredentialRow:
        """Who asks. Raises Unauthenticated when nobody is known to, Forbidden when they have none of the scopes."""
        if self.credential is None:
            raise Unauthenticated("Send an API key: Authorization: Bearer rk_…")
        allowing = [scope.value for scope in (*scopes, Scope.ADMIN)]
        if scopes and not set(allowing).intersection(self.credential.scopes):
            raise Forbidden(f"This needs the scope {allowing[0]}, which the app {self.credential.app_name!r} lacks.")
        return self.credential

    @cached_property
    def loaders(self) -> "Loaders":
        from schema.loaders import Loaders

        return Loaders(self.db, self.require().store_id)


Info = strawberry.Info[Context, None]
