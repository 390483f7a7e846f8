"""Publishing persisted documents and retiring them."""

from dataclasses import field

import strawberry
from strawberry.scalars import JSON

from api.documents.manifests import ManifestRefused, canonical_id
from api.documents.publishing import DOCUMENTS, DOCUMENTS_AT_ONCE, publish
from db.documents import set_document_retired
from db.pool import Row
from engine.cost import count_items
from engine.rows import resolver
from schema.context import Info
from schema.documents import PersistedDocument, require_app
from schema.errors import Refused, UserError, UserErrorCode, refusable, refused
from schema.mutations.apps import app_not_found
from schema.scalars import shortened
from schema.validation import Checks

APP_ID = "The app. Your own if absent; another one needs `admin`."


@strawberry.input(
    description="Documents to publish for an app: all of them or, if one is refused, none. They are added to those "
    f"that are there, {DOCUMENTS:,} at most. A document never changes: another text needs another ID. What is "
    f"published already stays, what was retired is published again. At most {DOCUMENTS_AT_ONCE} a request: a large "
    "manifest is sent in parts."
)
class PublishDocumentsInput:
    app_id: strawberry.ID | None = strawberry.field(default=None, description=APP_ID)
    manifest: JSON = strawberry.field(
        description="The manifest as the tool wrote it: Apollo's (`generate-persisted-query-manifest`), GraphQL "
        "Codegen's (`persistedDocuments`) or Relay's (`persistConfig`)."
    )


@strawberry.type(description="The manifest's documents.")
class PublishDocumentsPayload:
    rows: strawberry.Private[list[Row]] = field(default_factory=list)
    user_errors: list[UserError] = strawberry.field(
        default_factory=list, description="Why they were refused: what is wrong with which document."
    )

    @resolver("The documents, in the manifest's order. Empty: they were refused.")
    def documents(self, info: Info) -> list[PersistedDocument]:
        count_items(info, len(self.rows))
        return [PersistedDocument(row=row) for row in self.rows]


@strawberry.input(description="A document that an app is to send no longer.")
class RetireDocumentInput:
    app_id: strawberry.ID | None = strawberry.field(default=None, description=APP_ID)
    id: strawberry.ID = strawberry.field(description="The document's ID.")


@strawberry.type(description="The retired document.")
class RetireDocumentPayload:
    document: PersistedDocument | None = strawberry.field(
        default=None, description="The document. Null: it was refused."
    )
    user_errors: list[UserError] = strawberry.field(default_factory=list, description="Why it was refused.")


@refusable
async def publish_documents(info: Info, input: PublishDocumentsInput) -> PublishDocumentsPayload:
    store_id, app_id = _app(info, input.app_id)
    context, schema = info.context, info._raw_info.schema
    try:
        published = await publish(
            context.db,
            schema,
            store_id,
            app_id,
            input.manifest,
            limit=DOCUMENTS_AT_ONCE,
            introspection=context.introspection,
        )
    except ManifestRefused as refusal:
        raise Refused(
            [
                UserError(field=["manifest", *complaint.path], code=UserErrorCode.INVALID, message=complaint.message)
                for complaint in refusal.complaints
            ]
        ) from None
    if published is None:
        raise app_not_found("appId")
    return PublishDocumentsPayload(rows=published)


@refusable
async def retire_document(info: Info, input: RetireDocumentInput) -> RetireDocumentPayload:
    store_id, app_id = _app(info, input.app_id)
    id = canonical_id(input.id)
    row = await set_document_retired(info.context.db, store_id, app_id, id) if id else None
    if row is None:
        raise refused(UserErrorCode.NOT_FOUND, f"is no document of the app, got {shortened(input.id)}", "id")
    return RetireDocumentPayload(document=PersistedDocument(row=row))


def _app(info: Info, app_id: str | None) -> tuple[str, str]:
    store_id, id = require_app(info, app_id)
    checks = Checks()
    checks.id(id, "app", "appId")
    checks.done()
    return store_id, id
