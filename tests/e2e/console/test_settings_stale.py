"""The store's setting, changed elsewhere while its page is open in this tab."""

from collections.abc import Awaitable, Callable

import pytest
from playwright.async_api import Page, expect

from tests.e2e.console.conftest import OpenPage
from tests.e2e.console.settings import MINUTES, SETTINGS
from tests.support.shop import Shop, minutes_of

Change = Callable[..., Awaitable[None]]


@pytest.fixture
async def page(open_page: OpenPage) -> Page:
    page = await open_page("/settings")
    await expect(page.get_by_label(MINUTES)).to_have_value("30")
    return page


@pytest.fixture
def elsewhere(shop: Shop, page: Page) -> Change:
    """Change it elsewhere; this tab hears of it, since it was without a connection meanwhile."""

    async def change(**settings: object) -> None:
        await page.context.set_offline(True)
        await expect(page.get_by_text("You are offline.")).to_be_visible()
        await shop.change("updateStoreSettings", "store { id }", **settings)
        async with page.expect_response("**/graphql"):
            await page.context.set_offline(False)

    return change


async def test_the_page_shows_what_is_set_when_it_is_opened(page: Page, shop: Shop) -> None:
    await page.get_by_role("link", name="Sessions").click()
    await expect(page.get_by_role("heading", name="Sessions", exact=True)).to_be_visible()
    await shop.change("updateStoreSettings", "store { id }", sessionExpiration=90, name="Toko Kopi")
    await page.get_by_role("link", name="Store setting").click()
    await expect(page.get_by_label(MINUTES)).to_have_value("90")
    await expect(page.get_by_label("Name")).to_have_value("Toko Kopi")
    await expect(page.get_by_role("banner")).to_contain_text("Toko Kopi")
    await expect(page.get_by_text("Unsaved changes")).to_have_count(0)


async def test_what_is_being_written_stays(page: Page, shop: Shop, elsewhere: Change) -> None:
    await page.get_by_label(MINUTES).fill("45")
    await page.get_by_label("Storefront URL").fill("https://kopi.example/")
    await elsewhere(sessionExpiration=90, name="Toko Kopi")
    await expect(page.get_by_role("banner")).to_contain_text("Toko Kopi")
    await expect(page.get_by_label(MINUTES)).to_have_value("45")
    await expect(page.get_by_label("Storefront URL")).to_have_value("https://kopi.example/")
    # Nobody touched the name here: it is not set back.
    await expect(page.get_by_label("Name")).to_have_value("Toko Kopi")
    await page.get_by_role("form", name="Store", exact=True).get_by_role("button", name="Save").click()
    await expect(page.get_by_text("Customers see the change from now on.")).to_be_visible()
    assert (await shop.ask(SETTINGS))["store"] == {
        "sessionExpiration": 90,
        "name": "Toko Kopi",
        "storefrontUrl": "https://kopi.example/",
    }
    await page.get_by_role("button", name="Discard changes").click()
    await expect(page.get_by_label(MINUTES)).to_have_value("90")


async def test_to_change_active_links_sets_nothing_back(page: Page, shop: Shop, elsewhere: Change) -> None:
    session = await shop.create()
    await page.get_by_label("Also change active links").check()
    await elsewhere(sessionExpiration=90)
    await expect(page.get_by_label(MINUTES)).to_have_value("90")
    await page.get_by_role("form", name="Session Expiration").get_by_role("button", name="Save").click()
    await page.get_by_role("dialog").get_by_role("button", name="Change active links").click()
    await expect(page.get_by_text("Saved. 1 active link was changed.")).to_be_visible()
    assert minutes_of((await shop.session(session["id"]))["token"]) == 90


async def test_it_says_when_it_may_be_old(page: Page) -> None:
    await page.get_by_role("link", name="Sessions").click()
    await expect(page.get_by_role("heading", name="Sessions", exact=True)).to_be_visible()
    await page.route("**/graphql", lambda route: route.abort())
    await page.get_by_role("link", name="Store setting").click()
    await expect(page.get_by_role("alert")).to_contain_text("The server cannot be reached")
    await expect(page.get_by_label(MINUTES)).to_have_value("30")
    await page.unroute("**/graphql")
    await page.get_by_role("button", name="Try again").click()
    await expect(page.get_by_role("alert")).to_have_count(0)
