"""The page of the store's settings: changing them, unsaved changes, and changes made elsewhere."""

from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from playwright.async_api import Page, expect

from tests.e2e.console.conftest import OpenPage, choose_preference, expect_heading, new_console_key, sign_in
from tests.e2e.console.settings import APPLY, MINUTES, expiration, mutations, save, session_expiration, settings, store
from tests.support.shop import Shop, minutes_of

HOSTS = "Storefront hosts"
SAVED = "Saved for links that are issued from now on."


@pytest.fixture
async def page(open_page: OpenPage) -> Page:
    page = await open_page("/settings")
    await expect_heading(page, "Session Expiration")
    return page


@pytest.fixture
async def admin_page(open_page: OpenPage, shop: Shop) -> Page:
    page = await open_page("/settings", key=await new_console_key(shop.db, shop, "admin"))
    await expect_heading(page, "Session Expiration")
    return page


async def expect_saved(page: Page, text: str = SAVED) -> None:
    await expect(page.get_by_text(text)).to_be_visible()


async def go_to_sessions(page: Page) -> None:
    await page.get_by_role("link", name="Sessions").click()
    await expect_heading(page, "Sessions", exact=True)


async def test_the_page_shows_the_current_settings(page: Page, shop: Shop) -> None:
    await expect(page.get_by_role("radio", name="Enabled")).to_be_checked()
    await expect(page.get_by_label(MINUTES)).to_have_value("30")
    await expect(page.get_by_label(APPLY)).not_to_be_checked()
    await expect(page.get_by_label("Name")).to_have_value(f"Shop {shop.slug}")
    await expect(page.get_by_label("Storefront URL")).to_have_value("https://shop.example/chat")
    await expect(page.get_by_label("Slug")).to_have_value(shop.slug)
    await expect(page.get_by_label("Slug")).not_to_be_editable()


async def test_disabling_expiry_applies_to_new_links(page: Page, shop: Shop) -> None:
    before = await shop.create()
    await page.get_by_role("radio", name="Disabled").click()
    await expect(expiration(page)).to_contain_text("0 means never, not immediately")
    await expect(page.get_by_label(MINUTES)).to_be_hidden()
    await save(expiration(page))
    await expect_saved(page)
    assert await session_expiration(shop) == 0
    assert minutes_of((await shop.create())["token"]) is None
    assert minutes_of((await shop.session(before["id"]))["token"]) == 30


async def test_settings_are_changed_by_keyboard(page: Page, shop: Shop) -> None:
    await shop.change("updateStoreSettings", "store { id }", sessionExpiration=0)
    await page.reload()
    await page.get_by_role("radio", name="Disabled").focus()
    await page.keyboard.press("ArrowDown")
    await expect(page.get_by_role("radio", name="Enabled")).to_be_checked()
    await page.keyboard.press("Tab")
    await expect(page.get_by_label(MINUTES)).to_be_focused()
    await page.keyboard.press("Control+A")
    await page.keyboard.type("90")
    await expect(page.get_by_text("Links work for 1 hour 30 minutes.")).to_be_visible()
    await page.keyboard.press("Enter")
    await expect_saved(page)
    assert await session_expiration(shop) == 90
    for _ in range(6):
        await page.keyboard.press("Tab")
    await expect(page.get_by_label(APPLY)).to_be_focused()
    await page.keyboard.press("Space")
    await page.keyboard.press("Tab")
    await page.keyboard.press("Enter")
    dialog = page.get_by_role("dialog")
    await expect(dialog.get_by_role("button", name="Cancel")).to_be_focused()
    await page.keyboard.press("Escape")
    await expect(dialog).to_be_hidden()
    await expect(expiration(page).get_by_role("button", name="Save")).to_be_focused()
    await page.keyboard.press("Enter")
    await expect(dialog.get_by_role("button", name="Cancel")).to_be_focused()
    await page.keyboard.press("Tab")
    await page.keyboard.press("Enter")
    await expect_saved(page, "Saved. No active links had to be changed.")


async def test_common_expiration_times_take_one_click(page: Page, shop: Shop) -> None:
    for name, minutes in (("15 minutes", 15), ("24 hours", 1440), ("1 hour", 60)):
        await page.get_by_role("button", name=name).click()
        await expect(page.get_by_label(MINUTES)).to_have_value(str(minutes))
        await expect(page.get_by_role("button", name=name)).to_have_attribute("aria-pressed", "true")
        await expect(page.get_by_text(f"Links work for {name}.")).to_be_visible()
    await save(expiration(page))
    await expect_saved(page)
    assert await session_expiration(shop) == 60


