"""How much is loaded before staff can work, and what is not."""

from urllib.parse import urlsplit

import pytest
from playwright.async_api import expect

from api.web import BUILT
from tests.shop import Shop
from tests.web.conftest import OpenPage, sign_in

FIRST_LOAD = 250_000


@pytest.mark.parametrize("suffix", [".br", ".gz"])
async def test_the_first_load_is_small(open_page: OpenPage, shop: Shop, staff_key: str, suffix: str) -> None:
    await shop.create("Dewi Lestari")
    page = await open_page(key=None)
    loaded: set[str] = set(await page.evaluate("performance.getEntriesByType('resource').map(({ name }) => name)"))
    page.on("request", lambda request: loaded.add(request.url))
    await sign_in(page, staff_key)
    await expect(page.get_by_text("Dewi Lestari")).to_be_visible()
    await page.wait_for_load_state("networkidle")
    assets = {urlsplit(url).path.lstrip("/") for url in loaded if "/assets/" in url}
    assert len(assets) >= 3
    sizes = {asset: (BUILT / f"{asset}{suffix}").stat().st_size for asset in assets}
    assert sum(sizes.values()) + (BUILT / "index.html").stat().st_size < FIRST_LOAD, sizes
    assert not any("monaco" in asset or "graphiql" in asset for asset in assets)
