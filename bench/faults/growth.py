"""Memory, descriptors and tasks do not grow over a million requests of all kinds."""

import asyncio
import hashlib
import os
import random
import signal
import sys
from collections import Counter
from pathlib import Path
from statistics import linear_regression, mean
from typing import NamedTuple

from bench.faults.promises import Outcome
from bench.faults.servers import connected, database, get, post, serving, shops
from bench.memory import document
from tests.support import commands
from tests.support.persisted_documents import JOIN
from tests.support.shop import Shop, code_of

REQUESTS = 1_000_000
WARM_UP = 100_000
STEP = 10_000
CONNECTIONS = 16
# Few documents are sent often. Others are more than the server caches: each takes it about 10 ms to compile.
FREQUENT, RARE = 40, 2_000
SESSIONS = 100
# The kinds of requests, in percent.
SHARES = {
    **{"frequent document": 68, "rare document": 3, "invalid document": 4, "unknown path": 5, "unknown key": 5},
    **{"create": 3, "extend": 3, "join": 3, "visit": 6},
}

# A module that Python imports as it starts: at SIGUSR1, the server writes the number of its tasks.
COUNT_TASKS = """
import asyncio, signal
def write(*_):
    with open("tasks", "w") as file:
        file.write(f"{len(asyncio.all_tasks(asyncio._get_running_loop()))}.")
signal.signal(signal.SIGUSR1, write)
"""

CREATE = """mutation Create($room: String!) {
    createSession(input: {customer: {details: {name: "Dewi Lestari"}}, roomId: $room}) { session { id } }
}"""
EXTEND = "mutation Extend($id: ID!) { extendToken(input: {sessionId: $id, minutes: 30}) { session { active } } }"


class Sample(NamedTuple):
    requests: int
    kilobytes: int
    descriptors: int
    threads: int
    tasks: int


async def nothing_grows() -> Outcome:
    chance = random.Random(21)
    statuses: Counter[int] = Counter()
    samples: list[Sample] = []
    with database() as (folder, url):
        (folder / "sitecustomize.py").write_text(COUNT_TASKS)
        path = f"{folder}:{Path(__file__).parents[2]}"
        with serving(folder, url, PYTHONPATH=path) as served:
            async with shops(url, served.url) as [shop]:
                sessions = [await shop.create(expirationMinutes=0) for _ in range(SESSIONS)]
            ids, codes = [each["id"] for each in sessions], [code_of(each) for each in sessions]
            requests = Requests(chance, shop, ids, codes)
            while not samples or samples[-1].requests < REQUESTS:
                batch = [
                    asyncio.create_task(_send(served.url, requests, STEP // CONNECTIONS, chance))
                    for _ in range(CONNECTIONS)
                ]
                for found in await asyncio.gather(*batch):
                    statuses += found
                sample = _sample(served.process.pid, folder, STEP * (len(samples) + 1))
                samples.append(sample)
                print(f"{sample.requests:9,} requests, {sample.kilobytes / 1024:.1f} MB", file=sys.stderr, flush=True)
                # The log is not what is measured.
                os.truncate(folder / "serve.log", 0)
    return _judge(samples, statuses)


def _judge(samples: list[Sample], statuses: Counter[int]) -> Outcome:
    measured = [sample for sample in samples if sample.requests > WARM_UP]
    kilobytes = [sample.kilobytes for sample in measured]
    slope = linear_regression([sample.requests for sample in measured], kilobytes).slope
    growth = slope * (measured[-1].requests - measured[0].requests) / mean(kilobytes)
    half = len(measured) // 2
    is_flat = all(
        max(getattr(sample, name) for sample in measured[half:])
        <= max(getattr(sample, name) for sample in measured[:half])
        for name in ("descriptors", "threads", "tasks")
    )
    first, last = measured[0], measured[-1]
    # A busy machine makes a few 503.
    failed = statuses[500]
    figure = (
        f"{last.requests:,} requests ({statuses.total():,} responses, {failed} with status 500): memory "
        f"{first.kilobytes / 1024:.1f} MB after {first.requests:,}, {last.kilobytes / 1024:.1f} MB at the end, slope "
        f"{growth:+.2%}; descriptors {first.descriptors} and {last.descriptors}, threads {first.threads} and "
        f"{last.threads}, tasks {first.tasks} and {last.tasks}"
    )
    return Outcome(growth < 0.01 and is_flat and not failed, figure)


class Requests:
    """Makes random requests of all kinds."""

    def __init__(self, chance: random.Random, shop: Shop, ids: list[str], codes: list[str]) -> None:
        self._chance = chance
        self._shop = shop
        self._ids = ids
        self._codes = codes
        self._documents = [document(number, chance) for number in range(RARE)]
        self._count = 0

    def next(self) -> bytes:
        chance, shop, key = self._chance, self._shop, self._shop.key
        self._count += 1
        match chance.choices([*SHARES], [*SHARES.values()])[0]:
            case "frequent document":
                return post(chance.choice(self._documents[:FREQUENT]), key)
            case "rare document":
                return post(chance.choice(self._documents), key)
            case "create":
                return post(CREATE, key, room=str(self._count))
            case "extend":
                return post(EXTEND, key, id=chance.choice(self._ids))
            case "join":
                return post(JOIN, key, token=chance.choice(self._codes))
            case "visit":
                return get(f"/s/{shop.slug}/{chance.choice(self._codes)}", "User-Agent: Mozilla/5.0")
            # Each of the others is new, and no cache may keep it.
            case "invalid document":
                return post(f"query Q{self._count} {{ store {{ no{self._count} }} }}", key)
            case "unknown path":
                wrong = hashlib.sha256(str(self._count).encode()).hexdigest()[:52]
                return chance.choice((get(f"/s/{wrong[:8]}/{wrong}"), get(f"/{wrong}")))
            case _:
                return post("{ store { id } }", f"rk_{self._count}")


async def _send(base_url: str, requests: Requests, count: int, chance: random.Random) -> Counter[int]:
    """Send this number of requests. Now and then, hang up before the response, and connect again."""
    statuses: Counter[int] = Counter()
    while count:
        async with connected(base_url) as client:
            for _ in range(min(count, chance.randint(100, 400))):
                statuses[(await client.send(requests.next())).status] += 1
                count -= 1
            if count:
                client.abandon(requests.next())
                count -= 1
    return statuses


def _sample(pid: int, folder: Path, requests: int) -> Sample:
    """Measure the idle server. Its clients have closed their connections."""
    tasks, process = folder / "tasks", Path(f"/proc/{pid}")
    tasks.unlink(missing_ok=True)
    commands.eventually(lambda: len(os.listdir(process / "fd")) < CONNECTIONS, 2)
    os.kill(pid, signal.SIGUSR1)
    assert commands.eventually(lambda: tasks.exists() and tasks.read_text().endswith("."), 10)
    pages = int((process / "statm").read_text().split()[1])
    return Sample(
        requests,
        pages * os.sysconf("SC_PAGE_SIZE") // 1024,
        len(os.listdir(process / "fd")),
        len(os.listdir(process / "task")),
        int(tasks.read_text()[:-1]),
    )
