"""Data loaders: which calls share a fetch, and what happens when one of them fails or is cancelled."""

import asyncio
from collections.abc import Mapping
from typing import Any

import pytest

from db.columns import Columns
from schema.loaders import Loader
from tests.support.shop import Shop

TWICE = """query Twice($id: ID!) {
    a: session(id: $id) { orders { number } events(after: "made up") { nodes { kind } } }
    b: session(id: $id) { orders { number } }
}"""


class Source:
    """Where a loader fetches from: records the keys and columns of each fetch, which ends when `answer` is set."""

    def __init__(self) -> None:
        self.fetches: list[tuple[list[str], Columns]] = []
        self.answer = asyncio.Event()
        self.error: Exception | None = None
        self.loader: Loader[str] = Loader(self.fetch)

    async def fetch(self, keys: list[str], columns: Columns) -> Mapping[str, str]:
        self.fetches.append((keys, columns))
        await self.answer.wait()
        if self.error:
            raise self.error
        return {key: key.upper() for key in keys if key != "missing"}

    def load(self, *keys: str, columns: Columns = None) -> list[asyncio.Task[Any]]:
        return [asyncio.create_task(self.loader.load(key, columns)) for key in keys]


@pytest.fixture
async def source() -> Source:
    return Source()


async def turns() -> None:
    for _ in range(5):
        await asyncio.sleep(0)


async def test_keys_of_one_turn_of_the_event_loop_are_fetched_together_and_only_once(source: Source) -> None:
    source.answer.set()
    assert await asyncio.gather(*source.load("a", "b", "a", "missing")) == ["A", "B", "A", None]
    assert await asyncio.gather(*source.load("a", "missing")) == ["A", None]
    assert source.fetches == [(["a", "b", "missing"], None)]


async def test_the_task_of_the_request_fetches_at_once(source: Source) -> None:
    source.answer.set()
    loader: Loader[str] = Loader(source.fetch, asyncio.current_task())
    turn: list[str] = []
    asyncio.get_running_loop().call_soon(turn.append, "over")
    assert (await loader.load("a", frozenset({"id"})), await loader.load("a", frozenset({"id"})), turn) == (
        "A",
        "A",
        [],
    )
    assert source.fetches == [(["a"], frozenset({"id"}))]


async def test_a_key_that_is_being_fetched_is_not_fetched_again(source: Source) -> None:
    first = source.load("a")
    await turns()
    second = source.load("a")
    await turns()
    source.answer.set()
    assert await asyncio.gather(*first, *second) == ["A", "A"]
    assert source.fetches == [(["a"], None)]


async def test_the_columns_of_a_fetch_are_the_union_of_those_that_are_needed(source: Source) -> None:
    tasks = [*source.load("a", columns=frozenset({"x"})), *source.load("b", columns=frozenset({"y"}))]
    await turns()
    # These columns are being fetched, others are not.
    tasks += source.load("a", columns=frozenset({"y"}))
    tasks += source.load("a", columns=frozenset({"z"}))
    await turns()
    source.answer.set()
    assert await asyncio.gather(*tasks) == ["A", "B", "A", "A"]
    await source.loader.load("a", frozenset({"z"}))
    await source.loader.load("a")
    assert source.fetches == [(["a", "b"], {"x", "y"}), (["a"], {"z"}), (["a"], None)]


@pytest.mark.parametrize("has_started", [False, True])
async def test_others_still_get_their_values_if_the_first_caller_is_cancelled(
    source: Source, has_started: bool
) -> None:
    first, *others = source.load("a", "b", "a")
    await asyncio.sleep(0)
    if has_started:
        await turns()
    first.cancel()
    await turns()
    source.answer.set()
    assert await asyncio.gather(*others) == ["B", "A"]
    assert first.cancelled()


async def test_a_fetch_that_no_caller_waits_for_is_cancelled(source: Source) -> None:
    tasks = source.load("a", "b")
    await turns()
    for task in tasks:
        task.cancel()
        await turns()
    assert all(task.cancelled() for task in tasks)
    source.answer.set()
    assert await source.loader.load("a") == "A"


async def test_a_key_whose_fetch_is_being_cancelled_is_fetched_again(source: Source) -> None:
    [first] = source.load("a")
    await turns()
    first.cancel()
    second = source.load("a")
    await turns()
    source.answer.set()
    assert await asyncio.wait_for(asyncio.gather(*second), 1) == ["A"]
    assert source.fetches == [(["a"], None)] * 2


async def test_every_caller_gets_the_error_of_a_fetch_and_it_is_not_cached(source: Source) -> None:
    source.answer.set()
    source.error = ValueError("no rows")
    results = await asyncio.gather(*source.load("a", "b"), return_exceptions=True)
    assert results == [source.error] * 2
    source.error = None
    assert await source.loader.load("a") == "A"


async def test_a_field_that_fails_does_not_affect_another_that_loads_the_same(shop: Shop) -> None:
    session = await shop.create(orderNumber="QSH7K2")
    answer = (await shop.post(TWICE, id=session["id"])).json()
    assert answer["data"] == {"a": None, "b": {"orders": [{"number": "QSH7K2"}]}}
    assert [error["path"] for error in answer["errors"]] == [["a", "events"]]
