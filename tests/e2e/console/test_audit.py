"""The page of the audit log."""

import re
from datetime import datetime, timedelta
from typing import Any

import pytest
from playwright.async_api import Locator, Page, expect

from tests.e2e.console.axe import grave_violations
from tests.e2e.console.conftest import OpenPage, expect_heading, new_console_key, posted
from tests.e2e.console.test_accessibility import SCREENS
from tests.support.shop import Shop


def rows(page: Page) -> Locator:
    return page.get_by_role("table", name="Audit log").locator("tbody tr")


@pytest.fixture
async def admin_key(shop: Shop) -> str:
    return await new_console_key(shop.db, shop, "admin")


async def test_the_page_shows_who_changed_what_from_where(open_page: OpenPage, shop: Shop, admin_key: str) -> None:
    await shop.changed("updateStoreSettings", "store { id }", name="Kopi Senja", sessionExpiration=60)
    page = await open_page("/", key=admin_key)
    await page.get_by_role("link", name="Audit log").click()
    await expect_heading(page, "Audit log")
    changed = rows(page).filter(has_text="Store changed")
    for text in (shop.id, await shop.api_key_id(), "2001:db8:", "sessionExpiration: “30” → “60”"):
        await expect(changed).to_contain_text(text)
    await expect(changed).to_contain_text(f"name: “Shop {shop.slug}” → “Kopi Senja”")
    await expect(rows(page).filter(has_text="Store created")).to_contain_text("Operator, on the command line")


async def test_events_are_filtered_and_the_filters_are_in_the_url(
    open_page: OpenPage, shop: Shop, admin_key: str
) -> None:
    session = await shop.create()
    await shop.changed("updateStoreSettings", "store { id }", name="Kopi Senja")
    customer = session["customer"]["id"]
    page = await open_page("/audit", key=admin_key)
    await page.get_by_label("Object ID").fill(customer)
    await page.get_by_role("button", name="Filter").click()
    await expect(rows(page)).to_have_count(1)
    await expect(rows(page)).to_contain_text("name: changed, values not recorded")
    await page.get_by_label("Action").select_option("Store changed")
    await expect_heading(page, "No events found")
    await page.get_by_label("Object ID").fill("")
    await page.get_by_label("API key ID or user ID").fill(await shop.api_key_id())
    await page.keyboard.press("Enter")
    await expect(rows(page)).to_have_count(1)
    await page.reload()
    await expect(rows(page)).to_have_count(1)
    await expect(rows(page)).to_contain_text("Kopi Senja")


async def test_events_are_filtered_by_days_in_local_time(open_page: OpenPage, shop: Shop, admin_key: str) -> None:
    await shop.changed("updateStoreSettings", "store { id }", name="Kopi Senja")
    page = await open_page("/audit", key=admin_key)
    changed = rows(page).filter(has_text="Store changed")
    await expect(changed).to_be_visible()
    bodies = posted(page)
    await page.get_by_label("Object ID").fill(shop.id)
    await page.get_by_label("From").fill("2026-01-30")
    await page.get_by_label("To", exact=True).fill("2026-01-31")
    await expect_heading(page, "No events found")
    await expect(page).to_have_url(re.compile(f"object={shop.id}&from=2026-01-30&to=2026-01-31$"))
    await expect(page.get_by_label("To", exact=True)).to_be_focused()
    # The browser is in Jakarta, seven hours ahead.
    at = {"from": "2026-01-29T17:00:00.000Z", "to": "2026-01-31T17:00:00.000Z"}
    assert bodies[-1]["variables"]["filter"] == {"objectId": shop.id, "at": at}
    [event] = (await shop.ask("{ auditLog(filter: {actions: [STORE_UPDATED]}) { nodes { at } } }"))["auditLog"]["nodes"]
    day = (datetime.fromisoformat(event["at"]) + timedelta(hours=7)).date()
    await page.get_by_label("To", exact=True).fill(day.isoformat())
    await expect(changed).to_be_visible()
    await page.get_by_label("From").fill(day.isoformat())
    await expect(page).to_have_url(re.compile(f"&from={day}&to={day}$"))
    await expect(changed).to_be_visible()
    await page.reload()
    await expect(changed).to_be_visible()
    await page.get_by_label("To", exact=True).fill((day - timedelta(days=1)).isoformat())
    await expect(page.get_by_text("The first day is after the last day.")).to_be_visible()
    await page.go_back()
    await expect(changed).to_be_visible()
    await expect(page.get_by_label("To", exact=True)).to_have_value(day.isoformat())


async def test_the_log_has_pages(open_page: OpenPage, shop: Shop, admin_key: str) -> None:
    for number in range(51):
        await shop.changed("updateStoreSettings", "store { id }", name=f"Kopi {number}")
    page = await open_page("/audit?action=store_updated", key=admin_key)
    await expect(rows(page)).to_have_count(50)
    await expect(page.get_by_role("button", name="Newer")).to_be_disabled()
    await page.get_by_role("button", name="Older").click()
    await expect(rows(page)).to_have_count(1)
    await expect(rows(page)).to_contain_text("→ “Kopi 0”")
    await expect(page.get_by_role("button", name="Older")).to_be_disabled()
    await page.get_by_role("button", name="Newer").click()
    await expect(rows(page)).to_have_count(50)


@pytest.mark.parametrize("screen", SCREENS.values(), ids=SCREENS)
async def test_the_page_is_accessible(open_page: OpenPage, shop: Shop, admin_key: str, screen: Any) -> None:
    await shop.changed("updateStoreSettings", "store { id }", name="Kopi Senja")
    page = await open_page("/audit", key=admin_key, **screen)
    await expect(rows(page).filter(has_text="Store changed")).to_be_visible()
    assert await grave_violations(page) == []


async def test_the_page_is_translated_into_indonesian(open_page: OpenPage, admin_key: str) -> None:
    page = await open_page("/audit", key=None, locale="id-ID")
    await page.get_by_label("Kunci API atau token akses").fill(admin_key)
    await page.get_by_role("button", name="Masuk").click()
    await expect(page.get_by_text("Toko dibuat").last).to_be_visible()
    await expect(page.get_by_role("group", name="Waktu").get_by_label("Sampai")).to_be_visible()


async def test_only_an_admin_sees_the_page(open_page: OpenPage) -> None:
    page = await open_page("/audit")
    await expect_heading(page, "You do not have permission")
    await expect(page.get_by_role("link", name="Audit log")).to_have_count(0)
