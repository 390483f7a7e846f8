"""Sessions: the list in which a shop's staff work, by mouse and by keyboard."""

import asyncio
import re
from datetime import datetime, timedelta
from typing import Any

import pytest
from playwright.async_api import Locator, Page, Request, Route, expect

from tests.shop import Shop
from tests.web.conftest import OpenPage, new_console_key

EXPIRE = "update session set token_expires_at = now() + $3::interval where store_id = $1 and id = $2"
RETIRE = "update session set token_key = 'retired' where store_id = $1 and id = $2"
PAGE = 100

PHONE = {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True}


def rows(page: Page) -> Locator:
    return page.get_by_role("grid").locator("tbody").get_by_role("row")


def row(page: Page, name: str) -> Locator:
    return rows(page).filter(has=page.get_by_role("link", name=name, exact=True))


def names(page: Page) -> Locator:
    return rows(page).get_by_role("link")


def search_box(page: Page) -> Locator:
    return page.get_by_role("searchbox")


async def choose(page: Page, status: str) -> None:
    await page.get_by_role("group", name="Token status").get_by_text(status).click()


async def expect_names(page: Page, *expected: str) -> None:
    await expect(names(page)).to_have_text(list(expected))


async def expect_active(page: Page, name: str) -> None:
    """The grid has the focus, and this customer's row is the one that its keys are about."""
    await expect(page.get_by_role("grid")).to_be_focused()
    active = await row(page, name).get_attribute("id")
    assert active
    await expect(page.get_by_role("grid")).to_have_attribute("aria-activedescendant", active)
    await expect(row(page, name)).to_have_attribute("aria-selected", "true")
    await expect(row(page, name)).to_be_in_viewport()


async def fill(shop: Shop, *customers: str, **input: Any) -> list[Any]:
    """Sessions of these customers, the last one the newest."""
    return [await shop.create(name, **input) for name in customers]


async def fill_many(shop: Shop, number: int) -> None:
    for first in range(0, number, 10):
        await asyncio.gather(*(shop.create(f"Customer {n}") for n in range(first, first + 10)))


def asked(page: Page) -> list[Any]:
    """The variables of each page of sessions that is asked for from now on."""
    variables: list[Any] = []

    def take(request: Request) -> None:
        body = request.post_data_json if request.method == "POST" else None
        if isinstance(body, dict) and body.get("variables", {}).get("first") == PAGE:
            variables.append(body["variables"])

    page.on("request", take)
    return variables


async def clipboard(page: Page) -> Any:
    return await page.evaluate("navigator.clipboard.readText()")


async def test_a_session_shows_what_staff_look_for(open_page: OpenPage, shop: Shop) -> None:
    session = await shop.create("Dewi Lestari", roomId="1905692", expirationMinutes=90)
    await shop.change("recordConversion", sessionId=session["id"], kind="PURCHASE")
    await shop.create("Budi", expirationMinutes=0)
    page = await open_page()
    shown = row(page, "Dewi Lestari")
    await expect(shown.get_by_title(session["id"])).to_have_text("session_…" + session["id"][-8:])
    await expect(shown.get_by_title(session["token"]["link"])).to_have_text("…" + session["token"]["link"][-12:])
    await expect(shown).to_contain_text("Active")
    await expect(shown).to_contain_text(re.compile(r"1 h (29|30) min"))
    await expect(shown).to_contain_text("1905692")
    await expect(shown).to_contain_text("Purchase")
    await expect(row(page, "Budi")).to_contain_text("Never")
    await expect(page.get_by_text("2 sessions")).to_be_visible()
    await expect(page.get_by_role("grid")).to_have_attribute("aria-rowcount", "3")
    headings = [
        "Session ID",
        "Customer's name",
        "Token link",
        "Token status",
        "Date created",
        "Expired time",
        "Room ID",
    ]
    await expect(page.get_by_role("columnheader")).to_have_text([*headings, "Conversion"])


