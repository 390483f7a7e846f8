"""The base classes of payloads, and the conversion of exceptions to `userErrors`."""

from collections.abc import Awaitable, Callable
from functools import wraps
from typing import Any, ParamSpec, TypeVar, get_type_hints

import strawberry

from schema.errors import UserError, UserErrors
from schema.fields import optional
from schema.sessions import Session

P = ParamSpec("P")
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


def returns_user_errors(resolver: Callable[P, Awaitable[AnyPayload]]) -> Callable[P, Awaitable[AnyPayload]]:
    """Turn UserErrors that the resolver of a mutation raises into the `userErrors` of an otherwise empty payload."""
    payload: type[AnyPayload] = get_type_hints(resolver)["return"]

    @wraps(resolver)
    async def resolve(*args: P.args, **kwargs: P.kwargs) -> AnyPayload:
        try:
            return await resolver(*args, **kwargs)
        except UserErrors as refusal:
            info: Any = kwargs.get("info") or args[0]
            info.context.refusals.extend(error.code.value for error in refusal.errors)
            return payload(user_errors=refusal.errors)

    return resolve
