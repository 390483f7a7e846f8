"""The overview: its figures agree with the store's sessions."""

import re
from collections import Counter
from datetime import UTC, date, datetime, timedelta
from statistics import median
from typing import Any

import pytest
from playwright.async_api import Page, expect

from tests.e2e.console.conftest import OpenPage, choose_preference, expect_heading
from tests.support.shop import Shop, moment, path_of

SESSIONS = """{ sessions(first: 20) { nodes {
    dateCreated token { status } conversion { at } events { nodes { kind } }
} } }"""
PLACE = """
update session set created_at = $3, converted_at = $3::timestamptz + make_interval(secs => $4),
    conversion_kind = case when $4::float8 is not null then 'PURCHASE' end
where store_id = $1 and id = $2
"""
EXPIRE = "update session set token_expires_at = now() where store_id = $1 and id = $2"

# The computed colours of an element, and of the page.
COLOURS = """(selector) => {
  const { fill, stroke } = getComputedStyle(document.querySelector(selector));
  return { fill, stroke, page: getComputedStyle(document.body).backgroundColor };
}"""


async def begin(shop: Shop, days_ago: int, *, opened: int = 0, converted_after: float | None = None) -> Any:
    """A session created at noon (UTC) of the day. `opened` is a number of times, `converted_after` is in seconds."""
    session = await shop.create()
    await shop.http.get(path_of(session), headers={"User-Agent": "WhatsApp/2.24.10.79 A"})
    for _ in range(opened):
        await shop.http.get(path_of(session), headers={"User-Agent": "Mozilla/5.0"})
    noon = datetime.now(UTC).replace(hour=12, minute=0, second=0, microsecond=0)
    await shop.db.fetch(PLACE, shop.id, session["id"], noon - timedelta(days=days_ago), converted_after)
    return session


async def fill(shop: Shop) -> None:
    await begin(shop, 0, opened=2, converted_after=90)
    await begin(shop, 0)
    revoked = await begin(shop, 2, opened=1)
    await shop.change("revokeToken", sessionId=revoked["id"])
    await begin(shop, 6, opened=1, converted_after=3 * 3600)
    await begin(shop, 7, opened=1)
    expired = await begin(shop, 29)
    await shop.db.fetch(EXPIRE, shop.id, expired["id"])
    await begin(shop, 30, converted_after=86_400)
    await begin(shop, 89, opened=1)
    await begin(shop, 90, opened=1, converted_after=1)


def day_of(session: Any) -> date:
    return moment(session["dateCreated"]).date()


def figures(sessions: list[Any]) -> list[str]:
    """The numbers of sessions, of opened ones and of converted ones."""
    opened = sum(any(event["kind"] == "OPENED" for event in session["events"]["nodes"]) for session in sessions)
    return [str(len(sessions)), str(opened), str(sum(session["conversion"] is not None for session in sessions))]


async def began_within(shop: Shop, days: int) -> list[Any]:
    first = datetime.now(UTC).date() - timedelta(days=days - 1)
    return [session for session in (await shop.ask(SESSIONS))["sessions"]["nodes"] if day_of(session) >= first]


async def table(page: Page) -> list[list[str]]:
    """The rows of the table; the last one is the total."""
    rows = page.get_by_role("table").get_by_role("row")
    return [(await row.inner_text()).split("\t") for row in (await rows.all())[1:]]


def tile(page: Page, name: str) -> Any:
    return page.get_by_role("region", name=name, exact=True)


@pytest.mark.parametrize("time_zone", ["Asia/Jakarta", "America/Los_Angeles"])
async def test_the_figures_of_each_day_count_its_sessions(open_page: OpenPage, shop: Shop, time_zone: str) -> None:
    """Days are in UTC, in every time zone of the browser."""
    await fill(shop)
    page = await open_page("/overview?days=7", timezone_id=time_zone, locale="en-US")
    await expect_heading(page, "By day")
    await expect(page.get_by_text("Days are in UTC.")).to_be_visible()
    sessions = await began_within(shop, 7)
    today = datetime.now(UTC).date()
    days = [today - timedelta(days=ago) for ago in range(6, -1, -1)]
    expected = [[f"{day:%b} {day.day}", *figures([s for s in sessions if day_of(s) == day])] for day in days]
    assert await table(page) == [*expected, ["Total", *figures(sessions)]]
    assert [row[1] for row in expected] == ["1", "0", "0", "0", "1", "0", "2"]


