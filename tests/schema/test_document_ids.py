"""IDs of persisted documents."""

import hashlib

import httpx
from hypothesis import given
from hypothesis import strategies as st

from schema.document_ids import canonical_id, hash_algorithm

HEX = st.text("0123456789abcdefABCDEF", min_size=1, max_size=70)
IDS = st.one_of(
    st.text(max_size=140),
    st.text("aZ0._~-", max_size=130),
    st.builds(str.__add__, st.sampled_from(["", "sha256:", "SHA256:", "md5:"]), HEX),
    st.from_regex("(sha256:)?[0-9a-fA-F]{64}", fullmatch=True),
)


@given(IDS)
def test_a_canonical_id_is_stable_and_needs_no_escaping_in_a_path(text: str) -> None:
    id = canonical_id(text)
    if id is None:
        return
    assert canonical_id(id) == id
    assert httpx.URL(f"http://x/graphql/{id}").raw_path == f"/graphql/{id}".encode()
    if id != text:  # only hashes have several forms
        assert id.removeprefix("sha256:") == text.removeprefix("sha256:").lower()


@given(st.binary(), st.sampled_from(["md5", "sha1", "sha256"]), st.booleans())
def test_every_form_of_a_hash_has_the_same_canonical_id(body: bytes, algorithm: str, upper: bool) -> None:
    digits = hashlib.new(algorithm, body).hexdigest()
    written = digits.upper() if upper else digits
    if algorithm == "sha256":
        assert canonical_id(written) == canonical_id(f"sha256:{written}") == f"sha256:{digits}"
    else:
        assert canonical_id(written) == digits
        assert canonical_id(f"sha256:{written}") is None


def test_the_algorithm_of_a_hash_is_known_by_its_length() -> None:
    hashes = ["a" * 32, "a" * 40, f"sha256:{'a' * 64}", "abc123", "getStore"]
    assert [hash_algorithm(hash) for hash in hashes] == ["MD5", "SHA-1", "SHA-256", None, None]
