"""Joining a session with a token."""

import asyncio
import re
from typing import Any

import httpx
import pytest

from db.events import Actor
from db.ids import new_id
from db.sessions import get_session_locked, set_token_reissued, set_token_revoked
from tests.support.persisted_documents import JOIN
from tests.support.shop import NewShop, Shop, code_of

UNKNOWN = [("token", "TOKEN_UNKNOWN", "is not a link of your store, or was replaced by a newer link")]
EXPIRED = [("token", "TOKEN_EXPIRED", "has expired: the shop can send a new link")]
REVOKED = [("token", "TOKEN_REVOKED", "was revoked: the shop can send a new link")]


async def test_joining_returns_the_session_with_its_customer_room_and_orders(shop: Shop) -> None:
    session = await shop.create(
        customer={"details": {"name": "Dewi Lestari", "externalId": "crm-1"}}, roomId="1905692", orderNumber="QSH7K2"
    )
    storefront = await shop.with_scopes("sessions:join")
    payload = await storefront.change("joinSession", token=code_of(session))
    joined = {"id": session["id"], "customerName": "Dewi Lestari", "roomId": "1905692", "orderNumbers": ["QSH7K2"]}
    joined["expiredTime"] = session["token"]["expiredTime"]
    assert payload == {"session": joined, "userErrors": []}
    assert await shop.event_kinds(session["id"]) == ["ISSUED", "JOINED"]


async def test_a_token_can_be_the_code_or_the_whole_link(shop: Shop) -> None:
    session = await shop.create()
    code, link = code_of(session), session["token"]["link"]
    links = [link, f"{link}?utm_source=whatsapp", f"{link}#top", f"https://rk.example/{shop.slug}/{code}"]
    for token in (code, f" {code}\n", *links):
        payload = await shop.change("joinSession", "session { id }", token=token)
        assert payload == {"session": {"id": session["id"]}, "userErrors": []}, token


@pytest.mark.parametrize(
    "token",
    [
        *("", " ", "/", "//", "x", "http://[", "http://links.example", "x" * 10_000),
        *(character * 52 for character in ("💬", "0", "\0", "é")),
    ],
)
async def test_an_invalid_link_is_unknown(shop: Shop, token: str) -> None:
    assert await shop.refusals("joinSession", token=token) == UNKNOWN


async def test_a_modified_code_is_unknown(shop: Shop) -> None:
    session, other = await shop.create(), await shop.create()
    code, foreign = code_of(session), code_of(other)
    for token in (
        *(code[:-1], code + "0", code.upper(), code[:26], code[:26] + "0" * 26),
        *(code[:26] + foreign[26:], foreign[:26] + code[26:]),
        code[:-1] + ("0" if code[-1] != "0" else "1"),
    ):
        assert await shop.refusals("joinSession", token=token) == UNKNOWN
    assert await shop.event_kinds(session["id"]) == ["ISSUED"]


async def test_every_wrong_code_has_the_same_response(shop: Shop, new_shop: NewShop) -> None:
    session, other, reissued = [await shop.create() for _ in range(3)]
    foreign = await (await new_shop()).create()
    await shop.change("reissueToken", sessionId=reissued["id"])
    code = code_of(session)
    flipped = "0" if code[-1] != "0" else "1"
    tokens = {
        "unknown": new_id("session").removeprefix("session_") + code[26:],
        "tampered": code[:-1] + flipped,
        "another session's MAC": code[:26] + code_of(other)[26:],
        "truncated": code[:-1],
        "foreign": code_of(foreign),
        "a foreign link": foreign["token"]["link"],
        "replaced": code_of(reissued),
        "a word": "hello",
        "nothing": "",
    }
    storefront = await shop.with_scopes("sessions:join")
    responses = {name: await storefront.post(JOIN, token=token) for name, token in tokens.items()}
    [first, *others] = responses
    for name in others:
        assert comparable(responses[name]) == comparable(responses[first]), name
    error = {"code": "TOKEN_UNKNOWN"}
    assert responses[first].json()["data"] == {"joinSession": {"session": None, "userErrors": [error]}}