async def test_invalid_minutes_are_explained_while_typing_and_not_sent(page: Page, shop: Shop) -> None:
    sent = mutations(page)
    for typed, sentence in (
        ("", "Enter a number of minutes from 1 to 1440."),
        ("0", "0 means that links never expire. Choose “Disabled” for that, or enter 1 to 1440."),
        ("1,440", "Enter whole minutes, without a decimal point or comma."),
        ("1441", "Enter at most 1440 minutes."),
        ("half an hour", "Enter digits only, for example 30."),
    ):
        await page.get_by_label(MINUTES).fill(typed)
        await expect(page.get_by_role("alert")).to_contain_text(sentence)
        await expect(page.get_by_label(MINUTES)).to_have_attribute("aria-invalid", "true")
        await save(expiration(page))
        await expect(page.get_by_label(MINUTES)).to_be_focused()
    assert sent == []
    await page.get_by_label(MINUTES).fill(" 1 ")
    await expect(page.get_by_role("alert")).to_be_hidden()
    await save(expiration(page))
    await expect_saved(page)
    assert await session_expiration(shop) == 1


async def test_active_links_are_changed_after_a_confirmation(page: Page, shop: Shop) -> None:
    fresh, old, revoked = [await shop.create() for _ in range(3)]
    await shop.turn_back(old["id"], 20)
    await shop.change("revokeToken", sessionId=revoked["id"])
    sent = mutations(page)
    await page.get_by_label(MINUTES).fill("10")
    await page.get_by_label(APPLY).click()
    warning = "Active links will expire 10 minutes after they were issued. Links that were issued longer ago expire"
    await expect(expiration(page)).to_contain_text(warning)
    await save(expiration(page))
    dialog = page.get_by_role("dialog")
    await expect(dialog).to_contain_text(warning)
    await expect(dialog).to_contain_text("2 links are active now.")
    await expect(dialog).to_contain_text("Expired and revoked links do not change.")
    await dialog.get_by_role("button", name="Cancel").click()
    await expect(dialog).to_be_hidden()
    assert sent == []
    assert await session_expiration(shop) == 30
    await save(expiration(page))
    await dialog.get_by_role("button", name="Change active links").click()
    await expect_saved(page, "Saved. 2 active links were changed.")
    await expect(page.get_by_label(APPLY)).not_to_be_checked()
    assert sent == [{"sessionExpiration": 10, "applyToActiveTokens": True}]
    assert await session_expiration(shop) == 10
    tokens = {id: (await shop.session(id))["token"] for id in (fresh["id"], old["id"], revoked["id"])}
    assert [minutes_of(token) for token in tokens.values()] == [10, 10, 30]
    assert [token["status"] for token in tokens.values()] == ["ACTIVE", "EXPIRED", "REVOKED"]


async def test_active_links_can_be_made_to_never_expire(page: Page, shop: Shop) -> None:
    session = await shop.create()
    await shop.create(expirationMinutes=0)  # that one never does already
    await page.get_by_role("radio", name="Disabled").click()
    await page.get_by_label(APPLY).click()
    await save(expiration(page))
    await expect(page.get_by_role("dialog")).to_contain_text("Active links will never expire.")
    await page.get_by_role("dialog").get_by_role("button", name="Change active links").click()
    await expect_saved(page, "Saved. 1 active link was changed.")
    assert minutes_of((await shop.session(session["id"]))["token"]) is None


async def test_a_new_name_of_the_store_is_shown_immediately(admin_page: Page, shop: Shop) -> None:
    page, sent = admin_page, mutations(admin_page)
    await page.get_by_label("Name").fill("  Kopi Senja  ")
    await page.get_by_label("Storefront URL").fill("https://shop.example/menu?table=1")
    await save(store(page))
    await expect_saved(page, "Saved. Customers see the change from now on.")
    await expect(page.get_by_role("banner")).to_contain_text("Kopi Senja")
    await expect(page.get_by_label("Name")).to_have_value("Kopi Senja")
    changed = {"name": "Kopi Senja", "storefrontUrl": "https://shop.example/menu?table=1"}
    assert sent == [changed]
    assert await settings(shop) == changed | {"sessionExpiration": 30}


