"""Measure how long Postgres takes for the searches of operators in the largest store.

    roomkey demo --sessions 1000000 --stores 200
    python -m bench.search [--url postgresql://…] [--explain]

Prints the milliseconds of EXPLAIN ANALYZE for each search: the best and the worst of several runs, slowest search
first.
"""

import argparse
import asyncio
import json
import os
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import asyncpg

import embedded
from db import search
from db.keysets import Key, Sort, Window
from db.search import (
    EVERYTHING,
    Predicate,
    Table,
    all_of,
    any_of,
    none_of,
)

RUNS = 5

NEWEST = Sort("created_at", "timestamptz", True)
OLDEST = Sort("created_at", "timestamptz", False)
EXPIRY = Sort("token_expires_at", "timestamptz", False)
NAME = Sort("customer_name_key", "text", False)
PAGE = Window(51)

LARGEST = "select store_id from session group by 1 order by count(*) desc limit 1"
SAMPLE = """
select id, customer_name, customer_id, room_id, order_numbers from session
where store_id = $1 and order_numbers <> '' and room_id is not null
order by id offset 30000 limit 1
"""


class Explaining:
    """An executor that explains statements instead of running them."""

    def __init__(self, connection: Any) -> None:
        self._connection = connection
        self.milliseconds = 0.0
        self.plan = ""

    async def fetch(self, statement: str, *values: Any, planned: bool = False) -> list[Any]:
        """Explain the custom plan or the generic plan, which a prepared statement gets after a few executions."""
        if planned:
            prepared = await self._connection.prepare(f"explain (analyze, buffers, format json) {statement}", name="")
            return self._read(statement, await prepared.fetchval(*values))
        await self._connection.execute(f"set plan_cache_mode = force_generic_plan; prepare s as {statement}")
        literals = ", ".join([await self._literal(value) for value in values])
        plan = await self._connection.fetchval(f"explain (analyze, buffers, format json) execute s({literals})")
        await self._connection.execute("deallocate s; reset plan_cache_mode")
        return self._read(statement, plan)

    async def fetchrow(self, statement: str, *values: Any) -> Any:
        raise NotImplementedError

    async def _literal(self, value: Any) -> str:
        if isinstance(value, list):
            return "array[" + ", ".join([await self._literal(each) for each in value]) + "]::text[]"
        return str(await self._connection.fetchval("select quote_literal($1::text)", str(value)))

    def _read(self, statement: str, plan: str) -> list[Any]:
        [explained] = json.loads(plan)
        self.milliseconds = explained["Execution Time"] + explained["Planning Time"]
        self.plan = json.dumps(explained["Plan"], indent=1)
        return [{"count": 0}] if "select count(*)" in statement else []


def cases(row: Any, deep: Window) -> dict[str, tuple[Predicate, Sort, Window]]:
    """Searches for text, common and rare, short and long; by status; in each order; deep pages."""
    name = row["customer_name"]
    number = row["order_numbers"].splitlines()[0]
    texts = {
        "one letter, common: a": "a",
        "one letter, rare: ж": "ж",
        "two letters, common: an": "an",
        "two letters, rare: qx": "qx",
        "two letters, CJK: 淑芬": "淑芬",
        "one letter, CJK: 王": "王",
        "three letters: mar": "mar",
        "a name: sophia": "sophia",
        "a name: Ольга": "Ольга",
        "nothing: zzzzzz": "zzzzzz",
        "nothing, common parts: marandi": "marandi",
        "order number": number,
        "order number, part": number[:4],
        "room ID": row["room_id"],
        "room ID, part": row["room_id"][:4],
        "session ID": row["id"].removeprefix("session_"),
        "session ID, end": row["id"][-6:],
        "session ID, beginning": row["id"][8:14],
        "digits: 17": "17",
        "digits: 174": "174",
        "the name": name.split()[0],
    }
    found = {f"search {label}": (search.search_text_contains(text), NEWEST, PAGE) for label, text in texts.items()}
    found |= {
        f"search {label}, by name": (search.search_text_contains(text), NAME, PAGE)
        for label, text in texts.items()
        if "letters" in label
    }
    words = [search.search_text_contains(word) for word in ("santoso", "whatsapp")]
    whole_id = [search.search_text_contains(row["id"]), search.session_id_starts_with(row["id"])]
    expired, active, revoked = (search.status_in([status]) for status in ("EXPIRED", "ACTIVE", "REVOKED"))
    found |= {
        "search session ID, whole": (any_of(whole_id), NEWEST, PAGE),
        "search two words": (all_of(words), NEWEST, PAGE),
        "name equals": (search.text_equals("session.customer_name", name), NEWEST, PAGE),
        "name starts with: so": (search.text_starts_with("session.customer_name", "so"), NEWEST, PAGE),
        "name starts with: qx": (search.text_starts_with("session.customer_name", "qx"), NEWEST, PAGE),
        "name contains: 淑芬": (search.text_contains("session.customer_name", "淑芬"), NEWEST, PAGE),
        "order number equals": (search.text_equals("session.order_number", number), NEWEST, PAGE),
        "order number starts with 2": (search.text_starts_with("session.order_number", number[:2]), NEWEST, PAGE),
        "order number contains 4": (search.text_contains("session.order_number", number[1:5]), NEWEST, PAGE),
        "room equals": (search.text_equals("session.room_id", row["room_id"]), NEWEST, PAGE),
        "room equals, none": (search.text_equals("session.room_id", "no such room"), NEWEST, PAGE),
        "room starts with 3": (search.text_starts_with("session.room_id", row["room_id"][:3]), NEWEST, PAGE),
        "all, newest": (EVERYTHING, NEWEST, PAGE),
        "all, oldest": (EVERYTHING, OLDEST, PAGE),
        "all, by name": (EVERYTHING, NAME, PAGE),
        "all, by expired time": (EVERYTHING, EXPIRY, PAGE),
        "all, deep": (EVERYTHING, NEWEST, deep),
        "all, last": (EVERYTHING, NEWEST, Window(51, last=True)),
        "active, newest": (active, NEWEST, PAGE),
        "active, oldest": (active, OLDEST, PAGE),
        "active, by name": (active, NAME, PAGE),
        "active, by expired time": (active, EXPIRY, PAGE),
        "expired, newest": (expired, NEWEST, PAGE),
        "expired, by name": (expired, NAME, PAGE),
        "revoked, newest": (revoked, NEWEST, PAGE),
        "revoked, oldest, deep": (revoked, OLDEST, PAGE),
        "revoked, by name": (revoked, NAME, PAGE),
        "not revoked": (none_of(revoked), NEWEST, PAGE),
        "converted": (search.converted(True), NEWEST, PAGE),
        "converted and active, by name": (all_of([search.converted(True), active]), NAME, PAGE),
        "converted and revoked": (all_of([search.converted(True), revoked]), NEWEST, PAGE),
        "metadata": (search.metadata_contains('{"channel": "whatsapp"}'), NEWEST, PAGE),
        "metadata, none": (search.metadata_contains('{"channel": "pigeon"}'), NEWEST, PAGE),
        "active and search mar": (all_of([active, search.search_text_contains("mar")]), NEWEST, PAGE),
        "revoked and search mar": (all_of([revoked, search.search_text_contains("mar")]), NEWEST, PAGE),
        "active and search qx": (all_of([active, search.search_text_contains("qx")]), NEWEST, PAGE),
        "a customer's": (search.equals("customer_id", row["customer_id"]), NEWEST, PAGE),
        "ids": (search.one_of("id", [row["id"]] * 50), NEWEST, PAGE),
        "name or order, by name": (
            any_of([search.search_text_contains("sophia"), search.text_equals("session.order_number", number)]),
            NAME,
            PAGE,
        ),
        "nothing or nothing, by name": (
            any_of([search.search_text_contains("qxq"), search.text_contains("session.order_number", "zzzz")]),
            NAME,
            PAGE,
        ),
        "no order number contains q": (none_of(search.text_contains("session.order_number", "q")), NEWEST, PAGE),
        "order number contains жж": (search.text_contains("session.order_number", "жж"), NEWEST, PAGE),
        "name or order": (
            any_of([search.search_text_contains("sophia"), search.text_equals("session.order_number", number)]),
            NEWEST,
            PAGE,
        ),
    }
    return found


