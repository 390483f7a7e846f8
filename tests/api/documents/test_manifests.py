"""Manifests as the tools write them, and the IDs of documents."""

import hashlib
import json
from pathlib import Path
from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.documents.manifests import ManifestRefused, canonical_id, read_manifest

# Written by @apollo/generate-persisted-query-manifest, @graphql-codegen/client-preset and relay-compiler.
MANIFESTS = {
    name: json.loads((Path(__file__).parents[2] / "support/manifests" / f"{name}.json").read_text())
    for name in ("apollo", "codegen", "relay")
}
BODY = "{ store { name } }"
MD5, SHA1, SHA256 = (hashlib.new(name, BODY.encode()).hexdigest() for name in ("md5", "sha1", "sha256"))
OTHER = hashlib.sha256(b"{ viewer { id } }").hexdigest()

ID = (
    "an ID is a SHA-256 with or without sha256: before it, or has 1 to 128 of A-Z, a-z, 0-9, "
    "'.', '_', '~' and '-', got "
)


def apollo(*operations: Any, **changes: Any) -> dict[str, Any]:
    return {"format": "apollo-persisted-query-manifest", "version": 1, "operations": list(operations)} | changes


def operation(**changes: Any) -> dict[str, Any]:
    return {"id": SHA256, "name": "Store", "type": "query", "body": BODY} | changes


def complaints(manifest: object) -> list[tuple[str, str]]:
    """Where and why the manifest is refused."""
    with pytest.raises(ManifestRefused) as refusal:
        read_manifest(manifest)
    return [(".".join(complaint.path), complaint.message) for complaint in refusal.value.complaints]


def test_apollos_manifest_is_read_as_its_tool_writes_it() -> None:
    assert [(entry.name, entry.type, entry.path) for entry in read_manifest(MANIFESTS["apollo"])] == [
        ("RevokeToken", "mutation", ("operations", "0")),
        ("SessionTimeline", "query", ("operations", "1")),
        ("Sessions", "query", ("operations", "2")),
    ]
    written = [(f"sha256:{each['id']}", each["body"]) for each in MANIFESTS["apollo"]["operations"]]
    assert [(entry.id, entry.body) for entry in read_manifest(MANIFESTS["apollo"])] == written


@pytest.mark.parametrize("tool", ["codegen", "relay"])
def test_codegens_and_relays_manifests_are_read_as_their_tools_write_them(tool: str) -> None:
    assert [tuple(entry) for entry in read_manifest(MANIFESTS[tool])] == [
        (id, body, None, None, (id,)) for id, body in MANIFESTS[tool].items()
    ]


def test_a_file_to_which_relay_added_after_a_change_of_its_algorithm_is_read() -> None:
    texts = list(MANIFESTS["relay"].values())
    hashes = {hashlib.new(name, text.encode()).hexdigest(): text for text in texts for name in ("sha1", "sha256")}
    entries = read_manifest(MANIFESTS["relay"] | hashes)
    assert sorted(entry.id for entry in entries) == sorted(
        f"sha256:{id}" if len(id) == 64 else id for id in [*MANIFESTS["relay"], *hashes]
    )


@pytest.mark.parametrize("tool", MANIFESTS)
@pytest.mark.parametrize("change", [" ", "\n", "#"])
def test_a_document_that_was_changed_after_its_hash_was_taken_is_named(tool: str, change: str) -> None:
    manifest = json.loads(json.dumps(MANIFESTS[tool]))
    if tool == "apollo":
        manifest["operations"][1]["body"] += change
        id, where = f"sha256:{manifest['operations'][1]['id']} (SessionTimeline)", "operations.1"
        body = manifest["operations"][1]["body"]
    else:
        id = where = list(manifest)[1]
        manifest[id] += change
        body = manifest[id]
    digits, name = (32, "MD5") if tool == "relay" else (64, "SHA-256")
    right = hashlib.new(name.replace("-", ""), body.encode()).hexdigest()
    assert complaints(manifest) == [
        (where, f"{id}: an ID of {digits} hexadecimal digits is the {name} of the document, which is {right}")
    ]


