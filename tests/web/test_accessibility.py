"""Every page in both colour schemes and at a phone's width: axe finds nothing grave, and nothing is cut off."""

from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from playwright.async_api import Page, expect

from tests.shop import Shop
from tests.web.axe import grave_violations
from tests.web.conftest import OpenPage

SCREENS = {
    "light": {"color_scheme": "light", "viewport": {"width": 1280, "height": 800}},
    "dark": {"color_scheme": "dark", "viewport": {"width": 1280, "height": 800}},
    "phone": {"color_scheme": "light", "viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True},
    "dark phone": {
        "color_scheme": "dark",
        "viewport": {"width": 390, "height": 844},
        "has_touch": True,
        "is_mobile": True,
    },
}

# But for those that go on for ever.
FINISH_ANIMATIONS = """document.getAnimations()
    .filter((animation) => animation.effect.getComputedTiming().endTime < Infinity)
    .forEach((animation) => animation.finish())"""

Arrange = Callable[[Page, Any], Awaitable[None]]


async def sessions(page: Page, session: Any) -> None:
    await page.goto("/")
    await expect(page.get_by_text("Dewi Lestari").first).to_be_visible()


async def nothing_found(page: Page, session: Any) -> None:
    await page.goto("/?search=nobody")
    await expect(page.get_by_role("heading", name="Nothing matches")).to_be_visible()


async def information(page: Page, session: Any) -> None:
    await page.goto(f"/sessions/{session['id']}")
    await expect(page.get_by_role("dialog").get_by_text("Dewi Lestari").first).to_be_visible()


async def revoking(page: Page, session: Any) -> None:
    await information(page, session)
    await page.get_by_role("button", name="Revoke").click()
    await expect(page.get_by_role("dialog")).to_have_count(2)


async def unknown_session(page: Page, session: Any) -> None:
    await page.goto("/sessions/session_01h455vb4pex5vsknk084sn02q")
    await expect(page.get_by_role("dialog").get_by_text("no such session", exact=False).first).to_be_visible()


async def setting(page: Page, session: Any) -> None:
    await page.goto("/settings")
    await expect(page.get_by_role("heading", name="Session Expiration")).to_be_visible()


async def overview(page: Page, session: Any) -> None:
    await page.goto("/overview")
    await expect(page.get_by_text("Conversion rate").first).to_be_visible()


PAGES = [sessions, nothing_found, information, revoking, unknown_session, setting, overview]


@pytest.mark.parametrize("screen", SCREENS)
@pytest.mark.parametrize("arrange", PAGES, ids=lambda arrange: arrange.__name__)
async def test_a_page_is_for_everybody(open_page: OpenPage, shop: Shop, screen: str, arrange: Arrange) -> None:
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
    await page.evaluate(FINISH_ANIMATIONS)
    assert await grave_violations(page) == []
    width, shown = await page.evaluate("[document.documentElement.scrollWidth, window.innerWidth]")
    assert width <= shown


@pytest.mark.parametrize("screen", SCREENS)
async def test_the_way_in_is_for_everybody(open_page: OpenPage, screen: str) -> None:
    page = await open_page(key=None, **SCREENS[screen])
    await expect(page.get_by_role("heading", name="Sign in to your store")).to_be_visible()
    assert await grave_violations(page) == []
    await page.keyboard.press("Tab")
    await page.keyboard.type("secret")
    await page.keyboard.press("Enter")
    await expect(page.get_by_text("An API key begins with rk_")).to_be_visible()
    assert await grave_violations(page) == []
