"""How many connections a store, an app and its reports can use of a pool."""

import asyncio
from collections.abc import Callable
from contextlib import AsyncExitStack

import pytest

from db.errors import Unavailable
from db.limits import Limit, Turns
from db.pool import APP_REPORTS_SIZE, APP_SIZE, REPORTS_SIZE, SIZE, STORE_SIZE, Pool
from tests.conftest import pool


async def connections_of(parts: list[Pool]) -> int:
    """How many transactions can be open in these parts of a pool at the same time, the parts taking turns."""
    async with AsyncExitStack() as held:
        for number in range(SIZE + 1):
            try:
                await held.enter_async_context(parts[number % len(parts)].transaction())
            except Unavailable:
                return number
    raise AssertionError("There is no limit.")


@pytest.mark.parametrize(
    ("parts", "limit"),
    [
        (lambda db: [db.of_app("S1", "A1")], APP_SIZE),
        (lambda db: [db.of_store("S1")], STORE_SIZE),
        (lambda db: [db.of_app("S1", "A1"), db.of_app("S1", "A2")], STORE_SIZE),
        (lambda db: [db.of_app("S1", "A1"), db.of_store("S1")], STORE_SIZE),
        (lambda db: [db.of_app("S1", "A1"), db.of_app("S2", "A2")], SIZE),
        (lambda db: [db.of_app("S1", "A1").reports], APP_REPORTS_SIZE),
        (lambda db: [db.of_app("S1", "A1").reports, db.of_app("S2", "A2").reports], REPORTS_SIZE),
    ],
)
async def test_a_part_of_the_pool_has_a_limit(
    database_url: str, monkeypatch: pytest.MonkeyPatch, parts: Callable[[Pool], list[Pool]], limit: int
) -> None:
    async with pool(database_url) as db:
        assert await connections_of([db]) == SIZE  # opens them
        monkeypatch.setattr("db.pool.ACQUIRE_SECONDS", 0.02)
        monkeypatch.setattr("db.pool.COMMAND_SECONDS", 0.02)  # for which reports wait
        assert await connections_of(parts(db)) == limit


async def test_another_app_reads_while_one_uses_all_its_connections(database_url: str) -> None:
    async with pool(database_url) as db:
        busy, quiet = db.of_app("S1", "A1"), db.of_app("S1", "A2")
        async with AsyncExitStack() as held:
            for _ in range(APP_SIZE):
                await held.enter_async_context(busy.transaction())
            waiting = [asyncio.create_task(busy.fetch("select 1")) for _ in range(20)]
            await asyncio.sleep(0)
            for _ in range(20):
                assert await quiet.fetch("select 2") == [(2,)]
            assert not any(task.done() for task in waiting)
        assert await asyncio.gather(*waiting) == [[(1,)]] * 20


async def test_reports_do_not_use_the_connections_of_others(database_url: str) -> None:
    async with pool(database_url, direct=True) as db:
        reports = db.of_app("S1", "A1").reports
        async with db.transaction(), db.transaction():
            pass
        [[own]] = await db.fetch("select pg_backend_pid()")
        [[theirs]] = await reports.fetch("select pg_backend_pid()")
        assert own != theirs
        for _ in range(3):
            assert await reports.fetch("select pg_backend_pid()") == [(theirs,)]
            assert await db.fetch("select pg_backend_pid()") == [(own,)]


async def test_the_parts_of_a_pool_are_the_same_for_as_long_as_they_are_used() -> None:
    db = Pool("postgresql://")
    first, second = db.of_app("S1", "A1"), db.of_app("S1", "A2")
    assert db.of_app("S1", "A1") is first
    assert db.of_app("S2", "A1") is not first
    del first, second
    assert len(db._parts) == 0


async def test_turns_are_given_in_order_to_those_whose_limits_permit() -> None:
    turns, whole, part = Turns(), Limit(2), Limit(1)
    order: list[str] = []

    async def wait(name: str, *limits: Limit) -> None:
        await turns.wait(limits)
        order.append(name)

    assert turns.take((part, whole))
    assert turns.take((whole,))
    names = {"part 1": (part, whole), "part 2": (part, whole), "whole 1": (whole,), "whole 2": (whole,)}
    tasks = [asyncio.create_task(wait(name, *limits)) for name, limits in names.items()]
    await asyncio.sleep(0)
    turns.end((whole,))
    await asyncio.sleep(0)
    assert order == ["whole 1"]
    turns.end((part, whole))
    await asyncio.sleep(0)
    assert order == ["whole 1", "part 1"]
    turns.end((whole,))
    turns.end((part, whole))
    await asyncio.gather(*tasks)
    assert order == ["whole 1", "part 1", "whole 2", "part 2"]
    assert (whole.free, part.free) == (0, 0)


async def test_a_turn_that_is_cancelled_as_it_is_given_goes_to_the_next() -> None:
    turns, limits = Turns(), (Limit(1),)
    assert turns.take(limits)
    first, second = (asyncio.create_task(turns.wait(limits)) for _ in range(2))
    await asyncio.sleep(0)
    turns.end(limits)
    first.cancel()
    await second
    assert first.cancelled()
    assert limits[0].free == 0
