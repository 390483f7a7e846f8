"""The size of the first load."""

import pytest
from playwright.async_api import expect

from tests.e2e.console.conftest import OpenPage, sign_in
from tests.support.shop import Shop

FIRST_LOAD = 255_000

# The compressed sizes of the page and its files, by path.
SENT = """() => Object.fromEntries(
    [...performance.getEntriesByType('navigation'), ...performance.getEntriesByType('resource')]
    .filter(({ name }) => !name.endsWith('/graphql'))
    .map(({ name, encodedBodySize }) => [new URL(name).pathname, encodedBodySize])
)"""


@pytest.mark.parametrize("encoding", ["br", "gzip"])
async def test_the_first_load_is_small(open_page: OpenPage, shop: Shop, staff_key: str, encoding: str) -> None:
    await shop.create("Dewi Lestari")
    page = await open_page(key=None, extra_http_headers={"Accept-Encoding": encoding})
    await sign_in(page, staff_key)
    await expect(page.get_by_text("Dewi Lestari")).to_be_visible()
    await page.wait_for_load_state("networkidle")
    sent = await page.evaluate(SENT)
    assert len(sent) >= 4
    assert 100_000 < sum(sent.values()) < FIRST_LOAD, sent
    assert not any("monaco" in name or "graphiql" in name for name in sent)