async def test_only_an_admin_can_move_the_storefront(page: Page) -> None:
    await expect(page.get_by_label("Storefront URL")).not_to_be_editable()
    await expect(store(page)).to_contain_text("Only an admin can change it.")
    await expect(page.get_by_label(HOSTS)).to_have_count(0)


async def test_an_admin_moves_the_storefront_to_another_host(admin_page: Page, shop: Shop) -> None:
    page, sent = admin_page, mutations(admin_page)
    await expect(page.get_by_label(HOSTS)).to_have_value("shop.example")
    await page.get_by_label(HOSTS).fill(" Shop.example\n\nkopi.example, ")
    await page.get_by_label("Storefront URL").fill("https://kopi.example/menu")
    await save(store(page))
    await expect_saved(page, "Saved. Customers see the change from now on.")
    await expect(page.get_by_label(HOSTS)).to_have_value("kopi.example\nshop.example")
    await expect(page.get_by_text("Unsaved changes")).to_be_hidden()
    changed = {"storefrontUrl": "https://kopi.example/menu", "storefrontHosts": ["kopi.example", "shop.example"]}
    assert sent == [changed]
    assert (await shop.ask("{ store { storefrontUrl storefrontHosts } }"))["store"] == changed
    # Their order makes no difference.
    await page.get_by_label(HOSTS).fill("shop.example kopi.example")
    await expect(store(page).get_by_role("button", name="Save")).to_be_disabled()


async def test_invalid_storefront_hosts_are_not_saved(admin_page: Page, shop: Shop) -> None:
    page, sent = admin_page, mutations(admin_page)
    for typed in ("", "https://shop.example", "shop.example:443", "\n".join(f"{n}.example" for n in range(21))):
        await page.get_by_label(HOSTS).fill(typed)
        await expect(page.get_by_role("alert")).to_contain_text("Enter 1 to 20 hosts without https://")
        await save(store(page))
        await expect(page.get_by_label(HOSTS)).to_be_focused()
    assert sent == []
    await page.get_by_label(HOSTS).fill("kopi.example")
    await save(store(page))
    await expect(page.get_by_role("alert")).to_contain_text("including the host of the storefront URL")
    await expect(page.get_by_label(HOSTS)).to_have_attribute("aria-invalid", "true")
    await store(page).get_by_role("button", name="Discard changes").click()
    await expect(page.get_by_label(HOSTS)).to_have_value("shop.example")
    assert (await shop.ask("{ store { storefrontHosts } }"))["store"] == {"storefrontHosts": ["shop.example"]}


async def test_storefront_hosts_are_edited_in_indonesian(open_page: OpenPage, shop: Shop) -> None:
    page = await open_page("/settings", key=None, locale="id-ID")
    await page.get_by_label("Kunci API atau token akses").fill(await new_console_key(shop.db, shop, "admin"))
    await page.get_by_role("button", name="Masuk").click()
    await page.get_by_label("Host etalase").fill("kopi.example:8443")
    await expect(page.get_by_role("alert")).to_contain_text("tanpa https://, port, atau path")


async def test_a_store_without_a_name_or_address_is_not_saved(admin_page: Page) -> None:
    page, sent = admin_page, mutations(admin_page)
    for label, typed, sentence in (
        *(("Name", name, "Enter a name of 1 to 200 characters.") for name in (" ", "x" * 201)),
        ("Storefront URL", "kopi.example", "Enter a complete URL that starts with https://"),
        *(
            ("Storefront URL", url, "Enter a complete URL")
            for url in (
                "",
                "http://shop.example/",
                "ftp://kopi.example",
                "javascript:alert(1)",
                "https://",
                "https://kopi senja.example",
            )
        ),
    ):
        await page.get_by_label(label).fill(typed)
        await expect(page.get_by_role("alert")).to_contain_text(sentence)
        await save(store(page))
        await expect(page.get_by_label(label)).to_be_focused()
        await store(page).get_by_role("button", name="Discard changes").click()
    assert sent == []


