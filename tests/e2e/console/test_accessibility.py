"""The accessibility of every page in both colour schemes and on a phone, checked by axe."""

from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from playwright.async_api import Page, ViewportSize, expect

from tests.e2e.console.axe import grave_violations
from tests.e2e.console.conftest import ACCOUNT, SIGN_IN, OpenPage, expect_heading
from tests.support.shop import Shop

DESKTOP: ViewportSize = {"width": 1280, "height": 800}
PHONE: ViewportSize = {"width": 390, "height": 844}
SCREENS = {
    "light": {"color_scheme": "light", "viewport": DESKTOP},
    "dark": {"color_scheme": "dark", "viewport": DESKTOP},
    "phone": {"color_scheme": "light", "viewport": PHONE, "has_touch": True, "is_mobile": True},
    "dark phone": {"color_scheme": "dark", "viewport": PHONE, "has_touch": True, "is_mobile": True},
}

# Violations in GraphiQL itself: buttons in its tabs (nested-interactive), and Monaco's line numbers (color-contrast).
OF_GRAPHIQL = (".graphiql-tabs", ".monaco-editor .margin")

# Except for animations that never end.
FINISH_ANIMATIONS = """document.getAnimations()
    .filter((animation) => animation.effect.getComputedTiming().endTime < Infinity)
    .forEach((animation) => animation.finish())"""

Arrange = Callable[[Page, Any], Awaitable[None]]


async def sessions(page: Page, session: Any) -> None:
    await page.goto("/")
    await expect(page.get_by_text("Dewi Lestari").first).to_be_visible()


async def information(page: Page, session: Any) -> None:
    await page.goto(f"/sessions/{session['id']}")
    await expect(page.get_by_role("dialog").get_by_text("Dewi Lestari").first).to_be_visible()


async def revoking(page: Page, session: Any) -> None:
    await information(page, session)
    await page.get_by_role("button", name="Revoke").click()
    await expect(page.get_by_role("dialog")).to_have_count(2)


def showing(path: str, text: str) -> Arrange:
    """The page at this path, once it shows the text."""

    async def arrange(page: Page, session: Any) -> None:
        await page.goto(path)
        await expect(page.get_by_text(text).first).to_be_visible()

    return arrange


def in_dialog(button: str, title: str) -> Arrange:
    """The dialog that a button of a session opens."""

    async def arrange(page: Page, session: Any) -> None:
        await information(page, session)
        await page.get_by_role("button", name=button, exact=True).click()
        await expect(page.get_by_role("dialog", name=title)).to_be_visible()

    return arrange


extend, reissue = in_dialog("Extend", "Extend link"), in_dialog("New link", "Issue a new link?")
show_qr_code = in_dialog("QR code", "QR code for Dewi Lestari")


async def extending(page: Page, session: Any) -> None:
    await extend(page, session)
    await page.get_by_role("dialog", name="Extend link").get_by_text("Other", exact=True).click()
    await page.get_by_label("Minutes (1 to 1440)").fill("0")


async def showing_the_qr_code(page: Page, session: Any) -> None:
    await show_qr_code(page, session)
    await expect(page.get_by_role("img", name="QR code")).to_be_visible()


async def told_of_a_change(page: Page, session: Any) -> None:
    await reissue(page, session)
    await page.get_by_role("button", name="Issue new link").click()
    # The notification stays while the mouse is over it.
    await page.get_by_role("alert").filter(has_text="A new link was issued").hover()


async def in_menu(page: Page, button: str) -> None:
    await sessions(page, None)
    await page.get_by_role("button", name=button).click()
    await expect(page.get_by_role("menu")).to_be_visible()


async def filters_of_a_phone(page: Page, session: Any) -> None:
    await page.set_viewport_size(PHONE)
    await sessions(page, session)
    await page.get_by_role("button", name="Filters").click()
    await expect(page.get_by_label("Conversion", exact=True)).to_be_visible()


async def offline(page: Page, session: Any) -> None:
    await sessions(page, session)
    await page.context.set_offline(True)
    await expect(page.get_by_text("You are offline.")).to_be_visible()


