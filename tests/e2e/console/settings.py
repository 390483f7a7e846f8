"""Locators and actions of the page of the store's settings."""

from typing import Any

from playwright.async_api import Locator, Page

from tests.support.shop import Shop

SETTINGS = "{ store { sessionExpiration name storefrontUrl } }"
MINUTES = "Minutes until a link expires"
APPLY = "Also change active links"


def expiration(page: Page) -> Locator:
    return page.get_by_role("form", name="Session Expiration")


def store(page: Page) -> Locator:
    return page.get_by_role("form", name="Store", exact=True)


async def save(form: Locator) -> None:
    await form.get_by_role("button", name="Save").click()


async def settings(shop: Shop) -> Any:
    return (await shop.ask(SETTINGS))["store"]


async def session_expiration(shop: Shop) -> Any:
    return (await settings(shop))["sessionExpiration"]


def mutations(page: Page) -> list[Any]:
    """The inputs of the mutations that are sent from now on."""
    sent: list[Any] = []

    def note(request: Any) -> None:
        body = request.post_data_json if request.method == "POST" else None
        if body and "input" in body.get("variables", {}):
            sent.append(body["variables"]["input"])

    page.on("request", note)
    return sent
