"""Customers and their search."""

from typing import TYPE_CHECKING, Annotated

import strawberry

from db.customers import CustomerRow
from db.keysets import Sort
from db.search import CUSTOMER, EVERYTHING, count, search
from engine.rows import resolver
from schema.connections import After, Before, CountableConnection, First, Last, read_page, read_span
from schema.context import Info
from schema.filters import CustomerFilter
from schema.ids import Node, checked_id
from schema.scopes import Scope

if TYPE_CHECKING:
    from schema.filters import SessionFilter
    from schema.sessions import Session, SessionOrder

NEWEST_FIRST = Sort("created_at", "timestamptz", descending=True)


@strawberry.type(description="A person whom the shop talks with.")
class Customer(Node):
    name: str = strawberry.field(description="The customer's name, as the shop writes it.")
    row: strawberry.Private[CustomerRow | None] = None

    @classmethod
    def from_row(cls, row: CustomerRow) -> "Customer":
        return cls(id=strawberry.ID(row.id), name=row.name, row=row)

    @resolver("The phone number in E.164, as in +6281234567890.")
    async def phone(self, info: Info) -> str | None:
        return (await self._row(info)).phone

    @resolver("The e-mail address.")
    async def email(self, info: Info) -> str | None:
        return (await self._row(info)).email

    @resolver("The customer's ID in the shop's own system.")
    async def external_id(self, info: Info) -> str | None:
        return (await self._row(info)).external_id

    @resolver("The customer's sessions, the newest first unless ordered. Needs `sessions:read`.")
    async def sessions(
        self,
        info: Info,
        filter: Annotated["SessionFilter", strawberry.lazy("schema.filters")] | None = None,
        order_by: Annotated["SessionOrder", strawberry.lazy("schema.sessions")] | None = None,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
    ) -> CountableConnection[Annotated["Session", strawberry.lazy("schema.sessions")]]:
        from schema.sessions import sessions_of

        return await sessions_of(info, self.id, filter, order_by, first, after, last, before)

    async def _row(self, info: Info) -> CustomerRow:
        row = self.row or await info.context.loaders.customers.load(self.id)
        assert row is not None  # nothing is deleted
        return row


CustomerConnection = CountableConnection[Customer]


async def customer(
    info: Info,
    id: Annotated[strawberry.ID, strawberry.argument(description="As in customer_01h455vb4pex5vsknk084sn02q.")],
) -> Customer | None:
    info.context.require(Scope.SESSIONS_READ)
    row = await info.context.loaders.customers.load(checked_id(id, "customer"))
    return Customer.from_row(row) if row else None


async def customers(
    info: Info,
    filter: Annotated[CustomerFilter | None, strawberry.argument(description="Which ones. All if absent.")] = None,
    first: First = None,
    after: After = None,
    last: Last = None,
    before: Before = None,
) -> CustomerConnection:
    db, store_id = info.context.db, info.context.require(Scope.SESSIONS_READ).store_id
    predicate = filter.predicate() if filter else EVERYTHING
    page = await read_page(
        info.context,
        "customers",
        read_span(info.context, "customers", first, after, last, before),
        lambda window: search(db, CUSTOMER, store_id, predicate, NEWEST_FIRST, window),
        NEWEST_FIRST.key_of,
        Customer.from_row,
    )
    return CountableConnection(page=page, count_up_to=lambda limit: count(db, CUSTOMER, store_id, predicate, limit))
