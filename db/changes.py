"""What a change of a row says of a column that may be null."""

from typing import NamedTuple


class Change(NamedTuple):
    """A new value of something that may be absent: None removes it."""

    value: str | None
