"""Errors that clients see: GraphQL errors, and the user errors in the payloads of mutations."""

from enum import Enum
from typing import TypeVar

import strawberry

from schema.fields import enum_value

T = TypeVar("T")


class BadUserInput(Exception):
    """An argument has an invalid value."""


class Unauthenticated(Exception):
    """The request is not authenticated."""


class Forbidden(Exception):
    """The credential lacks a scope."""


@strawberry.enum(description="Why a mutation was refused.")
class UserErrorCode(Enum):
    INVALID = enum_value("INVALID", "The value is invalid. The message describes the valid values.")
    NOT_FOUND = enum_value("NOT_FOUND", "Your store has no such object.")
    CUSTOMER_NOT_FOUND = enum_value("CUSTOMER_NOT_FOUND", "Your store has no such customer.")
    CLIENT_ID_TAKEN = enum_value("CLIENT_ID_TAKEN", "Another app of your store has this client ID.")
    OWN_APP = enum_value("OWN_APP", "An app cannot disable itself or remove its own `admin` scope.")
    IDEMPOTENCY_MISMATCH = enum_value(
        "IDEMPOTENCY_MISMATCH", "The idempotency key was already used with a different input."
    )
    TOKEN_UNKNOWN = enum_value(
        "TOKEN_UNKNOWN", "The token does not belong to your store, or it was replaced when it was reissued."
    )
    TOKEN_EXPIRED = enum_value("TOKEN_EXPIRED", "The token has expired.")
    TOKEN_REVOKED = enum_value("TOKEN_REVOKED", "The token was revoked. Reissue it to get a new one.")
    ORDER_OF_ANOTHER_SESSION = enum_value(
        "ORDER_OF_ANOTHER_SESSION", "The order with this number belongs to another session."
    )
    REDACTED = enum_value(
        "REDACTED", "The personal data of the customer or session was removed, so it can no longer be used."
    )
    ALREADY_CONVERTED = enum_value(
        "ALREADY_CONVERTED", "The session already has a different conversion, which does not change."
    )


@strawberry.type(description="A problem with the input of a mutation.")
class UserError:
    field: list[str] | None = strawberry.field(
        description='The path of the invalid input field, which starts below `input`: `["customer", "details", '
        '"name"]`. Null if the error is not about a single field.'
    )
    code: UserErrorCode = strawberry.field(description="The code of the reason, for programs.")
    message: str = strawberry.field(
        description="The reason in English, for people. It is worded to be shown next to the field."
    )


class UserErrors(Exception):
    """Refuses a mutation: its transaction is rolled back, and its payload contains the errors."""

    def __init__(self, errors: list[UserError]) -> None:
        super().__init__(", ".join(f"{error.code.value}: {error.message}" for error in errors))
        self.errors = errors


def user_error(code: UserErrorCode, message: str, *field: str) -> UserErrors:
    """An exception with a single user error; `field` is the path below `input`."""
    return UserErrors([UserError(field=list(field) or None, code=code, message=message)])


def order_of_another_session(field: str) -> UserErrors:
    message = "must not be the number of another session's order"
    return user_error(UserErrorCode.ORDER_OF_ANOTHER_SESSION, message, field)


def redacted(object: str, *field: str) -> UserErrors:
    return user_error(UserErrorCode.REDACTED, f"is the ID of {object} that was redacted: create a new one", *field)


def found(value: T | None, object: str, field: str) -> T:
    """The value. Raises UserErrors if it is None, because the store has no such object."""
    if value is None:
        raise user_error(UserErrorCode.NOT_FOUND, f"must be the ID of {object} of your store", field)
    return value
