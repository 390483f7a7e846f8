"""The mutation that creates a session."""

from dataclasses import replace
from typing import Any, cast

import strawberry
from strawberry.scalars import JSON

from db import sessions as db_sessions
from db.changes import Change
from db.customers import (
    create_customer,
    get_customer_by_external_id,
    get_customer_locked,
    set_customer,
)
from db.ids import new_id
from db.orders import set_order
from db.pool import Row, Transaction
from db.sessions import get_session
from schema.context import Info
from schema.errors import UserErrorCode, order_of_another_session, user_error
from schema.idempotency_keys import IDEMPOTENCY_KEY, idempotent_id, present_fields
from schema.mutations.payloads import SessionPayload, returns_user_errors
from schema.scopes import Scope
from schema.sessions import Session
from schema.validation import NAME_LENGTH, Validation


@strawberry.input(description="The details of a customer, who may be new to your store.")
class CustomerDetailsInput:
    name: str = strawberry.field(description=f"The name, 1 to {NAME_LENGTH} characters.")
    phone: str | None = strawberry.field(
        default=None, description="The phone number in international form, such as +62 812 3456 7890."
    )
    email: str | None = strawberry.field(default=None, description="The email address.")
    external_id: str | None = strawberry.field(
        default=None,
        description="The ID of the customer in your own system. If your store already has a customer with this ID, the "
        "customer is updated with these details.",
    )


@strawberry.input(one_of=True, description="Identifies the customer of a session. Set exactly one field.")
class SessionCustomerInput:
    id: strawberry.ID | None = strawberry.field(
        default=strawberry.UNSET, description="The ID of a customer of your store."
    )
    external_id: str | None = strawberry.field(
        default=strawberry.UNSET, description="The ID that a customer of your store has in your own system."
    )
    details: CustomerDetailsInput | None = strawberry.field(
        default=strawberry.UNSET, description="The details of a customer to create or update."
    )


@strawberry.input(description="The session to create.")
class CreateSessionInput:
    customer: SessionCustomerInput = strawberry.field(description="The customer of the session.")
    room_id: str | None = strawberry.field(
        default=None, description="The ID of the chat room in the omnichannel dashboard, 1 to 100 characters."
    )
    order_number: str | None = strawberry.field(
        default=None,
        description="The number of the order that the session is about, 1 to 100 characters. The order is created if "
        "it does not exist.",
    )
    expiration_minutes: int | None = strawberry.field(
        default=None,
        description="Minutes until the token expires, 1 to 1440. 0 means that it never expires. Defaults to the "
        "setting of the store.",
    )
    metadata: JSON | None = strawberry.field(
        default=None,
        description="A JSON object with data of your systems, up to 8 KiB. Sessions can be filtered by its entries.",
    )
    idempotency_key: str | None = strawberry.field(
        default=None,
        description=f"{IDEMPOTENCY_KEY} A retry returns the session that the first request created.",
    )


@strawberry.type(description="The created session.")
class CreateSessionPayload(SessionPayload):
    pass


@returns_user_errors
async def create_session(info: Info, input: CreateSessionInput) -> CreateSessionPayload:
    credential = info.context.require(Scope.SESSIONS_WRITE)
    store_id = credential.store_id
    input, metadata = _validated(input)
    new = new_id("session")
    async with info.context.db.transaction() as transaction:
        id = await idempotent_id(transaction, store_id, input.idempotency_key, _idempotent_fields(input), new)
        if id != new:
            known = await get_session(transaction, store_id, id)
            assert known is not None  # rows are never deleted
            return CreateSessionPayload(session=Session(row=known))
        customer = await _find_or_create_customer(transaction, store_id, input.customer)
        row = await db_sessions.create_session(
            transaction,
            store_id,
            id,
            customer_id=customer.id,
            customer_name=customer.name,
            room_id=input.room_id,
            token_key=info.context.links.keys.current,
            minutes=input.expiration_minutes,
            metadata=metadata,
            actor=credential.actor,
        )
        if input.order_number is not None and not await set_order(transaction, store_id, id, input.order_number):
            raise order_of_another_session("orderNumber")
    return CreateSessionPayload(session=Session(row=row))


def _validated(input: CreateSessionInput) -> tuple[CreateSessionInput, str]:
    """The normalized input, and the metadata as JSON."""
    validation = Validation()
    metadata = validation.metadata(input.metadata, "metadata")
    input = replace(
        input,
        customer=_validated_customer(validation, input.customer),
        room_id=validation.optional_text(input.room_id, "roomId"),
        order_number=validation.optional_text(input.order_number, "orderNumber"),
        expiration_minutes=validation.optional_minutes(input.expiration_minutes, "expirationMinutes"),
        idempotency_key=validation.optional_text(input.idempotency_key, "idempotencyKey"),
    )
    validation.raise_errors()
    return input, metadata


def _validated_customer(validation: Validation, customer: SessionCustomerInput) -> SessionCustomerInput:
    if isinstance(customer.id, str):
        validation.id(customer.id, "customer", "customer", "id")
    elif isinstance(customer.external_id, str):
        return replace(customer, external_id=validation.text(customer.external_id, "customer", "externalId"))
    elif details := customer.details:
        return replace(customer, details=_validated_details(validation, details))
    return customer


def _validated_details(validation: Validation, details: CustomerDetailsInput) -> CustomerDetailsInput:
    path = ("customer", "details")
    return CustomerDetailsInput(
        name=validation.text(details.name, *path, "name", length=NAME_LENGTH),
        phone=validation.phone(details.phone, *path, "phone"),
        email=validation.email(details.email, *path, "email"),
        external_id=validation.optional_text(details.external_id, *path, "externalId"),
    )


def _idempotent_fields(input: CreateSessionInput) -> dict[str, Any]:
    """The input that is hashed for an idempotency key. Keeps nulls in the metadata; absent metadata is empty."""
    return present_fields(replace(input, metadata=None)) | {"metadata": input.metadata or {}}


async def _find_or_create_customer(transaction: Transaction, store_id: str, customer: SessionCustomerInput) -> Row:
    if isinstance(customer.id, str):
        row = await get_customer_locked(transaction, store_id, customer.id)
        field, message = "id", "must be the ID of a customer of your store"
    elif isinstance(customer.external_id, str):
        row = await get_customer_by_external_id(transaction, store_id, customer.external_id)
        field, message = "externalId", "must be the external ID of a customer of your store"
    else:
        return await _create_or_update_customer(transaction, store_id, cast(CustomerDetailsInput, customer.details))
    if row is None:
        raise user_error(UserErrorCode.CUSTOMER_NOT_FOUND, message, "customer", field)
    return row


async def _create_or_update_customer(transaction: Transaction, store_id: str, details: CustomerDetailsInput) -> Row:
    customer = await create_customer(
        transaction, store_id, details.name, details.phone, details.email, details.external_id
    )
    wanted = (details.name, details.phone or customer.phone, details.email or customer.email)
    if wanted == (customer.name, customer.phone, customer.email):
        return customer
    updated = await set_customer(
        transaction,
        store_id,
        customer.id,
        name=details.name,
        phone=Change(details.phone) if details.phone else None,
        email=Change(details.email) if details.email else None,
    )
    assert updated is not None  # create_customer locked it
    return updated