async def test_a_link_is_copied_by_one_click_and_it_is_said(open_page: OpenPage, shop: Shop) -> None:
    [session] = await fill(shop, "Dewi")
    page = await open_page(permissions=["clipboard-read", "clipboard-write"])
    await page.get_by_role("button", name="Copy the link of Dewi").click()
    await expect(row(page, "Dewi")).to_contain_text("Copied")
    await expect(page.get_by_role("status").get_by_text("The link is copied")).to_be_attached()
    assert await clipboard(page) == session["token"]["link"]
    await expect(page).to_have_url(re.compile("/$"))
    await page.get_by_role("button", name="Copy the session ID").click()
    await expect(page.get_by_role("status").get_by_text("The session ID is copied")).to_be_attached()
    assert await clipboard(page) == session["id"]


async def test_a_link_is_copied_by_keyboard(open_page: OpenPage, shop: Shop) -> None:
    ayu, budi = await fill(shop, "Ayu", "Budi")
    page = await open_page(permissions=["clipboard-read", "clipboard-write"])
    await expect_names(page, "Budi", "Ayu")
    await page.get_by_role("grid").focus()
    await page.keyboard.press("ArrowDown")
    await page.keyboard.press("c")
    await expect(page.get_by_role("status").get_by_text("The link is copied")).to_be_attached()
    assert await clipboard(page) in (ayu["token"]["link"], budi["token"]["link"])
    await page.keyboard.press("Home")
    for _ in ["Customer's name", "Date created", "Expired time", "Budi"]:
        await page.keyboard.press("Tab")
    await expect(row(page, "Budi").get_by_role("button", name="Copy the session ID")).to_be_focused()


async def test_what_the_browser_will_not_copy_is_shown(open_page: OpenPage, shop: Shop) -> None:
    [session] = await fill(shop, "Dewi")
    page = await open_page()
    await page.evaluate("Object.defineProperty(navigator, 'clipboard', { value: undefined })")
    await page.get_by_role("button", name="Copy the link of Dewi").click()
    await expect(page.get_by_role("alert")).to_contain_text(session["token"]["link"])


async def test_a_link_that_cannot_be_shown_says_why(open_page: OpenPage, shop: Shop) -> None:
    [session] = await fill(shop, "Dewi")
    await shop.db.fetch(RETIRE, shop.id, session["id"])
    page = await open_page()
    await expect(row(page, "Dewi")).to_contain_text("No link: issue a new one")
    await expect(page.get_by_title("The key that signed this link is no longer in use")).to_be_visible()


@pytest.mark.parametrize("sought", ["dewi", "DÉWI", "1905692", "QSH7K2", "{id}"])
async def test_one_box_searches_names_ids_rooms_and_orders(open_page: OpenPage, shop: Shop, sought: str) -> None:
    session = await shop.create("Dewi Lestari", roomId="1905692", orderNumber="QSH7K2")
    await shop.create("Budi", roomId="2000000", orderNumber="ABC123")
    page = await open_page()
    await search_box(page).press_sequentially(sought.format(id=session["id"]))
    await expect_names(page, "Dewi Lestari")
    await expect(page.get_by_text("1 session", exact=True)).to_be_visible()


async def test_a_fast_typist_loses_no_letter(open_page: OpenPage, shop: Shop) -> None:
    await fill(shop, "Maximilian Featherstonehaugh", "Maximus")
    page = await open_page()
    await expect(page.get_by_role("grid")).to_be_visible()
    text = "maximilian featherstonehaugh"
    await page.keyboard.press("/")
    # After some letters the URL is about to follow when the next one comes.
    for position, letter in enumerate(text):
        await page.keyboard.press(letter if letter != " " else "Space", delay=(5, 195, 5, 202)[position % 4])
    await expect(search_box(page)).to_have_value(text)
    await expect(page).to_have_url(re.compile(r"\?search=maximilian\+featherstonehaugh$"))
    await expect_names(page, "Maximilian Featherstonehaugh")


