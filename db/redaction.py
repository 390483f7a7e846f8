"""Redaction: removing the personal data of customers and of their sessions, on request or after a retention period.

Rows are not deleted, because statistics count them. docs/privacy.md lists what is removed and what remains.
"""

import asyncio
import time

from db import customers
from db.audit import COMMAND_LINE, INSERT, Origin
from db.events import Actor, create_events
from db.ids import new_id
from db.pool import Pool, Transaction
from db.sessions import STATUS_IS
from db.statements import Executor, Row

# Sessions per transaction. A transaction locks them, and their customers, for about 0.1 s.
BATCH = 500

# Waits for transactions that copy the name into a new session. Locked in the order of their IDs to prevent deadlocks.
LOCK_CUSTOMERS = """
select from customer where store_id = $1 and id = any ($2) order by id for no key update
"""

# Sessions that only keep a name come first, so that the last batch contains a session that is not redacted: if the
# process ends before it, SEARCH_DUE still finds the customer.
SEARCH_UNREDACTED = """
select id from session
where store_id = $1 and customer_id = any ($2) and (redacted_at is null or customer_name <> '')
order by redacted_at is null
limit $3
"""

# `$3`: whether to remove the name too.
SET_SESSIONS_REDACTED = f"""
with locked as (
    select id, redacted_at is null as is_new, {STATUS_IS["ACTIVE"]} as is_active
    from session where store_id = $1 and id = any ($2)
    order by id for no key update
)
update session set
    redacted_at = coalesce(redacted_at, now()),
    customer_name = case when $3 then '' else customer_name end,
    room_id = null,
    metadata = '{{}}',
    token_revoked_at = case when is_active then clock_timestamp() else token_revoked_at end
from locked
where session.store_id = $1 and session.id = locked.id
returning session.id, is_new, is_active
"""

# A reason that staff wrote. `store setting` is our own.
CLEAR_REASONS = """
update session_event set reason = null where store_id = $1 and session_id = any ($2) and reason <> 'store setting'
"""

# Idempotent: a customer who was redacted before gets no audit event. `$3`: the IDs of the audit events.
SET_CUSTOMERS_REDACTED = f"""
with before as materialized (
    select id, redacted_at is null as is_new from customer where store_id = $1 and id = any ($2) for no key update
), changed as (
    update customer set
        name = '', phone = null, email = null, external_id = null, redacted_at = coalesce(redacted_at, now())
    from before
    where customer.store_id = $1 and customer.id = before.id
    returning customer.*, before.is_new
), event as (
    {INSERT}
    select $1, event.id, 'CUSTOMER_REDACTED', changed.id, $4, $5, $6, null, null
    from changed join unnest($2::text[], $3::text[]) as event (customer_id, id) on event.customer_id = changed.id
    where changed.is_new
)
select {customers.ALL} from changed
"""

# Null without a retention period, so that no comparison is true.
CUTOFF = "(select now() - make_interval(days => retention_days) from store where id = $1)"
HAS_LATER_EVENT = f"""exists (
    select from session_event
    where session_event.store_id = $1 and session_event.session_id = session.id and at >= {CUTOFF}
)"""

SEARCH_DUE = f"""
select id, customer_id, created_at::text as created_at from session
where store_id = $1 and redacted_at is null and created_at < {CUTOFF} and not {HAS_LATER_EVENT}
and (created_at, id) > ($2::text::timestamptz, $3)
order by created_at, id
limit $4
"""

SEARCH_INACTIVE = f"""
select id from unnest($2::text[]) as inactive (id)
where not exists (
    select from session
    where store_id = $1 and customer_id = inactive.id and redacted_at is null
    and (created_at >= {CUTOFF} or {HAS_LATER_EVENT})
)
"""

# The store whose turn it is. Another process that tries to claim it waits, and then finds that it was claimed.
CLAIM = """
insert into retention_run (store_id, started_at)
select id, now() from store
where retention_days is not null and not exists (
    select from retention_run where store_id = store.id and started_at > now() - make_interval(secs => $1)
)
order by id
limit 1
on conflict (store_id) do update set started_at = excluded.started_at
where retention_run.started_at <= now() - make_interval(secs => $1)
returning store_id
"""


async def redact_customer(db: Pool, store_id: str, id: str, origin: Origin = COMMAND_LINE) -> Row | None:
    """Remove the personal data of a customer and of all their sessions, and revoke their active tokens.

    Idempotent. Returns None if the store has no such customer. Commits in batches, so that it holds no locks for long.
    If it is interrupted, it can be repeated.
    """
    rows, _ = await _redact_customers(db, store_id, [id], origin)
    return rows[0] if rows else None


async def redact_old_sessions(db: Pool, store_id: str) -> int:
    """Redact the sessions without an event during the store's retention period, and customers without other sessions.

    Returns the number of sessions. Commits in batches, and pauses after each for as long as it took.
    """
    redacted, last = 0, ("-infinity", "")
    while True:
        started = time.monotonic()
        due = await db.fetch(SEARCH_DUE, store_id, *last, BATCH)
        if not due:
            return redacted
        customer_ids = list({row.customer_id for row in due})
        inactive = {row.id for row in await db.fetch(SEARCH_INACTIVE, store_id, customer_ids)}
        if inactive:
            _, count = await _redact_customers(db, store_id, sorted(inactive), COMMAND_LINE, only_inactive=True)
            redacted += count
        if others := [row.id for row in due if row.customer_id not in inactive]:
            async with db.transaction() as transaction:
                redacted += await _redact_sessions(transaction, store_id, others, COMMAND_LINE.actor, with_name=False)
        last = due[-1].created_at, due[-1].id
        await asyncio.sleep(time.monotonic() - started)


async def claim_store(db: Executor, seconds: float) -> str | None:
    """The ID of a store with a retention period that no process has claimed for this time, or None."""
    row = await db.fetchrow(CLAIM, seconds)
    return row.store_id if row else None


async def _redact_customers(
    db: Pool, store_id: str, ids: list[str], origin: Origin, *, only_inactive: bool = False
) -> tuple[list[Row], int]:
    """Redact customers in batches of their sessions. The last batch includes the customers themselves.

    Returns the customers, and the number of sessions that were not redacted before.
    """
    redacted = 0
    while True:
        async with db.transaction() as transaction:
            await transaction.fetch(LOCK_CUSTOMERS, store_id, ids)
            if only_inactive:  # still, now that no session can be created
                ids = [row.id for row in await transaction.fetch(SEARCH_INACTIVE, store_id, ids)]
            rows = await transaction.fetch(SEARCH_UNREDACTED, store_id, ids, BATCH + 1)
            session_ids = [row.id for row in rows]
            redacted += await _redact_sessions(transaction, store_id, session_ids[:BATCH], origin.actor, with_name=True)
            if len(session_ids) <= BATCH:
                event_ids = [new_id("audit") for _ in ids]
                return await transaction.fetch(SET_CUSTOMERS_REDACTED, store_id, ids, event_ids, *origin), redacted


async def _redact_sessions(
    transaction: Transaction, store_id: str, ids: list[str], actor: Actor, *, with_name: bool
) -> int:
    """Returns the number of sessions that were not redacted before."""
    rows = await transaction.fetch(SET_SESSIONS_REDACTED, store_id, ids, with_name)
    await transaction.fetch(CLEAR_REASONS, store_id, ids)
    await create_events(transaction, store_id, "REVOKED", [row.id for row in rows if row.is_active], actor)
    new = [row.id for row in rows if row.is_new]
    await create_events(transaction, store_id, "REDACTED", new, actor)
    return len(new)
