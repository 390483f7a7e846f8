"""Postgres restarts, fails over, fills its disk, turns read-only and freezes, all under load."""

import asyncio
import os
import signal
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager, suppress
from functools import partial
from typing import Literal

import asyncpg

from bench.faults.load import Load, connections, shop_of
from bench.faults.promises import Outcome
from db.pool import SIZE
from tests.support.clusters import ACCOUNT, HOST, USER, account_folder, cluster
from tests.support.disks import CannotMount, fill_up, small_disk
from tests.support.postgres_processes import descendants

DATABASE = "create database roomkey template template0 encoding utf8 locale 'C.UTF-8'"
STORE = "{ store { id } }"
# The seconds of load before a fault and after it, and the seconds that the fault lasts.
BEFORE, DURING, AFTER = 1.0, 2.0, 4.0
BACK_SECONDS = 2.0
# The deadline of a request while Postgres is frozen, and the time by which a response may exceed it.
DEADLINE, FREEZE, GRACE = 2, 5.0, 0.5


async def restarts() -> Outcome:
    """A fast and an immediate shutdown, and kill -9 of backends, after which Postgres restarts itself."""
    with cluster() as server:
        await execute(server.url(), DATABASE)
        url = server.url("roomkey")

        async def restart(mode: Literal["fast", "immediate"]) -> None:
            await asyncio.to_thread(server.stop, mode)
            await asyncio.sleep(DURING)
            await asyncio.to_thread(server.start)

        async def kill() -> None:
            for _ in range(3):
                connection = await asyncpg.connect(url)
                os.kill(await connection.fetchval("select pg_backend_pid()"), signal.SIGKILL)
                connection.terminate()
                await until_back(url)

        return all_of(
            [
                await seen_by_clients("fast restart", url, partial(restart, "fast")),
                await seen_by_clients("immediate restart", url, partial(restart, "immediate")),
                await seen_by_clients("kill -9", url, kill),
            ]
        )


async def failover() -> Outcome:
    """The primary is killed, and its synchronous standby promoted. The URL names both."""
    with cluster(synchronous_standby_names="'*'") as primary, cluster(primary=primary) as standby:
        await execute(primary.url(), DATABASE)
        url = f"postgresql://{USER}@{HOST}:{primary.port},{HOST}:{standby.port}/roomkey?target_session_attrs=read-write"

        async def fail_over() -> None:
            await asyncio.to_thread(primary.stop)
            await asyncio.sleep(DURING)
            await asyncio.to_thread(standby.promote)

        return await seen_by_clients("failover", url, fail_over)


async def read_only() -> Outcome:
    """Transactions are read-only by default for a while. Reads must succeed."""
    with cluster() as server:
        await execute(server.url(), DATABASE)

        async def turn_read_only() -> None:
            await execute(
                server.url(), "alter system set default_transaction_read_only = on", "select pg_reload_conf()"
            )
            await asyncio.sleep(DURING)
            await execute(
                server.url(),
                "set default_transaction_read_only = off",
                "alter system reset default_transaction_read_only",
                "select pg_reload_conf()",
            )

        return await seen_by_clients("read-only", server.url("roomkey"), turn_read_only, reads_succeed=True)


async def disk_full() -> Outcome:
    """The file system of the tables is filled. Reads must succeed.

    That of the write-ahead log is not, because Postgres then stops, as in `restarts`.
    """
    try:
        return await _disk_full()
    except CannotMount as error:
        return Outcome(False, str(error))


async def _disk_full() -> Outcome:
    with cluster() as server, account_folder() as folder, small_disk(folder / "disk", 64) as disk:
        if ACCOUNT:
            os.chown(disk, ACCOUNT.pw_uid, ACCOUNT.pw_gid)
        await execute(server.url(), f"create tablespace small location '{disk}'", f"{DATABASE} tablespace small")

        async def fill() -> None:
            await asyncio.to_thread(fill_up, disk / "filler")
            await asyncio.sleep(3 * DURING)
            (disk / "filler").unlink()

        return await seen_by_clients("full disk", server.url("roomkey"), fill, reads_succeed=True)


