"""How fast an app may go: its cost points are restored steadily, for all workers together.

They are in Postgres. A worker leases more of them than a request costs, as many as it seems to need for the next half
second, so that a busy app's requests rarely take a statement.
"""

import asyncio
from dataclasses import dataclass
from math import ceil, inf
from time import monotonic

from db.credentials import Credential
from db.pool import Pool
from db.rate_limits import take_points
from schema.cost import COST_MODEL
from schema.rate_limits import RateLimit

# What an app may spend at once is what is restored in this time. Any single operation that is allowed can be paid.
BURST_SECONDS = 10

# Leased points are spent within this time or lost, so that none are spent long after they were counted. A lease is
# made to last for half of it: most are used up.
LEASE_SECONDS = 1.0
# A worker holds at most this part of the maximum.
LEASE_SHARE = 1 / 20

# Where a worker got less than it wanted, it waits until as much is restored as in this time: a flood of requests takes
# ten statements a second, whether they are refused or not.
PAUSE_SECONDS = 0.1

# Apps of which a worker knows the points.
BUDGETS = 10_000

LARGEST_COST = COST_MODEL.cost_limit

# For all who have no key together, in each worker: they can look at the schema, and no more.
ANONYMOUS_RATE = 2_000
ANONYMOUS_MAXIMUM = 2 * COST_MODEL.cost_limit


class Throttled(Exception):
    """The app has too few points left. A request of the same cost can be paid after `retry_after_seconds`."""

    def __init__(self, cost: float, rate_limit: RateLimit, retry_after_seconds: int) -> None:
        super().__init__(
            f"The request costs {cost:g} points, and {rate_limit.available} are available. They are restored at a rate "
            f"of {rate_limit.restore_rate} per second: try again in {retry_after_seconds} s."
        )
        self.rate_limit = rate_limit
        self.retry_after_seconds = retry_after_seconds


class RateLimiter:
    """Charges apps for what their requests cost, and all clients without a credential together."""

    def __init__(self, db: Pool) -> None:
        self._db = db
        self._budgets: dict[tuple[str, str], _Budget] = {}
        self._anonymous = _Anonymous()

    def check(self, credential: Credential | None) -> None:
        """Raise Throttled if this worker knows that the app cannot pay a single point, before any work is done."""
        if credential is None:
            return self._anonymous.check()
        budget = self._budget(credential)
        if not budget.lease and budget.available < 1:
            raise Throttled(1, budget.rate_limit, budget.seconds_until(1))

    def charge_leased(self, credential: Credential | None, cost: float) -> RateLimit | None:
        """Charge a request to points that this worker has leased; None if Postgres must be asked: `charge`."""
        if credential is None:
            return self._anonymous.charge(max(cost, 1))
        budget = self._budget(credential)
        return budget.rate_limit if budget.pay(min(max(cost, 1), budget.maximum)) else None

    async def charge(self, credential: Credential | None, cost: float) -> RateLimit:
        """Charge a request: at least a point, at most the app's maximum. Raises Throttled.

        A request that is cancelled while Postgres is asked may have been charged.
        """
        if credential is None:
            return self._anonymous.charge(max(cost, 1))
        key = credential.store_id, credential.app_id
        budget = self._budget(credential)
        cost = min(max(cost, 1), budget.maximum)
        while not budget.pay(cost):
            if lease := budget.lease:
                await asyncio.shield(lease)
            elif budget.available < cost:
                raise Throttled(cost, budget.rate_limit, budget.seconds_until(cost))
            else:
                budget.lease = lease = asyncio.create_task(self._lease(*key, budget, cost))
                if await asyncio.shield(lease):
                    break
        return budget.rate_limit

    def _budget(self, credential: Credential) -> "_Budget":
        key = credential.store_id, credential.app_id
        budget = self._budgets.get(key)
        if budget is None or budget.rate != credential.rate:
            if len(self._budgets) >= BUDGETS:
                del self._budgets[next(iter(self._budgets))]  # it is asked for again
            budget = self._budgets[key] = _Budget(credential.rate, max(BURST_SECONDS * credential.rate, LARGEST_COST))
        return budget

    async def _lease(self, store_id: str, app_id: str, budget: "_Budget", cost: float) -> bool:
        """Lease what the cost takes, and more, and pay. False: there was not enough."""
        asked_at = monotonic()
        # Nobody else may spend it meanwhile, and it must not live on in the next lease.
        held, budget.held = budget.held, 0.0
        needed = cost - held
        wanted = needed + budget.ahead(cost)
        try:
            grant = await take_points(self._db, store_id, app_id, needed, wanted, budget.rate, budget.maximum)
        finally:
            budget.lease = None
        budget.left, budget.seen_at, budget.is_short = grant.available, monotonic(), grant.granted < wanted
        if not grant.granted:
            budget.held = held
            return False
        budget.held = grant.granted - needed
        budget.leased_at, budget.spent = asked_at, cost
        return True


