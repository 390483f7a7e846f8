"""Mutations that block users of the identity provider."""

import strawberry

from db.blocked_users import create_blocked_user, delete_blocked_user
from schema.context import Info
from schema.errors import UserErrorCode, user_error
from schema.fields import optional
from schema.mutations.payloads import Payload
from schema.scopes import Scope
from schema.validation import Validation


@strawberry.input(description="The user to block. Their access tokens are refused within a second.")
class BlockUserInput:
    user_id: str = strawberry.field(
        description="The ID of the user: exactly the `sub` claim of the JWT, including spaces, as in "
        "`SessionEvent.userId`. You cannot block yourself."
    )


@strawberry.type(description="The blocked user.")
class BlockUserPayload(Payload):
    user_id: str | None = optional("The ID of the user. Null if the mutation was refused.")


@strawberry.input(description="The user whose access tokens are accepted again.")
class UnblockUserInput:
    user_id: str = strawberry.field(
        description="The ID of the user: exactly the `sub` claim of the JWT, including spaces."
    )


@strawberry.type(description="The user who is no longer blocked.")
class UnblockUserPayload(Payload):
    user_id: str | None = optional("The ID of the user. Null if the mutation was refused.")


async def block_user(info: Info, input: BlockUserInput) -> BlockUserPayload:
    credential = info.context.require(Scope.ADMIN)
    user_id = _validated_user_id(input.user_id)
    if user_id == credential.user_id:
        raise user_error(UserErrorCode.INVALID, "must not be the user who sends the request", "userId")
    await create_blocked_user(info.context.db, credential.store_id, user_id, info.context.origin)
    return BlockUserPayload(user_id=user_id)


async def unblock_user(info: Info, input: UnblockUserInput) -> UnblockUserPayload:
    store_id = info.context.require(Scope.ADMIN).store_id
    user_id = _validated_user_id(input.user_id)
    await delete_blocked_user(info.context.db, store_id, user_id, info.context.origin)
    return UnblockUserPayload(user_id=user_id)


def _validated_user_id(user_id: str) -> str:
    with Validation() as validation:
        return validation.user_id(user_id, "userId")
