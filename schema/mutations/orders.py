"""The mutation that records an order."""

import re
from datetime import datetime
from decimal import Decimal

import strawberry

from db.orders import set_order
from db.sessions import get_session_locked
from schema.context import Info
from schema.errors import order_of_another_session, session_not_found
from schema.mutations.payloads import Payload, returns_user_errors
from schema.orders import Order
from schema.scalars import shortened
from schema.scopes import Scope
from schema.validation import Validation

AMOUNT_LIMIT = Decimal(10) ** 14
DECIMALS = 4
CURRENCY = re.compile("[A-Z]{3}")


@strawberry.input(description="An amount of money.")
class MoneyInput:
    amount: Decimal = strawberry.field(description='The amount in units of the currency, 0 or more, such as "12.50".')
    currency: str = strawberry.field(description="The ISO 4217 code of the currency, such as IDR.")


@strawberry.input(description="The order to create or update.")
class RecordOrderInput:
    session_id: strawberry.ID = strawberry.field(description="The ID of the session that the order belongs to.")
    number: str = strawberry.field(description="The order number that people see, 1 to 100 characters.")
    total: MoneyInput | None = strawberry.field(default=None, description="The total amount of the order.")
    placed_at: datetime | None = strawberry.field(default=None, description="When the order was placed.")


@strawberry.type(description="The recorded order.")
class RecordOrderPayload(Payload):
    order: Order | None = strawberry.field(default=None, description="The order. Null if the mutation was refused.")


@returns_user_errors
async def record_order(info: Info, input: RecordOrderInput) -> RecordOrderPayload:
    store_id = info.context.require(Scope.SESSIONS_WRITE).store_id
    validation = Validation()
    session_id = validation.id(input.session_id, "session", "sessionId")
    number = validation.text(input.number, "number")
    total = _validated_total(validation, input.total) if input.total else None
    validation.raise_errors()
    async with info.context.db.transaction() as transaction:
        if not await get_session_locked(transaction, store_id, session_id):
            raise session_not_found()
        row = await set_order(transaction, store_id, session_id, number, total, input.placed_at)
        if row is None:
            raise order_of_another_session("number")
    return RecordOrderPayload(order=Order(row=row))


def _validated_total(validation: Validation, total: MoneyInput) -> tuple[Decimal, str]:
    amount = total.amount
    if not (0 <= amount < AMOUNT_LIMIT and amount == round(amount, DECIMALS)):
        validation.add_error(
            f"must be 0 to {AMOUNT_LIMIT:,} with at most {DECIMALS} decimal places, got {shortened(str(amount))}",
            "total",
            "amount",
        )
    if not CURRENCY.fullmatch(total.currency):
        validation.add_error(
            f"must be an ISO 4217 code of three capital letters, such as IDR, got {shortened(total.currency)}",
            "total",
            "currency",
        )
    return amount, total.currency
