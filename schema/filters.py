"""Inputs of searches, which are converted to predicates and sort orders of the database layer."""

from collections.abc import Iterator
from datetime import datetime
from enum import Enum
from typing import Optional

import strawberry
from strawberry.scalars import JSON

from db import search as predicates
from db.keysets import Sort
from db.search import Predicate
from schema.contacts import email_address, phone_number
from schema.errors import BadUserInput
from schema.fields import enum_value, optional
from schema.ids import checked_id
from schema.scalars import is_unicode, json_object, shortened
from schema.tokens import TokenStatus

# Limits, so that a filter cannot become an expensive statement.
TEXT_LENGTH = 200
WORD_LIMIT = 10
ID_LIMIT = 100
DEPTH_LIMIT = 8
SIZE_LIMIT = 100

NEWEST_FIRST = Sort("created_at", "timestamptz", descending=True)

FOLDING = (
    "Case is ignored, and so are the accents of Latin, Greek and Cyrillic letters. Other marks, such as Arabic and "
    "Hebrew vowel signs, are significant, and a final sigma (ς) differs from σ."
)


@strawberry.input(description=f"Compares a text. All given conditions must match. {FOLDING}")
class TextFilter:
    equals: str | None = optional("The text equals this value.")
    contains: str | None = optional("The text contains this value.")
    starts_with: str | None = optional("The text starts with this value.")

    def predicates(self, column: str) -> Iterator[Predicate]:
        if self.equals is not None:
            yield predicates.text_equals(column, checked_text(self.equals))
        if self.contains is not None:
            yield predicates.text_contains(column, checked_text(self.contains))
        if self.starts_with is not None:
            yield predicates.text_starts_with(column, checked_text(self.starts_with))


@strawberry.input(description="A period of time.")
class DateTimeRange:
    from_: datetime | None = optional("The inclusive start.", name="from")
    to: datetime | None = optional("The exclusive end. A range that ends before it starts matches nothing.")


@strawberry.input(description="Compares the metadata of a session.")
class MetadataFilter:
    contains: JSON = strawberry.field(
        description='An object, such as `{"channel": "line"}`. The metadata must contain all of its entries, including '
        "nested entries."
    )


@strawberry.input(
    description="Selects sessions that match all given fields. Null and omitted fields are ignored. An empty list "
    "matches no session. An empty `and` matches all."
)
class SessionFilter:
    search: str | None = optional(
        f"Words that must all match, at most {WORD_LIMIT}. A word matches if it is part of the customer's "
        f"name, the room ID or an order number. A word of at least {predicates.ID_PART} characters also matches if it "
        f"is part of the session ID. {FOLDING}"
    )
    ids: list[strawberry.ID] | None = optional(f"The session has one of these IDs, at most {ID_LIMIT}.")
    customer_id: strawberry.ID | None = optional("The session belongs to the customer with this ID.")
    customer_name: TextFilter | None = optional("The name of the customer.")
    order_number: TextFilter | None = optional("The number of any order of the session.")
    room_id: TextFilter | None = optional("The ID of the chat room.")
    token_status: list[TokenStatus] | None = optional("The token has one of these statuses.")
    converted: bool | None = optional("Whether the session has a conversion.")
    date_created: DateTimeRange | None = optional("When the session was created.")
    expired_time: DateTimeRange | None = optional(
        "The expiration time of the token. Tokens that never expire match no range."
    )
    metadata: MetadataFilter | None = optional("The metadata of the session.")
    and_: list["SessionFilter"] | None = optional("All of these filters match.", name="and")
    or_: list["SessionFilter"] | None = optional("At least one of these filters matches.", name="or")
    not_: Optional["SessionFilter"] = optional("The session must not match this filter.", name="not")

    def predicate(self) -> Predicate:
        """The predicate of the filter. Raises BadUserInput if the filter is too large or a value is malformed."""
        depth, size = self._extent()
        if depth > DEPTH_LIMIT:
            raise BadUserInput(f"A filter can have at most {DEPTH_LIMIT} levels, got {depth}.")
        if size > SIZE_LIMIT:
            raise BadUserInput(f"A filter can consist of at most {SIZE_LIMIT} filters, got {size}.")
        return self._predicate()

    def _extent(self) -> tuple[int, int]:
        """The number of levels, and the number of filters."""
        nested = [*(self.and_ or ()), *(self.or_ or ()), *([self.not_] if self.not_ else ())]
        depths, sizes = zip((0, 0), *(filter._extent() for filter in nested), strict=True)
        return 1 + max(depths), 1 + sum(sizes)

    def _predicate(self) -> Predicate:
        return predicates.all_of(list(self._predicates()))

    def _predicates(self) -> Iterator[Predicate]:
        if self.search is not None:
            yield from _search(self.search)
        if self.ids is not None:
            if len(self.ids) > ID_LIMIT:
                raise BadUserInput(f"A filter can have at most {ID_LIMIT} IDs, got {len(self.ids)}.")
            yield predicates.one_of("id", [checked_id(id, "session") for id in self.ids])
        if self.customer_id is not None:
            yield predicates.equals("customer_id", checked_id(self.customer_id, "customer"))
        for column, text in (
            ("session.customer_name", self.customer_name),
            ("session.order_number", self.order_number),
            ("session.room_id", self.room_id),
        ):
            if text is not None:
                yield from text.predicates(column)
        if self.token_status is not None:
            yield predicates.status_in([status.value for status in self.token_status])
        if self.converted is not None:
            yield predicates.converted(self.converted)
        for column, range in (("created_at", self.date_created), ("token_expires_at", self.expired_time)):
            if range is not None:
                yield predicates.in_range(column, range.from_, range.to)
        if self.metadata is not None:
            yield predicates.metadata_contains(json_object(self.metadata.contains))
        for nested in self.and_ or ():
            yield nested._predicate()
        if self.or_ is not None:
            yield predicates.any_of([nested._predicate() for nested in self.or_])
        if self.not_ is not None:
            yield predicates.none_of(self.not_._predicate())


