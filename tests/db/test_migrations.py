"""Migrations, and the databases that are refused and left unchanged."""

import asyncio
from collections.abc import AsyncIterator
from importlib import import_module
from urllib.parse import urlsplit

import asyncpg
import pytest

from db.migrate import MigrationFailed, migrate
from tests.conftest import ROOT, database_from

LOCALE_C = (
    "Roomkey needs a database whose locale handles every script, got the locale C: create it with "
    "`create database roomkey template template0 encoding utf8 locale_provider libc locale 'C.UTF-8'`"
)

NEWEST = max(path.name[:4] for path in (ROOT / "db" / "migrations" / "versions").glob("0*.py"))

WAITING = "select count(*) from pg_stat_activity where datname = $1 and wait_event_type = 'Lock'"


@pytest.fixture
async def server(postgres: str) -> "AsyncIterator[asyncpg.Connection[asyncpg.Record]]":
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
    server: "asyncpg.Connection[asyncpg.Record]", postgres: str, options: str, since: int, message: str | None
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


async def test_a_database_of_a_newer_version_is_refused(
    own_database_url: str, connection: "asyncpg.Connection[asyncpg.Record]"
) -> None:
    await connection.execute("update alembic_version set version_num = '9999'")
    message = await refusal(own_database_url)
    assert message == "cannot migrate the database: Can't locate revision identified by '9999'"


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
    server: "asyncpg.Connection[asyncpg.Record]", postgres: str, monkeypatch: pytest.MonkeyPatch
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
