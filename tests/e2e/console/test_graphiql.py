"""GraphiQL as a developer uses it."""

import json
import re
from collections.abc import AsyncIterator
from pathlib import Path
from urllib.parse import urlencode

import pytest
from playwright.async_api import Locator, Page, expect

from api.sign_in import create_code
from tests.conftest import serving, settings_for
from tests.e2e.console.conftest import CLIPBOARD, SIGN_IN, OpenPage, expect_heading, posted
from tests.support.shop import Shop, code_of

JWT = "eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJzaXRpIn0.c2lnbmF0dXJl"

# Everything that a browser stores for a page.
STORAGES = """async () => JSON.stringify([
    { ...localStorage }, { ...sessionStorage }, document.cookie, location.href, history.state,
    await indexedDB.databases(), await caches.keys(),
])"""


@pytest.fixture
async def graphiql(open_page: OpenPage, shop: Shop, database_url: str, tmp_path: Path) -> AsyncIterator[Page]:
    """GraphiQL, signed in with a one-time address. Nothing may be written to the browser's console."""
    (tmp_path / "key").write_text(shop.key)
    async with serving(settings_for(database_url, sign_in_folder=tmp_path)) as url:
        page = await open_page(f"/graphql#sign-in={create_code(tmp_path, 'key')}", key=None, url=url)
        said: list[str] = []
        page.on("console", lambda message: said.append(message.text))
        await expect(editor(page)).to_contain_text("query Sessions")
        yield page
        await page.close()
        assert said == []


def editor(page: Page) -> Locator:
    return page.get_by_label("Operation Editor")


def variables(page: Page) -> Locator:
    return page.get_by_label("Variables", exact=True)


def answer(page: Page) -> Locator:
    return page.get_by_label("Result Window")


async def example(page: Page, name: str) -> None:
    await page.get_by_role("button", name="Show Examples").click()
    await page.get_by_role("button", name=name).click()


async def paste(page: Page, into: Locator, text: str) -> None:
    await page.context.grant_permissions(CLIPBOARD)
    await page.evaluate("text => navigator.clipboard.writeText(text)", text)
    await into.locator(".view-lines").click()
    await page.keyboard.press("Control+A")
    await page.keyboard.press("Control+V")
    await expect(into.locator(".view-lines")).to_contain_text(text.splitlines()[-1][-30:])


async def run(page: Page) -> None:
    await editor(page).locator(".view-lines").click()
    await page.keyboard.press("Control+Enter")


async def test_the_default_query_can_be_run(graphiql: Page, shop: Shop) -> None:
    session = await shop.create("Ñandú Lestari")
    await run(graphiql)
    await expect(answer(graphiql)).to_contain_text(session["id"])
    await expect(answer(graphiql)).to_contain_text("Ñandú Lestari")


async def test_escape_leaves_an_editor(graphiql: Page) -> None:
    await editor(graphiql).locator(".view-lines").click()
    await expect(graphiql.get_by_text("Escape, then Tab to leave.")).to_be_visible()
    await graphiql.keyboard.press("Escape")
    frame = editor(graphiql).locator(".graphiql-editor")
    await expect(frame).to_be_focused()
    await graphiql.keyboard.press("Tab")
    await expect(frame.locator(":focus")).to_have_count(0)
    await expect(frame).not_to_be_focused()
    await expect(graphiql.get_by_text("Escape, then Tab to leave.")).to_be_hidden()
    await frame.press("Enter")
    await expect(frame.locator("textarea")).to_be_focused()


async def test_the_settings_do_not_mention_headers(graphiql: Page) -> None:
    await graphiql.get_by_role("button", name="Open settings dialog").click()
    await expect(graphiql.get_by_role("dialog")).to_be_visible()
    await expect(graphiql.get_by_role("dialog")).not_to_contain_text("Persist headers")


async def test_an_example_opens_in_its_own_tab(graphiql: Page, shop: Shop) -> None:
    await shop.create("Putri Ayu")
    await example(graphiql, "Search sessions")
    tab = graphiql.get_by_role("button", name="Search", exact=True)
    await expect(tab).to_be_visible()
    await expect(variables(graphiql)).to_contain_text('"search": "putri"')
    await graphiql.keyboard.press("Control+Enter")
    await expect(answer(graphiql)).to_contain_text("Putri Ayu")
    await graphiql.get_by_role("button", name="Sessions", exact=True).click()
    await expect(editor(graphiql)).to_contain_text("query Sessions")
    await graphiql.get_by_role("button", name="Search sessions").click()
    await expect(editor(graphiql)).to_contain_text("query Search")
    await expect(tab).to_have_count(1)


