"""Statistics of sessions."""

from datetime import datetime
from typing import Any

import pytest

from tests.support.shop import NewShop, Shop, moment, path_of
from tests.support.statements import answered

FIGURES = "total active expired revoked converted conversionRate medianSecondsToConversion"

STATS = f"""query ($filter: SessionFilter, $groupBy: StatsPeriod) {{ sessionStats(filter: $filter, groupBy: $groupBy) {{
    {FIGURES} periods {{ start {FIGURES} }}
}} }}"""

PLACE = """
update session set created_at = $3, converted_at = $3::timestamptz + make_interval(secs => $4),
    conversion_kind = case when $4::float8 is not null then 'PURCHASE' end
where store_id = $1 and id = $2
"""


def figures_of(rate: float | None = None, median: float | None = None, **more: Any) -> dict[str, Any]:
    """The figures; those that are not given are zero or null."""
    counts = dict.fromkeys(("total", "active", "expired", "revoked", "converted"), 0)
    return {**counts, "conversionRate": rate, "medianSecondsToConversion": median, **more}


async def stats(shop: Shop, group_by: str | None = None, **filter: Any) -> Any:
    return (await shop.ask(STATS, filter=filter, groupBy=group_by))["sessionStats"]


async def place(shop: Shop, at: str, converted_after: float | None = None, **input: Any) -> Any:
    """A session that was created at this time and converted after this number of seconds."""
    session = await shop.create(**input)
    await shop.db.fetch(PLACE, shop.id, session["id"], datetime.fromisoformat(at), converted_after)
    return session


async def test_statistics_of_no_sessions_are_zero_or_null(shop: Shop, new_shop: NewShop) -> None:
    await (await new_shop()).create()
    assert await stats(shop) == figures_of(periods=[])
    assert await stats(shop, "DAY") == figures_of(periods=[])
    await shop.create(roomId="1")
    assert await stats(shop, "WEEK", roomId={"equals": "2"}) == figures_of(periods=[])


async def test_sessions_are_counted_by_status_and_conversion(shop: Shop) -> None:
    active, endless, expired, revoked, both = [
        await shop.create(expirationMinutes=minutes) for minutes in (30, 0, 10, 30, 10)
    ]
    await shop.turn_back(expired["id"], 11)
    for session in (revoked, both):
        await shop.change("revokeToken", sessionId=session["id"])
    await shop.turn_back(both["id"], 11)
    counts = {"total": 5, "active": 2, "expired": 1, "revoked": 2, "periods": []}
    assert await stats(shop) == figures_of(rate=0, **counts)
    for session in (active, endless, revoked):
        await shop.change("recordConversion", sessionId=session["id"], kind="GOAL")
    figures = await stats(shop)
    median = figures["medianSecondsToConversion"]
    assert 0 <= median < 60
    assert figures == figures_of(converted=3, rate=0.6, median=median, **counts)


@pytest.mark.parametrize(
    ("seconds", "median"),
    [
        *(([90.5], 90.5), ([10, None], 10), ([10, 20], 15), ([1000, 10, 20, None, None], 20)),
        *(([1, 2, 3, 1000], 2.5), ([-30, 40], 20), ([-30], 0), ([None], None)),
    ],
)
async def test_the_median_covers_only_converted_sessions(
    shop: Shop, seconds: list[float | None], median: float | None
) -> None:
    """A clock that was a little ahead does not make a conversion earlier than its session."""
    for each in seconds:
        await place(shop, "2026-01-31T10:00:00+00:00", each)
    assert (await stats(shop))["medianSecondsToConversion"] == median


async def test_days_group_sessions_by_creation_time_in_utc(shop: Shop) -> None:
    await place(shop, "2026-01-31T23:59:59.999999+00:00", 60)
    await place(shop, "2026-02-01T00:00:00+00:00", 10)
    await place(shop, "2026-02-01T00:30:00-01:00", 20, expirationMinutes=0)
    await place(shop, "2026-02-02T03:00:00+07:00", expirationMinutes=0)
    await place(shop, "2026-02-04T12:00:00+00:00")
    days = [
        figures_of(start="2026-01-31T00:00:00+00:00", total=1, active=1, converted=1, rate=1, median=60),
        figures_of(start="2026-02-01T00:00:00+00:00", total=3, active=3, converted=2, rate=2 / 3, median=15),
        figures_of(start="2026-02-04T00:00:00+00:00", total=1, active=1, rate=0),
    ]
    assert await stats(shop, "DAY") == figures_of(total=5, active=5, converted=3, rate=0.6, median=20, periods=days)


