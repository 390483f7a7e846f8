"""Redaction of a customer with 100,000 sessions, while others write, and a dump that contains nothing of them."""

import asyncio
import signal
import subprocess
import tempfile
import time
from pathlib import Path

import asyncpg

import embedded
from bench.faults.migrations import QUIET_SECONDS, Load
from bench.faults.promises import Outcome
from tests.support.commands import ROOMKEY, TOKEN_KEYS, environment, roomkey, serving

SESSIONS = 100_000
CUSTOMER = "customer_01h455vb4pex5vsknk084sn02q"
CANARY = "zwetschge"
# The number of redacted sessions at which the command is killed.
KILLED_AFTER = 10_000
LIMIT_SECONDS = 1.0

FILL = f"""
insert into store (id, slug, name, storefront_url) values ('store', 'big', 'Big', 'https://big.example');
insert into customer (store_id, id, name, phone, email, external_id)
values ('store', '{CUSTOMER}', '{CANARY} name', '{CANARY} phone', '{CANARY} email', '{CANARY} ID');
insert into session (store_id, id, customer_id, customer_name, room_id, metadata, token_key, token_expires_at)
select 'store', 'session_' || lpad(n::text, 26, '0'), '{CUSTOMER}', '{CANARY} name', '{CANARY} ' || n,
    '{{"{CANARY}": 1}}', 'k', 'infinity'
from generate_series(1, {SESSIONS}) as n;
insert into session_event (store_id, id, session_id, kind, reason)
select 'store', 'event_' || lpad(n::text, 26, '0'), 'session_' || lpad(n::text, 26, '0'), 'JOINED', '{CANARY}'
from generate_series(1, {SESSIONS}) as n;
"""

LEFT = "select count(*) from session where customer_id = $1 and redacted_at is null"

# The figures that statistics show, apart from the status of tokens.
FIGURES = (
    "select count(*), count(conversion_kind), min(created_at), max(created_at) from session where customer_id = $1"
)


async def large_customer() -> Outcome:
    """Redact the customer with the command, which is killed once, while other customers' sessions are written."""
    with (
        tempfile.TemporaryDirectory() as name,
        embedded.start(Path(name) / "postgres", durable=False) as server,
    ):
        folder, settings = Path(name), {"DATABASE_URL": server.url(), "TOKEN_KEYS": TOKEN_KEYS}
        migrated = roomkey(folder, "migrate", **settings)
        assert migrated.returncode == 0, migrated.stderr
        connection = await asyncpg.connect(server.url())
        await connection.execute(FILL, timeout=600)
        await connection.execute("vacuum analyze", timeout=600)
        figures = await connection.fetch(FIGURES, CUSTOMER)
        scope = ("--scope", "admin", "--rate", 1_000_000)
        app = roomkey(folder, "apps", "create", "--store", "big", "--name", "load", *scope, **settings)
        with serving(folder, **settings) as served:
            load = Load(served.url, app.stdout.split()[1])
            clients = asyncio.create_task(load.run())
            await asyncio.sleep(QUIET_SECONDS)
            quiet, load.writes = load.writes, []
            killed = await start_redaction(folder, settings)
            async with asyncio.timeout(120):
                while (left := await connection.fetchval(LEFT, CUSTOMER)) > SESSIONS - KILLED_AFTER:  # noqa: ASYNC110
                    await asyncio.sleep(0.2)
            killed.kill()
            await killed.wait()
            started = time.monotonic()
            done = await (await start_redaction(folder, settings)).wait()
            seconds = time.monotonic() - started
            load.stop()
            await clients
        is_same = figures == await connection.fetch(FIGURES, CUSTOMER)
        await connection.close()
        dump = await asyncio.to_thread(
            subprocess.run,
            [embedded.bin_folder() / "pg_dump", server.url()],
            check=True,
            capture_output=True,
            text=True,
        )
        hits = dump.stdout.count(CANARY)
    longest, p99s = max(load.writes), [percentile(times, 99) for times in (quiet, load.writes)]
    figure = (
        f"{SESSIONS:,} sessions: killed with {left:,} left, which took {seconds:.0f} s; {hits} hits in a dump; figures "
        f"{'unchanged' if is_same else 'CHANGED'}; {len(load.writes):,} writes of others, {len(load.failures)} failed, "
        f"longest {longest:.2f} s (without: {max(quiet):.2f} s), 99th percentile {p99s[1]:.3f} s ({p99s[0]:.3f} s)"
    )
    was_killed = killed.returncode == -signal.SIGKILL
    holds = was_killed and done == 0 and hits == 0 and is_same and not load.failures and longest < LIMIT_SECONDS
    return Outcome(holds, figure)


async def start_redaction(folder: Path, settings: dict[str, str]) -> asyncio.subprocess.Process:
    command = (ROOMKEY, "customers", "redact", CUSTOMER)
    return await asyncio.create_subprocess_exec(
        *command, cwd=folder, env=environment(**settings), stdout=subprocess.DEVNULL
    )


def percentile(times: list[float], percent: int) -> float:
    return sorted(times)[len(times) * percent // 100]
