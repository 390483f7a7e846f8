"""The list by keyboard and by mouse: searching, moving, opening, closing."""

import re

from playwright.async_api import expect

from tests.e2e.console.conftest import OpenPage, choose_preference
from tests.e2e.console.session_list import (
    choose,
    expect_active,
    expect_names,
    fill,
    fill_many,
    opened_list,
    row,
    rows,
    search_box,
)
from tests.support.shop import Shop


async def test_the_keyboard_searches_moves_opens_and_closes(open_page: OpenPage, shop: Shop) -> None:
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


async def test_enter_moves_from_the_search_to_the_first_row(open_page: OpenPage, shop: Shop) -> None:
    page = await opened_list(open_page, shop, "Bagas", "Citra", "Dewi")
    await page.keyboard.press("/")
    await page.keyboard.type("citra")
    await expect_names(page, "Citra")
    await page.keyboard.press("Enter")
    await expect_active(page, "Citra")
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("dialog", name="Citra")).to_be_visible()


async def test_the_arrow_keys_work_after_a_filter_was_used(open_page: OpenPage, shop: Shop) -> None:
    page = await opened_list(open_page, shop, "Citra", "Dewi")
    await choose(page, "Active")
    await page.keyboard.press("ArrowDown")
    await expect_active(page, "Dewi")
    await page.get_by_label("Conversion").select_option("Not converted")
    await page.get_by_label("Conversion").press("/")
    await expect(search_box(page)).to_be_focused()
    await page.get_by_role("button", name="Clear all").press("Enter")
    await expect(search_box(page)).to_be_focused()
    await expect(page).to_have_url(re.compile("/$"))


async def test_the_first_row_becomes_active_when_the_view_changes(open_page: OpenPage, shop: Shop) -> None:
    await fill(shop, "Bagas", "Citra", "Dewi")
    page = await open_page("/?search=citra")
    await expect_names(page, "Citra")
    await page.get_by_role("button", name="Clear all").click()
    await expect_names(page, "Dewi", "Citra", "Bagas")
    await page.keyboard.press("ArrowDown")
    await page.keyboard.press("ArrowDown")
    await expect_active(page, "Citra")
    await page.go_back()
    await expect_names(page, "Citra")
    await expect_active(page, "Citra")
    await page.go_forward()
    await expect_active(page, "Dewi")


async def test_arrow_keys_in_menus_and_dialogs_do_not_move_the_list(open_page: OpenPage, shop: Shop) -> None:
    [dewi] = await fill(shop, "Dewi")
    page = await open_page()
    await page.get_by_role("button", name="Columns").press("Enter")
    await expect(page.get_by_role("menuitemcheckbox").first).to_be_focused()
    await page.keyboard.press("ArrowDown")
    await expect(page.get_by_role("menuitemcheckbox").nth(1)).to_be_focused()
    await page.goto(f"/sessions/{dewi['id']}")
    copy = page.get_by_role("button", name="Copy link", exact=True)
    await copy.press("ArrowDown")
    await expect(copy).to_be_focused()


async def test_the_slash_shortcut_can_be_turned_off(open_page: OpenPage, shop: Shop) -> None:
    page = await opened_list(open_page, shop, "Dewi")
    await expect(search_box(page)).to_have_attribute("aria-keyshortcuts", "/")
    await choose_preference(page, "Press / to search", "menuitemcheckbox")
    await page.reload()
    await expect_names(page, "Dewi")
    await page.keyboard.press("/")
    await page.keyboard.press("ArrowDown")
    await expect_active(page, "Dewi")
    await expect(search_box(page)).not_to_have_attribute("aria-keyshortcuts", "/")


async def test_a_slash_in_a_text_field_is_typed(open_page: OpenPage, shop: Shop) -> None:
    await fill(shop, "Dewi")
    page = await open_page()
    await search_box(page).fill("a/b")
    await page.keyboard.press("/")
    await expect(search_box(page)).to_have_value("a/b/")


async def test_opening_a_row_keeps_the_scroll_position(open_page: OpenPage, shop: Shop) -> None:
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
