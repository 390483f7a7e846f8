"""Persisted documents, as their app's developers see them."""

from datetime import datetime

import strawberry

from db.documents import DocumentRow
from db.keysets import Sort
from schema.connections import Connection, read_page, read_span
from schema.context import Info, Scope

# How many documents an app can have, retired ones excluded.
DOCUMENT_LIMIT = 10_000

BY_ID = Sort("id", "text", descending=False)


@strawberry.type(description="A document that an app may send by its ID. Published once, it never changes.")
class PersistedDocument:
    id: strawberry.ID = strawberry.field(
        description="What clients send: `sha256:` and the document's SHA-256, or what the app's tools chose."
    )
    name: str | None = strawberry.field(description="The operation's name. Null: it has none, or there are several.")
    body: str = strawberry.field(description="The document.")
    cost: int = strawberry.field(description="What it cost when it was published, with its variables' defaults.")
    published_at: datetime = strawberry.field(description="When it was published.")
    retired_at: datetime | None = strawberry.field(
        description="When it was retired: its ID is refused. Null: it was not."
    )

    @classmethod
    def from_row(cls, row: DocumentRow) -> "PersistedDocument":
        return cls(
            id=strawberry.ID(row.id),
            name=row.name,
            body=row.body,
            cost=row.cost,
            published_at=row.published_at,
            retired_at=row.retired_at,
        )


def require_app(info: Info, app_id: str | None) -> tuple[str, str]:
    """The store and the app whose documents are meant: the asker's own, or with `admin` any. Raises Forbidden."""
    credential = info.context.require(Scope.DOCUMENTS_WRITE)
    if app_id is not None and app_id != credential.app_id:
        info.context.require(Scope.ADMIN)
    return credential.store_id, app_id or credential.app_id


async def documents_of(
    info: Info, app_id: str, first: int | None, after: str | None, last: int | None, before: str | None
) -> Connection[PersistedDocument]:
    require_app(info, app_id)
    name = f"documents {app_id}"
    page = await read_page(
        info.context,
        name,
        read_span(info.context, name, first, after, last, before),
        lambda window: info.context.loaders.documents(app_id, window),
        BY_ID.key_of,
        PersistedDocument.from_row,
    )
    return Connection(page=page)
