"""`roomkey serve` as real processes that replace each other, and workers that end."""

import os
import signal
from pathlib import Path
from urllib.parse import urlsplit

import asyncpg
import httpx
import pytest

from tests.support.commands import (
    TOKEN_KEYS,
    children_of,
    command_of,
    eventually,
    free_port,
    is_alive,
    roomkey,
    serving,
)


@pytest.fixture
def settings(own_database_url: str) -> dict[str, str]:
    return {"DATABASE_URL": own_database_url, "TOKEN_KEYS": TOKEN_KEYS}


def workers_of(pid: int) -> list[int]:
    return [child for child in children_of(pid) if b"spawn_main" in command_of(child)]


def is_answered(url: str) -> bool:
    return httpx.get(f"{url}/health/ready").text == "ok"


def is_live(url: str) -> bool:
    return httpx.get(f"{url}/health/live").text == "ok"


def test_a_server_takes_over_the_port_of_another(tmp_path: Path, settings: dict[str, str]) -> None:
    port = free_port()
    with serving(tmp_path, port=port, **settings) as old:
        refused = roomkey(tmp_path, "serve", "--port", port, **settings)
        assert (refused.returncode, "Address already in use" in refused.stderr) == (1, True)
        with serving(tmp_path, "--reuse-port", port=port, **settings) as new:
            old.process.send_signal(signal.SIGTERM)
            assert old.process.wait(20) == 0
            assert is_answered(new.url)


def test_a_killed_worker_is_replaced(tmp_path: Path, settings: dict[str, str]) -> None:
    with serving(tmp_path, "--workers", 2, **settings) as served:
        pid = served.process.pid
        killed, other = workers_of(pid)
        os.kill(killed, signal.SIGKILL)
        assert eventually(lambda: len(workers_of(pid)) == 2 and not is_alive(killed), 20)
        assert other in workers_of(pid)
        assert is_answered(served.url)
    warning = f"Worker {killed} ended with status -9 and is replaced"
    assert warning in (tmp_path / "serve.log").read_text()


END_CONNECTIONS = "select pg_terminate_backend(pid, 5000) from pg_stat_activity where datname = $1"


async def test_a_worker_that_cannot_start_because_of_the_database_leaves_the_others_running(
    tmp_path: Path, settings: dict[str, str], postgres: str, own_database_url: str
) -> None:
    administrator, name = await asyncpg.connect(postgres), urlsplit(own_database_url).path[1:]
    with serving(tmp_path, "--workers", 2, **settings) as served:
        killed, other = workers_of(served.process.pid)
        await administrator.execute(f"alter database {name} allow_connections false")
        await administrator.fetch(END_CONNECTIONS, name)  # a pooler has kept some
        os.kill(killed, signal.SIGKILL)
        assert eventually(lambda: "ended with status 3 and is replaced" in (tmp_path / "serve.log").read_text(), 20)
        assert is_alive(other)
        assert is_live(served.url)
        await administrator.execute(f"alter database {name} allow_connections true")
        assert eventually(lambda: len(workers_of(served.process.pid)) == 2 and is_answered(served.url), 20)
        assert other in workers_of(served.process.pid)
    await administrator.close()


def test_a_worker_that_is_stopped_alone_leaves_the_port_to_the_others(tmp_path: Path, settings: dict[str, str]) -> None:
    with serving(tmp_path, "--workers", 2, **settings) as served:
        stopped = workers_of(served.process.pid)[0]
        os.kill(stopped, signal.SIGTERM)
        assert eventually(lambda: not is_alive(stopped), 20)
        assert all(is_answered(served.url) for _ in range(10))
