"""Whether the database accepts writes."""

from db.statements import Executor

# A standby and a read-only database refuse the `delete`, which finds no row and waits for no lock of a row. The message
# is written to the write-ahead log, so that the commit fails or waits if the disk or a synchronous standby does.
WRITE = """
with refused_if_read_only as (delete from rate_limit where store_id = '')
select pg_logical_emit_message(true, 'roomkey', 'health check')
"""


async def check_writable(db: Executor) -> None:
    """Write to the database and leave no trace in its tables. Raises Unavailable."""
    await db.fetchrow(WRITE)