@pytest.mark.parametrize(("days", "total"), [(7, 4), (30, 6), (90, 8)])
async def test_the_tiles_count_the_sessions_of_the_range(
    open_page: OpenPage, shop: Shop, days: int, total: int
) -> None:
    await fill(shop)
    page = await open_page(f"/overview?days={days}")
    sessions = await began_within(shop, days)
    number, opened, converted = figures(sessions)
    assert int(number) == total
    await expect(tile(page, "Sessions")).to_contain_text(f"{number}created")
    for name, part in (("Links opened", opened), ("Conversion rate", converted)):
        await expect(tile(page, name)).to_contain_text(share(part, number))
        await expect(tile(page, name)).to_contain_text(f"{part} of {number} sessions")
    waits = [moment(s["conversion"]["at"]) - moment(s["dateCreated"]) for s in sessions if s["conversion"]]
    middle = timedelta(seconds=median(wait.total_seconds() for wait in waits))
    words = {timedelta(minutes=90, seconds=45): "1 h 30 min", timedelta(hours=3): "3 h 0 min"}
    await expect(tile(page, "Median time to conversion")).to_contain_text(words[middle])
    statuses = Counter(session["token"]["status"].capitalize() for session in sessions)
    for status in ("Active", "Expired", "Revoked"):
        await expect(tile(page, "Current token status")).to_contain_text(f"{status}{statuses[status]}")


def share(part: str, whole: str) -> str:
    return f"{round(100 * int(part) / int(whole), 1):g}%"


