"""Revoked means revoked, on every worker and host."""

import asyncio
import random
from collections import Counter
from contextlib import AsyncExitStack
from pathlib import Path

import orjson

from bench.faults.promises import Outcome
from bench.faults.servers import Client, Response, connected, database, get, post, serving, shops
from tests.support.addresses import new_address
from tests.support.persisted_documents import JOIN
from tests.support.shop import Shop, code_of

ROUNDS = 500
CONNECTIONS = 6
REVOKE = """mutation Revoke($id: ID!) {
    revokeToken(input: {sessionId: $id}) { session { token { status } } userErrors { code } }
}"""
REVOKED = {"data": {"joinSession": {"session": None, "userErrors": [{"code": "TOKEN_REVOKED"}]}}}


class Round:
    """A session whose customers join and open its link on all connections while it is revoked on one of them."""

    def __init__(self, shop: Shop, code: str) -> None:
        self.join = post(JOIN, shop.key, token=code)
        # From a new address, because the visits of an address are limited.
        self.open = get(f"/s/{shop.slug}/{code}", "User-Agent: Mozilla/5.0", f"X-Forwarded-For: {new_address()}")
        self.acknowledged = False
        self.admitted_before = 0
        self.after: Counter[str] = Counter()

    async def taps(self, client: Client, chance: random.Random) -> None:
        """Use the link until a join and a visit began after the acknowledgement."""
        begun_after: set[bytes] = set()
        while begun_after != {self.join, self.open}:
            request, is_after = chance.choice((self.join, self.open)), self.acknowledged
            response = await client.send(request)
            is_admitted = self._is_admitted(request, response)
            if is_after:
                begun_after.add(request)
                self.after["admitted" if is_admitted else "refused"] += 1
            else:
                self.admitted_before += is_admitted

    def _is_admitted(self, request: bytes, response: Response) -> bool:
        """Anything except the expected refusal counts as admitted."""
        if request == self.open:
            return response.status != 410
        body = orjson.loads(response.body)
        body.pop("extensions", None)
        return response.status != 200 or body != REVOKED


async def a_revoked_link_admits_no_customer() -> Outcome:
    chance = random.Random(6)
    after: Counter[str] = Counter()
    before = 0
    with database() as (folder, url):
        folders = [folder / name for name in ("one", "other")]
        for each in folders:
            each.mkdir()
        # Two hosts, one of them with two workers.
        one_host = serving(folders[0], url, "--workers", 2, TRUSTED_PROXIES="127.0.0.1")
        with one_host as one, serving(folders[1], url, TRUSTED_PROXIES="127.0.0.1") as other:
            async with shops(url, one.url) as [shop], AsyncExitStack() as stack:
                hosts = (one, one, other) * (CONNECTIONS // 3)
                clients = [await stack.enter_async_context(connected(host.url)) for host in hosts]
                for _ in range(ROUNDS):
                    session = await shop.create()
                    found = Round(shop, code_of(session))
                    taps = [asyncio.create_task(found.taps(client, chance)) for client in clients]
                    await asyncio.sleep(chance.random() * 0.01)
                    async with connected(chance.choice((one, other)).url) as client:
                        answer = await client.send(post(REVOKE, shop.key, id=session["id"]))
                    assert orjson.loads(answer.body)["data"]["revokeToken"]["userErrors"] == []
                    found.acknowledged = True
                    await asyncio.gather(*taps)
                    after += found.after
                    before += found.admitted_before
        used = [_requests_by_worker(folder / "serve.log") for folder in folders]
    workers = [count for by_worker in used for count in by_worker.values()]
    figure = (
        f"{after['admitted']} of {after.total():,} joins and visits after {ROUNDS} acknowledged revocations admitted, "
        f"{before:,} before; requests by worker: {', '.join(f'{count:,}' for count in workers)}"
    )
    return Outcome(not after["admitted"] and before > 0 and len(workers) == 3, figure)


def _requests_by_worker(log: Path) -> Counter[int]:
    lines = [orjson.loads(line) for line in log.read_text().splitlines()]
    return Counter(line["pid"] for line in lines if line.get("operation") in ("Join", "Revoke"))
