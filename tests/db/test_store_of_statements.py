"""Every statement is restricted to the store in its first parameter, as Postgres plans it: docs/adr/0020-isolation.md.

Postgres derives from `a.store_id = $1 and b.store_id = a.store_id` that `b.store_id = $1`, so the plan of a statement
shows the store at each table that it reads.
"""

import json
import re
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

import asyncpg
import pytest

import db as db_package
from db.audit import INSERT
from db.pool import Pool
from db.statements import OtherStore, store_of_request
from tests.schema.test_isolation import REQUESTS, Stores, filled
from tests.support.rows import TABLES
from tests.support.shop import NewShop, path_of
from tests.support.two_stores import objects_of, unknown_objects

Plan = dict[str, Any]

CONDITIONS = ("Index Cond", "Recheck Cond", "Filter")
BOUND = re.compile(r'\(("?\w+"?\.)?store_id = (\$1|\(\$1\)::text)\)')
BOUND_STORE = re.compile(r"\((store(_\d+)?\.)?id = \$1\)")

# Statements that no request of a store runs, or that find the store of a request, and why they name none.
WITHOUT_STORE = {
    "db.credentials.GET_BY_KEY": "finds the store of an API key",
    "db.credentials.GET_BY_CLIENT": "finds the store of a user",
    "db.health.WRITE": "checks whether the database can be written to",
    "db.idempotency_keys.DELETE_OUTDATED": "deletes outdated keys of all stores",
    "db.redaction.CLAIM": "finds the store whose old sessions are redacted next",
    "db.stores.GET_BY_SLUG": "finds the store of a link",
    "db.stores.SEARCH": "roomkey stores list",
    "db.documents.CREATE_FOR_CONSOLES": "roomkey serve publishes the console's documents in all stores",
    "db.documents.SEARCH_PUBLISHED": "roomkey serve checks the documents of all stores",
    "db.documents.SET_CHECKED": "roomkey serve notes which documents of all stores it has checked",
}


def statements() -> Iterator[tuple[str, str]]:
    """The statements that are constants of a module in db/, by their name."""
    for path in sorted(Path(db_package.__path__[0]).glob("*.py")):
        module = import_module(f"db.{path.stem}")
        for name, value in vars(module).items():
            if (
                name.isupper()
                and isinstance(value, str)
                and re.match(r"\s*(select|insert|update|delete|with)\s", value)
                and value != INSERT  # the beginning of statements
            ):
                yield f"{module.__name__}.{name}", value


@pytest.fixture
async def planner(connection: "asyncpg.Connection[asyncpg.Record]") -> "Planner":
    await connection.execute("set plan_cache_mode = force_generic_plan")
    return Planner(connection, {row["table_name"] for row in await connection.fetch(TABLES)})


class Planner:
    """Plans statements, without running them."""

    def __init__(self, connection: "asyncpg.Connection[asyncpg.Record]", tables: set[str]) -> None:
        self._connection = connection
        self._tables = tables

    async def unbound(self, statement: str) -> list[str]:
        """The names of the tables that the statement reads or writes without restricting them to the store in $1."""
        count = max(map(int, re.findall(r"\$(\d+)", statement)), default=0)
        values = f"({', '.join(['null'] * count)})" if count else ""
        await self._connection.execute(f"prepare planned as {statement}")
        try:
            text = await self._connection.fetchval(f"explain (verbose, format json) execute planned{values}")
        finally:
            await self._connection.execute("deallocate planned")
        return sorted(self._unbound(json.loads(text)[0]["Plan"]))

    def _unbound(self, plan: Plan) -> set[str]:
        children = plan.get("Plans", [])
        found = set().union(*map(self._unbound, children))
        table = plan.get("Relation Name")
        if table == "store" or table in self._tables:
            if plan["Node Type"] == "ModifyTable":
                # An update changes rows that a scan below has found.
                is_bound = plan["Operation"] != "Insert" or all(map(_inserts_bound, children))
            else:
                conditions = [plan[name] for name in CONDITIONS if name in plan]
                bound = BOUND_STORE if table == "store" else BOUND
                is_bound = any(bound.fullmatch(part) for each in conditions for part in _conjuncts(each))
            if not is_bound:
                found.add(table)
        return found


