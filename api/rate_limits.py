"""Rate limits: each app has a token bucket of cost points in Postgres, which all workers share.

A worker leases more points than a request costs, as many as it will probably need in the next half second, so that most
requests of a busy app need no statement. The limits of client addresses are in the memory of each worker.
"""

import asyncio
from dataclasses import dataclass
from math import ceil, inf
from time import monotonic

from api.logs import logger
from db.credentials import Credential
from db.errors import Unwritable
from db.pool import Pool
from db.rate_limits import take_points
from schema.cost import COST_MODEL
from schema.rate_limits import Limit, RateLimit, Throttled, TokenBuckets, network
from schema.scopes import Scope

# The size of the bucket, as the time that it takes to refill. It is never smaller than the largest allowed cost.
BURST_SECONDS = 10

# Leased points expire after this time, so that they are not spent long after they were taken from the bucket. A lease
# is sized for half of this time, so most leases are used up.
LEASE_SECONDS = 1.0
# The part of the maximum that a worker can lease in advance.
LEASE_SHARE = 1 / 20

# If a lease was smaller than wanted, the worker waits until the points of this time are restored. A flood of requests
# therefore causes ten statements per second, whether they are refused or not.
PAUSE_SECONDS = 0.1

# While Postgres cannot write, a worker grants points itself, and asks again after this time.
LOCAL_SECONDS = 1.0

# The maximum number of apps whose budgets a worker caches.
BUDGETS = 10_000

# The limits for requests without a credential, which can only read the schema: of one client address, and of all
# addresses together. An address can send the standard introspection query seven times in a burst, as GraphiQL does
# whenever it is loaded.
ANONYMOUS = Limit(rate=1_000, maximum=20_000)
ANONYMOUS_TOTAL = Limit(rate=2_000, maximum=40_000)

# The price of a document that is refused without a credential, in addition to that of its size. It takes up to 6 ms to
# find its errors, in which other requests wait.
ANONYMOUS_ERROR_COST = 1_000

# The refusals that an address without a valid credential gets immediately. Each further one is delayed: a connection
# whose client ignores refusals can then send two requests per second, instead of keeping the server busy.
REFUSALS = Limit(rate=10, maximum=100)
REFUSAL_SECONDS = 0.5

# A key that can only join sessions is public: storefronts send it to browsers. While less than half of its app's points
# are left, a client address can spend this part of them and of their rate, so that no customer takes what the others
# need. Otherwise it can spend all: the server of a storefront has one address for all customers.
RESERVED = 1 / 2
ADDRESS_SHARE = 1 / 20
JOIN_ONLY = [Scope.SESSIONS_JOIN.value]


@dataclass
class _Budget:
    """The points of an app, as cached by a worker."""

    rate: int
    maximum: int
    # The points left of the lease, the time of the lease, and the points spent since.
    leased: float = 0.0
    leased_at: float = -inf
    spent: float = 0.0
    # The points left in the database, the time they were read, and whether the last lease was smaller than wanted.
    left: float = inf
    seen_at: float = 0.0
    is_short: bool = False
    lease: asyncio.Task[bool] | None = None

    def pay(self, cost: float) -> bool:
        if monotonic() > self.leased_at + LEASE_SECONDS:
            self.leased = 0.0
        if cost > self.leased:
            return False
        self.leased -= cost
        self.spent += cost
        return True

    def ahead(self, cost: float) -> float:
        """The points to lease in addition to the cost: enough for half a second at the current rate of spending, but at
        most twice what was spent. 0 if this does not pay for another request of the same cost.
        """
        half = LEASE_SECONDS / 2
        elapsed = monotonic() - self.leased_at
        ahead = min(self.spent * half / max(elapsed, half / 2), self.maximum * LEASE_SHARE)
        return ahead if ahead >= cost else 0.0

    @property
    def _left_now(self) -> float:
        """The maximum number of points in the database. Other workers can only have taken some."""
        return min(self.maximum, self.left + self.rate * (monotonic() - self.seen_at))

    @property
    def available(self) -> float:
        left = self._left_now
        is_paused = self.is_short and left < self.rate * PAUSE_SECONDS
        return self.leased + (0.0 if is_paused else left)

    def grant(self, needed: float, wanted: float) -> tuple[float, float]:
        """Take points as Postgres does, as far as this worker knows. Returns the points granted, and those left."""
        left = self._left_now
        granted = min(wanted, left) if left >= needed else 0.0
        return granted, left - granted

    def seconds_until(self, cost: float) -> float:
        """The seconds until the cost can be paid, if no other requests spend points. The lease expires before that."""
        return (cost - self._left_now) / self.rate

    def refusal(self, cost: float) -> Throttled:
        return throttled(cost, self.rate_limit, self.seconds_until(cost))

    @property
    def rate_limit(self) -> RateLimit:
        return RateLimit(available=min(int(self.available), self.maximum), maximum=self.maximum, restore_rate=self.rate)


def throttled(cost: float, rate_limit: RateLimit, seconds: float) -> Throttled:
    """The refusal of a request for which too few points are left for this number of seconds."""
    return Throttled(
        f"The request costs {cost:g} points, and {rate_limit.available} are available. They are restored at a rate of "
        f"{rate_limit.restore_rate} per second",
        max(1, ceil(seconds)),
        rate_limit,
    )


class Refusals:
    """Delays the refusals of client addresses that get many of them."""

    def __init__(self) -> None:
        self._addresses = TokenBuckets()

    async def delay(self, address: str) -> None:
        """Count a refusal, and wait if the address has had too many."""
        if self._addresses.take(network(address), REFUSALS):
            await asyncio.sleep(REFUSAL_SECONDS)


