"""Mutations that publish and retire persisted documents."""

from dataclasses import field

import strawberry
from strawberry.scalars import JSON

from db.documents import set_document_retired
from db.pool import Row
from engine.cost import count_items
from engine.rows import resolver
from schema.context import Info
from schema.document_ids import canonical_id
from schema.documents import DOCUMENT_LIMIT, PersistedDocument, require_app
from schema.errors import UserErrorCode, user_error
from schema.mutations.apps import app_not_found
from schema.mutations.payloads import Payload, returns_user_errors
from schema.scalars import shortened
from schema.validation import Validation

# Checking a document takes milliseconds, during which no other request is served.
DOCUMENTS_PER_REQUEST = 100

APP_ID_DESCRIPTION = "The ID of the app. Defaults to your own app; another app needs the scope `admin`."


@strawberry.input(
    description="The documents to publish for an app. Either all of them are published or, if one is invalid, none. "
    f"They are added to the published documents of the app, which can have at most {DOCUMENT_LIMIT:,}. A published "
    "document never changes: a different text needs a new ID. Documents that are already published are kept, and "
    f"retired documents are published again. A request can publish at most {DOCUMENTS_PER_REQUEST} documents: publish "
    "a larger manifest in several requests."
)
class PublishDocumentsInput:
    app_id: strawberry.ID | None = strawberry.field(default=None, description=APP_ID_DESCRIPTION)
    manifest: JSON = strawberry.field(
        description="The manifest that the tool of Apollo (`generate-persisted-query-manifest`), GraphQL Codegen "
        "(`persistedDocuments`) or Relay (`persistConfig`) wrote."
    )


@strawberry.type(description="The published documents.")
class PublishDocumentsPayload(Payload):
    rows: strawberry.Private[list[Row]] = field(default_factory=list)

    @resolver("The documents in the order of the manifest. Empty if the mutation was refused.")
    def documents(self, info: Info) -> list[PersistedDocument]:
        count_items(info, len(self.rows))
        return [PersistedDocument(row=row) for row in self.rows]


@strawberry.input(description="The document to retire, so that the app can no longer send it.")
class RetireDocumentInput:
    app_id: strawberry.ID | None = strawberry.field(default=None, description=APP_ID_DESCRIPTION)
    id: strawberry.ID = strawberry.field(description="The ID of the document.")


@strawberry.type(description="The retired document.")
class RetireDocumentPayload(Payload):
    document: PersistedDocument | None = strawberry.field(
        default=None, description="The document. Null if the mutation was refused."
    )


@returns_user_errors
async def publish_documents(info: Info, input: PublishDocumentsInput) -> PublishDocumentsPayload:
    store_id, app_id = _validated_app(info, input.app_id)
    published = await info.context.publish_documents(store_id, app_id, input.manifest)
    if published is None:
        raise app_not_found("appId")
    return PublishDocumentsPayload(rows=published)


@returns_user_errors
async def retire_document(info: Info, input: RetireDocumentInput) -> RetireDocumentPayload:
    store_id, app_id = _validated_app(info, input.app_id)
    id = canonical_id(input.id)
    row = await set_document_retired(info.context.db, store_id, app_id, id) if id else None
    if row is None:
        message = f"must be the ID of a document of the app, got {shortened(input.id)}"
        raise user_error(UserErrorCode.NOT_FOUND, message, "id")
    return RetireDocumentPayload(document=PersistedDocument(row=row))


def _validated_app(info: Info, app_id: str | None) -> tuple[str, str]:
    """The IDs of the store and of the app whose documents change."""
    store_id, id = require_app(info, app_id)
    validation = Validation()
    validation.id(id, "app", "appId")
    validation.raise_errors()
    return store_id, id
