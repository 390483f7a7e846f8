"""Persisted documents of an app."""

from datetime import datetime

import strawberry

from db.statements import Row
from engine.rows import column
from schema.context import Info
from schema.scopes import Scope
from schema.validation import Validation

# The maximum number of documents of an app, without retired ones.
DOCUMENT_LIMIT = 10_000


@strawberry.type(description="A GraphQL document that an app can send by ID. Its text never changes.")
class PersistedDocument:
    row: strawberry.Private[Row]
    id: strawberry.ID = column(
        "id",
        "The ID that clients send: `sha256:` and the SHA-256 of the document, or an ID that the app's tools chose.",
    )
    name: str | None = column(
        "name", "The name of the operation. Null if it has no name, or if the document has several operations."
    )
    body: str = column("body", "The text of the document.")
    cost: int = column(
        "cost", "The cost of the document when it was published, with the default values of its variables."
    )
    published_at: datetime = column("published_at", "When the document was published.")
    retired_at: datetime | None = column(
        "retired_at", "When the document was retired, so that its ID is refused. Null if it has not been retired."
    )


def require_app(info: Info, app_id: str | None) -> tuple[str, str]:
    """The IDs of the store and of the app: by default, the credential's own app.

    Raises Forbidden without the scope documents:write, and for another app without the scope admin. Raises UserErrors
    if the ID is malformed.
    """
    credential = info.context.require(Scope.DOCUMENTS_WRITE)
    if app_id is not None and app_id != credential.app_id:
        info.context.require(Scope.ADMIN)
        with Validation() as validation:
            validation.id(app_id, "app", "appId")
    return credential.store_id, app_id or credential.app_id
