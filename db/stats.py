"""Statistics of sessions."""

from datetime import datetime
from typing import Literal, TypeAlias

from db.pool import Executor, Row
from db.search import Predicate, numbered
from db.sessions import STATUS_IS

Period: TypeAlias = Literal["day", "week"]

SECONDS_TO_CONVERSION = "greatest(extract(epoch from converted_at - created_at), 0)"


async def get_session_stats(db: Executor, store_id: str, predicate: Predicate, period: Period | None) -> list[Row]:
    """The statistics of all matching sessions, then those of each period that has any, in order.

    Periods are in UTC, and weeks start on Monday. `start` is null in the first row.
    """
    start, grouping_sets = _grouped(period)
    statement = f"""
        select {start} as start, count(*) as total,
            count(*) filter (where {STATUS_IS["ACTIVE"]}) as active,
            count(*) filter (where {STATUS_IS["EXPIRED"]}) as expired,
            count(*) filter (where {STATUS_IS["REVOKED"]}) as revoked,
            count(conversion_kind) as converted,
            count(conversion_kind) / nullif(count(*), 0)::float8 as conversion_rate,
            percentile_cont(0.5) within group (order by {SECONDS_TO_CONVERSION})
                filter (where converted_at is not null) as median_seconds_to_conversion
        from session
        where store_id = $1 and {numbered(predicate.sql, 2)}
        group by grouping sets {grouping_sets}
        order by start nulls first
    """
    return await db.fetch(statement, store_id, *predicate.values, planned=predicate.planned)


async def count_opened_sessions(
    db: Executor, store_id: str, predicate: Predicate, period: Period | None
) -> dict[datetime | None, int]:
    """The number of matching sessions whose link was opened, by the start of the period. The key None has the total."""
    start, grouping_sets = _grouped(period)
    statement = f"""
        select {start} as start, count(*)
        from session
        where store_id = $1 and {numbered(predicate.sql, 2)}
        and id in (select session_id from session_event where store_id = $1 and kind = 'OPENED')
        group by grouping sets {grouping_sets}
    """
    rows = await db.fetch(statement, store_id, *predicate.values, planned=predicate.planned)
    return {row.start: row["count"] for row in rows}


def _grouped(period: Period | None) -> tuple[str, str]:
    """SQL expressions for the start of a session's period, and for the grouping sets."""
    if period is None:
        return "null::timestamptz", "(())"
    start = f"date_trunc('{period}', created_at, 'UTC')"
    return start, f"((), ({start}))"
