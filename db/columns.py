"""Lists of columns: what a row has, and which part of it a statement selects."""

from collections.abc import Mapping
from typing import TypeAlias

# The names of the columns to select; None: all.
Columns: TypeAlias = frozenset[str] | None


def select_list(expressions: Mapping[str, str], columns: Columns = None) -> str:
    """The expressions with their names, of those columns that there are, always in the same order."""
    return ", ".join(
        expression if expression == name else f"{expression} as {name}"
        for name, expression in expressions.items()
        if columns is None or name in columns
    )
