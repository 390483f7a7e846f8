"""The base classes of payloads, and the fields of mutations, which convert exceptions to `userErrors`."""

from collections.abc import Awaitable, Callable
from functools import wraps
from typing import Any, TypeVar, get_type_hints

import strawberry

from schema.context import Info
from schema.errors import UserError, UserErrors
from schema.fields import optional
from schema.sessions import Session

Input = TypeVar("Input")
AnyPayload = TypeVar("AnyPayload", bound="Payload")


@strawberry.type
class Payload:
    """The base of all payloads. It is not a type of the GraphQL schema itself."""

    user_errors: list[UserError] = strawberry.field(
        default_factory=list, description="Why the mutation was refused. Empty if it succeeded."
    )


@strawberry.type
class SessionPayload(Payload):
    """The base of the payloads that return a session."""

    session: Session | None = optional("The session. Null if the mutation was refused.")


def mutation(resolver: Callable[[Info, Input], Awaitable[AnyPayload]], description: str) -> Any:
    """The field of a mutation. UserErrors that its resolver raises become the `userErrors` of an empty payload."""
    payload: type[AnyPayload] = get_type_hints(resolver)["return"]

    @wraps(resolver)
    async def resolve(info: Info, input: Input) -> AnyPayload:
        try:
            return await resolver(info, input)
        except UserErrors as refusal:
            info.context.refusals.extend(error.code.value for error in refusal.errors)
            return payload(user_errors=refusal.errors)

    return strawberry.field(resolve, description=description)