async def test_an_example_of_a_mutation_can_be_run(graphiql: Page, shop: Shop) -> None:
    session = await shop.create("Putri Ayu")
    await example(graphiql, "Revoke a link")
    await expect(editor(graphiql)).to_contain_text("mutation RevokeToken")
    await paste(graphiql, variables(graphiql), json.dumps({"input": {"sessionId": session["id"]}}))
    await run(graphiql)
    await expect(answer(graphiql)).to_contain_text("REVOKED")
    assert (await shop.session(session["id"]))["token"]["status"] == "REVOKED"


async def test_the_current_text_of_the_editor_is_run(graphiql: Page, shop: Shop) -> None:
    await paste(graphiql, editor(graphiql), "query Mine { store { slug } }")
    await graphiql.keyboard.press("Control+Enter")
    await expect(answer(graphiql)).to_contain_text(f'"slug": "{shop.slug}"')
    await expect(graphiql.get_by_role("button", name="Mine", exact=True)).to_be_visible()
    await paste(graphiql, editor(graphiql), "query Other { store { name } }")
    await graphiql.keyboard.press("Control+Enter")
    await expect(answer(graphiql)).to_contain_text(f'"name": "Shop {shop.slug}"')


async def test_the_documentation_and_the_explorer_work(graphiql: Page, shop: Shop) -> None:
    await graphiql.get_by_role("button", name="Show Documentation Explorer").click()
    await graphiql.get_by_role("link", name="Query", exact=True).click()
    await expect(graphiql.get_by_text("All data belongs to your store: the store of the credential")).to_be_visible()
    await graphiql.get_by_role("button", name="Show GraphiQL Explorer").click()
    await paste(graphiql, editor(graphiql), "query Mine { store { id } }")
    await expect(graphiql.get_by_role("button", name="Mine", exact=True)).to_be_visible()
    await graphiql.locator(".graphiql-explorer-node").get_by_text("slug", exact=True).click()
    await expect(editor(graphiql)).to_contain_text("slug")
    await run(graphiql)
    await expect(answer(graphiql)).to_contain_text(f'"slug": "{shop.slug}"')


async def test_the_editor_completes_checks_and_formats(graphiql: Page) -> None:
    await paste(graphiql, editor(graphiql), "{store{sessionExp}}")
    await expect(editor(graphiql).locator(".squiggly-error").first).to_be_attached()
    for _ in "}}":
        await graphiql.keyboard.press("ArrowLeft")
    await graphiql.keyboard.press("Control+Space")
    await expect(graphiql.get_by_role("option", name="sessionExpiration")).to_be_visible()
    await graphiql.keyboard.press("Enter")
    await graphiql.get_by_role("button", name="Prettify query").click()
    lines = ["{", "  store {", "    sessionExpiration", "  }", "}", ""]
    await expect(editor(graphiql).locator(".view-line")).to_have_text(lines)


async def test_a_link_fills_in_a_query_without_running_it(open_page: OpenPage, shop: Shop) -> None:
    page = await open_page("/", key=None)
    sent = posted(page)
    query, variables_ = "query Shared($first: Int) { sessions(first: $first) { nodes { id } } }", '{"first": 7}'
    await page.goto(f"/graphql?{urlencode({'query': query, 'variables': variables_})}")
    await expect(editor(page)).to_contain_text("query Shared($first: Int)")
    await expect(variables(page)).to_contain_text('"first": 7')
    assert [body["operationName"] for body in sent] == ["IntrospectionQuery"]
    await paste(page, editor(page), "query Mine { store { id } }")
    await expect(page.get_by_role("button", name="Mine")).to_be_visible()
    await page.wait_for_function("() => localStorage['graphiql:query'].includes('Mine')")
    await page.reload()
    await expect(editor(page)).to_contain_text("query Mine")


async def test_the_key_of_a_one_time_address_survives_a_reload_until_another_is_typed(
    graphiql: Page, shop: Shop
) -> None:
    field = graphiql.get_by_label("API key or access token")
    assert "sign-in" not in graphiql.url
    for _ in range(2):
        await expect(field).to_have_value(shop.key)
        await graphiql.reload()
        await expect(editor(graphiql)).to_contain_text("query Sessions")
    await field.fill("rk_another")
    await graphiql.reload()
    await expect(field).to_have_value("")
    await expect(editor(graphiql)).to_contain_text("query Sessions")


