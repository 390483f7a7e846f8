"""A session's events: its timeline."""

from datetime import datetime
from enum import Enum

import strawberry

from db.pool import Row
from engine.rows import column
from schema.connections import Connection
from schema.enums import enum_value


@strawberry.enum(description="What happened to a session.")
class SessionEventKind(Enum):
    ISSUED = enum_value("ISSUED", "The session began and its link was made.")
    PREVIEWED = enum_value("PREVIEWED", "A chat app fetched the link to show a preview. Not a visit.")
    OPENED = enum_value("OPENED", "A person opened the link.")
    JOINED = enum_value("JOINED", "The storefront let the customer in.")
    EXTENDED = enum_value("EXTENDED", "The same link was given another expired time.")
    REISSUED = enum_value("REISSUED", "A new link took the place of the old one.")
    REVOKED = enum_value("REVOKED", "The link was turned off.")
    CONVERTED = enum_value("CONVERTED", "The customer did what the session was for.")
    EXPIRED = enum_value("EXPIRED", "The token's expired time came.")


@strawberry.type(description="One thing that happened to a session.")
class SessionEvent:
    row: strawberry.Private[Row]
    id: strawberry.ID = column("id", "Its own ID.")
    kind: SessionEventKind = column("kind", "What happened.")
    at: datetime = column("at", "When.")
    expired_time: datetime | None = column(
        "expires_at", "ISSUED, EXTENDED and REISSUED: the expired time that the token was given. Null there: never."
    )
    reason: str | None = column(
        "reason", "Why, where somebody said so; `store setting` where a change of Session Expiration did it."
    )
    key_id: strawberry.ID | None = column(
        "key_id", "The API key that asked for it. Null: a user, the customer through the link, or time itself."
    )
    user_id: str | None = column(
        "user_id", "Who asked for it, where a person signed in: what the identity provider calls them (`sub`)."
    )


SessionEventConnection = Connection[SessionEvent]
