"""Session events: the timeline of a session."""

from datetime import datetime
from enum import Enum

import strawberry

from db.statements import Row
from engine.rows import column
from schema.fields import enum_value


@strawberry.enum(description="The kind of a session event.")
class SessionEventKind(Enum):
    ISSUED = enum_value("ISSUED", "The session was created and its token issued.")
    PREVIEWED = enum_value(
        "PREVIEWED", "A chat app fetched the link to show a preview. Previews do not count as opened."
    )
    OPENED = enum_value("OPENED", "A person opened the link.")
    JOINED = enum_value("JOINED", "The customer joined the session through the storefront.")
    EXTENDED = enum_value("EXTENDED", "The token got another expiration time.")
    REISSUED = enum_value("REISSUED", "The token was replaced, and the previous link stopped working.")
    REVOKED = enum_value("REVOKED", "The token was revoked.")
    CONVERTED = enum_value("CONVERTED", "The session converted.")
    REDACTED = enum_value("REDACTED", "The personal data of the session was removed.")
    EXPIRED = enum_value("EXPIRED", "The token expired.")


@strawberry.type(description="An event in the timeline of a session.")
class SessionEvent:
    row: strawberry.Private[Row]
    id: strawberry.ID = column("id", "The ID of the event.")
    kind: SessionEventKind = column("kind", "The kind of the event.")
    at: datetime = column("at", "When the event happened.")
    expired_time: datetime | None = column(
        "expires_at",
        "The new expiration time of the token, for the kinds `ISSUED`, `EXTENDED` and `REISSUED`. Null if the token "
        "never expires, and for other kinds.",
    )
    reason: str | None = column(
        "reason",
        "The reason for the change, or `store setting` if a change of the store's `sessionExpiration` caused it. Null "
        "if no reason was given, or if the session was redacted.",
    )
    api_key_id: strawberry.ID | None = column(
        "api_key_id",
        "The ID of the API key that caused the event. Null if a user caused it, and for the kinds `PREVIEWED`, "
        "`OPENED` and `EXPIRED`.",
    )
    user_id: str | None = column(
        "user_id", "The ID of the user who caused the event: the `sub` claim of the JWT. Null if no user caused it."
    )