def comparable(response: httpx.Response) -> tuple[Any, ...]:
    """The response without its date, its request ID, and the number of points that are left."""
    changing = (b"date", b"x-request-id", b"content-length")
    headers = [(name, value) for name, value in response.headers.raw if name not in changing]
    return response.status_code, headers, re.sub(rb'"available":\d+', b"", response.content)


async def test_an_expired_token_is_refused(shop: Shop) -> None:
    session = await shop.create(expirationMinutes=30)
    await shop.turn_back(session["id"], 30)
    assert await shop.refusals("joinSession", token=code_of(session)) == EXPIRED
    assert await shop.event_kinds(session["id"]) == ["ISSUED", "EXPIRED"]


async def test_a_revoked_token_is_refused_even_if_it_has_expired(shop: Shop) -> None:
    session = await shop.create(expirationMinutes=30)
    await shop.change("revokeToken", sessionId=session["id"], reason="lost phone")
    assert await shop.refusals("joinSession", token=code_of(session)) == REVOKED
    await shop.turn_back(session["id"], 31)
    assert await shop.refusals("joinSession", token=code_of(session)) == REVOKED
    assert await shop.event_kinds(session["id"]) == ["ISSUED", "REVOKED"]


async def test_joining_twice_within_a_minute_is_one_event(shop: Shop) -> None:
    session, other = await shop.create(), await shop.create()
    for _ in range(2):
        await shop.change("joinSession", token=code_of(session))
    assert await shop.event_kinds(session["id"]) == ["ISSUED", "JOINED"]
    await shop.turn_back(session["id"], 0.9)
    await shop.change("joinSession", token=code_of(session))
    assert await shop.event_kinds(session["id"]) == ["ISSUED", "JOINED"]
    await shop.turn_back(session["id"], 0.2)
    await shop.change("joinSession", token=code_of(session))
    assert await shop.event_kinds(session["id"]) == ["ISSUED", "JOINED", "JOINED"]
    await shop.change("joinSession", token=code_of(other))
    assert await shop.event_kinds(other["id"]) == ["ISSUED", "JOINED"]


async def test_a_join_by_a_reissued_link_is_another_event(shop: Shop) -> None:
    session = await shop.create()
    await shop.change("joinSession", token=code_of(session))
    await shop.change("joinSession", token=code_of(await shop.changed("reissueToken", sessionId=session["id"])))
    assert await shop.event_kinds(session["id"]) == ["ISSUED", "JOINED", "REISSUED", "JOINED"]


async def test_concurrent_joins_are_one_event(shop: Shop) -> None:
    session = await shop.create()
    payloads = await asyncio.gather(*(shop.change("joinSession", token=code_of(session)) for _ in range(8)))
    assert [payload["session"]["id"] for payload in payloads] == [session["id"]] * 8
    assert await shop.event_kinds(session["id"]) == ["ISSUED", "JOINED"]


async def test_no_customer_joins_after_an_acknowledged_revocation(shop: Shop) -> None:
    """Requests that begin after the acknowledgement are all refused."""
    for _ in range(2):
        session = await shop.create()
        token, acknowledged = code_of(session), False
        after: list[Any] = []

        async def tap(token: str, after: list[Any]) -> None:
            is_after = acknowledged  # noqa: B023
            payload = await shop.change("joinSession", "session { id }", token=token)
            if is_after:
                after.append([error["code"] for error in payload["userErrors"]])

        async def taps(token: str, after: list[Any]) -> None:
            while len(after) < 10:
                await tap(token, after)

        tapping = [asyncio.create_task(taps(token, after)) for _ in range(4)]
        await asyncio.sleep(0)
        assert (await shop.change("revokeToken", sessionId=session["id"]))["userErrors"] == []
        acknowledged = True
        await asyncio.gather(*tapping)
        assert {tuple(codes) for codes in after} == {("TOKEN_REVOKED",)}


