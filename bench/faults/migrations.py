"""Migrations under load: the previous version serves requests from 2,000,000 sessions while the database is migrated.

The previous version is the last release or, before the first release, the commit before the second migration. Its files
come from the Git history.
"""

import asyncio
import os
import re
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from itertools import count, cycle
from pathlib import Path
from typing import Any, TypeAlias
from urllib.parse import urlsplit

import asyncpg
import httpx

import embedded
from bench.faults.promises import Outcome
from db import migrate as migrations
from demo.load import _without_indexes
from tests.support.commands import TOKEN_KEYS, environment, roomkey, serving

ROOT = Path(__file__).parents[2]
HARD_CASES = Path(__file__).parent / "hard_migrations"

SESSIONS = 2_000_000
LIMIT_SECONDS = 1.0
QUIET_SECONDS = 10.0
# A reader, such as pg_dump, that keeps its locks for this time.
LONG_READ_SECONDS = 2.0

FILL = f"""
insert into store (id, slug, name, storefront_url) values ('store', 'big', 'Big', 'https://big.example');
insert into customer (store_id, id, name, phone, external_id)
select 'store', 'customer_' || lpad(n::text, 26, '0'), 'Customer ' || n, '+62812' || n, 'crm-' || n
from generate_series(0, {SESSIONS // 10}) as n;
insert into session (store_id, id, customer_id, customer_name, room_id, created_at, token_key, token_expires_at)
select 'store', 'session_' || lpad(n::text, 26, '0'), 'customer_' || lpad((n / 10)::text, 26, '0'),
    'Customer ' || n / 10, n::text, now() - n * interval '10 seconds', 'k', 'infinity'
from generate_series(1, {SESSIONS}) as n;
insert into session_event (store_id, id, session_id, kind, at, expires_at)
select 'store', 'event_' || lpad((2 * n)::text, 26, '0'), 'session_' || lpad(n::text, 26, '0'),
    'ISSUED', now() - n * interval '10 seconds', 'infinity'::timestamptz
from generate_series(1, {SESSIONS}) as n
union all
select 'store', 'event_' || lpad((2 * n + 1)::text, 26, '0'), 'session_' || lpad(n::text, 26, '0'),
    'OPENED', now() - n * interval '10 seconds', null
from generate_series(1, {SESSIONS}) as n;
"""

CREATE = """mutation ($name: String!, $key: String!) {
    createSession(input: {customer: {details: {name: $name, externalId: $name}}, roomId: "1", orderNumber: $key}) {
        session { id token { link } } userErrors { code }
    }
}"""
CHANGES = [
    f"mutation ($id: ID!) {{ {call} {{ userErrors {{ code }} }} }}"
    for call in (
        "extendToken(input: {sessionId: $id, minutes: 60})",
        "recordConversion(input: {sessionId: $id, kind: GOAL})",
        'revokeToken(input: {sessionId: $id, reason: "load"})',
    )
]
READ = """{
    sessions(first: 20, filter: {search: "customer 7"}) {
        nodes { id customer { name phone } events { nodes { kind } } }
    }
}"""

# The statements of requests that wait for a lock of the migration, or behind it.
BLOCKED = """
select extract(epoch from max(clock_timestamp() - waitstart))::float8 from pg_locks
where locktype = 'relation' and not granted and mode in ('AccessShareLock', 'RowShareLock', 'RowExclusiveLock')
and database = (select oid from pg_database where datname = current_database())
"""

Connection: TypeAlias = "asyncpg.Connection[Any]"


class Load:
    """Clients that write and read until they are stopped: the duration of each request, and the failures."""

    def __init__(self, url: str, key: str) -> None:
        headers = {"Authorization": f"Bearer {key}"}
        # An address can open 50 links per second, and together the writers open more.
        self._clients = [
            httpx.AsyncClient(
                base_url=url,
                headers=headers,
                timeout=30,
                transport=httpx.AsyncHTTPTransport(local_address=f"127.0.0.{number}"),
            )
            for number in range(2, 12)
        ]
        self._client = cycle(self._clients)
        self.writes: list[float] = []
        self.reads: list[float] = []
        self.failures: list[str] = []
        self._stopped = False

    async def run(self) -> None:
        await asyncio.gather(*(self._write(f"writer {number}") for number in range(3)), self._read())
        for client in self._clients:
            await client.aclose()

    def stop(self) -> None:
        self._stopped = True

    async def _write(self, name: str) -> None:
        for number in count():
            if self._stopped:
                return
            created = await self._post(self.writes, CREATE, name=name, key=f"{name}-{number}")
            if created:
                session = created["createSession"]["session"]
                await self._send(self.writes, "GET", urlsplit(session["token"]["link"]).path)
                for change in CHANGES:
                    await self._post(self.writes, change, id=session["id"])

    async def _read(self) -> None:
        while not self._stopped:
            await self._post(self.reads, READ)

    async def _post(self, times: list[float], query: str, **variables: str) -> Any:
        response = await self._send(times, "POST", "/graphql", json={"query": query, "variables": variables})
        if response is None:
            return None
        answer = response.json()
        if response.status_code == 200 and "errors" not in answer and not re.search(r'"code":"', response.text):
            return answer["data"]
        self.failures.append(response.text)
        return None

    async def _send(self, times: list[float], method: str, path: str, **options: Any) -> httpx.Response | None:
        started = time.monotonic()
        try:
            response = await next(self._client).request(method, path, **options)
        except httpx.HTTPError as error:
            self.failures.append(f"{type(error).__name__}: {error}")
            return None
        finally:
            times.append(time.monotonic() - started)
        if response.status_code >= 400:
            self.failures.append(f"{response.status_code} for {path}")
        return response


