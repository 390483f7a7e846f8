"""Leases of points: how many a worker holds, and how rarely it asks Postgres for more."""

import asyncio
from time import perf_counter

import pytest

from api.rate_limits import LEASE_SECONDS, LEASE_SHARE, RateLimiter
from db.errors import Unavailable
from db.pool import Pool
from db.statements import recorded_statements
from tests.conftest import pool
from tests.support.logs import Log
from tests.support.rate_limits import Clock, is_paid, new_credential, rate_limit, refusal, spend_all

LOCK = "select from rate_limit where store_id = $1 for update"


async def test_a_busy_app_takes_few_statements(db: Pool, clock: Clock) -> None:
    rates, credential = RateLimiter(db), new_credential(rate=1000)
    with recorded_statements() as statements:
        for _ in range(1000):  # ten seconds at its rate
            await clock.pass_time(0.01, credential)
            assert await is_paid(rates, credential, 10)
    own = [statement for statement in statements if "insert" in statement]
    assert 20 <= len(own) <= 30


async def test_concurrent_requests_share_statements(db: Pool, clock: Clock) -> None:
    rates, credential = RateLimiter(db), new_credential(rate=1)
    with recorded_statements() as statements:
        limits = await asyncio.gather(*(rates.charge(credential, 10) for _ in range(100)))
    assert limits[-1] == rate_limit(4000, 5000, 1)
    assert len(statements) == 7  # for 1, 3 and 9 requests, and then for as much as a worker may hold


async def test_throttled_requests_take_ten_statements_per_second(db: Pool, clock: Clock) -> None:
    rates, credential = RateLimiter(db), new_credential(rate=1000)
    await rates.charge(credential, 10_000)
    paid, began = 0, perf_counter()
    with recorded_statements() as statements:
        for _ in range(200):  # two seconds
            await clock.pass_time(0.01, credential)
            paid += sum(await asyncio.gather(*(is_paid(rates, credential, 1) for _ in range(20))))
    seconds = 2 + perf_counter() - began
    assert sum("insert" in statement for statement in statements) <= 12 * seconds
    assert 1700 <= paid <= 1000 * seconds


async def test_a_request_that_cannot_be_paid_yet_takes_no_statement(db: Pool, clock: Clock) -> None:
    rates, credential = RateLimiter(db), new_credential(rate=10)
    await rates.charge(credential, 5000)
    with recorded_statements() as statements:
        for seconds in range(100, 0, -1):
            assert await refusal(rates, credential, 1000) == (rate_limit(1000 - 10 * seconds, 5000, 10), seconds)
            clock.now += 1
    assert statements == []


async def test_leased_and_remaining_points_pay_together(db: Pool, clock: Clock) -> None:
    here, there, credential = RateLimiter(db), RateLimiter(db), new_credential(rate=1)
    for _ in range(2):
        await here.charge(credential, 10)
    assert await there.charge(credential, 4955) == rate_limit(5, 5000, 1)  # 20 are leased
    assert await here.charge(credential, 25) == rate_limit(0, 5000, 1)


async def test_a_throttled_request_keeps_the_lease_for_smaller_ones(db: Pool, clock: Clock) -> None:
    here, there, credential = RateLimiter(db), RateLimiter(db), new_credential(rate=1)
    for _ in range(2):
        await here.charge(credential, 10)
    await there.charge(credential, 4955)
    assert await refusal(here, credential, 26) == (rate_limit(25, 5000, 1), 21)
    assert await here.charge(credential, 20) == rate_limit(5, 5000, 1)


async def test_the_lease_of_an_idle_worker_expires_after_a_second(db: Pool, clock: Clock) -> None:
    idle, other, credential = RateLimiter(db), RateLimiter(db), new_credential(rate=1)
    await asyncio.gather(*(idle.charge(credential, 10) for _ in range(40)))
    left = 5000 - await spend_all(other, credential, 1) - 400
    assert 0 < left <= LEASE_SHARE * 5000
    assert await is_paid(idle, credential, left - 1)  # it was the idle one's
    clock.now += LEASE_SECONDS + 0.01
    assert not await is_paid(idle, credential, 1)


