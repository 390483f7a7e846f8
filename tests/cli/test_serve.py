"""`roomkey serve`, `migrate`, `stores` and `demo`: real processes in data folders."""

import asyncio
import json
import os
import re
import resource
import signal
import socket
import subprocess
from asyncio.subprocess import PIPE
from collections.abc import Iterator
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import asyncpg
import httpx
import pytest

import embedded
from cli.console import MANIFEST
from cli.serve import DESCRIPTORS
from demo.load import DEMO_SLUG
from tests.conftest import database_from
from tests.support.commands import (
    ROOMKEY,
    TOKEN_KEYS,
    Serving,
    children_of,
    environment,
    eventually,
    free_port,
    is_alive,
    postgres_of,
    roomkey,
    serving,
)

CODES = re.compile(r"#sign-in=[A-Za-z0-9_-]{32}")
APP = ["apps", "create", "--scope", "sessions:read", "--name"]


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a database that has the demo store, to be copied."""
    template = tmp_path_factory.mktemp("cli")
    loaded = roomkey(template, "demo", "--sessions", 20)
    assert loaded.returncode == 0, loaded.stderr
    assert postgres_of(template) == []
    return template


def copied(template: Path, folder: Path) -> Path:
    """The folder with a copy of the data that keeps their owner, who, where root runs the tests, is another account."""
    subprocess.run(["cp", "-a", template / ".roomkey", folder], check=True)
    return folder


@pytest.fixture
def own_folder(template: Path, tmp_path: Path) -> Path:
    return copied(template, tmp_path)


@pytest.fixture(scope="module")
def folder(template: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return copied(template, tmp_path_factory.mktemp("served"))


@pytest.fixture(scope="module")
def served(folder: Path) -> Iterator[Serving]:
    with serving(folder, "--demo") as served:
        yield served


def ask(url: str, key: str, query: str = "{ store { slug } viewer { scopes } }") -> Any:
    """The answer without its cost."""
    response = httpx.post(f"{url}/graphql", json={"query": query}, headers={"Authorization": f"Bearer {key}"})
    answer = response.json()
    answer.pop("extensions", None)
    return answer


def test_serve_prints_its_addresses_and_the_development_key(folder: Path, served: Serving) -> None:
    assert CODES.sub("#sign-in=…", served.said) == (
        "Roomkey is ready.\n\n"
        f"  Console    {served.url}/#sign-in=…\n"
        f"  GraphiQL   {served.url}/graphql#sign-in=…\n"
        f"  API key    {served.key}   (kept in .roomkey/dev-key)\n"
    )
    kept = folder / ".roomkey" / "dev-key"
    assert (kept.read_text(), kept.stat().st_mode & 0o777) == (f"{served.key}\n", 0o600)
    assert ask(served.url, served.key) == {"data": {"store": {"slug": DEMO_SLUG}, "viewer": {"scopes": ["ADMIN"]}}}
    links = "{ sessions(filter: {tokenStatus: ACTIVE}, first: 1) { nodes { token { link } } } }"
    [session] = ask(served.url, served.key, links)["data"]["sessions"]["nodes"]
    assert session["token"]["link"].startswith(f"{served.url}/s/{DEMO_SLUG}/")
    assert httpx.get(session["token"]["link"]).status_code == 303


def exchange(url: str, address: str, **headers: str) -> httpx.Response:
    return httpx.post(f"{url}/sign-in", json={"code": address.partition("#sign-in=")[2]}, headers=headers)


def test_new_sign_in_addresses_are_printed_while_the_server_runs(folder: Path, served: Serving) -> None:
    printed = roomkey(folder, "sign-in")
    assert (printed.returncode, printed.stderr) == (0, "")
    console, graphiql = [line.split()[1] for line in printed.stdout.splitlines()]
    assert CODES.sub("", printed.stdout) == f"  Console    {served.url}/\n  GraphiQL   {served.url}/graphql\n"
    assert exchange(served.url, graphiql).json() == {"key": served.key}
    console_key = (folder / ".roomkey" / "console-key").read_text().strip()
    assert exchange(served.url, console).json() == {"key": console_key}
    assert exchange(served.url, console).status_code == 403
    for path in (folder / ".roomkey").iterdir():
        if path.name in ("dev-key", "console-key", "token-key", "address"):
            assert path.stat().st_mode & 0o777 == 0o600
    assert (folder / ".roomkey" / "sign-in").stat().st_mode & 0o777 == 0o700


def test_sign_in_addresses_need_a_server(tmp_path: Path) -> None:
    refused = roomkey(tmp_path, "sign-in")
    assert (refused.returncode, refused.stdout) == (2, "")
    assert "No `roomkey serve --demo` has run in .roomkey: set --data to its folder" in refused.stderr


async def test_a_code_works_once_with_two_workers(own_folder: Path) -> None:
    with serving(own_folder, "--demo", "--workers", 2) as served:
        code = served.sign_in_address("Console").partition("#sign-in=")[2]
        async with AsyncExitStack() as stack:
            # Each client has its own connection, which either of the workers accepts.
            clients = [await stack.enter_async_context(httpx.AsyncClient(base_url=served.url)) for _ in range(20)]
            answers = await asyncio.gather(*(client.post("/sign-in", json={"code": code}) for client in clients))
        assert sorted(answer.status_code for answer in answers) == [200, *[403] * 19]


def test_the_development_key_can_sign_in_to_the_console(served: Serving) -> None:
    documents = json.loads(MANIFEST.read_bytes())
    [id] = [id for id, document in documents.items() if document.startswith("query Viewer")]
    headers = {"Authorization": f"Bearer {served.key}"}
    answer = httpx.post(f"{served.url}/graphql", json={"documentId": id}, headers=headers).json()
    assert answer["data"]["store"]["slug"] == DEMO_SLUG


def test_the_listening_address_is_an_allowed_host(own_folder: Path) -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (1024, hard))
    try:
        with serving(own_folder, "--demo", "--host", "127.0.0.2", ALLOWED_HOSTS="") as served:
            url = served.url.replace("127.0.0.1", "127.0.0.2")
            assert f"http://127.0.0.2:{url.rpartition(':')[2]}/graphql" in served.said
            assert ask(url, served.key)["data"]["store"] == {"slug": DEMO_SLUG}
            refused = httpx.get(url, headers={"Host": "roomkey.lan"})
            message = "The host 'roomkey.lan' is not served. Add it to the setting ALLOWED_HOSTS."
            assert (refused.status_code, refused.json()["errors"][0]["message"]) == (421, message)
            descriptors, _ = resource.prlimit(served.process.pid, resource.RLIMIT_NOFILE)
            assert descriptors == min(DESCRIPTORS, hard)
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


async def test_the_env_file_overrides_the_defaults_of_serve(own_folder: Path) -> None:
    (own_folder / ".env").write_text(f"LINK_BASE_URL=https://room.example/s\nTOKEN_KEYS={TOKEN_KEYS}\n")
    create = 'mutation { createSession(input: {customer: {details: {name: "x"}}}) { session { token { link } } } }'
    with serving(own_folder, "--demo", LINK_BASE_URL="", TOKEN_KEYS="") as served:
        created = ask(served.url, served.key, create)
        server = embedded.running(own_folder / ".roomkey")
        assert server is not None
        connection = await asyncpg.connect(server.url())
        key = await connection.fetchval("select token_key from session order by created_at desc limit 1")
        await connection.close()
    link = created["data"]["createSession"]["session"]["token"]["link"]
    assert link.startswith(f"https://room.example/s/{DEMO_SLUG}/")
    assert key == "k"  # the name in TOKEN_KEYS, not the embedded database's own


def test_a_store_is_created_in_an_existing_data_folder(tmp_path: Path) -> None:
    empty = dict.fromkeys(("DATABASE_URL", "DATABASE_DIRECT_URL", "TOKEN_KEYS", "LINK_BASE_URL"), "")
    address = ["--storefront-url", "https://toko.example/chat"]
    astray = roomkey(tmp_path, "stores", "create", "toko", "--name", "Toko", *address, **empty)
    assert (astray.returncode, astray.stdout) == (2, "")
    assert "There is no database in .roomkey: set --data to its folder" in astray.stderr
    assert list(tmp_path.iterdir()) == []
    assert roomkey(tmp_path, "migrate", **empty).returncode == 0
    created = roomkey(tmp_path, "stores", "create", "toko", "--name", "Toko", *address, **empty)
    assert (created.returncode, created.stderr) == (0, "")
    listed = roomkey(tmp_path, "stores", "list", **empty)
    assert (listed.returncode, listed.stdout, listed.stderr) == (0, f"{created.stdout.strip()}  Toko\n", "")


def test_a_second_server_on_the_same_folder_is_an_error_of_one_line(folder: Path, served: Serving) -> None:
    refused = roomkey(folder, "serve", "--port", free_port())
    assert (refused.returncode, refused.stdout) == (1, "")
    assert refused.stderr == (
        f"roomkey: {folder}/.roomkey is in use by process {served.process.pid}: "
        "stop it, or choose another folder with --data\n"
    )
    assert "data" in ask(served.url, served.key)


def test_a_port_in_use_is_an_error_of_one_line(tmp_path: Path, served: Serving) -> None:
    port = served.url.rpartition(":")[2]
    refused = roomkey(tmp_path, "serve", "--port", port)
    assert (refused.returncode, refused.stdout) == (1, "")
    assert refused.stderr == (
        f"Error: Cannot listen on 127.0.0.1, port {port}: Address already in use. "
        "Set another --port (with make: PORT=8123).\n"
    )
    assert list(tmp_path.iterdir()) == []


def test_stores_and_apps_are_managed_while_the_server_runs(folder: Path, served: Serving) -> None:
    slug = "toko"
    address = ["--storefront-url", "https://toko.example/chat"]
    created = roomkey(folder, "stores", "create", slug, "--name", "Toko Tökö", *address, "--session-expiration", 30)
    assert (created.returncode, created.stderr) == (0, "")
    assert re.fullmatch(rf"store_[0-7][0-9a-z]{{25}}  {slug}\n", created.stdout)
    again = roomkey(folder, "stores", "create", slug, "--name", "x", *address)
    assert (again.returncode, again.stdout) == (2, "")
    assert again.stderr.splitlines()[-1] == f"Error: A store with the slug '{slug}' already exists."
    assert f"{created.stdout.strip()}  Toko Tökö\n" in roomkey(folder, "stores", "list").stdout

    app = roomkey(folder, *APP, "partner", "--store", slug)
    assert (app.returncode, app.stderr) == (0, "")
    data = {"store": {"slug": slug}, "viewer": {"scopes": ["SESSIONS_READ"]}}
    assert ask(served.url, app.stdout.splitlines()[1]) == {"data": data}


def test_apps_are_managed_while_no_server_runs(own_folder: Path) -> None:
    id, revoked = roomkey(own_folder, *APP, "partner", "--store", DEMO_SLUG).stdout.splitlines()
    _, kept = roomkey(own_folder, "keys", "create", "--app", id, "--name", "kept").stdout.splitlines()
    first, _ = roomkey(own_folder, "keys", "list", "--app", id).stdout.splitlines()
    api_key_id = first.split()[0]
    assert roomkey(own_folder, "keys", "revoke", api_key_id).stdout == f"{api_key_id} is revoked.\n"
    assert postgres_of(own_folder) == []
    with serving(own_folder) as served:
        assert served.said == (f"Roomkey is ready.\n\n  Console    {served.url}/\n  GraphiQL   {served.url}/graphql\n")
        assert ask(served.url, kept)["data"] == {"store": {"slug": DEMO_SLUG}, "viewer": {"scopes": ["SESSIONS_READ"]}}
        assert ask(served.url, revoked)["errors"][0]["extensions"] == {"code": "UNAUTHENTICATED"}


async def test_concurrent_and_repeated_migrations_succeed(postgres: str, tmp_path: Path) -> None:
    async with database_from(postgres) as url:
        settings = environment(DATABASE_URL=url, TOKEN_KEYS=TOKEN_KEYS)
        options = {"cwd": tmp_path, "env": settings, "stdout": PIPE, "stderr": PIPE}
        for processes in (4, 1):
            started = [asyncio.create_subprocess_exec(ROOMKEY, "migrate", **options) for _ in range(processes)]
            for migration in await asyncio.gather(*started):
                assert await migration.communicate() == (b"The database is up to date.\n", b"")
                assert migration.returncode == 0
        migrated = await asyncpg.connect(url)
        assert await migrated.fetchval("select count(*) from alembic_version") == 1
        assert await migrated.fetchval("select count(*) from session") == 0
        await migrated.close()


def test_demo_data_is_loaded(folder: Path, served: Serving) -> None:
    total = "{ sessionStats { total } }"
    before = ask(served.url, served.key, total)["data"]["sessionStats"]["total"]
    loaded = roomkey(folder, "demo", "--sessions", 50)
    assert loaded.returncode == 0
    assert re.fullmatch(rf"Loaded 50 sessions in \d+ s\. Development key: {served.key}\n", loaded.stdout)
    assert ask(served.url, served.key, total)["data"]["sessionStats"]["total"] == before + 50


def test_a_killed_postgres_is_started_again_and_requests_get_503_meanwhile(own_folder: Path) -> None:
    with serving(own_folder, "--demo") as served, httpx.Client(base_url=served.url, timeout=30) as client:
        headers = {"Authorization": f"Bearer {served.key}"}

        def status() -> int:
            return client.post("/graphql", json={"query": "{ sessionStats { total } }"}, headers=headers).status_code

        assert (status(), client.get("/health/ready").status_code) == (200, 200)
        os.kill(int((own_folder / ".roomkey/postgres/postmaster.pid").read_text().split()[0]), signal.SIGKILL)
        statuses = []
        assert eventually(lambda: statuses.append(status()) or (503 in statuses and statuses[-1] == 200), 30), statuses
        assert set(statuses) == {200, 503}
        assert client.get("/health/ready").text == "ok"
        assert client.get("/health/live").text == "ok"
    assert "Postgres ended with status 137" in (own_folder / "serve.log").read_text()


@pytest.mark.parametrize("stop", [signal.SIGTERM, signal.SIGINT])
def test_a_stop_ends_all_processes_and_keeps_the_data(own_folder: Path, stop: signal.Signals) -> None:
    with serving(own_folder, "--demo") as served, httpx.Client() as client:
        headers = {"Authorization": f"Bearer {served.key}"}
        query = {"query": "{ sessionStats { total } }"}
        before = client.post(f"{served.url}/graphql", json=query, headers=headers).json()["data"]  # kept alive
        children = children_of(served.process.pid) | set(postgres_of(own_folder))
        served.process.send_signal(stop)
        assert served.process.wait(5) == 0
    assert not any(map(is_alive, children))
    assert postgres_of(own_folder) == []
    with serving(own_folder, "--demo", port=int(served.url.rpartition(":")[2])) as again:
        assert CODES.sub("", again.said) == CODES.sub("", served.said)
        assert ask(again.url, again.key, "{ sessionStats { total } }") == {"data": before}


@pytest.mark.parametrize("end", [signal.SIGTERM, signal.SIGKILL])
def test_several_workers_serve_requests_and_leave_no_process(own_folder: Path, end: signal.Signals) -> None:
    with serving(own_folder, "--demo", "--workers", 2) as served:
        for _ in range(10):
            assert ask(served.url, served.key)["data"]["store"] == {"slug": DEMO_SLUG}
        children = children_of(served.process.pid) | set(postgres_of(own_folder))
        served.process.send_signal(end)
        assert served.process.wait(10) == (0 if end == signal.SIGTERM else -signal.SIGKILL)
    assert eventually(lambda: not any(map(is_alive, children)), 5), [pid for pid in children if is_alive(pid)]
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        probe.bind(("127.0.0.1", int(served.url.rpartition(":")[2])))
