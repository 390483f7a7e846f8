"""Tokens: a session's key and its link."""

from datetime import datetime
from enum import Enum

import strawberry

from db.sessions import SessionRow
from engine.rows import resolver
from schema.context import Info
from schema.enums import enum_value
from schema.scalars import URL


@strawberry.enum(description="Whether a token works.")
class TokenStatus(Enum):
    ACTIVE = enum_value("ACTIVE", "The link lets the customer in.")
    EXPIRED = enum_value("EXPIRED", "The expired time has come. Extending makes it active again.")
    REVOKED = enum_value("REVOKED", "It was turned off. Only reissuing makes a new one.")


@strawberry.type(description="A session's key: what the customer is sent.")
class Token:
    row: strawberry.Private[SessionRow]
    status: TokenStatus = strawberry.field(description="Whether it works, at the moment of your query.")
    issued_at: datetime = strawberry.field(description="When it was issued, the last time.")
    expired_time: datetime | None = strawberry.field(
        description="The moment from which it no longer works. Null: it never expires."
    )
    revoked_at: datetime | None = strawberry.field(description="When it was revoked. Null: it was not.")

    @classmethod
    def from_row(cls, row: SessionRow) -> "Token":
        return cls(
            row=row,
            status=TokenStatus[row.token_status],
            issued_at=row.token_issued_at,
            expired_time=row.token_expires_at,
            revoked_at=row.token_revoked_at,
        )

    @resolver("The link to send to the customer. Null: the key that signed it was retired; reissue the token.")
    def link(self, info: Info) -> URL | None:
        credential, links = info.context.require(), info.context.links
        code = links.code(credential.store_id, self.row)
        return URL(links.url(credential.store_slug, code)) if code else None
