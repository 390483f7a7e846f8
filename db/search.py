"""Search. Composes statements from the fixed list of fragments below; besides this module, only db/stats.py does so.

Postgres finds the rows of a page by scanning the index of the sort order or the trigram index. The better plan depends
on how rare the text is, so a search for text gets a custom plan. Before that, a prepared statement tries to fill the
page from the newest rows, which suffices for a frequent text: see `_near`.
"""

from collections.abc import Sequence
from datetime import datetime
from functools import lru_cache
from typing import Any, Literal, NamedTuple, TypeAlias

from db import apps, audit, customers, sessions
from db.columns import Columns, grouped, select_list
from db.keysets import Sort, Window
from db.pool import Pool
from db.sessions import STATUS_IS
from db.statements import Executor, Row

# The sort column of the covering indexes of the newest rows.
NEAR_SORT = "created_at"
# The index entries per row of a page that `_near` reads at most.
NEAR = 40
# The index entries per row that it reads first, and the matches that it must find there to continue.
PROBE = 8
PROBE_MATCHES = 2
# Counting more rows than this is a report.
QUICK_COUNT = 20_000


class Predicate(NamedTuple):
    """A condition on a row: SQL with a `?` for each value. `$1` is the store.

    `planned`: the statement needs a custom plan, because the best plan depends on the values. `near`: the same
    condition on columns of the covering index of the newest rows, or None if the index does not contain them.
    """

    sql: str
    values: tuple[Any, ...] = ()
    planned: bool = False
    near: "Predicate | None" = None


Table: TypeAlias = Literal["session", "customer", "app", "audit_event"]

# The columns of each table with their expressions.
TABLES: dict[Table, dict[str, str]] = {
    "session": sessions.COLUMNS,
    "customer": customers.COLUMNS,
    "app": {name: name for name in apps.COLUMNS.split(", ")},
    "audit_event": audit.COLUMNS,
}

# The expressions for comparing text. `~` is a placeholder for the comparison. Case and accents are ignored (folded).
TEXT = {
    "customer.name": "name_key ~",
    "session.customer_name": "customer_name_key ~",
    "session.room_id": 'fold(room_id) collate "C" ~',
    "session.order_number": """id in (
        select session_id from "order" where store_id = $1 and number_key ~
    )""",
}
# The columns in a covering index of the newest rows.
COVERED_TEXT = ("customer.name", "session.customer_name")

# In prepared statements, the subquery ensures that the pattern is folded once instead of once per row.
FOLDED = {
    "= fold(?)": "= (select fold(?))",
    "like fold_pattern(?) || '%'": "like (select fold_pattern(?) || '%')",
    "like '%' || fold_pattern(?) || '%'": "like (select '%' || fold_pattern(?) || '%')",
}
EQUALS, STARTS_WITH, CONTAINS = FOLDED

# The minimum length of a word that is searched for in session IDs.
ID_PART = 6


def _covered(sql: str, values: tuple[Any, ...] = ()) -> Predicate:
    """A condition on columns of a covering index of the newest rows."""
    return Predicate(sql, values, near=Predicate(sql, values))


EVERYTHING = _covered("true")
NOTHING = _covered("false")


def all_of(predicates: Sequence[Predicate]) -> Predicate:
    return _joined(predicates, " and ") if predicates else EVERYTHING


def any_of(predicates: Sequence[Predicate]) -> Predicate:
    return _joined(predicates, " or ") if predicates else NOTHING


def none_of(predicate: Predicate) -> Predicate:
    """The complement. It includes the rows for which the predicate is null because a value is missing."""
    near = none_of(predicate.near) if predicate.near else None
    return Predicate(f"({predicate.sql}) is not true", predicate.values, predicate.planned, near)


def equals(column: str, value: str) -> Predicate:
    return Predicate(f"{column} = ?", (value,))


def one_of(column: str, values: Sequence[str]) -> Predicate:
    # A tuple, because predicates are keys of data loaders.
    return Predicate(f"{column} = any (?::text[])", (tuple(values),))


def in_range(column: str, start: datetime | None, end: datetime | None) -> Predicate:
    """From `start` (inclusive) to `end` (exclusive). No range includes `infinity`, which means never."""
    parts = [_covered(f"{column} < ?", (end,)) if end else _covered(f"{column} < 'infinity'")]
    if start:
        parts.append(_covered(f"{column} >= ?", (start,)))
    return all_of(parts)


def text_equals(column: str, text: str) -> Predicate:
    equal = _text(column, EQUALS, text)
    # At most one order has the number, so a generic plan is as good as a custom one.
    return equal._replace(planned=False) if column == "session.order_number" else equal


