"""Rate limits: what apps can spend, on any number of workers."""

import asyncio
from datetime import timedelta
from time import perf_counter

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from api.rate_limits import LEASE_SECONDS, LEASE_SHARE, PAUSE_SECONDS, RateLimiter, Throttled
from db.ids import new_id
from db.pool import Pool
from db.statements import recorded_statements
from schema.cost import COST_MODEL
from tests.support.rate_limits import Clock, is_paid, maximum_of, new_credential, rate_limit, refusal

SET_AT = "update rate_limit set at = now() + $2::interval where store_id = $1"
FORGET = "delete from rate_limit where store_id = $1"


async def test_an_app_can_spend_its_maximum_at_once_and_is_then_throttled(db: Pool, clock: Clock) -> None:
    rates, credential = RateLimiter(db), new_credential(rate=1)
    assert await rates.charge(credential, 4000) == rate_limit(1000, 5000, 1)
    assert await rates.charge(credential, 999) == rate_limit(1, 5000, 1)
    assert await rates.charge(credential, 1) == rate_limit(0, 5000, 1)
    assert await refusal(rates, credential, 20) == (rate_limit(0, 5000, 1), 20)


@pytest.mark.parametrize(("rate", "maximum"), [(1, 5000), (500, 5000), (501, 5010), (1_000_000, 10_000_000)])
async def test_the_maximum_is_ten_seconds_of_the_rate_and_at_least_the_cost_limit(
    db: Pool, clock: Clock, rate: int, maximum: int
) -> None:
    rates, credential = RateLimiter(db), new_credential(rate)
    assert await rates.charge(credential, COST_MODEL.cost_limit) == rate_limit(
        maximum - COST_MODEL.cost_limit, maximum, rate
    )


async def test_every_operation_costs_at_least_a_point(db: Pool, clock: Clock) -> None:
    rates, credential = RateLimiter(db), new_credential(rate=1)
    assert await rates.charge(credential, 0) == rate_limit(4999, 5000, 1)
    await rates.charge(credential, 4999)
    assert await refusal(rates, credential, 0) == (rate_limit(0, 5000, 1), 1)


async def test_points_are_restored_steadily_and_up_to_the_maximum(db: Pool, clock: Clock) -> None:
    rates, credential = RateLimiter(db), new_credential(rate=1)
    await rates.charge(credential, 5000)
    for seconds, restored in ((10, 10), (35.5, 35), (4990, 4990), (5000, 5000), (5001, 5000), (10**6, 5000)):
        await clock.pass_time(seconds, credential)
        assert await rates.charge(credential, restored) == rate_limit(0, 5000, 1), seconds
        assert await refusal(rates, credential, 10) == (rate_limit(0, 5000, 1), 10), seconds


async def test_workers_share_the_points_of_an_app(db: Pool, clock: Clock) -> None:
    here, there, credential = RateLimiter(db), RateLimiter(db), new_credential(rate=1)
    await here.charge(credential, 3000)
    await there.charge(credential, 1500)
    assert await refusal(here, credential, 501) == (rate_limit(500, 5000, 1), 1)
    assert await here.charge(credential, 500) == rate_limit(0, 5000, 1)
    assert await refusal(there, credential, 500) == (rate_limit(0, 5000, 1), 500)


async def test_apps_of_one_store_have_separate_points(db: Pool, clock: Clock) -> None:
    rates, one = RateLimiter(db), new_credential(rate=1)
    other = one._replace(app_id=new_id("app"))
    await rates.charge(one, 5000)
    assert await rates.charge(other, 10) == rate_limit(4990, 5000, 1)
    assert await rates.charge(one._replace(store_id=new_id("store")), 10) == rate_limit(4990, 5000, 1)


async def test_an_app_at_50_times_its_rate_does_not_affect_another(db: Pool, clock: Clock) -> None:
    workers = [RateLimiter(db), RateLimiter(db)]
    noisy, quiet = new_credential(rate=500), new_credential(rate=500)
    paid, refused, began = 0, 0, perf_counter()
    for tick in range(300):  # three seconds
        await clock.pass_time(0.01, noisy, quiet)
        for number in range(25):
            if await is_paid(workers[number % 2], noisy, 10):
                paid += 1
            else:
                refused += 1
        with recorded_statements() as statements:
            assert await is_paid(workers[tick % 2], quiet, 2)  # four tenths of its rate
        assert len(statements) <= 1
    assert 0.9 * (5000 + 500 * 3) <= paid * 10 <= 5000 + 500 * (3 + perf_counter() - began)
    assert refused == 7500 - paid


costs = st.sampled_from([1, 7.5, 10, 60, 249, 1000, 4999, 5000, 6000])
waits = st.sampled_from([0.0, 0.001, 0.05, 0.26, 0.6, 0.99, 1.01, 7.0, 100.0])
rounds = st.lists(
    st.tuples(waits, st.lists(st.tuples(st.integers(0, 1), costs, st.booleans()), max_size=6)), min_size=1, max_size=25
)


