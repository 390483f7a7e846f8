"""A noisy store does not slow down another one: an app at 50 times its quota, reports, or hang-ups.

A quiet app sends 20 requests per second at random times to one worker, in turn without and with the noise of another
store. It must get no errors, and its 99th percentile must be less than twice that without noise. Nothing else should
run on the machine.
"""

import asyncio
import os
import random
import time
from collections import Counter
from collections.abc import Awaitable, Callable
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from statistics import median, quantiles
from typing import NamedTuple
from urllib.parse import urlsplit

import asyncpg
import httpx
import orjson

from bench.faults.load import shop_of
from bench.faults.postgres import DATABASE, all_of, execute
from bench.faults.promises import Outcome
from db.pool import Pool
from demo.load import load_demo
from tests.support.clusters import cluster
from tests.support.shop import Shop, new_app

PAGE = "{ sessions(first: 10) { nodes { id customer { name } token { status } } } }"
STATS = "{ sessionStats { total active converted medianSecondsToConversion opened } }"
COST = 31  # of PAGE
QUIET, NOISY, TIMES = 20, 100, 50
CLIENTS = 20
SESSIONS = 100_000
SECONDS, ROUNDS = 5.0, 3
RATIO = 2.0


class Done(NamedTuple):
    statuses: Counter[int]
    milliseconds: list[float]


def quietly(url: str, key: str, seconds: float, rate: int = QUIET) -> Done:
    """Send `rate` requests per second at random times, without waiting for earlier responses."""
    statuses: Counter[int] = Counter()
    milliseconds: list[float] = []

    async def request(http: httpx.AsyncClient) -> None:
        began = time.perf_counter()
        response = await http.post("/graphql", json={"query": PAGE})
        milliseconds.append((time.perf_counter() - began) * 1000)
        statuses[response.status_code] += 1

    async def send() -> None:
        async with _client(url, key) as http:
            next_at, ends_at, tasks = time.time(), time.time() + seconds, set()
            while (next_at := next_at + random.expovariate(rate)) < ends_at:
                await asyncio.sleep(max(0.0, next_at - time.time()))
                tasks.add(asyncio.create_task(request(http)))
            await asyncio.gather(*tasks)

    asyncio.run(send())
    return Done(statuses, milliseconds)


def over_quota(url: str, key: str, seconds: float) -> Done:
    return quietly(url, key, seconds, NOISY)


def with_reports(url: str, key: str, seconds: float) -> Done:
    """Clients that request statistics again and again."""

    async def client(statuses: Counter[int], ends_at: float) -> None:
        async with _client(url, key) as http:
            while time.time() < ends_at:
                statuses[(await http.post("/graphql", json={"query": STATS})).status_code] += 1

    return _all(client, seconds)


def with_hang_ups(url: str, key: str, seconds: float) -> Done:
    """Clients that request statistics and hang up."""
    address = urlsplit(url)
    body = orjson.dumps({"query": STATS})
    head = f"POST /graphql HTTP/1.1\r\nHost: {address.netloc}\r\nContent-Type: application/json\r\n"
    head += f"Authorization: Bearer {key}\r\nContent-Length: {len(body)}\r\n\r\n"

    async def client(statuses: Counter[int], ends_at: float) -> None:
        while time.time() < ends_at:
            _, writer = await asyncio.open_connection(address.hostname, address.port)
            writer.write(head.encode() + body)
            await asyncio.sleep(random.uniform(0.1, 0.3))
            writer.transport.abort()

    return _all(client, seconds)


def _all(client: Callable[[Counter[int], float], Awaitable[None]], seconds: float) -> Done:
    statuses: Counter[int] = Counter()

    async def run() -> None:
        await asyncio.gather(*(client(statuses, time.time() + seconds) for _ in range(CLIENTS)))

    asyncio.run(run())
    return Done(statuses, [])


def _client(url: str, key: str) -> httpx.AsyncClient:
    return httpx.AsyncClient(base_url=url, headers={"Authorization": f"Bearer {key}"}, timeout=30)


NOISES = {"50 times the quota": over_quota, f"{CLIENTS} sessionStats clients": with_reports, "hang-ups": with_hang_ups}


async def not_slowed_down() -> Outcome:
    with cluster(shared_buffers="256MB") as server:
        await execute(server.url(), DATABASE)
        database_url = server.url("roomkey")
        async with shop_of(database_url) as shop:
            for _ in range(10):
                await shop.create()
            db = Pool(database_url, size=1)
            await db.connect()
            connection = await asyncpg.connect(database_url)
            [store_id] = await load_demo(
                connection, sessions=SESSIONS, stores=1, token_key="k", progress=lambda _: None
            )
            await connection.close()
            limited = (await new_app(db, store_id, ["admin"], rate=COST * NOISY // TIMES)).secret
            free = (await new_app(db, store_id, ["admin"])).secret
            await db.disconnect()
            keys = {name: limited if noise is over_quota else free for name, noise in NOISES.items()}
            return await asyncio.to_thread(_compare, str(shop.http.base_url), shop, keys)


def _compare(url: str, shop: Shop, keys: dict[str, str]) -> Outcome:
    outcomes = []
    context = get_context("spawn")
    # In production, the noisy clients would run on other machines: here they have a low priority.
    with (
        ProcessPoolExecutor(1, context) as quiet_sender,
        ProcessPoolExecutor(1, context, initializer=os.nice, initargs=(19,)) as noisy_sender,
    ):
        for sender in (quiet_sender, noisy_sender):
            sender.submit(int).result()  # wait until it has started
        for name, noise in NOISES.items():
            p99s: dict[bool, list[float]] = {False: [], True: []}
            statuses: Counter[int] = Counter()
            theirs: Counter[int] = Counter()
            for is_noisy in [False, True] * ROUNDS:
                noisy = noisy_sender.submit(noise, url, keys[name], SECONDS) if is_noisy else None
                quiet = quiet_sender.submit(quietly, url, shop.key, SECONDS).result()
                p99s[is_noisy].append(quantiles(quiet.milliseconds, n=100)[98])
                statuses += quiet.statuses
                if noisy:
                    theirs += noisy.result().statuses
            alone, beside = median(p99s[False]), median(p99s[True])
            holds = set(statuses) == {200} and beside < RATIO * alone
            figure = f"{name}: p99 {alone:.0f} ms alone, {beside:.0f} ms beside it ({beside / alone:.1f} times), "
            outcomes.append(Outcome(holds, f"{figure}statuses {dict(statuses)}, the noisy one's {dict(theirs)}"))
    return all_of(outcomes)
