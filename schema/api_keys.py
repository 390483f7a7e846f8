"""API keys. Their secrets are not stored."""

from datetime import datetime

import strawberry

from db.statements import Row
from engine.rows import column


@strawberry.type(description="A key that authenticates an app. Its secret is not stored and cannot be retrieved.")
class ApiKey:
    row: strawberry.Private[Row]
    id: strawberry.ID = column(
        "id", "The ID of the API key, such as key_01h455vb4pex5vsknk084sn02q. See `SessionEvent.apiKeyId`."
    )
    name: str = column("name", "The key's name.")
    date_created: datetime = column("created_at", "When the key was created.")
    expires_at: datetime | None = column(
        "expires_at", "The time from which the key is refused. Null if it never expires."
    )
    last_used_at: datetime | None = column(
        "last_used_at",
        "When the key was last used. Updated about once an hour, so that the last use can be up to an hour later. Null "
        "if it has not been used.",
    )
    revoked_at: datetime | None = column("revoked_at", "When the key was revoked. Null if it has not been revoked.")
