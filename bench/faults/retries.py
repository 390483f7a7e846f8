"""Row 8: the server is killed between the commit of a mutation and its response, and the client retries."""

import asyncio
import json
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from urllib.parse import urlsplit

import httpx

import embedded
from bench.faults.promises import Outcome
from db.api_keys import create_api_key, generate_api_key, hash_api_key
from db.apps import AppSettings, create_app
from db.migrate import migrate
from db.pool import Pool
from db.stores import create_store
from tests.support.commands import TOKEN_KEYS, serving

CREATIONS = 500
CONCURRENT = 50
ROUNDS = CREATIONS // CONCURRENT
# The server is killed when this number of responses have begun to arrive: their transactions are committed.
BEGUN = CONCURRENT // 2

CREATE = """mutation ($input: CreateSessionInput!) {
    createSession(input: $input) { session { id customer { id } token { link } } userErrors { code } }
}"""

COMMITTED = "select count(*) from idempotency_key where store_id = $1"
COUNT = """
select (select count(*) from session where store_id = $1) as sessions,
    (select count(*) from session_event where store_id = $1) as events,
    (select count(distinct resource_id) from idempotency_key where store_id = $1) as keys,
    (select count(*) from audit_event where store_id = $1 and action = 'CUSTOMER_CREATED') as customers
"""


async def killed_between_commit_and_answer() -> Outcome:
    """Send 500 creations, 50 at the same time, and kill the server when half of the responses have begun.

    No client reads a response. After a restart, every creation is retried twice, at the same time, until it gets a
    response.
    """
    with tempfile.TemporaryDirectory() as folder, embedded.start(Path(folder) / "data") as postgres:
        async with _store(postgres.url()) as (db, store_id, key):
            settings = {"DATABASE_URL": postgres.url(), "TOKEN_KEYS": TOKEN_KEYS}
            committed = 0
            answers: list[tuple[str, str]] = []
            for number in range(ROUNDS):
                bodies = [_body(number * CONCURRENT + place) for place in range(CONCURRENT)]
                with serving(Path(folder), **settings) as server:
                    begun = asyncio.Semaphore(0)
                    sent = [asyncio.create_task(_send(server.url, key, body, begun)) for body in bodies]
                    for _ in range(BEGUN):
                        await begun.acquire()
                    server.process.kill()
                    await asyncio.gather(*sent)
                [row] = await db.fetch(COMMITTED, store_id)
                committed += row["count"] - number * CONCURRENT
                with serving(Path(folder), **settings) as server:
                    async with httpx.AsyncClient(base_url=server.url, timeout=30) as http:
                        retries = [_retried(http, key, body) for body in bodies for _ in range(2)]
                        texts = await asyncio.gather(*retries)
                answers += zip(texts[::2], texts[1::2], strict=True)
            [counts] = await db.fetch(COUNT, store_id)
    differing = sum(first != second for first, second in answers)
    duplicates = counts["sessions"] - CREATIONS
    holds = dict(counts) == dict.fromkeys(("sessions", "events", "keys", "customers"), CREATIONS) and not differing
    return Outcome(
        holds and committed > 0,
        f"{CREATIONS} creations, {ROUNDS} kills: {committed} had been committed when the server was killed; "
        f"{duplicates} duplicates, {differing} pairs of retries with different answers",
    )


@asynccontextmanager
async def _store(url: str) -> AsyncIterator[tuple[Pool, str, str]]:
    """A pool on the migrated database, and a store with an API key."""
    await migrate(url)
    db = Pool(url, size=1)
    await db.connect()
    store = await create_store(db, "toko", "Toko", "https://toko.example/", 30)
    assert store is not None
    app = await create_app(db, store.id, AppSettings("test", ["admin"], 1_000_000))
    key = generate_api_key()
    await create_api_key(db, store.id, app.id, "test", hash_api_key(key))
    try:
        yield db, store.id, key
    finally:
        await db.disconnect()


def _body(number: int) -> str:
    customer = {"details": {"name": "Dewi", "externalId": f"crm-{number}"}}
    variables = {"input": {"customer": customer, "idempotencyKey": f"cart-{number}"}}
    return json.dumps({"query": CREATE, "variables": variables})


async def _send(url: str, key: str, body: str, begun: asyncio.Semaphore) -> None:
    """Send the request, and hang up at the first byte of the response or when the server is gone."""
    parts = urlsplit(url)
    head = f"POST /graphql HTTP/1.1\r\nHost: {parts.netloc}\r\nAuthorization: Bearer {key}\r\n"
    head += f"Content-Type: application/json\r\nContent-Length: {len(body.encode())}\r\n\r\n"
    try:
        reader, writer = await asyncio.open_connection(parts.hostname, parts.port)
        writer.write(f"{head}{body}".encode())
        if await reader.read(1):
            begun.release()
        writer.close()
    except OSError:
        pass  # the server was killed


async def _retried(http: httpx.AsyncClient, key: str, body: str) -> str:
    """The data of the response. Repeats the request while the server is too busy."""
    headers = {"Authorization": f"Bearer {key}", "Content-Type": "application/json"}
    while True:
        response = await http.post("/graphql", content=body, headers=headers)
        if response.status_code == 200:
            return json.dumps(response.json()["data"])
