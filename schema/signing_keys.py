"""The keys that sign links and cursors: TOKEN_KEYS."""

import hmac
from collections.abc import Mapping


class SigningKeys:
    """Secrets by name; the first one signs. Removing a secret retires it: what it signed is no longer accepted."""

    def __init__(self, secrets: Mapping[str, bytes]) -> None:
        self.secrets = dict(secrets)
        # Copying a keyed HMAC is faster than making one.
        self._macs = {name: hmac.new(secret, digestmod="sha256") for name, secret in secrets.items()}

    @property
    def current(self) -> str:
        """The name of the key that signs."""
        return next(iter(self.secrets))

    def sign(self, name: str, *message: str) -> bytes:
        """HMAC-SHA256 (RFC 2104) over the parts of a message, joined by newlines. Raises KeyError for a retired key."""
        mac = self._macs[name].copy()
        mac.update("\n".join(message).encode())
        return mac.digest()