async def test_weeks_start_on_monday(shop: Shop) -> None:
    for at in ("2025-12-28T23:59:59Z", "2025-12-29T00:00:00Z", "2026-01-04T23:59:59Z"):
        await place(shop, at)
    for at in ("2026-01-05T06:59:59+07:00", "2026-01-05T07:00:00+07:00"):
        await place(shop, at)
    figures = await stats(shop, "WEEK")
    assert [(period["start"], period["total"]) for period in figures["periods"]] == [
        ("2025-12-22T00:00:00+00:00", 1),
        ("2025-12-29T00:00:00+00:00", 3),
        ("2026-01-05T00:00:00+00:00", 1),
    ]
    assert all(moment(period["start"]).weekday() == 0 for period in figures["periods"])
    assert figures["total"] == 5


OPENED = """query ($filter: SessionFilter, $groupBy: StatsPeriod) {
    sessionStats(filter: $filter, groupBy: $groupBy) { opened periods { start opened } }
}"""


async def tap(shop: Shop, session: Any, agent: str = "Mozilla/5.0") -> None:
    await shop.http.get(path_of(session), headers={"User-Agent": agent})


async def opened(shop: Shop, group_by: str | None = None, **filter: Any) -> Any:
    """The number of opened sessions in all, and of each period."""
    figures = (await shop.ask(OPENED, filter=filter, groupBy=group_by))["sessionStats"]
    return figures["opened"], [period["opened"] for period in figures["periods"]]


async def test_a_session_counts_as_opened_when_a_person_opened_its_link(shop: Shop) -> None:
    once, twice, previewed, revoked, _ = [await shop.create() for _ in range(5)]
    for session in (once, twice, twice, revoked):
        await tap(shop, session)
    await tap(shop, previewed, "WhatsApp/2.24.10.79 A")
    await shop.http.head(path_of(previewed))
    assert (await opened(shop))[0] == 3
    await shop.change("revokeToken", sessionId=revoked["id"])
    assert (await opened(shop))[0] == 3
    assert (await opened(shop, tokenStatus=["REVOKED"]))[0] == 1
    await shop.turn_back(twice["id"], 31)
    await tap(shop, previewed)
    assert (await opened(shop, tokenStatus=["ACTIVE"]))[0] == 2


async def test_opened_sessions_count_in_the_period_of_their_creation(shop: Shop) -> None:
    times = ("2026-02-01T23:59:59Z", "2026-02-02T00:00:00Z", "2026-02-02T12:00:00Z", "2026-02-04T06:59:59+07:00")
    sessions = [await place(shop, at) for at in times]
    for session in sessions[:2]:
        await tap(shop, session)
    assert await opened(shop, "DAY") == (2, [1, 1, 0])
    assert await opened(shop, "WEEK") == (2, [1, 1])
    assert await opened(shop) == (2, [])
    within = {"dateCreated": {"from": "2026-02-02T00:00:00Z", "to": "2026-02-03T00:00:00Z"}}
    assert await opened(shop, "DAY", **within) == (1, [1])


async def test_opened_sessions_are_counted_among_matching_sessions(shop: Shop) -> None:
    dewi = await shop.create("Dewi", roomId="1", orderNumber="QSH7K2", metadata={"a": 1})
    budi = await shop.create("Budi", roomId="2")
    await shop.create("Dewi", roomId="3", orderNumber="QSH7K3")
    for session in (dewi, budi):
        await tap(shop, session)
    for filter, number in (
        ({"search": "dewi"}, 1),
        ({"search": "qsh7k"}, 1),
        ({"roomId": {"equals": "3"}}, 0),
        ({"ids": [dewi["id"], budi["id"]]}, 2),
        ({"or": [{"orderNumber": {"equals": "QSH7K2"}}, {"search": "budi"}]}, 2),
        ({"not": {"orderNumber": {"equals": "QSH7K2"}}}, 1),
        ({"tokenStatus": []}, 0),
    ):
        assert (await opened(shop, **filter))[0] == number, filter


async def test_counting_opened_sessions_adds_one_statement(shop: Shop) -> None:
    for at in ("2026-01-31T10:00:00+00:00", "2026-02-01T10:00:00+00:00", "2026-02-02T10:00:00+00:00"):
        await tap(shop, await place(shop, at))
    _, without = await answered(shop, "{ sessionStats(groupBy: DAY) { total periods { total } } }")
    assert len(without) == 1
    data, statements = await answered(shop, "{ sessionStats(groupBy: DAY) { opened periods { opened } } }")
    assert data["sessionStats"] == {"opened": 3, "periods": [{"opened": 1}] * 3}
    assert len(statements) == 2
    twice = """{
        a: sessionStats(groupBy: DAY) { opened again: opened }
        b: sessionStats(groupBy: DAY) { periods { opened } more: periods { start opened } }
    }"""
    data, statements = await answered(shop, twice)
    assert data["a"] == {"opened": 3, "again": 3}
    assert data["b"]["periods"] == [{"opened": 1}] * 3
    assert len(statements) == 3
    different = "{ a: sessionStats { opened } b: sessionStats(filter: { converted: false }) { opened } }"
    assert len((await answered(shop, different))[1]) == 4
