"""Manifests of persisted documents, as the tools of Apollo, GraphQL Codegen and Relay write them.

A manifest of Apollo is an object with a `format` and a list of operations. The others are objects that map IDs to
documents; the IDs are hashes unless the tool was configured otherwise.
"""

import hashlib
from collections.abc import Iterator
from typing import NamedTuple

from schema.document_ids import PREFIX, canonical_id, hash_algorithm
from schema.errors import UserError, UserErrorCode, UserErrors
from schema.scalars import is_unicode, shortened

APOLLO_FORMAT = "apollo-persisted-query-manifest"
APOLLO_VERSION = 1
APOLLO_TYPES = ("query", "mutation", "subscription")

BODY_BYTES = 64 * 1024

# Checking stops at this number of errors.
ERROR_LIMIT = 10


class ManifestDocument(NamedTuple):
    """A document in a manifest. `name` and `type` are those of its operation, None if the tool does not write them."""

    id: str
    body: str
    name: str | None
    type: str | None
    path: tuple[str, ...]

    def error(self, reason: str) -> UserError:
        """A user error about this document."""
        name = f" ({shortened(self.name)[1:-1]})" if self.name else ""
        return manifest_error(f"{self.id}{name}: {reason}", *self.path)


def manifest_error(message: str, *path: str) -> UserError:
    """A user error about the manifest, or about its part at `path`."""
    return UserError(field=["manifest", *path], code=UserErrorCode.INVALID, message=message)


def read_manifest(manifest: object) -> list[ManifestDocument]:
    """The documents of a manifest, without duplicates. Raises UserErrors, at most ERROR_LIMIT of them."""
    errors: list[UserError] = []
    documents: dict[str, ManifestDocument] = {}
    for document in _documents(manifest):
        if isinstance(document, UserError):
            errors.append(document)
        elif documents.setdefault(document.id, document).body != document.body:
            errors.append(document.error("the manifest has a different document with the same ID"))
        if len(errors) == ERROR_LIMIT:
            break
    if not errors and not documents:
        errors.append(manifest_error("must contain at least one document"))
    if errors:
        raise UserErrors(errors)
    return list(documents.values())


def _documents(manifest: object) -> Iterator[ManifestDocument | UserError]:
    if not isinstance(manifest, dict):
        reason = "must be an object of documents by their IDs, or a manifest of Apollo, GraphQL Codegen or Relay"
        yield manifest_error(f"{reason}, got {shortened(manifest)}")
    elif "format" not in manifest:
        for id, body in manifest.items():
            yield _document((id,) if canonical_id(id) else (), id, body)
    elif (format := manifest["format"]) != APOLLO_FORMAT:
        yield manifest_error(f'format must be "{APOLLO_FORMAT}", got {shortened(format)}', "format")
    elif type(version := manifest.get("version")) is not int or version != APOLLO_VERSION:
        yield manifest_error(f"version must be {APOLLO_VERSION}, got {shortened(version)}", "version")
    elif not isinstance(operations := manifest.get("operations"), list):
        yield manifest_error(f"operations must be a list, got {shortened(operations)}", "operations")
    else:
        for index, operation in enumerate(operations):
            yield _apollo_document(("operations", str(index)), operation)


def _apollo_document(path: tuple[str, ...], operation: object) -> ManifestDocument | UserError:
    where = ".".join(path)
    if not isinstance(operation, dict):
        reason = f"{where} must be an object with id, name, type and body, got {shortened(operation)}"
        return manifest_error(reason, *path)
    id, name, type, body = (operation.get(field) for field in ("id", "name", "type", "body"))
    if not isinstance(name, str) or not name:
        return manifest_error(f"{where}.name must be the name of the operation, got {shortened(name)}", *path)
    if type not in APOLLO_TYPES:
        return manifest_error(f"{where}.type must be query, mutation or subscription, got {shortened(type)}", *path)
    return _document(path, id, body, name, type)


def _document(
    path: tuple[str, ...], id: object, body: object, name: str | None = None, type: str | None = None
) -> ManifestDocument | UserError:
    canonical = canonical_id(id) if isinstance(id, str) else None
    if canonical is None:
        return manifest_error(
            "an ID must be a SHA-256 hash, with or without the prefix sha256:, or 1 to 128 of the characters A-Z, a-z, "
            f"0-9, '.', '_', '~' and '-', got {shortened(id)}",
            *path,
        )
    if not isinstance(body, str):
        return manifest_error(f"{canonical}: the document must be a string, got {shortened(body)}", *path)
    document = ManifestDocument(canonical, body, name, type, path)
    if not is_unicode(body) or "\0" in body:
        return document.error("the document must be Unicode text without NUL")
    encoded = body.encode()
    if len(encoded) > BODY_BYTES:
        return document.error(f"the document must be at most {BODY_BYTES} bytes long, got {len(encoded)}")
    if algorithm := hash_algorithm(canonical):
        digits = canonical.removeprefix(PREFIX)
        hash = hashlib.new(algorithm.replace("-", ""), encoded, usedforsecurity=False).hexdigest()
        if digits != hash:
            reason = f"an ID of {len(digits)} hexadecimal digits must be the {algorithm} of the document, {hash}"
            return document.error(reason)
    return document