class RateLimiter:
    """Charges apps for their requests, and client addresses for those without a credential."""

    def __init__(self, db: Pool) -> None:
        self._db = db
        self._budgets: dict[tuple[str, str], _Budget] = {}
        self._addresses = TokenBuckets()
        self._is_local = False
        self._asks_again_at = -inf

    def check(self, credential: Credential | None, address: str = "") -> None:
        """Raise Throttled if this worker knows that the app, or the address, has less than one point left."""
        if credential is None:
            return self._check_anonymous(address, 1)
        budget = self._budget(credential)
        if not budget.lease and budget.available < 1:
            raise budget.refusal(1)

    def _check_share(self, credential: Credential, budget: _Budget, cost: float, address: str) -> None:
        """Raise Throttled if the credential can only join sessions, its app has few points left, and the address has
        spent its share of them.
        """
        if credential.scopes != JOIN_ONLY:
            return
        share = Limit(budget.rate * ADDRESS_SHARE, budget.maximum * ADDRESS_SHARE)
        seconds = self._addresses.take((credential.app_id, network(address)), share, cost)
        needed = budget.maximum * RESERVED + cost
        if seconds and budget.available < needed:
            raise throttled(cost, budget.rate_limit, min(seconds, budget.seconds_until(needed)))

    def charge_leased(self, credential: Credential | None, cost: float) -> RateLimit | None:
        """Charge a request to the leased points of this worker. Returns None if they do not suffice: call `charge`."""
        if credential is None or credential.scopes == JOIN_ONLY:  # `charge` has further limits
            return None
        budget = self._budget(credential)
        return budget.rate_limit if budget.pay(min(max(cost, 1), budget.maximum)) else None

    async def charge(self, credential: Credential | None, cost: float, address: str = "") -> RateLimit:
        """Charge a request: at least one point, at most the app's maximum. Raises Throttled.

        Without a credential, the client's address is charged. If the credential can only join sessions, the address has
        a limit, too. A request that is cancelled during the statement may be charged.
        """
        if credential is None:
            return self._charge_anonymous(address, max(cost, 1))
        budget = self._budget(credential)
        cost = min(max(cost, 1), budget.maximum)
        self._check_share(credential, budget, cost, address)
        while not budget.pay(cost):
            if lease := budget.lease:
                await asyncio.shield(lease)
            elif budget.available < cost:
                raise budget.refusal(cost)
            else:
                budget.lease = lease = asyncio.create_task(self._lease(credential, budget, cost))
                if await asyncio.shield(lease):
                    break
        return budget.rate_limit

    def _check_anonymous(self, address: str, cost: float) -> None:
        for key, limit in ((network(address), ANONYMOUS), (None, ANONYMOUS_TOTAL)):
            available = self._addresses.available(key, limit)
            if available < min(cost, limit.maximum):
                raise throttled(cost, _state(available, limit), (cost - available) / limit.rate)

    def _charge_anonymous(self, address: str, cost: float) -> RateLimit:
        self._check_anonymous(address, cost)
        self._addresses.take(None, ANONYMOUS_TOTAL, cost)
        self._addresses.take(network(address), ANONYMOUS, cost)
        return _state(self._addresses.available(network(address), ANONYMOUS), ANONYMOUS)

    def charge_anonymous_error(self, address: str) -> None:
        """Charge a document that was refused without a credential, even if that leaves a debt."""
        self._addresses.take_anyway(None, ANONYMOUS_TOTAL, ANONYMOUS_ERROR_COST)
        self._addresses.take_anyway(network(address), ANONYMOUS, ANONYMOUS_ERROR_COST)

    def _budget(self, credential: Credential) -> _Budget:
        key = credential.store_id, credential.app_id
        budget = self._budgets.get(key)
        if budget is None or budget.rate != credential.rate:
            if len(self._budgets) >= BUDGETS:
                del self._budgets[next(iter(self._budgets))]  # the next request fetches it again
            maximum = max(BURST_SECONDS * credential.rate, COST_MODEL.cost_limit)
            budget = self._budgets[key] = _Budget(credential.rate, maximum)
        return budget

    async def _lease(self, credential: Credential, budget: _Budget, cost: float) -> bool:
        """Lease points and charge the cost. Returns False if there are not enough points."""
        asked_at = monotonic()
        # No other request may spend these points during the statement, and the next lease must not include them.
        leased, budget.leased = budget.leased, 0.0
        needed = cost - leased
        wanted = needed + budget.ahead(cost)
        key = credential.store_id, credential.app_id
        try:
            if self._is_local and monotonic() < self._asks_again_at:
                granted, left = budget.grant(needed, wanted)
            else:
                granted, left = await take_points(self._db, *key, needed, wanted, budget.rate, budget.maximum)
                self._is_local = False
        except Unwritable as error:
            if not self._is_local:
                logger.warning("Rate limits apply to each worker on its own, because Postgres cannot write: %s", error)
            self._is_local, self._asks_again_at = True, monotonic() + LOCAL_SECONDS
            granted, left = budget.grant(needed, wanted)
        finally:
            budget.lease = None
        budget.left, budget.seen_at, budget.is_short = left, monotonic(), granted < wanted
        if not granted:
            budget.leased = leased
            return False
        budget.leased = granted - needed
        budget.leased_at, budget.spent = asked_at, cost
        return True


def _state(available: float, limit: Limit) -> RateLimit:
    return RateLimit(available=max(0, int(available)), maximum=int(limit.maximum), restore_rate=int(limit.rate))
