"""Token links: `{base}/{slug}/{code}`.

A code is the session's ID and a keyed MAC over store, session and generation, each in 26 characters of TypeID's base32.
It holds no secret that the database has: the keys are in the environment, and a session's row names its key.
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
    """Makes links and tells genuine ones."""

    base_url: str
    keys: SigningKeys

    def code(self, store_id: str, session: Row) -> str | None:
        """The code of the session's token; None where the key that signed it is retired.

        The row has the columns id, token_key and token_generation.
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
        """Whether it is the code of the session's present token, compared in constant time."""
        expected = self.code(store_id, session)
        return expected is not None and hmac.compare_digest(expected, code)


def session_id_of(code: str) -> str | None:
    """The session that a code speaks of, genuine or not; None where it is no code."""
    id = f"session_{code[:ID_LENGTH]}"
    return id if len(code) == 2 * ID_LENGTH and code.isascii() and noun_of(id) == "session" else None