async def test_typed_credentials_are_not_stored(open_page: OpenPage, shop: Shop) -> None:
    session = await shop.create()
    code = code_of(session)
    page = await open_page("/graphql", key=None)
    await expect(page.get_by_role("status")).to_contain_text("Enter an API key or access token to run operations")
    await page.get_by_label("API key or access token").fill(shop.key)
    await expect(page.get_by_role("status")).to_be_empty()
    join = "mutation Join($input: JoinSessionInput!) { joinSession(input: $input) { session { id } } }"
    await paste(page, editor(page), f"# {shop.key} {JWT}\n{join}")
    await paste(page, variables(page), json.dumps({"input": {"token": session["token"]["link"]}}))
    await run(page)
    await expect(answer(page)).to_contain_text(session["id"])
    await page.get_by_role("button", name="Show History").click()
    await expect(page.get_by_role("button", name="Join", exact=True).first).to_be_visible()
    await page.wait_for_function("() => localStorage['graphiql:tabState']?.includes('links.example')")
    for _ in ("before", "after a reload"):
        kept = await page.evaluate(STORAGES)
        assert "joinSession" in kept
        assert [secret for secret in (shop.key, code, JWT, code[26:]) if secret in kept] == []
        await page.reload()
        await expect(editor(page)).to_contain_text("joinSession")
    await expect(page.get_by_label("API key or access token")).to_have_value("")
    await expect(variables(page)).to_contain_text("REDACTED")


async def test_the_documentation_needs_no_key(open_page: OpenPage) -> None:
    page = await open_page("/graphql", key=None)
    await page.get_by_role("button", name="Show Documentation Explorer").click()
    await page.get_by_role("link", name="Session", exact=True).click()
    await expect(page.get_by_text("engagement about an order in one chat room")).to_be_visible()
    await run(page)
    await expect(answer(page)).to_contain_text("UNAUTHENTICATED")


async def test_graphiql_works_without_introspection(open_page: OpenPage, shop: Shop, database_url: str) -> None:
    session = await shop.create()
    async with serving(settings_for(database_url, introspection=False)) as url:
        page = await open_page("/graphql", key=None, url=url)
        await page.get_by_label("API key or access token").fill(shop.key)
        await expect(page.get_by_role("status")).to_contain_text("Introspection is disabled on this server")
        await run(page)
        await expect(answer(page)).to_contain_text(session["id"])
        await page.close()


async def test_an_unreachable_server_is_an_error(open_page: OpenPage) -> None:
    page = await open_page("/graphql", key=None)
    await expect(editor(page)).to_contain_text("query Sessions")
    # Only the operations fail: Monaco still has files to load.
    await page.route("/graphql", lambda route: route.abort("connectionrefused"))
    await run(page)
    await expect(answer(page)).to_contain_text("The server cannot be reached.")


async def test_graphiql_follows_the_colour_scheme_of_the_system(graphiql: Page) -> None:
    container, code = graphiql.locator(".graphiql-container"), editor(graphiql).locator(".monaco-editor")
    await expect(container).to_have_css("background-color", "rgb(255, 255, 255)")
    await expect(code).to_have_class(re.compile(r"\bvs\b"))
    await paste(graphiql, editor(graphiql), "query Mine { store { id } }")
    await graphiql.emulate_media(color_scheme="dark")
    await expect(container).to_have_css("background-color", "rgb(33, 42, 59)")
    await expect(code).to_have_class(re.compile(r"\bvs-dark\b"))
    await expect(editor(graphiql)).to_contain_text("query Mine")


async def test_graphiql_links_to_the_console(graphiql: Page) -> None:
    await graphiql.get_by_role("link", name="Roomkey").click()
    await expect_heading(graphiql, SIGN_IN)


async def test_graphiql_works_on_a_phone(open_page: OpenPage, shop: Shop) -> None:
    await shop.create("Putri Ayu")
    page = await open_page("/graphql", key=None, viewport={"width": 390, "height": 800}, has_touch=True)
    await page.get_by_label("API key or access token").fill(shop.key)
    await page.get_by_role("button", name="Show Examples").tap()
    await page.get_by_role("button", name="Search sessions").tap()
    await expect(page.get_by_role("heading", name="Examples")).to_be_hidden()
    await expect(editor(page)).to_contain_text("query Search")
    await page.get_by_role("button", name="Execute query").tap()
    await expect(answer(page)).to_contain_text("Putri Ayu")
    assert await page.evaluate("document.documentElement.scrollWidth") == 390
