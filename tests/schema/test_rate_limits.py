"""The rate limits that a worker keeps in memory: token buckets, and limits of wrong guesses."""

import asyncio

import pytest

from schema.rate_limits import Attempts, Limit, Throttled, TokenBuckets
from tests.support.addresses import Clock

LIMIT = Limit(rate=2, maximum=10)


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    """A clock for the buckets, which a test moves."""
    clock = Clock()
    monkeypatch.setattr("schema.rate_limits.monotonic", clock)
    return clock


async def right() -> str:
    return "found"


async def wrong() -> str | None:
    return None


def test_a_bucket_is_full_at_first_and_refilled_at_its_rate(clock: Clock) -> None:
    buckets = TokenBuckets()
    assert buckets.take("a", LIMIT, 4) == 0
    assert buckets.available("a", LIMIT) == 6
    assert buckets.take("a", LIMIT, 6.5) == 0.25
    clock.now += 0.25
    assert buckets.take("a", LIMIT, 6.5) == 0
    assert buckets.take("a", LIMIT) == 0.5
    assert buckets.available("b", LIMIT) == 10
    clock.now += 100
    assert buckets.available("a", LIMIT) == 10


def test_more_than_the_maximum_needs_a_full_bucket_and_leaves_a_debt(clock: Clock) -> None:
    buckets = TokenBuckets()
    assert buckets.take("a", LIMIT) == 0
    assert buckets.take("a", LIMIT, 1_000) == 0.5
    clock.now += 0.5
    assert buckets.take("a", LIMIT, 1_000) == 0
    assert buckets.available("a", LIMIT) == -990
    assert buckets.take("a", LIMIT) == 495.5


def test_the_bucket_that_was_not_used_for_longest_is_evicted(clock: Clock) -> None:
    buckets = TokenBuckets(size=2)
    for key in ("a", "b", "a", "c"):
        buckets.take(key, LIMIT)
    assert [buckets.available(key, LIMIT) for key in "abc"] == [8, 10, 9]


async def test_only_wrong_guesses_count(clock: Clock) -> None:
    attempts = Attempts(LIMIT, "secrets")
    for number in range(100):
        assert await attempts.attempt("here", f"right {number}", right) == "found"
    for number in range(10):
        assert await attempts.attempt("here", f"wrong {number}", wrong) is None
    with pytest.raises(Throttled, match=r"^Too many secrets were wrong: try again in 1 s\.$") as refused:
        await attempts.attempt("here", "another", wrong)
    assert (refused.value.retry_after_seconds, refused.value.rate_limit) == (1, None)
    assert await attempts.attempt("there", "another", wrong) is None
    clock.now += 0.5
    assert await attempts.attempt("here", "another", right) == "found"


async def test_what_was_right_before_is_not_limited_until_it_is_wrong(clock: Clock) -> None:
    attempts = Attempts(LIMIT, "secrets")
    await attempts.attempt("here", "key", right)
    for number in range(10):
        await attempts.attempt("here", number, wrong)
    assert await attempts.attempt("here", "key", right) == "found"
    assert await attempts.attempt("here", "key", wrong) is None  # it was revoked
    with pytest.raises(Throttled):
        await attempts.attempt("here", "key", right)


async def test_a_burst_of_right_ones_is_not_mistaken_for_guesses(clock: Clock) -> None:
    attempts = Attempts(LIMIT, "secrets")

    async def slow() -> str:
        await asyncio.sleep(0)
        return "found"

    found = await asyncio.gather(*(attempts.attempt("here", number % 50, slow) for number in range(200)))
    assert found == ["found"] * 200


async def test_parallel_and_cancelled_guesses_are_no_way_around(clock: Clock) -> None:
    attempts, asked = Attempts(LIMIT, "secrets"), asyncio.Semaphore(0)

    async def slow() -> str | None:
        asked.release()
        await asyncio.Event().wait()
        return None

    guesses = [asyncio.create_task(attempts.attempt("here", number, slow)) for number in range(100)]
    for guess in guesses[:10]:
        await asyncio.wait_for(asked.acquire(), 5)
        guess.cancel()
    outcomes = await asyncio.gather(*guesses, return_exceptions=True)
    assert [type(outcome) for outcome in outcomes] == [asyncio.CancelledError] * 10 + [Throttled] * 90


async def test_a_failure_of_the_database_does_not_count(clock: Clock) -> None:
    attempts = Attempts(LIMIT, "secrets")

    async def fail() -> str | None:
        raise ConnectionError

    for number in range(100):
        with pytest.raises(ConnectionError):
            await attempts.attempt("here", number, fail)
    assert await attempts.attempt("here", "key", right) == "found"
