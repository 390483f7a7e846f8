"""Helpers of rate limit tests: credentials, a clock, refusals."""

from datetime import timedelta

import pytest

from api.rate_limits import BURST_SECONDS, RateLimiter, Throttled
from db.credentials import Credential
from db.ids import new_id
from db.pool import Pool
from schema.cost import COST_MODEL
from schema.rate_limits import RateLimit

AGE = "update rate_limit set at = at - $2::interval where store_id = any ($1)"


class Clock:
    """The clock of workers, which a test moves. The row in Postgres is aged by the same time; the real time that passes
    counts for Postgres alone, and is milliseconds.
    """

    def __init__(self, db: Pool) -> None:
        self.db = db
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now

    async def pass_time(self, seconds: float, *credentials: Credential) -> None:
        self.now += seconds
        await self.db.fetch(AGE, [credential.store_id for credential in credentials], timedelta(seconds=seconds))


def new_credential(rate: int) -> Credential:
    """A credential of a new app in a new store."""
    return Credential(
        new_id("store"), "shop", new_id("app"), "test", ["admin"], "LOG", rate, False, new_id("key"), "test"
    )


def rate_limit(available: int, maximum: int, restore_rate: int) -> RateLimit:
    return RateLimit(available=available, maximum=maximum, restore_rate=restore_rate)


def maximum_of(rate: int) -> int:
    return max(BURST_SECONDS * rate, COST_MODEL.cost_limit)


async def is_paid(rates: RateLimiter, credential: Credential, cost: float) -> bool:
    refused = None
    try:
        limit = await rates.charge(credential, cost)
    except Throttled as error:
        refused, limit = error, error.rate_limit
    assert (limit.maximum, limit.restore_rate) == (maximum_of(credential.rate), credential.rate)
    assert 0 <= limit.available <= limit.maximum
    assert refused is None or (limit.available < cost and refused.retry_after_seconds >= 1)
    return refused is None


async def refusal(rates: RateLimiter, credential: Credential, cost: float) -> tuple[RateLimit, int]:
    with pytest.raises(Throttled) as refused:
        await rates.charge(credential, cost)
    return refused.value.rate_limit, refused.value.retry_after_seconds


async def spend_all(rates: RateLimiter, credential: Credential, cost: float) -> int:
    """The number of requests of that cost until one is refused."""
    number = 0
    while await is_paid(rates, credential, cost):
        number += 1
    return number
