"""Publishing persisted documents, and finding those that this version's schema breaks."""

import asyncio
import hashlib
import inspect
from collections.abc import AsyncIterator
from functools import cache
from typing import NamedTuple

from graphql import GraphQLError, GraphQLSchema, OperationDefinitionNode, print_schema

from api.documents.manifests import COMPLAINTS, Complaint, Entry, ManifestRefused, read_manifest
from db.documents import (
    DocumentsDiffer,
    NewDocument,
    TooManyDocuments,
    create_documents,
    create_documents_for_consoles,
    search_published_documents,
    set_documents_checked,
)
from db.pool import Pool, Row
from engine import cost
from engine import execution as operations
from engine.cost import TooCostly, measure
from engine.execution import InvalidOperation, parse_document, validate_document
from schema.cost import COST_MODEL

# How many documents an app may have, without those that are retired.
DOCUMENTS = 10_000

# And how many can be published at once by a client, which others wait for.
DOCUMENTS_AT_ONCE = 100

BATCH = 100
REASONS = 3


class InvalidDocument(Exception):
    """A document that cannot be run."""


class Checked(NamedTuple):
    """What a valid document is of. `cost`: of the costliest operation, with the variables' defaults."""

    operations: list[OperationDefinitionNode]
    cost: int

    @property
    def name(self) -> str | None:
        """The operation's; None: it has several, or no name."""
        names = [operation.name.value if operation.name else None for operation in self.operations]
        return names[0] if len(names) == 1 else None

    def check(self, entry: Entry) -> None:
        """Raises InvalidDocument where the manifest says something else of the document."""
        known = [(operation.name.value, operation.operation.value) for operation in self.operations if operation.name]
        if entry.name is not None and (entry.name, entry.type) not in known:
            raise InvalidDocument(f"the document has no {entry.type} of that name")


def check_document(schema: GraphQLSchema, body: str, *, introspection: bool = True) -> Checked:
    """Measure the document, then validate it against the schema. Raises InvalidDocument."""
    try:
        document = parse_document(body)
        operations = [node for node in document.definitions if isinstance(node, OperationDefinitionNode)]
        if not operations:
            raise InvalidDocument("the document has no operation")
        measures = [measure(schema, COST_MODEL, document, operation) for operation in operations]
        for measured in measures:
            measured.check(COST_MODEL)
        validate_document(schema, document, introspection=introspection)
    except InvalidOperation as error:
        raise InvalidDocument(" ".join(map(_located, error.errors[:REASONS]))) from None
    except TooCostly as error:
        raise InvalidDocument(str(error)) from None
    return Checked(operations, max(measured.cost for measured in measures))


def _located(error: GraphQLError) -> str:
    place = error.locations[0] if error.locations else None
    return f"{error.message} (line {place.line}, column {place.column})" if place else error.message


async def check_manifest(
    schema: GraphQLSchema, manifest: object, *, limit: int | None = None, introspection: bool = True
) -> list[NewDocument]:
    """The manifest's documents, each of them checked. Raises ManifestRefused, also for more documents than `limit`."""
    documents: list[NewDocument] = []
    complaints: list[Complaint] = []
    entries = read_manifest(manifest)
    if limit is not None and len(entries) > limit:
        reason = f"a request publishes at most {limit:,} documents, this one has {len(entries):,}: send them in parts"
        raise ManifestRefused([Complaint((), reason)])
    for entry in entries:
        await asyncio.sleep(0)  # each takes milliseconds, and others want to be served
        try:
            checked = check_document(schema, entry.body, introspection=introspection)
            checked.check(entry)
        except InvalidDocument as error:
            complaints.append(entry.complaint(str(error)))
            if len(complaints) == COMPLAINTS:
                break
        else:
            hash = hashlib.sha256(entry.body.encode()).digest()
            documents.append(NewDocument(entry.id, checked.name, entry.body, hash, checked.cost))
    if complaints:
        raise ManifestRefused(complaints)
    return documents


async def publish(
    db: Pool,
    schema: GraphQLSchema,
    store_id: str,
    app_id: str,
    manifest: object,
    *,
    limit: int | None = None,
    introspection: bool = True,
) -> list[Row] | None:
    """Publish all documents of a manifest, or nothing; None: the store has no such app.

    Raises ManifestRefused, also for more documents than `limit`.
    """
    documents = await check_manifest(schema, manifest, limit=limit, introspection=introspection)
    try:
        async with db.transaction() as transaction:
            return await create_documents(transaction, store_id, app_id, documents, schema_hash(schema), DOCUMENTS)
    except DocumentsDiffer as error:
        entries = {entry.id: entry for entry in read_manifest(manifest)}
        reason = "another text is published by this ID, and published documents never change: use a new ID"
        raise ManifestRefused([entries[id].complaint(reason) for id in error.ids]) from None
    except TooManyDocuments as error:
        reason = f"an app has at most {DOCUMENTS:,} documents, with these it would have {error.count:,}: retire some"
        raise ManifestRefused([Complaint((), reason)]) from None


async def publish_for_consoles(db: Pool, schema: GraphQLSchema, manifest: object) -> None:
    """Publish the console's documents for the apps by which staff work in it. Raises ManifestRefused."""
    documents = await check_manifest(schema, manifest)
    await create_documents_for_consoles(db, documents, schema_hash(schema))


async def broken_documents(db: Pool, schema: GraphQLSchema, *, unchecked: bool) -> AsyncIterator[tuple[Row, str]]:
    """The published documents of all stores that are not valid any more, and why. What is valid is noted.

    `unchecked`: leave out those that were found valid by this very schema before.
    """
    hash, last = schema_hash(schema), None
    while rows := await search_published_documents(db, hash if unchecked else None, last, BATCH):
        valid = []
        for row in rows:
            try:
                check_document(schema, row.body)
            except InvalidDocument as error:
                yield row, str(error)
            else:
                valid.append(row)
        await set_documents_checked(db, valid, hash)
        last = rows[-1]


@cache
def schema_hash(schema: GraphQLSchema) -> bytes:
    """By what documents are found valid: the schema, and the rules, whichever of their lines changes."""
    rules = "".join(map(inspect.getsource, (cost, operations))) + repr(COST_MODEL)
    return hashlib.sha256(f"{print_schema(schema)}{rules}".encode()).digest()