async def under_load() -> Outcome:
    """Migrate, and kill the migration at each of its statements, while the previous version serves requests."""
    with (
        previous_version() as old,
        tempfile.TemporaryDirectory() as folder,
        embedded.start(Path(folder) / "postgres", durable=False) as server,
    ):
        url, fresh_url = server.url(), await created_database(server.url(), "fresh")
        old_settings = {"DATABASE_URL": url, "TOKEN_KEYS": TOKEN_KEYS, "PYTHONPATH": str(old)}
        migrated = roomkey(Path(folder), "migrate", **old_settings)
        assert migrated.returncode == 0, migrated.stderr
        seconds = await fill(url)
        scope = ("--scope", "admin", "--rate", 1_000_000)
        app = roomkey(Path(folder), "apps", "create", "--store", "big", "--name", "load", *scope, **old_settings)
        key = app.stdout.split()[1]
        with serving(Path(folder), "--workers", 2, **old_settings) as served:
            load = Load(served.url, key)
            clients = asyncio.create_task(load.run())
            await asyncio.sleep(QUIET_SECONDS)
            quiet, load.writes = load.writes, []
            async with long_readers(url), watched_locks(url) as blocked:
                kills = await migrate_with_kills(url)
            load.stop()
            await clients
        await run_migration(fresh_url, 0)
        is_same = schema_of(url) == schema_of(fresh_url)
    longest, first_failure = max(load.writes), f" ({load.failures[0]})" if load.failures else ""
    figure = (
        f"{SESSIONS:,} sessions, loaded in {seconds:.0f} s; {len(load.writes):,} writes and {len(load.reads):,} reads, "
        f"{len(load.failures)} failed{first_failure}; writes blocked for {max(blocked):.2f} s at most; longest write "
        f"{longest:.2f} s (without a migration {max(quiet):.2f} s); killed {kills} times, the schema is "
        f"{'that' if is_same else 'NOT that'} of a new database"
    )
    return Outcome(max(blocked) <= LIMIT_SECONDS and not load.failures and is_same and kills > 0, figure)


async def previous_suite() -> Outcome:
    """Run the tests of the previous version's schema on a database that this version has migrated.

    Those that fail are run again on the previous version's own schema, because it may be a commit with failing tests.
    """
    with previous_version() as old, tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "newest_schema.py").write_text(PLUGIN.format(python=sys.executable, root=str(ROOT)))

        async def run_suite(*options: str) -> tuple[int, str]:
            """The number of failures, and the last line."""
            command = [sys.executable, "-m", "pytest", "-q", "--no-header", *options, "tests/schema"]
            process = await asyncio.create_subprocess_exec(
                *command,
                cwd=old,
                env=os.environ | {"PYTHONPATH": f"{old}:{folder}"},
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
            )
            output = (await process.communicate())[0].decode()
            if process.returncode:
                print(output, file=sys.stderr)
            summary = output.splitlines()[-1].strip("= ")
            failed = re.search(r"(\d+) failed", summary)
            assert failed or not process.returncode, output
            return int(failed[1]) if failed else 0, summary

        failed, summary = await run_suite("-p", "newest_schema")
        own = (await run_suite("--last-failed"))[0] if failed else 0
    return Outcome(
        failed == own, f"the previous version's suite: {summary}; {own} of the failures also on its own schema"
    )


# Migrates the databases of a suite with this version.
PLUGIN = """
import asyncio
import os

import db.migrate


async def migrate(url):
    command = [{python!r}, "-m", "bench.faults.migrations", url, "0", "product"]
    environment = os.environ | {{"PYTHONPATH": {root!r}}}
    process = await asyncio.create_subprocess_exec(*command, cwd={root!r}, env=environment)
    assert await process.wait() == 0


db.migrate.migrate = migrate
"""


