"""Orders: what was bought."""

from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Annotated, Optional

import strawberry

from db.orders import get_order_by_number
from db.pool import Row
from engine.rows import column, resolver
from schema.context import Info
from schema.filters import checked_text
from schema.ids import NODE_ID, Node
from schema.scopes import Scope

if TYPE_CHECKING:
    from schema.sessions import Session


@strawberry.type(description="An amount of money.")
class Money:
    amount: Decimal = strawberry.field(description='In units of the currency, as a string: "12.50".')
    currency: str = strawberry.field(description="The currency's ISO 4217 code, as in IDR.")


@strawberry.type(description="What was bought.")
class Order(Node):
    row: strawberry.Private[Row]
    id: strawberry.ID = column("id", NODE_ID)
    number: str = column("number", "The number that people quote. No other order of the store has it.")
    placed_at: datetime | None = column("placed_at", "When it was placed, if that was recorded.")

    @resolver("What it came to, if that was recorded.", reads=("total_amount", "total_currency"))
    def total(self) -> Money | None:
        if self.row.total_amount is None:
            return None
        # Stored with four decimals; shown with the two that people write, or as many as there are.
        amount: Decimal = self.row.total_amount.normalize()
        exponent = amount.as_tuple().exponent
        if isinstance(exponent, int) and exponent > -2:
            amount = amount.quantize(Decimal("0.01"))
        return Money(amount=amount, currency=self.row.total_currency)

    @resolver("The session that it belongs to. Null: none. Needs `sessions:read`.", reads=("session_id",))
    async def session(self, info: Info) -> Optional[Annotated["Session", strawberry.lazy("schema.sessions")]]:  # noqa: UP045
        from schema.sessions import Session

        info.context.require(Scope.SESSIONS_READ)
        row = await info.context.loaders.sessions.load(self.row.session_id) if self.row.session_id else None
        return Session.from_row(row) if row else None


async def order(
    info: Info,
    number: Annotated[str, strawberry.argument(description="The number that people quote, in any case.")],
) -> Order | None:
    store_id = info.context.require(Scope.SESSIONS_READ).store_id
    row = await get_order_by_number(info.context.db, store_id, checked_text(number))
    return Order(row=row) if row else None