async def freeze() -> Outcome:
    """All processes of Postgres are suspended for 5 s."""
    with cluster() as server:
        await execute(server.url(), DATABASE)
        url = server.url("roomkey")
        async with shop_of(url, OPERATION_SECONDS=str(DEADLINE)) as shop:

            async def ask() -> tuple[int, float]:
                began = time.monotonic()
                status = (await shop.post(STORE)).status_code
                return status, time.monotonic() - began

            await asyncio.gather(*(ask() for _ in range(2 * SIZE)))
            asked = []
            with suspended([server.pid, *descendants(server.pid)]):
                for _ in range(int(FREEZE / 0.1)):
                    asked += [asyncio.create_task(ask()) for _ in range(2)]
                    await asyncio.sleep(0.1)
            restored_at = time.monotonic()
            answers = await asyncio.gather(*asked)
            while (await ask())[0] != 200:  # noqa: ASYNC110
                await asyncio.sleep(0.01)
            back = time.monotonic() - restored_at
            busy, _ = await connections(url)
    statuses, slowest = sorted({status for status, _ in answers}), max(seconds for _, seconds in answers)
    holds = slowest <= DEADLINE + GRACE and set(statuses) <= {200, 503, 504} and back <= BACK_SECONDS and not busy
    return Outcome(
        holds,
        f"frozen for {FREEZE:g} s, {len(answers)} requests with a deadline of {DEADLINE} s: the slowest took "
        f"{slowest:.2f} s, statuses {statuses}, back after {back:.1f} s, {busy} connections busy",
    )


async def seen_by_clients(
    name: str, url: str, fault: Callable[[], Awaitable[None]], *, reads_succeed: bool = False
) -> Outcome:
    """Put a server under load, let `fault` fail and restore Postgres, and check the responses."""
    async with shop_of(url) as shop:
        async with Load(shop) as load:
            await asyncio.sleep(BEFORE)
            await fault()
            restored_at, failed_reads = time.monotonic(), load.failed_reads
            await asyncio.sleep(AFTER)
        back = max(0.0, load.last_failure_at - restored_at)
        difference = await load.missing_or_doubled(url)
        busy, opened = await connections(url)
        # More requests at the same time than the pool has connections: none of these is broken.
        statuses = {response.status_code for response in await asyncio.gather(*(shop.post(STORE) for _ in range(16)))}
    holds = not load.wrong and load.unavailable > 0 and back <= BACK_SECONDS and difference == 0
    holds = holds and busy == 0 and opened <= SIZE and statuses == {200} and not (reads_succeed and failed_reads)
    figure = f"{name}: {load.summary()}, {difference} changes lost or doubled, back after {back:.1f} s, {busy} busy"
    return Outcome(holds, figure + (f", {failed_reads} reads failed" if reads_succeed else ""))


def all_of(outcomes: list[Outcome]) -> Outcome:
    return Outcome(all(each.holds for each in outcomes), "; ".join(each.figure for each in outcomes))


async def execute(url: str, *statements: str) -> None:
    connection = await asyncpg.connect(url)
    for statement in statements:
        await connection.execute(statement)
    await connection.close()


async def until_back(url: str) -> None:
    async with asyncio.timeout(60):
        while True:
            with suppress(OSError, asyncpg.PostgresError):
                return await execute(url, "select 1")
            await asyncio.sleep(0.02)


@contextmanager
def suspended(pids: list[int]) -> Iterator[None]:
    def send(number: signal.Signals) -> None:
        for pid in pids:
            with suppress(ProcessLookupError):
                os.kill(pid, number)

    send(signal.SIGSTOP)
    try:
        yield
    finally:
        send(signal.SIGCONT)
