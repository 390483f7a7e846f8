"""The list stays up to date: expiry, refreshes, lost connections."""

import re
from datetime import timedelta
from urllib.parse import urlsplit

import httpx
from playwright.async_api import Page, expect

from tests.e2e.console import session_list
from tests.e2e.console.conftest import OpenPage, expect_heading
from tests.e2e.console.panel import expect_events, panel_of
from tests.e2e.console.session_list import (
    asked,
    choose,
    expect_active,
    expect_names,
    fill,
    fill_many,
    opened_list,
    row,
    rows,
)
from tests.support.shop import Shop

EXPIRE = "update session set token_expires_at = now() + $3::interval where store_id = $1 and id = $2"


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
    await expect(page.get_by_text("No sessions found")).to_be_visible()


async def test_a_refresh_shows_new_sessions_and_keeps_the_active_row(open_page: OpenPage, shop: Shop) -> None:
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
    await expect(session_list.names(page).first).to_have_text("New B")
    await page.keyboard.press("End")
    await page.keyboard.press("End")
    last = (await shop.ask("{ sessions(last: 1) { nodes { customer { name } } } }"))["sessions"]["nodes"][0]
    await expect_active(page, last["customer"]["name"])


async def opened_with_a_clock(open_page: OpenPage) -> Page:
    """The list on a page whose clock the test controls."""
    page = await open_page()
    await expect_names(page, "Dewi")
    await page.clock.install()
    await page.reload()
    await expect_names(page, "Dewi")
    return page


async def test_the_list_is_refreshed_when_its_tab_gets_the_focus(open_page: OpenPage, shop: Shop) -> None:
    await fill(shop, "Dewi")
    page = await opened_with_a_clock(open_page)
    await fill(shop, "Budi")
    variables = asked(page)
    await page.clock.fast_forward(3_000)
    await page.evaluate("window.dispatchEvent(new Event('focus'))")
    await expect_names(page, "Dewi")
    assert variables == []
    await page.clock.fast_forward(3_000)
    await page.evaluate("window.dispatchEvent(new Event('focus'))")
    await expect_names(page, "Budi", "Dewi")


async def test_the_list_and_the_timeline_are_refreshed_every_half_minute(
    open_page: OpenPage, shop: Shop, http: httpx.AsyncClient
) -> None:
    [session] = await fill(shop, "Dewi")
    page = await opened_with_a_clock(open_page)
    await fill(shop, "Budi")
    await page.clock.fast_forward(31_000)
    await expect_names(page, "Budi", "Dewi")
    await expect(page.get_by_text("2 sessions")).to_be_visible()
    await row(page, "Dewi").get_by_role("link").click()
    await expect_events(panel_of(page, "Dewi"), "link issued")
    assert (await http.get(urlsplit(session["token"]["link"]).path)).status_code == 303
    await page.clock.fast_forward(31_000)
    await expect_events(panel_of(page, "Dewi"), "link issued", "Link opened")


async def test_a_chunk_that_failed_to_load_is_loaded_when_the_connection_is_back(
    open_page: OpenPage, shop: Shop
) -> None:
    [session] = await fill(shop, "Dewi")
    page = await open_page()
    await expect_names(page, "Dewi")
    await page.context.set_offline(True)
    await row(page, "Dewi").get_by_role("link").click()
    await expect(page.get_by_text("This part of the page could not be loaded")).to_be_visible()
    await expect(page.get_by_role("button", name="Reload page")).to_be_disabled()
    await page.context.set_offline(False)
    await expect(page.get_by_role("dialog", name="Dewi").get_by_text(session["id"])).to_be_visible()
    await expect(row(page, "Dewi")).to_be_visible()


async def test_a_list_that_fails_to_load_can_be_loaded_again(open_page: OpenPage, shop: Shop) -> None:
    page = await opened_list(open_page, shop, "Dewi")

    error = {"message": "Something broke.", "extensions": {"code": "INTERNAL_SERVER_ERROR"}}
    await page.route("**/graphql", lambda route: route.fulfill(json={"errors": [error]}))
    await page.get_by_role("button", name="Refresh").click()
    await expect(page.get_by_text("The list could not be updated.")).to_be_visible()
    await expect_names(page, "Dewi")
    await session_list.search_box(page).fill("dew")
    await expect_heading(page, "Something went wrong")
    await page.unroute("**/graphql")
    await page.get_by_role("button", name="Try again").click()
    await expect_names(page, "Dewi")
    await expect(page.get_by_text("could not be updated")).to_be_hidden()
