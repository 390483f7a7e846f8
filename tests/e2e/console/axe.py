"""axe, the accessibility engine."""

from typing import Any

from playwright.async_api import Page

from tests.support.javascript import ROOT

AXE = ROOT / "web/node_modules/axe-core/axe.min.js"

# Moderate and minor violations are only hints.
GRAVE = ("serious", "critical")


async def grave_violations(page: Page, exclude: tuple[str, ...] = ()) -> list[Any]:
    """The serious violations: the rule, and the nodes that break it. `exclude`: selectors."""
    # By the debugger, which the content security policy does not bind.
    await page.evaluate(AXE.read_text())
    result = await page.evaluate(
        "exclude => axe.run({ include: document, exclude }, { resultTypes: ['violations'] })", list(exclude)
    )
    return [
        (violation["id"], [(node["html"], node["failureSummary"]) for node in violation["nodes"]])
        for violation in result["violations"]
        if violation["impact"] in GRAVE
    ]
