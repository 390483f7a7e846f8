"""Migrations, and the databases that are refused and left unchanged."""

import asyncio
from collections.abc import AsyncIterator
from importlib import import_module
from pathlib import Path
from typing import TypeAlias
from urllib.parse import urlsplit

import asyncpg
import pytest

from db.migrate import VERSIONS, MigrationFailed, migrate
from db.version import is_current
from tests.conftest import ROOT, database_from

LOCALE_C = (
    "Roomkey needs a database whose locale handles every script, got the locale C: create it with "
    "`create database roomkey template template0 encoding utf8 locale_provider libc locale 'C.UTF-8'`"
)

NEWEST = max(path.name[:4] for path in (ROOT / "db" / "migrations" / "versions").glob("0*.py"))

Connection: TypeAlias = "asyncpg.Connection[asyncpg.Record]"

WAITING = "select count(*) from pg_stat_activity where datname = $1 and wait_event_type = 'Lock'"


@pytest.fixture
async def server(postgres: str) -> AsyncIterator[Connection]:
    server = await asyncpg.connect(postgres)
    yield server
    await server.close()


async def refusal(url: str) -> str:
    with pytest.raises(MigrationFailed) as error:
        await migrate(url)
    return str(error.value)


@pytest.mark.parametrize(
    ("options", "since", "message"),
    [
        ("encoding sql_ascii locale_provider libc locale 'C'", 15, None),
        ("encoding utf8 locale_provider libc locale 'C'", 15, LOCALE_C),
        ("encoding utf8 lc_collate 'C' lc_ctype 'C' locale_provider builtin builtin_locale 'C.UTF-8'", 17, LOCALE_C),
        ("encoding utf8 lc_collate 'C' lc_ctype 'C.UTF-8' locale_provider builtin builtin_locale 'C'", 17, LOCALE_C),
    ],
)
async def test_a_database_whose_locale_does_not_handle_every_script_is_refused_and_left_empty(
    server: Connection, postgres: str, options: str, since: int, message: str | None
) -> None:
    if server.get_server_version().major < since:
        pytest.skip(f"PostgreSQL has the built-in locale provider from {since} on")
    encoding = "Roomkey needs a database with the encoding UTF8, got SQL_ASCII"
    async with database_from(postgres, f"template template0 {options}") as url:
        assert await refusal(url) == (message or encoding)
        refused = await asyncpg.connect(url)
        assert await refused.fetch("select tablename from pg_tables where schemaname = 'public'") == []
        await refused.close()


async def test_the_database_that_the_error_suggests_is_accepted(postgres: str) -> None:
    async with database_from(postgres, LOCALE_C.split("`")[1].removeprefix("create database roomkey ")) as url:
        await migrate(url)


async def test_the_error_names_a_database_that_does_not_exist(postgres: str) -> None:
    url = urlsplit(postgres)._replace(path="/nowhere").geturl()
    assert await refusal(url) == 'cannot migrate the database: database "nowhere" does not exist'


async def test_a_database_of_a_newer_version_is_refused(own_database_url: str, connection: Connection) -> None:
    await connection.execute("update alembic_version set version_num = '9999'")
    assert not await is_current(own_database_url)
    message = await refusal(own_database_url)
    assert message == "a newer version of Roomkey has migrated the database: Can't locate revision identified by '9999'"


async def test_a_migrated_database_is_current_and_another_is_not(own_database_url: str, postgres: str) -> None:
    assert await is_current(own_database_url)
    assert not await is_current(postgres)
    assert not await is_current(urlsplit(postgres)._replace(path="/nowhere").geturl())


async def test_an_error_without_a_message_is_reported_by_its_type(monkeypatch: pytest.MonkeyPatch) -> None:
    async def stay_silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()
        writer.close()

    monkeypatch.setattr("db.migrate.CONNECT_SECONDS", 0.05)
    silent = await asyncio.start_server(stay_silent, "127.0.0.1", 0)
    port = silent.sockets[0].getsockname()[1]
    message = await refusal(f"postgresql://me@127.0.0.1:{port}/x?sslmode=disable")
    silent.close()
    assert message == "cannot migrate the database: TimeoutError"


