"""API keys, without their secrets."""

from datetime import datetime

import strawberry

from db.api_keys import ApiKeyRow


@strawberry.type(description="A key by which an app is known, without its secret, which is kept nowhere.")
class ApiKey:
    id: strawberry.ID = strawberry.field(description="Its own ID, as events name it.")
    name: str = strawberry.field(description="What it was called when it was made.")
    date_created: datetime = strawberry.field(description="When it was made.")
    revoked_at: datetime | None = strawberry.field(description="When it was turned off. Null: it was not.")

    @classmethod
    def from_row(cls, row: ApiKeyRow) -> "ApiKey":
        return cls(id=strawberry.ID(row.id), name=row.name, date_created=row.created_at, revoked_at=row.revoked_at)
