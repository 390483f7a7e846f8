"""Figures over many sessions."""

from datetime import datetime
from enum import Enum
from typing import Annotated, Any, NamedTuple

import strawberry

from db.search import EVERYTHING, Predicate
from db.stats import Period, StatsRow, get_session_stats
from engine.cost import count_items
from engine.rows import resolver
from schema.context import Info, Scope
from schema.enums import enum_value
from schema.filters import SessionFilter


@strawberry.enum(description="How figures are grouped: by when the session began, in UTC.")
class StatsPeriod(Enum):
    DAY = enum_value("day", "Days, from midnight.")
    WEEK = enum_value("week", "Weeks, from Monday.")


class Counted(NamedTuple):
    """Whose figures these are: of the sessions that match all (no start), or those of one of the periods."""

    predicate: Predicate
    period: Period | None
    start: datetime | None


@strawberry.type
class _Figures:
    counted: strawberry.Private[Counted]
    total: int = strawberry.field(description="How many sessions.")
    active: int = strawberry.field(description="Those whose token is active.")
    expired: int = strawberry.field(description="Those whose token is expired.")
    revoked: int = strawberry.field(description="Those whose token is revoked.")
    converted: int = strawberry.field(description="Those that converted.")
    conversion_rate: float | None = strawberry.field(description="`converted / total`, 0 to 1. Null: no sessions.")
    median_seconds_to_conversion: float | None = strawberry.field(
        description="From the session's beginning to its conversion. Null: no conversions."
    )

    @resolver("Those whose link a person opened, at any time since. A chat app's preview of the link does not count.")
    async def opened(self, info: Info) -> int:
        predicate, period, start = self.counted
        return (await info.context.loaders.opened(predicate, period)).get(start, 0)


@strawberry.type(description="Figures of the sessions that began in a day or week.")
class PeriodStats(_Figures):
    start: datetime = strawberry.field(description="When the period begins.")


@strawberry.type(description="Figures of the sessions that match.")
class SessionStats(_Figures):
    period_rows: strawberry.Private[list[StatsRow]]

    @resolver("The same by period, in order; empty without `groupBy`. A period without sessions is left out.")
    def periods(self, info: Info) -> list[PeriodStats]:
        count_items(info, len(self.period_rows))
        return [PeriodStats(**_figures(row, self.counted), start=row.start) for row in self.period_rows if row.start]


async def session_stats(
    info: Info,
    filter: SessionFilter | None = None,
    group_by: Annotated[
        StatsPeriod | None, strawberry.argument(description="Also list the figures of each period.")
    ] = None,
) -> SessionStats:
    store_id = info.context.require(Scope.SESSIONS_READ).store_id
    predicate = filter.predicate() if filter else EVERYTHING
    period = group_by.value if group_by else None
    whole, *periods = await get_session_stats(info.context.db, store_id, predicate, period)
    return SessionStats(**_figures(whole, Counted(predicate, period, None)), period_rows=periods)


def _figures(row: StatsRow, counted: Counted) -> dict[str, Any]:
    return {
        "counted": counted._replace(start=row.start),
        "total": row.total,
        "active": row.active,
        "expired": row.expired,
        "revoked": row.revoked,
        "converted": row.converted,
        "conversion_rate": row.converted / row.total if row.total else None,
        "median_seconds_to_conversion": row.median_seconds_to_conversion,
    }