def text_contains(column: str, text: str) -> Predicate:
    return _narrowed(column, CONTAINS, text)


def text_starts_with(column: str, text: str) -> Predicate:
    return _narrowed(column, STARTS_WITH, text)


def search_text_contains(text: str) -> Predicate:
    """The customer's name, the room ID, an order number or, if the text is long enough, the ID contains the text."""
    found = _compared("search_text ~", CONTAINS, text)
    if len(text) >= ID_PART:
        return found
    # Without the ID at the end of the search text, because many IDs contain a few given letters by chance.
    return all_of([found, _compared("left(search_text, -27) ~", CONTAINS, text)])


def session_id_starts_with(text: str) -> Predicate:
    return _compared("id ~", STARTS_WITH, text)


def status_in(statuses: Sequence[str]) -> Predicate:
    return any_of([_covered(STATUS_IS[status]) for status in statuses])


def converted(yes: bool) -> Predicate:
    return _covered("conversion_kind is not null" if yes else "conversion_kind is null")


def metadata_contains(json: str) -> Predicate:
    # The best plan depends on how rare the value is, as with text.
    return Predicate("metadata @> ?::jsonb and metadata <> '{}'", (json,), True) if json != "{}" else EVERYTHING


async def search(
    db: Executor, table: Table, store_id: str, predicate: Predicate, sort: Sort, window: Window, columns: Columns = None
) -> list[Row]:
    """The matching rows of the window, sorted."""
    shape = _Shape.of(table, columns, sort, window)
    rows: list[Row] = []
    if predicate.planned and predicate.near and sort.column == NEAR_SORT:
        rows = await db.fetch(_near(shape, predicate.near.sql), store_id, *window.bounds, *predicate.near.values)
    if len(rows) < window.limit:
        page = _page(shape, predicate.sql)
        rows = await db.fetch(page, store_id, *window.bounds, *predicate.values, planned=predicate.planned)
    if window.last:
        rows.reverse()
    return rows


async def search_sessions_of_customers(
    db: Executor, store_id: str, ids: list[str], predicate: Predicate, sort: Sort, window: Window, columns: Columns
) -> dict[str, list[Row]]:
    """The same for the sessions of each of these customers, in one statement."""
    shape = _Shape.of("session", None if columns is None else columns | {"customer_id"}, sort, window)
    page = _page_of_each(shape, predicate.sql)
    rows = await db.fetch(page, store_id, *window.bounds, *predicate.values, ids, planned=predicate.planned)
    if window.last:
        rows.reverse()
    return grouped(rows, "customer_id", ids)


async def count(db: Pool, table: Table, store_id: str, predicate: Predicate, limit: int) -> int:
    """The number of matching rows, up to the limit. A high limit makes it a report."""
    statement = f"select count(*) from ({_counted(table, predicate, limit, 2)}) as counted"
    [row] = await (db if limit <= QUICK_COUNT else db.reports).fetch(
        statement, store_id, *predicate.values, planned=predicate.planned
    )
    return int(row["count"])


async def count_sessions_of_customers(
    db: Executor, store_id: str, ids: list[str], predicate: Predicate, limit: int
) -> dict[str, int]:
    """The same for the sessions of each of these customers, in one statement."""
    statement = f"""
        select parent.id, counted.count from unnest($2::text[]) as parent (id)
        cross join lateral (
            select count(*) from ({_counted("session", all_of([THEIRS, predicate]), limit, 3)}) as counted
        ) as counted
    """
    rows = await db.fetch(statement, store_id, ids, *predicate.values, planned=predicate.planned)
    return {row["id"]: row["count"] for row in rows}


def numbered(sql: str, place: int) -> str:
    """The condition with its `?` replaced by numbered parameters, starting with `$place`."""
    first, *rest = sql.split("?")
    return first + "".join(f"${number}{part}" for number, part in enumerate(rest, start=place))


THEIRS = Predicate("customer_id = parent.id")


