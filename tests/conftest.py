"""A real Postgres, a real server, and a new store for every test.

Tests share one database and one server, because stores are isolated from each other. A test with other settings,
restarts or statements on all rows creates a database from the template.
"""

import asyncio
import os
import subprocess
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, nullcontext
from dataclasses import replace
from itertools import count
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import asyncpg
import httpx
import pytest
import uvicorn
from hypothesis import HealthCheck, settings
from starlette.types import ASGIApp

import embedded
from api.app import create_app
from api.protocol import HttpProtocol, server_options
from api.settings import Settings
from db.migrate import migrate
from db.pool import Pool
from schema.signing_keys import SigningKeys
from tests.support.addresses import send_from_new_address
from tests.support.database import SERVER, through_pooler
from tests.support.logs import Log, recorded_log
from tests.support.shop import Shop, open_shop

TOKEN_KEYS = SigningKeys({"k2": b"2" * 32, "k1": b"1" * 32})
TEMPLATE = f"roomkey_test_{os.getpid()}"

ROOT = Path(__file__).parent.parent

numbers = count(1)

# Examples run against a real server, on machines of any speed, and share the test's store.
settings.register_profile(
    "roomkey", deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture]
)
settings.load_profile("roomkey")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--update", action="store_true", help="Rewrite the snapshots instead of comparing them.")