async def test_a_late_answer_does_not_replace_a_newer_one(open_page: OpenPage, shop: Shop) -> None:
    await fill(shop, "Budi", "Dewi")
    page = await open_page()
    await expect_names(page, "Dewi", "Budi")
    is_asked, may_answer, is_answered = asyncio.Event(), asyncio.Event(), asyncio.Event()

    async def hold(route: Route) -> None:
        body: Any = route.request.post_data_json
        if (body["variables"].get("filter") or {}).get("search") != "b" or body["variables"].get("first") != PAGE:
            return await route.continue_()
        response = await route.fetch()
        is_asked.set()
        await may_answer.wait()
        try:
            await route.fulfill(response=response)
        finally:
            is_answered.set()

    await page.route("**/graphql", hold)
    await search_box(page).fill("b")
    await is_asked.wait()
    await search_box(page).fill("dewi")
    await expect_names(page, "Dewi")
    may_answer.set()
    await is_answered.wait()
    await expect_names(page, "Dewi")
    await expect(search_box(page)).to_have_value("dewi")


async def test_filters_narrow_the_list_and_are_cleared_together(open_page: OpenPage, shop: Shop) -> None:
    ayu, budi, citra, _ = await fill(shop, "Ayu", "Budi", "Citra", "Dewi")
    await shop.change("revokeToken", sessionId=ayu["id"])
    await shop.turn_back(budi["id"], minutes=3 * 24 * 60)
    await shop.change("recordConversion", sessionId=citra["id"], kind="GOAL")
    page = await open_page()
    await expect_names(page, "Dewi", "Citra", "Ayu", "Budi")

    await choose(page, "Revoked")
    await expect_names(page, "Ayu")
    await choose(page, "Expired")
    await expect_names(page, "Ayu", "Budi")
    await expect(page).to_have_url(re.compile(r"\?status=expired,revoked$"))
    await page.get_by_role("button", name="Clear all").click()
    await expect_names(page, "Dewi", "Citra", "Ayu", "Budi")

    await page.get_by_label("Conversion").select_option("Converted")
    await expect_names(page, "Citra")
    await page.get_by_label("Conversion").select_option("Not converted")
    await expect_names(page, "Dewi", "Ayu", "Budi")
    await search_box(page).fill("di")
    await expect_names(page, "Budi")
    await page.get_by_role("button", name="Clear all").click()
    await expect_names(page, "Dewi", "Citra", "Ayu", "Budi")
    await expect(search_box(page)).to_have_value("")
    await expect(page).to_have_url(re.compile("/$"))
    await expect(page.get_by_role("button", name="Clear all")).to_be_hidden()


async def test_days_are_local_and_the_last_is_included(open_page: OpenPage, shop: Shop) -> None:
    await fill(shop, "Ayu")
    page = await open_page()
    variables = asked(page)
    await page.get_by_label("From").fill("2026-01-30")
    await page.get_by_label("To", exact=True).fill("2026-01-31")
    await expect(page.get_by_text("Nothing matches")).to_be_visible()
    await expect(page).to_have_url(re.compile(r"\?from=2026-01-30&to=2026-01-31$"))
    # The browser is in Jakarta, seven hours ahead.
    expected = {"from": "2026-01-29T17:00:00.000Z", "to": "2026-01-31T17:00:00.000Z"}
    assert variables[-1]["filter"] == {"dateCreated": expected}
    today = datetime.fromisoformat(
        (await shop.ask("{ sessions { nodes { dateCreated } } }"))["sessions"]["nodes"][0]["dateCreated"]
    )
    day = (today + timedelta(hours=7)).date().isoformat()
    await page.get_by_label("To", exact=True).fill(day)
    await expect_names(page, "Ayu")
    await page.get_by_label("From").fill(day)
    await expect_names(page, "Ayu")


