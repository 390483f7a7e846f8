"""How the schema says no: errors that end a field, and refusals that are data."""

from collections.abc import Awaitable, Callable
from enum import Enum
from functools import wraps
from typing import Any, ParamSpec, TypeVar, get_type_hints

import strawberry

from schema.enums import enum_value

P = ParamSpec("P")
R = TypeVar("R")


class ClientError(Exception):
    """An error whose message is meant for the client. `code` becomes `extensions.code`."""

    code = "BAD_USER_INPUT"

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.extensions = {"code": self.code}


class BadUserInput(ClientError):
    """An argument that cannot be what it should be."""


class Unauthenticated(ClientError):
    """Nobody is known to ask."""

    code = "UNAUTHENTICATED"


class Forbidden(ClientError):
    """The credential lacks a scope."""

    code = "FORBIDDEN"


@strawberry.enum(description="Why a mutation was refused.")
class UserErrorCode(Enum):
    INVALID = enum_value("INVALID", "The value cannot be accepted; the message says what can.")
    NOT_FOUND = enum_value("NOT_FOUND", "Your store has no such thing.")
    CUSTOMER_NOT_FOUND = enum_value("CUSTOMER_NOT_FOUND", "Your store has no such customer.")
    CLIENT_ID_TAKEN = enum_value("CLIENT_ID_TAKEN", "Another app of your store has this client ID.")
    OWN_APP = enum_value("OWN_APP", "The app by which you ask cannot lock itself out.")
    IDEMPOTENCY_MISMATCH = enum_value("IDEMPOTENCY_MISMATCH", "The idempotency key was used before, for another input.")
    TOKEN_UNKNOWN = enum_value("TOKEN_UNKNOWN", "No link of your store; it may have been reissued since.")
    TOKEN_EXPIRED = enum_value("TOKEN_EXPIRED", "The token's expired time has come.")
    TOKEN_REVOKED = enum_value("TOKEN_REVOKED", "The token was revoked. Reissue it instead.")
    ORDER_OF_ANOTHER_SESSION = enum_value(
        "ORDER_OF_ANOTHER_SESSION", "The order of that number belongs to another session."
    )
    ALREADY_CONVERTED = enum_value("ALREADY_CONVERTED", "The session has a conversion, and the first one stands.")


@strawberry.type(description="Why a mutation was refused: what to show next to the input that caused it.")
class UserError:
    field: list[str] | None = strawberry.field(
        description="The path of the input field that caused it, from `input` down. Null: no single field."
    )
    code: UserErrorCode = strawberry.field(description="For programs.")
    message: str = strawberry.field(description="For people, in English.")


class Refused(Exception):
    """Ends a mutation: its transaction is rolled back and its payload holds the errors."""

    def __init__(self, errors: list[UserError]) -> None:
        super().__init__(", ".join(f"{error.code.value}: {error.message}" for error in errors))
        self.errors = errors


def refused(code: UserErrorCode, message: str, *field: str) -> Refused:
    """A refusal for one reason."""
    return Refused([UserError(field=list(field) or None, code=code, message=message)])


def order_of_another_session(field: str) -> Refused:
    return refused(UserErrorCode.ORDER_OF_ANOTHER_SESSION, "is the order of another session", field)


def session_not_found() -> Refused:
    return refused(UserErrorCode.NOT_FOUND, "is no session of your store", "sessionId")


def refusable(resolver: Callable[P, Awaitable[R]]) -> Callable[P, Awaitable[R]]:
    """Let a mutation's resolver raise Refused, and answer with its payload type, empty but for the `userErrors`."""
    payload: Any = get_type_hints(resolver)["return"]

    @wraps(resolver)
    async def answer(*args: P.args, **kwargs: P.kwargs) -> R:
        try:
            return await resolver(*args, **kwargs)
        except Refused as refusal:
            info: Any = kwargs.get("info") or args[0]
            info.context.refusals.extend(error.code.value for error in refusal.errors)
            return payload(user_errors=refusal.errors)

    return answer
