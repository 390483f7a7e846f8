"""Token links: `{base}/{slug}/{code}`.

A code consists of the session's ID and a MAC over the store, the session and the token's generation, each encoded as 26
characters of TypeID's base32. The signing keys are in the environment and not in the database, where each session names
the key that signed its link.
"""

import hmac
from dataclasses import dataclass, field

from typeid.codecs import base32

from db.ids import noun_of
from engine.rows import Row
from schema.rate_limits import Attempts, Limit
from schema.signing_keys import SigningKeys

ID_LENGTH = len("01h455vb4pex5vsknk084sn02q")
MAC_BYTES = 16

# Whether a code is signed is told without the session for this number of generations of each key, in about 100 µs.
GENERATIONS = 32
# The wrong codes that are looked up, of a client address and of a store. Each costs a statement.
WRONG_OF_ADDRESS = Limit(rate=1, maximum=10)
WRONG_OF_STORE = Limit(rate=10, maximum=100)


@dataclass(frozen=True)
class Links:
    """Creates and verifies links, and limits how many wrong ones are looked up."""

    base_url: str
    keys: SigningKeys
    wrong_of_address: Attempts = field(
        default_factory=lambda: Attempts(WRONG_OF_ADDRESS, "links from this address"), compare=False
    )
    wrong_of_store: Attempts = field(
        default_factory=lambda: Attempts(WRONG_OF_STORE, "links of this store"), compare=False
    )

    def code(self, store_id: str, session: Row) -> str | None:
        """The code of the session's token. None if the signing key is retired.

        The row has the columns `id`, `token_key` and `token_generation`.
        """
        try:
            return self._code(session["token_key"], store_id, session["id"], session["token_generation"])
        except KeyError:
            return None

    def is_signed(self, store_id: str, code: str) -> bool:
        """Whether the code is, or was, that of a session of the store. Tells it without the session, and is mistaken
        only about tokens that were reissued GENERATIONS times.
        """
        id = session_id_of(code)
        return id is not None and any(
            hmac.compare_digest(self._code(key, store_id, id, generation), code)
            for generation in range(1, GENERATIONS + 1)
            for key in self.keys.secrets
        )

    def _code(self, key: str, store_id: str, id: str, generation: int) -> str:
        mac = self.keys.sign(key, "link", store_id, id, str(generation))
        return id.removeprefix("session_") + base32.encode(mac[:MAC_BYTES])

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
