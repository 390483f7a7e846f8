"""What all pages of the console have in common: permissions, lost connections, translations."""

from typing import Any

import pytest
from playwright.async_api import Page, expect

from tests.e2e.console.conftest import OpenPage, expect_heading, new_console_key
from tests.support.shop import Shop

# A text of each page in Indonesian, by its path.
INDONESIAN = {
    "/": "Waktu kedaluwarsa",
    "/overview": "Median waktu hingga konversi",
    "/settings": "Menit sampai tautan kedaluwarsa",
    "/sessions/{id}": "Linimasa",
}


async def shown(page: Page, path: str) -> Any:
    """What each page shows of the one session of the store, before and after it was changed."""
    return {
        "/": page.get_by_role("grid").get_by_role("link"),
        "/overview": page.get_by_role("region", name="Sessions", exact=True),
        "/settings": page.get_by_role("banner"),
        "/sessions/{id}": page.get_by_role("region", name="Timeline").get_by_role("listitem").last,
    }[path]


@pytest.mark.parametrize("path", ["/", "/overview", "/sessions/{id}"])
async def test_a_page_of_sessions_needs_the_scope_to_read_them(open_page: OpenPage, shop: Shop, path: str) -> None:
    session = await shop.create()
    key = await new_console_key(shop.db, shop, "settings:write")
    page = await open_page(path.format(id=session["id"]), key=key)
    await expect_heading(page, "You do not have permission")
    await expect(page.get_by_role("searchbox").or_(page.get_by_role("radio"))).to_have_count(0)


@pytest.mark.parametrize(
    ("path", "before", "after"),
    [
        ("/", "Dewi Lestari", "Budi"),
        ("/overview", "1created", "2created"),
        ("/sessions/{id}", "link issued", "Link revoked"),
    ],
)
async def test_a_page_is_updated_when_the_connection_is_back(
    open_page: OpenPage, shop: Shop, path: str, before: str, after: str
) -> None:
    session = await shop.create()
    page = await open_page(path.format(id=session["id"]))
    text = await shown(page, path)
    await expect(text.first).to_contain_text(before)
    await page.context.set_offline(True)
    await expect(page.get_by_text("You are offline.")).to_be_visible()
    await shop.create("Budi")
    await shop.change("revokeToken", sessionId=session["id"])
    await expect(text.first).to_contain_text(before)
    await page.context.set_offline(False)
    await expect(text.first).to_contain_text(after)


@pytest.mark.parametrize("path", INDONESIAN)
async def test_a_page_is_loaded_once_the_server_can_be_reached(open_page: OpenPage, shop: Shop, path: str) -> None:
    session = await shop.create()
    page = await open_page()
    await expect(page.get_by_role("grid")).to_contain_text("Dewi Lestari")
    await page.route("**/graphql", lambda route: route.abort())
    await page.goto(path.format(id=session["id"]))
    heading = page.get_by_role("heading", name="The server cannot be reached")
    await expect(heading).to_be_visible()
    await page.unroute("**/graphql")
    await expect(heading).to_be_hidden()
    await expect((await shown(page, path)).first).to_be_visible()


@pytest.mark.parametrize(("path", "text"), INDONESIAN.items())
async def test_every_page_is_translated_into_indonesian(open_page: OpenPage, shop: Shop, path: str, text: str) -> None:
    session = await shop.create()
    await shop.change("recordConversion", sessionId=session["id"], kind="GOAL")
    page = await open_page(path.format(id=session["id"]), key=None, locale="id-ID")
    await page.get_by_label("Kunci API atau token akses").fill(await new_console_key(shop.db, shop))
    await page.get_by_role("button", name="Masuk").click()
    await expect(page.get_by_text(text).first).to_be_visible()
