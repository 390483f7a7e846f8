"""Signing in and out, languages and colour schemes."""

import asyncio
from dataclasses import replace
from pathlib import Path

import httpx
import pytest
from playwright.async_api import Page, Route, expect

from api.sign_in import create_code
from tests.conftest import serving, settings_for
from tests.e2e.console.conftest import (
    PATIENCE,
    SIGN_IN,
    OpenPage,
    choose_preference,
    expect_heading,
    new_console_key,
    posted,
    sign_in,
)
from tests.e2e.console.settings import MINUTES, expiration, save, store
from tests.support.shop import Shop, new_app

STORAGE = "() => ({ local: { ...localStorage }, session: { ...sessionStorage } })"

# As in a browser whose storage is disabled.
NO_STORAGE = """
for (const name of ["localStorage", "sessionStorage"])
  Object.defineProperty(window, name, { get() { throw new DOMException("Access is denied.", "SecurityError") } });
"""

# The file of that language.
INDONESIAN = "**/assets/id-*.js"


async def sign_out(page: Page) -> None:
    await choose_preference(page, "Sign out", "menuitem")


async def test_a_key_is_stored_only_for_its_tab(open_page: OpenPage, shop: Shop, staff_key: str) -> None:
    page = await open_page()
    await expect(page.get_by_role("banner")).to_contain_text(f"Shop {shop.slug}")
    kept = await page.evaluate(STORAGE)
    assert kept["session"] == {"credential": staff_key}
    assert staff_key not in str(kept["local"])
    await page.reload()
    await expect(page.get_by_role("banner")).to_contain_text(f"Shop {shop.slug}")
    other = await page.context.new_page()
    await other.goto("/")
    await expect_heading(other, SIGN_IN)
    await sign_out(page)
    await expect_heading(page, SIGN_IN)
    assert (await page.evaluate(STORAGE))["session"] == {}


async def test_a_one_time_address_signs_in_once_and_a_reload_keeps_it(
    open_page: OpenPage, shop: Shop, staff_key: str, database_url: str, tmp_path: Path
) -> None:
    (tmp_path / "key").write_text(f"{staff_key}\n")
    async with serving(settings_for(database_url, sign_in_folder=tmp_path)) as url:
        code = create_code(tmp_path, "key")
        page = await open_page(f"/overview#sign-in={code}", key=None, url=url)
        await expect(page.get_by_role("banner")).to_contain_text(f"Shop {shop.slug}")
        assert page.url == f"{url}/overview"
        await page.reload()
        await expect(page.get_by_role("banner")).to_contain_text(f"Shop {shop.slug}")
        # A used address does not end the visit of a tab that is signed in, and signs no other tab in.
        await page.goto(f"/overview#sign-in={code}")
        await expect(page.get_by_role("banner")).to_contain_text(f"Shop {shop.slug}")
        other = await page.context.new_page()
        await other.goto(f"/#sign-in={code}")
        await expect(other.get_by_role("alert")).to_contain_text("This address was used before or has expired.")
        # A new address works in a tab that already shows the page, which is not loaded again by itself.
        await other.goto(f"/#sign-in={create_code(tmp_path, 'key')}")
        await expect(other.get_by_role("banner")).to_contain_text(f"Shop {shop.slug}")
        assert other.url == f"{url}/"
        await page.context.close()


@pytest.mark.parametrize("given", ["secret", "rk_", "eyJ.eyJ", "rk_ with spaces"])
async def test_a_malformed_credential_is_not_sent(open_page: OpenPage, given: str) -> None:
    page = await open_page(key=None)
    sent = posted(page)
    await sign_in(page, given)
    await expect(page.get_by_text("An API key starts with rk_")).to_be_visible()
    assert sent == []


async def test_after_a_refusal_the_user_signs_in_on_the_same_page(
    open_page: OpenPage, shop: Shop, staff_key: str
) -> None:
    page = await open_page("/settings", key="rk_00000000000000000000000000")
    await expect(page.get_by_role("alert")).to_contain_text("The API key or access token was not accepted.")
    await expect(page.get_by_label("API key or access token")).to_have_value("rk_00000000000000000000000000")
    assert (await page.evaluate(STORAGE))["session"] == {}
    await sign_in(page, staff_key)
    await expect(page.get_by_role("link", name="Store setting")).to_have_attribute("aria-current", "page")


