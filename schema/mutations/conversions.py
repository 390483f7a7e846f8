"""Recording conversions."""

from datetime import datetime

import strawberry

from db.orders import set_order
from db.sessions import get_session_locked, has_conversion, is_conversion_moment, set_conversion
from schema.context import Info
from schema.conversions import ConversionKind
from schema.errors import UserError, UserErrorCode, order_of_another_session, refusable, refused, session_not_found
from schema.scopes import Scope
from schema.sessions import Session
from schema.validation import Checks


@strawberry.input(description="What a session led to.")
class RecordConversionInput:
    session_id: strawberry.ID = strawberry.field(description="The session.")
    kind: ConversionKind = strawberry.field(description="What the customer did.")
    at: datetime | None = strawberry.field(
        default=None, description="When, since the session began and until now. If absent, now."
    )
    order_number: str | None = strawberry.field(
        default=None, description="The order that they placed. One that is not known is created."
    )


@strawberry.type(description="The session with its conversion.")
class RecordConversionPayload:
    session: Session | None = strawberry.field(default=None, description="The session. Null: it was refused.")
    user_errors: list[UserError] = strawberry.field(default_factory=list, description="Why it was refused.")


@refusable
async def record_conversion(info: Info, input: RecordConversionInput) -> RecordConversionPayload:
    credential = info.context.require(Scope.SESSIONS_WRITE)
    checks = Checks()
    id = checks.id(input.session_id, "session", "sessionId")
    number = checks.optional_text(input.order_number, "orderNumber")
    checks.done()
    async with info.context.db.transaction() as transaction:
        session = await get_session_locked(transaction, credential.store_id, id)
        if session is None:
            raise session_not_found()
        if session.conversion_kind is not None:
            same = (input.kind.value, input.at, number)
            if not await has_conversion(transaction, credential.store_id, id, *same):
                raise refused(UserErrorCode.ALREADY_CONVERTED, "has another conversion, which stands", "sessionId")
            return RecordConversionPayload(session=Session(row=session))
        if not await is_conversion_moment(transaction, credential.store_id, id, input.at):
            raise refused(UserErrorCode.INVALID, "must be since the session began and until now", "at")
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
        assert converted is not None  # it is locked
    return RecordConversionPayload(session=Session(row=converted))
