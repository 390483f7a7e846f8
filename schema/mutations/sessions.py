"""Mutations that create a session and record its conversion."""

from dataclasses import replace
from datetime import datetime
from typing import cast

import strawberry
from strawberry.scalars import JSON

from db import sessions as db_sessions
from db.audit import Origin
from db.columns import Change
from db.customers import create_customer, get_customer_by_external_id, get_customer_locked, set_customer
from db.ids import new_id
from db.orders import set_order
from db.pool import Transaction
from db.sessions import check_conversion, get_session, get_session_locked, set_conversion
from db.statements import Row
from schema.context import Info
from schema.errors import UserErrorCode, found, order_of_another_session, redacted, user_error
from schema.fields import optional
from schema.idempotency_keys import IDEMPOTENCY_KEY, idempotent_id
from schema.mutations.payloads import SessionPayload
from schema.scopes import Scope
from schema.sessions import ConversionKind, Session
from schema.validation import NAME_LENGTH, Validation


@strawberry.input(description="The details of a customer, who may be new to your store.")
class CustomerDetailsInput:
    name: str = strawberry.field(description=f"The name, 1 to {NAME_LENGTH} characters.")
    phone: str | None = optional("The phone number in international form, such as +62 812 3456 7890.")
    email: str | None = optional("The email address.")
    external_id: str | None = optional(
        "The ID of the customer in your own system. If your store already has a customer with this ID, the "
        "customer is updated with these details."
    )


@strawberry.input(one_of=True, description="Identifies the customer of a session. Set exactly one field.")
class SessionCustomerInput:
    id: strawberry.ID | None = optional("The ID of a customer of your store.", default=strawberry.UNSET)
    external_id: str | None = optional(
        "The ID that a customer of your store has in your own system.", default=strawberry.UNSET
    )
    details: CustomerDetailsInput | None = optional(
        "The details of a customer to create or update.", default=strawberry.UNSET
    )


@strawberry.input(description="The session to create.")
class CreateSessionInput:
    customer: SessionCustomerInput = strawberry.field(description="The customer of the session.")
    room_id: str | None = optional("The ID of the chat room in the omnichannel dashboard, 1 to 100 characters.")
    order_number: str | None = optional(
        "The number of the order that the session is about, 1 to 100 characters. The order is created if "
        "it does not exist."
    )
    expiration_minutes: int | None = optional(
        "Minutes until the token expires, 1 to 1440. 0 means that it never expires. Defaults to the "
        "setting of the store."
    )
    metadata: JSON | None = optional(
        "A JSON object with data of your systems, up to 8 KiB. Sessions can be filtered by its entries."
    )
    idempotency_key: str | None = optional(
        f"{IDEMPOTENCY_KEY} A retry returns the session that the first request created."
    )


@strawberry.type(description="The created session.")
class CreateSessionPayload(SessionPayload): ...


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


async def create_session(info: Info, input: CreateSessionInput) -> CreateSessionPayload:
    credential = info.context.require(Scope.SESSIONS_WRITE)
    store_id, origin = credential.store_id, info.context.origin
    with Validation() as validation:
        metadata = validation.metadata(input.metadata, "metadata")
        input = replace(
            input,
            metadata=JSON(input.metadata or {}),  # absent metadata is empty
            customer=_validated_customer(validation, input.customer),
            room_id=validation.text(input.room_id, "roomId"),
            order_number=validation.text(input.order_number, "orderNumber"),
            expiration_minutes=validation.minutes(input.expiration_minutes, "expirationMinutes"),
            idempotency_key=validation.text(input.idempotency_key, "idempotencyKey"),
        )
    new = new_id("session")
    async with info.context.db.transaction() as transaction:
        id = await idempotent_id(transaction, credential, input, new)
        if id != new:
            known = await get_session(transaction, store_id, id)
            assert known is not None  # rows are never deleted
            return CreateSessionPayload(session=Session(row=known))
        customer = await _find_or_create_customer(transaction, store_id, input.customer, origin)
        row = await db_sessions.create_session(
            transaction,
            store_id,
            id,
            customer=customer,
            room_id=input.room_id,
            token_key=info.context.links.keys.current,
            minutes=input.expiration_minutes,
            metadata=metadata,
            actor=credential.actor,
        )
        number = input.order_number
        if number is not None and not await set_order(transaction, store_id, id, number, origin=origin):
            raise order_of_another_session("orderNumber")
    return CreateSessionPayload(session=Session(row=row))


