"""The mutation that records a conversion."""

from datetime import datetime

import strawberry

from db.orders import set_order
from db.sessions import get_session_locked, has_conversion, is_conversion_moment, set_conversion
from schema.context import Info
from schema.conversions import ConversionKind
from schema.errors import UserErrorCode, order_of_another_session, session_not_found, user_error
from schema.mutations.payloads import SessionPayload, returns_user_errors
from schema.scopes import Scope
from schema.sessions import Session
from schema.validation import Validation


@strawberry.input(description="The conversion to record.")
class RecordConversionInput:
    session_id: strawberry.ID = strawberry.field(description="The ID of the session.")
    kind: ConversionKind = strawberry.field(description="The kind of the conversion.")
    at: datetime | None = strawberry.field(
        default=None, description="When the customer converted, from the session's creation to now. Defaults to now."
    )
    order_number: str | None = strawberry.field(
        default=None,
        description="The number of the order that the customer placed. The order is created if it does not exist.",
    )


@strawberry.type(description="The session with its conversion.")
class RecordConversionPayload(SessionPayload):
    pass


@returns_user_errors
async def record_conversion(info: Info, input: RecordConversionInput) -> RecordConversionPayload:
    credential = info.context.require(Scope.SESSIONS_WRITE)
    validation = Validation()
    id = validation.id(input.session_id, "session", "sessionId")
    number = validation.optional_text(input.order_number, "orderNumber")
    validation.raise_errors()
    async with info.context.db.transaction() as transaction:
        session = await get_session_locked(transaction, credential.store_id, id)
        if session is None:
            raise session_not_found()
        if session.conversion_kind is not None:
            same = (input.kind.value, input.at, number)
            if not await has_conversion(transaction, credential.store_id, id, *same):
                raise user_error(
                    UserErrorCode.ALREADY_CONVERTED, "already has a different conversion, which is kept", "sessionId"
                )
            return RecordConversionPayload(session=Session(row=session))
        if not await is_conversion_moment(transaction, credential.store_id, id, input.at):
            raise user_error(UserErrorCode.INVALID, "must be between the start of the session and now", "at")
        order = await set_order(transaction, credential.store_id, id, number) if number else None
        if number and order is None:
            raise order_of_another_session("orderNumber")
        converted = await set_conversion(
            transaction,
            credential.store_id,
            id,
            input.kind.value,
            input.at,
            order.id if order else None,
            credential.actor,
        )
        assert converted is not None  # the session is locked
    return RecordConversionPayload(session=Session(row=converted))