@pytest.mark.parametrize(
    ("mutation", "kind"), [("revokeToken", "REVOKED"), ("reissueToken", "REISSUED"), ("extendToken", "EXTENDED")]
)
async def test_a_join_before_a_change_of_the_token_precedes_it_in_the_timeline(
    shop: Shop, mutation: str, kind: str
) -> None:
    """The change has begun and waits; a join that begins later finds the session as it was."""
    session = await shop.create()
    minutes = {"minutes": 5} if kind == "EXTENDED" else {}
    async with shop.db.transaction() as transaction:
        await transaction.fetch("lock table session_event in share row exclusive mode")
        changing = asyncio.create_task(shop.change(mutation, sessionId=session["id"], **minutes))
        await waiting_for_locks(shop, 1)
        joining = asyncio.create_task(shop.change("joinSession", "session { id }", token=code_of(session)))
        await waiting_for_locks(shop, 2)
    assert (await joining)["userErrors"] == (await changing)["userErrors"] == []
    events = await shop.events(session["id"], "kind at")
    assert [event["kind"] for event in events] == ["ISSUED", "JOINED", kind]
    if kind == "REVOKED":
        assert events[-1]["at"] == (await shop.session(session["id"]))["token"]["revokedAt"]


async def test_a_join_that_waits_for_a_revocation_is_refused(shop: Shop) -> None:
    session = await shop.create()
    async with shop.db.transaction() as transaction:
        assert await set_token_revoked(transaction, shop.id, session["id"], None, Actor("key", None))
        joining = asyncio.create_task(shop.refusals("joinSession", token=code_of(session)))
        await waiting_for_locks(shop, 1)
    assert await joining == REVOKED
    assert await shop.event_kinds(session["id"]) == ["ISSUED", "REVOKED"]


async def test_a_join_that_waits_for_a_reissue_is_refused(shop: Shop) -> None:
    session = await shop.create()
    async with shop.db.transaction() as transaction:
        assert await set_token_reissued(
            transaction, shop.id, session["id"], "k2", None, Actor("key", None), event_id=new_id("event")
        )
        joining = asyncio.create_task(shop.refusals("joinSession", token=code_of(session)))
        await waiting_for_locks(shop, 1)
    assert await joining == UNKNOWN
    assert await shop.event_kinds(session["id"]) == ["ISSUED", "REISSUED"]


async def test_a_wrong_code_of_an_existing_session_waits_for_no_lock(shop: Shop) -> None:
    """Otherwise, the time of the response would tell which sessions exist, and strangers could lock them."""
    session, other = await shop.create(), await shop.create()
    code = code_of(session)[:26] + code_of(other)[26:]
    async with shop.db.transaction() as transaction:
        assert await get_session_locked(transaction, shop.id, session["id"])
        assert await shop.refusals("joinSession", token=code) == UNKNOWN
        assert (await shop.http.get(f"/s/{shop.slug}/{code}")).status_code == 404


async def test_a_join_that_waits_until_the_token_expires_is_refused(shop: Shop) -> None:
    session = await shop.create()
    async with shop.db.transaction() as transaction:
        assert await get_session_locked(transaction, shop.id, session["id"])
        joining = asyncio.create_task(shop.refusals("joinSession", token=code_of(session)))
        await waiting_for_locks(shop, 1)
        # Later than the join began, earlier than it goes on.
        await transaction.fetch("update session set token_expires_at = clock_timestamp() where id = $1", session["id"])
    assert [(field, code) for field, code, _ in await joining] == [("token", "TOKEN_EXPIRED")]


async def waiting_for_locks(shop: Shop, count: int) -> None:
    """Wait until this number of statements wait for a lock."""
    waiting = "select from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'"
    async with asyncio.timeout(10):
        while len(await shop.db.fetch(waiting)) < count:
            pass