async def test_a_click_on_a_heading_sorts_and_another_turns_it_round(open_page: OpenPage, shop: Shop) -> None:
    await fill(shop, "Budi", expirationMinutes=60)
    await fill(shop, "Ayu", expirationMinutes=30)
    await fill(shop, "citra", expirationMinutes=0)
    page = await open_page()
    await expect(page.get_by_role("columnheader", name="Date created")).to_have_attribute("aria-sort", "descending")
    await page.get_by_role("button", name="Customer's name").click()
    await expect_names(page, "Ayu", "Budi", "citra")
    await expect(page.get_by_role("columnheader", name="Customer's name")).to_have_attribute("aria-sort", "ascending")
    await expect(page.get_by_role("columnheader", name="Date created")).to_have_attribute("aria-sort", "none")
    await page.get_by_role("button", name="Customer's name").press("Enter")
    await expect_names(page, "citra", "Budi", "Ayu")
    await page.get_by_role("button", name="Expired time").click()
    await expect_names(page, "Ayu", "Budi", "citra")
    await page.get_by_role("button", name="Date created").click()
    await expect_names(page, "citra", "Ayu", "Budi")
    await expect(page).to_have_url(re.compile("/$"))
    await page.get_by_role("button", name="Date created").click()
    await expect_names(page, "Budi", "Ayu", "citra")


async def test_a_view_has_its_url_which_a_reload_and_a_colleague_see_alike(open_page: OpenPage, shop: Shop) -> None:
    await fill(shop, "Dewi A", "Dewi B", "Budi")
    page = await open_page()
    await search_box(page).fill("dewi")
    await expect_names(page, "Dewi B", "Dewi A")
    await choose(page, "Active")
    await page.get_by_label("Conversion").select_option("Not converted")
    await page.get_by_role("button", name="Customer's name").click()
    await expect_names(page, "Dewi A", "Dewi B")
    path = "/?search=dewi&status=active&converted=no&sort=name"
    assert page.url.endswith(path)
    await page.reload()
    for shown in (page, await open_page(path)):
        await expect_names(shown, "Dewi A", "Dewi B")
        await expect(search_box(shown)).to_have_value("dewi")
        await expect(shown.get_by_role("checkbox", name="Active")).to_be_checked()
        await expect(shown.get_by_label("Conversion")).to_have_value("false")
        await expect(shown.get_by_role("columnheader", name="Customer's name")).to_have_attribute(
            "aria-sort", "ascending"
        )


async def test_back_and_forward_go_through_the_views(open_page: OpenPage, shop: Shop) -> None:
    [revoked, _] = await fill(shop, "Dewi", "Budi")
    await shop.change("revokeToken", sessionId=revoked["id"])
    page = await open_page()
    await search_box(page).press_sequentially("i", delay=1)
    await expect(page).to_have_url(re.compile(r"\?search=i$"))
    await choose(page, "Revoked")
    await expect_names(page, "Dewi")
    await page.get_by_role("button", name="Clear all").click()
    await expect_names(page, "Budi", "Dewi")
    await page.go_back()
    await expect_names(page, "Dewi")
    await expect(search_box(page)).to_have_value("i")
    await page.go_back()
    await expect(page).to_have_url(re.compile(r"\?search=i$"))
    await expect(page.get_by_role("checkbox", name="Revoked")).not_to_be_checked()
    await expect_names(page, "Budi", "Dewi")
    await page.go_forward()
    await expect_names(page, "Dewi")


@pytest.mark.parametrize(
    "query",
    [
        "status=nope&converted=maybe&sort=sideways&from=2026-02-31&to=tomorrow",
        "status=&converted=__proto__&sort=constructor&from=0001-01-01&to=99999-01-01",
        "search=%00%20&search&sort=-&status=,,&%",
        "to=9999-12-31",
    ],
)
async def test_what_is_malformed_in_a_url_counts_as_absent(open_page: OpenPage, shop: Shop, query: str) -> None:
    await fill(shop, "Budi", "Dewi")
    page = await open_page("/?" + query.replace("%00", ""))
    await expect_names(page, "Dewi", "Budi")
    await expect(page.get_by_role("button", name="Clear all")).to_be_hidden()


async def test_a_search_that_the_server_refuses_is_explained(open_page: OpenPage, shop: Shop) -> None:
    await fill(shop, "Dewi")
    page = await open_page()
    await search_box(page).fill("one two three four five six seven eight nine ten eleven")
    await expect(page.get_by_role("heading", name="This cannot be searched for")).to_be_visible()
    await expect(page.get_by_text("A search has at most 10 words")).to_be_visible()
    await page.get_by_role("main").get_by_role("button", name="Clear all").last.click()
    await expect_names(page, "Dewi")


