"""Sessions and their tokens. The one place that says in SQL what a token's status is."""

from datetime import datetime
from typing import NamedTuple

from db.events import Actor
from db.ids import new_id
from db.pool import Executor, Row


class SessionRow(NamedTuple):
    """A session as clients see it, in the order of COLUMNS."""

    id: str
    customer_id: str
    customer_name: str
    customer_name_key: str
    room_id: str | None
    created_at: datetime
    token_key: str
    token_generation: int
    token_status: str
    token_issued_at: datetime
    token_expires_at: datetime | None
    token_revoked_at: datetime | None
    conversion_kind: str | None
    converted_at: datetime | None
    conversion_order_id: str | None
    metadata: str


# By the start of the statement, not of its transaction, which may have waited for a lock since.
STATUS = """case
    when token_revoked_at is not null then 'REVOKED'
    when token_expires_at <= statement_timestamp() then 'EXPIRED'
    else 'ACTIVE'
end"""

# The same as predicates, plain so that indexes serve them.
STATUS_IS = {
    "ACTIVE": "(token_revoked_at is null and token_expires_at > statement_timestamp())",
    "EXPIRED": "(token_revoked_at is null and token_expires_at <= statement_timestamp())",
    "REVOKED": "token_revoked_at is not null",
}

COLUMNS = f"""id, customer_id, customer_name, customer_name_key, room_id, created_at,
    token_key, token_generation, {STATUS} as token_status,
    token_issued_at, nullif(token_expires_at, 'infinity') as token_expires_at, token_revoked_at,
    conversion_kind, converted_at, conversion_order_id, metadata"""

GET = f"""
select {COLUMNS} from session where store_id = $1 and id = any ($2)
"""

LOCK = """
select from session where store_id = $1 and id = $2 for no key update
"""

# The lock on the store orders this against a change of its setting that is applied to active tokens.
CREATE = f"""
with setting as (
    select coalesce($7, session_expiration) as minutes from store where id = $1 for share
), created as (
    insert into session (store_id, id, customer_id, customer_name, room_id, token_key, token_expires_at, metadata)
    select $1, $2, $3, $4, $5, $6,
        case minutes when 0 then 'infinity' else now() + make_interval(mins => minutes) end, $8
    from setting
    returning *
), event as (
    insert into session_event (store_id, id, session_id, kind, at, expires_at, key_id, user_id)
    select store_id, $9, id, 'ISSUED', created_at, token_expires_at, $10, $11 from created
)
select {COLUMNS} from created
"""

SET_EXPIRY = f"""
with changed as (
    update session set
        token_expires_at = case when $3 = 0 then 'infinity' else now() + make_interval(mins => $3) end
    where store_id = $1 and id = $2 and token_revoked_at is null
    returning *
), event as (
    insert into session_event (store_id, id, session_id, kind, expires_at, key_id, user_id)
    select store_id, $4, id, 'EXTENDED', token_expires_at, $5, $6 from changed
)
select {COLUMNS} from changed
"""

SET_REISSUED = f"""
with changed as (
    update session set
        token_generation = token_generation + 1,
        token_key = $3,
        token_issued_at = now(),
        token_expires_at = case minutes when 0 then 'infinity' else now() + make_interval(mins => minutes) end,
        token_revoked_at = null
    from (select coalesce($4, session_expiration) as minutes from store where id = $1 for share) as setting
    where store_id = $1 and id = $2
    returning session.*
), event as (
    insert into session_event (store_id, id, session_id, kind, expires_at, key_id, user_id)
    select store_id, $5, id, 'REISSUED', token_expires_at, $6, $7 from changed
)
select {COLUMNS} from changed
"""

