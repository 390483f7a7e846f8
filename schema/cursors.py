"""Cursors: opaque keysets."""

import hmac
from base64 import b64decode, urlsafe_b64encode
from dataclasses import dataclass

import orjson

from db.keysets import Key
from schema.errors import BadUserInput
from schema.scalars import shortened
from schema.signing_keys import SigningKeys

MAC_BYTES = 8


@dataclass(frozen=True)
class Cursors:
    """Makes cursors and reads them. They are signed: one not made for this list of this store is refused."""

    keys: SigningKeys

    def encode(self, store_id: str, list_name: str, key: Key) -> str:
        return self._signed(self.keys.current, store_id, list_name, orjson.dumps(list(key)))

    def decode(self, store_id: str, list_name: str, cursor: str) -> Key:
        """Raises BadUserInput for a cursor of another list, order or store, and for one that was made up."""
        try:
            payload = b64decode(cursor + "=" * (-len(cursor) % 4), altchars="-_", validate=True)[MAC_BYTES:]
            for key in self.keys.secrets:
                if hmac.compare_digest(cursor, self._signed(key, store_id, list_name, payload)):
                    return Key(*orjson.loads(payload))
        except ValueError:
            pass
        raise BadUserInput(f"Not a cursor of this list in this order: {shortened(cursor)}.")

    def _signed(self, key: str, store_id: str, list_name: str, payload: bytes) -> str:
        mac = self.keys.sign(key, "cursor", store_id, list_name, payload.decode())[:MAC_BYTES]
        return urlsafe_b64encode(mac + payload).rstrip(b"=").decode()
