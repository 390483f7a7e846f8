"""The hosts whose requests are served: a page of another host cannot use a DNS name that leads here (DNS rebinding)."""

import re
from collections.abc import Iterable
from contextlib import suppress
from functools import lru_cache
from urllib.parse import urlsplit

from starlette.types import Scope

from api.errors import RequestError
from api.settings import LOOPBACK

# A name or an address, and a port (RFC 9110, section 7.2).
HOST = re.compile(r"(?:\[([0-9a-f:.]+)\]|([^\s\[\]:/?#@,]+))(?::\d*)?", re.IGNORECASE)
LONGEST_QUOTED = 100


class AllowedHosts:
    """The hosts that requests may name: that of links, those of the setting, and this machine. Any port is allowed."""

    def __init__(self, link_base_url: str, allowed: Iterable[str]) -> None:
        self._names = {*LOOPBACK, *map(_in_ascii, (urlsplit(link_base_url).hostname or "", *allowed))}
        self._allows = lru_cache(256)(lambda host: _name(host) in self._names)

    def refusal(self, scope: Scope) -> RequestError | None:
        """Why the request is refused, or None. Load balancers check the health under any host."""
        hosts = [value for name, value in scope["headers"] if name == b"host"]
        if len(hosts) == 1 and self._allows(hosts[0]):
            return None
        path = scope["path"]
        if path == "/health" or path.startswith("/health/"):
            return None
        if len(hosts) != 1:  # RFC 9112, section 3.2
            return RequestError(400, f"A request must have one Host header, got {len(hosts)}.")
        quoted = hosts[0].decode("latin-1")[:LONGEST_QUOTED]
        if (name := _name(hosts[0])) is None:
            return RequestError(400, f"Host must be a name or an address, with or without a port, got {quoted!r}.")
        # RFC 9110, section 15.5.20
        return RequestError(
            421, f"The host {name[:LONGEST_QUOTED]!r} is not served. Add it to the setting ALLOWED_HOSTS."
        )


def _name(host: bytes) -> str | None:
    """The name or address in lower case without its port, or None if it is malformed."""
    match = HOST.fullmatch(host.decode("latin-1"))
    return (match[1] or match[2]).lower() if match else None


def _in_ascii(name: str) -> str:
    """The name as clients send it (RFC 5891)."""
    with suppress(UnicodeError):
        return name.encode("idna").decode()
    return name
