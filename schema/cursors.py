"""Cursors: opaque, signed positions in a sorted list."""

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
    """Encodes and decodes cursors. The signature ties a cursor to a list of a store."""

    keys: SigningKeys

    def encode(self, store_id: str, list_name: str, sort_key: Key) -> str:
        return self._signed(self.keys.current, store_id, list_name, orjson.dumps(list(sort_key)))

    def decode(self, store_id: str, list_name: str, cursor: str) -> Key:
        """Raises BadUserInput for a cursor of another list, sort order or store, and for a forged cursor."""
        try:
            payload = b64decode(cursor + "=" * (-len(cursor) % 4), altchars="-_", validate=True)[MAC_BYTES:]
            for signing_key in self.keys.secrets:
                if hmac.compare_digest(cursor, self._signed(signing_key, store_id, list_name, payload)):
                    return Key(*orjson.loads(payload))
        except ValueError:
            pass
        raise BadUserInput(f"The cursor does not belong to this list in this order, got {shortened(cursor)}.")

    def _signed(self, signing_key: str, store_id: str, list_name: str, payload: bytes) -> str:
        mac = self.keys.sign(signing_key, "cursor", store_id, list_name, payload.decode())[:MAC_BYTES]
        return urlsafe_b64encode(mac + payload).rstrip(b"=").decode()
