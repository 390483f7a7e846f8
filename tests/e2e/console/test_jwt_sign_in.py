"""The console for staff who sign in with a JWT of the shop's identity provider."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from time import time
from typing import Any

import httpx
import pytest
from playwright.async_api import Page, expect

from cli.console import STAFF_SCOPES, create_console_app
from tests.conftest import serving, settings_for
from tests.e2e.console.conftest import ACCOUNT, PATIENCE, OpenPage, expect_heading, sign_in
from tests.e2e.console.panel import begun, events, expect_status, offered, panel_of
from tests.support.identity_provider import Issuer, open_issuer
from tests.support.shop import Shop

OpenAs = Callable[..., Awaitable[Page]]


@pytest.fixture(scope="module")
async def issuer() -> AsyncIterator[Issuer]:
    async with open_issuer() as issuer:
        yield issuer


@pytest.fixture(scope="module")
async def server_url(database_url: str, issuer: Issuer) -> AsyncIterator[str]:
    """A server that accepts the issuer's tokens."""
    async with serving(settings_for(database_url, jwt=issuer.settings)) as url:
        yield url


@pytest.fixture
async def open_as(open_page: OpenPage, shop: Shop, server_url: str, issuer: Issuer) -> AsyncIterator[OpenAs]:
    """Opens a page of the console, signed in by a token with these claims; by default, with all scopes of the app."""
    await create_console_app(shop.db, shop.id, "Office", list(STAFF_SCOPES), 1_000_000, "office")
    pages: list[Page] = []

    async def open_as(path: str, **claims: Any) -> Page:
        token = issuer.token(**{"store": shop.slug, "client_id": "office", "scope": " ".join(STAFF_SCOPES), **claims})
        pages.append(await open_page(path, key=token, url=server_url))
        return pages[-1]

    yield open_as
    # Before the server ends.
    for page in pages:
        await page.close()


async def test_the_account_menu_names_the_user(open_as: OpenAs, shop: Shop) -> None:
    page = await open_as("/", sub="sari@shop.example")
    await expect(page.get_by_role("banner")).to_contain_text(f"Shop {shop.slug}")
    await page.get_by_role("button", name=ACCOUNT).click()
    await expect(page.get_by_role("menu")).to_contain_text("sari@shop.example · Office")


async def test_the_timeline_names_the_user_of_each_event(open_as: OpenAs, shop: Shop) -> None:
    session = await shop.create(expirationMinutes=30)
    sari = await open_as(f"/sessions/{session['id']}", sub="sari")
    await (await begun(sari, "Extend", "Extend link")).get_by_role("button", name="Extend").click()
    await expect(events(panel_of(sari)).last).to_contain_text("Expired time changed")
    await expect(events(panel_of(sari)).last).to_contain_text("by you")
    dewi = await open_as(f"/sessions/{session['id']}", sub="dewi")
    await offered(dewi, "Revoke").click()
    await dewi.get_by_role("button", name="Revoke link").click()
    await expect(events(panel_of(dewi))).to_contain_text(["by key", "sari", "by you"])
    told = await shop.events(session["id"], "kind apiKeyId userId")
    users = [(event["kind"], event["userId"], event["apiKeyId"] is None) for event in told]
    assert users == [("ISSUED", None, False), ("EXTENDED", "sari", True), ("REVOKED", "dewi", True)]


async def test_actions_that_the_token_does_not_allow_are_not_offered(open_as: OpenAs, shop: Shop) -> None:
    session = await shop.create()
    page = await open_as(f"/sessions/{session['id']}", scope="openid sessions:read")
    await expect_status(page, "Active")
    for name in ("Copy link", "QR code", "Extend", "New link", "Record conversion", "Revoke"):
        await expect(offered(page, name)).to_have_count(0)
    await page.keyboard.press("Escape")
    await page.get_by_role("link", name="Store setting").click()
    await expect_heading(page, "Session Expiration")
    await expect(page.get_by_role("alert")).to_be_visible()
    await expect(page.get_by_role("main").get_by_role("button")).to_have_count(0)


async def test_a_token_without_scopes_of_the_console_gets_an_explanation(open_as: OpenAs) -> None:
    page = await open_as("/", scope="openid")
    await expect_heading(page, "You do not have permission")


async def test_an_expired_token_asks_the_user_to_sign_in_again(
    open_as: OpenAs, shop: Shop, issuer: Issuer, server_url: str
) -> None:
    session = await shop.create()
    # The server allows clocks to differ by half a minute.
    page = await open_as(f"/sessions/{session['id']}", exp=int(time()) - 30 + 5)
    await expect(offered(page, "Revoke")).to_be_visible()
    await page.get_by_role("dialog").get_by_role("button", name="Close").click()
    headers = {"Authorization": f"Bearer {await page.evaluate('sessionStorage.credential')}"}
    async with asyncio.timeout(PATIENCE / 1000), httpx.AsyncClient(base_url=server_url, headers=headers) as client:
        while (await client.post("/graphql", json={"query": "{ __typename }"})).status_code != 401:
            pass
    await page.get_by_role("button", name="Refresh").click()
    await expect(page.get_by_role("alert")).to_contain_text("access token was revoked or has expired")
    assert await page.evaluate("sessionStorage.length") == 0
    await sign_in(page, issuer.token(store=shop.slug, client_id="office", scope=" ".join(STAFF_SCOPES)))
    await expect(page.get_by_role("grid")).to_contain_text("Dewi Lestari")
