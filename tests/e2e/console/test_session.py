"""The panel of a session: its fields, link and timeline."""

import asyncio
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path
from time import monotonic
from typing import Any

import httpx
import pytest
from playwright.async_api import Page, Request, Route, TimeoutError, expect

from tests.e2e.console.conftest import OpenPage, new_console_key
from tests.e2e.console.panel import (
    begun,
    clipboard,
    events,
    expect_events,
    expect_said,
    expect_status,
    fact,
    opened,
    panel_of,
    variables_of,
)
from tests.e2e.console.qr_codes import read_qr_code
from tests.support.shop import Shop, path_of

UNKNOWN = "session_01h455vb4pex5vsknk084sn02q"

DEWI = {"details": {"name": "Dewi Lestari", "phone": "+6281234567890", "email": "dewi@example.com"}}


async def test_every_field_of_a_session_is_shown(open_page: OpenPage, shop: Shop, http: httpx.AsyncClient) -> None:
    session = await shop.create(
        customer=DEWI, roomId="1905692", orderNumber="QSH7K2", expirationMinutes=90, metadata={"agent": "Ayu", "n": [1]}
    )
    total = {"amount": "189000.5", "currency": "IDR"}
    placed = {"sessionId": session["id"], "number": "QSH7K2", "total": total, "placedAt": session["dateCreated"]}
    await shop.change("recordOrder", "order { id }", **placed)
    await shop.change("recordConversion", sessionId=session["id"], kind="PURCHASE", orderNumber="QSH7K2")
    await http.get(path_of(session), headers={"User-Agent": "WhatsApp/2"})
    await http.get(path_of(session), headers={"User-Agent": "Mozilla/5.0"})
    page = await opened(open_page, session)
    panel = panel_of(page)
    exact = {"Token status": "Active", "Session ID": session["id"], "Customer's name": "Dewi Lestari", "n": "[1]"}
    exact |= {"Phone": "+6281234567890", "Email": "dewi@example.com", "Room ID": "1905692", "agent": "Ayu"}
    for label, text in exact.items():
        await expect(fact(panel, label)).to_have_text(text)
    parts = {"Expired time": "1 h 29 min left", "Token link": session["token"]["link"], "Date created": "202"}
    for label, text in (parts | {"Conversion": "Purchase · QSH7K2"}).items():
        await expect(fact(panel, label)).to_contain_text(text)
    orders = panel.get_by_role("region", name="Orders").get_by_role("listitem")
    await expect(orders).to_contain_text(["QSH7K2IDR\N{NO-BREAK SPACE}189,000.5placed"])
    shown = ("Session created, link issued", "Conversion recorded", "Link previewed by a chat app", "Link opened")
    await expect_events(panel, *shown)
    await expect(events(panel).first).to_contain_text("by key …")


async def test_missing_fields_of_a_session_are_shown_as_missing(open_page: OpenPage, shop: Shop) -> None:
    panel = panel_of(await opened(open_page, await shop.create(expirationMinutes=0)))
    for label, text in {"Expired time": "Never", "Conversion": "None yet", "Room ID": "None"}.items():
        await expect(fact(panel, label)).to_have_text(text)
    await expect(panel.get_by_role("region", name="Orders")).to_contain_text("No orders yet.")
    await expect(events(panel).first).to_contain_text("Never expires")
    for absent in ("Phone", "Email", "Metadata"):
        await expect(panel.get_by_text(absent)).to_have_count(0)


async def test_closing_a_session_returns_to_the_same_search(open_page: OpenPage, shop: Shop) -> None:
    session = await shop.create()
    page = await open_page(f"/sessions/{session['id']}?search=dewi&status=ACTIVE")
    await expect(panel_of(page)).to_be_visible()
    base = page.url.split("/sessions")[0]
    await page.reload()
    await panel_of(page).get_by_role("button", name="Close").click()
    await expect(page).to_have_url(f"{base}/?search=dewi&status=ACTIVE")
    await page.go_back()
    await expect(panel_of(page)).to_be_visible()
    await page.keyboard.press("Escape")
    await expect(page).to_have_url(f"{base}/?search=dewi&status=ACTIVE")
    await page.go_back()
    await expect(panel_of(page)).to_be_visible()
    await page.mouse.click(100, 300)
    await expect(panel_of(page)).to_have_count(0)


