"""The mutations that update and redact customers."""

import strawberry

from db.columns import Change
from db.customers import get_customers, set_customer
from db.redaction import redact_customer as redact
from schema.context import Info
from schema.customers import Customer
from schema.errors import found, redacted
from schema.fields import optional
from schema.mutations.payloads import Payload
from schema.scopes import Scope
from schema.validation import NAME_LENGTH, Validation


@strawberry.input(description="The changes to a customer. Omitted fields do not change.")
class UpdateCustomerInput:
    id: strawberry.ID = strawberry.field(description="The ID of the customer.")
    name: str | None = optional(
        f"The name, 1 to {NAME_LENGTH} characters. It also changes in the customer's sessions. "
        "Null keeps the current name."
    )
    phone: str | None = optional("The phone number in international form. Null removes it.", default=strawberry.UNSET)
    email: str | None = optional("The email address. Null removes it.", default=strawberry.UNSET)


@strawberry.type(description="The updated customer.")
class UpdateCustomerPayload(Payload):
    customer: Customer | None = optional("The customer. Null if the mutation was refused.")


@strawberry.input(description="The customer whose personal data to remove.")
class RedactCustomerInput:
    id: strawberry.ID = strawberry.field(description="The ID of the customer.")


@strawberry.type(description="The redacted customer.")
class RedactCustomerPayload(Payload):
    customer: Customer | None = optional("The customer. Null if the mutation was refused.")


async def update_customer(info: Info, input: UpdateCustomerInput) -> UpdateCustomerPayload:
    store_id = info.context.require(Scope.SESSIONS_WRITE).store_id
    with Validation() as validation:
        id = validation.id(input.id, "customer", "id")
        name = validation.text(input.name, "name", length=NAME_LENGTH)
        phone = None if input.phone is strawberry.UNSET else Change(validation.phone(input.phone, "phone"))
        email = None if input.email is strawberry.UNSET else Change(validation.email(input.email, "email"))
    async with info.context.db.transaction() as transaction:
        row = await set_customer(
            transaction, store_id, id, name=name, phone=phone, email=email, origin=info.context.origin
        )
        if row is None and await get_customers(transaction, store_id, [id]):
            raise redacted("a customer", "id")
    return UpdateCustomerPayload(customer=Customer(row=found(row, "a customer", "id")))


async def redact_customer(info: Info, input: RedactCustomerInput) -> RedactCustomerPayload:
    credential = info.context.require(Scope.ADMIN)
    with Validation() as validation:
        id = validation.id(input.id, "customer", "id")
    row = await redact(info.context.db, credential.store_id, id, info.context.origin)
    return RedactCustomerPayload(customer=Customer(row=found(row, "a customer", "id")))
