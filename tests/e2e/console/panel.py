"""Locators and actions of the panel of a session."""

from typing import Any

from playwright.async_api import Locator, Page, Request, expect

from tests.e2e.console.conftest import CLIPBOARD, OpenPage


def panel_of(page: Page, name: str = "Dewi Lestari") -> Locator:
    return page.get_by_role("dialog", name=name)


def fact(panel: Locator, label: str) -> Locator:
    """The value next to a label."""
    return panel.locator("dl > div").filter(has=panel.page.get_by_text(label, exact=True)).locator("dd")


def events(panel: Locator) -> Locator:
    return panel.get_by_role("region", name="Timeline").get_by_role("listitem")


async def expect_events(panel: Locator, *texts: str) -> None:
    """The timeline's events, in this order, each with some text."""
    await expect(events(panel)).to_contain_text(list(texts))


async def opened(open_page: OpenPage, session: Any, **options: Any) -> Page:
    """A page that shows a session and has access to the clipboard."""
    page = await open_page(f"/sessions/{session['id']}", permissions=CLIPBOARD, **options)
    await expect(panel_of(page, session["customer"]["name"]).get_by_text("Session ID")).to_be_visible()
    return page


async def begun(page: Page, action: str, title: str) -> Locator:
    """The dialog with this title, after a click on the action that opens it."""
    await offered(page, action).click()
    return page.get_by_role("dialog", name=title)


async def expect_status(page: Page, status: str) -> None:
    await expect(fact(panel_of(page), "Token status")).to_have_text(status)


async def clipboard(page: Page) -> Any:
    return await page.evaluate("navigator.clipboard.readText()")


def offered(page: Page, name: str) -> Locator:
    return panel_of(page).get_by_role("button", name=name, exact=True)


async def expect_said(page: Page, text: str) -> None:
    """Expect the text in a notification that can be closed."""
    said = page.get_by_role("alert").filter(has_text=text)
    await expect(said.get_by_role("button", name="Close")).to_be_visible()


def variables_of(request: Request) -> Any:
    """The variables of a request."""
    return (request.post_data_json or {}).get("variables")
