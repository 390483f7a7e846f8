"""The places where a rate limit can keep an app's points, for bench.rates."""

import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from typing import Any, NamedTuple

from api.rate_limits import RateLimiter, Throttled
from db.credentials import Credential
from db.pool import Pool
from db.rate_limits import take_points

MAXIMUM = 10_000

# The script that Redis runs for each request. It runs one script at a time, so the script is atomic.
SCRIPT = """
local time = redis.call('time')
local now = time[1] + time[2] / 1e6
local cost, rate, maximum = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
local bucket = redis.call('hmget', KEYS[1], 'available', 'at')
local available = math.min(maximum, (bucket[1] or maximum) + rate * (now - (bucket[2] or now)))
local paid = available >= cost
if paid then available = available - cost end
redis.call('hset', KEYS[1], 'available', string.format('%.6f', available), 'at', string.format('%.6f', now))
redis.call('expire', KEYS[1], math.ceil(maximum / rate))
return paid and 1 or 0
"""

Spend = Callable[[Credential, float], Any]


class Stores(NamedTuple):
    """The servers that can keep points. A process ID is 0 if there is no such process."""

    postgres: str
    postgres_pid: int
    redis: str | None
    redis_pid: int


@asynccontextmanager
async def nothing(stores: Stores) -> AsyncIterator[Spend]:
    async def spend(credential: Credential, cost: float) -> bool:
        return True

    yield spend


@asynccontextmanager
async def in_process(stores: Stores) -> AsyncIterator[Spend]:
    buckets: dict[str, tuple[float, float]] = {}

    async def spend(credential: Credential, cost: float) -> bool:
        now = time.monotonic()
        available, at = buckets.get(credential.app_id, (MAXIMUM, now))
        available = min(MAXIMUM, available + credential.rate * (now - at))
        is_paid = available >= cost
        buckets[credential.app_id] = (available - cost if is_paid else available), now
        return is_paid

    yield spend


@asynccontextmanager
async def statements(stores: Stores) -> AsyncIterator[Spend]:
    db = Pool(stores.postgres)
    await db.connect()

    async def spend(credential: Credential, cost: float) -> bool:
        store_id, app_id, rate = credential.store_id, credential.app_id, credential.rate
        return (await take_points(db, store_id, app_id, cost, cost, rate, MAXIMUM)).granted > 0

    yield spend
    await db.disconnect()


@asynccontextmanager
async def leases(stores: Stores) -> AsyncIterator[Spend]:
    db = Pool(stores.postgres)
    await db.connect()
    rates = RateLimiter(db)

    async def spend(credential: Credential, cost: float) -> bool:
        try:
            await rates.charge(credential, cost)
        except Throttled:
            return False
        return True

    yield spend
    await db.disconnect()


@asynccontextmanager
async def redis_script(stores: Stores) -> AsyncIterator[Spend]:
    from redis.asyncio import Redis

    client = Redis.from_url(stores.redis)
    script = client.register_script(SCRIPT)

    async def spend(credential: Credential, cost: float) -> bool:
        return bool(await script(keys=[credential.app_id], args=[cost, credential.rate, MAXIMUM]))

    yield spend
    await client.aclose()


LIMITERS = {
    "no limit": nothing,
    "in the process": in_process,
    "Postgres, a statement a request": statements,
    "Postgres, leases": leases,
    "Redis, a script a request": redis_script,
}


@contextmanager
def redis_server() -> Iterator[tuple[str, int] | None]:
    """Start a Redis server on a free port. Yields None if neither Redis nor Valkey, or no client, is installed."""
    program = shutil.which("valkey-server") or shutil.which("redis-server")
    try:
        import redis
    except ImportError:
        program = None
    if program is None:
        print("Redis is left out: it needs redis-server or valkey-server, and the Python package redis.")
        yield None
        return
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    command = [program, "--bind", "127.0.0.1", "--port", str(port), "--save", "", "--appendonly", "no"]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, cwd=tempfile.gettempdir()) as process:
        try:
            for _ in range(100):
                with suppress(redis.ConnectionError):
                    redis.Redis(port=port).ping()
                    break
                time.sleep(0.05)
            yield f"redis://127.0.0.1:{port}", process.pid
        finally:
            process.terminate()
