"""A real Chromium on the real server, signed in to a store of the test's own."""

import os
import shutil
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any
from urllib.parse import urlsplit

import pytest
from playwright.async_api import Browser, ConsoleMessage, Page, Request, Response, async_playwright, expect

from api.web import BUILT
from cli.console import STAFF_SCOPES, create_console_app
from db.pool import Pool
from tests.support.shop import Shop

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")

OpenPage = Callable[..., Awaitable[Page]]

# Messages of a browser about failed requests, which tests of failures cause.
FAILED_REQUESTS = ("Failed to load resource", "Error: Unable to preload", "TypeError: Failed to fetch dynamically")

# A component's warning in a browser without storage.
NOT_KEPT = "use-local-storage: Failed"

# In milliseconds, on a busy machine.
PATIENCE = 10_000
expect.set_options(timeout=PATIENCE)

ACCOUNT = "Account and preferences"
SIGN_IN = "Sign in to your store"
CLIPBOARD = ["clipboard-read", "clipboard-write"]


@pytest.fixture(scope="session")
async def browser() -> AsyncIterator[Browser]:
    if CHROMIUM is None and os.environ.get("CI") != "true":
        pytest.skip("There is no Chromium: `apt install chromium`")
    assert CHROMIUM, "There is no Chromium, which .ci/run installs"
    assert (BUILT / "index.html").exists(), "The pages are not built, which `make test` does: `make web`"
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield browser
        await browser.close()


@pytest.fixture
async def staff_key(shop: Shop) -> str:
    """A key of the store's console, as `roomkey console` makes it."""
    return await new_console_key(shop.db, shop)


async def new_console_key(db: Pool, shop: Shop, *scopes: str) -> str:
    """A key of a console with these scopes; by default, those of staff."""
    _, key = await create_console_app(db, shop.id, "console", list(scopes or STAFF_SCOPES), 1_000_000)
    return key


@pytest.fixture
async def open_page(browser: Browser, base_url: str, staff_key: str) -> AsyncIterator[OpenPage]:
    """Opens a page in a browser profile of its own. `key`: another one to sign in with; None: do not sign in.

    At the test's end, nothing may have been asked of another host, refused by the content security policy, or broken.
    """
    contexts = []
    complaints: list[str] = []

    async def open_(path: str = "/", *, key: str | None = staff_key, url: str = base_url, **options: Any) -> Page:
        options = {"locale": "en-GB", "timezone_id": "Asia/Jakarta", "reduced_motion": "reduce"} | options
        context = await browser.new_context(base_url=url, **options)
        context.set_default_timeout(PATIENCE)
        contexts.append(context)
        page = await context.new_page()
        watch(page, urlsplit(url).netloc, complaints)
        await page.goto(path)
        if key:
            await sign_in(page, key)
        return page

    yield open_
    for context in contexts:
        # A route handler may still be waiting for a response, and would fail in the next test.
        for page in context.pages:
            await page.unroute_all(behavior="ignoreErrors")
        await context.close()
    assert complaints == []


@pytest.fixture
async def page(open_page: OpenPage) -> Page:
    """The console, signed in with the key of staff."""
    return await open_page()


async def sign_in(page: Page, key: str) -> None:
    await page.get_by_label("API key or access token").fill(key)
    await page.get_by_role("button", name="Sign in").click()


async def expect_heading(page: Page, name: str, **options: Any) -> None:
    await expect(page.get_by_role("heading", name=name, **options)).to_be_visible()


async def choose_preference(page: Page, name: str, role: Any = "menuitemradio") -> None:
    """Choose an item of the account menu."""
    await page.get_by_role("button", name=ACCOUNT).click()
    await page.get_by_role(role, name=name).click()


def posted(page: Page) -> list[Any]:
    """The bodies of the POST requests that the page sends from now on."""
    bodies: list[Any] = []
    page.on("request", lambda request: request.method == "POST" and bodies.append(request.post_data_json))
    return bodies


def watch(page: Page, host: str, complaints: list[str]) -> None:
    """Collect everything that must not happen on a page."""

    def request(request: Request) -> None:
        parts = urlsplit(request.url)
        if parts.scheme in ("http", "https", "ws", "wss") and parts.netloc != host:
            complaints.append(f"a request to another host: {request.url}")

    def console(message: ConsoleMessage) -> None:
        if message.type in ("error", "warning") and not message.text.startswith((*FAILED_REQUESTS, NOT_KEPT)):
            complaints.append(f"{message.type}: {message.text}")

    def response(response: Response) -> None:
        if response.request.is_navigation_request() and "content-security-policy" not in response.headers:
            complaints.append(f"a page without a content security policy: {response.url}")

    page.on("request", request)
    page.on("response", response)
    page.on("console", console)
    page.on("pageerror", lambda error: complaints.append(f"uncaught: {error}"))