def customer_cases() -> dict[str, tuple[Predicate, Sort, Window]]:
    """Searches for customers."""
    return {
        f"customers, {label}": (predicate, NEWEST, PAGE)
        for label, predicate in {
            "all": EVERYTHING,
            "e-mail, none": search.equals("email", "nobody@example.com"),
            "phone, none": search.equals("phone", "+6281234567890"),
            "external ID, none": search.equals("external_id", "nobody"),
            "name contains sophia": search.text_contains("customer.name", "sophia"),
            "name contains 淑芬": search.text_contains("customer.name", "淑芬"),
            "name contains qx": search.text_contains("customer.name", "qx"),
        }.items()
    }


async def run(url: str, explain: bool) -> None:
    connection = await asyncpg.connect(url)
    store_id = await connection.fetchval(LARGEST)
    total = await connection.fetchval("select count(*) from session where store_id = $1", store_id)
    row = await connection.fetchrow(SAMPLE, store_id)
    deep_row = await connection.fetchrow(
        "select created_at, id from session where store_id = $1 order by created_at desc, id desc offset $2 limit 1",
        store_id,
        total * 9 // 10,
    )
    deep = Window(51, after=Key(deep_row["created_at"].isoformat(), deep_row["id"]))
    executor = Explaining(connection)
    measured: list[tuple[float, float, str, str]] = []
    asked: list[tuple[Table, str, tuple[Predicate, Sort, Window]]] = [
        ("session", *case) for case in cases(row, deep).items()
    ]
    asked += [("customer", *case) for case in customer_cases().items()]
    for table, label, (predicate, order, window) in asked:
        for kind, ask in _asked(executor, table, store_id, predicate, order, window).items():
            times = []
            for _ in range(RUNS):
                await ask()
                times.append(executor.milliseconds)
            measured.append((min(times), max(times), f"{label}{kind}", executor.plan))
    print(f"{total:,} sessions in the store.    best     worst   ms of Postgres, planning and execution")
    for best, worst, label, _ in sorted(measured, reverse=True):
        print(f"{best:34.2f} {worst:9.2f}   {label}")
    if explain:
        print(max(measured)[3])
    await connection.close()


def _asked(
    executor: Explaining, table: Table, store_id: str, predicate: Predicate, order: Sort, window: Window
) -> dict[str, Callable[[], Awaitable[Any]]]:
    return {
        "": lambda: search.search(executor, table, store_id, predicate, order, window),
        " (count to 10,000)": lambda: search.count(executor, table, store_id, predicate, 10_001),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--url", default=os.environ.get("DATABASE_URL"), help="a database other than the embedded one")
    parser.add_argument("--data", type=Path, default=Path(".roomkey"), help="the folder of the embedded one")
    parser.add_argument("--explain", action="store_true", help="also print the plan of the slowest")
    arguments = parser.parse_args()
    if arguments.url:
        asyncio.run(run(arguments.url, arguments.explain))
        return
    with embedded.start(arguments.data) as server:
        asyncio.run(run(server.url(), arguments.explain))


if __name__ == "__main__":
    main()
