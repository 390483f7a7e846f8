"""Updates of nullable columns."""

from typing import NamedTuple


class Change(NamedTuple):
    """A new value for a nullable column, which may be None. No Change means that the column keeps its value."""

    value: str | None
