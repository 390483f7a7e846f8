"""Figures over many sessions."""

from datetime import datetime
from typing import Any, Literal, NamedTuple

from db.pool import Executor
from db.search import Predicate, where
from db.sessions import STATUS_IS


class StatsRow(NamedTuple):
    """Figures of the sessions created in a period; without a start, of all."""

    start: datetime | None
    total: int
    active: int
    expired: int
    revoked: int
    converted: int
    median_seconds_to_conversion: float | None


SECONDS_TO_CONVERSION = "greatest(extract(epoch from converted_at - created_at), 0)"


async def get_session_stats(
    db: Executor, store_id: str, predicate: Predicate, period: Literal["day", "week"] | None
) -> list[StatsRow]:
    """The figures of all the sessions, then those of each period (UTC, weeks from Monday) that has any, in order."""
    values: list[Any] = [store_id]
    grouping = f", (date_trunc('{period}', created_at, 'UTC'))" if period else ""
    start = f"date_trunc('{period}', created_at, 'UTC')" if period else "null::timestamptz"
    statement = f"""
        select {start} as start, count(*),
            count(*) filter (where {STATUS_IS["ACTIVE"]}),
            count(*) filter (where {STATUS_IS["EXPIRED"]}),
            count(*) filter (where {STATUS_IS["REVOKED"]}),
            count(conversion_kind),
            percentile_cont(0.5) within group (order by {SECONDS_TO_CONVERSION}) filter (where converted_at is not null)
        from session
        where store_id = $1 and {where(predicate, values)}
        group by grouping sets ((){grouping})
        order by start nulls first
    """
    fetch = db.fetch_planned if predicate.planned else db.fetch
    return [StatsRow(*row) for row in await fetch(statement, *values)]