@pytest.mark.parametrize(
    ("id", "canonical"),
    [
        (SHA256, f"sha256:{SHA256}"),
        (SHA256.upper(), f"sha256:{SHA256}"),
        (f"sha256:{SHA256}", f"sha256:{SHA256}"),
        (f"sha256:{SHA256.upper()}", f"sha256:{SHA256}"),
        (MD5, MD5),
        (MD5.upper(), MD5),
        (SHA1, SHA1),
        (SHA1.upper(), SHA1),
        ("getStore", "getStore"),
        ("store.v2_a~b-c", "store.v2_a~b-c"),
        ("x" * 128, "x" * 128),
        ("abc123", "abc123"),  # hexadecimal, but no hash
    ],
)
def test_an_id_is_kept_in_one_form(id: str, canonical: str) -> None:
    assert [entry.id for entry in read_manifest({id: BODY})] == [canonical]
    assert [entry.id for entry in read_manifest(apollo(operation(id=id)))] == [canonical]


@pytest.mark.parametrize(
    ("id", "shown"),
    [
        ("", "''"),
        ("md5:" + MD5, f"'md5:{MD5}'"),
        ("sha256:" + MD5, f"'sha256:{MD5}'"),
        ("sha256:getStore", "'sha256:getStore'"),
        ("SHA256:" + SHA256, f"'SHA256:{SHA256[:49]}..."),
        ("get store", "'get store'"),
        ("a/b", "'a/b'"),
        ("a%2e", "'a%2e'"),
        (".", "'.'"),
        ("..", "'..'"),
        ("getStore\n", "'getStore\\n'"),
        ("café", "'caf\\xe9'"),
        ("\u0661", "'\\u0661'"),
        ("x" * 129, f"'{'x' * 56}..."),
    ],
)
def test_an_id_that_cannot_be_one_is_refused(id: str, shown: str) -> None:
    assert complaints({id: BODY}) == [("", f"{ID}{shown}")]
    assert complaints(apollo(operation(id=id))) == [("operations.0", f"{ID}{shown}")]


@pytest.mark.parametrize("id", [OTHER, f"sha256:{OTHER}", OTHER[:40], OTHER[:32], OTHER[:32].upper()])
def test_a_hash_of_another_text_is_refused(id: str) -> None:
    name, right = {32: ("MD5", MD5), 40: ("SHA-1", SHA1)}.get(len(id), ("SHA-256", SHA256))
    canonical = canonical_id(id)
    assert canonical is not None
    digits = len(canonical.removeprefix("sha256:"))
    assert complaints({id: BODY}) == [
        (id, f"{canonical}: an ID of {digits} hexadecimal digits is the {name} of the document, which is {right}")
    ]


