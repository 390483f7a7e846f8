"""Views of the list: search, filters, order, and the URL that each has."""

import asyncio
import re
from datetime import datetime, timedelta
from typing import Any

import pytest
from playwright.async_api import Route, expect

from tests.e2e.console.conftest import OpenPage, expect_heading
from tests.e2e.console.session_list import PAGE, asked, choose, expect_names, fill, opened_list, search_box
from tests.support.shop import Shop


@pytest.mark.parametrize("sought", ["dewi", "DÉWI", "1905692", "QSH7K2", "{id}", "{shown}", "session_…{shown}"])
async def test_the_search_finds_names_ids_rooms_and_orders(open_page: OpenPage, shop: Shop, sought: str) -> None:
    session = await shop.create("Dewi Lestari", roomId="1905692", orderNumber="QSH7K2")
    await shop.create("Budi", roomId="2000000", orderNumber="ABC123")
    page = await open_page()
    # The list shows only the end of an ID.
    await search_box(page).press_sequentially(sought.format(id=session["id"], shown=session["id"][-8:]))
    await expect_names(page, "Dewi Lestari")
    await expect(page.get_by_text("1 session", exact=True)).to_be_visible()


@pytest.mark.parametrize(
    "sought", ["{link}", "Hello! {link}?utm_source=chat", "https://kopi.example/menu?token={code}"]
)
async def test_a_pasted_link_is_replaced_by_the_id_of_its_session(open_page: OpenPage, shop: Shop, sought: str) -> None:
    _, citra, _ = await fill(shop, "Budi", "Citra", "Dewi")
    link = citra["token"]["link"]
    page = await open_page()
    await search_box(page).fill(sought.format(link=link, code=link.rpartition("/")[2]))
    await expect_names(page, "Citra")
    await expect(search_box(page)).to_have_value(citra["id"])
    assert page.url.endswith(f"/?search={citra['id']}")


async def test_fast_typing_loses_no_character(open_page: OpenPage, shop: Shop) -> None:
    await fill(shop, "Maximilian Featherstonehaugh", "Maximus")
    page = await open_page()
    await expect(page.get_by_role("grid")).to_be_visible()
    text = "maximilian featherstonehaugh"
    await page.keyboard.press("/")
    # Some pauses are about as long as the delay after which the URL is updated.
    for position, letter in enumerate(text):
        await page.keyboard.press(letter if letter != " " else "Space", delay=(5, 195, 5, 202)[position % 4])
    await expect(search_box(page)).to_have_value(text)
    await expect(page).to_have_url(re.compile(r"\?search=maximilian\+featherstonehaugh$"))
    await expect_names(page, "Maximilian Featherstonehaugh")


async def test_a_late_response_does_not_replace_a_newer_one(open_page: OpenPage, shop: Shop) -> None:
    page = await opened_list(open_page, shop, "Budi", "Dewi")
    is_asked, may_answer, is_answered = asyncio.Event(), asyncio.Event(), asyncio.Event()

    async def hold(route: Route) -> None:
        body: Any = route.request.post_data_json
        if (body["variables"].get("filter") or {}).get("search") != "b" or body["variables"].get("first") != PAGE:
            return await route.continue_()
        response = await route.fetch()
        is_asked.set()
        await may_answer.wait()
        try:
            await route.fulfill(response=response)
        finally:
            is_answered.set()

    await page.route("**/graphql", hold)
    await search_box(page).fill("b")
    await is_asked.wait()
    await search_box(page).fill("dewi")
    await expect_names(page, "Dewi")
    may_answer.set()
    await is_answered.wait()
    await expect_names(page, "Dewi")
    await expect(search_box(page)).to_have_value("dewi")


