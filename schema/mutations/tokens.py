"""Mutations that extend, reissue and revoke tokens, and that let customers join."""

from dataclasses import replace
from urllib.parse import urlsplit

import strawberry

from db.ids import new_id
from db.sessions import get_session, set_token_expiry, set_token_reissued, set_token_revoked
from schema.admission import Visit, admit
from schema.context import Info
from schema.errors import UserErrorCode, found, redacted, user_error
from schema.fields import optional
from schema.idempotency_keys import IDEMPOTENCY_KEY, idempotent_id
from schema.mutations.payloads import Payload, SessionPayload
from schema.scopes import Scope
from schema.sessions import JoinedSession, Session
from schema.tokens import TokenStatus
from schema.validation import Validation

REASON_LENGTH = 200


@strawberry.input(description="The token to extend.")
class ExtendTokenInput:
    session_id: strawberry.ID = strawberry.field(description="The ID of the session.")
    minutes: int = strawberry.field(
        description="Minutes from now until the token expires, 1 to 1440. 0 means that it never expires."
    )
    idempotency_key: str | None = optional(f"{IDEMPOTENCY_KEY} A retry does not move the expiration time again.")


@strawberry.input(description="The token to replace.")
class ReissueTokenInput:
    session_id: strawberry.ID = strawberry.field(description="The ID of the session.")
    minutes: int | None = optional(
        "Minutes from now until the new token expires, 1 to 1440. 0 means that it never expires. Defaults "
        "to the setting of the store."
    )
    idempotency_key: str | None = optional(
        f"{IDEMPOTENCY_KEY} A retry returns the session with the link that the first request issued, unless it was "
        "reissued since."
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
class JoinSessionPayload(Payload):
    session: JoinedSession | None = optional("The session. Null if the mutation was refused.")


async def extend_token(info: Info, input: ExtendTokenInput) -> ExtendTokenPayload:
    credential = info.context.require(Scope.SESSIONS_WRITE)
    with Validation() as validation:
        id = validation.id(input.session_id, "session", "sessionId")
        minutes = validation.minutes(input.minutes, "minutes")
        input = replace(input, idempotency_key=validation.text(input.idempotency_key, "idempotencyKey"))
    store_id, new = credential.store_id, new_id("event")
    async with info.context.db.transaction() as transaction:
        if await idempotent_id(transaction, credential, input, new) == new:
            row = await set_token_expiry(transaction, store_id, id, minutes, credential.actor, event_id=new)
            if row is None:
                known = found(await get_session(transaction, store_id, id), "a session", "sessionId")
                if known.redacted_at:
                    raise redacted("a session", "sessionId")
                message = "has a token that was revoked: reissue it instead"
                raise user_error(UserErrorCode.TOKEN_REVOKED, message, "sessionId")
        else:
            row = await get_session(transaction, store_id, id)
    assert row is not None
    return ExtendTokenPayload(session=Session(row=row))


async def reissue_token(info: Info, input: ReissueTokenInput) -> ReissueTokenPayload:
    credential = info.context.require(Scope.SESSIONS_WRITE)
    with Validation() as validation:
        id = validation.id(input.session_id, "session", "sessionId")
        minutes = validation.minutes(input.minutes, "minutes")
        input = replace(input, idempotency_key=validation.text(input.idempotency_key, "idempotencyKey"))
    store_id, new, token_key = credential.store_id, new_id("event"), info.context.links.keys.current
    async with info.context.db.transaction() as transaction:
        if await idempotent_id(transaction, credential, input, new) == new:
            actor = credential.actor
            row = await set_token_reissued(transaction, store_id, id, token_key, minutes, actor, event_id=new)
            if row is None:
                found(await get_session(transaction, store_id, id), "a session", "sessionId")
                raise redacted("a session", "sessionId")
        else:
            row = await get_session(transaction, store_id, id)
    assert row is not None
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
    credential, context = info.context.require(Scope.SESSIONS_JOIN), info.context
    code = _code(input.token, credential.store_slug)
    visit = Visit("JOINED", context.address, credential.actor)
    admission = await admit(context.db, context.links, credential.store_id, code, visit) if code else None
    if admission is None:
        message = "is not a link of your store, or was replaced by a newer link"
        raise user_error(UserErrorCode.TOKEN_UNKNOWN, message, "token")
    match admission.status:
        case TokenStatus.EXPIRED:
            raise user_error(UserErrorCode.TOKEN_EXPIRED, "has expired: the shop can send a new link", "token")
        case TokenStatus.REVOKED:
            raise user_error(UserErrorCode.TOKEN_REVOKED, "was revoked: the shop can send a new link", "token")
    return JoinSessionPayload(session=JoinedSession(row=admission.session))


def _code(token: str, slug: str) -> str | None:
    """The code in the token that a storefront sends, which is a code or a whole link of this store."""
    if "/" not in token:
        return token.strip()
    try:
        *_, link_slug, code = urlsplit(token.strip()).path.split("/")
    except ValueError:
        return None
    return code if link_slug == slug else None