class _Shape(NamedTuple):
    """Everything that the statement of a page depends on, except the predicate."""

    table: Table
    columns: Columns
    sort: Sort
    limit: int
    after: bool
    before: bool
    last: bool

    @classmethod
    def of(cls, table: Table, columns: Columns, sort: Sort, window: Window) -> "_Shape":
        return cls(table, columns, sort, window.limit, window.after is not None, window.before is not None, window.last)

    @property
    def select(self) -> str:
        expressions = TABLES[self.table] | {"sort_key": f"{self.table}.{self.sort.column}::text"}
        return f"select {select_list(expressions, self.columns)} from {self.table}"

    @property
    def direction(self) -> str:
        return "desc" if self.sort.descending != self.last else "asc"

    @property
    def in_order(self) -> str:
        return f"order by {self.table}.{self.sort.column} {self.direction}, {self.table}.id {self.direction}"

    @property
    def bounds(self) -> str:
        """The conditions for the store and the keys, which are the first parameters."""
        conditions = ["store_id = $1"]
        for is_given, is_end in ((self.after, False), (self.before, True)):
            if is_given:
                place = 2 * len(conditions)
                side = "<" if self.sort.descending != is_end else ">"
                conditions.append(f"({self.sort.column}, id) {side} (${place}::text::{self.sort.type}, ${place + 1})")
        return " and ".join(conditions)

    @property
    def next_place(self) -> int:
        return 2 + 2 * (self.after + self.before)


@lru_cache(512)
def _page(shape: _Shape, predicate: str) -> str:
    """The statement for a page. With a predicate, a subquery finds the IDs, if possible from indexes only, so that only
    the rows of the page are read from the table.
    """
    if predicate == EVERYTHING.sql:
        return f"{shape.select} where {shape.bounds} {shape.in_order} limit {shape.limit:d}"
    return f"""
        {shape.select} where store_id = $1 and id in (
            select id from {shape.table}
            where {shape.bounds} and {numbered(predicate, shape.next_place)}
            {shape.in_order}
            limit {shape.limit:d}
        )
        {shape.in_order}
    """


@lru_cache(512)
def _near(shape: _Shape, predicate: str) -> str:
    """The statement for the rows of a page among the newest rows. Scans the covering index until the page is full.

    Returns no rows if the first entries show that the text is too rare to fill the page.
    """
    name, matches = shape.table, numbered(predicate, shape.next_place)
    newest = f"select * from {name} where {shape.bounds} {shape.in_order}"
    enough = min(PROBE_MATCHES, shape.limit)
    return f"""
        {shape.select} join (
            select id as found_id, {shape.sort.column} as found_at from ({newest} limit (
                select case when count(*) = {enough} then {NEAR * shape.limit:d} else 0 end
                from (
                    select from ({newest} limit {PROBE * shape.limit:d}) as {name} where {matches} limit {enough}
                ) as probe
            )) as {name}
            where {matches}
            {shape.in_order}
            limit {shape.limit:d}
        ) as found on store_id = $1 and {name}.id = found_id
        order by found_at {shape.direction}, found_id {shape.direction}
    """


@lru_cache(512)
def _page_of_each(shape: _Shape, predicate: str) -> str:
    """The statement for a page of each parent's rows. The IDs of the parents are the last parameter."""
    parents = shape.next_place + predicate.count("?")
    page = _page(shape, f"{THEIRS.sql} and {predicate}")
    return f"select page.* from unnest(${parents}::text[]) as parent (id) cross join lateral ({page}) as page"


def _counted(table: Table, predicate: Predicate, limit: int, place: int) -> str:
    return f"select from {table} where store_id = $1 and {numbered(predicate.sql, place)} limit {int(limit)}"


def _joined(predicates: Sequence[Predicate], operator: str) -> Predicate:
    nears = [predicate.near for predicate in predicates if predicate.near]
    return Predicate(
        "(" + operator.join(predicate.sql for predicate in predicates) + ")",
        tuple(value for predicate in predicates for value in predicate.values),
        any(predicate.planned for predicate in predicates),
        _joined(nears, operator) if nears and len(nears) == len(predicates) else None,
    )


def _compared(place: str, comparison: str, text: str) -> Predicate:
    """A comparison with a text that the covering index contains."""
    near = Predicate(place.replace("~", FOLDED[comparison]), (text,))
    return Predicate(place.replace("~", comparison), (text,), planned=True, near=near)


def _text(column: str, comparison: str, text: str) -> Predicate:
    compared = _compared(TEXT[column], comparison, text)
    return compared if column in COVERED_TEXT else compared._replace(near=None)


def _narrowed(column: str, comparison: str, text: str) -> Predicate:
    """The same, and a condition on the search text, which includes the name and the room ID and has a trigram index.

    The planner assumes that the two conditions are independent, and so underestimates the number of rows. With
    coalesce, it assumes that half of the rows match.
    """
    predicate = _text(column, comparison, text)
    if column not in ("session.customer_name", "session.room_id"):
        return predicate
    likely = predicate._replace(sql=f"coalesce({predicate.sql}, false)")
    return all_of([_compared("search_text ~", CONTAINS, text), likely])._replace(near=predicate.near)
