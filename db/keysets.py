"""Keyset pagination: a page begins at a row, not at a number (https://use-the-index-luke.com/no-offset)."""

from typing import Literal, NamedTuple


class Key(NamedTuple):
    """The place of a row in a sorted list: the value that it is sorted by, as Postgres writes it, and the ID."""

    value: str
    id: str


class Sort(NamedTuple):
    """Rows sorted by a column, those with equal values by their ID, both in the same direction.

    Rows that are searched have the value as `sort_key`, in the form that Key takes.
    """

    column: str
    type: Literal["timestamptz", "text"]
    descending: bool


class Window(NamedTuple):
    """The first `limit` rows of a sorted list between two keys, both exclusive; or the last ones of them."""

    limit: int
    after: Key | None = None
    before: Key | None = None
    last: bool = False