@pytest.mark.parametrize(
    ("manifest", "where", "why"),
    [
        (None, "", "a manifest is what Apollo's, GraphQL Codegen's or Relay's tool writes, got None"),
        ([], "", "a manifest is what Apollo's, GraphQL Codegen's or Relay's tool writes, got []"),
        ("{}", "", "a manifest is what Apollo's, GraphQL Codegen's or Relay's tool writes, got '{}'"),
        ({}, "", "the manifest has no documents"),
        (apollo(), "", "the manifest has no documents"),
        ({"format": BODY}, "format", f'format must be "apollo-persisted-query-manifest", got {BODY!r}'),
        (apollo(format=None), "format", 'format must be "apollo-persisted-query-manifest", got None'),
        (apollo(operation(), version=2), "version", "version must be 1, got 2"),
        (apollo(operation(), version="1"), "version", "version must be 1, got '1'"),
        (apollo(operation(), version=True), "version", "version must be 1, got True"),
        (apollo(operations={}), "operations", "operations must be a list, got {}"),
        (apollo(operations=None), "operations", "operations must be a list, got None"),
        (apollo(5), "operations.0", "operations.0 must be an object with id, name, type, body, got 5"),
        (apollo(operation(name=None)), "operations.0", "operations.0.name must be the operation's name, got None"),
        (apollo(operation(name="")), "operations.0", "operations.0.name must be the operation's name, got ''"),
        (
            apollo(operation(), operation(type="Query")),
            "operations.1",
            "operations.1.type must be query or mutation or subscription, got 'Query'",
        ),
        (apollo(operation(id=7)), "operations.0", f"{ID}7"),
        (apollo(operation(id=None)), "operations.0", f"{ID}None"),
        (apollo(operation(body=None)), "operations.0", f"sha256:{SHA256}: a document is a string, got None"),
        ({"getStore": [BODY]}, "getStore", f"getStore: a document is a string, got [{BODY!r}]"),
        ({"getStore": "\ud800"}, "getStore", "getStore: the document must be Unicode text without NUL"),
        ({"getStore": "a\0b"}, "getStore", "getStore: the document must be Unicode text without NUL"),
    ],
)
def test_what_is_no_manifest_is_told_what_is_wrong(manifest: object, where: str, why: str) -> None:
    assert complaints(manifest) == [(where, why)]


def test_a_document_has_as_many_bytes_as_a_request() -> None:
    [entry] = read_manifest({"large": "é" * 32_768})
    assert len(entry.body.encode()) == 65_536
    assert complaints({"large": "é" * 32_768 + " "}) == [
        ("large", "large: a document has at most 65536 bytes, this one has 65537")
    ]


def test_a_document_that_is_there_twice_is_there_once() -> None:
    assert len(read_manifest(apollo(operation(), operation()))) == 1
    assert len(read_manifest({SHA256: BODY, f"sha256:{SHA256}": BODY, SHA256.upper(): BODY})) == 1


def test_two_texts_by_one_id_are_refused() -> None:
    manifest = apollo(operation(id="store"), operation(id="store", name="Other", body=f"{BODY} "))
    assert complaints(manifest) == [("operations.1", "store (Other): the manifest has another text by this ID, too")]


def test_the_first_ten_complaints_are_made_at_once() -> None:
    manifest: dict[str, Any] = {f"good-{number}": BODY for number in range(20)} | {
        f"bad-{number}": number for number in range(20)
    }
    assert complaints(manifest) == [
        (f"bad-{number}", f"bad-{number}: a document is a string, got {number}") for number in range(10)
    ]


HEX = st.text("0123456789abcdefABCDEF", min_size=1, max_size=70)
IDS = st.one_of(
    st.text(max_size=140),
    st.text("aZ0._~-", max_size=130),
    st.builds(str.__add__, st.sampled_from(["", "sha256:", "SHA256:", "md5:"]), HEX),
    st.builds(
        str.__add__, st.sampled_from(["", "sha256:"]), st.text("0123456789abcdefABCDEF", min_size=64, max_size=64)
    ),
)


@given(IDS)
def test_a_canonical_id_is_its_own_and_stands_in_a_path_as_it_is(text: str) -> None:
    id = canonical_id(text)
    if id is None:
        return
    assert canonical_id(id) == id
    assert httpx.URL(f"http://x/graphql/{id}").raw_path == f"/graphql/{id}".encode()
    if id != text:  # nothing but a hash is written in another way
        assert id.removeprefix("sha256:") == text.removeprefix("sha256:").lower()


@given(st.binary(), st.sampled_from(["md5", "sha1", "sha256"]), st.booleans())
def test_a_hash_has_one_canonical_id_however_it_is_written(body: bytes, algorithm: str, upper: bool) -> None:
    digits = hashlib.new(algorithm, body).hexdigest()
    written = digits.upper() if upper else digits
    if algorithm == "sha256":
        assert canonical_id(written) == canonical_id(f"sha256:{written}") == f"sha256:{digits}"
    else:
        assert canonical_id(written) == digits
        assert canonical_id(f"sha256:{written}") is None
