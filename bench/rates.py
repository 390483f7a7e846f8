"""Compare the cost and accuracy of rate limits that keep an app's points in different places.

    python -m bench.rates [--seconds 2] [--only cost|limit|rate]

It compares points in the process, in Postgres with one statement for each request, in Postgres with leases (as Roomkey
does), and in Redis or Valkey with one script for each request. The last needs redis-server or valkey-server, and the
Python package redis. Takes a minute and a half. The CPU of a run without a limit is subtracted; "store" is the CPU of
Postgres or Redis.
"""

import argparse
import asyncio
import random
import tempfile
import time
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from statistics import quantiles
from typing import NamedTuple

import uvloop

import embedded
from bench.limiters import LIMITERS, MAXIMUM, Spend, Stores, redis_server
from bench.speed.cpu import seconds_of
from db.credentials import Credential
from db.ids import new_id
from db.migrate import migrate
from db.statements import recorded_statements

COST, RATE = 10, 1000


class Job(NamedTuple):
    """The work of one process: requests at random times at a rate, or, without a rate, clients that do not pause."""

    limiter: str
    stores: Stores
    apps: list[Credential]
    starts_at: float
    seconds: float
    requests_a_second: float | None
    is_drained: bool = False


class Done(NamedTuple):
    paid: int
    refused: int
    latencies: list[float]
    seconds: float
    cpu: float
    statements: int


def work(job: Job) -> Done:
    return uvloop.run(_work(job))


async def _work(job: Job) -> Done:
    paid = refused = 0
    latencies: list[float] = []

    async def request(spend: Spend) -> None:
        nonlocal paid, refused
        began = time.perf_counter()
        if await spend(random.choice(job.apps), COST):
            paid += 1
        else:
            refused += 1
        latencies.append(time.perf_counter() - began)

    async def client(spend: Spend, ends_at: float) -> None:
        while time.time() < ends_at:
            await request(spend)
            await asyncio.sleep(0.002)

    async with LIMITERS[job.limiter](job.stores) as spend:
        await asyncio.gather(*(spend(new_app(), COST) for _ in range(8)))  # Open the connections.
        await asyncio.sleep(max(0.0, job.starts_at - time.time()))
        with recorded_statements() as texts:
            assert time.time() < job.starts_at + 0.2, "a worker came late: the machine is too busy"
            began, ends_at = time.process_time(), job.starts_at + job.seconds
            if job.is_drained:
                await spend(job.apps[0], MAXIMUM)
            if job.requests_a_second is None:
                await asyncio.gather(*(client(spend, ends_at) for _ in range(8)))
            else:
                next_at, tasks = job.starts_at, set()
                while (next_at := next_at + random.expovariate(job.requests_a_second)) < ends_at:
                    await asyncio.sleep(max(0.0, next_at - time.time()))
                    tasks.add(asyncio.create_task(request(spend)))
                await asyncio.gather(*tasks)
            cpu, seconds = time.process_time() - began, time.time() - job.starts_at
    return Done(paid, refused, latencies, seconds, cpu, len(texts))


def new_app() -> Credential:
    return Credential(new_id("store"), "bench", new_id("app"), "bench", [], "LOG", RATE, False, None, None)


class Bench(NamedTuple):
    """The worker processes, the stores, the limiters that are compared, and the seconds of each run."""

    workers: ProcessPoolExecutor
    stores: Stores
    limiters: list[str]
    seconds: float

    def run(
        self, limiter: str, workers: int, apps: int, seconds: float, requests_a_second: float | None, **more: bool
    ) -> tuple[list[Done], float]:
        """Run one limiter. Returns the result of each worker, and the CPU seconds of the store."""
        chosen = [new_app() for _ in range(apps)]
        each = requests_a_second / workers if requests_a_second else None
        pid = {"P": self.stores.postgres_pid, "R": self.stores.redis_pid}.get(limiter[0], 0)
        starts_at = time.time() + 1.0
        job = Job(limiter, self.stores, chosen, starts_at, seconds, each, **more)
        done = [self.workers.submit(work, job) for _ in range(workers)]
        time.sleep(starts_at - time.time())
        before = cpu_of(pid)
        return [each.result() for each in done], cpu_of(pid) - before


