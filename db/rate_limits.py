"""What apps may still spend: a bucket of points an app, which is restored steadily and which all workers draw from."""

from typing import NamedTuple

from db.pool import Executor


class Grant(NamedTuple):
    """How many points were taken, and how many are left."""

    granted: float
    available: float


# The clock is read once the row is locked, so that no moment restores points twice. Set back, it restores none.
TAKE = """
insert into app_budget as budget (store_id, app_id, available, granted, at)
values ($1, $2, $6::float8 - least($4::float8, $6), least($4, $6), clock_timestamp())
on conflict (store_id, app_id) do update set (available, granted, at) = (
    select restored.available - taken.granted, taken.granted, clock.at
    from (select clock_timestamp() as at) as clock
    cross join lateral (
        select least($6, budget.available + $5::float8 * greatest(0, extract(epoch from clock.at - budget.at)::float8))
    ) as restored (available)
    cross join lateral (
        select case when restored.available >= $3::float8 then least($4, restored.available) else 0 end
    ) as taken (granted)
)
returning granted, available
"""


async def take_budget(
    db: Executor, store_id: str, app_id: str, needed: float, wanted: float, rate: int, maximum: int
) -> Grant:
    """Take what is wanted, or whatever there is of it, but nothing where that is less than what is needed.

    `rate` points are restored a second, up to the `maximum`, which is also what a new app has.
    """
    row = await db.fetchrow(TAKE, store_id, app_id, needed, wanted, rate, maximum)
    assert row is not None
    return Grant(*row)
