"""Publishing persisted documents, and finding published documents that are not valid in this version."""

import asyncio
import hashlib
from collections.abc import AsyncIterator
from functools import cache

from graphql import GraphQLError, GraphQLSchema, OperationDefinitionNode, print_schema

from api.documents.manifests import ERROR_LIMIT, manifest_error, read_manifest
from db.audit import COMMAND_LINE, Origin
from db.documents import (
    DocumentsDiffer,
    NewDocument,
    TooManyDocuments,
    create_documents,
    create_documents_for_consoles,
    search_published_documents,
    set_documents_checked,
)
from db.pool import Pool
from db.statements import Row
from engine.cost import Meter, TooCostly
from engine.execution import InvalidOperation, parse_document, validate_document
from schema.cost import COST_MODEL
from schema.documents import DOCUMENT_LIMIT
from schema.errors import UserError, UserErrors
from schema.root import GRAPHQL_SCHEMA

# Increase this number when a change to the validation rules or cost limits can make a published document invalid, so
# that documents are checked again. Changes to the schema are noticed without it.
VALIDATION_VERSION = 2

BATCH_SIZE = 100

# The maximum number of validation errors that are reported for a document.
REASON_LIMIT = 3


class InvalidDocument(Exception):
    """A document that cannot be executed. The message says why."""


def check_document(body: str, *, introspection: bool = True) -> tuple[list[OperationDefinitionNode], int]:
    """Parse a document, measure its cost and validate it. Raises InvalidDocument.

    Returns the operations, and the cost of the most expensive one with the defaults of its variables.
    """
    try:
        document = parse_document(body)
        operations = [node for node in document.definitions if isinstance(node, OperationDefinitionNode)]
        if not operations:
            raise InvalidDocument("the document has no operation")
        measures = [Meter(GRAPHQL_SCHEMA, COST_MODEL, document, operation).measure(None) for operation in operations]
        for measured in measures:
            measured.check(COST_MODEL)
        validate_document(GRAPHQL_SCHEMA, document, introspection=introspection)
    except InvalidOperation as error:
        raise InvalidDocument(" ".join(map(_message, error.errors[:REASON_LIMIT]))) from None
    except TooCostly as error:
        raise InvalidDocument(str(error)) from None
    return operations, max(measured.cost for measured in measures)


async def check_manifest(
    manifest: object, *, limit: int | None = None, introspection: bool = True
) -> list[NewDocument]:
    """Check every document of a manifest. Raises UserErrors, also for more than `limit` documents."""
    documents: list[NewDocument] = []
    errors: list[UserError] = []
    found = read_manifest(manifest)
    if limit is not None and len(found) > limit:
        reason = f"must contain at most {limit:,} documents, got {len(found):,}: publish it in several requests"
        raise UserErrors([manifest_error(reason)])
    for document in found:
        await asyncio.sleep(0)  # a check takes milliseconds, during which no other request is served
        try:
            operations, cost = check_document(document.body, introspection=introspection)
            names = [(node.operation.value, node.name.value if node.name else None) for node in operations]
            if document.name is not None and (document.type, document.name) not in names:
                raise InvalidDocument(f"the document has no {document.type} with this name")
        except InvalidDocument as error:
            errors.append(document.error(str(error)))
            if len(errors) == ERROR_LIMIT:
                break
        else:
            hash = hashlib.sha256(document.body.encode()).digest()
            name = names[0][1] if len(names) == 1 else None
            documents.append(NewDocument(document.id, name, document.body, hash, cost))
    if errors:
        raise UserErrors(errors)
    return documents


async def publish(
    db: Pool,
    store_id: str,
    app_id: str,
    manifest: object,
    origin: Origin = COMMAND_LINE,
    *,
    limit: int | None = None,
    introspection: bool = True,
) -> list[Row] | None:
    """Publish all documents of a manifest for an app, or none. Returns None if the store has no such app.

    Raises UserErrors, also for more than `limit` documents.
    """
    documents = await check_manifest(manifest, limit=limit, introspection=introspection)
    try:
        async with db.transaction() as transaction:
            hash = schema_hash(GRAPHQL_SCHEMA)
            return await create_documents(transaction, store_id, app_id, documents, hash, DOCUMENT_LIMIT, origin)
    except DocumentsDiffer as error:
        by_id = {document.id: document for document in read_manifest(manifest)}
        reason = "a different document is published with this ID, and published documents never change: use a new ID"
        raise UserErrors([by_id[id].error(reason) for id in error.ids[:ERROR_LIMIT]]) from None
    except TooManyDocuments as error:
        reason = f"an app can have at most {DOCUMENT_LIMIT:,} documents, and would have {error.count:,}: retire some"
        raise UserErrors([manifest_error(reason)]) from None


async def publish_for_consoles(db: Pool, manifest: object) -> None:
    """Publish the documents of the console for the console apps of all stores. Raises UserErrors."""
    documents = await check_manifest(manifest)
    await create_documents_for_consoles(db, documents, schema_hash(GRAPHQL_SCHEMA))


async def broken_documents(db: Pool, *, unchecked: bool) -> AsyncIterator[tuple[Row, str]]:
    """The published documents of all stores that are not valid in this version, with the reason.

    Valid documents are marked as checked. `unchecked` skips those that this version marked before.
    """
    hash, last = schema_hash(GRAPHQL_SCHEMA), None
    while rows := await search_published_documents(db, hash if unchecked else None, last, BATCH_SIZE):
        valid = []
        for row in rows:
            try:
                check_document(row.body)
            except InvalidDocument as error:
                yield row, str(error)
            else:
                valid.append(row)
        await set_documents_checked(db, valid, hash)
        last = rows[-1]


@cache
def schema_hash(schema: GraphQLSchema) -> bytes:
    """A hash of everything that validation depends on: the schema, the cost model and VALIDATION_VERSION."""
    return hashlib.sha256(f"{VALIDATION_VERSION}\n{COST_MODEL!r}\n{print_schema(schema)}".encode()).digest()


def _message(error: GraphQLError) -> str:
    location = error.locations[0] if error.locations else None
    return f"{error.message} (line {location.line}, column {location.column})" if location else error.message
