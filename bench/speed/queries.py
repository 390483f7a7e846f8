"""What every contender is asked, with which values, and the one form in which their answers are compared."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

Row = dict[str, Any]


class Query(StrEnum):
    """All of one store, the newest sessions first."""

    PAGE_BY_NAME = "page_by_name"
    """Those whose customer's name contains a text, accents and case ignored: session.customer_name_key."""
    PAGE = "page"
    DETAIL = "detail"
    """One session, by its ID."""
    SHORT_PAGE = "short_page"
    """Of each its ID, the customer's name and the token's status alone."""
    LARGE_PAGE = "large_page"
    """As PAGE_BY_NAME."""
    DEEP_PAGE = "deep_page"
    """Page 1,000, by its keyset; a smaller store's page at nine tenths."""
    ORDER = "order"
    """Those with an order of a number."""

    @property
    def size(self) -> int:
        """How many sessions are asked for."""
        return {Query.DETAIL: 1, Query.SHORT_PAGE: 10, Query.ORDER: 10, Query.LARGE_PAGE: 100}.get(self, 50)

    @property
    def is_by_name(self) -> bool:
        return self in (Query.PAGE_BY_NAME, Query.LARGE_PAGE)

    @property
    def is_page(self) -> bool:
        """Whether it also asks if there is a next page. Besides SHORT_PAGE, which does not, these are the pages."""
        return self in (Query.PAGE_BY_NAME, Query.PAGE, Query.LARGE_PAGE, Query.DEEP_PAGE)


@dataclass(frozen=True)
class Sample:
    """The values. `text` is folded; `deep_after` is a session's created_at, in ISO 8601, and its ID."""

    store_id: str
    slug: str
    key: str
    text: str
    session_id: str
    order_number: str
    deep_after: tuple[str, str]
    deep_cursor: str
    """What Roomkey calls `deep_after`."""


# The fields of a row, all strings but for `active` and those in MOMENTS.
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
    """The rows in the form in which they are compared: the query's fields, moments as datetimes (never: None).

    A page that tells has one row more: whether there is a next one.
    """
    names = SHORT if query is Query.SHORT_PAGE else FULL
    rows: list[Row] = [{name: _moment(row[name]) if name in MOMENTS else row[name] for name in names} for row in flat]
    return [*rows, {"hasNextPage": has_next_page}] if query.is_page else rows


def flattened(session: dict[str, Any]) -> Row:
    """A session as Roomkey's schema has it: {customer: {name}} becomes {customerName}."""
    row: Row = dict.fromkeys(("conversionKind", "conversionAt"))
    for name, value in session.items():
        if isinstance(value, dict):
            row |= {f"{name}{inner[0].upper()}{inner[1:]}": value[inner] for inner in value}
        else:
            row[name] = value
    return row


def _moment(value: str | None) -> datetime | None:
    return None if value is None else datetime.fromisoformat(value)
