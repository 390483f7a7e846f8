"""Check that a server's memory stays flat while it gets more different documents than it caches.

    python -m bench.memory [--requests 200000] [--documents 2000]

One worker gets the documents in random order over HTTP, and must return no errors. Between half of the requests
and the end, memory may grow by a tenth at most. Takes about ten minutes.
"""

import argparse
import asyncio
import os
import random
import signal
import sys
from pathlib import Path

import httpx

from bench.speed.contenders import Roomkey
from bench.speed.data import FOLDER, database, sample_of
from bench.speed.queries import Sample
from bench.speed.servers import Server, serving

SESSIONS = 10_000
SENDERS = 8
STEPS = 20
TOLERANCE = 0.1

FIELDS = ("active", "dateCreated", "roomId", "customer { id name }", "token { status issuedAt }", "conversion { kind }")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--requests", type=int, default=200_000)
    parser.add_argument("--documents", type=int, default=2_000)
    arguments = parser.parse_args()
    # Raise an exception, so that the server is stopped, too.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    with database(SESSIONS) as url:
        sample = asyncio.run(sample_of(url))
        with serving(Roomkey("roomkey"), url, sample, FOLDER / "logs") as server:
            megabytes = asyncio.run(_run(server, sample, arguments.requests, arguments.documents))
    half = megabytes[len(megabytes) // 2]
    growth = megabytes[-1] / half - 1
    print(f"Growth from half of the requests to the end: {growth:+.1%}.")
    sys.exit(growth > TOLERANCE)


async def _run(server: Server, sample: Sample, requests: int, documents: int) -> list[int]:
    """Send the requests. Returns the server's resident memory in megabytes, first and after each step."""
    choose = random.Random(0)
    texts = [document(number, choose) for number in range(documents)]
    megabytes = [_resident(server.pid)]
    print(f"{0:9,} requests  {megabytes[0]:5} MB", flush=True)
    headers = {"Authorization": f"Bearer {sample.key}"}
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{server.port}", headers=headers, timeout=30) as http:

        async def send(number: int) -> None:
            for _ in range(number):
                response = await http.post("/graphql", json={"query": choose.choice(texts)})
                answer = response.json()
                assert response.status_code == 200, answer
                assert "errors" not in answer, answer

        for step in range(1, STEPS + 1):
            await asyncio.gather(*(send(requests // STEPS // SENDERS) for _ in range(SENDERS)))
            megabytes.append(_resident(server.pid))
            print(f"{requests * step // STEPS:9,} requests  {megabytes[-1]:5} MB", flush=True)
    return megabytes


def document(number: int, choose: random.Random) -> str:
    fields = choose.sample(FIELDS, choose.randint(1, len(FIELDS)))
    return f"query Q{number} {{ sessions(first: 3) {{ nodes {{ id {' '.join(fields)} }} }} }}"


def _resident(pid: int) -> int:
    pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") // 2**20


if __name__ == "__main__":
    main()