PAGES: dict[str, Arrange] = {
    "sessions": sessions,
    "nothing found": showing("/?search=nobody", "No sessions found"),
    "a session": information,
    "revoking": revoking,
    "an unknown session": showing("/sessions/session_01h455vb4pex5vsknk084sn02q", "Session not found"),
    "setting": showing("/settings", "Session Expiration"),
    "overview": showing("/overview", "Conversion rate"),
}
MOMENTS: dict[str, Arrange] = {
    "extending": extending,
    "reissuing": reissue,
    "recording a conversion": in_dialog("Record conversion", "Record a conversion"),
    "showing the QR code": showing_the_qr_code,
    "told of a change": told_of_a_change,
    "account menu": lambda page, session: in_menu(page, ACCOUNT),
    "columns": lambda page, session: in_menu(page, "Columns"),
    "filters of a phone": filters_of_a_phone,
    "offline": offline,
}


@pytest.mark.parametrize("screen", SCREENS)
@pytest.mark.parametrize("arrange", PAGES.values(), ids=PAGES)
async def test_every_page_is_accessible(open_page: OpenPage, shop: Shop, screen: str, arrange: Arrange) -> None:
    session = await shop.create(
        customer={"details": {"name": "Dewi Lestari", "phone": "+6281234567890"}},
        roomId="1905692",
        orderNumber="QSH7K2",
        metadata={"channel": "whatsapp"},
    )
    await shop.change("recordConversion", sessionId=session["id"], kind="PURCHASE")
    expired = await shop.create("Bagas Pratama", expirationMinutes=1)
    await shop.turn_back(expired["id"], 5)
    revoked = await shop.create("王小明")
    await shop.change("revokeToken", sessionId=revoked["id"])
    page = await open_page(**SCREENS[screen])
    await expect(page.get_by_role("banner")).to_be_visible()
    await arrange(page, session)
    await expect_accessible(page)


@pytest.mark.parametrize("arrange", MOMENTS.values(), ids=MOMENTS)
async def test_every_dialog_and_menu_is_accessible(open_page: OpenPage, shop: Shop, arrange: Arrange) -> None:
    session = await shop.create("Dewi Lestari", expirationMinutes=30)
    page = await open_page()
    await expect(page.get_by_role("banner")).to_be_visible()
    await arrange(page, session)
    await expect_accessible_in_all_schemes(page)


async def test_graphiql_is_accessible(open_page: OpenPage) -> None:
    page = await open_page("/graphql", key=None)
    await page.get_by_role("button", name="Show Examples").click()
    await page.get_by_role("button", name="Search sessions").click()
    await expect(page.get_by_label("Operation Editor")).to_contain_text("query Search")
    # Away from any word: Monaco sets off the one at the cursor.
    await page.keyboard.press("Control+End")
    await expect_accessible_in_all_schemes(page, OF_GRAPHIQL)


async def expect_accessible_in_all_schemes(page: Page, exclude: tuple[str, ...] = ()) -> None:
    """In both colour schemes, and on a phone in one."""
    await expect_accessible(page, exclude)
    await page.emulate_media(color_scheme="dark")
    # Monaco follows in a later task, if the page has it.
    await expect(page.locator(".monaco-editor.vs")).to_have_count(0)
    await expect_accessible(page, exclude)
    await page.set_viewport_size(PHONE)
    await expect_accessible(page, exclude)


async def expect_accessible(page: Page, exclude: tuple[str, ...] = ()) -> None:
    await page.evaluate(FINISH_ANIMATIONS)
    assert await grave_violations(page, exclude) == []
    width, shown = await page.evaluate("[document.documentElement.scrollWidth, window.innerWidth]")
    assert width <= shown


@pytest.mark.parametrize("screen", SCREENS)
async def test_the_sign_in_page_is_accessible(open_page: OpenPage, screen: str) -> None:
    page = await open_page(key=None, **SCREENS[screen])
    await expect_heading(page, SIGN_IN)
    assert await grave_violations(page) == []
    await page.keyboard.type("secret")
    await page.keyboard.press("Enter")
    await expect(page.get_by_text("An API key starts with rk_")).to_be_visible()
    assert await grave_violations(page) == []
