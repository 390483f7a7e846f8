"""Search: the one place that composes statements, from the fixed list of fragments below.

A page is one walk along the index of its order, from the key where it begins, or one look into the trigram index: which
of them Postgres chooses depends on how rare the text is, so a search for text is planned with its values.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Generic, TypeVar

from db import apps, customers, sessions
from db.customers import CustomerRow
from db.keysets import Sort, Window
from db.pool import Executor, Row
from db.sessions import STATUS_IS, SessionRow

T = TypeVar("T")


@dataclass(frozen=True)
class Predicate:
    """A condition on a row: SQL with `?` where its values stand. `$1` is the store.

    `planned`: how to look for the values depends on how rare they are.
    """

    sql: str
    values: tuple[Any, ...] = ()
    planned: bool = False


@dataclass(frozen=True)
class Table(Generic[T]):
    """What is searched."""

    name: str
    columns: str
    row: Callable[[Row], T]


SESSION = Table("session", sessions.COLUMNS, SessionRow._make)
CUSTOMER = Table("customer", customers.COLUMNS, CustomerRow._make)
APP: Table[Row] = Table("app", apps.COLUMNS, lambda row: row)

# Where a text is compared; `~` is where the comparison goes. All of it is folded: accents and case do not count.
TEXT = {
    "customer.name": "name_key ~",
    "session.customer_name": "customer_name_key ~",
    "session.room_id": 'fold(room_id) collate "C" ~',
    "session.order_number": """id in (
        select session_id from "order" where store_id = $1 and number_key ~
    )""",
}

IN_SEARCH_TEXT = "search_text like '%' || fold_pattern(?) || '%'"

# From so many characters on, a word may be a part of a session's ID.
ID_PART = 6

EVERYTHING = Predicate("true")
NOTHING = Predicate("false")


def all_of(predicates: Sequence[Predicate]) -> Predicate:
    return _joined(predicates, " and ") if predicates else EVERYTHING


def any_of(predicates: Sequence[Predicate]) -> Predicate:
    return _joined(predicates, " or ") if predicates else NOTHING


def none_of(predicate: Predicate) -> Predicate:
    """The complement: the rows of which the predicate is unknown, for want of a value, belong to it."""
    return Predicate(f"({predicate.sql}) is not true", predicate.values, predicate.planned)


def equals(column: str, value: str) -> Predicate:
    return Predicate(f"{column} = ?", (value,))


def one_of(column: str, values: Sequence[str]) -> Predicate:
    return Predicate(f"{column} = any (?::text[])", (list(values),))


def in_range(column: str, start: datetime | None, end: datetime | None) -> Predicate:
    """From `start` (inclusive) to `end` (exclusive). A moment that never comes, `infinity`, is in no range."""
    parts = [Predicate(f"{column} < ?", (end,)) if end else Predicate(f"{column} < 'infinity'")]
    if start:
        parts.append(Predicate(f"{column} >= ?", (start,)))
    return all_of(parts)


def text_equals(column: str, text: str) -> Predicate:
    equal = _text(column, "= fold(?)", text)
    # A number belongs to one order, so there is one way to look for it.
    return replace(equal, planned=False) if column == "session.order_number" else equal


def text_contains(column: str, text: str) -> Predicate:
    return _narrowed(column, _text(column, "like '%' || fold_pattern(?) || '%'", text), text)


def text_starts_with(column: str, text: str) -> Predicate:
    return _narrowed(column, _text(column, "like fold_pattern(?) || '%'", text), text)


def search_text_contains(text: str) -> Predicate:
    """The customer's name, the room ID or an order number contains the text, or, if it is long enough, the ID does."""
    found = Predicate(IN_SEARCH_TEXT, (text,), planned=True)
    if len(text) >= ID_PART:
        return found
    # The ID stands at the end, and a few letters are in many IDs by accident.
    return all_of([found, Predicate("left(search_text, -27) like '%' || fold_pattern(?) || '%'", (text,))])


def session_id_starts_with(text: str) -> Predicate:
    return Predicate("id like fold_pattern(?) || '%'", (text,), planned=True)


def status_in(statuses: Sequence[str]) -> Predicate:
    return any_of([Predicate(STATUS_IS[status]) for status in statuses])


def converted(yes: bool) -> Predicate:
    return Predicate("conversion_kind is not null" if yes else "conversion_kind is null")


def metadata_contains(json: str) -> Predicate:
    # Some values are common and some rare, as with text.
    return Predicate("metadata @> ?::jsonb and metadata <> '{}'", (json,), True) if json != "{}" else EVERYTHING


