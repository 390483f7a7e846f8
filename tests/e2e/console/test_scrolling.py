"""A store with a hundred thousand sessions is scrolled to its end."""

from collections.abc import AsyncIterator

import asyncpg
import pytest
from playwright.async_api import expect

from tests.conftest import settings_for, shop_at
from tests.e2e.console.conftest import OpenPage, new_console_key
from tests.e2e.console.session_list import PAGE, asked
from tests.support.shop import Shop

SESSIONS = 100_000

# Indexes that the test does not use. Updating them would take most of the time to insert the rows.
WITHOUT_SEARCH = "drop index session_search, session_metadata, session_room"

CUSTOMERS = """
insert into customer (store_id, id, name)
select $1, 'customer_' || lpad(number::text, 26, '0'), 'Customer ' || number from generate_series(1, $2::int) number
"""

# The first is the newest.
ADD = """
insert into session (store_id, id, customer_id, customer_name, token_key, created_at, token_issued_at, token_expires_at)
select $1, 'session_' || lpad(number::text, 26, '0'), 'customer_' || lpad(number::text, 26, '0'),
    'Customer ' || number, 'k2', at, at, at + interval '30 minutes'
from generate_series($2::int, 1, -1) number, lateral (select now() - number * interval '1 minute') moment (at)
"""

# Scroll to the end of what is loaded until that is the last row or nothing more is loaded. Returns the wrong rows, and
# the largest number of rows at once.
SCROLL = """
async (last) => {
    const grid = document.querySelector("[role=grid]");
    const wrong = [];
    let most = 0;
    let moved = performance.now();
    for (let end = 0; end !== last && performance.now() - moved < 20_000; ) {
        grid.scrollTop = grid.scrollHeight;
        await new Promise(requestAnimationFrame);
        const rows = grid.querySelectorAll("tbody tr");
        most = Math.max(most, rows.length);
        for (const row of rows) {
            const name = row.querySelector("a")?.textContent;
            const number = row.ariaRowIndex - 1;
            if (name && name !== `Customer ${number}`) wrong.push([number, name]);
            if (!name || number <= end) continue;
            end = number;
            moved = performance.now();
        }
    }
    return { wrong, most };
}
"""


@pytest.fixture
async def large_shop(own_database_url: str, connection: "asyncpg.Connection[asyncpg.Record]") -> AsyncIterator[Shop]:
    async with shop_at(settings_for(own_database_url)) as shop:
        await connection.execute(WITHOUT_SEARCH)
        await connection.execute(CUSTOMERS, shop.id, SESSIONS)
        await connection.execute(ADD, shop.id, SESSIONS)
        yield shop


async def test_a_hundred_thousand_sessions_are_scrolled_to_their_end(large_shop: Shop, open_page: OpenPage) -> None:
    key = await new_console_key(large_shop.db, large_shop)
    page = await open_page(key=key, url=str(large_shop.http.base_url), viewport={"width": 1280, "height": 600})
    pages = asked(page)
    await expect(page.get_by_text("Customer 1", exact=True)).to_be_visible()
    await expect(page.get_by_text("more than 10,000 sessions")).to_be_visible()

    seen = await page.evaluate(SCROLL, SESSIONS)

    assert seen["wrong"] == []
    assert seen["most"] < 50
    await expect(page.get_by_role("grid")).to_have_attribute("aria-rowcount", str(SESSIONS + 1))
    await expect(page.get_by_text(f"Customer {SESSIONS}", exact=True)).to_be_visible()
    # The first page, which has no cursor, was requested while the document was loaded.
    cursors = [variables["after"] for variables in pages]
    assert len({None, *cursors}) == SESSIONS // PAGE
    # Visible pages are refreshed twice a minute.
    assert len(cursors) - len(set(cursors)) < 20

    await page.get_by_role("grid").press("Home")
    await expect(page.get_by_text("Customer 1", exact=True)).to_be_visible()
