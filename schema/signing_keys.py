"""The keys that sign links and cursors, from the setting TOKEN_KEYS."""

import hmac
from dataclasses import dataclass


@dataclass(frozen=True)
class SigningKeys:
    """Secrets by name. The first signs, all verify. Removing a key invalidates everything that it signed."""

    secrets: dict[str, bytes]

    @property
    def current(self) -> str:
        return next(iter(self.secrets))

    def sign(self, name: str, *message: str) -> bytes:
        """HMAC-SHA256 (RFC 2104) of the lines of a message, with the named key. Raises KeyError if it was removed."""
        return hmac.digest(self.secrets[name], "\n".join(message).encode(), "sha256")