async def test_filters_can_be_combined_and_cleared(open_page: OpenPage, shop: Shop) -> None:
    ayu, budi, citra, _ = await fill(shop, "Ayu", "Budi", "Citra", "Dewi")
    await shop.change("revokeToken", sessionId=ayu["id"])
    # Both links have expired, but Ayu's was revoked first.
    await shop.turn_back(ayu["id"], minutes=2 * 24 * 60)
    await shop.turn_back(budi["id"], minutes=3 * 24 * 60)
    await shop.change("recordConversion", sessionId=citra["id"], kind="GOAL")
    page = await open_page()
    await expect_names(page, "Dewi", "Citra", "Ayu", "Budi")

    await choose(page, "Expired")
    await expect_names(page, "Budi")
    await choose(page, "Revoked")
    await expect_names(page, "Ayu", "Budi")
    await choose(page, "Expired")
    await expect_names(page, "Ayu")
    await choose(page, "Expired")
    await expect_names(page, "Ayu", "Budi")
    await expect(page).to_have_url(re.compile(r"\?status=expired,revoked$"))
    await page.get_by_role("button", name="Clear all").click()
    await expect_names(page, "Dewi", "Citra", "Ayu", "Budi")

    await page.get_by_label("Conversion").select_option("Converted")
    await expect_names(page, "Citra")
    await page.get_by_label("Conversion").select_option("Not converted")
    await expect_names(page, "Dewi", "Ayu", "Budi")
    await search_box(page).fill("di")
    await expect_names(page, "Budi")
    await page.get_by_role("button", name="Clear all").click()
    await expect_names(page, "Dewi", "Citra", "Ayu", "Budi")
    await expect(search_box(page)).to_have_value("")
    await expect(page).to_have_url(re.compile("/$"))
    await expect(page.get_by_role("button", name="Clear all")).to_be_hidden()


async def test_the_date_range_is_in_local_time_and_includes_its_last_day(open_page: OpenPage, shop: Shop) -> None:
    await fill(shop, "Ayu")
    page = await open_page()
    variables = asked(page)
    await page.get_by_label("From").fill("2026-01-30")
    await page.get_by_label("To", exact=True).fill("2026-01-31")
    await expect(page.get_by_text("No sessions found")).to_be_visible()
    await expect(page).to_have_url(re.compile(r"\?from=2026-01-30&to=2026-01-31$"))
    # The browser is in Jakarta, seven hours ahead.
    expected = {"from": "2026-01-29T17:00:00.000Z", "to": "2026-01-31T17:00:00.000Z"}
    assert variables[-1]["filter"] == {"dateCreated": expected}
    [newest] = (await shop.ask("{ sessions { nodes { dateCreated } } }"))["sessions"]["nodes"]
    day = (datetime.fromisoformat(newest["dateCreated"]) + timedelta(hours=7)).date().isoformat()
    await page.get_by_label("To", exact=True).fill(day)
    await expect_names(page, "Ayu")
    await page.get_by_label("From").fill(day)
    await expect_names(page, "Ayu")


async def test_a_click_on_a_heading_sorts_and_a_second_one_reverses(open_page: OpenPage, shop: Shop) -> None:
    await fill(shop, "Budi", expirationMinutes=60)
    await fill(shop, "Ayu", expirationMinutes=30)
    await fill(shop, "citra", expirationMinutes=0)
    page = await open_page()
    await expect(page.get_by_role("columnheader", name="Date created")).to_have_attribute("aria-sort", "descending")
    # A click beside the text of a heading works, too.
    await page.get_by_role("columnheader", name="Customer's name").click()
    await expect_names(page, "Ayu", "Budi", "citra")
    await expect(page.get_by_role("columnheader", name="Customer's name")).to_have_attribute("aria-sort", "ascending")
    await expect(page.get_by_role("columnheader", name="Date created")).to_have_attribute("aria-sort", "none")
    await page.get_by_role("button", name="Customer's name").press("Enter")
    await expect_names(page, "citra", "Budi", "Ayu")
    await page.get_by_role("button", name="Expired time").click()
    await expect_names(page, "Ayu", "Budi", "citra")
    await page.get_by_role("button", name="Date created").click()
    await expect_names(page, "citra", "Ayu", "Budi")
    await expect(page).to_have_url(re.compile("/$"))
    await page.get_by_role("button", name="Date created").click()
    await expect_names(page, "Budi", "Ayu", "citra")


