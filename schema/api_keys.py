"""API keys, without their secrets."""

from datetime import datetime

import strawberry

from db.pool import Row
from engine.rows import column


@strawberry.type(description="A key by which an app is known, without its secret, which is kept nowhere.")
class ApiKey:
    row: strawberry.Private[Row]
    id: strawberry.ID = column("id", "Its own ID, as events name it.")
    name: str = column("name", "What it was called when it was made.")
    date_created: datetime = column("created_at", "When it was made.")
    revoked_at: datetime | None = column("revoked_at", "When it was turned off. Null: it was not.")
