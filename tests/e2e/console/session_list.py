"""Locators and actions of the list of sessions."""

import asyncio
from typing import Any

from playwright.async_api import Locator, Page, Request, expect

from tests.e2e.console.conftest import OpenPage
from tests.support.shop import Shop

PAGE = 100


def rows(page: Page) -> Locator:
    return page.get_by_role("grid").locator("tbody").get_by_role("row")


def row(page: Page, name: str) -> Locator:
    return rows(page).filter(has=page.get_by_role("link", name=name, exact=True))


def names(page: Page) -> Locator:
    return rows(page).get_by_role("link")


def search_box(page: Page) -> Locator:
    return page.get_by_role("searchbox")


async def choose(page: Page, status: str) -> None:
    await page.get_by_role("group", name="Token status").get_by_text(status).click()


async def expect_names(page: Page, *expected: str) -> None:
    await expect(names(page)).to_have_text(list(expected))


async def expect_active(page: Page, name: str) -> None:
    """Expect that the grid has the focus and that this customer's row is active."""
    await expect(page.get_by_role("grid")).to_be_focused()
    active = await row(page, name).get_attribute("id")
    assert active
    await expect(page.get_by_role("grid")).to_have_attribute("aria-activedescendant", active)
    await expect(row(page, name)).to_have_attribute("aria-selected", "true")
    await expect(row(page, name)).to_be_in_viewport()


async def fill(shop: Shop, *customers: str, **input: Any) -> list[Any]:
    """Sessions of these customers, the last one the newest."""
    return [await shop.create(name, **input) for name in customers]


async def opened_list(open_page: OpenPage, shop: Shop, *customers: str, path: str = "/") -> Page:
    """The list, once it shows new sessions of these customers, the newest of which is the last one."""
    await fill(shop, *customers)
    page = await open_page(path)
    await expect_names(page, *reversed(customers))
    return page


async def fill_many(shop: Shop, number: int) -> None:
    for first in range(0, number, 10):
        await asyncio.gather(*(shop.create(f"Customer {n}") for n in range(first, first + 10)))


def asked(page: Page) -> list[Any]:
    """The variables of each page of sessions that is requested from now on."""
    variables: list[Any] = []

    def take(request: Request) -> None:
        body = request.post_data_json if request.method == "POST" else None
        if isinstance(body, dict) and body.get("variables", {}).get("first") == PAGE:
            variables.append(body["variables"])

    page.on("request", take)
    return variables
