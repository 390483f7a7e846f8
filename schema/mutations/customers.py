"""Changing customers."""

import strawberry

from db.changes import Change
from db.customers import set_customer
from schema.context import Info
from schema.customers import Customer
from schema.errors import UserError, UserErrorCode, refusable, refused
from schema.scopes import Scope
from schema.validation import NAME_LENGTH, Checks


@strawberry.input(description="What to change of a customer. What is absent stays.")
class UpdateCustomerInput:
    id: strawberry.ID = strawberry.field(description="The customer.")
    name: str | None = strawberry.field(
        default=None,
        description=f"The name, 1 to {NAME_LENGTH} characters. It changes wherever it shows. Null: it stays.",
    )
    phone: str | None = strawberry.field(
        default=strawberry.UNSET, description="The phone number in international form. Null removes it."
    )
    email: str | None = strawberry.field(default=strawberry.UNSET, description="The e-mail address. Null removes it.")


@strawberry.type(description="The changed customer.")
class UpdateCustomerPayload:
    customer: Customer | None = strawberry.field(default=None, description="The customer. Null: it was refused.")
    user_errors: list[UserError] = strawberry.field(default_factory=list, description="Why it was refused.")


@refusable
async def update_customer(info: Info, input: UpdateCustomerInput) -> UpdateCustomerPayload:
    store_id = info.context.require(Scope.SESSIONS_WRITE).store_id
    checks = Checks()
    id = checks.id(input.id, "customer", "id")
    name = checks.optional_text(input.name, "name", length=NAME_LENGTH)
    phone = None if input.phone is strawberry.UNSET else Change(checks.phone(input.phone, "phone"))
    email = None if input.email is strawberry.UNSET else Change(checks.email(input.email, "email"))
    checks.done()
    async with info.context.db.transaction() as transaction:
        row = await set_customer(transaction, store_id, id, name=name, phone=phone, email=email)
    if row is None:
        raise refused(UserErrorCode.NOT_FOUND, "is no customer of your store", "id")
    return UpdateCustomerPayload(customer=Customer(row=row))
