"""Keysets: pages that begin at a row, not at a number (https://use-the-index-luke.com/no-offset)."""

from datetime import datetime
from typing import Any, Literal, NamedTuple


class Key(NamedTuple):
    """Where a row stands in an order: the sorted value, as Postgres reads it, and the ID."""

    value: str
    id: str


class Sort(NamedTuple):
    """Rows sorted by a column, those with equal values by their ID, both in the same direction."""

    column: str
    type: Literal["timestamptz", "text"]
    descending: bool

    def key_of(self, row: Any) -> Key:
        value = getattr(row, self.column)
        if isinstance(value, datetime):
            value = value.isoformat()
        return Key("infinity" if value is None else value, row.id)


class Window(NamedTuple):
    """The first `limit` rows of an order between two keys, both exclusive; or the last ones of them."""

    limit: int
    after: Key | None = None
    before: Key | None = None
    last: bool = False
