"""Sessions and their search."""

from collections.abc import Awaitable, Callable
from datetime import datetime
from enum import Enum
from typing import Annotated

import orjson
import strawberry
from strawberry.scalars import JSON

from db import keysets
from db.keysets import Key, Window
from db.pool import Row
from db.search import EVERYTHING, SESSION, Predicate, count, search
from db.sessions import SessionRow
from engine.cost import count_items
from engine.rows import resolver
from schema.connections import After, Before, Connection, CountableConnection, First, Last, read_page, read_span
from schema.context import Info
from schema.conversions import Conversion
from schema.customers import Customer
from schema.enums import enum_value
from schema.events import SessionEvent
from schema.filters import SessionFilter
from schema.ids import Node, checked_id
from schema.orders import Order
from schema.scopes import Scope
from schema.tokens import Token, TokenStatus

ACTIVE = TokenStatus.ACTIVE.name


@strawberry.type(description="One engagement of a customer regarding their order, in one chat room.")
class Session(Node):
    active: bool = strawberry.field(description="Whether its token works.")
    date_created: datetime = strawberry.field(description="When it began.")
    customer: Customer = strawberry.field(description="Whose it is.")
    token: Token = strawberry.field(description="Its key: the link and whether it works.")
    conversion: Conversion | None = strawberry.field(description="What it led to. Null: nothing yet.")
    room_id: str | None = strawberry.field(
        description='The chat room\'s ID on the omnichannel dashboard, as in "1905692".'
    )
    row: strawberry.Private[SessionRow]

    @classmethod
    def from_row(cls, row: SessionRow) -> "Session":
        return cls(
            id=strawberry.ID(row.id),
            active=row.token_status == ACTIVE,
            date_created=row.created_at,
            customer=Customer(id=strawberry.ID(row.customer_id), name=row.customer_name),
            token=Token.from_row(row),
            conversion=Conversion.from_row(row) if row.conversion_kind else None,
            room_id=row.room_id,
            row=row,
        )

    @resolver("Its orders, the oldest first.")
    async def orders(self, info: Info) -> list[Order]:
        rows = await info.context.loaders.orders_by_session.load(self.id)
        count_items(info, len(rows))
        return [Order(row=row) for row in rows]

    @resolver("What happened to it, the oldest first. Needs `sessions:read`.")
    async def events(self, info: Info, first: First = None, after: After = None) -> Connection[SessionEvent]:
        info.context.require(Scope.SESSIONS_READ)

        async def fetch(window: Window) -> list[Row]:
            return await info.context.loaders.events(self.id, window)

        name = f"events {self.id}"
        page = await read_page(
            info.context,
            name,
            read_span(info.context, name, first, after, None, None),
            fetch,
            lambda row: Key(row.at.isoformat(), row.id),
            lambda row: SessionEvent(row=row),
        )
        return Connection(page=page)

    @resolver("What your systems attached to it: a JSON object. Not for a key that may only join.")
    def metadata(self, info: Info) -> JSON:
        info.context.require(Scope.SESSIONS_READ, Scope.SESSIONS_WRITE)
        return JSON(orjson.loads(self.row.metadata))


NEWEST_FIRST = keysets.Sort("created_at", "timestamptz", descending=True)


@strawberry.enum(description="By what sessions are sorted.")
class SessionOrderField(Enum):
    DATE_CREATED = enum_value("DATE_CREATED", "When they began.")
    EXPIRED_TIME = enum_value("EXPIRED_TIME", "When the token expires; never comes last.")
    CUSTOMER_NAME = enum_value("CUSTOMER_NAME", "The customer's name, accents and case ignored.")


@strawberry.enum(description="Which end comes first.")
class OrderDirection(Enum):
    ASC = enum_value("ASC", "The smallest, the earliest.")
    DESC = enum_value("DESC", "The largest, the latest.")


@strawberry.input(description="How sessions are sorted. Equal ones are sorted by their ID.")
class SessionOrder:
    field: SessionOrderField = strawberry.field(description="By what they are sorted.")
    direction: OrderDirection = strawberry.field(description="Which end comes first.")

    def order(self) -> keysets.Sort:
        descending = self.direction is OrderDirection.DESC
        match self.field:
            case SessionOrderField.DATE_CREATED:
                return keysets.Sort("created_at", "timestamptz", descending)
            case SessionOrderField.EXPIRED_TIME:
                return keysets.Sort("token_expires_at", "timestamptz", descending)
            case SessionOrderField.CUSTOMER_NAME:
                return keysets.Sort("customer_name_key", "text", descending)


async def session(
    info: Info,
    id: Annotated[strawberry.ID, strawberry.argument(description="As in session_01h455vb4pex5vsknk084sn02q.")],
) -> Session | None:
    info.context.require(Scope.SESSIONS_READ)
    row = await info.context.loaders.sessions.load(checked_id(id, "session"))
    return Session.from_row(row) if row else None


async def sessions(
    info: Info,
    filter: Annotated[SessionFilter | None, strawberry.argument(description="Which ones. All if absent.")] = None,
    order_by: Annotated[
        SessionOrder | None, strawberry.argument(description="How they are sorted. The newest first if absent.")
    ] = None,
    first: First = None,
    after: After = None,
    last: Last = None,
    before: Before = None,
) -> CountableConnection[Session]:
    db, store_id = info.context.db, info.context.require(Scope.SESSIONS_READ).store_id
    predicate, order = _search_of(filter, order_by)
    return await _connection(
        info,
        order,
        lambda window: search(db, SESSION, store_id, predicate, order, window),
        lambda limit: count(db, SESSION, store_id, predicate, limit),
        first,
        after,
        last,
        before,
    )


async def sessions_of(
    info: Info,
    customer_id: str,
    filter: SessionFilter | None,
    order_by: SessionOrder | None,
    first: int | None,
    after: str | None,
    last: int | None,
    before: str | None,
) -> CountableConnection[Session]:
    """The same of one customer, through a loader."""
    info.context.require(Scope.SESSIONS_READ)
    loaders = info.context.loaders
    predicate, order = _search_of(filter, order_by)
    return await _connection(
        info,
        order,
        lambda window: loaders.sessions_of_customer(customer_id, predicate, order, window),
        lambda limit: loaders.count_of_customer(customer_id, predicate, limit),
        first,
        after,
        last,
        before,
    )


def _search_of(filter: SessionFilter | None, order_by: SessionOrder | None) -> tuple[Predicate, keysets.Sort]:
    return filter.predicate() if filter else EVERYTHING, order_by.order() if order_by else NEWEST_FIRST


async def _connection(
    info: Info,
    order: keysets.Sort,
    fetch: Callable[[Window], Awaitable[list[SessionRow]]],
    count_up_to: Callable[[int], Awaitable[int]],
    first: int | None,
    after: str | None,
    last: int | None,
    before: str | None,
) -> CountableConnection[Session]:
    name = f"sessions by {order.column} {'desc' if order.descending else 'asc'}"
    page = await read_page(
        info.context,
        name,
        read_span(info.context, name, first, after, last, before),
        fetch,
        order.key_of,
        Session.from_row,
    )
    return CountableConnection(page=page, count_up_to=count_up_to)