def _conjuncts(condition: str) -> list[str]:
    """The parts of `((a) AND (b))`, each in parentheses, or else the condition itself."""
    parts, outside, depth = [""], "", 0
    for character in condition[1:-1]:
        depth += character == "("
        if depth:
            parts[-1] += character
        else:
            outside += character
        depth -= character == ")"
        if not depth and parts[-1]:
            parts.append("")
    return parts if set(outside.split()) == {"AND"} else [condition]


def _inserts_bound(source: Plan) -> bool:
    """Whether the first column of new rows, which is store_id in every table, is $1 or that of rows found before."""
    if source["Parent Relationship"] != "Outer":  # another part of the statement
        return True
    first = source["Output"][0]
    return bool(re.match(r"\(?\$1\b", first)) or first.rpartition(".")[2] == "store_id"


@pytest.mark.parametrize(
    ("statement", "tables"),
    [
        ("select id from session where store_id = $1 and id = $2", []),
        ("select id from session where id = $1", ["session"]),
        ("select id from session where store_id = $2 and id = $1", ["session"]),
        ('select from "order" join session on session.id = session_id where session.store_id = $1', ["order"]),
        (
            'select from "order" join session on session.store_id = "order".store_id and session.id = session_id '
            'where "order".store_id = $1',
            [],
        ),
        ("select id from session where store_id = $1 or id = $2", ["session"]),
        ("select from app where store_id = $1 and exists (select from document where id = $2)", ["document"]),
        ("update customer set name = $2 where id = $1", ["customer"]),
        ("delete from session_event where store_id = $1", []),
        ("insert into customer (store_id, id, name) values ($2, $1, $3)", ["customer"]),
        ("insert into customer (store_id, id, name) values ($1, $2, $3)", []),
        ("select name from store", ["store"]),
        ("select name from store where id = $1", []),
    ],
)
async def test_the_check_finds_tables_that_are_not_restricted(
    planner: Planner, statement: str, tables: list[str]
) -> None:
    assert await planner.unbound(statement) == tables


async def test_every_statement_in_db_is_restricted_to_the_store_in_its_first_parameter(planner: Planner) -> None:
    found = {name: await planner.unbound(statement) for name, statement in statements()}
    assert len(found) > 40
    assert {name: tables for name, tables in found.items() if tables and name not in WITHOUT_STORE} == {}
    # None of the exceptions is out of date.
    assert {name for name in WITHOUT_STORE if found.get(name)} == {*WITHOUT_STORE}


async def test_every_statement_of_every_request_is_restricted_to_its_store(
    new_shop: NewShop, planner: Planner, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Including the statements that db/search.py and db/stats.py compose."""
    shop = await new_shop()
    mine = await objects_of(shop, "mine")
    stores = Stores(shop, shop, mine, mine, unknown_objects(mine))
    recorded: dict[str, tuple[Any, ...]] = {}
    monkeypatch.setattr("db.pool.record", lambda statement, values: recorded.setdefault(statement, values))
    for tries in REQUESTS.values():
        for document, variables in tries:
            for other in (stores.mine, stores.unknown):
                await shop.post(document, **filled(variables, other, stores.mine))
    await shop.http.get(path_of(await shop.create()))
    exceptions = {statement for name, statement in statements() if name in WITHOUT_STORE}
    assert len(recorded) > 60
    tables = {each: await planner.unbound(each) for each in recorded if each not in exceptions}
    assert {statement: found for statement, found in tables.items() if found} == {}
    assert {str(recorded[statement][0]) for statement in tables} == {shop.id}


async def test_a_request_runs_no_statement_on_another_store(db: Pool, new_shop: NewShop) -> None:
    mine, theirs = await new_shop(), await new_shop()
    statement = "select slug from store where id = $1"
    token = store_of_request.set(mine.id)
    try:
        assert [row.slug for row in await db.fetch(statement, mine.id)] == [mine.slug]
        with pytest.raises(OtherStore):
            await db.fetch(statement, theirs.id)
        async with db.transaction() as transaction:
            with pytest.raises(OtherStore):
                await transaction.fetch(statement, theirs.id)
        # Statements that find something by another key name no store.
        assert await db.fetch("select from store where slug = $1", theirs.slug) != []
    finally:
        store_of_request.reset(token)
