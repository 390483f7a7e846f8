"""Token links: `{base}/{slug}/{code}`.

A code consists of the session's ID and a MAC over the store, the session and the token's generation, each encoded as 26
characters of TypeID's base32. The signing keys are in the environment and not in the database, where each session names
the key that signed its link.
"""

import hmac
from dataclasses import dataclass

from typeid.codecs import base32

from db.ids import noun_of
from engine.rows import Row
from schema.signing_keys import SigningKeys

ID_LENGTH = len("01h455vb4pex5vsknk084sn02q")
MAC_BYTES = 16


@dataclass(frozen=True)
class Links:
    """Creates and verifies links."""

    base_url: str
    keys: SigningKeys

    def code(self, store_id: str, session: Row) -> str | None:
        """The code of the session's token. None if the signing key is retired.

        The row has the columns `id`, `token_key` and `token_generation`.
        """
        id = session["id"]
        try:
            mac = self.keys.sign(session["token_key"], "link", store_id, id, str(session["token_generation"]))
        except KeyError:
            return None
        return str(id).removeprefix("session_") + base32.encode(mac[:MAC_BYTES])

    def url(self, slug: str, code: str) -> str:
        return f"{self.base_url}/{slug}/{code}"

    def is_genuine(self, store_id: str, session: Row, code: str) -> bool:
        """Whether this is the code of the session's current token. Compares in constant time."""
        self.keys.warn_if_missing(session["token_key"])
        expected = self.code(store_id, session)
        return expected is not None and hmac.compare_digest(expected, code)


def session_id_of(code: str) -> str | None:
    """The ID of the session in a code, which is not verified. None if the code is malformed."""
    id = f"session_{code[:ID_LENGTH]}"
    return id if len(code) == 2 * ID_LENGTH and code.isascii() and noun_of(id) == "session" else None
