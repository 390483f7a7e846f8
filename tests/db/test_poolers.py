"""Undeclared poolers are found at the start."""

from collections.abc import Iterator
from pathlib import Path

import asyncpg
import pytest

from db.poolers import shares_backends
from tests.support import commands
from tests.support.clusters import HOST, USER, Cluster, cluster
from tests.support.pgbouncer import PROGRAMS, pgbouncer

pytestmark = pytest.mark.skipif(not PROGRAMS, reason="needs PgBouncer: set PGBOUNCER to the program")


@pytest.fixture(scope="module")
def server() -> Iterator[Cluster]:
    with cluster() as server:
        yield server


def url_at(port: int) -> str:
    return f"postgresql://{USER}@{HOST}:{port}/postgres"


@pytest.mark.parametrize("size", [1, 2, 20])
async def test_a_pooler_in_transaction_mode_is_found(server: Cluster, size: int) -> None:
    with pgbouncer(server, size=size) as port:
        assert await shares_backends(url_at(port))
        busy = [await asyncpg.connect(url_at(port)) for _ in range(size // 2)]
        for connection in busy:
            await connection.execute("begin")
        assert await shares_backends(url_at(port))
        for connection in busy:
            await connection.close()


async def test_a_pooler_in_session_mode_and_no_pooler_are_told_apart_from_it(server: Cluster) -> None:
    with pgbouncer(server, mode="session") as port:
        assert not await shares_backends(url_at(port))
    assert not await shares_backends(server.url())
    assert not await shares_backends(url_at(1))


async def test_a_server_does_not_start_behind_an_undeclared_pooler(server: Cluster, tmp_path: Path) -> None:
    with pgbouncer(server) as port:
        settings = {"DATABASE_URL": url_at(port), "TOKEN_KEYS": commands.TOKEN_KEYS}
        ended = commands.roomkey(tmp_path, "serve", "--port", commands.free_port(), **settings)
        assert (ended.returncode, ended.stdout) == (1, "")
        assert ended.stderr == (
            "roomkey: DATABASE_URL is that of a connection pooler in transaction mode: set "
            "DATABASE_POOLER=transaction, and DATABASE_DIRECT_URL to a URL that bypasses the pooler\n"
        )
        settings |= {"DATABASE_POOLER": "transaction", "DATABASE_DIRECT_URL": server.url()}
        created = commands.roomkey(
            tmp_path, "stores", "create", "demo", "--name", "Demo", "--storefront-url", "https://a.example", **settings
        )
        assert created.returncode == 0, created.stderr