# The lock comes first, so that who joined while it was waited for joined before the revocation.
SET_REVOKED = f"""
with locked as (
    select id from session where store_id = $1 and id = $2 and token_revoked_at is null
    for no key update
), changed as (
    update session set token_revoked_at = clock_timestamp() from locked
    where session.store_id = $1 and session.id = locked.id
    returning session.*
), event as (
    insert into session_event (store_id, id, session_id, kind, at, reason, key_id, user_id)
    select store_id, $3, id, 'REVOKED', token_revoked_at, $4, $5, $6 from changed
)
select {COLUMNS} from changed
"""

SET_CONVERSION = f"""
with changed as (
    update session set conversion_kind = $3, converted_at = coalesce($4, now()), conversion_order_id = $5
    where store_id = $1 and id = $2
    returning *
), event as (
    insert into session_event (store_id, id, session_id, kind, key_id, user_id)
    select store_id, $6, id, 'CONVERTED', $7, $8 from changed
)
select {COLUMNS} from changed
"""

GET_CONVERSION_MOMENT = """
select coalesce($3, now()) between created_at - interval '1 minute' and now() + interval '1 minute' as possible
from session where store_id = $1 and id = $2
"""


async def get_sessions(db: Executor, store_id: str, ids: list[str]) -> list[SessionRow]:
    """Those of the sessions that the store has, in no order."""
    return [SessionRow(*row) for row in await db.fetch(GET, store_id, ids)]


async def get_session(db: Executor, store_id: str, id: str) -> SessionRow | None:
    rows = await get_sessions(db, store_id, [id])
    return rows[0] if rows else None


async def get_session_locked(db: Executor, store_id: str, id: str) -> SessionRow | None:
    """The session as it is once locked: no other transaction changes it until this one ends."""
    await db.fetch(LOCK, store_id, id)
    return await get_session(db, store_id, id)


async def create_session(
    db: Executor,
    store_id: str,
    id: str,
    *,
    customer_id: str,
    customer_name: str,
    room_id: str | None,
    token_key: str,
    minutes: int | None,
    metadata: str,
    actor: Actor,
) -> SessionRow:
    """A new session and its token, which expires after so many minutes (0: never, None: as the store says)."""
    values = (customer_id, customer_name, room_id, token_key, minutes, metadata, new_id("event"), *actor)
    row = await db.fetchrow(CREATE, store_id, id, *values)
    assert row is not None
    return SessionRow(*row)


async def set_token_expiry(db: Executor, store_id: str, id: str, minutes: int, actor: Actor) -> SessionRow | None:
    """Let the token expire so many minutes from now (0: never). None: no such session, or its token is revoked."""
    return _session(await db.fetchrow(SET_EXPIRY, store_id, id, minutes, new_id("event"), *actor))


async def set_token_reissued(
    db: Executor, store_id: str, id: str, token_key: str, minutes: int | None, actor: Actor
) -> SessionRow | None:
    """Give the session a new token in place of the old one. None: no such session."""
    return _session(await db.fetchrow(SET_REISSUED, store_id, id, token_key, minutes, new_id("event"), *actor))


async def set_token_revoked(
    db: Executor, store_id: str, id: str, reason: str | None, actor: Actor
) -> SessionRow | None:
    """Turn the token off. None: no such session, or that was done before."""
    return _session(await db.fetchrow(SET_REVOKED, store_id, id, new_id("event"), reason, *actor))


async def set_conversion(
    db: Executor, store_id: str, id: str, kind: str, at: datetime | None, order_id: str | None, actor: Actor
) -> SessionRow | None:
    """Record the conversion (at None: now), over any there was: look first, with the session locked."""
    return _session(await db.fetchrow(SET_CONVERSION, store_id, id, kind, at, order_id, new_id("event"), *actor))


async def is_conversion_moment(db: Executor, store_id: str, id: str, at: datetime | None) -> bool:
    """Whether a conversion can have been then (None: now), give or take a minute: since the session, until now."""
    row = await db.fetchrow(GET_CONVERSION_MOMENT, store_id, id, at)
    return row is not None and row["possible"]


def _session(row: Row | None) -> SessionRow | None:
    return SessionRow(*row) if row else None