async def record_conversion(info: Info, input: RecordConversionInput) -> RecordConversionPayload:
    credential = info.context.require(Scope.SESSIONS_WRITE)
    store_id = credential.store_id
    with Validation() as validation:
        id = validation.id(input.session_id, "session", "sessionId")
        number = validation.text(input.order_number, "orderNumber")
    async with info.context.db.transaction() as transaction:
        session = found(await get_session_locked(transaction, store_id, id), "a session", "sessionId")
        check = await check_conversion(transaction, store_id, id, input.kind.value, input.at, number)
        if session.conversion_kind is not None:
            if not check.is_same:
                message = "already has a different conversion, which is kept"
                raise user_error(UserErrorCode.ALREADY_CONVERTED, message, "sessionId")
            return RecordConversionPayload(session=Session(row=session))
        if not check.is_possible:
            raise user_error(UserErrorCode.INVALID, "must be between the start of the session and now", "at")
        order = await set_order(transaction, store_id, id, number, origin=info.context.origin) if number else None
        if number and order is None:
            raise order_of_another_session("orderNumber")
        order_id = order.id if order else None
        converted = await set_conversion(
            transaction, store_id, id, input.kind.value, input.at, order_id, credential.actor
        )
        assert converted is not None  # the session is locked
    return RecordConversionPayload(session=Session(row=converted))


def _validated_customer(validation: Validation, customer: SessionCustomerInput) -> SessionCustomerInput:
    if isinstance(customer.id, str):
        validation.id(customer.id, "customer", "customer", "id")
    elif isinstance(customer.external_id, str):
        return replace(customer, external_id=validation.text(customer.external_id, "customer", "externalId"))
    elif details := customer.details:
        path = ("customer", "details")
        valid = CustomerDetailsInput(
            name=validation.text(details.name, *path, "name", length=NAME_LENGTH),
            phone=validation.phone(details.phone, *path, "phone"),
            email=validation.email(details.email, *path, "email"),
            external_id=validation.text(details.external_id, *path, "externalId"),
        )
        return replace(customer, details=valid)
    return customer


async def _find_or_create_customer(
    transaction: Transaction, store_id: str, customer: SessionCustomerInput, origin: Origin
) -> Row:
    if isinstance(customer.id, str):
        row = await get_customer_locked(transaction, store_id, customer.id)
        field, message = "id", "must be the ID of a customer of your store"
    elif isinstance(customer.external_id, str):
        row = await get_customer_by_external_id(transaction, store_id, customer.external_id)
        field, message = "externalId", "matches no customer of your store"
    else:
        details = cast(CustomerDetailsInput, customer.details)
        return await _create_or_update_customer(transaction, store_id, details, origin)
    if row is None:
        raise user_error(UserErrorCode.CUSTOMER_NOT_FOUND, message, "customer", field)
    if row.redacted_at:
        raise redacted("a customer", "customer", field)
    return row


async def _create_or_update_customer(
    transaction: Transaction, store_id: str, details: CustomerDetailsInput, origin: Origin
) -> Row:
    customer = await create_customer(
        transaction, store_id, details.name, details.phone, details.email, details.external_id, origin
    )
    wanted = (details.name, details.phone or customer.phone, details.email or customer.email)
    if wanted == (customer.name, customer.phone, customer.email):
        return customer
    phone, email = (Change(value) if value else None for value in (details.phone, details.email))
    updated = await set_customer(
        transaction, store_id, customer.id, name=details.name, phone=phone, email=email, origin=origin
    )
    assert updated is not None  # create_customer locked it
    return updated
