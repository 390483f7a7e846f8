"""Keyset pagination: a page starts at a row instead of an offset (https://use-the-index-luke.com/no-offset)."""

from typing import Literal, NamedTuple


class Key(NamedTuple):
    """The position of a row in a sorted list: the value of the sort column, as Postgres text, and the ID."""

    value: str
    id: str


class Sort(NamedTuple):
    """A sort order by a column and then by ID, both in the same direction.

    Rows of a search have the column's value as `sort_key`, in the format of Key.
    """

    column: str
    type: Literal["timestamptz", "text"]
    descending: bool


class Window(NamedTuple):
    """The first or last `limit` rows of a sorted list between two keys, both exclusive."""

    limit: int
    after: Key | None = None
    before: Key | None = None
    last: bool = False

    @property
    def bounds(self) -> tuple[str, ...]:
        """The values of the given keys, as parameters of a statement."""
        return (*(self.after or ()), *(self.before or ()))
