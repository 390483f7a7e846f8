"""The keys that sign links and cursors, from the setting TOKEN_KEYS."""

import hmac
import logging
from collections.abc import Mapping
from time import monotonic

# The same logger as in api/logs.py.
logger = logging.getLogger("roomkey")

WARNING_SECONDS = 60


class SigningKeys:
    """Secrets by name. The first signs, all verify. Removing a key invalidates everything that it signed."""

    def __init__(self, secrets: Mapping[str, bytes]) -> None:
        self.secrets = dict(secrets)
        # Copying a keyed HMAC is faster than making one.
        self._macs = {name: hmac.new(secret, digestmod="sha256") for name, secret in secrets.items()}
        self._warned: dict[str, float] = {}

    @property
    def current(self) -> str:
        """The name of the key that signs."""
        return next(iter(self.secrets))

    def sign(self, name: str, *message: str) -> bytes:
        """HMAC-SHA256 (RFC 2104) of the lines of a message, with the named key. Raises KeyError if it was removed."""
        mac = self._macs[name].copy()
        mac.update("\n".join(message).encode())
        return mac.digest()

    def warn_if_missing(self, name: str) -> None:
        """Log that a link of this key was used, at most once a minute, if the key is not one of them."""
        now = monotonic()
        if name in self.secrets or now - self._warned.get(name, -WARNING_SECONDS) < WARNING_SECONDS:
            return
        self._warned[name] = now
        logger.warning(
            "A link is refused because TOKEN_KEYS of this server does not contain its signing key %r. Unless the key "
            "was removed on purpose, add it: see docs/operations.md",
            name,
        )
