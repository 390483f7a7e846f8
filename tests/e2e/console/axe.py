"""axe, the accessibility engine."""

from typing import Any

from playwright.async_api import Page

from tests.support.javascript import ROOT

AXE = ROOT / "web/node_modules/axe-core/axe.min.js"

# Moderate and minor violations are only hints.
GRAVE = ("serious", "critical")
GRAVE = ("serious", "critical")


async def grave_violations(page: Page, exclude: tuple[str, ...] = ()) -> list[Any]:
    """The serious violations: the rule, and the nodes that break it. `exclude`: selectors."""
    # The content security policy does not apply to the debugger.
    await page.evaluate(AXE.read_text())
    run = "exclude => axe.run({ include: document, exclude }, { resultTypes: ['violations'] })"
    found = (await page.evaluate(run, list(exclude)))["violations"]
    grave = [violation for violation in found if violation["impact"] in GRAVE]
    return [(each["id"], [(node["html"], node["failureSummary"]) for node in each["nodes"]]) for each in grave]
