"""Makes the pictures in docs/screenshots: `python -m tests.e2e.console.screenshots`, or `make screenshots`.

They show invented sessions on a server of their own; the pages are those that were built last.
"""

import asyncio
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, TypeAlias

import httpx
from playwright.async_api import Browser, Page, async_playwright, expect

from api.sign_in import create_code
from cli.sign_in import CONSOLE_KEY, DEVELOPMENT_KEY
from tests.e2e.console.conftest import CHROMIUM
from tests.support.commands import Serving, roomkey, serving
from tests.support.documentation import ROOT

FOLDER = ROOT / "docs/screenshots"
SESSIONS = 2_000
# The base URL of links.
LINKS = "https://go.example/s"

Options: TypeAlias = dict[str, Any]

DESKTOP: Options = {"viewport": {"width": 1280, "height": 800}}
# High enough for a whole session.
TALL: Options = {"viewport": {"width": 1280, "height": 1600}}
PHONE: Options = {
    "viewport": {"width": 390, "height": 844},
    "device_scale_factor": 2,
    "has_touch": True,
    "is_mobile": True,
}
DARK: Options = {"color_scheme": "dark"}
INDONESIAN: Options = {"locale": "id-ID"}

ACTIVE_SESSIONS = """{
  sessions(filter: {tokenStatus: [ACTIVE], converted: true}, first: 100) {
    nodes { id customer { phone } events(first: 20) { nodes { kind } } }
  }
}"""


async def main() -> None:
    FOLDER.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        loaded = roomkey(folder, "demo", "--sessions", SESSIONS, "--stores", 1, LINK_BASE_URL=LINKS)
        assert loaded.returncode == 0, loaded.stderr
        with serving(folder, "--demo", LINK_BASE_URL=LINKS) as server:
            async with async_playwright() as playwright:
                browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
                await take_all(browser, server)


async def take_all(browser: Browser, server: Serving) -> None:
    session = f"/sessions/{await eventful_session(server)}"

    async with opened(browser, server, "/", **DESKTOP) as page:
        await page.get_by_role("button", name="Sign in").wait_for()
        await take(page, "sign-in")

    for name, options in {"sessions": DESKTOP, "sessions-dark": DESKTOP | DARK, "sessions-phone": PHONE}.items():
        async with signed_in(browser, server, "/", **options) as page:
            await sessions_shown(page)
            await take(page, name)
    async with signed_in(browser, server, "/", **DESKTOP, **INDONESIAN) as page:
        await sessions_shown(page)
        await take(page, "sessions-indonesian")

    async with signed_in(browser, server, session, **TALL) as page:
        panel = page.get_by_role("dialog")
        await panel.get_by_role("region", name="Timeline").wait_for()
        end = await panel.get_by_role("listitem").last.bounding_box()
        assert end
        await take(page, "session", clip={"x": 768, "y": 0, "width": 512, "height": end["y"] + end["height"] + 24})
    async with signed_in(browser, server, session, **DESKTOP) as page:
        for button, shown, name in (
            ("Revoke", page.get_by_role("button", name="Revoke link"), "revoke"),
            ("QR code", page.get_by_role("img", name="QR code of the token link"), "qr-code"),
        ):
            await page.get_by_role("button", name=button, exact=True).click()
            await shown.wait_for()
            await take(page, name)
            await page.keyboard.press("Escape")

    async with signed_in(browser, server, "/settings", **DESKTOP) as page:
        await page.get_by_label("Minutes until a link expires").wait_for()
        await take(page, "store-setting")
    for name, options in {"overview": DESKTOP, "overview-dark": DESKTOP | DARK}.items():
        async with signed_in(browser, server, "/overview?days=90", **options) as page:
            await page.locator(".recharts-surface").first.wait_for()
            await take(page, name)

    code = create_code(server.folder / ".roomkey", DEVELOPMENT_KEY)
    async with opened(browser, server, f"/graphql#sign-in={code}", **DESKTOP) as page:
        editor = page.get_by_label("Operation Editor")
        await expect(editor).to_contain_text("query Sessions")
        await page.get_by_role("button", name="Show Examples").click()
        await page.get_by_role("button", name="Search sessions").click()
        await expect(editor).to_contain_text("query Search")
        await page.get_by_role("button", name="Execute query").click()
        await expect(page.get_by_label("Result Window")).to_contain_text('"sessions"')
        await take(page, "graphiql")


async def eventful_session(server: Serving) -> str:
    """The active session with the most kinds of events."""
    async with httpx.AsyncClient(base_url=server.url) as http:
        headers = {"Authorization": f"Bearer {server.key}"}
        answer = (await http.post("/graphql", json={"query": ACTIVE_SESSIONS}, headers=headers)).json()
    sessions: list[dict[str, Any]] = answer["data"]["sessions"]["nodes"]

    def kinds(session: dict[str, Any]) -> int:
        return len({event["kind"] for event in session["events"]["nodes"]})

    at_home = [session for session in sessions if (session["customer"]["phone"] or "").startswith("+62")]
    return str(max(at_home, key=kinds)["id"])


@asynccontextmanager
async def opened(browser: Browser, server: Serving, path: str, **options: Any) -> AsyncIterator[Page]:
    options = {"locale": "en-GB", "timezone_id": "Asia/Jakarta", "reduced_motion": "reduce"} | options
    context = await browser.new_context(base_url=server.url, **options)
    page = await context.new_page()
    await page.goto(path)
    yield page
    await context.close()


@asynccontextmanager
async def signed_in(browser: Browser, server: Serving, path: str, **options: Any) -> AsyncIterator[Page]:
    code = create_code(server.folder / ".roomkey", CONSOLE_KEY)
    async with opened(browser, server, f"{path}#sign-in={code}", **options) as page:
        yield page


async def sessions_shown(page: Page) -> None:
    await page.get_by_role("grid").get_by_role("link").first.wait_for()


async def take(page: Page, name: str, **options: Any) -> None:
    await page.wait_for_load_state("networkidle")
    await page.mouse.move(0, 0)
    path = FOLDER / f"{name}.png"
    await page.screenshot(path=path, animations="disabled", caret="hide", **options)
    print(f"{path.stat().st_size / 1000:4.0f} kB  {path.relative_to(ROOT)}")


if __name__ == "__main__":
    asyncio.run(main())
