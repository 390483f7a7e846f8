"""Cursors: opaque keysets."""

import hmac
from base64 import b64decode, urlsafe_b64encode
from dataclasses import dataclass

import orjson

from db.keysets import Key
from schema.errors import BadUserInput
from schema.links import TokenKeys
from schema.scalars import shortened

MAC_BYTES = 8


@dataclass(frozen=True)
class Cursors:
    """Makes cursors and reads them. They are signed: one not made for this list of this store is refused."""

    keys: TokenKeys

    def encode(self, store_id: str, list_name: str, key: Key) -> str:
        payload = orjson.dumps(list(key))
        mac = self._mac(self.keys.current, store_id, list_name, payload)
        return urlsafe_b64encode(mac + payload).rstrip(b"=").decode()

    def decode(self, store_id: str, list_name: str, cursor: str) -> Key:
        """Raises BadUserInput for a cursor of another list, order or store, and for one that was made up."""
        try:
            raw = b64decode(cursor + "=" * (-len(cursor) % 4), altchars="-_", validate=True)
            mac, payload = raw[:MAC_BYTES], raw[MAC_BYTES:]
            for key in self.keys.secrets:
                if hmac.compare_digest(mac, self._mac(key, store_id, list_name, payload)):
                    return Key(*orjson.loads(payload))
        except ValueError:
            pass
        raise BadUserInput(f"Not a cursor of this list in this order: {shortened(cursor)}.")

    def _mac(self, key: str, store_id: str, list_name: str, payload: bytes) -> bytes:
        return self.keys.sign(key, "cursor", store_id, list_name, payload.decode())[:MAC_BYTES]
