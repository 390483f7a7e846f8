"""Sessions and their tokens. The status of a token is only defined here."""

from datetime import datetime
from functools import lru_cache

from db.columns import Columns, select_list
from db.events import Actor, VisitKind
from db.ids import new_id
from db.statements import Executor, Row

# Uses the start time of the statement, because the transaction may have waited for a lock.
STATUS = """case
    when token_revoked_at is not null then 'REVOKED'
    when token_expires_at <= statement_timestamp() then 'EXPIRED'
    else 'ACTIVE'
end"""

# The same as predicates that can use indexes.
STATUS_IS = {
    "ACTIVE": "(token_revoked_at is null and token_expires_at > statement_timestamp())",
    "EXPIRED": "(token_revoked_at is null and token_expires_at <= statement_timestamp())",
    "REVOKED": "token_revoked_at is not null",
}

# The columns of a row and their expressions. Timestamps are JSON, which is written to the response unchanged.
COLUMNS = {
    "id": "id",
    "customer_id": "customer_id",
    "customer_name": "customer_name",
    "room_id": "room_id",
    "created_at": "to_json(created_at)",
    "active": STATUS_IS["ACTIVE"],
    "token_key": "token_key",
    "token_generation": "token_generation",
    "token_status": STATUS,
    "token_issued_at": "to_json(token_issued_at)",
    "token_expires_at": "to_json(nullif(token_expires_at, 'infinity'))",
    "token_revoked_at": "to_json(token_revoked_at)",
    "conversion_kind": "conversion_kind",
    "converted_at": "to_json(converted_at)",
    "conversion_order_id": "conversion_order_id",
    "metadata": "metadata",
    "redacted_at": "to_json(redacted_at)",
}

ALL = select_list(COLUMNS)

LOCK = "select from session where store_id = $1 and id = $2 for no key update"

# `was_visited`: whether `create_visit` would add no event.
GET_VISITED = f"""
select {ALL}, exists (
    select from session_event
    where store_id = $1 and session_id = $2 and kind = $3
    and at > greatest(now() - interval '1 minute', token_issued_at)
) as was_visited, current_setting('transaction_read_only')::boolean as is_read_only
from session where store_id = $1 and id = $2
"""

# The lock on the store prevents a concurrent change of its expiration setting from missing this session.
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
    insert into session_event (store_id, id, session_id, kind, at, expires_at, api_key_id, user_id)
    select store_id, $9, id, 'ISSUED', created_at, token_expires_at, $10, $11 from created
)
select {ALL} from created
"""

SET_EXPIRY = f"""
with changed as (
    update session set
        token_expires_at = case when $3 = 0 then 'infinity' else now() + make_interval(mins => $3) end
    where store_id = $1 and id = $2 and token_revoked_at is null and redacted_at is null
    returning *
), event as (
    insert into session_event (store_id, id, session_id, kind, expires_at, api_key_id, user_id)
    select store_id, $4, id, 'EXTENDED', token_expires_at, $5, $6 from changed
)
select {ALL} from changed
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
    where store_id = $1 and id = $2 and redacted_at is null
    returning session.*
), event as (
    insert into session_event (store_id, id, session_id, kind, expires_at, api_key_id, user_id)
    select store_id, $5, id, 'REISSUED', token_expires_at, $6, $7 from changed
)
select {ALL} from changed
"""

# Locks first, so that a customer who joins while this waits has joined before the time of the revocation.
SET_REVOKED = f"""
with locked as (
    select id from session where store_id = $1 and id = $2 and token_revoked_at is null and redacted_at is null
    for no key update
), changed as (
    update session set token_revoked_at = clock_timestamp() from locked
    where session.store_id = $1 and session.id = locked.id
    returning session.*
), event as (
    insert into session_event (store_id, id, session_id, kind, at, reason, api_key_id, user_id)
    select store_id, $3, id, 'REVOKED', token_revoked_at, $4, $5, $6 from changed
)
select {ALL} from changed
"""

SET_CONVERSION = f"""
with changed as (
    update session set conversion_kind = $3, converted_at = coalesce($4, now()), conversion_order_id = $5
    where store_id = $1 and id = $2
    returning *
), event as (
    insert into session_event (store_id, id, session_id, kind, api_key_id, user_id)
    select store_id, $6, id, 'CONVERTED', $7, $8 from changed
)
select {ALL} from changed
"""

CHECK_CONVERSION = """
select
    coalesce($4, now()) between created_at - interval '1 minute' and now() + interval '1 minute' as is_possible,
    conversion_kind = $3 and ($4::timestamptz is null or converted_at = $4) and (
        $5::text is null
        or exists (select from "order" where store_id = $1 and id = session.conversion_order_id and number = $5)
    ) as is_same
