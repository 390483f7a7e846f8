"""Manifests as the tools write them."""

import hashlib
from typing import Any

import pytest

from api.documents.manifests import read_manifest
from schema.document_ids import canonical_id
from schema.errors import UserErrorCode, UserErrors
from tests.support.persisted_documents import MANIFESTS

BODY = "{ store { name } }"
MD5, SHA1, SHA256 = (hashlib.new(name, BODY.encode()).hexdigest() for name in ("md5", "sha1", "sha256"))
OTHER = hashlib.sha256(b"{ viewer { id } }").hexdigest()

ID = (
    "an ID must be a SHA-256 hash, with or without the prefix sha256:, or 1 to 128 of the characters A-Z, a-z, 0-9, "
    "'.', '_', '~' and '-', got "
)
NO_MANIFEST = "must be an object of documents by their IDs, or a manifest of Apollo, GraphQL Codegen or Relay, got "


def apollo(*operations: Any, **changes: Any) -> dict[str, Any]:
    return {"format": "apollo-persisted-query-manifest", "version": 1, "operations": list(operations)} | changes


def operation(**changes: Any) -> dict[str, Any]:
    return {"id": SHA256, "name": "Store", "type": "query", "body": BODY} | changes


def errors_of(manifest: object) -> list[tuple[str, str]]:
    """The path within the manifest and the message of each error."""
    with pytest.raises(UserErrors) as refusal:
        read_manifest(manifest)
    assert {error.code for error in refusal.value.errors} == {UserErrorCode.INVALID}
    fields = [error.field or [] for error in refusal.value.errors]
    assert {field[0] for field in fields} == {"manifest"}
    return [(".".join(field[1:]), error.message) for field, error in zip(fields, refusal.value.errors, strict=True)]


def test_manifests_of_apollo_are_read() -> None:
    assert [(document.name, document.type, document.path) for document in read_manifest(MANIFESTS["apollo"])] == [
        ("RevokeToken", "mutation", ("operations", "0")),
        ("SessionTimeline", "query", ("operations", "1")),
        ("Sessions", "query", ("operations", "2")),
    ]
    written = [(f"sha256:{each['id']}", each["body"]) for each in MANIFESTS["apollo"]["operations"]]
    assert [(document.id, document.body) for document in read_manifest(MANIFESTS["apollo"])] == written


@pytest.mark.parametrize("tool", ["codegen", "relay"])
def test_manifests_of_codegen_and_relay_are_read(tool: str) -> None:
    assert [tuple(document) for document in read_manifest(MANIFESTS[tool])] == [
        (id, body, None, None, (id,)) for id, body in MANIFESTS[tool].items()
    ]


@pytest.mark.parametrize(
    ("id", "shown"),
    [
        *((id, f"{id!a}") for id in ("", "get store", "a/b", "a%2e", ".", "..", "getStore\n", "café", "\u0661")),
        *((id, f"'{id}'") for id in (f"md5:{MD5}", f"sha256:{MD5}", "sha256:getStore")),
        ("SHA256:" + SHA256, f"'SHA256:{SHA256[:49]}..."),
        ("x" * 129, f"'{'x' * 56}..."),
    ],
)
def test_an_invalid_id_is_an_error(id: str, shown: str) -> None:
    assert errors_of({id: BODY}) == [("", f"{ID}{shown}")]
    assert errors_of(apollo(operation(id=id))) == [("operations.0", f"{ID}{shown}")]


@pytest.mark.parametrize("id", [OTHER, f"sha256:{OTHER}", OTHER[:40], OTHER[:32], OTHER[:32].upper()])
def test_a_hash_of_another_document_is_an_error(id: str) -> None:
    name, right = {32: ("MD5", MD5), 40: ("SHA-1", SHA1)}.get(len(id), ("SHA-256", SHA256))
    canonical = canonical_id(id)
    assert canonical is not None
    digits = len(canonical.removeprefix("sha256:"))
    assert errors_of({id: BODY}) == [
        (id, f"{canonical}: an ID of {digits} hexadecimal digits must be the {name} of the document, {right}")
    ]


@pytest.mark.parametrize(
    ("manifest", "where", "why"),
    [
        *((each, "", f"{NO_MANIFEST}{each!r}") for each in (None, [], "{}")),
        ({}, "", "must contain at least one document"),
        (apollo(), "", "must contain at least one document"),
        ({"format": BODY}, "format", f'format must be "apollo-persisted-query-manifest", got {BODY!r}'),
        (apollo(format=None), "format", 'format must be "apollo-persisted-query-manifest", got None'),
        (apollo(operation(), version=2), "version", "version must be 1, got 2"),
        (apollo(operation(), version="1"), "version", "version must be 1, got '1'"),
        (apollo(operation(), version=True), "version", "version must be 1, got True"),
        (apollo(operations={}), "operations", "operations must be a list, got {}"),
        (apollo(operations=None), "operations", "operations must be a list, got None"),
        (apollo(5), "operations.0", "operations.0 must be an object with id, name, type and body, got 5"),
        (apollo(operation(name=None)), "operations.0", "operations.0.name must be the name of the operation, got None"),
        (apollo(operation(name="")), "operations.0", "operations.0.name must be the name of the operation, got ''"),
        (
            apollo(operation(), operation(type="Query")),
            "operations.1",
            "operations.1.type must be query, mutation or subscription, got 'Query'",
        ),
        (apollo(operation(id=7)), "operations.0", f"{ID}7"),
        (apollo(operation(id=None)), "operations.0", f"{ID}None"),
        (apollo(operation(body=None)), "operations.0", f"sha256:{SHA256}: the document must be a string, got None"),
        ({"getStore": [BODY]}, "getStore", f"getStore: the document must be a string, got [{BODY!r}]"),
        ({"getStore": "\ud800"}, "getStore", "getStore: the document must be Unicode text without NUL"),
        ({"getStore": "a\0b"}, "getStore", "getStore: the document must be Unicode text without NUL"),
    ],
)
def test_an_invalid_manifest_is_an_error_that_says_what_is_expected(manifest: object, where: str, why: str) -> None:
    assert errors_of(manifest) == [(where, why)]


def test_a_document_can_be_as_long_as_a_request() -> None:
    [document] = read_manifest({"large": "é" * 32_768})
    assert len(document.body.encode()) == 65_536
    assert errors_of({"large": "é" * 32_768 + " "}) == [
        ("large", "large: the document must be at most 65536 bytes long, got 65537")
    ]


def test_duplicate_documents_are_read_once() -> None:
    assert len(read_manifest(apollo(operation(), operation()))) == 1
    assert len(read_manifest({SHA256: BODY, f"sha256:{SHA256}": BODY, SHA256.upper(): BODY})) == 1


def test_different_documents_with_the_same_id_are_an_error() -> None:
    manifest = apollo(operation(id="store"), operation(id="store", name="Other", body=f"{BODY} "))
    assert errors_of(manifest) == [
        ("operations.1", "store (Other): the manifest has a different document with the same ID")
    ]


def test_at_most_ten_errors_are_reported() -> None:
    manifest = {f"bad-{number}": number for number in range(20)} | {"good": BODY}
    assert errors_of(manifest) == [
        (f"bad-{number}", f"bad-{number}: the document must be a string, got {number}") for number in range(10)
    ]