async def test_the_link_is_copied_by_a_click_or_by_a_key(open_page: OpenPage, shop: Shop) -> None:
    session = await shop.create()
    page = await opened(open_page, session)
    await page.get_by_role("button", name="Copy link", exact=True).click()
    await expect(page.get_by_role("button", name="Copied")).to_be_visible()
    assert await clipboard(page) == session["token"]["link"]
    await page.get_by_role("button", name="Copy Session ID", exact=True).click()
    await expect(page.get_by_role("status").filter(has_text="Copied")).to_have_count(2)
    assert await clipboard(page) == session["id"]
    await page.keyboard.press("c")
    await expect(page.get_by_role("button", name="Copied")).to_be_visible()
    assert await clipboard(page) == session["token"]["link"]


@pytest.mark.parametrize("color_scheme", ["light", "dark"])
async def test_the_qr_code_contains_the_link(open_page: OpenPage, shop: Shop, color_scheme: str) -> None:
    session = await shop.create()
    page = await opened(open_page, session, color_scheme=color_scheme)
    await page.get_by_role("button", name="QR code").click()
    code = page.get_by_role("img", name="QR code of the token link")
    assert await read_qr_code(page, await code.screenshot()) == session["token"]["link"]
    async with page.expect_download() as download:
        await page.get_by_role("button", name="Download image").click()
    saved = await download.value
    assert saved.suggested_filename == "QR code for Dewi Lestari.png"
    picture = Path(await saved.path())
    assert await read_qr_code(page, await asyncio.to_thread(picture.read_bytes)) == session["token"]["link"]
    await page.keyboard.press("Escape")
    await expect(code).to_have_count(0)
    await expect(page.get_by_role("button", name="QR code")).to_be_focused()


async def test_a_session_expires_while_it_is_looked_at(open_page: OpenPage, shop: Shop) -> None:
    session = await shop.create(expirationMinutes=30)
    page = await opened(open_page, session)
    panel = panel_of(page)
    await shop.turn_back(session["id"], 30 - 10 / 60)
    await page.reload()
    await expect_status(page, "Active")
    await expect(page.get_by_role("button", name="QR code")).to_be_visible()
    await page.evaluate("window.isTheSamePage = true")
    await expect(fact(panel, "Token status")).to_have_text("Expired", timeout=20_000)
    await expect(fact(panel, "Expired time")).to_contain_text("ago")
    await expect(panel.get_by_text("This link no longer works.")).to_be_visible()
    await expect(page.get_by_role("button", name="QR code")).to_have_count(0)
    await expect_events(panel, "Session created, link issued", "Link expired")
    assert await page.evaluate("window.isTheSamePage")
    assert await shop.event_kinds(session["id"]) == ["ISSUED", "EXPIRED"]


async def behind(page: Page, session: Any) -> list[float]:
    """Set the clock of the browser an hour ahead. Returns the times of its requests for the session."""
    asked: list[float] = []

    async def an_hour_later(route: Route) -> None:
        if variables_of(route.request) == {"id": session["id"], "canSeeLink": True}:
            asked.append(monotonic())
        response = await route.fetch()
        date = format_datetime(datetime.now(UTC) + timedelta(hours=1), usegmt=True)
        await route.fulfill(response=response, headers={**response.headers, "date": date})

    await page.route("**/graphql", an_hour_later)
    await page.reload()
    return asked


async def test_requests_become_rarer_if_the_clock_of_the_browser_is_ahead(open_page: OpenPage, shop: Shop) -> None:
    session = await shop.create(expirationMinutes=30)
    page = await opened(open_page, session)
    asked = await behind(page, session)
    async with asyncio.timeout(30):
        while len(asked) < 4:
            await page.wait_for_event("requestfinished")
    assert asked[2] - asked[1] >= 1
    assert asked[3] - asked[2] >= 2


async def test_a_session_that_cannot_be_refreshed_stays_with_a_warning(open_page: OpenPage, shop: Shop) -> None:
    session = await shop.create(expirationMinutes=30)
    page = await opened(open_page, session)
    asked = await behind(page, session)
    panel = panel_of(page)
    await expect_status(page, "Expired")
    await shop.db.fetch("update app set scopes = '{settings:write}' where store_id = $1 and name = 'console'", shop.id)
    failure = panel.get_by_role("alert")
    await expect(failure).to_contain_text("The data may be out of date")
    await expect(fact(panel, "Session ID")).to_have_text(session["id"])
    count = len(asked)

    def asks_for_the_session(request: Request) -> bool:
        return bool(variables_of(request) == {"id": session["id"], "canSeeLink": True})

    with pytest.raises(TimeoutError):
        await page.wait_for_event("request", asks_for_the_session, timeout=3000)
    await failure.get_by_role("button", name="Try again").click()
    await expect(failure).to_contain_text("The data may be out of date")
    assert len(asked) == count + 1


