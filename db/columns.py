"""Lists of the columns that a statement selects."""

from collections.abc import Mapping
from typing import TypeAlias

# The names of the columns to select, or None for all columns.
Columns: TypeAlias = frozenset[str] | None


def select_list(expressions: Mapping[str, str], columns: Columns = None) -> str:
    """The select list of the given columns, always in the same order. Unknown columns are ignored."""
    return ", ".join(
        expression if expression == name else f"{expression} as {name}"
        for name, expression in expressions.items()
        if columns is None or name in columns
    )
