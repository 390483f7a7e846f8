"""Figures over many sessions."""

from datetime import datetime
from enum import Enum
from typing import Annotated, NamedTuple

import strawberry

from db.pool import Row
from db.search import EVERYTHING, Predicate
from db.stats import Period, get_session_stats
from engine.cost import count_items
from engine.rows import column, resolver
from schema.context import Info
from schema.enums import enum_value
from schema.filters import SessionFilter
from schema.scopes import Scope


@strawberry.enum(description="How figures are grouped: by when the session began, in UTC.")
class StatsPeriod(Enum):
    DAY = enum_value("day", "Days, from midnight.")
    WEEK = enum_value("week", "Weeks, from Monday.")


class StatsQuery(NamedTuple):
    """The sessions that the figures are about, and how these are grouped."""

    predicate: Predicate
    period: Period | None


@strawberry.type
class _Figures:
    row: strawberry.Private[Row]
    query: strawberry.Private[StatsQuery]
    total: int = column("total", "How many sessions.")
    active: int = column("active", "Those whose token is active.")
    expired: int = column("expired", "Those whose token is expired.")
    revoked: int = column("revoked", "Those whose token is revoked.")
    converted: int = column("converted", "Those that converted.")
    conversion_rate: float | None = column("conversion_rate", "`converted / total`, 0 to 1. Null: no sessions.")
    median_seconds_to_conversion: float | None = column(
        "median_seconds_to_conversion", "From the session's beginning to its conversion. Null: no conversions."
    )

    @resolver(
        "Those whose link a person opened, at any time since. A chat app's preview of the link does not count.",
        reads=("start",),
    )
    async def opened(self, info: Info) -> int:
        return (await info.context.loaders.opened(*self.query)).get(self.row.start, 0)


@strawberry.type(description="Figures of the sessions that began in a day or week.")
class PeriodStats(_Figures):
    start: datetime = column("start", "When the period begins.")


@strawberry.type(description="Figures of the sessions that match.")
class SessionStats(_Figures):
    period_rows: strawberry.Private[list[Row]]

    @resolver("The same by period, in order; empty without `groupBy`. A period without sessions is left out.", reads=())
    def periods(self, info: Info) -> list[PeriodStats]:
        count_items(info, len(self.period_rows))
        return [PeriodStats(row=row, query=self.query) for row in self.period_rows]


async def session_stats(
    info: Info,
    filter: SessionFilter | None = None,
    group_by: Annotated[
        StatsPeriod | None, strawberry.argument(description="Also list the figures of each period.")
    ] = None,
) -> SessionStats:
    store_id = info.context.require(Scope.SESSIONS_READ).store_id
    query = StatsQuery(filter.predicate() if filter else EVERYTHING, group_by.value if group_by else None)
    row, *period_rows = await get_session_stats(info.context.db, store_id, *query)
    return SessionStats(row=row, query=query, period_rows=period_rows)
