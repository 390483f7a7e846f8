"""Check that an app which exceeds its rate limit 50 times does not slow down an app of another store.

    python -m bench.neighbours [--seconds 5] [--rounds 3]

Two workers serve HTTP. A quiet app sends 20 requests per second at random times, in turn without and with a noisy app
that sends 100 requests per second and has used up its rate limit. The quiet app must get no errors, and its 99th
percentile must be less than twice that without the noisy app. Nothing else should run on the machine.
"""

import argparse
import asyncio
import os
import random
import socket
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import asynccontextmanager, contextmanager, suppress
from multiprocessing import get_context
from pathlib import Path
from statistics import median, quantiles
from typing import Any, NamedTuple

import httpx

import embedded
from db.api_keys import create_api_key, generate_api_key, hash_api_key
from db.apps import AppSettings, create_app
from db.migrate import migrate
from db.pool import Pool, Row
from db.rate_limits import take_points
from db.stores import create_store

DOCUMENT = "{ sessions(first: 10) { nodes { id customer { name } token { status } } } }"
COST = 31
QUIET, NOISY, TIMES = 20, 100, 50
RATE = COST * NOISY // TIMES
WORKERS = 2


class Done(NamedTuple):
    statuses: Counter[int]
    milliseconds: list[float]


def send(url: str, key: str, requests_a_second: float, seconds: float) -> Done:
    return asyncio.run(_send(url, key, requests_a_second, seconds))


async def _send(url: str, key: str, requests_a_second: float, seconds: float) -> Done:
    """Send requests at random times, without waiting for earlier responses."""
    statuses: Counter[int] = Counter()
    milliseconds: list[float] = []

    async def request(http: httpx.AsyncClient) -> None:
        began = time.perf_counter()
        response = await http.post("/graphql", json={"query": DOCUMENT})
        milliseconds.append((time.perf_counter() - began) * 1000)
        statuses[response.status_code] += 1

    async with httpx.AsyncClient(base_url=url, headers={"Authorization": f"Bearer {key}"}, timeout=30) as http:
        next_at, ends_at, tasks = time.time(), time.time() + seconds, set()
        while (next_at := next_at + random.expovariate(requests_a_second)) < ends_at:
            await asyncio.sleep(max(0.0, next_at - time.time()))
            tasks.add(asyncio.create_task(request(http)))
        await asyncio.gather(*tasks)
    return Done(statuses, milliseconds)


async def new_apps(url: str) -> tuple[str, str, Row, str]:
    """Create a quiet and a noisy app. Returns the quiet one's API key; the noisy one's store, app and API key."""
    async with pool(url) as db:
        stores = [await create_store(db, slug, slug, "https://bench.example", 0) for slug in ("quiet", "noisy")]
        [quiet, noisy] = [store.id for store in stores if store]
        keys = []
        for store_id, rate in ((quiet, 100_000), (noisy, RATE)):
            app = await create_app(db, store_id, AppSettings("bench", ["admin"], rate))
            keys.append(generate_api_key())
            await create_api_key(db, store_id, app.id, "bench", hash_api_key(keys[-1]))
    return keys[0], noisy, app, keys[1]


async def drain(url: str, store_id: str, app: Row) -> None:
    async with pool(url) as db:
        await take_points(db, store_id, app.id, 0, 5000, app.rate, 5000)


@asynccontextmanager
async def pool(url: str) -> AsyncIterator[Pool]:
    db = Pool(url, size=1)
    await db.connect()
    yield db
    await db.disconnect()


def fill(url: str, key: str) -> None:
    """Create the sessions that the document selects."""
    mutation = 'mutation { createSession(input: {customer: {details: {name: "Dewi"}}}) { session { id } } }'
    with httpx.Client(base_url=url, headers={"Authorization": f"Bearer {key}"}) as http:
        for _ in range(10):
            http.post("/graphql", json={"query": mutation}).raise_for_status()
        answer = http.post("/graphql", json={"query": DOCUMENT}).json()
        assert answer["extensions"]["cost"]["requested"] == COST


@contextmanager
def serving(database_url: str) -> Iterator[str]:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    command = "import sys; from cli import main; sys.argv[1:] = {!r}; main()"
    arguments = ["serve", "--port", str(port), "--workers", str(WORKERS)]
    environment = os.environ | {"DATABASE_URL": database_url, "TOKEN_KEYS": f"k1:{'A' * 43}="}
    quietly: dict[str, Any] = {"env": environment, "stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    with subprocess.Popen([sys.executable, "-c", command.format(arguments)], **quietly) as process:
        try:
            for _ in range(300):
                with suppress(httpx.TransportError):
                    httpx.get(f"http://127.0.0.1:{port}/health/ready").raise_for_status()
                    break
                time.sleep(0.1)
            yield f"http://127.0.0.1:{port}"
        finally:
            process.terminate()


def compare(url: str, database_url: str, seconds: float, rounds: int) -> None:
    quiet, store_id, app, noisy = asyncio.run(new_apps(database_url))
    fill(url, quiet)
    print(f"The noisy app sends {NOISY} requests per second; its limit allows {NOISY // TIMES}. The quiet app's ms:")
    print(f"{'':12}{'p50':>8}{'p99':>8}  statuses{'':14}the noisy one's")
    p99s: dict[str, list[float]] = {"alone": [], "with noise": []}
    with ProcessPoolExecutor(2, get_context("spawn")) as senders:
        list(senders.map(time.sleep, [2.0] * 2))  # Wait until both have started.
        for label in list(p99s) * rounds:
            asyncio.run(drain(database_url, store_id, app))
            theirs = senders.submit(send, url, noisy, NOISY, seconds) if label == "with noise" else None
            ours = senders.submit(send, url, quiet, QUIET, seconds).result()
            cuts = quantiles(ours.milliseconds, n=100)
            p99s[label].append(cuts[98])
            statuses = str(dict(theirs.result().statuses)) if theirs else ""
            print(f"{label:12}{cuts[49]:8.1f}{cuts[98]:8.1f}  {dict(ours.statuses)!s:22}{statuses}")
    alone, with_noise = (median(values) for values in p99s.values())
    print(f"The median 99th percentile with noise is {with_noise / alone:.2f} times that without it.")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=5.0, help="seconds of each turn")
    parser.add_argument("--rounds", type=int, default=3)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, embedded.start(Path(folder) / "postgres") as server:
        asyncio.run(migrate(server.url()))
        with serving(server.url()) as url:
            compare(url, server.url(), arguments.seconds, arguments.rounds)


if __name__ == "__main__":
    main()
