"""The list of sessions: its columns, copying, and phones."""

import re

from playwright.async_api import Page, Response, expect

from tests.e2e.console.conftest import CLIPBOARD, OpenPage, expect_heading, new_console_key, sign_in
from tests.e2e.console.panel import clipboard, expect_events, panel_of
from tests.e2e.console.session_list import choose, expect_names, fill, names, row
from tests.support.shop import Shop

RETIRE = "update session set token_key = 'retired' where store_id = $1 and id = $2"
PHONE = {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True}


async def test_the_list_shows_the_fields_of_a_session(open_page: OpenPage, shop: Shop) -> None:
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


async def test_links_are_not_requested_with_read_access(open_page: OpenPage, shop: Shop) -> None:
    [session] = await fill(shop, "Dewi")
    page = await open_page(key=None)
    responses: list[str] = []

    async def record(response: Response) -> None:
        if response.url.endswith("/graphql"):
            responses.append(await response.text())

    page.on("response", record)
    await sign_in(page, await new_console_key(shop.db, shop, "sessions:read"))
    await expect(row(page, "Dewi")).to_contain_text("Active")
    await expect(page.get_by_role("columnheader").nth(1)).to_have_text("Customer's name")
    await expect(page.get_by_role("columnheader", name="Token link")).to_have_count(0)
    await expect(page.get_by_text("copy link")).to_have_count(0)
    await row(page, "Dewi").get_by_role("link").click()
    await expect_events(panel_of(page, "Dewi"), "link issued")
    await page.keyboard.press("c")
    await expect(page.get_by_role("alert")).to_have_count(0)
    assert sum(session["id"] in text for text in responses) == 2
    assert not any('"errors"' in text or '"link"' in text for text in responses)


async def test_a_link_and_a_session_id_are_copied_by_a_click(open_page: OpenPage, shop: Shop) -> None:
    [session] = await fill(shop, "Dewi")
    page = await open_page(permissions=CLIPBOARD)
    await page.get_by_role("button", name="Copy link of Dewi").click()
    await expect(row(page, "Dewi")).to_contain_text("Copied")
    await expect(page.get_by_role("status").get_by_text("Link copied")).to_be_attached()
    assert await clipboard(page) == session["token"]["link"]
    await expect(page).to_have_url(re.compile("/$"))
    await page.get_by_role("button", name="Copy session ID").click()
    await expect(page.get_by_role("status").get_by_text("Session ID copied")).to_be_attached()
    assert await clipboard(page) == session["id"]


async def test_a_link_is_copied_by_keyboard(open_page: OpenPage, shop: Shop) -> None:
    ayu, budi = await fill(shop, "Ayu", "Budi")
    page = await open_page(permissions=CLIPBOARD)
    await expect_names(page, "Budi", "Ayu")
    await page.get_by_role("grid").focus()
    await page.keyboard.press("ArrowDown")
    await page.keyboard.press("c")
    await expect(page.get_by_role("status").get_by_text("Link copied")).to_be_attached()
    assert await clipboard(page) in (ayu["token"]["link"], budi["token"]["link"])
    await page.keyboard.press("Home")
    for _ in ["Customer's name", "Date created", "Expired time", "Budi"]:
        await page.keyboard.press("Tab")
    await expect(row(page, "Budi").get_by_role("button", name="Copy session ID")).to_be_focused()


async def test_a_link_of_a_retired_key_is_explained(open_page: OpenPage, shop: Shop) -> None:
    [session] = await fill(shop, "Dewi")
    await shop.db.fetch(RETIRE, shop.id, session["id"])
    page = await open_page()
    await expect(row(page, "Dewi")).to_contain_text("No link. Issue a new one.")
    await expect(page.get_by_title("The key that signed this link is no longer in use")).to_be_visible()


async def test_hidden_columns_are_remembered(open_page: OpenPage, shop: Shop) -> None:
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


async def test_an_empty_store_gets_an_explanation(page: Page) -> None:
    await expect_heading(page, "No sessions yet")
    await expect(page.get_by_text("0 sessions")).to_be_visible()


async def test_the_list_fits_a_phone(open_page: OpenPage, shop: Shop) -> None:
    [_, session] = await fill(shop, "Budi", "Dewi Lestari Kusumawardhani Prawirohardjo", roomId="1905692")
    page = await open_page(**PHONE, permissions=CLIPBOARD)
    shown = row(page, "Dewi Lestari Kusumawardhani Prawirohardjo")
    await expect(shown).to_contain_text("Active")
    assert await page.evaluate("document.documentElement.scrollWidth") == 390
    await shown.get_by_role("button", name="Copy link").tap()
    await expect(page.get_by_role("status").get_by_text("Link copied")).to_be_attached()
    assert await clipboard(page) == session["token"]["link"]
    await page.get_by_role("button", name="Filters").tap()
    await page.get_by_label("Sort by").select_option("Oldest first")
    await expect(names(page).first).to_have_text("Budi")
    await choose(page, "Revoked")
    await expect_heading(page, "No sessions found")
    assert await page.evaluate("document.documentElement.scrollWidth") == 390
    await page.get_by_role("button", name="Clear all").first.tap()
    await shown.tap()
    await expect(page.get_by_role("dialog", name="Dewi Lestari")).to_be_visible()