async def test_keys_search_move_open_and_close(open_page: OpenPage, shop: Shop) -> None:
    sessions = await fill(shop, *(f"Customer {number}" for number in range(30)))
    page = await open_page()
    await expect(row(page, "Customer 29")).to_be_visible()
    await page.keyboard.press("/")
    await expect(search_box(page)).to_be_focused()
    await expect(search_box(page)).to_have_value("")
    await page.keyboard.type("customer")
    await expect(page).to_have_url(re.compile(r"\?search=customer$"))
    await page.keyboard.press("ArrowDown")
    await expect_active(page, "Customer 29")
    await page.keyboard.press("ArrowDown")
    await page.keyboard.press("ArrowDown")
    await page.keyboard.press("ArrowUp")
    await expect_active(page, "Customer 28")
    await page.keyboard.press("End")
    await expect_active(page, "Customer 0")
    await page.keyboard.press("PageUp")
    await expect(row(page, "Customer 0")).to_have_attribute("aria-selected", "false")
    await page.keyboard.press("Home")
    await expect_active(page, "Customer 29")
    await page.keyboard.press("PageDown")
    await page.keyboard.press("Home")
    await page.keyboard.press("ArrowDown")
    await page.keyboard.press("Enter")
    await expect(page).to_have_url(re.compile(rf"/sessions/{sessions[28]['id']}\?search=customer$"))
    await expect(page.get_by_role("dialog", name="Customer 28")).to_be_visible()
    await page.keyboard.press("Escape")
    await expect(page).to_have_url(re.compile(r"/\?search=customer$"))
    await expect_active(page, "Customer 28")
    await page.keyboard.press("/")
    await page.keyboard.press("Escape")
    await expect(search_box(page)).to_have_value("")
    await expect(search_box(page)).to_be_focused()
    await expect(page).to_have_url(re.compile("/$"))
    await page.keyboard.press("Escape")
    await expect(page.get_by_role("grid")).to_be_focused()


async def test_the_arrows_work_from_the_start(open_page: OpenPage, shop: Shop) -> None:
    await fill(shop, "Bagas", "Citra", "Dewi")
    page = await open_page()
    await expect_names(page, "Dewi", "Citra", "Bagas")
    await page.keyboard.press("ArrowDown")
    await expect_active(page, "Dewi")
    await page.keyboard.press("ArrowDown")
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("dialog", name="Citra")).to_be_visible()


async def test_a_slash_that_is_typed_elsewhere_stays_there(open_page: OpenPage, shop: Shop) -> None:
    await fill(shop, "Dewi")
    page = await open_page()
    await search_box(page).fill("a/b")
    await page.keyboard.press("/")
    await expect(search_box(page)).to_have_value("a/b/")


async def test_a_click_on_a_row_opens_it_and_the_list_keeps_its_place(open_page: OpenPage, shop: Shop) -> None:
    await fill_many(shop, 60)
    page = await open_page()
    await expect(page.get_by_text("60 sessions")).to_be_visible()
    await page.get_by_role("grid").evaluate("grid => { grid.scrollTop = 1000 }")
    shown = rows(page).and_(page.locator("[aria-rowindex='30']"))
    name = await shown.get_by_role("link").inner_text()
    await shown.get_by_text("Active").click()
    await expect(page.get_by_role("dialog", name=name)).to_be_visible()
    await expect(page).to_have_url(re.compile("/sessions/session_"))
    await page.keyboard.press("Escape")
    await expect(page.get_by_role("dialog")).to_be_hidden()
    assert await page.get_by_role("grid").evaluate("grid => grid.scrollTop") == 1000
    await expect_active(page, name)


