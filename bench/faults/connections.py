"""Clients that hang up, COMMITs that fail, and killed backends: no connection is lost, and no change half made."""

import asyncio
import random
from collections import Counter
from urllib.parse import urlsplit

import asyncpg
import orjson

from bench.faults.load import CREATE, PATIENCE, Load, connections, shop_of
from bench.faults.postgres import DATABASE, all_of, execute
from bench.faults.promises import Outcome
from db.pool import SIZE
from tests.support.clusters import cluster
from tests.support.shop import Shop

HANG_UPS, FAILED_COMMITS, KILLED = 10_000, 1_000, 1_000
CLIENTS = 20
QUERIES = ("{ sessions { nodes { id customer { name } } } }", "{ sessionStats { total opened } }")

# COMMIT fails for sessions in one room, as for a serialization failure.
FAILING = """
create function fail() returns trigger language plpgsql as $$
    begin raise exception 'a test' using errcode = '40001'; end
$$;
create constraint trigger failing after insert on session initially deferred for each row
when (new.room_id = 'fails') execute function fail();
"""
KILL = """
select count(*) filter (where pg_terminate_backend(pid)) from pg_stat_activity
where datname = current_database() and pid <> pg_backend_pid() and backend_type = 'client backend' and state <> 'idle'
"""
# Each session is created with a customer and an event, in one transaction.
HALF_MADE = """
select (select count(*) from session where not exists (
    select from session_event as event where event.store_id = session.store_id and event.session_id = session.id
)) + (select count(*) from customer where not exists (
    select from session where session.store_id = customer.store_id and session.customer_id = customer.id
))
"""


async def not_lost() -> Outcome:
    with cluster() as server:
        await execute(server.url(), DATABASE)
        url = server.url("roomkey")
        async with shop_of(url) as shop:
            outcomes = [await _after(url, shop, await each(url, shop)) for each in (_hang_ups, _commits, _kills)]
    return all_of(outcomes)


async def _after(url: str, shop: Shop, outcome: Outcome) -> Outcome:
    """The outcome, and what is left of the pool and in the database after it."""
    busy = 1
    for _ in range(100):  # mutations of clients that hung up are finished
        busy, opened = await connections(url)
        if not busy:
            break
        await asyncio.sleep(0.05)
    connection = await asyncpg.connect(url)
    half = await connection.fetchval(HALF_MADE)
    await connection.close()
    statuses = {response.status_code for response in await asyncio.gather(*(shop.post(QUERIES[0]) for _ in range(16)))}
    holds = outcome.holds and busy == 0 and opened <= SIZE and half == 0 and statuses == {200}
    return Outcome(holds, f"{outcome.figure}: {busy} connections busy, {half} changes half made")


async def _hang_ups(url: str, shop: Shop) -> Outcome:
    address = urlsplit(str(shop.http.base_url))
    head = f"POST /graphql HTTP/1.1\r\nHost: {address.netloc}\r\nContent-Type: application/json\r\n"
    head += f"Authorization: Bearer {shop.key}\r\n"
    create = {"query": CREATE, "variables": {"input": {"customer": {"details": {"name": "Ayu"}}}}}
    bodies = [orjson.dumps(body) for body in (*({"query": query} for query in QUERIES), create)]

    async def hang_up() -> None:
        _, writer = await asyncio.open_connection(address.hostname, address.port)
        body = random.choice(bodies)
        writer.write(f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body)
        await asyncio.sleep(random.uniform(0, 0.02))
        writer.transport.abort()

    async def client() -> None:
        for _ in range(HANG_UPS // CLIENTS):
            await hang_up()

    await asyncio.gather(*(client() for _ in range(CLIENTS)))
    return Outcome(True, f"{HANG_UPS} hang-ups")


async def _commits(url: str, shop: Shop) -> Outcome:
    await execute(url, FAILING)
    statuses: Counter[int] = Counter()

    async def client() -> None:
        for _ in range(FAILED_COMMITS // CLIENTS):
            response = await shop.post(CREATE, input={"customer": {"details": {"name": "Ayu"}}, "roomId": "fails"})
            statuses[response.status_code] += 1

    await asyncio.gather(*(client() for _ in range(CLIENTS)))
    await execute(url, "drop function fail cascade")
    return Outcome(statuses == {503: FAILED_COMMITS}, f"{FAILED_COMMITS} failed COMMITs, statuses {dict(statuses)}")


async def _kills(url: str, shop: Shop) -> Outcome:
    killed = 0
    connection = await asyncpg.connect(url)
    async with asyncio.timeout(5 * PATIENCE), Load(shop) as load:
        while killed < KILLED:
            killed += await connection.fetchval(KILL)
            await asyncio.sleep(0.005)
    await connection.close()
    difference = await load.missing_or_doubled(url)
    holds = not load.wrong and difference == 0
    return Outcome(holds, f"{killed} killed backends, {load.summary()}, {difference} changes lost or doubled")
