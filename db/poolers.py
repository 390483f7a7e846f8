"""Connection poolers between Roomkey and Postgres, such as PgBouncer."""

import asyncio

import asyncpg

from db.errors import CONNECT_ERRORS

CONNECTIONS = 4
ROUNDS = 5
SECONDS = 5.0

BACKEND = "select pg_backend_pid()"


async def shares_backends(url: str) -> bool:
    """Whether a pooler at the URL gives the backend of a connection to another one after each transaction.

    A busy pooler can hide it. False if Postgres cannot be reached.
    """
    connections: list[asyncpg.Connection[asyncpg.Record]] = []
    try:
        async with asyncio.timeout(SECONDS):
            first = await asyncpg.connect(url, statement_cache_size=0)
            connections.append(first)
            backend = await first.fetchval(BACKEND)
            # A pooler generates the process ID and the key for cancellations itself.
            if backend == first.get_server_pid():
                return False
            others = [await asyncpg.connect(url, statement_cache_size=0) for _ in range(CONNECTIONS - 1)]
            connections += others
            for _ in range(ROUNDS):
                for other in others:
                    async with other.transaction():
                        if backend == await other.fetchval(BACKEND) or backend != await first.fetchval(BACKEND):
                            return True
    except CONNECT_ERRORS:
        pass
    finally:
        for connection in connections:
            connection.terminate()
    return False
