"""Persisted documents, as their app's developers see them."""

from datetime import datetime

import strawberry

from db.keysets import Sort
from db.pool import Row
from engine.rows import column
from schema.connections import Connection, read_page, read_span
from schema.context import Info
from schema.scopes import Scope

BY_ID = Sort("id", "text", descending=False)


@strawberry.type(description="A document that an app may send by its ID. Published once, it never changes.")
class PersistedDocument:
    row: strawberry.Private[Row]
    id: strawberry.ID = column(
        "id", "What clients send: `sha256:` and the document's SHA-256, or what the app's tools chose."
    )
    name: str | None = column("name", "The operation's name. Null: it has none, or there are several.")
    body: str = column("body", "The document.")
    cost: int = column("cost", "What it cost when it was published, with its variables' defaults.")
    published_at: datetime = column("published_at", "When it was published.")
    retired_at: datetime | None = column("retired_at", "When it was retired: its ID is refused. Null: it was not.")


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
        lambda row: PersistedDocument(row=row),
    )
    return Connection(page=page)
