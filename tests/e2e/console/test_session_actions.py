"""The panel of a session: its actions."""

from typing import Any

import httpx
import pytest
from playwright.async_api import Locator, Page, expect

from tests.e2e.console.conftest import OpenPage
from tests.e2e.console.panel import (
    begun,
    clipboard,
    expect_events,
    expect_said,
    expect_status,
    fact,
    offered,
    opened,
    panel_of,
)
from tests.support.shop import Shop, minutes_of, path_of

PERSON = {"User-Agent": "Mozilla/5.0"}


async def status_of(http: httpx.AsyncClient, session: Any) -> int:
    """The status of a session's link when a person opens it."""
    return (await http.get(path_of(session), headers=PERSON)).status_code


async def tab_to(page: Page, target: Locator) -> None:
    """Press Tab until it has the focus."""
    for _ in range(30):
        if await target.evaluate("element => element === document.activeElement"):
            return
        await page.keyboard.press("Tab")
    await expect(target).to_be_focused()


@pytest.mark.parametrize(
    ("choice", "minutes"), [("15 minutes", 15), ("1 hour", 60), ("24 hours", 1440), ("Never expires", None)]
)
async def test_a_link_is_extended(open_page: OpenPage, shop: Shop, choice: str, minutes: int | None) -> None:
    session = await shop.create(expirationMinutes=30)
    page = await opened(open_page, session)
    dialog = await begun(page, "Extend", "Extend link")
    await dialog.get_by_text(choice).click()
    await dialog.get_by_role("button", name="Extend").click()
    await expect(dialog).to_have_count(0)
    await expect_said(page, "The link no longer expires." if minutes is None else "The expiration time was changed.")
    panel = panel_of(page)
    await expect_events(panel, "Session created, link issued", "by your key console")
    await expect(fact(panel, "Expired time")).to_contain_text("Never" if minutes is None else "left")
    token = (await shop.session(session["id"]))["token"]
    assert token["link"] == session["token"]["link"]
    assert minutes_of(token) == (None if minutes is None else pytest.approx(minutes, abs=1))


async def test_minutes_are_checked_while_they_are_typed(open_page: OpenPage, shop: Shop) -> None:
    session = await shop.create(expirationMinutes=30)
    page = await opened(open_page, session)
    dialog = await begun(page, "Extend", "Extend link")
    await dialog.get_by_text("Other", exact=True).click()
    minutes = dialog.get_by_label("Minutes (1 to 1440)")
    await expect(minutes).to_be_focused()
    for wrong in ("0", "1441", "-5", "1.5", "soon"):
        await minutes.fill(wrong)
        await expect(dialog.get_by_text("Enter a whole number from 1 to 1440")).to_be_visible()
        await page.keyboard.press("Enter")
    await minutes.fill("45")
    await expect(dialog.get_by_text("Enter a whole number")).to_have_count(0)
    await expect(dialog.get_by_text("The link will expire on")).to_be_visible()
    await page.keyboard.press("Enter")
    await expect(dialog).to_have_count(0)
    assert await shop.event_kinds(session["id"]) == ["ISSUED", "EXTENDED"]
    assert minutes_of((await shop.session(session["id"]))["token"]) == pytest.approx(45, abs=1)


async def test_an_expired_link_is_extended_and_works_again(
    open_page: OpenPage, shop: Shop, http: httpx.AsyncClient
) -> None:
    session = await shop.create(expirationMinutes=30)
    await shop.turn_back(session["id"], 31)
    page = await opened(open_page, session)
    assert await status_of(http, session) == 410
    await expect_status(page, "Expired")
    await (await begun(page, "Extend", "Extend link")).get_by_role("button", name="Extend").click()
    await expect_status(page, "Active")
    assert await status_of(http, session) == 303


async def test_reissuing_a_revoked_link_does_not_warn_that_it_stops_working(open_page: OpenPage, shop: Shop) -> None:
    session = await shop.create()
    await shop.change("revokeToken", sessionId=session["id"])
    page = await opened(open_page, session)
    dialog = await begun(page, "New link", "Issue a new link?")
    await expect(dialog).to_contain_text("The old link stays revoked. You need to send the new link to Dewi Lestari.")
    await expect(dialog).not_to_contain_text("stops working")


async def test_a_link_is_reissued_after_a_confirmation(
    open_page: OpenPage, shop: Shop, http: httpx.AsyncClient
) -> None:
    session = await shop.create(expirationMinutes=30)
    page = await opened(open_page, session)
    dialog = await begun(page, "New link", "Issue a new link?")
    warning = "The old link stops working immediately. You need to send the new link to Dewi"
    await expect(dialog).to_contain_text(warning)
    await expect(dialog).to_contain_text("expires after 30 minutes, as configured in the store setting")
    await dialog.get_by_role("button", name="Cancel").click()
    await expect(dialog).to_have_count(0)
    assert await shop.session(session["id"]) == session
    await offered(page, "New link").click()
    await dialog.get_by_role("button", name="Issue new link").click()
    await expect_said(page, "A new link was issued. The old link no longer works.")
    reissued = await shop.session(session["id"])
    assert reissued["token"]["link"] != session["token"]["link"]
    await expect(fact(panel_of(page), "Token link")).to_contain_text(reissued["token"]["link"])
    await expect_events(panel_of(page), "Session created", "New link issued, old link stopped working")
    assert (await status_of(http, session), await status_of(http, reissued)) == (404, 303)


