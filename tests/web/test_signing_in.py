"""Signing in and out, and what every page of the console has in common."""

from dataclasses import replace

import httpx
import pytest
from playwright.async_api import Page, expect

from tests.shop import Shop, new_app
from tests.web.conftest import OpenPage, new_console_key, sign_in

STORAGE = "() => ({ local: { ...localStorage }, session: { ...sessionStorage } })"


async def test_a_key_is_kept_for_its_tab_alone(open_page: OpenPage, shop: Shop, staff_key: str) -> None:
    page = await open_page()
    await expect(page.get_by_role("banner")).to_contain_text(f"Shop {shop.slug}")
    kept = await page.evaluate(STORAGE)
    assert kept["session"] == {"credential": staff_key}
    assert staff_key not in str(kept["local"])
    await page.reload()
    await expect(page.get_by_role("banner")).to_contain_text(f"Shop {shop.slug}")
    other = await page.context.new_page()
    await other.goto("/")
    await expect(other.get_by_role("heading", name="Sign in to your store")).to_be_visible()
    await page.get_by_role("button", name="Language, colours, sign out").click()
    await page.get_by_role("menuitem", name="Sign out").click()
    await expect(page.get_by_role("heading", name="Sign in to your store")).to_be_visible()
    assert (await page.evaluate(STORAGE))["session"] == {}


@pytest.mark.parametrize("given", ["secret", "rk_", "eyJ.eyJ", "rk_ with spaces"])
async def test_what_is_no_credential_is_not_sent(open_page: OpenPage, given: str) -> None:
    page = await open_page(key=None)
    sent: list[str] = []
    page.on("request", lambda request: request.method == "POST" and sent.append(request.url))
    await sign_in(page, given)
    await expect(page.get_by_text("An API key begins with rk_")).to_be_visible()
    assert sent == []


async def test_who_is_refused_signs_in_again_where_they_were(open_page: OpenPage, shop: Shop, staff_key: str) -> None:
    page = await open_page("/settings", key="rk_00000000000000000000000000")
    await expect(page.get_by_role("alert")).to_contain_text("the key was turned off")
    await sign_in(page, staff_key)
    await expect(page.get_by_role("link", name="Store setting")).to_have_attribute("aria-current", "page")


async def test_a_key_that_is_turned_off_signs_out(open_page: OpenPage, shop: Shop) -> None:
    key = await new_console_key(shop.db, shop)
    page = await open_page("/settings", key=key)
    await expect(page.get_by_role("banner")).to_be_visible()
    apps = (await shop.ask("{ apps { nodes { name keys { id } } } }"))["apps"]["nodes"]
    for id in [key["id"] for app in apps if app["name"] == "console" for key in app["keys"]]:
        await shop.change("revokeApiKey", "apiKey { id }", id=id)
    while (await replace(shop, key=key).post("{ __typename }")).status_code != 401:
        pass  # it takes effect within a second
    await page.reload()
    await expect(page.get_by_role("alert")).to_contain_text("the key was turned off")


async def test_a_key_of_another_app_is_told_that_it_is_none_of_the_console(open_page: OpenPage, shop: Shop) -> None:
    page = await open_page(key=shop.key)
    await expect(page.get_by_role("heading", name="Not a key of the console")).to_be_visible()
    await page.get_by_role("button", name="Sign out").click()
    await expect(page.get_by_label("API key or access token")).to_be_visible()


async def test_the_console_sends_ids_of_documents_and_its_app_may_send_nothing_else(
    open_page: OpenPage, shop: Shop, staff_key: str, http: httpx.AsyncClient
) -> None:
    page = await open_page(key=None)
    sent: list[object] = []
    page.on("request", lambda request: request.method == "POST" and sent.append(request.post_data_json))
    await sign_in(page, staff_key)
    await expect(page.get_by_role("banner")).to_be_visible()
    assert sent
    for body in sent:
        assert isinstance(body, dict)
        assert body.keys() <= {"documentId", "variables"}
        assert body["documentId"].startswith("sha256:")
    headers = {"Authorization": f"Bearer {staff_key}"}
    refused = await http.post("/graphql", json={"query": "{ store { id } }"}, headers=headers)
    assert refused.json()["errors"][0]["extensions"]["code"] == "PERSISTED_QUERY_ID_REQUIRED"


async def test_the_language_is_chosen_and_kept(open_page: OpenPage, staff_key: str) -> None:
    page = await open_page("/settings")
    await page.get_by_role("button", name="Language, colours, sign out").click()
    await page.get_by_role("menuitemradio", name="Bahasa Indonesia").click()
    await expect(page.get_by_role("link", name="Pengaturan toko")).to_be_visible()
    await page.reload()
    await expect(page.get_by_role("link", name="Pengaturan toko")).to_be_visible()
    assert await page.evaluate("document.documentElement.lang") == "id"


async def test_an_indonesian_browser_is_greeted_in_indonesian(open_page: OpenPage) -> None:
    page = await open_page(key=None, locale="id-ID")
    await expect(page.get_by_role("heading", name="Masuk ke toko Anda")).to_be_visible()


async def test_a_colour_scheme_is_chosen_and_kept(page: Page) -> None:
    scheme = "document.documentElement.dataset.mantineColorScheme"
    assert await page.evaluate(scheme) == "light"
    await page.get_by_role("button", name="Language, colours, sign out").click()
    await page.get_by_role("menuitemradio", name="Dark").click()
    await page.reload()
    await expect(page.get_by_role("banner")).to_be_visible()
    assert await page.evaluate(scheme) == "dark"


async def test_a_lost_connection_is_said_and_mended(page: Page) -> None:
    await expect(page.get_by_role("banner")).to_be_visible()
    await page.context.set_offline(True)
    await expect(page.get_by_text("There is no connection.")).to_be_visible()
    await page.context.set_offline(False)
    await expect(page.get_by_text("There is no connection.")).to_be_hidden()


async def test_an_app_without_a_scope_of_the_console_still_signs_in(open_page: OpenPage, shop: Shop) -> None:
    key = await new_console_key(shop.db, shop, "settings:write")
    page = await open_page("/settings", key=key)
    await expect(page.get_by_role("banner")).to_contain_text(f"Shop {shop.slug}")


async def test_a_disabled_app_is_signed_out(open_page: OpenPage, shop: Shop) -> None:
    made = await new_app(shop.db, shop.id, ["sessions:read"])
    await shop.change("updateApp", "app { id }", id=made.app.id, disabled=True)
    page = await open_page(key=made.secret)
    await expect(page.get_by_role("alert")).to_contain_text("the key was turned off")