async def test_columns_are_hidden_for_this_browser(open_page: OpenPage, shop: Shop) -> None:
    await fill(shop, "Dewi", roomId="1905692")
    page = await open_page()
    await expect(page.get_by_role("columnheader", name="Room")).to_be_visible()
    await page.get_by_role("button", name="Columns").click()
    await page.get_by_role("menuitemcheckbox", name="Room").click()
    await page.get_by_role("menuitemcheckbox", name="Conversion").press("Enter")
    await expect(page.get_by_role("columnheader")).to_have_count(6)
    await page.reload()
    await expect(row(page, "Dewi")).to_be_visible()
    await expect(page.get_by_role("columnheader")).to_have_count(6)
    await expect(page.get_by_text("1905692")).to_be_hidden()
    await page.get_by_role("button", name="Columns").click()
    await page.get_by_role("menuitemcheckbox", name="Room").click()
    await expect(page.get_by_text("1905692")).to_be_visible()
    await page.evaluate("localStorage.setItem('hidden-columns', '{nonsense')")
    await page.reload()
    await expect(page.get_by_role("columnheader")).to_have_count(8)


async def test_a_session_expires_while_it_is_looked_at(open_page: OpenPage, shop: Shop) -> None:
    [session] = await fill(shop, "Dewi", expirationMinutes=1)
    page = await open_page()
    await choose(page, "Active")
    await expect(row(page, "Dewi")).to_contain_text("Active")
    await shop.db.fetch(EXPIRE, shop.id, session["id"], timedelta(seconds=4))
    await page.get_by_role("button", name="Refresh").click()
    await expect(row(page, "Dewi")).to_contain_text(re.compile(r"[1-4] s(?!e)"))
    await expect(row(page, "Dewi")).to_contain_text("Active")
    variables = asked(page)
    await expect(row(page, "Dewi")).to_contain_text("Expired")
    await expect(row(page, "Dewi")).to_contain_text(re.compile("seconds? ago"))
    assert variables == []
    assert (await shop.session(session["id"]))["token"]["status"] == "EXPIRED"
    await page.get_by_role("button", name="Refresh").click()
    await expect(page.get_by_text("Nothing matches")).to_be_visible()


async def test_new_sessions_come_by_a_refresh_without_losing_ones_place(open_page: OpenPage, shop: Shop) -> None:
    await fill_many(shop, 130)
    page = await open_page()
    await expect(page.get_by_text("130 sessions")).to_be_visible()
    await page.get_by_role("grid").focus()
    await page.keyboard.press("PageDown")
    await page.keyboard.press("PageDown")
    active = rows(page).and_(page.locator("[aria-selected=true]"))
    name = await active.get_by_role("link").inner_text()
    before = await row(page, name).bounding_box()
    await fill(shop, "New A", "New B")
    await page.get_by_role("button", name="Refresh").click()
    await expect(page.get_by_text("132 sessions")).to_be_visible()
    await expect(active.get_by_role("link")).to_have_text(name)
    assert await row(page, name).bounding_box() == before
    await page.get_by_role("grid").focus()
    await page.keyboard.press("Home")
    await expect(names(page).first).to_have_text("New B")
    await page.keyboard.press("End")
    await page.keyboard.press("End")
    last = (await shop.ask("{ sessions(last: 1) { nodes { customer { name } } } }"))["sessions"]["nodes"][0]
    await expect_active(page, last["customer"]["name"])


async def test_a_tab_that_is_come_back_to_after_a_minute_is_brought_up_to_date(open_page: OpenPage, shop: Shop) -> None:
    await fill(shop, "Dewi")
    page = await open_page()
    await expect_names(page, "Dewi")
    await page.clock.install()
    await page.reload()
    await expect_names(page, "Dewi")
    await fill(shop, "Budi")
    variables = asked(page)
    await page.clock.fast_forward(30_000)
    await page.evaluate("window.dispatchEvent(new Event('focus'))")
    await expect_names(page, "Dewi")
    assert variables == []
    await page.clock.fast_forward(40_000)
    await page.evaluate("window.dispatchEvent(new Event('focus'))")
    await expect_names(page, "Budi", "Dewi")


async def test_a_list_is_brought_up_to_date_when_the_connection_is_back(open_page: OpenPage, shop: Shop) -> None:
    await fill(shop, "Dewi")
    page = await open_page()
    await expect_names(page, "Dewi")
    await page.context.set_offline(True)
    await expect(page.get_by_text("There is no connection.")).to_be_visible()
    await expect_names(page, "Dewi")
    await fill(shop, "Budi")
    await page.context.set_offline(False)
    await expect_names(page, "Budi", "Dewi")


