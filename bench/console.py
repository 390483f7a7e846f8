"""Measure how long the console takes to load in Chromium, until the list of sessions responds to keys.

    roomkey serve --demo --data FOLDER &
    python -m bench.console FOLDER

Each round uses a new browser profile: it loads the console with an empty cache, then again with a warm one.
"""

import argparse
import asyncio
import shutil
from pathlib import Path
from statistics import median

from playwright.async_api import BrowserContext, async_playwright

LOADS = 9

# When the first row is shown, and when a row is selected after the down arrow was pressed.
READY = """async () => {
  const row = () => document.querySelector('[role=grid] tbody tr a[href]');
  while (!row()) await new Promise(requestAnimationFrame);
  const shown = performance.now();
  const grid = document.querySelector('[role=grid]');
  grid.focus();
  grid.dispatchEvent(new KeyboardEvent('keydown', { key: 'ArrowDown', bubbles: true }));
  while (!document.querySelector('[role=grid] tr[aria-selected=true]')) await new Promise(requestAnimationFrame);
  return [shown, performance.now()];
}"""

BYTES = """() => performance.getEntriesByType('resource').concat(performance.getEntriesByType('navigation'))
  .filter(({ name }) => !name.includes('/graphql')).reduce((sum, { transferSize }) => sum + transferSize, 0)"""


async def load(context: BrowserContext, url: str, key: str) -> tuple[float, float, int]:
    """Milliseconds until rows are shown and until they respond to a key, and the bytes of pages and assets."""
    page = await context.new_page()
    await page.add_init_script(f"sessionStorage.setItem('credential', {key!r})")
    await page.goto(url, wait_until="commit")
    shown, ready = await page.evaluate(READY)
    await page.wait_for_load_state("networkidle")
    size = await page.evaluate(BYTES)
    await page.close()
    return shown, ready, size


async def measure(url: str, key: str) -> None:
    chromium = shutil.which("chromium")
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        cold, warm = [], []
        for _ in range(LOADS):
            context = await browser.new_context(viewport={"width": 1280, "height": 800})
            cold.append(await load(context, url, key))
            warm.append(await load(context, url, key))
            await context.close()
        await browser.close()
    for name, loads in (("empty cache", cold), ("warm cache", warm)):
        shown, ready, sizes = zip(*loads, strict=True)
        print(
            f"{name:12}  rows shown {median(shown):5.0f} ms, responding to keys {median(ready):5.0f} ms "
            f"(slowest of {LOADS}: {max(ready):.0f} ms), {median(sizes) / 1000:.0f} kB"
        )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path, help="the server's data folder, which contains console-key")
    parser.add_argument("--url", default="http://127.0.0.1:8000/")
    arguments = parser.parse_args()
    asyncio.run(measure(arguments.url, (arguments.data / "console-key").read_text().strip()))


if __name__ == "__main__":
    main()
