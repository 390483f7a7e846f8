"""Manifests of persisted documents, as Apollo's, GraphQL Codegen's and Relay's tools write them.

Apollo's is an object with a `format`. The others' maps IDs to texts: hashes, unless the tool was told otherwise.
"""

import hashlib
import re
from collections.abc import Iterator
from typing import Any, NamedTuple

from schema.scalars import is_unicode, shortened

APOLLO_FORMAT = "apollo-persisted-query-manifest"
APOLLO_VERSION = 1
APOLLO_TYPES = ("query", "mutation", "subscription")

PREFIX = "sha256:"

# What also stands in the path of a URL as it is (RFC 3986, sections 2.3 and 5.2.4).
CUSTOM_ID = re.compile(r"(?!\.\.?$)[A-Za-z0-9._~-]{1,128}", re.ASCII)
HEX = re.compile(r"[0-9a-f]+", re.ASCII | re.IGNORECASE)

# By the number of their digits.
HASHES = {32: "MD5", 40: "SHA-1", 64: "SHA-256"}

BODY_BYTES = 64 * 1024
COMPLAINTS = 10


class Complaint(NamedTuple):
    """What is wrong, and where in the manifest."""

    path: tuple[str, ...]
    message: str


class ManifestRefused(Exception):
    """A manifest of which nothing can be published: the first complaints about it."""

    def __init__(self, complaints: list[Complaint]) -> None:
        super().__init__("; ".join(complaint.message for complaint in complaints))
        self.complaints = complaints[:COMPLAINTS]


class Entry(NamedTuple):
    """A document of a manifest: its canonical ID and its text. `name` and `type`: None where the tool writes none."""

    id: str
    body: str
    name: str | None
    type: str | None
    path: tuple[str, ...]

    def complaint(self, reason: str) -> Complaint:
        name = f" ({shortened(self.name)[1:-1]})" if self.name else ""
        return Complaint(self.path, f"{self.id}{name}: {reason}")


def canonical_id(text: str) -> str | None:
    """The ID in the one form in which it is kept and found: hashes in small letters, a SHA-256 with its `sha256:`.

    None: no document can have this ID.
    """
    digits = text.removeprefix(PREFIX)
    if HEX.fullmatch(digits) and (len(digits) == 64 or (len(digits) in HASHES and digits == text)):
        return (PREFIX if len(digits) == 64 else "") + digits.lower()
    return text if CUSTOM_ID.fullmatch(text) else None


def read_manifest(manifest: object) -> list[Entry]:
    """The documents of any tool's manifest, those that are in it twice once. Raises ManifestRefused."""
    complaints: list[Complaint] = []
    entries: dict[str, Entry] = {}
    for entry in _entries(manifest):
        if isinstance(entry, Complaint):
            complaints.append(entry)
        elif reason := _wrong_with(entry):
            complaints.append(entry.complaint(reason))
        elif entries.setdefault(entry.id, entry).body != entry.body:
            complaints.append(entry.complaint("the manifest has another text by this ID, too"))
        if len(complaints) == COMPLAINTS:
            break
    if not complaints and not entries:
        complaints.append(Complaint((), "the manifest has no documents"))
    if complaints:
        raise ManifestRefused(complaints)
    return list(entries.values())


def _entries(manifest: object) -> Iterator[Entry | Complaint]:
    if not isinstance(manifest, dict):
        yield Complaint(
            (), f"a manifest is what Apollo's, GraphQL Codegen's or Relay's tool writes, got {shortened(manifest)}"
        )
    elif "format" in manifest:
        yield from _entries_of_apollo(manifest)
    else:
        for text, body in manifest.items():
            yield _entry((text,) if canonical_id(text) else (), text, body)


def _entries_of_apollo(manifest: dict[str, Any]) -> Iterator[Entry | Complaint]:
    format, version, operations = (manifest.get(name) for name in ("format", "version", "operations"))
    if format != APOLLO_FORMAT:
        yield Complaint(("format",), f'format must be "{APOLLO_FORMAT}", got {shortened(format)}')
    elif type(version) is not int or version != APOLLO_VERSION:
        yield Complaint(("version",), f"version must be {APOLLO_VERSION}, got {shortened(version)}")
    elif not isinstance(operations, list):
        yield Complaint(("operations",), f"operations must be a list, got {shortened(operations)}")
    else:
        for index, operation in enumerate(operations):
            yield _entry_of_apollo(("operations", str(index)), operation)


def _entry_of_apollo(path: tuple[str, ...], operation: object) -> Entry | Complaint:
    if not isinstance(operation, dict):
        return Complaint(
            path, f"{'.'.join(path)} must be an object with id, name, type, body, got {shortened(operation)}"
        )
    id, name, type, body = (operation.get(field) for field in ("id", "name", "type", "body"))
    if not isinstance(name, str) or not name:
        return Complaint(path, f"{'.'.join(path)}.name must be the operation's name, got {shortened(name)}")
    if type not in APOLLO_TYPES:
        return Complaint(path, f"{'.'.join(path)}.type must be {' or '.join(APOLLO_TYPES)}, got {shortened(type)}")
    return _entry(path, id, body, name, type)


def _entry(
    path: tuple[str, ...], text: object, body: object, name: str | None = None, type: str | None = None
) -> Entry | Complaint:
    id = canonical_id(text) if isinstance(text, str) else None
    if id is None:
        return Complaint(
            path,
            "an ID is a SHA-256 with or without sha256: before it, or has 1 to 128 of A-Z, a-z, 0-9, '.', '_', '~' "
            f"and '-', got {shortened(text)}",
        )
    if not isinstance(body, str):
        return Complaint(path, f"{id}: a document is a string, got {shortened(body)}")
    return Entry(id, body, name, type, path)


def _wrong_with(entry: Entry) -> str | None:
    if not is_unicode(entry.body) or "\0" in entry.body:
        return "the document must be Unicode text without NUL"
    body = entry.body.encode()
    if len(body) > BODY_BYTES:
        return f"a document has at most {BODY_BYTES} bytes, this one has {len(body)}"
    digits = entry.id.removeprefix(PREFIX)
    if HEX.fullmatch(digits) and (name := HASHES.get(len(digits))):
        expected = hashlib.new(name.replace("-", ""), body, usedforsecurity=False).hexdigest()
        if digits != expected:
            return f"an ID of {len(digits)} hexadecimal digits is the {name} of the document, which is {expected}"
    return None
