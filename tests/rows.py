"""Rows written and read past the API: data that no client could make, and time that passes at once."""

from collections.abc import Sequence
from typing import Any

import orjson

from db.pool import Pool

Row = dict[str, Any]

TABLES = """
select table_name from information_schema.columns
where table_schema = 'public' and column_name = 'store_id'
order by table_name
"""

PASS_TIME = """
with passed as (select make_interval(secs => $2) as time), moved as (
    update session set
        created_at = created_at - time,
        token_issued_at = token_issued_at - time,
        token_expires_at = token_expires_at - time,
        token_revoked_at = token_revoked_at - time,
        converted_at = converted_at - time
    from passed where store_id = $1
)
update session_event set at = at - time, expires_at = expires_at - time from passed where store_id = $1
"""


async def insert(db: Pool, table: str, rows: Sequence[Row]) -> None:
    """Insert rows that have the same columns."""
    columns = ", ".join(rows[0])
    await db.fetch(
        f'insert into "{table}" ({columns}) select {columns} from jsonb_populate_recordset(null::"{table}", $1)',
        orjson.dumps(rows).decode(),
    )


async def pass_time(db: Pool, store_id: str, seconds: float) -> None:
    """Let so much time pass for all sessions of a store: everything about them lies so much further back."""
    await db.fetch(PASS_TIME, store_id, seconds)


async def everything_of(db: Pool, store_id: str) -> dict[str, list[str]]:
    """All rows of a store, by table."""
    rows = {"store": await db.fetch("select to_jsonb(store)::text as row from store where id = $1", store_id)}
    for (table,) in await db.fetch(TABLES):
        rows[table] = await db.fetch(
            f'select to_jsonb(t)::text as row from "{table}" as t where store_id = $1 order by 1', store_id
        )
    return {table: [row["row"] for row in found] for table, found in rows.items()}
