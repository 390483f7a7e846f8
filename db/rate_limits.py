"""Rate limits: a token bucket of cost points for each app, which all workers draw from."""

from db.statements import Executor, Row

# The clock is read after the row is locked, so that no period of time restores points twice. If the clock was set back,
# nothing is restored.
TAKE = """
insert into rate_limit as bucket (store_id, app_id, available, granted, at)
values ($1, $2, $6::float8 - least($4::float8, $6), least($4, $6), clock_timestamp())
on conflict (store_id, app_id) do update set (available, granted, at) = (
    select restored.available - taken.granted, taken.granted, clock.at
    from (select clock_timestamp() as at) as clock
    cross join lateral (
        select least($6, bucket.available + $5::float8 * greatest(0, extract(epoch from clock.at - bucket.at)::float8))
    ) as restored (available)
    cross join lateral (
        select case when restored.available >= $3::float8 then least($4, restored.available) else 0 end
    ) as taken (granted)
)
returning granted, available
"""


async def take_points(
    db: Executor, store_id: str, app_id: str, needed: float, wanted: float, rate: int, maximum: int
) -> Row:
    """Take points out of an app's bucket. Returns how many were `granted`, and how many are still `available`.

    Grants `wanted` points, or all that are available if these are fewer, but nothing if they are fewer than `needed`.
    The bucket is refilled with `rate` points per second up to `maximum`, and is full for a new app.
    """
    [row] = await db.fetch(TAKE, store_id, app_id, needed, wanted, rate, maximum)
    return row
