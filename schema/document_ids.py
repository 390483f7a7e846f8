"""IDs of persisted documents: hashes of their text, or custom IDs."""

import re

PREFIX = "sha256:"

# These characters need no escaping in the path of a URL, where the segments "." and ".." have a special meaning (RFC
# 3986, sections 2.3 and 5.2.4).
CUSTOM_ID = re.compile(r"(?!\.\.?$)[A-Za-z0-9._~-]{1,128}", re.ASCII)
HEXADECIMAL = re.compile(r"[0-9a-f]+", re.ASCII | re.IGNORECASE)

# By the number of hexadecimal digits.
HASH_ALGORITHMS = {32: "MD5", 40: "SHA-1", 64: "SHA-256"}


def canonical_id(id: str) -> str | None:
    """The form in which an ID is stored and looked up, or None if no document can have this ID.

    Hashes are in lower case, and a SHA-256 has the prefix `sha256:`.
    """
    digits = id.removeprefix(PREFIX)
    if HEXADECIMAL.fullmatch(digits) and (len(digits) == 64 or (len(digits) in HASH_ALGORITHMS and digits == id)):
        return (PREFIX if len(digits) == 64 else "") + digits.lower()
    return id if CUSTOM_ID.fullmatch(id) else None


def hash_algorithm(id: str) -> str | None:
    """The algorithm of a canonical ID that is a hash, or None for a custom ID."""
    digits = id.removeprefix(PREFIX)
    return HASH_ALGORITHMS.get(len(digits)) if HEXADECIMAL.fullmatch(digits) else None
