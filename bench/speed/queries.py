"""The queries, their values, and the form in which the contenders' responses are compared."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

Row = dict[str, Any]


class Query(StrEnum):
    """Each selects sessions of one store, newest first."""

    PAGE_BY_NAME = "page_by_name"
    """Sessions whose customer's name contains a frequent text. Accents and case are ignored."""
    PAGE_BY_RARE_NAME = "page_by_rare_name"
    """The same with a text that RARE sessions have at most."""
    PAGE_BY_ABSENT_NAME = "page_by_absent_name"
    """The same with a text that no session has."""
    PAGE = "page"
    DETAIL = "detail"
    """One session, by its ID."""
    SHORT_PAGE = "short_page"
    """Three fields: the ID, the customer's name and the token's status."""
    LARGE_PAGE = "large_page"
    """PAGE_BY_NAME with twice the rows."""
    DEEP_PAGE = "deep_page"
    """Page 1,000, by its cursor, or the page after nine tenths of a smaller store."""
    ORDER = "order"
    """The session that has an order with a given number."""

    @property
    def size(self) -> int:
        """The number of sessions on a page."""
        return {Query.DETAIL: 1, Query.SHORT_PAGE: 10, Query.ORDER: 10, Query.LARGE_PAGE: 100}.get(self, 50)

    @property
    def is_page(self) -> bool:
        """Whether it also selects `hasNextPage`."""
        return self in (*NAME_QUERIES, Query.PAGE, Query.DEEP_PAGE)


NAME_QUERIES = (Query.PAGE_BY_NAME, Query.PAGE_BY_RARE_NAME, Query.PAGE_BY_ABSENT_NAME, Query.LARGE_PAGE)
RARE = 10


@dataclass(frozen=True)
class Sample:
    """The values in the queries."""

    store_id: str
    slug: str
    key: str
    texts: Mapping[Query, str]
    """The folded text of each query in NAME_QUERIES."""
    session_id: str
    order_number: str
    deep_after: tuple[str, str]
    """The `created_at` in ISO 8601, and the ID, of the session before DEEP_PAGE."""
    deep_cursor: str
    """Roomkey's cursor for `deep_after`."""


# The fields of a row. All are strings except `active` and those in `MOMENTS`.
FULL = (
    "id",
    "active",
    "dateCreated",
    "roomId",
    "customerId",
    "customerName",
    "tokenStatus",
    "tokenIssuedAt",
    "tokenExpiredTime",
    "tokenRevokedAt",
    "conversionKind",
    "conversionAt",
)
SHORT = ("id", "customerName", "tokenStatus")
MOMENTS = ("dateCreated", "tokenIssuedAt", "tokenExpiredTime", "tokenRevokedAt", "conversionAt")


def canonical(query: Query, flat: list[Row], has_next_page: bool | None = None) -> list[Row]:
    """The rows in the form in which they are compared: the query's fields, times as datetimes, None for "never".

    If the query selects `hasNextPage`, its value is one more row.
    """
    names = SHORT if query is Query.SHORT_PAGE else FULL
    rows: list[Row] = [{name: _moment(row[name]) if name in MOMENTS else row[name] for name in names} for row in flat]
    return [*rows, {"hasNextPage": has_next_page}] if query.is_page else rows


def flattened(session: dict[str, Any]) -> Row:
    """Flatten a session in the shape of Roomkey's schema: {customer: {name}} becomes {customerName}."""
    row: Row = dict.fromkeys(("conversionKind", "conversionAt"))
    for name, value in session.items():
        if isinstance(value, dict):
            row |= {f"{name}{inner[0].upper()}{inner[1:]}": value[inner] for inner in value}
        else:
            row[name] = value
    return row


def _moment(value: str | None) -> datetime | None:
    return None if value is None else datetime.fromisoformat(value)