async def test_escape_during_text_composition_does_not_close_the_dialog(open_page: OpenPage, shop: Shop) -> None:
    page = await opened(open_page, await shop.create())
    dialog = await begun(page, "Revoke", "Revoke the link?")
    reason = dialog.get_by_label("Reason")
    await reason.focus()
    keyboard = await page.context.new_cdp_session(page)
    await keyboard.send("Input.imeSetComposition", {"text": "nihao", "selectionStart": 5, "selectionEnd": 5})
    await expect(reason).to_have_value("nihao")
    await page.keyboard.press("Escape")
    await expect(dialog).to_be_visible()
    await keyboard.send("Input.imeSetComposition", {"text": "", "selectionStart": 0, "selectionEnd": 0})
    await page.keyboard.press("Escape")
    await expect(dialog).to_have_count(0)


async def test_a_link_that_cannot_be_copied_is_shown(open_page: OpenPage, shop: Shop) -> None:
    session = await shop.create()
    page = await opened(open_page, session)
    await page.evaluate("Object.defineProperty(navigator, 'clipboard', { value: undefined })")
    await page.keyboard.press("c")
    await expect_said(page, session["token"]["link"])
    link = page.get_by_role("alert").get_by_text(session["token"]["link"])
    assert await link.evaluate("shown => shown.scrollWidth <= shown.clientWidth"), "It is cut off."
    await expect(page.get_by_role("button", name="Copy link", exact=True)).to_be_visible()


async def test_a_long_timeline_is_paginated(open_page: OpenPage, shop: Shop, http: httpx.AsyncClient) -> None:
    session = await shop.create(expirationMinutes=0)
    for _ in range(60):
        await http.get(path_of(session), headers={"User-Agent": "Mozilla/5.0"})
        await shop.turn_back(session["id"], 1)  # visits within a minute are one event
    page = await opened(open_page, session)
    panel = panel_of(page)
    opens = events(panel).filter(has_text="Link opened")
    await expect(opens).to_have_count(49)
    await panel.get_by_role("button", name="Show more").click()
    await expect(opens).to_have_count(60)
    await expect(panel.get_by_role("button", name="Show more")).to_have_count(0)
    await panel.get_by_role("button", name="Revoke").click()
    await page.get_by_role("button", name="Revoke link").click()
    await expect(events(panel).last).to_contain_text("Link revoked")
    await expect(opens).to_have_count(60)


@pytest.mark.parametrize("id", [UNKNOWN, "session_1", "customer_01h455vb4pex5vsknk084sn02q", "%F0%9F%92%A5"])
async def test_an_unknown_session_is_not_found(open_page: OpenPage, id: str) -> None:
    page = await open_page(f"/sessions/{id}")
    await expect(page.get_by_role("dialog").get_by_role("heading", name="Session not found")).to_be_visible()
    await page.keyboard.press("Escape")
    await expect(page.get_by_role("dialog")).to_have_count(0)


async def test_no_action_is_offered_with_read_access(open_page: OpenPage, shop: Shop) -> None:
    session = await shop.create()
    key = await new_console_key(shop.db, shop, "sessions:read")
    page = await opened(open_page, session, key=key)
    buttons = panel_of(page).get_by_role("button")
    await expect(page.get_by_role("heading", name="Timeline")).to_be_visible()
    names = [await button.get_attribute("aria-label") or await button.inner_text() for button in await buttons.all()]
    assert names == ["Close", "Copy Session ID", "Copy Customer's name"]
    await expect(panel_of(page)).not_to_contain_text("Token link")


async def test_a_session_fits_a_phone_in_indonesian(open_page: OpenPage, shop: Shop) -> None:
    session = await shop.create("Raden Mas Suryadiningrat Kusumawardhana " * 3, roomId="1" * 100)
    phone = {"width": 390, "height": 844}
    page = await open_page(f"/sessions/{session['id']}", key=None, viewport=phone, locale="id-ID", has_touch=True)
    await page.get_by_label("Kunci API atau token akses").fill(await new_console_key(shop.db, shop))
    await page.keyboard.press("Enter")
    panel = page.get_by_role("dialog")
    await expect(panel.get_by_role("heading", name="Linimasa")).to_be_visible()
    assert await panel.evaluate("panel => [panel.scrollWidth, panel.clientWidth]") == [390, 390]
    assert await page.evaluate("document.documentElement.scrollWidth") == 390
    for button in await panel.get_by_role("button").all():
        box = await button.bounding_box()
        assert box
        assert min(box["width"], box["height"]) >= 32
