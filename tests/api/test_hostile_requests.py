"""Hostile requests: each is refused quickly, and other clients do not wait for it."""

import json
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from http.client import HTTPConnection
from random import Random
from statistics import quantiles
from subprocess import Popen
from threading import Event, Thread
from time import perf_counter, thread_time
from typing import Any

import pytest

from api.graphql import ANONYMOUS_TOKEN_LIMIT
from engine.cost import Meter, TooCostly
from engine.execution import TOKEN_LIMIT, InvalidOperation, choose_operation, parse_document, validate_document
from schema.cost import COST_MODEL
from schema.root import schema
from tests.support.hostile_documents import KINDS, Hostile, Request, hostile_request, hostile_requests
from tests.support.shop import Shop

NUMBER = 2_000  # make faults ROWS=11 sends 10,000
LARGEST = 1_448
# The most processor time that a request may take, as a multiple of the time to parse an ordinary document: about 35 ms,
# and 15 ms without a key. Machines differ, and one machine is not always equally fast. A slower request is tried again,
# because a garbage collection can happen during any request.
FACTOR = 8
ANONYMOUS_FACTOR = 4
ORDINARY = "{ " + "viewer { id } " * 240 + "}"
# The longest stall of the event loop, as a multiple of the same time: about 100 ms.
STALL_FACTOR = 24
REQUESTS = 10

HEADERS = {"Accept": "application/graphql-response+json", "Content-Type": "application/json"}

# A server that refuses at once, prints its port, sends the processor time of each response in a header, and prints at
# the end for how long at most its event loop was blocked.
SERVER = """
import asyncio, sys
from time import thread_time
import uvicorn, uvloop
from api import rate_limits
from api.app import create_app
from api.garbage import collect_garbage_rarely
from tests.conftest import settings_for

rate_limits.REFUSAL_SECONDS = 0
app = create_app(settings_for(sys.argv[1]))
collect_garbage_rarely()

async def timed(scope, receive, send):
    start = thread_time()
    async def send_timed(message):
        if message["type"] == "http.response.start":
            message["headers"] = [*message["headers"], (b"processor-seconds", str(thread_time() - start).encode())]
        await send(message)
    await app(scope, receive, send_timed)

async def main():
    server = uvicorn.Server(uvicorn.Config(timed, port=0, log_level="critical", access_log=False))
    serving = asyncio.create_task(server.serve())
    while not server.started:
        await asyncio.sleep(0.01)
    print(server.servers[0].sockets[0].getsockname()[1], flush=True)
    reading = asyncio.create_task(asyncio.to_thread(sys.stdin.read))
    longest = 0.0
    while not reading.done():
        before = thread_time()
        await asyncio.sleep(0.001)
        longest = max(longest, thread_time() - before)
    print(longest, flush=True)
    server.should_exit = True
    await serving

uvloop.run(main())
"""


def examine(request: Request, token_limit: int = TOKEN_LIMIT) -> None:
    """Do what the server does with a request before it executes it."""
    with suppress(InvalidOperation, TooCostly):
        document = parse_document(request["query"], token_limit)
        operation = choose_operation(document, request.get("operationName"))
        Meter(schema._schema, COST_MODEL, document, operation).measure(request.get("variables")).check(COST_MODEL)
        validate_document(schema._schema, document)


@pytest.mark.parametrize(("token_limit", "factor"), [(TOKEN_LIMIT, FACTOR), (ANONYMOUS_TOKEN_LIMIT, ANONYMOUS_FACTOR)])
@pytest.mark.parametrize("kind", KINDS)
def test_the_largest_documents_take_a_small_multiple_of_the_time_to_parse_an_ordinary_one(
    kind: str, token_limit: int, factor: int
) -> None:
    for size in (token_limit // 4, token_limit // 2, LARGEST):
        request = hostile_request(kind, Random(size), size)
        examine_within = partial(examine, token_limit=token_limit)
        assert any(seconds_of(examine_within, request) < limit(factor) for _ in range(REQUESTS))


def limit(factor: int = FACTOR) -> float:
    return factor * seconds_of(parse_document, ORDINARY)


def seconds_of(work: Callable[[Any], object], argument: object) -> float:
    start = thread_time()
    work(argument)
    return thread_time() - start


def test_the_same_seed_makes_the_same_requests() -> None:
    assert list(hostile_requests(200)) == list(hostile_requests(200))
    assert list(hostile_requests(200)) != list(hostile_requests(200, seed=1))


class OtherClient(Thread):
    """Another client, which sends cheap requests all the time."""

    def __init__(self, port: int) -> None:
        super().__init__(daemon=True)
        self.waits: list[float] = []
        self._port = port
        self._stopped = Event()

    def run(self) -> None:
        connection = HTTPConnection("127.0.0.1", self._port)
        while not self._stopped.wait(0.005):
            start = perf_counter()
            connection.request("GET", "/")
            connection.getresponse().read()
            self.waits.append(perf_counter() - start)

    def stop(self) -> None:
        self._stopped.set()
        self.join()


async def test_two_thousand_hostile_requests_are_refused_and_other_clients_do_not_wait(
    shop: Shop, database_url: str, python: Any
) -> None:
    # No request may be throttled.
    await shop.db.fetch("update app set rate = 1000000 where store_id = $1", shop.id)
    server: Popen[str] = python(SERVER, database_url)
    assert server.stdout
    port = int(server.stdout.readline())
    connection = HTTPConnection("127.0.0.1", port)
    headers = HEADERS | shop.headers
    other_client = OtherClient(port)
    other_client.start()

    def seconds_to_refuse(hostile: Hostile) -> float:
        connection.request("POST", "/graphql", json.dumps(hostile.request).encode(), headers)
        response = connection.getresponse()
        answer = json.loads(response.read())
        assert 400 <= response.status < 500, (hostile, response.status, answer)
        assert response.headers["Content-Type"].partition(";")[0] == HEADERS["Accept"], hostile
        assert "data" not in answer, hostile
        codes = {error["extensions"]["code"] for error in answer["errors"]}
        assert codes, hostile
        # It is not refused because of its sender or its rate limit.
        assert not codes & {"UNAUTHENTICATED", "FORBIDDEN", "THROTTLED"}, (hostile, answer)
        return float(response.headers["Processor-Seconds"])

    usual = limit()
    slow = [hostile for hostile in hostile_requests(NUMBER) if seconds_to_refuse(hostile) > usual]
    slow = [hostile for hostile in slow if all(seconds_to_refuse(hostile) > limit() for _ in range(REQUESTS))]
    other_client.stop()
    longest = float(server.communicate()[0])
    assert slow == []
    stall = max(limit(STALL_FACTOR) for _ in range(REQUESTS))
    assert longest < stall
    assert len(other_client.waits) > NUMBER / 10
    assert quantiles(other_client.waits, n=100)[-1] < stall
