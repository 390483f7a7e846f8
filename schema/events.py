"""Session events: the timeline of a session."""

from datetime import datetime
from enum import Enum

import strawberry

from db.pool import Row
from engine.rows import column
from schema.connections import Connection
from schema.enums import enum_value


@strawberry.enum(description="The kind of a session event.")
class SessionEventKind(Enum):
    ISSUED = enum_value("ISSUED", "The session was created and its token issued.")
    PREVIEWED = enum_value(
        "PREVIEWED", "A chat app fetched the link to show a preview of it. This does not count as opened."
    )
    OPENED = enum_value("OPENED", "A person opened the link.")
    JOINED = enum_value("JOINED", "The customer joined the session through the storefront.")
    EXTENDED = enum_value("EXTENDED", "The expiration time of the token was changed.")
    REISSUED = enum_value("REISSUED", "The token was replaced, and the previous link stopped working.")
    REVOKED = enum_value("REVOKED", "The token was revoked.")
    CONVERTED = enum_value("CONVERTED", "The session converted.")
    EXPIRED = enum_value("EXPIRED", "The token expired.")


@strawberry.type(description="An event in the timeline of a session.")
class SessionEvent:
    row: strawberry.Private[Row]
    id: strawberry.ID = column("id", "The ID of the event.")
    kind: SessionEventKind = column("kind", "The kind of the event.")
    at: datetime = column("at", "When the event happened.")
    expired_time: datetime | None = column(
        "expires_at",
        "For ISSUED, EXTENDED and REISSUED: the new expiration time of the token. Null if it never expires.",
    )
    reason: str | None = column(
        "reason",
        "The reason that was given for the change, or `store setting` if a change of Session Expiration caused it.",
    )
    key_id: strawberry.ID | None = column(
        "key_id",
        "The ID of the API key that made the change. Null if a user or the customer did, or if the token expired.",
    )
    user_id: str | None = column(
        "user_id", "The user who made the change: the `sub` claim of their JWT. Null if no user did."
    )


SessionEventConnection = Connection[SessionEvent]
