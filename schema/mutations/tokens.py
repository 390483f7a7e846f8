"""Mutations that extend, reissue and revoke tokens, and that let customers join."""

from urllib.parse import urlsplit

import strawberry

from db.events import create_joined
from db.sessions import get_session, set_token_expiry, set_token_reissued, set_token_revoked
from schema.admission import admission_of
from schema.context import Info
from schema.errors import UserErrorCode, found, redacted, user_error
from schema.fields import optional
from schema.mutations.payloads import SessionPayload
from schema.scopes import Scope
from schema.sessions import Session
from schema.tokens import TokenStatus
from schema.validation import Validation

REASON_LENGTH = 200


@strawberry.input(description="The token to extend.")
class ExtendTokenInput:
    session_id: strawberry.ID = strawberry.field(description="The ID of the session.")
    minutes: int = strawberry.field(
        description="Minutes from now until the token expires, 1 to 1440. 0 means that it never expires."
    )


@strawberry.input(description="The token to replace.")
class ReissueTokenInput:
    session_id: strawberry.ID = strawberry.field(description="The ID of the session.")
    minutes: int | None = optional(
        "Minutes from now until the new token expires, 1 to 1440. 0 means that it never expires. Defaults "
        "to the setting of the store."
    )


@strawberry.input(description="The token to revoke.")
class RevokeTokenInput:
    session_id: strawberry.ID = strawberry.field(description="The ID of the session.")
    reason: str | None = optional(f"The reason to show in the timeline, 1 to {REASON_LENGTH} characters.")


@strawberry.input(description="The link of the customer who joins.")
class JoinSessionInput:
    token: str = strawberry.field(
        description="The link, or its code, which the storefront receives as the parameter `token`."
    )


@strawberry.type(description="The session with its extended token.")
class ExtendTokenPayload(SessionPayload): ...


@strawberry.type(description="The session with its new token.")
class ReissueTokenPayload(SessionPayload): ...


@strawberry.type(description="The session with its revoked token.")
class RevokeTokenPayload(SessionPayload): ...


@strawberry.type(description="The session that the customer joined.")
class JoinSessionPayload(SessionPayload): ...


async def extend_token(info: Info, input: ExtendTokenInput) -> ExtendTokenPayload:
    credential = info.context.require(Scope.SESSIONS_WRITE)
    with Validation() as validation:
        id = validation.id(input.session_id, "session", "sessionId")
        minutes = validation.minutes(input.minutes, "minutes")
    row = await set_token_expiry(info.context.db, credential.store_id, id, minutes, credential.actor)
    if row is None:
        known = found(await get_session(info.context.db, credential.store_id, id), "a session", "sessionId")
        if known.redacted_at:
            raise redacted("a session", "sessionId")
        raise user_error(UserErrorCode.TOKEN_REVOKED, "has a token that was revoked: reissue it instead", "sessionId")
    return ExtendTokenPayload(session=Session(row=row))


async def reissue_token(info: Info, input: ReissueTokenInput) -> ReissueTokenPayload:
    credential = info.context.require(Scope.SESSIONS_WRITE)
    with Validation() as validation:
        id = validation.id(input.session_id, "session", "sessionId")
        minutes = validation.minutes(input.minutes, "minutes")
    token_key = info.context.links.keys.current
    row = await set_token_reissued(info.context.db, credential.store_id, id, token_key, minutes, credential.actor)
    if row is None:
        found(await get_session(info.context.db, credential.store_id, id), "a session", "sessionId")
        raise redacted("a session", "sessionId")
    return ReissueTokenPayload(session=Session(row=row))


async def revoke_token(info: Info, input: RevokeTokenInput) -> RevokeTokenPayload:
    credential = info.context.require(Scope.SESSIONS_WRITE)
    with Validation() as validation:
        id = validation.id(input.session_id, "session", "sessionId")
        reason = validation.text(input.reason, "reason", length=REASON_LENGTH)
    db, store_id = info.context.db, credential.store_id
    # A token that was revoked before does not change, nor does that of a redacted session, which does not work.
    row = await set_token_revoked(db, store_id, id, reason, credential.actor) or await get_session(db, store_id, id)
    return RevokeTokenPayload(session=Session(row=found(row, "a session", "sessionId")))


async def join_session(info: Info, input: JoinSessionInput) -> JoinSessionPayload:
    credential, links = info.context.require(Scope.SESSIONS_JOIN), info.context.links
    code = _code(input.token, credential.store_slug)
    async with info.context.db.transaction() as transaction:
        admission = await admission_of(transaction, links, credential.store_id, code) if code else None
        if admission is None:
            message = "is not a link of your store, or was replaced by a newer link"
            raise user_error(UserErrorCode.TOKEN_UNKNOWN, message, "token")
        match admission.status:
            case TokenStatus.EXPIRED:
                raise user_error(UserErrorCode.TOKEN_EXPIRED, "has expired: the shop can send a new link", "token")
            case TokenStatus.REVOKED:
                raise user_error(UserErrorCode.TOKEN_REVOKED, "was revoked: the shop can send a new link", "token")
        await create_joined(transaction, credential.store_id, admission.session.id, credential.actor)
    return JoinSessionPayload(session=Session(row=admission.session))


def _code(token: str, slug: str) -> str | None:
    """The code in the token that a storefront sends, which is a code or a whole link of this store."""
    if "/" not in token:
        return token.strip()
    try:
        *_, link_slug, code = urlsplit(token.strip()).path.split("/")
    except ValueError:
        return None
    return code if link_slug == slug else None
