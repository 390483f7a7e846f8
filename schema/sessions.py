"""Sessions, their conversions, and their search."""

from datetime import datetime
from enum import Enum
from functools import partial
from typing import Annotated

import orjson
import strawberry
from strawberry.scalars import JSON

from db.events import search_events
from db.orders import get_orders, get_orders_by_session
from db.search import count, search
from db.statements import Row
from engine.cost import count_items
from engine.rows import column, resolver, selected_columns, view
from schema.connections import After, Before, Connection, CountableConnection, First, Last, PageArguments, PageRequest
from schema.context import Info
from schema.customers import Customer
from schema.events import SessionEvent
from schema.fields import argument, enum_value
from schema.filters import SessionFilter, SessionOrder, session_search
from schema.ids import Node, checked_id
from schema.orders import Order
from schema.scopes import Scope
from schema.tokens import Token


@strawberry.enum(description="The kind of a conversion.")
class ConversionKind(Enum):
    PURCHASE = enum_value("PURCHASE", "The customer bought something.")
    TASK = enum_value("TASK", "The customer completed a task.")
    GOAL = enum_value("GOAL", "The customer reached another goal.")


@strawberry.type(description="The record that the customer reached the goal of a session.")
class Conversion:
    row: strawberry.Private[Row]
    kind: ConversionKind = column("conversion_kind", "The kind of the conversion.")
    at: datetime = column("converted_at", "When the customer converted.")

    @resolver(
        "The order that the customer placed. Null if none was recorded with the conversion.",
        reads=("conversion_order_id",),
    )
    async def order(self, info: Info) -> Order | None:
        id = self.row["conversion_order_id"]
        row = await info.context.loaders.row(get_orders, id) if id else None
        return Order(row=row) if row else None


@strawberry.type(description="A customer's engagement about an order in one chat room.")
class Session(Node):
    id: strawberry.ID = column("id", "The session's ID, such as session_01h455vb4pex5vsknk084sn02q.")
    active: bool = column("active", "Whether the token is active when the query runs.")
    date_created: datetime = column("created_at", "When the session was created.")
    customer: Customer = view(
        lambda: Customer, "The customer of the session.", columns={"id": "customer_id", "name": "customer_name"}
    )
    token: Token = view(lambda: Token, "The token of the session, with its link and status.")
    conversion: Conversion | None = view(
        lambda: Conversion,
        "The conversion of the session. Null if the session has not converted.",
        null_with="conversion_kind",
    )
    room_id: str | None = column("room_id", 'The ID of the chat room in the omnichannel dashboard, such as "1905692".')

    redacted_at: datetime | None = column(
        "redacted_at",
        "When the room ID, the metadata and the reasons in the timeline were removed. Null if they were not.",
    )

    @resolver("The orders of the session, oldest first.", reads=("id",))
    async def orders(self, info: Info) -> list[Order]:
        rows = await info.context.loaders.of_parent(get_orders_by_session, self.row["id"])
        count_items(info, len(rows))
        return [Order(row=row) for row in rows]

    @resolver("The timeline of the session, oldest event first. Requires the scope `sessions:read`.", reads=("id",))
    async def events(self, info: Info, first: First = None, after: After = None) -> Connection[SessionEvent]:
        info.context.require(Scope.SESSIONS_READ)
        id = self.row["id"]
        fetch = partial(info.context.loaders.page, search_events, id)
        request = PageRequest(info, f"events {id}", PageArguments(first, after))
        page = request.page(await fetch(request.window, request.columns), SessionEvent, fetch)
        return Connection(page=page)

    @resolver(
        "A JSON object that your systems attached to the session. Requires the scope `sessions:read`.",
        reads=("metadata",),
    )
    def metadata(self, info: Info) -> JSON:
        info.context.require(Scope.SESSIONS_READ)
        return JSON(orjson.loads(self.row["metadata"]))


@strawberry.type(
    description="A session for the storefront that its customer joined. The shop's own systems read everything else by "
    "the ID, as a `Session`."
)
class JoinedSession:
    row: strawberry.Private[Row]
    id: strawberry.ID = column("id", "The session's ID, such as session_01h455vb4pex5vsknk084sn02q.")
    customer_name: str = column("customer_name", "The name of the customer, for a greeting.")
    room_id: str | None = column("room_id", 'The ID of the chat room to open, such as "1905692".')
    expired_time: datetime | None = column(
        "token_expires_at", "The time from which the link no longer admits the customer. Null if it never expires."
    )

    @resolver("The numbers of the session's orders, oldest first.", reads=("id",))
    async def order_numbers(self, info: Info) -> list[str]:
        rows = await info.context.loaders.of_parent(get_orders_by_session, self.row["id"])
        return [row.number for row in rows]


async def session(
    info: Info, id: Annotated[strawberry.ID, argument("The session's ID, such as session_01h455vb4pex5vsknk084sn02q.")]
) -> Session | None:
    info.context.require(Scope.SESSIONS_READ)
    row = await info.context.loaders.session(checked_id(id, "session"), selected_columns(info))
    return Session(row=row) if row else None


async def sessions(
    info: Info,
    filter: Annotated[SessionFilter | None, argument("The conditions to meet. Defaults to none.")] = None,
    order_by: Annotated[SessionOrder | None, argument("The sort order. Defaults to newest first.")] = None,
    first: First = None,
    after: After = None,
    last: Last = None,
    before: Before = None,
) -> CountableConnection[Session]:
    db, store_id = info.context.db, info.context.require(Scope.SESSIONS_READ).store_id
    predicate, sort, list_name = session_search(filter, order_by)
    fetch = partial(search, db, "session", store_id, predicate, sort)
    request = PageRequest(info, list_name, PageArguments(first, after, last, before))
    page = request.page(await fetch(request.window, request.columns), Session, fetch)
    return CountableConnection(page=page, count_up_to=partial(count, db, "session", store_id, predicate))
