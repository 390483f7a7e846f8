"""Any operations in any order: sessions always agree with the model.

MODEL_STEPS sets the approximate number of operations, such as 10,000 in a long run.
"""

import os
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from db.pool import Pool
from tests.support.session_model import MINUTE, Model, ModelSession
from tests.support.shop import Shop, code_of, open_shop

STEPS = int(os.environ.get("MODEL_STEPS", "400"))
# Hypothesis draws about seven operations an example.
EXAMPLES = STEPS // 5

MINUTES = st.sampled_from([0, 1, 2, 5, 1440])
NAMES = st.sampled_from(["Dewi", "José", "王小明"])
WHICH = st.integers(0, 2)  # which of the sessions, and which of its codes, counted from the last one

operations = st.one_of(
    st.tuples(st.just("create"), MINUTES | st.none(), NAMES),
    st.tuples(st.just("extend"), WHICH, MINUTES),
    st.tuples(st.just("reissue"), WHICH, MINUTES | st.none()),
    st.tuples(st.just("revoke"), WHICH),
    st.tuples(st.just("join"), WHICH, WHICH),
    st.tuples(st.just("open"), WHICH, WHICH, st.sampled_from(["OPENED", "PREVIEWED"])),
    st.tuples(st.just("convert"), WHICH, st.sampled_from(["PURCHASE", "TASK"])),
    st.tuples(st.just("order"), WHICH, st.sampled_from(["A1", "B2", "a1"])),
    st.tuples(st.just("rename"), WHICH, NAMES),
    st.tuples(st.just("configure"), MINUTES, st.booleans()),
    st.tuples(st.just("wait"), st.sampled_from([0.5, 1, 1.5, 2, 5, 1440])),
)


class Machine:
    """A shop and its model, on which the same operations run."""

    def __init__(self, shop: Shop) -> None:
        self.shop = shop
        self.model = Model()
        self.ids: list[str] = []

    async def run(self, name: str, *arguments: Any) -> None:
        self.model.now += 1
        if name in ("create", "configure", "wait"):
            await getattr(self, name)(*arguments)
            return
        which = arguments[0] % len(self.ids)
        session, id = self.model.sessions[which], self.ids[which]
        await getattr(self, name)(session, id, *arguments[1:])
        await self.check(which)

    async def create(self, minutes: int | None, customer: str) -> None:
        session = await self.shop.create(customer, expirationMinutes=minutes)
        self.ids.append(session["id"])
        self.model.create(minutes, customer)
        self.model.sessions[-1].codes.append(code_of(session))

    async def extend(self, session: ModelSession, id: str, minutes: int) -> None:
        await self.change(self.model.extend(session, minutes), "extendToken", sessionId=id, minutes=minutes)

    async def reissue(self, session: ModelSession, id: str, minutes: int | None) -> None:
        self.model.reissue(session, minutes)
        payload = await self.change(None, "reissueToken", sessionId=id, minutes=minutes)
        code = code_of(payload["session"])
        assert code not in session.codes
        session.codes.append(code)

    async def revoke(self, session: ModelSession, id: str) -> None:
        self.model.revoke(session)
        await self.change(None, "revokeToken", sessionId=id)

    async def join(self, session: ModelSession, id: str, which: int) -> None:
        code = session.codes[-1 - which % len(session.codes)]
        payload = await self.change(self.model.join(session, code), "joinSession", token=code)
        assert payload["session"] is None or payload["session"]["id"] == id

    async def open(self, session: ModelSession, id: str, which: int, kind: str) -> None:
        code = session.codes[-1 - which % len(session.codes)]
        expected = self.model.open(session, code, kind)
        agent = "WhatsApp/2.23" if kind == "PREVIEWED" else "Mozilla/5.0"
        answer = await self.shop.http.get(f"/s/{self.shop.slug}/{code}", headers={"User-Agent": agent})
        assert answer.status_code == expected

    async def convert(self, session: ModelSession, id: str, kind: str) -> None:
        await self.change(self.model.convert(session, kind), "recordConversion", sessionId=id, kind=kind)

    async def order(self, session: ModelSession, id: str, number: str) -> None:
        refusal = self.model.order(session, number)
        await self.change(refusal, "recordOrder", selection="order { number }", sessionId=id, number=number)

    async def rename(self, session: ModelSession, id: str, name: str) -> None:
        self.model.rename(session, name)
        customer = (await self.shop.session(id))["customer"]["id"]
        await self.change(None, "updateCustomer", selection="customer { name }", id=customer, name=name)

    async def configure(self, minutes: int, apply: bool) -> None:
        given = {"sessionExpiration": minutes, "applyToActiveTokens": apply}
        selection = "tokensChanged store { sessionExpiration }"
        payload = await self.change(None, "updateStoreSettings", selection, **given)
        changed = self.model.configure(minutes, apply)
        assert payload == {"tokensChanged": changed, "store": {"sessionExpiration": minutes}, "userErrors": []}

    async def wait(self, minutes: float) -> None:
        self.model.now += round(minutes * MINUTE)
        for id in self.ids:
            await self.shop.turn_back(id, minutes)

    async def change(self, refusal: str | None, mutation: str, selection: str = "", **input: Any) -> Any:
        payload = await self.shop.change(mutation, selection, **input)
        assert [error["code"] for error in payload["userErrors"]] == ([refusal] if refusal else [])
        return payload

    async def check(self, which: int) -> None:
        """Compare a session with the model."""
        session, now = self.model.sessions[which], self.model.now
        found = await self.shop.session(self.ids[which])
        status = session.status(now)
        assert found["token"]["status"] == status
        assert found["active"] == (status == "ACTIVE")
        assert (found["token"]["revokedAt"] is not None) == session.revoked
        assert code_of(found) == session.codes[-1]
        assert found["customer"]["name"] == session.customer
        assert (found["conversion"] or {}).get("kind") == session.conversion
        assert [order["number"] for order in found["orders"]] == session.orders
        assert await self.shop.event_kinds(self.ids[which]) == session.timeline(now)
        times = {"expiredTime": session.expires_at, "issuedAt": session.issued_at}
        for field, modelled in times.items():
            moment = found["token"][field]
            assert (moment is None) == (modelled is None)
            if moment is not None and modelled is not None:
                left = datetime.fromisoformat(moment) - datetime.now(UTC)
                assert abs(left - timedelta(milliseconds=modelled - now)) < timedelta(seconds=20)


@pytest.fixture(scope="module")
def steps() -> Iterator[list[str]]:
    """Collects the names of the operations that were run."""
    yield (steps := [])
    print(f"{len(steps)} steps agree with the model")
    assert len(steps) >= STEPS * 0.5


@settings(max_examples=EXAMPLES)
@given(operations=st.lists(operations, min_size=1, max_size=25))
@example(operations=[("configure", 1, True), ("wait", 1440), ("join", 0, 0), ("reissue", 0, 1), ("join", 0, 1)])
@example(
    operations=[("wait", 5), ("configure", 2, True), ("extend", 0, 2), ("wait", 2), ("revoke", 0), ("extend", 0, 0)]
)
async def test_sessions_match_the_model_after_every_step(
    db: Pool, http: httpx.AsyncClient, steps: list[str], operations: Any
) -> None:
    machine = Machine(await open_shop(db, http))
    await machine.create(None, "Dewi")
    for operation in operations:
        await machine.run(*operation)
        steps.append(operation[0])
    for which in range(len(machine.ids)):
        await machine.check(which)