async def test_a_migration_that_times_out_waiting_for_a_lock_is_retried(
    server: Connection, postgres: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("db.migrate.LOCK_TIMEOUT", "50ms")
    async with database_from(postgres) as url:
        holder = await asyncpg.connect(url)
        held = holder.transaction()
        await held.start()
        await holder.execute("create extension pg_trgm")  # as the migration does
        async with asyncio.timeout(20):
            with monkeypatch.context() as once:
                once.setattr("db.migrate.ATTEMPTS", 1)
                assert await refusal(url) == "cannot migrate the database: canceling statement due to lock timeout"
            migrating = asyncio.create_task(migrate(url))
            for is_waiting in (True, False):
                while bool(await server.fetchval(WAITING, urlsplit(url).path[1:])) != is_waiting:
                    pass
            await held.rollback()
            await migrating
        assert await holder.fetchval("select version_num from alembic_version") == NEWEST
        await holder.close()


# Only the last step fails when it runs a second time.
STEPS = """
from db.migrate import create_index, run

revision = "9001"
down_revision = "{newest}"


def upgrade() -> None:
    run("alter table session add column if not exists note text default 'none'")
    run("alter table session drop constraint if exists note, add constraint note check (note <> '') not valid")
    run("alter table session validate constraint note")
    create_index("session_note", "on session (store_id, note)")
    run("alter table session add column tag text; alter table session add column tag_at timestamptz")
"""
STATEMENTS_AND_COMMITS = 9

# The version, and what the steps add, each with whether it is valid.
ADDED = """
select version_num as name, true as valid from alembic_version
union all select conname, convalidated from pg_constraint where conname = 'note'
union all select relname, indisvalid from pg_index join pg_class on oid = indexrelid where relname = 'session_note'
union all select attname, true from pg_attribute
where attrelid = 'session'::regclass and attname in ('note', 'tag', 'tag_at')
order by 1
"""


class Killed(BaseException):
    pass


@pytest.fixture
def steps(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Adds a migration with several steps."""
    (tmp_path / "9001_steps.py").write_text(STEPS.format(newest=NEWEST))
    monkeypatch.setattr("db.migrate.VERSIONS", (*VERSIONS, tmp_path))


async def added(connection: Connection) -> list[tuple[str, bool]]:
    return [(row["name"], row["valid"]) for row in await connection.fetch(ADDED)]


@pytest.mark.usefixtures("steps")
@pytest.mark.parametrize("killed_before", range(1, STATEMENTS_AND_COMMITS + 1))
async def test_the_next_run_completes_a_migration_that_was_killed_before_any_statement(
    own_database_url: str, connection: Connection, killed_before: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    execute = asyncpg.Connection.execute
    sent: list[str] = []

    async def execute_until_killed(self: Connection, statement: str) -> str:
        if "session" in statement or statement == "commit":
            sent.append(statement)
            if len(sent) == killed_before:
                self.terminate()
                raise Killed
        return await execute(self, statement)

    with monkeypatch.context() as once:
        once.setattr(asyncpg.Connection, "execute", execute_until_killed)
        with pytest.raises(Killed):
            await migrate(own_database_url)
    assert await connection.fetchval("select version_num from alembic_version") == NEWEST
    await migrate(own_database_url)
    assert await added(connection) == [
        (name, True) for name in ("9001", "note", "note", "session_note", "tag", "tag_at")
    ]


@pytest.mark.usefixtures("steps")
async def test_an_invalid_index_of_a_killed_migration_is_created_again(
    own_database_url: str, connection: Connection
) -> None:
    await connection.execute("alter table session add column note text")
    await connection.execute("create index session_note on session (store_id)")
    await connection.execute("update pg_index set indisvalid = false where indexrelid = 'session_note'::regclass")
    await migrate(own_database_url)
    assert ("session_note", True) in await added(connection)
    definition = await connection.fetchval("select pg_get_indexdef('session_note'::regclass)")
    assert definition == "CREATE INDEX session_note ON public.session USING btree (store_id, note)"


@pytest.mark.usefixtures("steps")
async def test_a_step_that_waits_for_a_lock_lets_writers_pass_and_keeps_the_steps_before_it(
    own_database_url: str, connection: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("db.migrate.RETRY_SECONDS", 0.01)
    await connection.execute("alter table session add column note text")
    reader, writer = [await asyncpg.connect(own_database_url) for _ in range(2)]
    await reader.execute("begin; select from session")  # as pg_dump does
    migration = asyncio.create_task(migrate(own_database_url))
    async with asyncio.timeout(20):
        while not await connection.fetchval(WAITING, urlsplit(own_database_url).path[1:]):
            pass
        await writer.execute("update session set room_id = null")
        assert not migration.done()
        await reader.execute("commit")
        await migration
    assert len(await added(connection)) == 6
    await reader.close()
    await writer.close()


async def test_processes_that_start_together_migrate_once(postgres: str) -> None:
    async with database_from(postgres) as url:
        await asyncio.gather(*(migrate(url) for _ in range(3)))
        connection = await asyncpg.connect(url)
        assert await connection.fetch("select version_num from alembic_version") == [(NEWEST,)]
        await connection.close()


async def test_the_host_of_a_storefront_is_allowed_by_the_migration(postgres: str) -> None:
    initial = import_module("db.migrations.versions.0001_initial")
    urls = {"toko": "https://Toko.example:8443/chat?a=b", "kopi": "http://kopi.example"}
    async with database_from(postgres) as url:
        connection = await asyncpg.connect(url)
        await connection.execute(initial.STATEMENTS)
        await connection.execute("create table alembic_version (version_num varchar(32) primary key)")
        await connection.execute("insert into alembic_version values ('0001')")
        await connection.executemany(
            "insert into store (id, slug, name, storefront_url) values ($1, $1, $1, $2)", urls.items()
        )
        await migrate(url)
        rows = await connection.fetch("select slug, storefront_url, storefront_hosts from store order by slug")
        assert [tuple(row) for row in rows] == [
            ("kopi", urls["kopi"], ["kopi.example"]),
            ("toko", urls["toko"], ["toko.example"]),
        ]
        await connection.close()
