"""Migrations: hand-written SQL in db/migrations/versions, run forward by Alembic.

Each migration has a lock timeout: if it cannot get its lock in time, it gives up so that it does not block the shop's
traffic, and is retried. An advisory lock keeps processes that start together from migrating at the same time.
"""

import asyncio
from pathlib import Path

import asyncpg
from alembic import command, op
from alembic.config import Config
from alembic.util import CommandError
from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.pool import NullPool

# An arbitrary number, the same in every process.
ADVISORY_LOCK = 7_253_901_442

CONNECT_SECONDS = 30.0
LOCK_TIMEOUT = "1s"
ATTEMPTS = 10

CHECK = "select current_setting('server_version_num')::int as version, current_setting('server_encoding') as encoding"

# Search needs both: pg_trgm recognizes letters by the database's LC_CTYPE, and lower() by its locale provider.
HANDLES_ALL_SCRIPTS = "select lower('Ж') = 'ж' and show_trgm('Ж') <> '{}'"


class MigrationFailed(Exception):
    """The database cannot be migrated. The message is one line that says why."""


async def migrate(url: str) -> None:
    """Migrate the database to the newest version. Does nothing if it is up to date. Raises MigrationFailed.

    The URL must not point to a connection pooler in statement mode, because of the advisory lock.
    """
    for attempt in range(1, ATTEMPTS + 1):
        try:
            return await _upgrade(url)
        except (DBAPIError, OSError, CommandError, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
            text = str(getattr(error, "orig", None) or error).rpartition(">: ")[2]
            reason = text.splitlines()[0] if text else type(error).__name__
            if "lock timeout" not in reason or attempt == ATTEMPTS:
                raise MigrationFailed(f"cannot migrate the database: {reason}") from error
        await asyncio.sleep(1)


def run(statements: str) -> None:
    """Run the statements of a migration, separated by semicolons, on Alembic's connection."""
    connection = op.get_bind().connection.driver_connection
    op.get_bind().connection.dbapi_connection.run_async(lambda _: connection.execute(statements))  # type: ignore[union-attr]


async def _upgrade(url: str) -> None:
    # asyncpg connects, because it interprets a URL as libpq does. SQLAlchemy has its own rules.
    engine = create_async_engine(
        "postgresql+asyncpg://", async_creator=lambda: asyncpg.connect(url, timeout=CONNECT_SECONDS), poolclass=NullPool
    )
    async with engine.begin() as connection:
        server = (await connection.exec_driver_sql(CHECK)).one()
        if server.version < 150000:
            raise MigrationFailed(f"Roomkey needs PostgreSQL 15 or newer, got {server.version // 10000}")
        if server.encoding != "UTF8":
            raise MigrationFailed(f"Roomkey needs a database with the encoding UTF8, got {server.encoding}")
        await connection.exec_driver_sql(f"select pg_advisory_xact_lock({ADVISORY_LOCK})")
        await connection.exec_driver_sql(f"set local lock_timeout = '{LOCK_TIMEOUT}'")
        await connection.run_sync(_run_versions)
        if not (await connection.exec_driver_sql(HANDLES_ALL_SCRIPTS)).scalar():
            raise MigrationFailed(
                "Roomkey needs a database whose locale handles every script, got the locale C: create it with "
                "`create database roomkey template template0 encoding utf8 locale_provider libc locale 'C.UTF-8'`"
            )


def _run_versions(connection: Connection) -> None:
    config = Config(attributes={"connection": connection})
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    command.upgrade(config, "head")
