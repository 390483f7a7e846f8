"""Filters: inputs that become predicates."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Optional

import strawberry
from strawberry.scalars import JSON

from db import search as predicates
from db.ids import Noun
from db.search import Predicate
from schema.contacts import email_address, phone_number
from schema.errors import BadUserInput
from schema.ids import checked_id
from schema.scalars import is_unicode, json_object, shortened
from schema.tokens import TokenStatus

TEXT_LENGTH = 200
WORDS = 10
IDS = 100
DEPTH = 8
CONDITIONS = 100


@strawberry.input(description="How a text compares. Accents and case do not count. Several are joined by AND.")
class TextFilter:
    equals: str | None = strawberry.field(default=None, description="It is this.")
    contains: str | None = strawberry.field(default=None, description="It has this anywhere in it.")
    starts_with: str | None = strawberry.field(default=None, description="It begins with this.")

    def predicates(self, column: str) -> Iterator[Predicate]:
        if self.equals is not None:
            yield predicates.text_equals(column, checked_text(self.equals))
        if self.contains is not None:
            yield predicates.text_contains(column, checked_text(self.contains))
        if self.starts_with is not None:
            yield predicates.text_starts_with(column, checked_text(self.starts_with))


@strawberry.input(description="A span of time.")
class DateTimeRange:
    from_: datetime | None = strawberry.field(name="from", default=None, description="At this moment or later.")
    to: datetime | None = strawberry.field(default=None, description="Before this moment.")


@strawberry.input(description="What a session's metadata holds.")
class MetadataFilter:
    contains: JSON = strawberry.field(
        description='An object whose entries the metadata has, nested ones too, as in `{"channel": "whatsapp"}`.'
    )


@strawberry.input(
    description="Which sessions. Fields are joined by AND; one that is null or absent does not count. An empty list "
    "matches nothing, but for `and`."
)
class SessionFilter:
    search: str | None = strawberry.field(
        default=None,
        description="Words, each of which is any part of the customer's name, the room ID or an order number, or "
        f"{predicates.ID_PART} or more characters of the session ID. Accents and case do not count. "
        f"At most {WORDS} words.",
    )
    ids: list[strawberry.ID] | None = strawberry.field(default=None, description=f"One of these, at most {IDS}.")
    customer_id: strawberry.ID | None = strawberry.field(default=None, description="Of this customer.")
    customer_name: TextFilter | None = strawberry.field(default=None, description="The customer's name.")
    order_number: TextFilter | None = strawberry.field(default=None, description="The number of any of its orders.")
    room_id: TextFilter | None = strawberry.field(default=None, description="The chat room's ID.")
    token_status: list[TokenStatus] | None = strawberry.field(default=None, description="The token is one of these.")
    converted: bool | None = strawberry.field(default=None, description="Whether there is a conversion.")
    date_created: DateTimeRange | None = strawberry.field(default=None, description="When the session began.")
    expired_time: DateTimeRange | None = strawberry.field(
        default=None, description="When the token expires or did. A token that never does is in no range."
    )
    metadata: MetadataFilter | None = strawberry.field(default=None, description="The metadata.")
    and_: list["SessionFilter"] | None = strawberry.field(name="and", default=None, description="All of these match.")
    or_: list["SessionFilter"] | None = strawberry.field(name="or", default=None, description="Any of these matches.")
    not_: Optional["SessionFilter"] = strawberry.field(name="not", default=None, description="This does not match.")

    def predicate(self) -> Predicate:
        """Raises BadUserInput where it is too large or a value is malformed."""
        if self._depth() > DEPTH:
            raise BadUserInput(f"A filter may be nested {DEPTH} deep.")
        if self._size() > CONDITIONS:
            raise BadUserInput(f"A filter may have {CONDITIONS} filters in it.")
        return self._predicate()

    def _inner(self) -> list["SessionFilter"]:
        return [*(self.and_ or ()), *(self.or_ or ()), *([self.not_] if self.not_ else ())]

    def _depth(self) -> int:
        return 1 + max((inner._depth() for inner in self._inner()), default=0)

    def _size(self) -> int:
        return 1 + sum(inner._size() for inner in self._inner())

    def _predicate(self) -> Predicate:
        parts = [*self._own()]
        if self.and_ is not None:
            parts += [inner._predicate() for inner in self.and_]
        if self.or_ is not None:
            parts.append(predicates.any_of([inner._predicate() for inner in self.or_]))
        if self.not_ is not None:
            parts.append(predicates.none_of(self.not_._predicate()))
        return predicates.all_of(parts)

    def _own(self) -> Iterator[Predicate]:
        if self.search is not None:
            yield from _search(self.search)
        if self.ids is not None:
            yield predicates.one_of("id", _checked_ids(self.ids, "session"))
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


@strawberry.input(description="Which customers. Fields are joined by AND; one that is null or absent does not count.")
class CustomerFilter:
    name: TextFilter | None = strawberry.field(default=None, description="The name.")
    phone: str | None = strawberry.field(
        default=None, description="The phone number in international form, as in +62 812 3456 7890."
    )
    email: str | None = strawberry.field(default=None, description="The e-mail address.")
    external_id: str | None = strawberry.field(default=None, description="The ID in the shop's own system.")

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


def checked_text(text: str) -> str:
    """A text that Postgres can compare. Raises BadUserInput."""
    if len(text) > TEXT_LENGTH:
        raise BadUserInput(f"A text to search for has at most {TEXT_LENGTH} characters, got {len(text)}.")
    if "\0" in text or not is_unicode(text):
        raise BadUserInput(f"A text to search for must be Unicode without NUL, got {shortened(text)}.")
    return text


def _search(text: str) -> Iterator[Predicate]:
    words = checked_text(text).split()
    if len(words) > WORDS:
        raise BadUserInput(f"A search has at most {WORDS} words, got {len(words)}.")
    for word in words:
        found = predicates.search_text_contains(word)
        # What every ID begins with is not in the search text.
        if word.lower().startswith("session_"):
            found = predicates.any_of([found, predicates.session_id_starts_with(word)])
        yield found


def _checked_ids(ids: Sequence[str], noun: Noun) -> list[str]:
    if len(ids) > IDS:
        raise BadUserInput(f"At most {IDS} ids, got {len(ids)}.")
    return [checked_id(id, noun) for id in ids]