@dataclass
class _Budget:
    """An app's points, as a worker knows them."""

    rate: int
    maximum: int
    # What is left of its lease, since when it has it, and what it has spent since then.
    held: float = 0.0
    leased_at: float = -inf
    spent: float = 0.0
    # What was left in the database, when that was, and whether there was less than it wanted.
    left: float = inf
    seen_at: float = 0.0
    is_short: bool = False
    lease: asyncio.Task[bool] | None = None

    def pay(self, cost: float) -> bool:
        if monotonic() > self.leased_at + LEASE_SECONDS:
            self.held = 0.0
        if cost > self.held:
            return False
        self.held -= cost
        self.spent += cost
        return True

    def ahead(self, cost: float) -> float:
        """How much to lease besides the cost: half a second's worth at the present pace, or twice what was spent
        where the pace is rising. Nothing where that would not pay for another request.
        """
        half = LEASE_SECONDS / 2
        elapsed = monotonic() - self.leased_at
        ahead = min(self.spent * half / max(elapsed, half / 2), self.maximum * LEASE_SHARE)
        return ahead if ahead >= cost else 0.0

    @property
    def _left_now(self) -> float:
        """At most so much is in the database: other workers only take."""
        return min(self.maximum, self.left + self.rate * (monotonic() - self.seen_at))

    @property
    def available(self) -> float:
        left = self._left_now
        is_paused = self.is_short and left < self.rate * PAUSE_SECONDS
        return self.held + (0.0 if is_paused else left)

    def seconds_until(self, cost: float) -> int:
        """After how long the points are there, if nobody else spends them. What is leased is lost by then."""
        return max(1, ceil((cost - self._left_now) / self.rate))

    @property
    def rate_limit(self) -> RateLimit:
        return RateLimit(available=min(int(self.available), self.maximum), maximum=self.maximum, restore_rate=self.rate)


class _Anonymous:
    """The points of whoever has no key, in this worker alone."""

    def __init__(self) -> None:
        self._left: float = ANONYMOUS_MAXIMUM
        self._seen_at = monotonic()

    def check(self) -> None:
        self._restore()
        if self._left < 1:
            raise Throttled(1, self._rate_limit, self._seconds_until(1))

    def charge(self, cost: float) -> RateLimit:
        self._restore()
        if cost > self._left:
            raise Throttled(cost, self._rate_limit, self._seconds_until(cost))
        self._left -= cost
        return self._rate_limit

    def _restore(self) -> None:
        now = monotonic()
        self._left = min(ANONYMOUS_MAXIMUM, self._left + ANONYMOUS_RATE * (now - self._seen_at))
        self._seen_at = now

    def _seconds_until(self, cost: float) -> int:
        return max(1, ceil((cost - self._left) / ANONYMOUS_RATE))

    @property
    def _rate_limit(self) -> RateLimit:
        return RateLimit(available=int(self._left), maximum=ANONYMOUS_MAXIMUM, restore_rate=ANONYMOUS_RATE)