@contextmanager
def previous_version() -> Iterator[Path]:
    """The files of the last release or, before the first release, of the commit before the second migration."""
    tag = git("describe", "--tags", "--abbrev=0", check=False)
    second = sorted((ROOT / "db/migrations/versions").glob("0*.py"))[1].relative_to(ROOT)
    commit = tag or git("log", "-1", "--diff-filter=A", "--format=%H", "--", str(second)) + "^"
    with tempfile.TemporaryDirectory() as folder:
        git("worktree", "add", "--detach", f"{folder}/old", commit)
        try:
            yield Path(folder) / "old"
        finally:
            git("worktree", "remove", "--force", f"{folder}/old")


def git(*arguments: str, check: bool = True) -> str:
    return subprocess.run(["git", *arguments], cwd=ROOT, check=check, capture_output=True, text=True).stdout.strip()


async def created_database(url: str, name: str) -> str:
    connection = await asyncpg.connect(url)
    await connection.execute(f"create database {name} template template0 encoding utf8 locale 'C.UTF-8'")
    await connection.close()
    return urlsplit(url)._replace(path=f"/{name}").geturl()


async def fill(url: str) -> float:
    """Fill the database. Returns the seconds that it took."""
    started = time.monotonic()
    connection = await asyncpg.connect(url)
    async with connection.transaction(), _without_indexes(connection):
        await connection.execute(FILL, timeout=3600)
    await connection.execute("vacuum analyze", timeout=3600)
    await connection.close()
    return time.monotonic() - started


@asynccontextmanager
async def watched_locks(url: str) -> AsyncIterator[list[float]]:
    """Collects how long statements of requests have waited for a lock on a table, in seconds, every 10 ms."""
    connection: Connection = await asyncpg.connect(url)
    seconds = [0.0]

    async def watch() -> None:
        while True:
            seconds.append(await connection.fetchval(BLOCKED) or 0.0)
            await asyncio.sleep(0.01)

    watching = asyncio.create_task(watch())
    try:
        yield seconds
    finally:
        watching.cancel()
        connection.terminate()


@asynccontextmanager
async def long_readers(url: str) -> AsyncIterator[None]:
    """Transactions that hold the locks of a reader for seconds."""
    connection: Connection = await asyncpg.connect(url)

    async def read() -> None:
        while True:
            await connection.execute("begin; select from session limit 1; select from session_event limit 1")
            await asyncio.sleep(LONG_READ_SECONDS)
            await connection.execute("commit")
            await asyncio.sleep(LONG_READ_SECONDS)

    reading = asyncio.create_task(read())
    try:
        yield
    finally:
        reading.cancel()
        connection.terminate()


async def migrate_with_kills(url: str) -> int:
    """Migrate again and again, and kill each run one statement later, until it is complete. Returns the kills."""
    connection = await asyncpg.connect(url)
    kills, statement, version = 0, 1, ""
    while await run_migration(url, statement) != 0:
        kills, statement = kills + 1, statement + 1
        reached = await connection.fetchval("select version_num from alembic_version")
        if reached != version:
            statement, version = 1, reached
    await connection.close()
    return kills


async def run_migration(url: str, killed_at: int) -> int:
    """Migrate in a process that kills itself. Returns 0 if it was not killed."""
    command = [sys.executable, "-m", "bench.faults.migrations", url, str(killed_at)]
    process = await asyncio.create_subprocess_exec(*command, cwd=ROOT, env=environment(PYTHONPATH=str(ROOT)))
    status = await process.wait()
    assert status in (0, -signal.SIGKILL), f"the migration ended with status {status}"
    return status


def schema_of(url: str) -> str:
    command = [embedded.bin_folder() / "pg_dump", "--schema-only", url]
    dump = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    return re.sub(r"^\\(un)?restrict.*$", "", dump, flags=re.MULTILINE)


def _main(url: str, killed_at: int, *, with_hard_cases: bool) -> None:
    """Migrate, and kill this process before the statement with this number, or 0.2 s later if it takes long."""
    execute, sent = asyncpg.Connection.execute, 0

    async def counted(self: Connection, statement: str) -> str:
        nonlocal sent
        if statement == "commit" or re.search(r"\b(alter|create index|create table)\b", statement):
            sent += 1
            if sent == killed_at:
                if re.search("validate|concurrently", statement):
                    asyncio.get_running_loop().call_later(0.2, os.kill, os.getpid(), signal.SIGKILL)
                else:
                    os.kill(os.getpid(), signal.SIGKILL)
        return await execute(self, statement)

    asyncpg.Connection.execute = counted  # type: ignore[method-assign,assignment]
    if with_hard_cases:
        migrations.VERSIONS = (*migrations.VERSIONS, HARD_CASES)  # type: ignore[assignment]
    asyncio.run(migrations.migrate(url))


if __name__ == "__main__":
    _main(sys.argv[1], int(sys.argv[2]), with_hard_cases=len(sys.argv) == 3)