async def test_an_empty_store_says_where_sessions_come_from(page: Page) -> None:
    await expect(page.get_by_role("heading", name="No sessions yet")).to_be_visible()
    await expect(page.get_by_text("0 sessions")).to_be_visible()


async def test_a_view_that_nothing_matches_offers_to_clear_it(open_page: OpenPage, shop: Shop) -> None:
    await fill(shop, "Dewi")
    page = await open_page()
    await search_box(page).fill("nobody")
    await expect(page.get_by_role("heading", name="Nothing matches")).to_be_visible()
    await page.get_by_role("main").get_by_role("button", name="Clear all").last.click()
    await expect_names(page, "Dewi")


async def test_a_list_that_cannot_be_read_is_asked_for_again(open_page: OpenPage, shop: Shop) -> None:
    await fill(shop, "Dewi")
    page = await open_page()
    await expect_names(page, "Dewi")

    async def break_(route: Route) -> None:
        error = {"message": "Something broke.", "extensions": {"code": "INTERNAL_SERVER_ERROR"}}
        await route.fulfill(json={"errors": [error]})

    await page.route("**/graphql", break_)
    await page.get_by_role("button", name="Refresh").click()
    await expect(page.get_by_text("The list could not be brought up to date.")).to_be_visible()
    await expect_names(page, "Dewi")
    await search_box(page).fill("dew")
    await expect(page.get_by_role("heading", name="Something went wrong")).to_be_visible()
    await page.unroute("**/graphql")
    await page.get_by_role("button", name="Try again").click()
    await expect_names(page, "Dewi")
    await expect(page.get_by_text("could not be brought up to date")).to_be_hidden()


async def test_a_key_that_may_not_read_sessions_sees_none(open_page: OpenPage, shop: Shop) -> None:
    await fill(shop, "Dewi")
    page = await open_page(key=await new_console_key(shop.db, shop, "settings:write"))
    await expect(page.get_by_role("heading", name="Not for this key")).to_be_visible()
    await expect(search_box(page)).to_be_hidden()


async def test_a_phone_shows_the_essentials_without_scrolling_sideways(open_page: OpenPage, shop: Shop) -> None:
    [_, session] = await fill(shop, "Budi", "Dewi Lestari Kusumawardhani Prawirohardjo", roomId="1905692")
    page = await open_page(**PHONE, permissions=["clipboard-read", "clipboard-write"])
    shown = row(page, "Dewi Lestari Kusumawardhani Prawirohardjo")
    await expect(shown).to_contain_text("Active")
    assert await page.evaluate("document.documentElement.scrollWidth") == 390
    await shown.get_by_role("button", name="Copy the link").tap()
    await expect(page.get_by_role("status").get_by_text("The link is copied")).to_be_attached()
    assert await clipboard(page) == session["token"]["link"]
    await page.get_by_role("button", name="Filters").tap()
    await page.get_by_label("Sort by").select_option("Oldest first")
    await expect(names(page).first).to_have_text("Budi")
    await choose(page, "Revoked")
    await expect(page.get_by_role("heading", name="Nothing matches")).to_be_visible()
    assert await page.evaluate("document.documentElement.scrollWidth") == 390
    await page.get_by_role("button", name="Clear all").first.tap()
    await shown.tap()
    await expect(page.get_by_role("dialog", name="Dewi Lestari")).to_be_visible()


async def test_the_list_speaks_indonesian(open_page: OpenPage, shop: Shop) -> None:
    await fill(shop, "Dewi")
    page = await open_page(key=None, locale="id-ID")
    await page.get_by_role("textbox").fill(await new_console_key(shop.db, shop))
    await page.get_by_role("button", name="Masuk").click()
    await expect(page.get_by_role("columnheader", name="Waktu kedaluwarsa")).to_be_visible()
    await expect(row(page, "Dewi")).to_contain_text("Aktif")
    await expect(page.get_by_text("1 sesi")).to_be_visible()
