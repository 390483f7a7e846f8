"""Orders: purchases."""

from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Annotated, Optional

import strawberry

from db.orders import get_order_by_number
from engine.rows import column, resolver
from schema.context import Info
from schema.fields import argument
from schema.filters import checked_text
from schema.ids import Node
from schema.scopes import Scope

if TYPE_CHECKING:
    from schema.sessions import Session


@strawberry.type(description="An amount of money.")
class Money:
    amount: Decimal = strawberry.field(description='The amount in units of the currency, such as "12.50".')
    currency: str = strawberry.field(description="The ISO 4217 code of the currency, such as IDR.")


@strawberry.type(description="A purchase.")
class Order(Node):
    id: strawberry.ID = column("id", "The ID of the order, such as order_01h455vb4pex5vsknk084sn02q.")
    number: str = column("number", "The order number. Unique within the store.")
    placed_at: datetime | None = column("placed_at", "When the order was placed. Null if it was not recorded.")

    @resolver("The order total. Null if it was not recorded.", reads=("total_amount", "total_currency"))
    def total(self) -> Money | None:
        if self.row.total_amount is None:
            return None
        # The column has four decimals. Return two, or more if they are not zero.
        amount: Decimal = self.row.total_amount.normalize()
        exponent = amount.as_tuple().exponent
        if isinstance(exponent, int) and exponent > -2:
            amount = amount.quantize(Decimal("0.01"))
        return Money(amount=amount, currency=self.row.total_currency)

    @resolver(
        "The session that the order belongs to. Null if it belongs to no session. Requires the scope `sessions:read`.",
        reads=("session_id",),
    )
    async def session(self, info: Info) -> Optional[Annotated["Session", strawberry.lazy("schema.sessions")]]:  # noqa: UP045
        from schema.sessions import Session

        info.context.require(Scope.SESSIONS_READ)
        row = await info.context.loaders.session(self.row.session_id) if self.row.session_id else None
        return Session(row=row) if row else None


async def order(
    info: Info,
    number: Annotated[str, argument("The order number. Case is ignored, but an exact match takes precedence.")],
) -> Order | None:
    store_id = info.context.require(Scope.SESSIONS_READ).store_id
    row = await get_order_by_number(info.context.db, store_id, checked_text(number))
    return Order(row=row) if row else None
