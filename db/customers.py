"""Customers. A customer's name is copied into their sessions, and updated there when it changes."""

from db.audit import INSERT, Origin
from db.columns import Change, select_list
from db.ids import new_id
from db.statements import Executor, Row

COLUMNS = {
    **{"id": "id", "name": "name", "phone": "phone", "email": "email", "external_id": "external_id"},
    "redacted_at": "to_json(redacted_at)",
}

ALL = select_list(COLUMNS)

GET = f"select {ALL} from customer where store_id = $1 and id = any ($2)"

# The lock prevents changes of the name while it is copied into a new session.
GET_LOCKED = f"select {ALL} from customer where store_id = $1 and id = $2 for share"
GET_BY_EXTERNAL_ID = f"select {ALL} from customer where store_id = $1 and external_id = $2 for share"

# The audit log names the fields that were given or changed, without the values, which are personal data.
FIELDS = "jsonb_build_object('name', {0}.name, 'phone', {0}.phone, 'email', {0}.email, 'external_id', {0}.external_id)"
BEFORE, AFTER = FIELDS.format("before"), FIELDS.format("changed")

# Without an external ID there is no conflict, and a new customer is created. A row with xmax 0 was inserted.
CREATE = f"""
with created as (
    insert into customer (store_id, id, name, phone, email, external_id) values ($1, $2, $3, $4, $5, $6)
    on conflict (store_id, external_id) do update set external_id = excluded.external_id
    returning *, xmax = 0 as is_new
), event as (
    {INSERT}
    select $1, $7, 'CUSTOMER_CREATED', id, $8, $9, $10, null,
        without_values(jsonb_strip_nulls({FIELDS.format("created")}))
    from created where is_new
)
select {ALL} from created
"""

SET = f"""
with before as materialized (
    select * from customer where store_id = $1 and id = $2 and redacted_at is null for no key update
), changed as (
    update customer set
        name = coalesce($3, customer.name),
        phone = case when $4 then $5 else customer.phone end,
        email = case when $6 then $7 else customer.email end
    from before
    where customer.store_id = $1 and customer.id = before.id
    returning customer.*
), event as (
    {INSERT}
    select $1, $8, 'CUSTOMER_UPDATED', changed.id, $9, $10, $11,
        without_values(changed_entries({BEFORE}, {AFTER})), without_values(changed_entries({AFTER}, {BEFORE}))
    from before, changed
    where {BEFORE} <> {AFTER}
)
select {ALL} from changed
"""

# Sessions are locked in the order of their IDs to prevent deadlocks.
SET_NAME_IN_SESSIONS = """
with theirs as (
    select id from session where store_id = $1 and customer_id = $2 and customer_name <> $3
    order by id for no key update
)
update session set customer_name = $3 from theirs
where session.store_id = $1 and session.id = theirs.id
"""


async def get_customers(db: Executor, store_id: str, ids: list[str]) -> list[Row]:
    """The store's customers with these IDs, in no particular order. Unknown IDs are skipped."""
    return await db.fetch(GET, store_id, ids)


async def get_customer_locked(db: Executor, store_id: str, id: str) -> Row | None:
    """The customer, locked until the transaction ends."""
    return await db.fetchrow(GET_LOCKED, store_id, id)


async def get_customer_by_external_id(db: Executor, store_id: str, external_id: str) -> Row | None:
    """The customer with this ID in the shop's own system, locked until the transaction ends."""
    return await db.fetchrow(GET_BY_EXTERNAL_ID, store_id, external_id)


async def create_customer(
    db: Executor,
    store_id: str,
    name: str,
    phone: str | None,
    email: str | None,
    external_id: str | None,
    origin: Origin,
) -> Row:
    """Create a customer, or return the existing one with this external ID unchanged."""
    [row] = await db.fetch(CREATE, store_id, new_id("customer"), name, phone, email, external_id, *origin.values)
    return row


async def set_customer(
    db: Executor,
    store_id: str,
    id: str,
    *,
    name: str | None,
    phone: Change[str] | None,
    email: Change[str] | None,
    origin: Origin,
) -> Row | None:
    """Update what is not None, and the name also in the customer's sessions. Call it in a transaction.

    Returns None if the store has no such customer, or if the customer was redacted.
    """
    changes = (phone is not None, phone and phone.value, email is not None, email and email.value)
    customer = await db.fetchrow(SET, store_id, id, name, *changes, *origin.values)
    if customer and name is not None:
        await db.fetch(SET_NAME_IN_SESSIONS, store_id, id, name)
    return customer
