"""Health checks: liveness never depends on the database, and readiness needs one that can be written to."""

import asyncio
import os
import signal
import time
from pathlib import Path
from urllib.parse import urlsplit

import asyncpg
import httpx
import pytest

import embedded
from db.migrate import migrate
from tests.conftest import client_of, settings_for, settings_without_pooler
from tests.support.logs import Log
from tests.support.postgres_processes import postmaster
from tests.support.responses import checked, error_body


@pytest.fixture(autouse=True)
def each_request_checks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("api.health.RESULT_SECONDS", 0)


UNAVAILABLE = error_body("The database is not available at the moment.", "SERVICE_UNAVAILABLE")


async def check(http: httpx.AsyncClient) -> tuple[int, int]:
    """The statuses of liveness and of readiness."""
    ready = await http.get("/health/ready")
    if ready.status_code == 503:
        assert (checked(ready), ready.headers["retry-after"]) == ((503, UNAVAILABLE), "1")
    else:
        assert (ready.status_code, ready.text) == (200, "ok")
    live = await http.get("/health/live")
    assert live.text == "ok"
    return live.status_code, ready.status_code


async def test_parallel_checks_are_one_statement(
    own_database_url: str, log: Log, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("api.health.RESULT_SECONDS", 60)
    async with client_of(settings_for(own_database_url)) as http:
        responses = await asyncio.gather(*(http.get("/health/ready") for _ in range(20)))
        lines = [await log.line_of(response) for response in responses]
    assert {response.text for response in responses} == {"ok"}
    assert sum(line["statements"] for line in lines) == 1


END_OTHER_CONNECTIONS = """
select pg_terminate_backend(pid, 5000) from pg_stat_activity
where datname = current_database() and pid <> pg_backend_pid()
"""


async def test_a_read_only_database_is_not_ready(own_database_url: str) -> None:
    name = urlsplit(own_database_url).path[1:]
    connection = await asyncpg.connect(own_database_url)
    async with client_of(settings_without_pooler(own_database_url)) as http:
        assert await check(http) == (200, 200)
    await connection.execute(f"alter database {name} set default_transaction_read_only to on")
    await connection.fetch(END_OTHER_CONNECTIONS)
    async with client_of(settings_without_pooler(own_database_url)) as http:
        assert await check(http) == (200, 503)
    await connection.close()


async def test_the_check_leaves_no_row_and_waits_for_no_lock_of_a_row(own_database_url: str) -> None:
    connection = await asyncpg.connect(own_database_url)
    counts = "select (select count(*) from rate_limit), (select count(*) from session_event)"
    before = await connection.fetchrow(counts)
    async with client_of(settings_for(own_database_url)) as http, connection.transaction():
        # As a migration does, which locks this row for as long as it runs.
        await connection.execute("select * from alembic_version for update")
        assert await check(http) == (200, 200)
    assert await connection.fetchrow(counts) == before
    await connection.close()


async def test_liveness_does_not_ask_a_frozen_database(folder: Path) -> None:
    with embedded.start(folder, durable=False) as server:
        await migrate(server.url())
        async with client_of(settings_for(server.url())) as http:
            assert await check(http) == (200, 200)
            pids = [int(postmaster(folder)[0]), *await _backends(server.url())]
            for pid in pids:
                os.kill(pid, signal.SIGSTOP)
            try:
                began = time.monotonic()
                assert await check(http) == (200, 503)
                assert time.monotonic() - began < 2
            finally:
                for pid in pids:
                    os.kill(pid, signal.SIGCONT)


async def _backends(url: str) -> list[int]:
    connection = await asyncpg.connect(url)
    statement = "select pid from pg_stat_activity where backend_type = 'client backend' and pid <> pg_backend_pid()"
    pids = [row["pid"] for row in await connection.fetch(statement)]
    await connection.close()
    return pids
