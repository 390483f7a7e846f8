"""Addresses of clients, which rate limits tell apart. The servers under test trust the tests as their proxy."""

from itertools import count, cycle

import httpx

numbers = count(1)


class Clock:
    """A clock that a test moves."""

    def __init__(self, now: float = 1000.0) -> None:
        self.now = now

    def __call__(self) -> float:
        return self.now


def new_address() -> str:
    """An IPv6 address in a network (/64) of its own (RFC 3849)."""
    number = next(numbers)
    return f"2001:db8:{number >> 16:x}:{number & 0xFFFF:x}::1"


async def send_from_new_address(request: httpx.Request) -> None:
    """An event hook of httpx: each request comes from another address, unless it names one."""
    request.headers.setdefault("X-Forwarded-For", new_address())


class FromManyAddresses(httpx.AsyncBaseTransport):
    """Sends requests from several addresses of this machine in turn, to a server that trusts no proxy."""

    def __init__(self) -> None:
        addresses = (f"127.0.1.{number}" for number in range(1, 9))
        self._transports = [httpx.AsyncHTTPTransport(local_address=address) for address in addresses]
        self._turns = cycle(self._transports)

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        return await next(self._turns).handle_async_request(request)

    async def aclose(self) -> None:
        for transport in self._transports:
            await transport.aclose()