async def test_long_ranges_are_shown_by_week(open_page: OpenPage, shop: Shop) -> None:
    await fill(shop)
    page = await open_page("/overview?days=90")
    await expect_heading(page, "By week")
    sessions = await began_within(shop, 90)
    today = datetime.now(UTC).date()
    first = today - timedelta(days=89)
    monday = first - timedelta(days=first.weekday())
    mondays = [monday + timedelta(weeks=week) for week in range((today - monday).days // 7 + 1)]
    rows = await table(page)
    assert [row[1:] for row in rows[:-1]] == [
        figures([s for s in sessions if timedelta() <= day_of(s) - monday < timedelta(weeks=1)]) for monday in mondays
    ]
    assert rows[-1] == ["Total", *figures(sessions)]
    # The first week begins when the range does.
    assert rows[0][0].startswith(f"{first.day}")


async def test_the_range_is_in_the_url(open_page: OpenPage, shop: Shop) -> None:
    await fill(shop)
    page = await open_page("/overview")
    await expect(page.get_by_role("radio", name="30 days")).to_be_checked()
    await page.get_by_text("90 days").click()
    await expect(page).to_have_url(re.compile(r"/overview\?days=90$"))
    await expect(tile(page, "Sessions")).to_contain_text("8created")
    await page.reload()
    await expect(page.get_by_role("radio", name="90 days")).to_be_checked()
    await expect(tile(page, "Sessions")).to_contain_text("8created")
    await page.get_by_role("radio", name="90 days").focus()
    await page.keyboard.press("ArrowLeft")
    await page.keyboard.press("ArrowLeft")
    await expect(page).to_have_url(re.compile(r"\?days=7$"))
    await expect(tile(page, "Sessions")).to_contain_text("4created")
    await page.go_back()
    await expect(page.get_by_role("radio", name="30 days")).to_be_checked()
    await expect(tile(page, "Sessions")).to_contain_text("6created")
    await page.goto("/overview?days=12")
    await expect(page.get_by_role("radio", name="30 days")).to_be_checked()


@pytest.mark.parametrize("chosen", ["System default", "Light", "Dark"])
@pytest.mark.parametrize("system", ["light", "dark"])
async def test_the_chart_is_readable_in_every_colour_scheme_and_without_colours(
    open_page: OpenPage, shop: Shop, system: str, chosen: str
) -> None:
    await fill(shop)
    page = await open_page("/overview?days=7", color_scheme=system)
    await choose_preference(page, chosen)
    await page.keyboard.press("Escape")
    chart = page.get_by_role("img", name="Chart of sessions, opened links and conversions")
    await expect(chart).to_be_visible()
    # Bars of the days that have sessions, circles and squares of every day, one line whole and the other dashed.
    await expect(chart.locator(".recharts-bar-rectangle path")).to_have_count(3)
    await expect(chart.locator("circle.recharts-line-dot")).to_have_count(7)
    await expect(chart.locator(".recharts-line-dots > rect")).to_have_count(7)
    curves = await chart.locator("path.recharts-line-curve").all()
    assert [bool(await curve.get_attribute("stroke-dasharray")) for curve in curves] == [False, True]
    legend = page.get_by_role("list").filter(has_text="Converted")
    assert await legend.get_by_role("listitem").all_inner_texts() == ["Sessions", "Opened", "Converted"]
    bar = await page.evaluate(COLOURS, ".recharts-bar-rectangle path")
    assert contrast(bar["stroke"], bar["page"]) >= 3
    for dots in ("circle.recharts-line-dot", ".recharts-line-dots > rect"):
        colours = await page.evaluate(COLOURS, dots)
        assert contrast(colours["fill"], colours["page"]) >= 3
        assert contrast(colours["fill"], bar["fill"]) >= 3


def contrast(one: str, other: str) -> float:
    """The contrast ratio of two colours, as WCAG 2 defines it."""
    lighter, darker = sorted((luminance(one), luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def luminance(colour: str) -> float:
    channels = [int(channel) / 255 for channel in re.findall(r"\d+", colour)[:3]]
    red, green, blue = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


async def test_the_tooltip_shows_the_figures_of_a_day(open_page: OpenPage, shop: Shop) -> None:
    await fill(shop)
    page = await open_page("/overview?days=7", locale="en-US")
    box = await page.get_by_role("img", name="Chart").bounding_box()
    assert box
    await page.mouse.move(box["x"] + box["width"] - 40, box["y"] + box["height"] / 2)
    today = datetime.now(UTC)
    tooltip = page.locator(".recharts-tooltip-wrapper")
    await expect(tooltip).to_contain_text(f"{today:%b} {today.day}")
    await expect(tooltip).to_contain_text(re.compile("Sessions2.*Opened1.*Converted1"))


async def test_the_figures_can_be_shown_as_a_table(open_page: OpenPage, shop: Shop) -> None:
    await fill(shop)
    page = await open_page("/overview?days=7")
    chart = page.get_by_role("img", name="Chart")
    await expect(chart).to_be_visible()
    before = await table(page)
    box = await page.get_by_role("table").bounding_box()
    assert box
    assert box["width"] > 1
    await page.get_by_role("switch", name="Show as table").focus()
    await page.keyboard.press("Space")
    await expect(chart).to_be_hidden()
    await expect(page.get_by_role("table")).to_be_in_viewport()
    assert await table(page) == before
    await page.get_by_role("switch", name="Show as table").click()
    await expect(chart).to_be_visible()


async def test_without_conversions_there_is_no_median(open_page: OpenPage, shop: Shop) -> None:
    await begin(shop, 0)
    page = await open_page("/overview")
    await expect(tile(page, "Conversion rate")).to_contain_text("0%")
    await expect(tile(page, "Median time to conversion")).to_contain_text("No conversions in this period.")


async def test_a_range_without_sessions_is_explained(open_page: OpenPage, shop: Shop) -> None:
    page = await open_page("/overview")
    await expect_heading(page, "No sessions in the last 30 days")
    await begin(shop, 40)
    await page.get_by_text("90 days").click()
    await expect(tile(page, "Sessions")).to_contain_text("1created")
    await page.get_by_text("7 days").click()
    await expect_heading(page, "No sessions in the last 7 days")


async def test_figures_that_cannot_be_refreshed_stay_with_a_warning(open_page: OpenPage, shop: Shop) -> None:
    await begin(shop, 0)
    page = await open_page("/overview")
    await expect(tile(page, "Sessions")).to_contain_text("1created")
    await page.get_by_role("link", name="Store setting").click()
    await expect_heading(page, "Session Expiration")
    await begin(shop, 0)
    error = {"message": "Something broke.", "extensions": {"code": "INTERNAL_SERVER_ERROR"}}
    await page.route("**/graphql", lambda route: route.fulfill(json={"errors": [error]}))
    await page.get_by_role("link", name="Overview").click()
    await expect(page.get_by_role("alert")).to_contain_text("The figures could not be updated.")
    await expect(tile(page, "Sessions")).to_contain_text("1created")
    await page.unroute("**/graphql")
    await page.get_by_role("button", name="Try again").click()
    await expect(tile(page, "Sessions")).to_contain_text("2created")
    await expect(page.get_by_role("alert")).to_have_count(0)
