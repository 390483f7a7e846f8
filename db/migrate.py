"""Migrations: hand-written SQL in db/migrations/versions, run forward by Alembic.

Each runs under a lock timeout, so that one which cannot get its lock gives way to the shop's traffic and tries again,
and all of them under an advisory lock, so that processes which start together do not migrate together.
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

# Any number will do, as long as every process asks for the same one.
ADVISORY_LOCK = 7_253_901_442

CONNECT_SECONDS = 30.0
LOCK_TIMEOUT = "1s"
ATTEMPTS = 10

CHECK = """
select current_setting('server_version_num')::int as version, current_setting('server_encoding') as encoding
"""

# pg_trgm finds letters by the database's LC_CTYPE alone, lower() by its locale's provider: search needs both.
KNOWS_LETTERS = "select lower('Ж') = 'ж' and show_trgm('Ж') <> '{}'"

# A key that the version before made while servers of this one ran already: see 0002_apps.py, which does the same.
GIVE_KEYS_APPS = """
with given as (
    update api_key set app_id = 'app' || substr(id, 4) where app_id is null
    returning store_id, app_id, name, scopes, created_at
)
insert into app (store_id, id, name, scopes, created_at)
select store_id, app_id, name, scopes, created_at from given
"""


class MigrationFailed(Exception):
    """One line that says why the database cannot be brought to this version of Roomkey."""


async def migrate(url: str) -> None:
    """Bring the database to the newest version; does nothing to one that is there. Raises MigrationFailed.

    The advisory lock needs a direct connection, not a pooler in statement mode.
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
    """Run several statements of a version at once, on the connection that Alembic works on."""
    connection = op.get_bind().connection.driver_connection
    op.get_bind().connection.dbapi_connection.run_async(lambda _: connection.execute(statements))  # type: ignore[union-attr]


async def _upgrade(url: str) -> None:
    # asyncpg reads a URL as libpq does, SQLAlchemy in its own way.
    engine = create_async_engine(
        "postgresql+asyncpg://", async_creator=lambda: asyncpg.connect(url, timeout=CONNECT_SECONDS), poolclass=NullPool
    )
    async with engine.begin() as connection:
        server = (await connection.exec_driver_sql(CHECK)).one()
        if server.version < 150000:
            raise MigrationFailed(f"Roomkey needs PostgreSQL 15 or newer, this is {server.version // 10000}")
        if server.encoding != "UTF8":
            raise MigrationFailed(f"Roomkey needs a database whose encoding is UTF8, this one's is {server.encoding}")
        await connection.exec_driver_sql(f"select pg_advisory_xact_lock({ADVISORY_LOCK})")
        await connection.exec_driver_sql(f"set local lock_timeout = '{LOCK_TIMEOUT}'")
        await connection.run_sync(_run_versions)
        await connection.exec_driver_sql(GIVE_KEYS_APPS)
        if not (await connection.exec_driver_sql(KNOWS_LETTERS)).scalar():
            raise MigrationFailed(
                "Roomkey needs a database that knows every script's letters, this one's locale is C: create it with "
                "`create database roomkey template template0 encoding utf8 locale_provider libc locale 'C.UTF-8'`"
            )


def _run_versions(connection: Connection) -> None:
    config = Config(attributes={"connection": connection})
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    command.upgrade(config, "head")
