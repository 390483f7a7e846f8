"""Extending, reissuing, revoking tokens, and letting customers in."""

from urllib.parse import urlsplit

import strawberry

from db.events import create_joined
from db.pool import Row
from db.sessions import (
    get_session,
    get_session_locked,
    set_token_expiry,
    set_token_reissued,
    set_token_revoked,
)
from schema.context import Info
from schema.errors import UserError, UserErrorCode, refusable, refused, session_not_found
from schema.links import session_id_of
from schema.scopes import Scope
from schema.sessions import Session
from schema.tokens import TokenStatus
from schema.validation import Checks

REASON_LENGTH = 200


@strawberry.input(description="A token to give another expired time.")
class ExtendTokenInput:
    session_id: strawberry.ID = strawberry.field(description="The session.")
    minutes: int = strawberry.field(description="Minutes from now until it expires, 1 to 1440; 0: never.")


@strawberry.input(description="A token to replace.")
class ReissueTokenInput:
    session_id: strawberry.ID = strawberry.field(description="The session.")
    minutes: int | None = strawberry.field(
        default=None,
        description="Minutes from now until the new one expires, 1 to 1440; 0: never. If absent, the store's setting.",
    )


@strawberry.input(description="A token to turn off.")
class RevokeTokenInput:
    session_id: strawberry.ID = strawberry.field(description="The session.")
    reason: str | None = strawberry.field(
        default=None, description=f"Why, for the timeline, 1 to {REASON_LENGTH} characters."
    )


@strawberry.input(description="A customer who wants in.")
class JoinSessionInput:
    token: str = strawberry.field(description="The link, or its code: what the storefront was given as `token`.")


@strawberry.type(description="The session with its extended token.")
class ExtendTokenPayload:
    session: Session | None = strawberry.field(default=None, description="The session. Null: it was refused.")
    user_errors: list[UserError] = strawberry.field(default_factory=list, description="Why it was refused.")


@strawberry.type(description="The session with its new token.")
class ReissueTokenPayload:
    session: Session | None = strawberry.field(default=None, description="The session. Null: it was refused.")
    user_errors: list[UserError] = strawberry.field(default_factory=list, description="Why it was refused.")


@strawberry.type(description="The session with its revoked token.")
class RevokeTokenPayload:
    session: Session | None = strawberry.field(default=None, description="The session. Null: it was refused.")
    user_errors: list[UserError] = strawberry.field(default_factory=list, description="Why it was refused.")


@strawberry.type(description="The session that the customer is let into.")
class JoinSessionPayload:
    session: Session | None = strawberry.field(default=None, description="The session. Null: nobody is let in.")
    user_errors: list[UserError] = strawberry.field(default_factory=list, description="Why nobody is let in.")


@refusable
async def extend_token(info: Info, input: ExtendTokenInput) -> ExtendTokenPayload:
    credential = info.context.require(Scope.SESSIONS_WRITE)
    checks = Checks()
    id = checks.id(input.session_id, "session", "sessionId")
    minutes = checks.minutes(input.minutes, "minutes")
    checks.done()
    row = await set_token_expiry(info.context.db, credential.store_id, id, minutes, credential.actor)
    if row is None:
        await _existing(info, credential.store_id, id)
        raise refused(UserErrorCode.TOKEN_REVOKED, "has a revoked token: reissue it instead", "sessionId")
    return ExtendTokenPayload(session=Session(row=row))


@refusable
async def reissue_token(info: Info, input: ReissueTokenInput) -> ReissueTokenPayload:
    credential = info.context.require(Scope.SESSIONS_WRITE)
    checks = Checks()
    id = checks.id(input.session_id, "session", "sessionId")
    minutes = checks.optional_minutes(input.minutes, "minutes")
    checks.done()
    token_key = info.context.links.keys.current
    row = await set_token_reissued(info.context.db, credential.store_id, id, token_key, minutes, credential.actor)
    if row is None:
        raise session_not_found()
    return ReissueTokenPayload(session=Session(row=row))


@refusable
async def revoke_token(info: Info, input: RevokeTokenInput) -> RevokeTokenPayload:
    credential = info.context.require(Scope.SESSIONS_WRITE)
    checks = Checks()
    id = checks.id(input.session_id, "session", "sessionId")
    reason = checks.optional_text(input.reason, "reason", length=REASON_LENGTH)
    checks.done()
    row = await set_token_revoked(info.context.db, credential.store_id, id, reason, credential.actor)
    return RevokeTokenPayload(session=Session(row=row or await _existing(info, credential.store_id, id)))


@refusable
async def join_session(info: Info, input: JoinSessionInput) -> JoinSessionPayload:
    credential, links = info.context.require(Scope.SESSIONS_JOIN), info.context.links
    code = _code(input.token, credential.store_slug)
    id = session_id_of(code) if code else None
    async with info.context.db.transaction() as transaction:
        # The lock orders this against a revocation: once that is acknowledged, nobody is let in.
        row = await get_session_locked(transaction, credential.store_id, id) if id else None
        if code is None or row is None or not links.is_genuine(credential.store_id, row, code):
            raise refused(UserErrorCode.TOKEN_UNKNOWN, "is no link of your store, or was reissued", "token")
        match TokenStatus(row.token_status):
            case TokenStatus.EXPIRED:
                raise refused(UserErrorCode.TOKEN_EXPIRED, "has expired: the shop can send a new link", "token")
            case TokenStatus.REVOKED:
                raise refused(UserErrorCode.TOKEN_REVOKED, "was revoked: the shop can send a new link", "token")
        await create_joined(transaction, credential.store_id, row.id, credential.actor)
    return JoinSessionPayload(session=Session(row=row))


async def _existing(info: Info, store_id: str, id: str) -> Row:
    row = await get_session(info.context.db, store_id, id)
    if row is None:
        raise session_not_found()
    return row


def _code(token: str, slug: str) -> str | None:
    """The code in what the storefront sends: the code alone, or the whole link of this store."""
    if "/" not in token:
        return token.strip()
    try:
        *_, link_slug, code = urlsplit(token.strip()).path.split("/")
    except ValueError:
        return None
    return code if link_slug == slug else None