async def test_a_refusal_by_the_server_is_shown_at_its_field(admin_page: Page, shop: Shop) -> None:
    page = admin_page
    before = await settings(shop)
    for label, typed, sentence in (
        ("Name", "\u200b", "This name is not valid. It must be one line of visible text."),
        ("Storefront URL", "https://kopi.example/", "This URL is not valid"),
    ):
        await page.get_by_label(label).fill(typed)
        await save(store(page))
        await expect(page.get_by_role("alert")).to_contain_text(sentence)
        await expect(page.get_by_label(label)).to_have_attribute("aria-invalid", "true")
        await expect(page.get_by_label(label)).to_have_value(typed)
        await page.get_by_label(label).press("End")
        await page.keyboard.type("x")
        await expect(page.get_by_role("alert")).to_be_hidden()
        await store(page).get_by_role("button", name="Discard changes").click()
    assert await settings(shop) == before


async def test_changes_are_kept_without_a_connection(page: Page, shop: Shop) -> None:
    await page.get_by_label(MINUTES).fill("45")
    await page.context.set_offline(True)
    await save(expiration(page))
    await expect(page.get_by_role("alert")).to_contain_text("Not saved")
    await expect(page.get_by_role("alert")).to_contain_text("Your changes are still here")
    await expect(page.get_by_label(MINUTES)).to_have_value("45")
    await expect(page.get_by_text("Unsaved changes")).to_be_visible()
    await page.context.set_offline(False)
    await save(expiration(page))
    await expect_saved(page)
    await expect(page.get_by_role("alert").filter(has_text="Not saved")).to_be_hidden()
    assert await session_expiration(shop) == 45


async def test_repeated_clicks_while_saving_send_one_request(page: Page, shop: Shop) -> None:
    sent = mutations(page)
    await page.get_by_label(MINUTES).fill("45")
    async with shop.db.transaction() as transaction:
        await transaction.fetch("select id from store where id = $1 for update", shop.id)
        await save(expiration(page))
        await expect(page.get_by_text("Saving")).to_be_visible()
        await save(expiration(page))
        await page.keyboard.press("Enter")
        assert len(sent) == 1
    await expect_saved(page)
    assert len(sent) == 1
    assert await session_expiration(shop) == 45


@pytest.mark.parametrize(
    ("minutes", "text"), [(0, "Links never expire."), (90, "Links expire 1 hour 30 minutes after they are issued.")]
)
async def test_the_page_is_read_only_without_the_scope(
    open_page: OpenPage, shop: Shop, minutes: int, text: str
) -> None:
    await shop.change("updateStoreSettings", "store { id }", sessionExpiration=minutes)
    page = await open_page("/settings", key=await new_console_key(shop.db, shop, "sessions:read"))
    explanation = "Your API key or access token does not allow you to change the setting."
    await expect(page.get_by_text(explanation)).to_be_visible()
    await expect(page.get_by_text(text)).to_be_visible()
    await expect(page.get_by_role("main")).to_contain_text(f"Shop {shop.slug}")
    await expect(page.get_by_role("link", name="https://shop.example/chat")).to_be_visible()
    for role in ("form", "textbox", "radio", "checkbox"):
        await expect(page.get_by_role("main").get_by_role(role)).to_have_count(0)


async def test_changes_can_be_discarded(page: Page, shop: Shop) -> None:
    sent = mutations(page)
    await expect(page.get_by_text("Unsaved changes")).to_be_hidden()
    await page.get_by_label(MINUTES).fill("zero")
    await expect(page.get_by_text("Unsaved changes")).to_be_visible()
    await page.get_by_role("button", name="Discard changes").click()
    await expect(page.get_by_label(MINUTES)).to_have_value("30")
    await expect(page.get_by_role("alert")).to_be_hidden()
    await expect(page.get_by_text("Unsaved changes")).to_be_hidden()
    await expect(expiration(page).get_by_role("button", name="Save")).to_be_focused()
    await page.keyboard.press("Enter")
    await page.get_by_label(MINUTES).press("Enter")
    assert sent == []


async def test_leaving_the_page_with_unsaved_changes_asks_for_confirmation(page: Page) -> None:
    asked = []

    async def stay(dialog: Any) -> None:
        asked.append(dialog.type)
        await dialog.dismiss()

    page.on("dialog", stay)
    await page.get_by_label("Name").fill("Another")
    async with page.expect_event("dialog"):
        await page.close(run_before_unload=True)
    assert asked == ["beforeunload"]
    await expect(page.get_by_label("Name")).to_have_value("Another")