async def test_a_view_is_restored_from_its_url(open_page: OpenPage, shop: Shop) -> None:
    await fill(shop, "Dewi A", "Dewi B", "Budi")
    page = await open_page()
    await search_box(page).fill("dewi")
    await expect_names(page, "Dewi B", "Dewi A")
    await choose(page, "Active")
    await page.get_by_label("Conversion").select_option("Not converted")
    await page.get_by_role("button", name="Customer's name").click()
    await expect_names(page, "Dewi A", "Dewi B")
    path = "/?search=dewi&status=active&converted=no&sort=name"
    assert page.url.endswith(path)
    await page.reload()
    for shown in (page, await open_page(path)):
        await expect_names(shown, "Dewi A", "Dewi B")
        await expect(search_box(shown)).to_have_value("dewi")
        await expect(shown.get_by_role("checkbox", name="Active")).to_be_checked()
        await expect(shown.get_by_label("Conversion")).to_have_value("false")
        await expect(shown.get_by_role("columnheader", name="Customer's name")).to_have_attribute(
            "aria-sort", "ascending"
        )


async def test_back_and_forward_move_through_the_views(open_page: OpenPage, shop: Shop) -> None:
    [revoked, _] = await fill(shop, "Dewi", "Budi")
    await shop.change("revokeToken", sessionId=revoked["id"])
    page = await open_page()
    await search_box(page).press_sequentially("i", delay=1)
    await expect(page).to_have_url(re.compile(r"\?search=i$"))
    await choose(page, "Revoked")
    await expect_names(page, "Dewi")
    await page.get_by_role("button", name="Clear all").click()
    await expect_names(page, "Budi", "Dewi")
    await page.go_back()
    await expect_names(page, "Dewi")
    await expect(search_box(page)).to_have_value("i")
    await page.go_back()
    await expect(page).to_have_url(re.compile(r"\?search=i$"))
    await expect(page.get_by_role("checkbox", name="Revoked")).not_to_be_checked()
    await expect_names(page, "Budi", "Dewi")
    await page.go_forward()
    await expect_names(page, "Dewi")


@pytest.mark.parametrize(
    "query",
    [
        "status=nope&converted=maybe&sort=sideways&from=2026-02-31&to=tomorrow",
        "status=&converted=__proto__&sort=constructor&from=0001-01-01&to=99999-01-01",
        "search=%00%20&search&sort=-&status=,,&%",
        "to=9999-12-31",
    ],
)
async def test_malformed_parameters_of_a_url_are_ignored(open_page: OpenPage, shop: Shop, query: str) -> None:
    page = await opened_list(open_page, shop, "Budi", "Dewi", path="/?" + query.replace("%00", ""))
    await expect(page.get_by_role("button", name="Clear all")).to_be_hidden()


async def test_a_typed_date_is_one_entry_of_the_history(open_page: OpenPage, shop: Shop) -> None:
    page = await opened_list(open_page, shop, "Dewi", path="/?search=dewi")
    # Day and month are equal, so that their order in the browser does not matter.
    await page.get_by_label("From").press_sequentially("05052026")
    await expect(page).to_have_url(re.compile(r"\?search=dewi&from=2026-05-05$"))
    await page.get_by_label("From").blur()
    await page.get_by_label("From").press_sequentially("06062026")
    await expect(page).to_have_url(re.compile(r"\?search=dewi&from=2026-06-06$"))
    await page.go_back()
    await expect(page).to_have_url(re.compile(r"\?search=dewi&from=2026-05-05$"))
    await page.go_back()
    await expect(page).to_have_url(re.compile(r"\?search=dewi$"))


async def test_a_reversed_date_range_is_explained(open_page: OpenPage, shop: Shop) -> None:
    await fill(shop, "Dewi")
    page = await open_page("/?from=2026-02-02&to=2026-02-01")
    await expect(page.get_by_text("The first day is after the last day.")).to_be_visible()


@pytest.mark.parametrize(
    ("text", "heading"),
    [
        ("one two three four five six seven eight nine ten eleven", "This search is not valid"),
        ("nobody", "No sessions found"),
    ],
)
async def test_a_search_without_results_offers_to_clear_it(
    open_page: OpenPage, shop: Shop, text: str, heading: str
) -> None:
    await fill(shop, "Dewi")
    page = await open_page()
    await search_box(page).fill(text)
    await expect_heading(page, heading)
    await expect(page.get_by_text("A search can have up to 10 words")).to_have_count(int("valid" in heading))
    await page.get_by_role("main").get_by_role("button", name="Clear all").last.click()
    await expect_names(page, "Dewi")
