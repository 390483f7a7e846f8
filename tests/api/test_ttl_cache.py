"""The TTL cache of lookups in the database."""

import asyncio
import weakref
from typing import Any

import pytest

from api import ttl_cache
from api.ttl_cache import TTL_SECONDS, TTLCache


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(ttl_cache, "monotonic", clock)
    return clock


class Source:
    """A value that is counted each time that it is fetched."""

    def __init__(self, clock: Clock) -> None:
        self.clock = clock
        self.fetched = 0
        self.seconds = 0.0

    async def fetch(self) -> int:
        self.fetched += 1
        self.clock.now += self.seconds
        return self.fetched


async def test_a_value_is_cached_for_less_than_a_second(clock: Clock) -> None:
    cache, source = TTLCache[str, int](), Source(clock)
    assert await cache.look_up("a", source.fetch) == (1, 100 + TTL_SECONDS)
    clock.now += TTL_SECONDS - 0.01
    assert await cache.look_up("a", source.fetch) == (1, 100 + TTL_SECONDS)
    clock.now += 0.01
    assert cache.get("a") is None
    assert await cache.look_up("a", source.fetch) == (2, clock.now + TTL_SECONDS)
    assert TTL_SECONDS < 1


async def test_the_time_to_live_counts_from_the_start_of_the_fetch(clock: Clock) -> None:
    cache, source = TTLCache[str, int](), Source(clock)
    source.seconds = 0.5
    assert await cache.look_up("a", source.fetch) == (1, 100 + TTL_SECONDS)
    source.seconds = 2
    for expected in (2, 3):
        clock.now += TTL_SECONDS
        assert (await cache.look_up("a", source.fetch))[0] == expected  # it had expired when it arrived


async def test_errors_are_not_cached(clock: Clock) -> None:
    cache, source = TTLCache[str, int](), Source(clock)

    async def fail() -> Any:
        raise ValueError("no answer")

    with pytest.raises(ValueError, match="no answer"):
        await cache.look_up("a", fail)
    assert (await cache.look_up("a", source.fetch))[0] == 1


async def test_expired_values_are_freed_when_others_are_put(clock: Clock) -> None:
    cache = TTLCache[int, Source]()
    freed = []
    for key in range(10):
        source = Source(clock)
        freed.append(weakref.ref(source))
        cache.put(key, source, clock.now + TTL_SECONDS)
    del source
    clock.now += TTL_SECONDS
    for key in range(100, 105):
        cache.put(key, Source(clock), clock.now + TTL_SECONDS)
    assert [reference() for reference in freed] == [None] * 10


async def test_the_size_is_bounded_and_expired_entries_are_removed_first(clock: Clock) -> None:
    cache, source = TTLCache[int, int](size=10), Source(clock)
    for key in range(10):
        await cache.look_up(key, source.fetch)
        clock.now += 0.125
    await cache.look_up(10, source.fetch)
    assert [key for key in range(11) if cache.get(key)] == [3, 4, 5, 6, 7, 8, 9, 10]
    await asyncio.gather(*(cache.look_up(key, source.fetch) for key in range(100, 103)))
    assert len([key for key in (*range(11), 100, 101, 102) if cache.get(key)]) <= 10
