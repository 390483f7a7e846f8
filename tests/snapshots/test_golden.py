"""tests/golden: operations, each with its variables, its answer, and the statements that it really runs."""

import json
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest

from db.pool import Pool
from tests.snapshots.conftest import ROOT, Compare
from tests.snapshots.fixed import open_fixed_shop, stable
from tests.support.shop import Shop
from tests.support.statements import answered

GOLDEN = ROOT / "tests" / "golden"
OPERATIONS = sorted(path.stem for path in GOLDEN.glob("*.graphql"))


@pytest.fixture
async def fixed_shop(own_database_url: str, http: httpx.AsyncClient) -> AsyncIterator[Shop]:
    pool = Pool(own_database_url, size=1)  # so that loaders which run at the same time wait in order
    await pool.connect()
    yield await open_fixed_shop(pool, http)
    await pool.disconnect()


def read(name: str) -> tuple[str, dict[str, object]]:
    """The operation's document and variables."""
    answer = _path(name, "json")
    variables = json.loads(answer.read_text(encoding="utf-8"))["variables"] if answer.exists() else {}
    return _path(name, "graphql").read_text(encoding="utf-8"), variables


@pytest.mark.parametrize("name", OPERATIONS)
async def test_the_answer_and_statements_of_an_operation_are_as_committed(
    fixed_shop: Shop, name: str, compare: Compare
) -> None:
    document, variables = read(name)
    data, statements = await answered(fixed_shop, document, **variables)
    answer = {"variables": variables, "answer": {"data": stable(data)}}
    compare(_path(name, "json"), json.dumps(answer, indent=2, ensure_ascii=False) + "\n")
    compare(_path(name, "sql"), "\n".join(f"{formatted(statement)};\n" for statement in statements))


async def test_a_page_of_50_sessions_with_all_columns_is_one_statement(fixed_shop: Shop) -> None:
    data, statements = await answered(fixed_shop, read("sessions_page")[0])
    assert (len(data["sessions"]["nodes"]), len(statements)) == (50, 1)


def formatted(statement: str) -> str:
    """The statement, indented by its parentheses."""
    depth, lines = 0, []
    for line in filter(None, map(str.strip, statement.splitlines())):
        closing = len(line) - len(line.lstrip(")"))
        lines.append(" " * 4 * (depth - closing) + line)
        depth += line.count("(") - line.count(")")
    return "\n".join(lines)


def _path(name: str, suffix: str) -> Path:
    return GOLDEN / f"{name}.{suffix}"
