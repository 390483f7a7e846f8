"""Orders: what was bought."""

from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Annotated, Optional

import strawberry

from db.orders import OrderRow, get_order_by_number
from engine.rows import resolver
from schema.context import Info, Scope
from schema.filters import checked_text
from schema.ids import Node

if TYPE_CHECKING:
    from schema.sessions import Session


@strawberry.type(description="An amount of money.")
class Money:
    amount: Decimal = strawberry.field(description='In units of the currency, as a string: "12.50".')
    currency: str = strawberry.field(description="The currency's ISO 4217 code, as in IDR.")


@strawberry.type(description="What was bought.")
class Order(Node):
    number: str = strawberry.field(description="The number that people quote. No other order of the store has it.")
    total: Money | None = strawberry.field(description="What it came to, if that was recorded.")
    placed_at: datetime | None = strawberry.field(description="When it was placed, if that was recorded.")
    session_id: strawberry.Private[str | None]

    @classmethod
    def from_row(cls, row: OrderRow) -> "Order":
        return cls(
            id=strawberry.ID(row.id),
            number=row.number,
            total=_money(row),
            placed_at=row.placed_at,
            session_id=row.session_id,
        )

    @resolver("The session that it belongs to. Null: none. Needs `sessions:read`.")
    async def session(self, info: Info) -> Optional[Annotated["Session", strawberry.lazy("schema.sessions")]]:  # noqa: UP045
        from schema.sessions import Session

        info.context.require(Scope.SESSIONS_READ)
        row = await info.context.loaders.sessions.load(self.session_id) if self.session_id else None
        return Session(row=row) if row else None


def _money(row: OrderRow) -> Money | None:
    if row.total_amount is None or row.total_currency is None:
        return None
    # Stored with four decimals; shown with the two that people write, or as many as there are.
    amount = row.total_amount.normalize()
    exponent = amount.as_tuple().exponent
    if isinstance(exponent, int) and exponent > -2:
        amount = amount.quantize(Decimal("0.01"))
    return Money(amount=amount, currency=row.total_currency)


async def order(
    info: Info,
    number: Annotated[str, strawberry.argument(description="The number that people quote, in any case.")],
) -> Order | None:
    store_id = info.context.require(Scope.SESSIONS_READ).store_id
    row = await get_order_by_number(info.context.db, store_id, checked_text(number))
    return Order.from_row(row) if row else None
