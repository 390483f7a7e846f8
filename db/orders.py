"""Orders: purchases. The number of an order is unique within its store."""

from datetime import datetime
from decimal import Decimal
from typing import TypeAlias

from db.audit import INSERT, Origin
from db.columns import grouped
from db.ids import new_id
from db.statements import Executor, Row

# An amount and its currency.
Total: TypeAlias = tuple[Decimal, str] | None

COLUMNS = "id, number, session_id, total_amount, total_currency, placed_at"
GET = f'select {COLUMNS} from "order" where store_id = $1 and id = any ($2)'

# Ignores case, but prefers an exact match.
GET_BY_NUMBER = f"""
select {COLUMNS} from "order"
where store_id = $1 and number_key = fold($2)
order by number = $2 desc, id
limit 1
"""

GET_BY_SESSION = f'select {COLUMNS} from "order" where store_id = $1 and session_id = any ($2) order by id'

# The columns of an order that the audit log records.
DETAILS = "to_jsonb({}) - array['store_id', 'id', 'number_key', 'created_at']"
BEFORE, AFTER = DETAILS.format("before"), DETAILS.format("changed")

# Two changes of an order do not overlap, because their transactions lock its session.
SET = f"""
with before as materialized (
    select * from "order" where store_id = $1 and number = $4
), changed as (
    insert into "order" as known (store_id, id, session_id, number, total_amount, total_currency, placed_at)
    values ($1, $2, $3, $4, $5, $6, $7)
    on conflict (store_id, number) do update set
        session_id = excluded.session_id,
        total_amount = coalesce(excluded.total_amount, known.total_amount),
        total_currency = coalesce(excluded.total_currency, known.total_currency),
        placed_at = coalesce(excluded.placed_at, known.placed_at)
    where known.session_id is null or known.session_id = excluded.session_id
    returning *
), event as (
    {INSERT}
    select $1, $8, case when before.id is null then 'ORDER_CREATED' else 'ORDER_UPDATED' end, changed.id, $9, $10, $11,
        changed_entries({BEFORE}, {AFTER}), coalesce(changed_entries({AFTER}, {BEFORE}), jsonb_strip_nulls({AFTER}))
    from changed left join before on true
    where before.id is null or {BEFORE} <> {AFTER}
)
select {COLUMNS} from changed
"""

SET_NUMBER_IN_SESSION = """
update session set order_numbers = concat_ws(e'\\n', $3, nullif(order_numbers, ''))
where store_id = $1 and id = $2 and $3 <> all (string_to_array(order_numbers, e'\\n'))
"""


async def get_orders(db: Executor, store_id: str, ids: list[str]) -> list[Row]:
    """The store's orders with these IDs, in no particular order. Unknown IDs are skipped."""
    return await db.fetch(GET, store_id, ids)


async def get_order_by_number(db: Executor, store_id: str, number: str) -> Row | None:
    """The order with this number. Ignores case, unless two numbers differ only by case."""
    return await db.fetchrow(GET_BY_NUMBER, store_id, number)


async def get_orders_by_session(db: Executor, store_id: str, session_ids: list[str]) -> dict[str, list[Row]]:
    """The orders of each session, oldest first."""
    return grouped(await db.fetch(GET_BY_SESSION, store_id, session_ids), "session_id", session_ids)


async def set_order(
    db: Executor,
    store_id: str,
    session_id: str,
    number: str,
    total: Total = None,
    placed_at: datetime | None = None,
    *,
    origin: Origin,
) -> Row | None:
    """Create an order, or update the order with this number with the arguments that are not None.

    Returns None if the order belongs to another session. Call it in a transaction, because it also updates the copy of
    the order numbers in the session, which search uses.
    """
    amount, currency = total or (None, None)
    values = (session_id, number, amount, currency, placed_at)
    row = await db.fetchrow(SET, store_id, new_id("order"), *values, *origin.values)
    if row:
        await db.fetch(SET_NUMBER_IN_SESSION, store_id, session_id, number)
    return row