from session where store_id = $1 and id = $2
"""


async def get_sessions(db: Executor, store_id: str, ids: list[str], columns: Columns = None) -> list[Row]:
    """The store's sessions with these IDs, in no particular order. Unknown IDs are skipped."""
    if len(ids) == 1:  # without an array, Postgres and the driver have less to do
        return await db.fetch(_get(columns, "$2"), store_id, ids[0])
    return await db.fetch(_get(columns, "any ($2)"), store_id, ids)


async def get_session(db: Executor, store_id: str, id: str) -> Row | None:
    return await db.fetchrow(_get(None, "$2"), store_id, id)


async def get_session_locked(db: Executor, store_id: str, id: str) -> Row | None:
    """The session, locked until the transaction ends."""
    await db.fetch(LOCK, store_id, id)
    return await get_session(db, store_id, id)


async def get_session_visited(db: Executor, store_id: str, id: str, kind: VisitKind) -> Row | None:
    """The session, with `was_visited` and `is_read_only`.

    `was_visited`: whether a visit of this kind was recorded within the last minute. `is_read_only`: whether Postgres is
    read-only, like a standby or a former primary, whose data may be outdated.
    """
    return await db.fetchrow(GET_VISITED, store_id, id, kind)


async def create_session(
    db: Executor,
    store_id: str,
    id: str,
    *,
    customer: Row,
    room_id: str | None,
    token_key: str,
    minutes: int | None,
    metadata: str,
    actor: Actor,
) -> Row:
    """Create a session whose token expires in `minutes`. 0 means never, None the default of the store."""
    values = (customer.id, customer.name, room_id, token_key, minutes, metadata, new_id("event"), *actor)
    [row] = await db.fetch(CREATE, store_id, id, *values)
    return row


async def set_token_expiry(
    db: Executor, store_id: str, id: str, minutes: int, actor: Actor, *, event_id: str
) -> Row | None:
    """Let the token expire in `minutes` (0: never). Returns None if it is revoked.

    Also returns None if there is no such session, or if it was redacted.
    """
    return await db.fetchrow(SET_EXPIRY, store_id, id, minutes, event_id, *actor)


async def set_token_reissued(
    db: Executor, store_id: str, id: str, token_key: str, minutes: int | None, actor: Actor, *, event_id: str
) -> Row | None:
    """Replace the token of the session by a new one. Returns None if there is no such session, or it was redacted."""
    return await db.fetchrow(SET_REISSUED, store_id, id, token_key, minutes, event_id, *actor)


async def set_token_revoked(db: Executor, store_id: str, id: str, reason: str | None, actor: Actor) -> Row | None:
    """Revoke the token. Returns None if there is no such session, or if it is already revoked or was redacted."""
    return await db.fetchrow(SET_REVOKED, store_id, id, new_id("event"), reason, *actor)


async def set_conversion(
    db: Executor, store_id: str, id: str, kind: str, at: datetime | None, order_id: str | None, actor: Actor
) -> Row | None:
    """Record a conversion (`at` None: now), replacing any other. The caller must lock the session and check it."""
    return await db.fetchrow(SET_CONVERSION, store_id, id, kind, at, order_id, new_id("event"), *actor)


async def check_conversion(
    db: Executor, store_id: str, id: str, kind: str, at: datetime | None, order_number: str | None
) -> Row:
    """Compare a conversion with the session, which must exist.

    `is_possible`: whether `at` (None: now) lies between the session's creation and now, with a tolerance of one minute.
    `is_same`: whether the session has this conversion. Arguments that are None are not compared.
    """
    [row] = await db.fetch(CHECK_CONVERSION, store_id, id, kind, at, order_number)
    return row


@lru_cache(512)
def _get(columns: Columns, ids: str) -> str:
    return f"select {select_list(COLUMNS, columns)} from session where store_id = $1 and id = {ids}"
