"""What the database said, remembered for so short a time that a change there holds here within a second."""

from collections.abc import Awaitable, Callable
from time import monotonic
from typing import Generic, TypeVar

from cachetools import TLRUCache

SECONDS = 0.9
SIZE = 10_000

K = TypeVar("K")
V = TypeVar("V")


class TTLCache(Generic[K, V]):
    """What was looked up, counted from when it was asked for: the answer may have been long under way."""

    def __init__(self) -> None:
        self._entries: TLRUCache[K, tuple[float, V]] = TLRUCache(
            SIZE, ttu=lambda key, entry, now: entry[0] + SECONDS, timer=monotonic
        )

    async def get(self, key: K, look_up: Callable[[], Awaitable[V]]) -> V:
        """What is remembered of the key, or else what looking it up says. An error is not remembered."""
        try:
            return self._entries[key][1]
        except KeyError:
            asked_at = monotonic()
            value = await look_up()
            self._entries[key] = (asked_at, value)
            return value
