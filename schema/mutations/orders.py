"""The mutation that records an order."""

import re
from datetime import datetime
from decimal import Decimal

import strawberry

from db.orders import set_order
from db.sessions import get_session_locked
from schema.context import Info
from schema.errors import found, order_of_another_session
from schema.fields import optional
from schema.mutations.payloads import Payload
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
    total: MoneyInput | None = optional("The total amount of the order.")
    placed_at: datetime | None = optional("When the order was placed.")


@strawberry.type(description="The recorded order.")
class RecordOrderPayload(Payload):
    order: Order | None = optional("The order. Null if the mutation was refused.")


async def record_order(info: Info, input: RecordOrderInput) -> RecordOrderPayload:
    store_id = info.context.require(Scope.SESSIONS_WRITE).store_id
    with Validation() as validation:
        session_id = validation.id(input.session_id, "session", "sessionId")
        number = validation.text(input.number, "number")
        total = _validated_total(validation, input.total) if input.total else None
    async with info.context.db.transaction() as transaction:
        found(await get_session_locked(transaction, store_id, session_id), "a session", "sessionId")
        row = await set_order(
            transaction, store_id, session_id, number, total, input.placed_at, origin=info.context.origin
        )
        if row is None:
            raise order_of_another_session("number")
    return RecordOrderPayload(order=Order(row=row))


def _validated_total(validation: Validation, total: MoneyInput) -> tuple[Decimal, str]:
    amount = total.amount
    if not (0 <= amount < AMOUNT_LIMIT and amount == round(amount, DECIMALS)):
        given = shortened(str(amount))
        message = f"must be 0 to {AMOUNT_LIMIT:,} with at most {DECIMALS} decimal places, got {given}"
        validation.add_error(message, "total", "amount")
    if not CURRENCY.fullmatch(total.currency):
        given = shortened(total.currency)
        message = f"must be an ISO 4217 code of three capital letters, such as IDR, got {given}"
        validation.add_error(message, "total", "currency")
    return amount, total.currency
