"""The address of the client, as the request log and limits by address need it."""

from functools import lru_cache
from ipaddress import IPv6Address, ip_address

from starlette.types import Scope

# The word for an address that is not known (RFC 7239, section 6.2).
UNKNOWN = "unknown"
LONGEST_ADDRESS = 64


def normalize_client(scope: Scope) -> None:
    """Write the address of the client, as a proxy reports it, in the form of `normalized`."""
    if client := scope["client"]:
        scope["client"] = normalized(client[0][:LONGEST_ADDRESS]), client[1]


def client_address(scope: Scope) -> str:
    """The address of the client. Empty if the connection has none, such as that of a Unix socket."""
    client = scope["client"]
    return client[0] if client else ""


@lru_cache(4096)
def normalized(address: str) -> str:
    """The address in its shortest form, or `unknown` if it is not an IP address.

    A socket for both IPv4 and IPv6 reports IPv4 clients as `::ffff:192.0.2.1` (RFC 4291, section 2.5.5.2).
    """
    try:
        parsed = ip_address(address)
    except ValueError:
        return UNKNOWN
    mapped = parsed.ipv4_mapped if isinstance(parsed, IPv6Address) else None
    return str(mapped or parsed)