async def test_an_app_that_sends_few_requests_is_charged_only_what_it_spends(db: Pool, clock: Clock) -> None:
    rates, credential = RateLimiter(db), new_credential(rate=10)
    for _ in range(100):
        assert await rates.charge(credential, 10) == rate_limit(4990, 5000, 10)
        await clock.pass_time(1, credential)


async def test_a_cancelled_request_leaves_the_lease_to_the_others(db: Pool, clock: Clock) -> None:
    rates, credential = RateLimiter(db), new_credential(rate=1)
    await rates.charge(credential, 10)
    async with db.transaction() as holder:
        await holder.fetch(LOCK, credential.store_id)
        with recorded_statements() as statements:
            first, *others = [asyncio.create_task(rates.charge(credential, 10)) for _ in range(3)]
            await asyncio.sleep(0)
            first.cancel()
            await asyncio.wait([first])
        assert first.cancelled()
        assert not any(other.done() for other in others)
    # The first had asked for its 10 and for 20 more, and has paid.
    assert await asyncio.gather(*others) == [rate_limit(4970, 5000, 1), rate_limit(4960, 5000, 1)]
    assert len(statements) == 1


async def test_the_next_request_continues_after_all_were_cancelled(db: Pool, clock: Clock) -> None:
    rates, credential = RateLimiter(db), new_credential(rate=1)
    await rates.charge(credential, 10)
    async with db.transaction() as holder:
        await holder.fetch(LOCK, credential.store_id)
        tasks = [asyncio.create_task(rates.charge(credential, 10)) for _ in range(3)]
        await asyncio.sleep(0)
        for task in tasks:
            task.cancel()
        await asyncio.wait(tasks)
    with recorded_statements() as statements:
        assert await rates.charge(credential, 20) == rate_limit(4960, 5000, 1)
    assert statements == []


async def test_all_requests_are_unavailable_while_postgres_is_busy(
    database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("db.pool.ACQUIRE_SECONDS", 0.02)
    async with pool(database_url, size=1) as db:
        rates, credential = RateLimiter(db), new_credential(rate=1)
        async with db.transaction():
            outcomes = await asyncio.gather(*(rates.charge(credential, 10) for _ in range(5)), return_exceptions=True)
        assert [type(outcome) for outcome in outcomes] == [Unavailable] * 5
        assert await rates.charge(credential, 10) == rate_limit(4990, 5000, 1)


async def test_a_worker_grants_points_itself_while_postgres_cannot_write(
    own_database_url: str, clock: Clock, log: Log
) -> None:
    credential = new_credential(rate=10)
    async with pool(own_database_url, size=1) as db:
        rates = RateLimiter(db)
        await rates.charge(credential, 1000)
        await db.fetch("set default_transaction_read_only = on")
        for spent in range(2000, 6000, 1000):
            # After a failed attempt, the pool opens another connection.
            await db.fetch("set default_transaction_read_only = on")
            assert await rates.charge(credential, 1000) == rate_limit(5000 - spent, 5000, 10)
        assert await refusal(rates, credential, 1000) == (rate_limit(0, 5000, 10), 100)
        clock.now += 100
        assert await rates.charge(credential, 1000) == rate_limit(0, 5000, 10)
        await db.fetch("set default_transaction_read_only = off")
        clock.now += 100
        # Postgres has not heard of what was spent meanwhile, and its own clock has hardly moved.
        assert 3000 <= (await rates.charge(credential, 1000)).available < 3100
    [line] = log.lines
    assert line["level"] == "warning"
    assert line["message"].startswith(
        "Rate limits apply to each worker on its own, because Postgres cannot write: Read"
    )


async def test_a_worker_remembers_a_bounded_number_of_apps(
    db: Pool, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("api.rate_limits.BUDGETS", 10)
    rates, credentials = RateLimiter(db), [new_credential(rate=1) for _ in range(30)]
    for _ in range(2):
        for credential in credentials:
            await rates.charge(credential, 2500)
    assert len(rates._budgets) == 10
    for credential in credentials:
        assert not await is_paid(rates, credential, 10)
