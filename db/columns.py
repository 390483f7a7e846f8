"""Columns: those that a statement selects, groups by one of them, and changes of nullable columns."""

from collections.abc import Iterable, Mapping
from typing import Generic, NamedTuple, TypeAlias, TypeVar

from db.statements import Row

V = TypeVar("V")

# The names of the columns to select, or None for all columns.
Columns: TypeAlias = frozenset[str] | None


def select_list(expressions: Mapping[str, str], columns: Columns = None) -> str:
    """The select list of the given columns, always in the same order. Unknown columns are ignored."""
    return ", ".join(
        expression if expression == name else f"{expression} as {name}"
        for name, expression in expressions.items()
        if columns is None or name in columns
    )


def grouped(rows: Iterable[Row], column: str, values: Iterable[str]) -> dict[str, list[Row]]:
    """The rows with each of the column's values, in the same order."""
    groups: dict[str, list[Row]] = {value: [] for value in values}
    for row in rows:
        groups[row[column]].append(row)
    return groups


class Change(NamedTuple, Generic[V]):
    """A new value for a nullable column, which may be None. No Change means that the column keeps its value."""

    value: V | None
