"""Idempotency keys, which make it safe to retry a request that would have another effect the second time."""

from db.pool import Pool, Transaction

# The insert waits for a concurrent transaction with the same key, and conflicts if that commits.
CREATE = """
insert into idempotency_key (store_id, key, input_hash, resource_id) values ($1, $2, $3, $4)
on conflict (store_id, key) do nothing
returning resource_id
"""

GET = "select input_hash, resource_id from idempotency_key where store_id = $1 and key = $2"


DELETE_OUTDATED = """
delete from idempotency_key where (store_id, key) in (
    select outdated.store_id, outdated.key from store cross join lateral (
        select store_id, key from idempotency_key
        where store_id = store.id and created_at < now() - interval '48 hours'
        order by created_at
        limit $1
        for update skip locked
    ) outdated
    limit $1
)
returning key
"""
BATCH = 1_000


class InputDiffers(Exception):
    """The key was used before with another input."""


async def claim_id(db: Transaction, store_id: str, app_id: str, key: str, input_hash: bytes, id: str) -> str:
    """Reserve the app's idempotency key for a new resource with the given ID.

    Returns this ID, or the ID of the resource that was created with the key before. Raises InputDiffers.
    """
    key = f"{app_id}:{key}"  # apps do not see each other's keys
    if await db.fetchrow(CREATE, store_id, key, input_hash, id):
        return id
    [row] = await db.fetch(GET, store_id, key)
    if row["input_hash"] != input_hash:
        raise InputDiffers
    return str(row["resource_id"])


async def delete_outdated_keys(db: Pool) -> None:
    """Delete the keys of all stores that are older than 48 hours."""
    while len(await db.fetch(DELETE_OUTDATED, BATCH)) == BATCH:
        pass