@pytest.fixture(scope="session")
def postgres(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The URL of a database on the server under test: ROOMKEY_TEST_DATABASE_URL, or an embedded one."""
    if SERVER:
        yield SERVER
        return
    with embedded.start(tmp_path_factory.mktemp("postgres"), durable=False) as server:
        yield server.url()


@pytest.fixture(scope="session")
async def template(postgres: str) -> AsyncIterator[str]:
    """The name of a migrated, empty database, to be copied."""
    async with database_from(postgres) as url:
        await migrate(url)
        yield urlsplit(url).path[1:]


@pytest.fixture(scope="session")
async def database_url(postgres: str, template: str) -> AsyncIterator[str]:
    """The database that tests share."""
    async with new_database(postgres, template) as url:
        yield url


@pytest.fixture
async def own_database_url(postgres: str, template: str) -> AsyncIterator[str]:
    """A migrated, empty database of the test's own."""
    async with new_database(postgres, template) as url:
        yield url


@pytest.fixture
async def connection(own_database_url: str) -> "AsyncIterator[asyncpg.Connection[asyncpg.Record]]":
    """A connection to a database of the test's own."""
    connection = await asyncpg.connect(own_database_url)
    yield connection
    await connection.close()


@pytest.fixture(scope="session")
async def db(database_url: str) -> AsyncIterator[Pool]:
    """A pool on the shared database, for statements that no client can run."""
    async with pool(database_url) as db:
        yield db


@pytest.fixture(scope="session")
async def base_url(database_url: str) -> AsyncIterator[str]:
    """The address of the shared server."""
    async with serving(settings_for(database_url)) as url:
        yield url


@pytest.fixture(scope="session")
async def http(base_url: str) -> AsyncIterator[httpx.AsyncClient]:
    """A client without credentials, which follows no redirect."""
    async with new_client(base_url) as client:
        yield client


@pytest.fixture
async def new_shop(db: Pool, http: httpx.AsyncClient) -> Callable[[], Awaitable[Shop]]:
    """Creates a store with a key that has the scope admin."""
    return lambda: open_shop(db, http)


@pytest.fixture
async def shop(new_shop: Callable[[], Awaitable[Shop]]) -> Shop:
    return await new_shop()


@pytest.fixture
def log() -> Iterator[Log]:
    """Everything that the servers of this process log during the test."""
    with recorded_log() as log:
        yield log


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The folder of an embedded Postgres."""
    return tmp_path / "roomkey"


@pytest.fixture
def python() -> Iterator[Callable[..., subprocess.Popen[str]]]:
    """Runs lines of Python in a separate process, which is killed at the end of the test."""
    processes: list[subprocess.Popen[str]] = []

    def run(lines: str, *arguments: object) -> subprocess.Popen[str]:
        command = [sys.executable, "-c", lines, *map(str, arguments)]
        process = subprocess.Popen(
            command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, start_new_session=True
        )
        processes.append(process)
        return process

    yield run
    for process in processes:
        process.kill()
        process.communicate()


def settings_for(database_url: str, **changes: Any) -> Settings:
    url, transaction_pooler = through_pooler(database_url)
    settings = Settings(
        database_url=url,
        transaction_pooler=transaction_pooler,
        database_direct_url=database_url,
        signing_keys=TOKEN_KEYS.secrets,
        link_base_url="http://links.example/s",
        trusted_proxies=("127.0.0.1",),  # see tests/support/addresses.py
        cors_origins=("https://spa.example",),
    )
    return replace(settings, **changes)


def settings_without_pooler(database_url: str) -> Settings:
    """For tests that make the database read-only by its default: PgBouncer 1.26 keeps the default of its first
    connection, and sets it for each later one."""
    return replace(settings_for(database_url), database_url=database_url, transaction_pooler=False)


@asynccontextmanager
async def serving(settings: Settings, **options: Any) -> AsyncIterator[str]:
    """A server on a free port, in this process, with these options of uvicorn."""
    async with listening(create_app(settings), **server_options(settings) | options) as url:
        yield url


@asynccontextmanager
async def client_of(settings: Settings) -> AsyncIterator[httpx.AsyncClient]:
    """A client of a server of the test's own."""
    async with serving(settings) as url, new_client(url) as http:
        yield http


def new_client(url: str) -> httpx.AsyncClient:
    """A client whose requests come from different addresses, so that no test exceeds the limits of one."""
    return httpx.AsyncClient(base_url=url, timeout=30, event_hooks={"request": [send_from_new_address]})


@asynccontextmanager
async def pool(url: str, size: int = 8, *, direct: bool = False) -> AsyncIterator[Pool]:
    """A pool. `direct`: of connections that are not shared by a pooler, because their backends are tested."""
    url, transaction_pooler = (url, False) if direct else through_pooler(url)
    db = Pool(url, size=size, transaction_pooler=transaction_pooler)
    await db.connect()
    try:
        yield db
    finally:
        await db.disconnect()


@asynccontextmanager
async def shop_at(settings: Settings) -> AsyncIterator[Shop]:
    """A new store at a server of the test's own."""
    async with pool(settings.database_direct_url) as db, client_of(settings) as http:
        yield await open_shop(db, http)


@asynccontextmanager
async def listening(app: ASGIApp, **options: Any) -> AsyncIterator[str]:
    """The same for an existing application."""
    config = uvicorn.Config(app, port=0, log_level="warning", **{"http": HttpProtocol, "access_log": False} | options)
    server = uvicorn.Server(config)
    server.capture_signals = nullcontext  # type: ignore[method-assign]  # Ctrl-C is pytest's
    task = asyncio.create_task(server.serve())
    while not server.started:
        if task.done():
            task.result()
        await asyncio.sleep(0.005)
    host, port = server.servers[0].sockets[0].getsockname()[:2]
    try:
        yield f"http://{host}:{port}"
    finally:
        server.should_exit = True
        await task


@asynccontextmanager
async def new_database(postgres: str, template: str) -> AsyncIterator[str]:
    async with database_from(postgres, f"template {template}") as url:
        # Far from UTC, so that a dependency on the server's time zone fails a test.
        await _execute(postgres, f"alter database {urlsplit(url).path[1:]} set timezone to 'Asia/Kathmandu'")
        yield url


@asynccontextmanager
async def database_from(
    postgres: str, options: str = "template template0 encoding utf8 locale 'C.UTF-8'"
) -> AsyncIterator[str]:
    """The URL of a new database with these options, by default an empty one that can be migrated."""
    name = f"{TEMPLATE}_{next(numbers)}"
    await _execute(postgres, f"create database {name} {options}")
    yield urlsplit(postgres)._replace(path=f"/{name}").geturl()
    await _execute(postgres, f"drop database {name} with (force)")


async def _execute(url: str, statement: str) -> None:
    connection = await asyncpg.connect(url)
    await connection.execute(statement)
    await connection.close()
