"""Tokens: extending, reissuing and revoking them."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Any

import pytest

from tests.conftest import TOKEN_KEYS, client_of, settings_for
from tests.support.shop import MINUTES, Shop, code_of, minutes_of, moment

State = Callable[[Shop], Awaitable[Any]]


async def expired(shop: Shop) -> Any:
    """A session whose token expired a minute ago."""
    session = await shop.create(expirationMinutes=30)
    await shop.turn_back(session["id"], 31)
    session = await shop.session(session["id"])
    assert session["token"]["status"] == "EXPIRED"
    return session


async def revoked(shop: Shop) -> Any:
    session = await shop.create(expirationMinutes=30)
    return await shop.changed("revokeToken", sessionId=session["id"])


async def active(shop: Shop) -> Any:
    return await shop.create(expirationMinutes=30)


async def joins(shop: Shop, code: str) -> str:
    """How joinSession answers: OK, or the code of its refusal."""
    payload = await shop.change("joinSession", "session { id }", token=code)
    return payload["userErrors"][0]["code"] if payload["userErrors"] else "OK"


async def last_event(shop: Shop, id: str) -> Any:
    return (await shop.events(id, "kind at expiredTime reason"))[-1]


async def test_a_token_expires_by_itself(shop: Shop) -> None:
    session = await shop.create(expirationMinutes=1)
    await shop.turn_back(session["id"], 1 - 0.2 / 60)
    assert await joins(shop, code_of(session)) == "OK"
    async with asyncio.timeout(10):
        while (await shop.session(session["id"]))["active"]:
            pass
    assert (await shop.session(session["id"]))["token"]["status"] == "EXPIRED"
    assert await joins(shop, code_of(session)) == "TOKEN_EXPIRED"
    assert await shop.event_kinds(session["id"]) == ["ISSUED", "JOINED", "EXPIRED"]


@pytest.mark.parametrize("minutes", [1, 90, 1440])
async def test_extending_a_token_counts_from_now(shop: Shop, minutes: int) -> None:
    session = await shop.create(expirationMinutes=30)
    await shop.turn_back(session["id"], 10)
    before = await shop.session(session["id"])
    extended = await shop.changed("extendToken", sessionId=session["id"], minutes=minutes)
    event = await last_event(shop, session["id"])
    expiry = {"expiredTime": extended["token"]["expiredTime"]}
    assert extended == before | {"token": before["token"] | expiry}
    assert minutes + 10 < (minutes_of(extended["token"]) or 0) < minutes + 10.5
    assert event == {"kind": "EXTENDED", "at": event["at"], "reason": None} | expiry
    assert abs((moment(event["expiredTime"]) - moment(event["at"])).total_seconds() - 60 * minutes) < 1
    assert await shop.session(session["id"]) == extended


async def test_extending_a_token_by_zero_minutes_disables_its_expiry(shop: Shop) -> None:
    session = await active(shop)
    extended = (await shop.change("extendToken", sessionId=session["id"], minutes=0))["session"]
    assert extended["token"] == session["token"] | {"expiredTime": None}
    assert (await last_event(shop, session["id"]))["expiredTime"] is None


async def test_an_expired_token_can_be_extended_and_keeps_its_link(shop: Shop) -> None:
    session = await expired(shop)
    assert await joins(shop, code_of(session)) == "TOKEN_EXPIRED"
    extended = (await shop.change("extendToken", sessionId=session["id"], minutes=5))["session"]
    assert (extended["active"], extended["token"]["status"]) == (True, "ACTIVE")
    assert extended["token"]["link"] == session["token"]["link"]
    assert extended["token"]["issuedAt"] == session["token"]["issuedAt"]
    assert await joins(shop, code_of(session)) == "OK"


async def test_a_revoked_token_cannot_be_extended(shop: Shop) -> None:
    session = await revoked(shop)
    assert await shop.refusals("extendToken", sessionId=session["id"], minutes=5) == [
        ("sessionId", "TOKEN_REVOKED", "has a token that was revoked: reissue it instead")
    ]
    assert await shop.session(session["id"]) == session
    assert await shop.event_kinds(session["id"]) == ["ISSUED", "REVOKED"]


@pytest.mark.parametrize("state", [active, expired, revoked])
async def test_a_token_of_any_status_can_be_reissued(shop: Shop, state: State) -> None:
    session = await state(shop)
    reissued = await shop.changed("reissueToken", sessionId=session["id"], minutes=45)
    token = reissued["token"]
    event = await last_event(shop, session["id"])
    new = {name: token[name] for name in ("link", "issuedAt", "expiredTime")}
    assert reissued == session | {"active": True, "token": {"status": "ACTIVE", "revokedAt": None} | new}
    assert token["link"] != session["token"]["link"]
    assert moment(token["issuedAt"]) > moment(session["token"]["issuedAt"])
    assert minutes_of(token) == 45
    assert (event["kind"], event["expiredTime"]) == ("REISSUED", token["expiredTime"])
    assert await joins(shop, code_of(session)) == "TOKEN_UNKNOWN"
    assert await joins(shop, code_of(reissued)) == "OK"


@pytest.mark.parametrize(("given", "minutes"), [(0, None), (1, 1), (1440, 1440), (None, 30)])
async def test_a_reissued_token_expires_after_the_given_minutes_or_those_of_the_store(
    shop: Shop, given: int | None, minutes: int | None
) -> None:
    session = await shop.create(expirationMinutes=7)
    reissued = (await shop.change("reissueToken", sessionId=session["id"], minutes=given))["session"]
    assert minutes_of(reissued["token"]) == minutes


async def test_concurrent_reissues_leave_one_working_link(shop: Shop) -> None:
    session = await active(shop)
    payloads = await asyncio.gather(*(shop.change("reissueToken", sessionId=session["id"]) for _ in range(8)))
    codes = {code_of(payload["session"]) for payload in payloads}
    assert len(codes) == 8
    answers = [await joins(shop, code) for code in codes]
    assert sorted(answers) == ["OK"] + ["TOKEN_UNKNOWN"] * 7
    assert await shop.event_kinds(session["id"]) == ["ISSUED"] + ["REISSUED"] * 8 + ["JOINED"]


@pytest.mark.parametrize("state", [active, expired])
async def test_a_revoked_token_has_the_time_of_its_revocation(shop: Shop, state: State) -> None:
    session = await state(shop)
    revoked = await shop.changed("revokeToken", sessionId=session["id"], reason=" lost phone ")
    event = await last_event(shop, session["id"])
    token = session["token"] | {"status": "REVOKED", "revokedAt": event["at"]}
    assert revoked == session | {"active": False, "token": token}
    assert event == {"kind": "REVOKED", "at": event["at"], "expiredTime": None, "reason": "lost phone"}
    assert await shop.session(session["id"]) == revoked


async def test_revoking_a_token_is_idempotent(shop: Shop) -> None:
    session = await active(shop)
    first = await shop.change("revokeToken", sessionId=session["id"], reason="lost phone")
    again = await shop.change("revokeToken", sessionId=session["id"], reason="changed my mind")
    assert again == first
    assert await shop.event_kinds(session["id"]) == ["ISSUED", "REVOKED"]
    assert (await last_event(shop, session["id"]))["reason"] == "lost phone"


async def test_concurrent_revocations_are_idempotent(shop: Shop) -> None:
    session = await active(shop)
    payloads = await asyncio.gather(
        *(shop.change("revokeToken", sessionId=session["id"], reason=str(number)) for number in range(8))
    )
    assert all(payload == payloads[0] for payload in payloads)
    assert await shop.event_kinds(session["id"]) == ["ISSUED", "REVOKED"]


@pytest.mark.parametrize(
    ("mutation", "field", "value", "message"),
    [
        *(
            (mutation, "minutes", minutes, f"{MINUTES}{minutes}")
            for mutation in ("extendToken", "reissueToken")
            for minutes in (-1, 1441)
        ),
        ("revokeToken", "reason", " ", "must be 1 to 200 characters long, got 0"),
        ("revokeToken", "reason", "x" * 201, "must be 1 to 200 characters long, got 201"),
        ("reissueToken", "sessionId", "42", "must look like session_01h455vb4pex5vsknk084sn02q, got '42'"),
    ],
)
async def test_invalid_input_is_refused(shop: Shop, mutation: str, field: str, value: Any, message: str) -> None:
    session = await active(shop)
    refusals = await shop.refusals(mutation, **{"sessionId": session["id"]} | {field: value})
    assert refusals == [(field, "INVALID", message)]
    assert await shop.session(session["id"]) == session
    assert await shop.event_kinds(session["id"]) == ["ISSUED"]


async def test_all_user_errors_are_returned_at_once(shop: Shop) -> None:
    assert await shop.refusals("extendToken", sessionId="42", minutes=1441) == [
        ("sessionId", "INVALID", "must look like session_01h455vb4pex5vsknk084sn02q, got '42'"),
        ("minutes", "INVALID", f"{MINUTES}1441"),
    ]


async def test_links_of_an_old_signing_key_work_until_it_is_removed(shop: Shop, database_url: str) -> None:
    """TOKEN_KEYS rotated: a new key is put first; then the oldest one is taken out."""
    old, new = {"k2": b"2" * 32}, {"k3": b"3" * 32}
    session = await shop.create(expirationMinutes=30)
    settings = settings_for(database_url)
    async with (
        client_of(replace(settings, signing_keys=new | old)) as rotated_http,
        client_of(replace(settings, signing_keys=new)) as retired_http,
    ):
        rotated, retired = replace(shop, http=rotated_http), replace(shop, http=retired_http)
        assert TOKEN_KEYS.current == "k2"
        assert await rotated.session(session["id"]) == session
        assert await joins(rotated, code_of(session)) == "OK"
        issued = await rotated.create()
        reissued = (await rotated.change("reissueToken", sessionId=session["id"]))["session"]
        assert await joins(rotated, code_of(session)) == "TOKEN_UNKNOWN"
        for each in (issued, reissued):
            assert await retired.session(each["id"]) == each
            assert await joins(retired, code_of(each)) == "OK"

        unmoved = await shop.create()
        void = await retired.session(unmoved["id"])
        assert void == unmoved | {"token": unmoved["token"] | {"link": None}}
        assert await joins(retired, code_of(unmoved)) == "TOKEN_UNKNOWN"
        again = (await retired.change("reissueToken", sessionId=unmoved["id"]))["session"]
        assert await joins(retired, code_of(again)) == "OK"
        assert await joins(shop, code_of(again)) == "TOKEN_UNKNOWN"
