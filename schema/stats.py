"""Statistics of sessions."""

from collections.abc import Awaitable, Callable
from datetime import datetime
from enum import Enum
from functools import partial
from typing import Annotated

import strawberry

from db.search import EVERYTHING
from db.statements import Row
from db.stats import get_session_stats
from engine.cost import count_items
from engine.rows import column, resolver
from schema.context import Info
from schema.fields import argument, enum_value
from schema.filters import SessionFilter
from schema.scopes import Scope


@strawberry.enum(
    description="A period by which statistics are grouped. Sessions are assigned by creation time, in UTC."
)
class StatsPeriod(Enum):
    DAY = enum_value("day", "Days, starting at midnight.")
    WEEK = enum_value("week", "Weeks, starting on Monday.")


@strawberry.type
class _Stats:
    row: strawberry.Private[Row]
    count_opened: strawberry.Private[Callable[[], Awaitable[dict[datetime | None, int]]]]
    total: int = column("total", "The number of sessions.")
    active: int = column("active", "The number of sessions with an active token.")
    expired: int = column("expired", "The number of sessions with an expired token.")
    revoked: int = column("revoked", "The number of sessions with a revoked token.")
    converted: int = column("converted", "The number of sessions that converted.")
    conversion_rate: float | None = column(
        "conversion_rate", "`converted / total`, a number from 0 to 1. Null if there are no sessions."
    )
    median_seconds_to_conversion: float | None = column(
        "median_seconds_to_conversion",
        "The median time from the creation of a session to its conversion, in seconds. Null if no session converted.",
    )

    @resolver(
        "The number of sessions whose link a person opened at least once. Link previews by chat apps do not count.",
        reads=("start",),
    )
    async def opened(self) -> int:
        return (await self.count_opened()).get(self.row.start, 0)


@strawberry.type(description="Statistics of the sessions that were created in a day or week.")
class PeriodStats(_Stats):
    start: datetime = column("start", "The start of the period.")


@strawberry.type(description="Statistics of the sessions that match the filter.")
class SessionStats(_Stats):
    period_rows: strawberry.Private[list[Row]]

    @resolver(
        "The statistics of each period, in order. Periods without sessions are omitted. Empty without `groupBy`.",
        reads=(),
    )
    def periods(self, info: Info) -> list[PeriodStats]:
        count_items(info, len(self.period_rows))
        return [PeriodStats(row=row, count_opened=self.count_opened) for row in self.period_rows]


async def session_stats(
    info: Info,
    filter: Annotated[SessionFilter | None, argument("Which sessions to include. All sessions by default.")] = None,
    group_by: Annotated[
        StatsPeriod | None, argument("Also return the statistics of each period, in `periods`.")
    ] = None,
) -> SessionStats:
    store_id = info.context.require(Scope.SESSIONS_READ).store_id
    predicate, period = filter.predicate() if filter else EVERYTHING, group_by.value if group_by else None
    row, *period_rows = await get_session_stats(info.context.db.reports, store_id, predicate, period)
    count_opened = partial(info.context.loaders.opened, predicate, period)
    return SessionStats(row=row, count_opened=count_opened, period_rows=period_rows)
