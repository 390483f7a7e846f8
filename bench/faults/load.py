"""Load on a server while something fails, and what its clients saw."""

import asyncio
import tempfile
import time
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from types import TracebackType
from typing import Any

import asyncpg
import httpx

from db.pool import Pool
from tests.support.commands import TOKEN_KEYS, serving
from tests.support.shop import Shop, open_shop

READ = "query ($id: ID!) { session(id: $id) { id roomId customer { name } token { status } } }"
CREATE = """mutation ($input: CreateSessionInput!) {
    createSession(input: $input) { session { id roomId } userErrors { code } }
}"""
ROOM = "a room of the load"
CLIENTS = 4
PAUSE = 0.01
# The maximum time to wait for a response. The server's own limit is 20 s.
PATIENCE = 30.0

BUSY = """
select count(*) filter (where state <> 'idle') as busy, count(*) as open from pg_stat_activity
where datname = current_database() and pid <> pg_backend_pid() and backend_type = 'client backend'
"""


@asynccontextmanager
async def shop_of(database_url: str, **settings: str) -> AsyncIterator[Shop]:
    """A store at a `roomkey serve` on this database."""
    settings = {"DATABASE_URL": database_url, "TOKEN_KEYS": TOKEN_KEYS} | settings
    with tempfile.TemporaryDirectory() as folder, serving(Path(folder), **settings) as served:
        db = Pool(database_url, size=1)
        await db.connect()
        limits = httpx.Limits(max_connections=None)
        async with httpx.AsyncClient(base_url=served.url, timeout=PATIENCE, limits=limits) as http:
            shop = await open_shop(db, http)
            await db.disconnect()
            yield shop


@dataclass
class Load:
    """Clients that read a session and create sessions until the context ends."""

    shop: Shop
    reads: int = 0
    writes: int = 0
    unavailable: int = 0
    failed_reads: int = 0
    wrong: list[str] = field(default_factory=list)
    """Responses other than the right one and 503 with Retry-After."""
    last_failure_at: float = 0.0
    slowest: float = 0.0

    async def __aenter__(self) -> "Load":
        self._numbers = count()
        self._stopping = False
        self._known = (await self.shop.create(name="Dewi", roomId="known"))["id"]
        self._tasks = [asyncio.create_task(each()) for each in (self._read, self._write) for _ in range(CLIENTS)]
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._stopping = True
        await asyncio.gather(*self._tasks)

    async def _read(self) -> None:
        id = self._known
        expected = {"id": id, "roomId": "known", "customer": {"name": "Dewi"}, "token": {"status": "ACTIVE"}}
        while not self._stopping:
            answer = await self._ask(READ, id=id)
            if answer is None:
                self.failed_reads += 1
            elif answer != {"session": expected}:
                self.wrong.append(f"read {answer}")
            else:
                self.reads += 1
            await asyncio.sleep(PAUSE)

    async def _write(self) -> None:
        while not self._stopping:
            key = f"load {next(self._numbers)}"
            input = {"customer": {"details": {"name": "Ayu"}}, "roomId": ROOM, "idempotencyKey": key}
            # A client repeats the request until it succeeds.
            while (answer := await self._ask(CREATE, input=input)) is None:  # noqa: ASYNC110
                await asyncio.sleep(PAUSE)
            created = answer["createSession"]
            if created["userErrors"] or created["session"]["roomId"] != ROOM:
                self.wrong.append(f"created {created}")
            self.writes += 1
            await asyncio.sleep(PAUSE)

    async def _ask(self, query: str, **variables: object) -> Any:
        """The data, or None if the server was unavailable."""
        began = time.monotonic()
        try:
            response = await self.shop.post(query, **variables)
        except httpx.HTTPError as error:
            self.wrong.append(f"{type(error).__name__}")
            return None
        finally:
            self.slowest = max(self.slowest, time.monotonic() - began)
        body = response.json()
        if response.status_code == 200 and "errors" not in body:
            return body["data"]
        self.last_failure_at = time.monotonic()
        codes = {error["extensions"]["code"] for error in body["errors"]}
        if (response.status_code, codes, response.headers.get("retry-after")) == (503, {"SERVICE_UNAVAILABLE"}, "1"):
            self.unavailable += 1
        else:
            self.wrong.append(f"{response.status_code} {sorted(codes)}")
        return None

    async def missing_or_doubled(self, database_url: str) -> int:
        """By how much the number of created sessions differs from the acknowledged ones."""
        connection = await asyncpg.connect(database_url)
        count = "select count(*) from session where store_id = $1 and room_id = $2"
        created = await connection.fetchval(count, self.shop.id, ROOM)
        await connection.close()
        return abs(int(created) - self.writes)

    def summary(self) -> str:
        counts = f"{self.reads + self.writes} answered, {self.unavailable} times 503, {len(self.wrong)} wrong"
        return f"{counts} {dict(Counter(self.wrong).most_common(3))}" if self.wrong else counts


async def connections(database_url: str) -> tuple[int, int]:
    """The number of connections of the server that are busy, and of those that are open."""
    connection = await asyncpg.connect(database_url)
    row = await connection.fetchrow(BUSY)
    await connection.close()
    return row["busy"], row["open"]
