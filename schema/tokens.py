"""Tokens: the status, expiration time and link of a session."""

from datetime import datetime
from enum import Enum

import strawberry

from db.statements import Row
from engine.rows import column, resolver
from schema.context import Info
from schema.fields import enum_value
from schema.scalars import URL
from schema.scopes import Scope


@strawberry.enum(description="The status of a token.")
class TokenStatus(Enum):
    ACTIVE = enum_value("ACTIVE", "The link admits the customer.")
    EXPIRED = enum_value("EXPIRED", "The expiration time has passed. Extending the token makes it active again.")
    REVOKED = enum_value("REVOKED", "The token was revoked. Reissuing it creates a new link.")


@strawberry.type(description="Grants the customer access to a session. The customer receives it as a link.")
class Token:
    row: strawberry.Private[Row]
    status: TokenStatus = column("token_status", "The status of the token when the query runs.")
    issued_at: datetime = column("token_issued_at", "When the token was issued or last reissued.")
    expired_time: datetime | None = column(
        "token_expires_at", "The expiration time of the token. Null if the token never expires."
    )
    revoked_at: datetime | None = column("token_revoked_at", "When the token was revoked. Null if it is not revoked.")

    @resolver(
        "The link to send to the customer. Null if the key that signed it was removed. To get a new link, reissue "
        "the token. Requires the scope `sessions:write`, because the link admits anyone who has it.",
        reads=("id", "token_key", "token_generation"),
    )
    def link(self, info: Info) -> URL | None:
        credential, links = info.context.require(Scope.SESSIONS_WRITE), info.context.links
        code = links.code(credential.store_id, self.row)
        return URL(links.url(credential.store_slug, code)) if code else None
