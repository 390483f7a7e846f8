"""Recording orders."""

import re
from datetime import datetime
from decimal import Decimal

import strawberry

from db.orders import set_order
from db.sessions import get_session_locked
from schema.context import Info
from schema.errors import UserError, order_of_another_session, refusable, session_not_found
from schema.orders import Order
from schema.scalars import shortened
from schema.scopes import Scope
from schema.validation import Checks

AMOUNT_LIMIT = Decimal(10) ** 14
DECIMALS = 4
CURRENCY = re.compile("[A-Z]{3}")


@strawberry.input(description="An amount of money.")
class MoneyInput:
    amount: Decimal = strawberry.field(description='In units of the currency, 0 or more: "12.50".')
    currency: str = strawberry.field(description="The currency's ISO 4217 code, as in IDR.")


@strawberry.input(description="An order to create or update.")
class RecordOrderInput:
    session_id: strawberry.ID = strawberry.field(description="The session that it belongs to.")
    number: str = strawberry.field(description="The number that people quote, 1 to 100 characters.")
    total: MoneyInput | None = strawberry.field(default=None, description="What it came to.")
    placed_at: datetime | None = strawberry.field(default=None, description="When it was placed.")


@strawberry.type(description="The recorded order.")
class RecordOrderPayload:
    order: Order | None = strawberry.field(default=None, description="The order. Null: it was refused.")
    user_errors: list[UserError] = strawberry.field(default_factory=list, description="Why it was refused.")


@refusable
async def record_order(info: Info, input: RecordOrderInput) -> RecordOrderPayload:
    store_id = info.context.require(Scope.SESSIONS_WRITE).store_id
    checks = Checks()
    session_id = checks.id(input.session_id, "session", "sessionId")
    number = checks.text(input.number, "number")
    total = _checked_total(checks, input.total) if input.total else None
    checks.done()
    async with info.context.db.transaction() as transaction:
        if not await get_session_locked(transaction, store_id, session_id):
            raise session_not_found()
        row = await set_order(transaction, store_id, session_id, number, total, input.placed_at)
        if row is None:
            raise order_of_another_session("number")
    return RecordOrderPayload(order=Order(row=row))


def _checked_total(checks: Checks, total: MoneyInput) -> tuple[Decimal, str]:
    amount = total.amount
    if not (0 <= amount < AMOUNT_LIMIT and amount == round(amount, DECIMALS)):
        checks.complain(
            f"must be 0 to {AMOUNT_LIMIT:,} with at most {DECIMALS} decimals, got {shortened(str(amount))}",
            "total",
            "amount",
        )
    if not CURRENCY.fullmatch(total.currency):
        checks.complain(
            f"must be three capital letters, as in IDR, got {shortened(total.currency)}", "total", "currency"
        )
    return amount, total.currency
