"""Statistics of sessions."""

from datetime import datetime
from typing import Literal, TypeAlias

from db.search import Predicate, all_of, numbered
from db.sessions import STATUS_IS
from db.statements import Executor, Row

Period: TypeAlias = Literal["day", "week"]

SECONDS_TO_CONVERSION = "greatest(extract(epoch from converted_at - created_at), 0)"
OPENED = Predicate("id in (select session_id from session_event where store_id = $1 and kind = 'OPENED')")


async def get_session_stats(db: Executor, store_id: str, predicate: Predicate, period: Period | None) -> list[Row]:
    """The statistics of all matching sessions, then those of each period that has any, in order.

    Periods are in UTC, and weeks start on Monday. `start` is null in the first row.
    """
    columns = f"""count(*) as total,
            count(*) filter (where {STATUS_IS["ACTIVE"]}) as active,
            count(*) filter (where {STATUS_IS["EXPIRED"]}) as expired,
            count(*) filter (where {STATUS_IS["REVOKED"]}) as revoked,
            count(conversion_kind) as converted,
            count(conversion_kind) / nullif(count(*), 0)::float8 as conversion_rate,
            percentile_cont(0.5) within group (order by {SECONDS_TO_CONVERSION})
                filter (where converted_at is not null) as median_seconds_to_conversion"""
    return await _aggregate(db, store_id, predicate, period, columns)


async def count_opened_sessions(
    db: Executor, store_id: str, predicate: Predicate, period: Period | None
) -> dict[datetime | None, int]:
    """The number of matching sessions whose link was opened, by the start of the period. The key None has the total."""
    rows = await _aggregate(db, store_id, all_of([predicate, OPENED]), period, "count(*)")
    return {row.start: row["count"] for row in rows}


async def _aggregate(
    db: Executor, store_id: str, predicate: Predicate, period: Period | None, columns: str
) -> list[Row]:
    """The aggregates of all matching sessions in the first row, then those of each period with sessions, in order."""
    start = f"date_trunc('{period}', created_at, 'UTC')" if period else "null::timestamptz"
    statement = f"""
        select {start} as start, {columns}
        from session
        where store_id = $1 and {numbered(predicate.sql, 2)}
        group by grouping sets {f"((), ({start}))" if period else "(())"}
        order by start nulls first
    """
    return await db.fetch(statement, store_id, *predicate.values, planned=predicate.planned)