@pytest.mark.parametrize("reason", ["Sent to the wrong customer", ""])
async def test_a_link_is_revoked_after_a_confirmation(
    open_page: OpenPage, shop: Shop, http: httpx.AsyncClient, reason: str
) -> None:
    session = await shop.create()
    page = await opened(open_page, session)
    dialog = await begun(page, "Revoke", "Revoke the link?")
    await expect(dialog).to_contain_text("The link stops working immediately. Dewi Lestari can no longer use it")
    assert await status_of(http, session) == 303
    await dialog.get_by_label("Reason").fill(reason)
    await dialog.get_by_role("button", name="Revoke link").click()
    await expect_said(page, "The link was revoked.")
    panel = panel_of(page)
    await expect_status(page, "Revoked")
    await expect_events(panel, "Session created", "Link opened", f"Reason: {reason}" if reason else "Link revoked")
    await expect(offered(page, "New link")).to_be_visible()
    for gone in ("Extend", "Revoke", "QR code"):
        await expect(offered(page, gone)).to_have_count(0)
    # The button that opened the dialog is gone, and the focus stays in the panel.
    await expect(panel.get_by_role("heading", name="Dewi Lestari")).to_be_focused()
    assert await status_of(http, session) == 410


@pytest.mark.parametrize("kind", ["Purchase", "Task completed", "Goal attained"])
async def test_a_conversion_is_recorded(open_page: OpenPage, shop: Shop, kind: str) -> None:
    session = await shop.create()
    page = await opened(open_page, session)
    dialog = await begun(page, "Record conversion", "Record a conversion")
    await dialog.get_by_label(kind).check()
    if kind == "Purchase":
        await dialog.get_by_label("Order number").fill(" QSH7K2 ")
    await dialog.get_by_role("button", name="Record").click()
    await expect_said(page, "The conversion was recorded.")
    panel = panel_of(page)
    await expect(fact(panel, "Conversion")).to_contain_text(kind)
    await expect_events(panel, "Session created", "Conversion recorded")
    await expect(offered(page, "Record conversion")).to_have_count(0)
    conversion = (await shop.session(session["id"]))["conversion"]
    assert conversion["kind"] == kind.split()[0].upper()
    assert conversion["order"] == ({"number": "QSH7K2"} if kind == "Purchase" else None)
    orders = panel.get_by_role("region", name="Orders").get_by_role("listitem")
    await expect(orders).to_have_count(int(kind == "Purchase"))


async def test_every_action_works_by_keyboard(open_page: OpenPage, shop: Shop, http: httpx.AsyncClient) -> None:
    session = await shop.create(expirationMinutes=30)
    page = await opened(open_page, session)
    press = page.keyboard.press
    await tab_to(page, offered(page, "QR code"))
    await press("Enter")
    await expect(page.get_by_role("dialog", name="QR code for Dewi Lestari")).to_be_visible()
    await press("Escape")
    await press("c")
    await expect(page.get_by_role("button", name="Copied")).to_be_visible()
    assert await clipboard(page) == session["token"]["link"]

    await tab_to(page, offered(page, "Extend"))
    await press("Enter")
    dialog = page.get_by_role("dialog", name="Extend link")
    await expect(dialog.get_by_role("radio", name="1 hour")).to_be_focused()
    await press("ArrowRight")
    for _ in range(12):
        assert await dialog.evaluate("dialog => dialog.contains(document.activeElement)")
        await press("Tab")
    await tab_to(page, dialog.get_by_role("radio", name="24 hours"))
    await press("Enter")
    await expect(dialog).to_have_count(0)
    await expect(offered(page, "Extend")).to_be_focused()
    assert minutes_of((await shop.session(session["id"]))["token"]) == pytest.approx(1440, abs=1)

    await tab_to(page, offered(page, "Record conversion"))
    await press("Enter")
    await expect(page.get_by_role("radio", name="Purchase")).to_be_focused()
    await press("Tab")
    await page.keyboard.type("QSH7K2")
    await press("Enter")
    await expect(fact(panel_of(page), "Conversion")).to_contain_text("Purchase · QSH7K2")

    await tab_to(page, offered(page, "Revoke"))
    await press("Enter")
    await expect(page.get_by_label("Reason")).to_be_focused()
    await press("Escape")
    await expect(offered(page, "Revoke")).to_be_focused()
    await press("Enter")
    await expect(page.get_by_label("Reason")).to_be_focused()
    await page.keyboard.type("wrong customer")
    await press("Enter")
    await expect_status(page, "Revoked")

    await tab_to(page, offered(page, "New link"))
    await press("Enter")
    await expect(page.get_by_role("button", name="Issue new link")).to_be_focused()
    await press("Enter")
    await expect_status(page, "Active")
    await press("Escape")
    await expect(page.get_by_role("dialog")).to_have_count(0)
    assert await shop.event_kinds(session["id"]) == ["ISSUED", "EXTENDED", "CONVERTED", "REVOKED", "REISSUED"]
    assert (await status_of(http, session), await status_of(http, await shop.session(session["id"]))) == (404, 303)


async def test_a_change_is_shown_in_the_list_beneath(open_page: OpenPage, shop: Shop) -> None:
    await shop.create("Budi Santoso")
    await shop.create("Dewi Lestari")
    page = await open_page("/")
    grid = page.get_by_role("grid", name="Sessions")
    row = grid.get_by_role("row").filter(has_text="Dewi Lestari")
    await expect(row).to_contain_text("Active")
    await grid.focus()
    await page.keyboard.press("ArrowDown")
    await page.keyboard.press("Home")
    await page.keyboard.press("Enter")
    await offered(page, "Revoke").click()
    await page.get_by_role("button", name="Revoke link").click()
    await expect(row).to_contain_text("Revoked")
    await expect(grid.get_by_role("row").filter(has_text="Budi Santoso")).to_contain_text("Active")
    await page.keyboard.press("Escape")
    await expect(panel_of(page)).to_have_count(0)
    await expect(grid).to_be_focused()
