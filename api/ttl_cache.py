"""A cache whose entries expire so soon that a change in the database takes effect within a second."""

from collections.abc import Awaitable, Callable, Hashable
from itertools import islice
from time import monotonic
from typing import Generic, TypeVar

TTL_SECONDS = 0.9

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")


class TTLCache(Generic[K, V]):
    """A TTL cache. The lifetime of a value starts before it is fetched, because the fetch may take a long time."""

    def __init__(self, size: int = 10_000) -> None:
        self._size = size
        self._entries: dict[K, tuple[V, float]] = {}

    def get(self, key: K) -> tuple[V, float] | None:
        """The value of a key, and the time (`time.monotonic`) at which it expires."""
        entry = self._entries.get(key)
        return entry if entry is not None and entry[1] > monotonic() else None

    def put(self, key: K, value: V, expires_at: float) -> None:
        self._entries.pop(key, None)
        for first, (_, expired_at) in [*islice(self._entries.items(), 2)]:  # so that expired ones do not pile up
            if expired_at <= monotonic():
                del self._entries[first]
        if len(self._entries) >= self._size:
            del self._entries[next(iter(self._entries))]  # the one that was put first
        self._entries[key] = value, expires_at

    async def look_up(self, key: K, fetch: Callable[[], Awaitable[V]]) -> tuple[V, float]:
        """The value of a key, fetched if it is not cached, and its expiration time. Errors are not cached."""
        entry = self.get(key)
        if entry is None:
            expires_at = monotonic() + TTL_SECONDS
            entry = await fetch(), expires_at
            self.put(key, *entry)
        return entry