async def test_unsaved_changes_are_kept_while_another_page_is_open(page: Page) -> None:
    await page.get_by_label(MINUTES).fill("45")
    await page.get_by_label(APPLY).click()
    await page.get_by_label("Name").fill("Another")
    await page.get_by_role("link", name="Overview").click()
    await expect_heading(page, "Overview")
    await page.get_by_role("link", name="Store setting").click()
    await expect(page.get_by_label(MINUTES)).to_have_value("45")
    await expect(page.get_by_label(APPLY)).to_be_checked()
    await expect(page.get_by_label("Name")).to_have_value("Another")
    await expiration(page).get_by_role("button", name="Discard changes").click()
    await page.get_by_role("link", name="Overview").click()
    await page.get_by_role("link", name="Store setting").click()
    await expect(page.get_by_label(MINUTES)).to_have_value("30")
    await expect(page.get_by_label("Name")).to_have_value("Another")


async def test_unsaved_changes_are_discarded_when_the_user_signs_out(page: Page, shop: Shop) -> None:
    await page.get_by_label(MINUTES).fill("45")
    await choose_preference(page, "Sign out", "menuitem")
    await sign_in(page, await new_console_key(shop.db, shop))
    await expect(page.get_by_label(MINUTES)).to_have_value("30")


Change = Callable[..., Awaitable[None]]


@pytest.fixture
def elsewhere(shop: Shop, page: Page) -> Change:
    """Change settings elsewhere while this tab is offline, so that it refreshes afterwards."""

    async def change(**settings: object) -> None:
        await page.context.set_offline(True)
        await expect(page.get_by_text("You are offline.")).to_be_visible()
        await shop.change("updateStoreSettings", "store { id }", **settings)
        async with page.expect_response("**/graphql"):
            await page.context.set_offline(False)

    return change


async def test_the_page_shows_settings_that_were_changed_before_it_is_opened(page: Page, shop: Shop) -> None:
    await go_to_sessions(page)
    await shop.change("updateStoreSettings", "store { id }", sessionExpiration=90, name="Toko Kopi")
    await page.get_by_role("link", name="Store setting").click()
    await expect(page.get_by_label(MINUTES)).to_have_value("90")
    await expect(page.get_by_label("Name")).to_have_value("Toko Kopi")
    await expect(page.get_by_role("banner")).to_contain_text("Toko Kopi")
    await expect(page.get_by_text("Unsaved changes")).to_have_count(0)


async def test_edited_fields_keep_their_values_when_settings_change_elsewhere(
    page: Page, shop: Shop, elsewhere: Change
) -> None:
    await page.get_by_label(MINUTES).fill("45")
    await page.get_by_label("Name").fill("Kopi Senja")
    await elsewhere(sessionExpiration=90, storefrontUrl="https://shop.example/new")
    # The storefront URL was not edited here, so that it is not set back.
    await expect(page.get_by_label("Storefront URL")).to_have_value("https://shop.example/new")
    await expect(page.get_by_label(MINUTES)).to_have_value("45")
    await expect(page.get_by_label("Name")).to_have_value("Kopi Senja")
    await save(store(page))
    await expect_saved(page, "Customers see the change from now on.")
    changed = {"sessionExpiration": 90, "name": "Kopi Senja", "storefrontUrl": "https://shop.example/new"}
    assert await settings(shop) == changed
    await page.get_by_role("button", name="Discard changes").click()
    await expect(page.get_by_label(MINUTES)).to_have_value("90")


async def test_changing_active_links_does_not_reset_the_expiration(page: Page, shop: Shop, elsewhere: Change) -> None:
    session = await shop.create()
    await page.get_by_label(APPLY).check()
    await elsewhere(sessionExpiration=90)
    await expect(page.get_by_label(MINUTES)).to_have_value("90")
    await save(expiration(page))
    await page.get_by_role("dialog").get_by_role("button", name="Change active links").click()
    await expect_saved(page, "Saved. 1 active link was changed.")
    assert minutes_of((await shop.session(session["id"]))["token"]) == 90


async def test_outdated_settings_have_a_warning(page: Page) -> None:
    await go_to_sessions(page)
    await page.route("**/graphql", lambda route: route.abort())
    await page.get_by_role("link", name="Store setting").click()
    await expect(page.get_by_role("alert")).to_contain_text("The server cannot be reached")
    await expect(page.get_by_label(MINUTES)).to_have_value("30")
    await page.unroute("**/graphql")
    await page.get_by_role("button", name="Try again").click()
    await expect(page.get_by_role("alert")).to_have_count(0)
