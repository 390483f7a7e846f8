"""Customers and their search."""

from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING, Annotated, Any

import strawberry

from db.customers import get_customers
from db.search import EVERYTHING, count, search
from engine.rows import column, resolver
from schema.connections import After, Before, CountableConnection, First, Last, PageArguments, PageRequest
from schema.context import Info
from schema.fields import argument
from schema.filters import NEWEST_FIRST, CustomerFilter, SessionFilter, SessionOrder, session_search
from schema.ids import Node, checked_id
from schema.scopes import Scope

if TYPE_CHECKING:
    from schema.sessions import Session


@strawberry.type(description="A person with whom your store talks.")
class Customer(Node):
    id: strawberry.ID = column("id", "The customer's ID, such as customer_01h455vb4pex5vsknk084sn02q.")
    name: str = column("name", "The customer's name, as your store writes it. Empty if the customer was redacted.")

    @resolver(
        "The phone number in E.164 format, such as +6281234567890. Requires the scope `sessions:read`.",
        reads=("id", "phone"),
    )
    async def phone(self, info: Info) -> str | None:
        return await self._contact(info, "phone")

    @resolver("The email address. Requires the scope `sessions:read`.", reads=("id", "email"))
    async def email(self, info: Info) -> str | None:
        return await self._contact(info, "email")

    @resolver("The customer's ID in your own system. Requires the scope `sessions:read`.", reads=("id", "external_id"))
    async def external_id(self, info: Info) -> str | None:
        return await self._contact(info, "external_id")

    @resolver(
        "When the personal data of the customer and of all their sessions was removed. Null if it was not.",
        reads=("id", "redacted_at"),
    )
    async def redacted_at(self, info: Info) -> datetime | None:
        return await self._value(info, "redacted_at")

    @resolver("The customer's sessions, newest first by default. Requires the scope `sessions:read`.", reads=("id",))
    async def sessions(
        self,
        info: Info,
        filter: Annotated[SessionFilter | None, argument("The conditions to meet. Defaults to none.")] = None,
        order_by: Annotated[SessionOrder | None, argument("The sort order. Defaults to newest first.")] = None,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
    ) -> CountableConnection[Annotated["Session", strawberry.lazy("schema.sessions")]]:
        from schema.sessions import Session

        info.context.require(Scope.SESSIONS_READ)
        id, loaders = self.row["id"], info.context.loaders
        predicate, sort, list_name = session_search(filter, order_by)
        fetch = partial(loaders.sessions_of_customer, id, predicate, sort)
        request = PageRequest(info, list_name, PageArguments(first, after, last, before))
        page = request.page(await fetch(request.window, request.columns), Session, fetch)
        count_up_to = partial(loaders.count_of_customer, id, predicate)
        return CountableConnection(page=page, count_up_to=count_up_to)

    async def _contact(self, info: Info, name: str) -> Any:
        """A contact detail. A scope to write does not include them."""
        info.context.require(Scope.SESSIONS_READ)
        return await self._value(info, name)

    async def _value(self, info: Info, name: str) -> Any:
        """A column that is not copied into the rows of sessions."""
        if name in self.row:
            return self.row[name]
        row = await info.context.loaders.row(get_customers, self.row["id"])
        assert row is not None  # rows are never deleted
        return row[name]


async def customer(
    info: Info,
    id: Annotated[strawberry.ID, argument("The customer's ID, such as customer_01h455vb4pex5vsknk084sn02q.")],
) -> Customer | None:
    info.context.require(Scope.SESSIONS_READ)
    row = await info.context.loaders.row(get_customers, checked_id(id, "customer"))
    return Customer(row=row) if row else None


async def customers(
    info: Info,
    filter: Annotated[CustomerFilter | None, argument("The conditions to meet. Defaults to none.")] = None,
    first: First = None,
    after: After = None,
    last: Last = None,
    before: Before = None,
) -> CountableConnection[Customer]:
    db, store_id = info.context.db, info.context.require(Scope.SESSIONS_READ).store_id
    predicate = filter.predicate() if filter else EVERYTHING
    fetch = partial(search, db, "customer", store_id, predicate, NEWEST_FIRST)
    request = PageRequest(info, "customers", PageArguments(first, after, last, before))
    page = request.page(await fetch(request.window, request.columns), Customer, fetch)
    return CountableConnection(page=page, count_up_to=partial(count, db, "customer", store_id, predicate))
