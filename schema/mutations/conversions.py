"""The mutation that records a conversion."""

from datetime import datetime

import strawberry

from db.orders import set_order
from db.sessions import get_session_locked, has_conversion, is_conversion_moment, set_conversion
from schema.context import Info
from schema.conversions import ConversionKind
from schema.errors import UserErrorCode, not_found, order_of_another_session, user_error
from schema.fields import optional
from schema.mutations.payloads import SessionPayload, returns_user_errors
from schema.scopes import Scope
from schema.sessions import Session
from schema.validation import Validation


@strawberry.input(description="The conversion to record.")
class RecordConversionInput:
    session_id: strawberry.ID = strawberry.field(description="The ID of the session.")
    kind: ConversionKind = strawberry.field(description="The kind of the conversion.")
    at: datetime | None = optional("When the customer converted, from the session's creation to now. Defaults to now.")
    order_number: str | None = optional(
        "The number of the order that the customer placed. The order is created if it does not exist."
    )


@strawberry.type(description="The session with its conversion.")
class RecordConversionPayload(SessionPayload): ...


@returns_user_errors
async def record_conversion(info: Info, input: RecordConversionInput) -> RecordConversionPayload:
    credential = info.context.require(Scope.SESSIONS_WRITE)
    store_id = credential.store_id
    with Validation() as validation:
        id = validation.id(input.session_id, "session", "sessionId")
        number = validation.text(input.order_number, "orderNumber")
    async with info.context.db.transaction() as transaction:
        session = await get_session_locked(transaction, store_id, id)
        if session is None:
            raise not_found("a session", "sessionId")
        if session.conversion_kind is not None:
            if not await has_conversion(transaction, store_id, id, input.kind.value, input.at, number):
                message = "already has a different conversion, which is kept"
                raise user_error(UserErrorCode.ALREADY_CONVERTED, message, "sessionId")
            return RecordConversionPayload(session=Session(row=session))
        if not await is_conversion_moment(transaction, store_id, id, input.at):
            raise user_error(UserErrorCode.INVALID, "must be between the start of the session and now", "at")
        order = await set_order(transaction, store_id, id, number) if number else None
        if number and order is None:
            raise order_of_another_session("orderNumber")
        order_id = order.id if order else None
        converted = await set_conversion(
            transaction, store_id, id, input.kind.value, input.at, order_id, credential.actor
        )
        assert converted is not None  # the session is locked
    return RecordConversionPayload(session=Session(row=converted))