async def search(
    db: Executor, table: Table[T], store_id: str, predicate: Predicate, order: Sort, window: Window
) -> list[T]:
    """The rows of the window, in the order."""
    values: list[Any] = [store_id]
    rows = await _fetch(db, _page(table, predicate, order, window, values), values, predicate)
    return [table.row(row) for row in (reversed(rows) if window.last else rows)]


async def search_sessions_of_customers(
    db: Executor, store_id: str, customer_ids: Sequence[str], predicate: Predicate, order: Sort, window: Window
) -> dict[str, list[SessionRow]]:
    """The same for each customer's sessions, in one statement."""
    values: list[Any] = [store_id, list(customer_ids)]
    page = _page(SESSION, all_of([THEIRS, predicate]), order, window, values)
    statement = f"select page.* from unnest($2::text[]) as parent (id) cross join lateral ({page}) as page"
    found: dict[str, list[SessionRow]] = {id: [] for id in customer_ids}
    rows = await _fetch(db, statement, values, predicate)
    for row in reversed(rows) if window.last else rows:
        session = SessionRow(*row)
        found[session.customer_id].append(session)
    return found


async def count(db: Executor, table: Table[T], store_id: str, predicate: Predicate, limit: int) -> int:
    """How many rows there are; counting stops at the limit."""
    values: list[Any] = [store_id]
    [row] = await _fetch(db, _count(table, predicate, limit, values), values, predicate)
    return int(row["count"])


async def count_sessions_of_customers(
    db: Executor, store_id: str, customer_ids: Sequence[str], predicate: Predicate, limit: int
) -> dict[str, int]:
    """The same for each customer's sessions, in one statement."""
    values: list[Any] = [store_id, list(customer_ids)]
    statement = f"""
        select parent.id, counted.count from unnest($2::text[]) as parent (id)
        cross join lateral ({_count(SESSION, all_of([THEIRS, predicate]), limit, values)}) as counted
    """
    return {row["id"]: row["count"] for row in await _fetch(db, statement, values, predicate)}


def where(predicate: Predicate, values: list[Any]) -> str:
    """The predicate with its values' places numbered, after the values that there are; they are appended to them."""
    sql, *rest = predicate.sql.split("?")
    for place, part in enumerate(rest, start=len(values) + 1):
        sql += f"${place}{part}"
    values.extend(predicate.values)
    return sql


THEIRS = Predicate("customer_id = parent.id")


def _page(table: Table[T], predicate: Predicate, order: Sort, window: Window, values: list[Any]) -> str:
    """A page of everything is read along its order's index. Otherwise its IDs come from indexes alone where these hold
    what is asked, and then only its own rows are read.
    """
    bounds = [] if predicate is EVERYTHING else [predicate]
    for key, is_end in ((window.after, False), (window.before, True)):
        if key:
            side = "<" if order.descending != is_end else ">"
            bounds.append(Predicate(f"({order.column}, id) {side} (?::text::{order.type}, ?)", key))
    direction = "desc" if order.descending != window.last else "asc"
    rows = f"""
        from {table.name} where store_id = $1 and {where(all_of(bounds), values)}
        order by {table.name}.{order.column} {direction}, id {direction}
        limit {int(window.limit)}
    """
    if predicate is EVERYTHING:
        return f"select {table.columns} {rows}"
    return f"""
        select {table.columns} from {table.name}
        where store_id = $1 and id in (select id {rows})
        order by {table.name}.{order.column} {direction}, id {direction}
    """


def _count(table: Table[T], predicate: Predicate, limit: int, values: list[Any]) -> str:
    return f"""
        select count(*) from (
            select from {table.name} where store_id = $1 and {where(predicate, values)} limit {int(limit)}
        ) as counted
    """


async def _fetch(db: Executor, statement: str, values: list[Any], predicate: Predicate) -> list[Row]:
    fetch = db.fetch_planned if predicate.planned else db.fetch
    return await fetch(statement, *values)


def _joined(predicates: Sequence[Predicate], operator: str) -> Predicate:
    return Predicate(
        "(" + operator.join(predicate.sql for predicate in predicates) + ")",
        tuple(value for predicate in predicates for value in predicate.values),
        any(predicate.planned for predicate in predicates),
    )


def _text(column: str, comparison: str, text: str) -> Predicate:
    return Predicate(TEXT[column].replace("~", comparison), (text,), planned=True)


def _narrowed(column: str, predicate: Predicate, text: str) -> Predicate:
    """A session's name and room ID lie in its search text, too, which the trigram index knows.

    The planner takes the two conditions for independent, and so the rows for far fewer than there are. Of what is
    coalesced it assumes that half of the rows have it.
    """
    if column not in ("session.customer_name", "session.room_id"):
        return predicate
    likely = replace(predicate, sql=f"coalesce({predicate.sql}, false)")
    return all_of([Predicate(IN_SEARCH_TEXT, (text,)), likely])
