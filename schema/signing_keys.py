"""The keys that sign links and cursors: TOKEN_KEYS."""

import hmac
from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class SigningKeys:
    """The secrets by name, the one that signs first. One that is removed is retired: what it signed is void."""

    secrets: Mapping[str, bytes]

    @property
    def current(self) -> str:
        return next(iter(self.secrets))

    def sign(self, key: str, *message: str) -> bytes:
        """HMAC-SHA256 (RFC 2104) over the message's parts, one a line. Raises KeyError when the key is retired."""
        return hmac.digest(self.secrets[key], "\n".join(message).encode(), "sha256")
