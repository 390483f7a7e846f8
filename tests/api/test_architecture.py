"""docs/architecture.md: the functions that a request passes."""

import re
import sys
from pathlib import Path
from typing import Any

import asyncpg.prepared_stmt
import pytest

from tests.support.shop import Shop

ROOT = Path(__file__).parents[2]


async def test_a_page_passes_the_functions_that_the_architecture_lists(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    passed: list[tuple[str, str]] = []
    fetch = asyncpg.prepared_stmt.PreparedStatement.fetch

    async def recorded(*args: Any, **options: Any) -> Any:
        frame = sys._getframe(1)
        passed.clear()
        while frame.f_back:
            path = Path(frame.f_code.co_filename)
            if path.is_relative_to(ROOT) and not path.is_relative_to(ROOT / "tests") and ".venv" not in path.parts:
                passed.append((str(path.relative_to(ROOT)), frame.f_code.co_qualname.rpartition(".<locals>.")[2]))
            frame = frame.f_back
        return await fetch(*args, **options)

    await shop.create()
    monkeypatch.setattr(asyncpg.prepared_stmt.PreparedStatement, "fetch", recorded)
    assert (await shop.ask("{ sessions(first: 50) { nodes { id } } }"))["sessions"]["nodes"]
    passed.reverse()
    assert passed == listed()
    modules = [module for module, _ in passed]
    assert len(passed) <= 12
    assert len(set(modules)) <= 7
    assert modules == sorted(modules, key=modules.index), "a module is passed twice"


def listed() -> list[tuple[str, str]]:
    page = (ROOT / "docs/architecture.md").read_text()
    functions = []
    module = ""
    for name, function in re.findall(r"^\| \d+ \| (`[\w/.]+`)? ?\| `([\w.]+)` \|", page, re.MULTILINE):
        module = name.strip("`") or module
        functions.append((module, function))
    return functions
