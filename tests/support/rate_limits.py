"""Apps that spend, and time that passes when a test says so."""

from datetime import timedelta

import pytest

from api.rate_limits import BURST_SECONDS, Rates, Throttled
from db.credentials import CredentialRow
from db.ids import new_id
from db.pool import Pool
from schema.context import Throttle
from schema.cost import COST_MODEL

AGE = "update app_budget set at = at - $2::interval where store_id = any ($1)"


class Clock:
    """For workers it moves when a test says so. Postgres's row gets as much older; what passes in truth meanwhile
    counts for Postgres alone, and is milliseconds.
    """

    def __init__(self, db: Pool) -> None:
        self.db = db
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now

    async def pass_time(self, seconds: float, *credentials: CredentialRow) -> None:
        self.now += seconds
        await self.db.fetch(AGE, [credential.store_id for credential in credentials], timedelta(seconds=seconds))


def new_credential(rate: int) -> CredentialRow:
    """A credential of a new app in a new store."""
    return CredentialRow(new_id("store"), "shop", new_id("app"), "test", ["admin"], "LOG", rate, new_id("key"), "test")


def maximum_of(rate: int) -> int:
    return max(BURST_SECONDS * rate, COST_MODEL.cost_limit)


async def is_paid(rates: Rates, credential: CredentialRow, cost: float) -> bool:
    refused = None
    try:
        throttle = await rates.spend(credential, cost)
    except Throttled as error:
        refused, throttle = error, error.throttle
    assert (throttle.maximum, throttle.restore_rate) == (maximum_of(credential.rate), credential.rate)
    assert 0 <= throttle.available <= throttle.maximum
    assert refused is None or (throttle.available < cost and refused.retry_after_seconds >= 1)
    return refused is None


async def refusal(rates: Rates, credential: CredentialRow, cost: float) -> tuple[Throttle, int]:
    with pytest.raises(Throttled) as refused:
        await rates.spend(credential, cost)
    return refused.value.throttle, refused.value.retry_after_seconds


async def spend_all(rates: Rates, credential: CredentialRow, cost: float) -> int:
    """How many requests of that cost are paid until one is refused."""
    number = 0
    while await is_paid(rates, credential, cost):
        number += 1
    return number
