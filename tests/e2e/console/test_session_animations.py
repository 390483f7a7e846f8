"""The panel of a session with animations."""

import json

from playwright.async_api import expect

from tests.e2e.console.conftest import OpenPage, posted
from tests.e2e.console.panel import begun, expect_events, expect_status, panel_of
from tests.support.shop import Shop


async def test_a_link_is_revoked_with_animations(open_page: OpenPage, shop: Shop) -> None:
    session = await shop.create()
    page = await open_page(reduced_motion="no-preference")
    sent = posted(page)
    grid = page.get_by_role("grid", name="Sessions")
    await grid.get_by_text("Dewi Lestari").click()
    panel = panel_of(page)
    dialog = await begun(page, "Revoke", "Revoke the link?")
    await dialog.get_by_label("Reason").fill("Sent to the wrong customer")
    await dialog.get_by_role("button", name="Revoke link").dblclick()
    await expect(dialog).to_have_count(0)
    await expect_status(page, "Revoked")
    await expect_events(panel, "Session created", "Reason: Sent to the wrong customer")
    await panel.get_by_role("button", name="Close").click()
    await expect(panel).to_have_count(0)
    await expect(grid.get_by_role("row").filter(has_text="Dewi Lestari")).to_contain_text("Revoked")
    await expect(page).to_have_url("/")
    assert len([body for body in sent if '"reason"' in json.dumps(body)]) == 1
    assert await shop.event_kinds(session["id"]) == ["ISSUED", "REVOKED"]