@given(rate=st.sampled_from([1, 50, 700]), rounds=rounds)
async def test_spending_never_exceeds_the_maximum_and_the_restored_points(
    db: Pool, clock: Clock, rate: int, rounds: list[tuple[float, list[tuple[int, float, bool]]]]
) -> None:
    """With any requests to two workers, some of which are cancelled. Leased points can be spent until their lease
    expires, so that LEASE_SECONDS count in addition to each period.
    """
    workers, credential, maximum = [RateLimiter(db), RateLimiter(db)], new_credential(rate), maximum_of(rate)
    began, start = perf_counter(), clock.now
    spent: list[tuple[float, float, float]] = []
    for wait, requests in rounds:
        await clock.pass_time(wait, credential)
        before = perf_counter() - began + clock.now
        tasks = [asyncio.create_task(is_paid(workers[worker], credential, cost)) for worker, cost, _ in requests]
        await asyncio.sleep(0)
        for task, (_, _, is_cancelled) in zip(tasks, requests, strict=True):
            if is_cancelled:
                task.cancel()
        outcomes = await asyncio.gather(*tasks, return_exceptions=True)
        assert all(outcome in (True, False) or isinstance(outcome, asyncio.CancelledError) for outcome in outcomes)
        paid = [min(cost, maximum) for (_, cost, _), done in zip(requests, outcomes, strict=True) if done is True]
        spent.append((before, perf_counter() - began + clock.now, sum(paid)))
    elapsed = spent[-1][1] - start
    assert sum(paid for _, _, paid in spent) <= maximum + rate * elapsed + 1e-6
    for first, (begin, _, _) in enumerate(spent):
        total = 0.0
        for _, end, paid in spent[first:]:
            total += paid
            assert total <= maximum + rate * (end - begin + LEASE_SECONDS) + 1e-6


@given(
    rate=st.sampled_from([20, 700]),
    requests=st.lists(st.tuples(waits, st.integers(0, 1), st.sampled_from([1, 5, 30, 200, 1000])), max_size=60),
)
async def test_an_app_that_spends_a_third_of_its_rate_is_never_throttled(
    db: Pool, clock: Clock, rate: int, requests: list[tuple[float, int, float]]
) -> None:
    """However unevenly. Points in the lease of the other worker cannot be spent, nor can those that were restored since
    a worker last asked Postgres.
    """
    workers, credential, maximum = [RateLimiter(db), RateLimiter(db)], new_credential(rate), maximum_of(rate)
    full = maximum * (1 - 2 * LEASE_SHARE) - rate * PAUSE_SECONDS
    left = full
    for wait, worker, cost in requests:
        left = min(full, left + rate * wait) - 3 * cost
        if left < 0:
            break
        await clock.pass_time(wait, credential)
        assert await is_paid(workers[worker], credential, cost)


@given(
    rate=st.integers(1, 2000),
    spent=st.lists(st.integers(1, COST_MODEL.cost_limit), max_size=4),
    cost=st.integers(1, COST_MODEL.cost_limit),
)
async def test_a_retry_after_the_given_seconds_succeeds_and_an_earlier_one_does_not(
    db: Pool, clock: Clock, rate: int, spent: list[int], cost: int
) -> None:
    here, there, credential = RateLimiter(db), RateLimiter(db), new_credential(rate)
    for each in (maximum_of(rate), *spent):
        await is_paid(here, credential, each)
    await clock.pass_time(0.3, credential)
    try:
        await here.charge(credential, cost)
        assume(False)
    except Throttled as refused:
        seconds = refused.retry_after_seconds
    if seconds > 1:
        await clock.pass_time(seconds - 1.5, credential)
        assert not await is_paid(here, credential, cost)
        assert not await is_paid(there, credential, cost)
        await clock.pass_time(1.5, credential)
    else:
        await clock.pass_time(1, credential)
    assert await is_paid(there if seconds % 2 else here, credential, cost)


async def test_a_cost_above_the_maximum_takes_the_maximum(db: Pool, clock: Clock) -> None:
    rates, credential = RateLimiter(db), new_credential(rate=1)
    assert await rates.charge(credential, 10**9) == rate_limit(0, 5000, 1)
    assert await refusal(rates, credential, 10**9) == (rate_limit(0, 5000, 1), 5000)
    await clock.pass_time(5000, credential)
    assert await rates.charge(credential, 5001) == rate_limit(0, 5000, 1)


async def test_a_changed_rate_applies_from_the_next_request(db: Pool, clock: Clock) -> None:
    here, there, credential = RateLimiter(db), RateLimiter(db), new_credential(rate=1)
    await here.charge(credential, 5000)
    assert await refusal(here, credential, 100) == (rate_limit(0, 5000, 1), 100)
    faster = credential._replace(rate=1000)
    await clock.pass_time(1, credential)
    assert (await here.charge(faster, 900)).maximum == 10_000
    await clock.pass_time(10, credential)
    assert await there.charge(faster, 6000) == rate_limit(4000, 10_000, 1000)
    slower = credential._replace(rate=2)
    assert await here.charge(slower, 3990) == rate_limit(10, 5000, 2)
    assert await there.charge(slower, 10) == rate_limit(0, 5000, 2)
    assert await refusal(there, slower, 100) == (rate_limit(0, 5000, 2), 50)


async def test_a_crash_of_postgres_resets_the_points(db: Pool, clock: Clock) -> None:
    assert await db.fetchrow("select relpersistence from pg_class where oid = 'rate_limit'::regclass") == (b"u",)
    rates, credential = RateLimiter(db), new_credential(rate=1)
    await rates.charge(credential, 5000)
    await db.fetch(FORGET, credential.store_id)  # what becomes of an unlogged table
    assert not await is_paid(rates, credential, 10)
    await clock.pass_time(10, credential)
    assert await rates.charge(credential, 10) == rate_limit(4990, 5000, 1)


async def test_a_clock_that_is_set_back_restores_no_points(db: Pool, clock: Clock) -> None:
    rates, credential = RateLimiter(db), new_credential(rate=1)
    await rates.charge(credential, 4000)
    await db.fetch(SET_AT, credential.store_id, timedelta(hours=1))
    assert await rates.charge(credential, 900) == rate_limit(100, 5000, 1)
    await clock.pass_time(10, credential)
    assert await rates.charge(credential, 110) == rate_limit(0, 5000, 1)
