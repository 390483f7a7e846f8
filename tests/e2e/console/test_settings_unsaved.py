"""What of the store's setting was changed and not saved: discarded, kept for later, and nobody else's."""

from typing import Any

import pytest
from playwright.async_api import Page, expect

from tests.e2e.console.conftest import OpenPage, new_console_key, sign_in
from tests.e2e.console.settings import APPLY, MINUTES, expiration, mutations
from tests.support.shop import Shop


@pytest.fixture
async def page(open_page: OpenPage) -> Page:
    page = await open_page("/settings")
    await expect(page.get_by_role("heading", name="Session Expiration")).to_be_visible()
    return page


async def test_changes_can_be_discarded(page: Page, shop: Shop) -> None:
    sent = mutations(page)
    await expect(page.get_by_text("Unsaved changes")).to_be_hidden()
    await page.get_by_label(MINUTES).fill("zero")
    await expect(page.get_by_text("Unsaved changes")).to_be_visible()
    await page.get_by_role("button", name="Discard changes").click()
    await expect(page.get_by_label(MINUTES)).to_have_value("30")
    await expect(page.get_by_role("alert")).to_be_hidden()
    await expect(page.get_by_text("Unsaved changes")).to_be_hidden()
    await expect(expiration(page).get_by_role("button", name="Save")).to_be_focused()
    await page.keyboard.press("Enter")
    await page.get_by_label(MINUTES).press("Enter")
    assert sent == []


async def test_the_page_is_not_left_with_unsaved_changes_without_a_question(page: Page) -> None:
    asked = []

    async def stay(dialog: Any) -> None:
        asked.append(dialog.type)
        await dialog.dismiss()

    page.on("dialog", stay)
    await page.get_by_label("Name").fill("Another")
    async with page.expect_event("dialog"):
        await page.close(run_before_unload=True)
    assert asked == ["beforeunload"]
    await expect(page.get_by_label("Name")).to_have_value("Another")


async def test_what_is_not_saved_waits_while_another_page_is_looked_at(page: Page) -> None:
    await page.get_by_label(MINUTES).fill("45")
    await page.get_by_label(APPLY).click()
    await page.get_by_label("Name").fill("Another")
    await page.get_by_role("link", name="Overview").click()
    await expect(page.get_by_role("heading", name="Overview")).to_be_visible()
    await page.get_by_role("link", name="Store setting").click()
    await expect(page.get_by_label(MINUTES)).to_have_value("45")
    await expect(page.get_by_label(APPLY)).to_be_checked()
    await expect(page.get_by_label("Name")).to_have_value("Another")
    await expiration(page).get_by_role("button", name="Discard changes").click()
    await page.get_by_role("link", name="Overview").click()
    await page.get_by_role("link", name="Store setting").click()
    await expect(page.get_by_label(MINUTES)).to_have_value("30")
    await expect(page.get_by_label("Name")).to_have_value("Another")


async def test_what_is_not_saved_is_nobody_elses(page: Page, shop: Shop) -> None:
    await page.get_by_label(MINUTES).fill("45")
    await page.get_by_role("button", name="Account and preferences").click()
    await page.get_by_role("menuitem", name="Sign out").click()
    await sign_in(page, await new_console_key(shop.db, shop))
    await expect(page.get_by_label(MINUTES)).to_have_value("30")
