"""Style sheets."""

import re

from tests.support.javascript import ROOT

WEB = ROOT / "web"
MANTINE = WEB / "node_modules/@mantine/core/styles"


def test_every_component_in_use_has_its_style_sheet() -> None:
    imported = set(re.findall(r"styles/(\w+)\.layer\.css", (WEB / "src/mantine.css").read_text()))
    used = {
        name
        for file in (WEB / "src").rglob("*.tsx")
        for names in re.findall(r'import \{([^}]*)\} from "@mantine/core"', file.read_text())
        for name in re.findall(r"\w+", names)
        if (MANTINE / f"{name}.layer.css").exists()
    }
    assert "Button" in used
    assert used - imported == set()
