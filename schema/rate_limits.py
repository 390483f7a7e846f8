"""Rate limits: as clients see them, and those that a worker keeps in memory, of client addresses."""

import asyncio
from collections.abc import Awaitable, Callable, Hashable
from functools import lru_cache
from ipaddress import AddressValueError, IPv6Address
from math import ceil
from time import monotonic
from typing import NamedTuple, TypeVar
from weakref import WeakValueDictionary

import strawberry
from cachetools import LRUCache

T = TypeVar("T")

# The maximum number of buckets in a table, and of subjects that are known. The least recently used ones are evicted.
SIZE = 10_000


@strawberry.type(
    description="The state of an app's rate limit, in cost points. Every request costs points (see `extensions.cost`), "
    "and points are restored continuously."
)
class RateLimit:
    available: int = strawberry.field(description="The number of points that are available now.")
    maximum: int = strawberry.field(description="The maximum number of points that the app can accumulate.")
    restore_rate: int = strawberry.field(description="The number of points that are restored per second.")


class Throttled(Exception):
    """A rate limit is exceeded. The same request can succeed after `retry_after_seconds`.

    `rate_limit` is the state of a limit in cost points, and None for the limits of attempts.
    """

    def __init__(self, message: str, retry_after_seconds: int, rate_limit: RateLimit | None = None) -> None:
        super().__init__(f"{message}: try again in {retry_after_seconds} s.")
        self.retry_after_seconds = retry_after_seconds
        self.rate_limit = rate_limit


class Limit(NamedTuple):
    """`rate` per second, after a burst of at most `maximum`."""

    rate: float
    maximum: float


@lru_cache(10_000)
def network(address: str) -> str:
    """The part of an address that limits count: of IPv6 the /64 prefix, all of whose addresses a client can have."""
    try:
        return str(IPv6Address(int(IPv6Address(address)) >> 64 << 64))
    except AddressValueError:
        return address


class TokenBuckets:
    """Token buckets in the memory of this worker, one for each key. A new bucket is full."""

    def __init__(self, size: int = SIZE) -> None:
        self._buckets: LRUCache[Hashable, tuple[float, float]] = LRUCache(size)  # the content, and when it was that

    def available(self, key: Hashable, limit: Limit) -> float:
        content, at = self._buckets.get(key, (limit.maximum, 0.0))
        return min(limit.maximum, content + limit.rate * (monotonic() - at))

    def take(self, key: Hashable, limit: Limit, number: float = 1) -> float:
        """Take this number out of the bucket. Returns 0, or the seconds until the bucket contains the number if it
        does not yet, and then takes nothing. A number above the maximum needs a full bucket, and leaves a debt.
        """
        available, needed = self.available(key, limit), min(number, limit.maximum)
        if available < needed:
            return (needed - available) / limit.rate
        self._buckets[key] = available - number, monotonic()
        return 0.0

    def take_anyway(self, key: Hashable, limit: Limit, number: float) -> None:
        """Take the number for something that was done already, even if that leaves a debt."""
        self._buckets[key] = self.available(key, limit) - number, monotonic()

    def give_back(self, key: Hashable, limit: Limit) -> None:
        self._buckets[key] = min(limit.maximum, self.available(key, limit) + 1), monotonic()


class Attempts:
    """Limits wrong guesses of a secret, each of which costs a statement, by the address of the client.

    A secret that was right before can be tried at any time, so that a client who guesses does not lock out others with
    the same address (NAT).
    """

    def __init__(self, limit: Limit, what: str) -> None:
        self._limit = limit
        self._what = what
        self._buckets = TokenBuckets()
        self._right: LRUCache[Hashable, bool] = LRUCache(SIZE)
        self._turns: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()

    async def attempt(self, address: str, secret: Hashable, look_up: Callable[[], Awaitable[T | None]]) -> T | None:
        """Look up what the secret stands for. None if it is wrong. Raises Throttled after too many wrong ones.

        An unknown secret waits for the others of its address, so that the right ones of a burst are not mistaken for
        guesses. It counts until it turns out to be right, so that cancelled attempts are counted.
        """
        if secret not in self._right:
            async with self._turns.setdefault(network(address), asyncio.Lock()):
                if secret not in self._right:
                    return await self._guess(address, secret, look_up)
        found = await look_up()
        if found is None:
            self._right.pop(secret, None)
        return found

    async def _guess(self, address: str, secret: Hashable, look_up: Callable[[], Awaitable[T | None]]) -> T | None:
        self.count(address)
        try:
            found = await look_up()
        except Exception:
            self._buckets.give_back(network(address), self._limit)
            raise
        if found is not None:
            self._buckets.give_back(network(address), self._limit)
            self._right[secret] = True
        return found

    def count(self, address: str) -> None:
        """Count a wrong secret. Raises Throttled."""
        if seconds := self._buckets.take(network(address), self._limit):
            raise Throttled(f"Too many {self._what} were wrong", max(1, ceil(seconds)))
