"""The keys that sign links and cursors, from the setting TOKEN_KEYS."""

import hmac
from collections.abc import Mapping


class SigningKeys:
    """Secrets by name. The first signs, all verify. Removing a key invalidates everything that it signed."""

    def __init__(self, secrets: Mapping[str, bytes]) -> None:
        self.secrets = dict(secrets)
        # Copying a keyed HMAC is faster than making one.
        self._macs = {name: hmac.new(secret, digestmod="sha256") for name, secret in secrets.items()}

    @property
    def current(self) -> str:
        """The name of the key that signs."""
        return next(iter(self.secrets))

    def sign(self, name: str, *message: str) -> bytes:
        """HMAC-SHA256 (RFC 2104) of the lines of a message, with the named key. Raises KeyError if it was removed."""
        mac = self._macs[name].copy()
        mac.update("\n".join(message).encode())
        return mac.digest()
