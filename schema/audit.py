"""The audit log: changes of everything but sessions, which have their own events."""

from collections.abc import Iterator
from datetime import datetime
from enum import Enum
from functools import partial
from typing import Annotated

import orjson
import strawberry
from strawberry.scalars import JSON
from strawberry.utils.str_converters import to_camel_case

from db import search as predicates
from db.keysets import Sort
from db.search import Predicate, count, search
from db.statements import Row
from engine.cost import count_items
from engine.rows import column, resolver
from schema.connections import After, Before, CountableConnection, First, Last, PageArguments, PageRequest
from schema.context import Info
from schema.fields import argument, enum_value, optional
from schema.filters import DateTimeRange, checked_text
from schema.scopes import Scope

NEWEST_FIRST = Sort("at", "timestamptz", descending=True)


@strawberry.enum(description="The kind of an audit event.")
class AuditAction(Enum):
    STORE_CREATED = enum_value("STORE_CREATED", "The store was created.")
    STORE_UPDATED = enum_value("STORE_UPDATED", "A setting of the store was changed.")
    APP_CREATED = enum_value("APP_CREATED", "An app was created.")
    APP_UPDATED = enum_value("APP_UPDATED", "An app was changed, disabled or enabled.")
    API_KEY_CREATED = enum_value("API_KEY_CREATED", "An API key was created.")
    API_KEY_REVOKED = enum_value("API_KEY_REVOKED", "An API key was revoked.")
    DOCUMENT_PUBLISHED = enum_value("DOCUMENT_PUBLISHED", "A persisted document was published.")
    DOCUMENT_RETIRED = enum_value("DOCUMENT_RETIRED", "A persisted document was retired.")
    CUSTOMER_CREATED = enum_value("CUSTOMER_CREATED", "A customer was created, with their first session.")
    CUSTOMER_UPDATED = enum_value("CUSTOMER_UPDATED", "A customer was changed.")
    CUSTOMER_REDACTED = enum_value(
        "CUSTOMER_REDACTED",
        "The personal data of a customer was removed, on request or after the retention period.",
    )
    ORDER_CREATED = enum_value("ORDER_CREATED", "An order was created.")
    ORDER_UPDATED = enum_value("ORDER_UPDATED", "An order was changed.")
    USER_BLOCKED = enum_value("USER_BLOCKED", "The access tokens of a user were blocked.")
    USER_UNBLOCKED = enum_value("USER_UNBLOCKED", "The access tokens of a user were accepted again.")
    SIGNED_IN = enum_value(
        "SIGNED_IN",
        "A user's access token, or an API key of the console, was used from an address for the first time in an hour.",
    )


@strawberry.type(description="The change of a field.")
class AuditChange:
    field: str = strawberry.field(description="The name of the field, such as `storefrontUrl`.")
    before: JSON | None = strawberry.field(
        description="The former value. Null if the field had no value. The values of a customer are not recorded."
    )
    after: JSON | None = strawberry.field(
        description="The new value. Null if the field has no value. The values of a customer are not recorded."
    )


@strawberry.type(
    description="An event of the audit log. If `apiKeyId` and `userId` are null, an operator or the server itself "
    "caused it."
)
class AuditEvent:
    row: strawberry.Private[Row]
    id: strawberry.ID = column("id", "The ID of the event, such as audit_01h455vb4pex5vsknk084sn02q.")
    at: datetime = column("at", "When the event happened.")
    action: AuditAction = column("action", "The kind of the event.")
    object_id: strawberry.ID = column(
        "object_id",
        "The ID of the object that was changed. The action tells its type. For `USER_BLOCKED` and `USER_UNBLOCKED`, "
        "the ID of the user. For `SIGNED_IN`, the ID of the app.",
    )
    api_key_id: strawberry.ID | None = column("api_key_id", "The ID of the API key that caused the event.")
    user_id: str | None = column("user_id", "The ID of the user who caused the event: the `sub` claim of the JWT.")
    address: str | None = column(
        "address", "The network address from which the request came. Null for an operator on the command line."
    )

    @resolver("The fields that were changed, sorted by name.", reads=("before", "after"))
    def changes(self, info: Info) -> list[AuditChange]:
        before, after = (orjson.loads(self.row[name] or "{}") for name in ("before", "after"))
        names = sorted(before | after)
        count_items(info, len(names))
        return [
            AuditChange(field=to_camel_case(name), before=before.get(name), after=after.get(name)) for name in names
        ]


@strawberry.input(
    description="Selects events that match all given fields. Null and omitted fields are ignored. An empty list "
    "matches no event."
)
class AuditLogFilter:
    actions: list[AuditAction] | None = optional("The action is one of these.")
    object_id: strawberry.ID | None = optional("The ID of the object that was changed.")
    api_key_id: strawberry.ID | None = optional("The ID of the API key that caused the event.")
    user_id: str | None = optional("The ID of the user who caused the event.")
    at: DateTimeRange | None = optional("When the event happened.")

    def predicate(self) -> Predicate:
        """The predicate of the filter. Raises BadUserInput if a text cannot be compared."""
        return predicates.all_of(list(self._predicates()))

    def _predicates(self) -> Iterator[Predicate]:
        if self.actions is not None:
            yield predicates.one_of("action", [action.value for action in self.actions])
        for name, text in (("object_id", self.object_id), ("api_key_id", self.api_key_id), ("user_id", self.user_id)):
            if text is not None:
                yield predicates.equals(name, checked_text(text))
        if self.at is not None:
            yield predicates.in_range("at", self.at.from_, self.at.to)


async def audit_log(
    info: Info,
    filter: Annotated[AuditLogFilter | None, argument("The conditions to meet. Defaults to none.")] = None,
    first: First = None,
    after: After = None,
    last: Last = None,
    before: Before = None,
) -> CountableConnection[AuditEvent]:
    db, store_id = info.context.db, info.context.require(Scope.ADMIN).store_id
    predicate = filter.predicate() if filter else predicates.EVERYTHING
    fetch = partial(search, db, "audit_event", store_id, predicate, NEWEST_FIRST)
    request = PageRequest(info, "audit log", PageArguments(first, after, last, before))
    page = request.page(await fetch(request.window, request.columns), AuditEvent, fetch)
    return CountableConnection(page=page, count_up_to=partial(count, db, "audit_event", store_id, predicate))
