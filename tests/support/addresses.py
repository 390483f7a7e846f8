"""Addresses of clients, which rate limits tell apart. The servers under test trust the tests as their proxy."""

from itertools import count

import httpx

numbers = count(1)


def new_address() -> str:
    """An IPv6 address in a network (/64) of its own (RFC 3849)."""
    number = next(numbers)
    return f"2001:db8:{number >> 16:x}:{number & 0xFFFF:x}::1"


async def send_from_new_address(request: httpx.Request) -> None:
    """An event hook of httpx: each request comes from another address, unless it names one."""
    request.headers.setdefault("X-Forwarded-For", new_address())