async def test_a_revoked_key_signs_out(open_page: OpenPage, shop: Shop) -> None:
    key = await new_console_key(shop.db, shop)
    page = await open_page("/settings", key=key)
    await expect(page.get_by_role("banner")).to_be_visible()
    apps = (await shop.ask("{ apps { nodes { name keys { id } } } }"))["apps"]["nodes"]
    for id in [key["id"] for app in apps if app["name"] == "console" for key in app["keys"]]:
        await shop.change("revokeApiKey", "apiKey { id }", id=id)
    async with asyncio.timeout(PATIENCE / 1000):
        while (await replace(shop, key=key).post("{ __typename }")).status_code != 401:
            pass  # it takes effect within a second
    await page.reload()
    await expect(page.get_by_role("alert")).to_contain_text("the API key or access token was revoked")


async def test_a_late_refusal_of_a_previous_key_does_not_sign_out(open_page: OpenPage, shop: Shop) -> None:
    page = await open_page("/settings")
    asked, late, answered = asyncio.Event(), asyncio.Event(), asyncio.Event()

    async def answer_late(route: Route) -> None:
        if asked.is_set():
            return await route.fallback()
        asked.set()
        await late.wait()
        error = {"message": "No such key.", "extensions": {"code": "UNAUTHENTICATED"}}
        await route.fulfill(status=401, json={"errors": [error]})
        answered.set()

    await page.get_by_label("Name").fill("Toko Kopi")
    await page.route("**/graphql", answer_late)
    await save(store(page))
    await asked.wait()
    await sign_out(page)
    await sign_in(page, await new_console_key(shop.db, shop))
    await expect(page.get_by_label("Name")).to_have_value(f"Shop {shop.slug}")
    async with page.expect_response(lambda response: response.status == 401):
        late.set()
    await answered.wait()
    await page.get_by_role("link", name="Overview").click()
    await expect_heading(page, "No sessions in the last 30 days")


async def test_signing_out_removes_notifications(open_page: OpenPage, shop: Shop) -> None:
    page = await open_page("/settings")
    await page.get_by_label(MINUTES).fill("45")
    await save(expiration(page))
    saved = page.get_by_text("Saved for links that are issued from now on.")
    await expect(saved).to_be_visible()
    await sign_out(page)
    await expect(saved).to_be_hidden(timeout=2000)


async def test_the_field_has_the_focus_and_the_command_is_not_wrapped(open_page: OpenPage) -> None:
    page = await open_page(key=None, viewport={"width": 390, "height": 800})
    await expect(page.get_by_label("API key or access token")).to_be_focused()
    command = page.get_by_text("roomkey console --store my-shop")
    assert await command.evaluate("(command) => command.getClientRects().length") == 1


async def test_each_page_has_its_title(open_page: OpenPage, shop: Shop, staff_key: str) -> None:
    page = await open_page(key=None)
    await expect(page).to_have_title("Sign in to your store · Roomkey")
    await sign_in(page, staff_key)
    for name, title in [("Overview", "Overview"), ("Store setting", "Store setting"), ("Sessions", "Sessions")]:
        await page.get_by_role("link", name=name).click()
        await expect(page).to_have_title(f"{title} · Shop {shop.slug}")
    session = await shop.create("Dewi Lestari")
    await page.goto(f"/sessions/{session['id']}")
    await expect(page).to_have_title(f"Sessions · Shop {shop.slug}")
    await page.goto("/overview")
    await choose_preference(page, "Bahasa Indonesia")
    await expect(page).to_have_title(f"Ringkasan · Shop {shop.slug}")


async def test_a_key_of_another_app_gets_an_explanation(open_page: OpenPage, shop: Shop) -> None:
    page = await open_page(key=shop.key)
    await expect_heading(page, "This key is not for the console")
    await page.get_by_role("button", name="Sign out").click()
    await expect(page.get_by_label("API key or access token")).to_be_visible()


