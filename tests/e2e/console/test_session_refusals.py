"""The panel of a session: changes that are refused, lost or repeated."""

import asyncio
import re
from collections.abc import Callable
from typing import Any

import pytest
from playwright.async_api import Page, Route, expect

from tests.e2e.console.conftest import OpenPage
from tests.e2e.console.panel import begun, expect_said, expect_status, fact, offered, opened, panel_of, variables_of
from tests.support.shop import Shop, moment


@pytest.fixture
async def session(shop: Shop) -> Any:
    return await shop.create()


@pytest.fixture
async def page(open_page: OpenPage, session: Any) -> Page:
    """The page that shows the session."""
    return await opened(open_page, session)


async def test_extending_a_link_that_was_revoked_meanwhile_is_refused(page: Page, shop: Shop, session: Any) -> None:
    dialog = await begun(page, "Extend", "Extend link")
    await shop.change("revokeToken", sessionId=session["id"])
    await dialog.get_by_role("button", name="Extend").click()
    await expect(dialog.get_by_role("alert")).to_contain_text("The link was revoked in the meantime")
    # The panel beneath is refreshed.
    await expect_status(page, "Revoked")
    await page.keyboard.press("Escape")
    await expect(dialog).to_have_count(0)
    await expect(panel_of(page)).to_be_visible()
    await expect(offered(page, "Extend")).to_have_count(0)


async def test_a_refused_order_number_is_explained_at_its_field(page: Page, shop: Shop, session: Any) -> None:
    await shop.create("Budi", orderNumber="QSH7K2")
    dialog = await begun(page, "Record conversion", "Record a conversion")
    number = dialog.get_by_label("Order number")
    await number.fill("QSH7K2")
    await page.keyboard.press("Enter")
    await expect(number).to_have_accessible_description(re.compile("^This order belongs to another session."))
    await expect(number).to_have_value("QSH7K2")
    assert (await shop.session(session["id"]))["conversion"] is None
    await shop.change("recordConversion", sessionId=session["id"], kind="TASK")
    await number.fill("")
    await page.keyboard.press("Enter")
    await expect(dialog.get_by_role("alert")).to_contain_text("A conversion was recorded in the meantime")
    await expect(fact(panel_of(page), "Conversion")).to_contain_text("Task completed")


async def test_typed_text_is_kept_if_the_connection_is_lost(page: Page, shop: Shop, session: Any) -> None:
    dialog = await begun(page, "Revoke", "Revoke the link?")
    await dialog.get_by_label("Reason").fill("Sent to the wrong customer")
    await page.context.set_offline(True)
    await dialog.get_by_role("button", name="Revoke link").click()
    await expect(dialog.get_by_role("alert")).to_contain_text("The server cannot be reached")
    assert (await shop.session(session["id"]))["token"]["status"] == "ACTIVE"
    await page.context.set_offline(False)
    await expect(dialog.get_by_label("Reason")).to_have_value("Sent to the wrong customer")
    await dialog.get_by_role("button", name="Revoke link").click()
    await expect_status(page, "Revoked")
    revoked = await shop.session(session["id"])
    assert moment(revoked["token"]["revokedAt"]) > moment(session["dateCreated"])


async def test_a_change_whose_response_was_lost_is_shown(page: Page, shop: Shop, session: Any) -> None:
    async def lose_the_answer(route: Route) -> None:
        if "input" not in variables_of(route.request):
            return await route.continue_()
        await route.fetch()
        await route.abort()

    await page.route("**/graphql", lose_the_answer)
    dialog = await begun(page, "New link", "Issue a new link?")
    await dialog.get_by_role("button", name="Issue new link").click()
    await expect(dialog.get_by_role("alert")).to_contain_text("the change may or may not have been made")
    reissued = await shop.session(session["id"])
    assert reissued["token"]["link"] != session["token"]["link"]
    await expect(fact(panel_of(page), "Token link")).to_contain_text(reissued["token"]["link"])


async def hold_changes(page: Page) -> tuple[Callable[[], None], list[object]]:
    """Hold changes until the returned function is called. Also returns the held changes."""
    held: list[object] = []
    goes_on = asyncio.Event()

    async def hold(route: Route) -> None:
        if "input" in variables_of(route.request):
            held.append(route.request.post_data_json)
            await goes_on.wait()
        await route.continue_()

    await page.route("**/graphql", hold)
    return goes_on.set, held


async def test_a_pending_change_is_not_sent_twice(page: Page) -> None:
    go_on, sent = await hold_changes(page)
    dialog = await begun(page, "Revoke", "Revoke the link?")
    await dialog.get_by_label("Reason").focus()
    for _ in range(3):
        await page.keyboard.press("Enter")
    await expect(dialog.get_by_role("button", name="Revoke link")).to_be_disabled()
    await expect(dialog.get_by_role("status")).to_have_text("Sending")
    go_on()
    await expect_status(page, "Revoked")
    assert len(sent) == 1


async def test_a_button_keeps_the_focus_while_its_change_is_pending(page: Page, shop: Shop, session: Any) -> None:
    go_on, _ = await hold_changes(page)
    dialog = await begun(page, "Extend", "Extend link")
    await shop.change("revokeToken", sessionId=session["id"])
    submit = dialog.get_by_role("button", name="Extend")
    await submit.focus()
    await page.keyboard.press("Enter")
    await expect(submit).to_be_disabled()
    await expect(submit).to_be_focused()
    go_on()
    await expect(dialog.get_by_role("alert")).to_contain_text("The link was revoked in the meantime")
    await expect(submit).to_be_focused()


async def test_a_pending_change_does_not_close_another_dialog(page: Page) -> None:
    go_on, _ = await hold_changes(page)
    await (await begun(page, "Extend", "Extend link")).get_by_role("button", name="Extend").click()
    await page.keyboard.press("Escape")
    await offered(page, "Extend").click()
    go_on()
    await expect_said(page, "The expiration time was changed.")
    await expect(page.get_by_role("dialog", name="Extend link")).to_be_visible()


@pytest.mark.parametrize("leave", ["dialog", "panel"])
async def test_a_refusal_is_notified_after_the_dialog_was_closed(
    page: Page, shop: Shop, session: Any, leave: str
) -> None:
    go_on, _ = await hold_changes(page)
    dialog = await begun(page, "Extend", "Extend link")
    await shop.change("revokeToken", sessionId=session["id"])
    await dialog.get_by_role("button", name="Extend").click()
    await page.keyboard.press("Escape")
    if leave == "panel":
        await page.keyboard.press("Escape")
        await expect(panel_of(page)).to_have_count(0)
    go_on()
    await expect_said(page, "Dewi Lestari")
    await expect_said(page, "The link was revoked in the meantime")
