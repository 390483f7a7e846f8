"""Issuing sessions."""

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
from schema.errors import UserError, UserErrorCode, order_of_another_session, refusable, refused
from schema.idempotency_keys import claim, given
from schema.scopes import Scope
from schema.sessions import Session
from schema.validation import NAME_LENGTH, Checks


@strawberry.input(description="A customer whom your store may not know yet.")
class CustomerDetailsInput:
    name: str = strawberry.field(description=f"The name, 1 to {NAME_LENGTH} characters.")
    phone: str | None = strawberry.field(
        default=None, description="The phone number in international form, as in +62 812 3456 7890."
    )
    email: str | None = strawberry.field(default=None, description="The e-mail address.")
    external_id: str | None = strawberry.field(
        default=None,
        description="The ID in your own system. A customer who has it already is updated with these details.",
    )


@strawberry.input(one_of=True, description="Whose session it is: exactly one of these.")
class SessionCustomerInput:
    id: strawberry.ID | None = strawberry.field(default=strawberry.UNSET, description="A customer of your store.")
    external_id: str | None = strawberry.field(
        default=strawberry.UNSET, description="A customer of your store, by the ID in your own system."
    )
    details: CustomerDetailsInput | None = strawberry.field(
        default=strawberry.UNSET, description="A new customer, or one to update."
    )


@strawberry.input(description="A session to issue.")
class CreateSessionInput:
    customer: SessionCustomerInput = strawberry.field(description="Whose session it is.")
    room_id: str | None = strawberry.field(
        default=None, description="The chat room's ID on the omnichannel dashboard, 1 to 100 characters."
    )
    order_number: str | None = strawberry.field(
        default=None, description="The order that it is about, 1 to 100 characters. One that is not known is created."
    )
    expiration_minutes: int | None = strawberry.field(
        default=None,
        description="Minutes until the token expires, 1 to 1440; 0: never. If absent, the store's setting.",
    )
    metadata: JSON | None = strawberry.field(
        default=None, description="A JSON object of your own, up to 8 KiB, to filter by later."
    )
    idempotency_key: str | None = strawberry.field(
        default=None,
        description="Any text of 1 to 100 characters that you make up for this session, a UUID for instance. Sent "
        "again with the same input, within at least 24 hours, it returns the session of the first time.",
    )


@strawberry.type(description="The issued session.")
class CreateSessionPayload:
    session: Session | None = strawberry.field(default=None, description="The session. Null: it was refused.")
    user_errors: list[UserError] = strawberry.field(default_factory=list, description="Why it was refused.")


@refusable
async def create_session(info: Info, input: CreateSessionInput) -> CreateSessionPayload:
    credential = info.context.require(Scope.SESSIONS_WRITE)
    store_id = credential.store_id
    input, metadata = _checked(input)
    new = new_id("session")
    async with info.context.db.transaction() as transaction:
        id = await claim(transaction, store_id, input.idempotency_key, _given(input), new)
        if id != new:
            known = await get_session(transaction, store_id, id)
            assert known is not None  # nothing is deleted
            return CreateSessionPayload(session=Session(row=known))
        customer = await _customer(transaction, store_id, input.customer)
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


def _checked(input: CreateSessionInput) -> tuple[CreateSessionInput, str]:
    """The input with its texts in the form in which they are kept, and the metadata's JSON."""
    checks = Checks()
    metadata = checks.metadata(input.metadata, "metadata")
    input = replace(
        input,
        customer=_checked_customer(checks, input.customer),
        room_id=checks.optional_text(input.room_id, "roomId"),
        order_number=checks.optional_text(input.order_number, "orderNumber"),
        expiration_minutes=checks.optional_minutes(input.expiration_minutes, "expirationMinutes"),
        idempotency_key=checks.optional_text(input.idempotency_key, "idempotencyKey"),
    )
    checks.done()
    return input, metadata


def _checked_customer(checks: Checks, customer: SessionCustomerInput) -> SessionCustomerInput:
    if isinstance(customer.id, str):
        checks.id(customer.id, "customer", "customer", "id")
    elif isinstance(customer.external_id, str):
        return replace(customer, external_id=checks.text(customer.external_id, "customer", "externalId"))
    elif details := customer.details:
        return replace(customer, details=_checked_details(checks, details))
    return customer


def _checked_details(checks: Checks, details: CustomerDetailsInput) -> CustomerDetailsInput:
    path = ("customer", "details")
    return CustomerDetailsInput(
        name=checks.text(details.name, *path, "name", length=NAME_LENGTH),
        phone=checks.phone(details.phone, *path, "phone"),
        email=checks.email(details.email, *path, "email"),
        external_id=checks.optional_text(details.external_id, *path, "externalId"),
    )


def _given(input: CreateSessionInput) -> dict[str, Any]:
    """A null in the metadata says something; metadata that are absent are none."""
    return given(replace(input, metadata=None)) | {"metadata": input.metadata or {}}


async def _customer(transaction: Transaction, store_id: str, customer: SessionCustomerInput) -> Row:
    if isinstance(customer.id, str):
        row = await get_customer_locked(transaction, store_id, customer.id)
        field = "id"
    elif isinstance(customer.external_id, str):
        row = await get_customer_by_external_id(transaction, store_id, customer.external_id)
        field = "externalId"
    else:
        return await _known_or_new(transaction, store_id, cast(CustomerDetailsInput, customer.details))
    if row is None:
        raise refused(UserErrorCode.CUSTOMER_NOT_FOUND, "is no customer of your store", "customer", field)
    return row


async def _known_or_new(transaction: Transaction, store_id: str, details: CustomerDetailsInput) -> Row:
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