async def test_the_console_sends_only_ids_of_documents(
    open_page: OpenPage, shop: Shop, staff_key: str, http: httpx.AsyncClient
) -> None:
    page = await open_page(key=None)
    sent = posted(page)
    await sign_in(page, staff_key)
    await expect(page.get_by_role("banner")).to_be_visible()
    assert sent
    for body in sent:
        assert body.keys() <= {"documentId", "variables"}
        assert body["documentId"].startswith("sha256:")
    headers = {"Authorization": f"Bearer {staff_key}"}
    refused = await http.post("/graphql", json={"query": "{ store { id } }"}, headers=headers)
    assert refused.json()["errors"][0]["extensions"]["code"] == "PERSISTED_QUERY_ID_REQUIRED"


async def test_the_language_can_be_chosen_and_is_remembered(open_page: OpenPage, staff_key: str) -> None:
    page = await open_page("/settings")
    await choose_preference(page, "Bahasa Indonesia")
    await expect(page.get_by_role("link", name="Pengaturan toko")).to_be_visible()
    await page.reload()
    await expect(page.get_by_role("link", name="Pengaturan toko")).to_be_visible()
    assert await page.evaluate("document.documentElement.lang") == "id"


async def test_a_language_that_cannot_be_loaded_is_an_error(open_page: OpenPage) -> None:
    page = await open_page("/settings")
    await page.route(INDONESIAN, lambda route: route.abort())
    await choose_preference(page, "Bahasa Indonesia")
    await expect(page.get_by_text("The language could not be loaded.")).to_be_visible()
    await expect(page.get_by_role("link", name="Store setting")).to_be_visible()
    assert await page.evaluate("document.documentElement.lang") == "en"
    # The choice is remembered, and the page is shown without it.
    await page.reload()
    await expect(page.get_by_role("link", name="Store setting")).to_be_visible()
    await page.unroute(INDONESIAN)
    await page.reload()
    await expect(page.get_by_role("link", name="Pengaturan toko")).to_be_visible()


async def test_the_console_works_without_storage(open_page: OpenPage, shop: Shop, staff_key: str) -> None:
    page = await open_page("/settings", key=None)
    await page.add_init_script(NO_STORAGE)
    await page.reload()
    await sign_in(page, staff_key)
    await choose_preference(page, "Bahasa Indonesia")
    await expect(page.get_by_role("link", name="Pengaturan toko")).to_be_visible()
    await expect(page.get_by_role("banner")).to_contain_text(f"Shop {shop.slug}")
    await page.reload()
    await expect_heading(page, SIGN_IN)


async def test_the_colour_scheme_can_be_chosen_and_is_remembered(page: Page) -> None:
    scheme = "document.documentElement.dataset.mantineColorScheme"
    assert await page.evaluate(scheme) == "light"
    await choose_preference(page, "Dark")
    await page.reload()
    await expect(page.get_by_role("banner")).to_be_visible()
    assert await page.evaluate(scheme) == "dark"
    # The browser's own controls follow the scheme.
    assert await page.evaluate("getComputedStyle(document.documentElement).colorScheme") == "dark"


async def test_a_lost_connection_is_announced(page: Page) -> None:
    # The region exists before it has a text: otherwise a screen reader might not announce it.
    region = page.get_by_role("main").locator("> [role=status]")
    await region.evaluate("(region) => { region.dataset.seen = 'empty' }")
    await page.context.set_offline(True)
    await expect(region).to_contain_text("You are offline.")
    await expect(region).to_have_attribute("data-seen", "empty")
    await page.context.set_offline(False)
    await expect(page.get_by_text("You are offline.")).to_be_hidden()


async def test_an_app_without_a_scope_of_the_console_still_signs_in(open_page: OpenPage, shop: Shop) -> None:
    key = await new_console_key(shop.db, shop, "settings:write")
    page = await open_page("/settings", key=key)
    await expect(page.get_by_role("banner")).to_contain_text(f"Shop {shop.slug}")


async def test_a_disabled_app_is_refused(open_page: OpenPage, shop: Shop) -> None:
    made = await new_app(shop.db, shop.id, ["sessions:read"])
    await shop.change("updateApp", "app { id }", id=made.app.id, disabled=True)
    page = await open_page(key=made.secret)
    await expect(page.get_by_role("alert")).to_contain_text("The API key or access token was not accepted.")