def cpu_of(pid: int) -> float:
    """CPU seconds of a process and its children, or 0 if there is no such process."""
    return seconds_of(pid) if pid else 0.0


def compare_cost(bench: Bench) -> None:
    for apps, requests in ((5, 1000), (500, 1000)):
        print(f"\nOne worker, {requests:,} requests per second from {apps} apps, {requests / apps:g} from each")
        print(f"{'':34}{'p50 µs':>9}{'p99 µs':>9}{'CPU µs':>9}{'store µs':>9}{'statements':>12}   per request")
        idle = 0.0
        bench.run(bench.limiters[0], 1, apps, 1.0, requests)  # Warm up.
        for limiter in bench.limiters:
            [done], store_cpu = bench.run(limiter, 1, apps, bench.seconds, requests)
            number = len(done.latencies)
            cuts = quantiles(done.latencies, n=100)
            cpu = done.cpu / number * 1e6
            idle = idle or cpu  # The first limiter does nothing.
            figures = (cuts[49] * 1e6, cuts[98] * 1e6, cpu - idle, store_cpu / number * 1e6)
            print(
                f"{limiter:34}" + "".join(f"{figure:9.0f}" for figure in figures) + f"{done.statements / number:12.2f}"
            )


def compare_limit(bench: Bench) -> None:
    print(
        f"\n8 clients per worker without pauses, one app with {RATE:,} points per second and a maximum of {MAXIMUM:,}"
    )
    print(f"{'':34}{'workers':>9}{'sent':>9}{'paid / limit':>14}{'statements per second':>23}")
    for limiter in bench.limiters[1:]:
        for workers in (2, 4):
            done, _ = bench.run(limiter, workers, 1, bench.seconds, None)
            paid, refused = sum(each.paid for each in done), sum(each.refused for each in done)
            limit = MAXIMUM + RATE * max(each.seconds for each in done)
            print(
                f"{limiter:34}{workers:9}{paid + refused:9,}{paid * COST / limit:14.2f}"
                f"{sum(each.statements for each in done) / bench.seconds:23.0f}"
            )


def compare_rate(bench: Bench) -> None:
    print("\n4 workers, requests of one app at random times, at its rate and at half its rate, starting without points")
    print(f"{'':34}{'at its rate':>12}{'at half':>9}   paid / sent")
    for limiter in bench.limiters[2:]:
        shares = []
        for share in (1.0, 0.5):
            done, _ = bench.run(limiter, 4, 1, 2 * bench.seconds, share * RATE / COST, is_drained=True)
            shares.append(sum(each.paid for each in done) / sum(len(each.latencies) for each in done))
        print(f"{limiter:34}{shares[0]:12.2f}{shares[1]:9.2f}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=2.0, help="seconds of each run")
    parser.add_argument("--only", choices=("cost", "limit", "rate"))
    arguments = parser.parse_args()
    with (
        tempfile.TemporaryDirectory() as folder,
        embedded.start(Path(folder) / "postgres") as server,
        redis_server() as redis,
        ProcessPoolExecutor(4, get_context("spawn")) as workers,
    ):
        asyncio.run(migrate(server.url()))
        pid = int(next(Path(folder).rglob("postmaster.pid")).read_text().split()[0])
        stores = Stores(server.url(), pid, *(redis or (None, 0)))
        limiters = [limiter for limiter in LIMITERS if redis or not limiter.startswith("Redis")]
        list(workers.map(time.sleep, [2.0] * 4))  # Wait until all have started.
        bench = Bench(workers, stores, limiters, arguments.seconds)
        for name, compare in (("cost", compare_cost), ("limit", compare_limit), ("rate", compare_rate)):
            if arguments.only in (None, name):
                compare(bench)


if __name__ == "__main__":
    main()
