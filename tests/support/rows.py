"""Rows that are written and read without the API."""

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


async def insert(db: Pool, table: str, rows: Sequence[Row]) -> None:
    """Insert rows that have the same columns."""
    columns = ", ".join(rows[0])
    await db.fetch(
        f'insert into "{table}" ({columns}) select {columns} from jsonb_populate_recordset(null::"{table}", $1)',
        orjson.dumps(rows).decode(),
    )


async def everything_of(db: Pool, store_id: str) -> dict[str, list[str]]:
    """All rows of a store, by table."""
    rows = {"store": await db.fetch("select to_jsonb(store)::text as row from store where id = $1", store_id)}
    for (table,) in await db.fetch(TABLES):
        rows[table] = await db.fetch(
            f'select to_jsonb(t)::text as row from "{table}" as t where store_id = $1 order by 1', store_id
        )
    return {table: [row["row"] for row in found] for table, found in rows.items()}
