"""The request context, which resolvers use."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import strawberry

from db.audit import Origin
from db.credentials import Credential
from db.pool import Pool
from db.statements import Row
from engine.cost import CostCounter
from schema.cost import COST_MODEL
from schema.cursors import Cursors
from schema.errors import Forbidden, Unauthenticated
from schema.links import Links
from schema.loaders import Loaders
from schema.rate_limits import RateLimit
from schema.scopes import Scope

PublishDocuments = Callable[[str, str, object, Origin], Awaitable[list[Row] | None]]
"""Publishes the documents of a manifest for an app: the IDs of the store and of the app, the manifest, and the origin.

Returns the documents in the order of the manifest, or None if the store has no such app. Raises UserErrors.
"""


@dataclass
class Context:
    db: Pool
    links: Links
    cursors: Cursors
    credential: Credential | None
    publish_documents: PublishDocuments
    rate_limit: RateLimit | None = None
    address: str = ""  # the client's, for the audit log and rate limits
    # The codes of the userErrors so far, for the request log.
    refusals: list[str] = field(default_factory=list)
    _task: "asyncio.Task[Any] | None" = field(default_factory=asyncio.current_task)
    _loaders: Loaders | None = None

    def require(self, *scopes: Scope) -> Credential:
        """The credential. Raises Unauthenticated without one, and Forbidden if it has none of the scopes."""
        if self.credential is None:
            raise Unauthenticated("Send an API key: Authorization: Bearer rk_…")
        granted = self.credential.scopes
        if scopes and Scope.ADMIN.value not in granted and not any(scope.value in granted for scope in scopes):
            whose = "the token or " if self.credential.user_id else ""
            app = self.credential.app_name
            raise Forbidden(f"This needs the scope {scopes[0].value}, which {whose}the app {app!r} lacks.")
        return self.credential

    @property
    def origin(self) -> Origin:
        """The API key or user that makes a change, and from where, for the audit log."""
        return self.require().origin(self.address or None)

    @cached_property
    def cost_counter(self) -> CostCounter:
        return CostCounter(COST_MODEL)

    @property
    def loaders(self) -> Loaders:
        # Not a cached_property, which takes a lock.
        if self._loaders is None:
            self._loaders = Loaders(self.db, self.require().store_id, self._task)
        return self._loaders


Info = strawberry.Info[Context, None]