@strawberry.enum(description="The value by which sessions are sorted.")
class SessionOrderField(Enum):
    # Each value is the column and the type of a Sort.
    DATE_CREATED = enum_value(("created_at", "timestamptz"), "When the session was created.")
    EXPIRED_TIME = enum_value(
        ("token_expires_at", "timestamptz"),
        "The expiration time of the token. Tokens that never expire count as later than all others.",
    )
    CUSTOMER_NAME = enum_value(("customer_name_key", "text"), "The customer's name, ignoring accents and case.")


@strawberry.enum(description="The direction of a sort.")
class OrderDirection(Enum):
    ASC = enum_value("ASC", "The smallest or earliest first.")
    DESC = enum_value("DESC", "The largest or latest first.")


@strawberry.input(description="The sort order of sessions. Sessions with equal values are sorted by ID.")
class SessionOrder:
    field: SessionOrderField = strawberry.field(description="The value to sort by.")
    direction: OrderDirection = strawberry.field(description="The direction of the sort.")

    def sort(self) -> Sort:
        column, type = self.field.value
        return Sort(column, type, descending=self.direction is OrderDirection.DESC)


@strawberry.input(description="Selects customers who match all given fields. Null and omitted fields are ignored.")
class CustomerFilter:
    name: TextFilter | None = optional("The name of the customer.")
    phone: str | None = optional("The phone number in international form, such as +62 812 3456 7890.")
    email: str | None = optional("The email address.")
    external_id: str | None = optional("The ID of the customer in your own system.")

    def predicate(self) -> Predicate:
        parts = [*self.name.predicates("customer.name")] if self.name else []
        if self.phone is not None:
            phone = checked_text(self.phone)
            parts.append(predicates.equals("phone", phone_number(phone) or phone))
        if self.email is not None:
            email = checked_text(self.email)
            parts.append(predicates.equals("email", email_address(email) or email))
        if self.external_id is not None:
            parts.append(predicates.equals("external_id", checked_text(self.external_id)))
        return predicates.all_of(parts)


def session_search(filter: SessionFilter | None, order_by: SessionOrder | None) -> tuple[Predicate, Sort, str]:
    """The predicate and the sort order of a search, and the list's name for cursors. Raises BadUserInput."""
    sort = order_by.sort() if order_by else NEWEST_FIRST
    list_name = f"sessions by {sort.column} {'desc' if sort.descending else 'asc'}"
    return filter.predicate() if filter else predicates.EVERYTHING, sort, list_name


def checked_text(text: str) -> str:
    """The text, if Postgres can compare it. Raises BadUserInput."""
    if len(text) > TEXT_LENGTH:
        raise BadUserInput(f"The text of a filter can have at most {TEXT_LENGTH} characters, got {len(text)}.")
    if "\0" in text or not is_unicode(text):
        raise BadUserInput(f"The text of a filter must be Unicode without NUL, got {shortened(text)}.")
    return text


def _search(text: str) -> Iterator[Predicate]:
    words = checked_text(text).split()
    if len(words) > WORD_LIMIT:
        raise BadUserInput(f"A search can have at most {WORD_LIMIT} words, got {len(words)}.")
    for word in words:
        found = predicates.search_text_contains(word)
        # The search text does not contain the prefix of the ID.
        if word.lower().startswith("session_"):
            found = predicates.any_of([found, predicates.session_id_starts_with(word)])
        yield found
