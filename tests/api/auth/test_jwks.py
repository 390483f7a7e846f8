"""The keys of the identity provider: rotation, withdrawal, unknown keys, and failures."""

import asyncio
import json
from collections.abc import AsyncIterator
from dataclasses import replace
from time import monotonic
from typing import Any

import pytest
from starlette.responses import JSONResponse, Response

import api.auth.jwt
from api.auth.jwks import BODY_BYTES, IssuerUnavailable
from api.auth.jwt import Claims
from schema.errors import Unauthenticated
from tests.conftest import client_of, settings_for
from tests.support.identity_provider import DISCOVERY, KEYS, Issuer, Key, open_issuer
from tests.support.shop import Shop, new_app

STAFF = Claims("shop", "dashboard", (), "user-1")
UNPUBLISHED = "The JWT is signed by a key that the issuer does not publish."
AWAY = "The identity provider is not available at the moment."
FETCHED = [DISCOVERY, KEYS]

Document = tuple[int, str, dict[str, str]]


class Clock:
    """The monotonic clock, plus what a test adds."""

    ahead = 0.0

    def __call__(self) -> float:
        return monotonic() + self.ahead

    def forward(self, *, minutes: float = 0, seconds: float = 0) -> None:
        self.ahead += minutes * 60 + seconds


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr("api.auth.jwks.monotonic", clock)
    return clock


@pytest.fixture
async def issuer() -> AsyncIterator[Issuer]:
    async with open_issuer() as issuer:
        yield issuer


class Verifier:
    """A verifier of the issuer's tokens with its cache of keys."""

    def __init__(self, issuer: Issuer, **settings: Any) -> None:
        self._issuer = issuer
        self._verifier = api.auth.jwt.Issuer(replace(issuer.settings, **settings))

    async def sees(self, token: str) -> Claims | str:
        """The claims of a token, or the error about it."""
        try:
            return await self._verifier.claims(token)
        except (Unauthenticated, IssuerUnavailable) as error:
            return str(error)

    async def takes(self, key: Key | None = None) -> Claims | str:
        return await self.sees(self._issuer.token(key, store="shop"))

    def begins(self, token: str | None = None) -> "asyncio.Task[Claims | str]":
        return asyncio.create_task(self.sees(token or self._issuer.token(store="shop")))


async def test_keys_are_fetched_once_for_many_tokens(issuer: Issuer) -> None:
    verifier = Verifier(issuer)
    assert issuer.requests == []
    assert await asyncio.gather(*(verifier.takes() for _ in range(20))) == [STAFF] * 20
    assert await verifier.takes() == STAFF
    assert issuer.requests == FETCHED


async def test_the_keys_url_can_be_given(issuer: Issuer) -> None:
    assert await Verifier(issuer, jwks_url=issuer.url + KEYS).takes() == STAFF
    assert issuer.requests == [KEYS]


async def test_a_new_key_is_fetched_when_it_is_first_used(issuer: Issuer, clock: Clock) -> None:
    verifier = Verifier(issuer)
    assert await verifier.takes() == STAFF
    clock.forward(seconds=10)
    old, new = issuer.published[-1], issuer.rotate()
    assert [await verifier.takes(key) for key in (old, new, old)] == [STAFF] * 3
    assert issuer.requests == FETCHED * 2


async def test_a_new_key_is_not_fetched_within_seconds_of_the_last_fetch(issuer: Issuer, clock: Clock) -> None:
    verifier = Verifier(issuer)
    assert await verifier.takes() == STAFF
    issuer.rotate()
    clock.forward(seconds=9)
    assert await verifier.takes() == UNPUBLISHED
    clock.forward(seconds=1)
    assert await verifier.takes() == STAFF


@pytest.mark.parametrize("minutes", [5, 600], ids=["at a busy server", "at an idle server"])
async def test_a_withdrawn_key_is_refused_within_five_minutes(issuer: Issuer, clock: Clock, minutes: float) -> None:
    verifier = Verifier(issuer)
    assert await verifier.takes() == STAFF
    old = issuer.published.pop()
    issuer.rotate()
    clock.forward(minutes=4.9)
    assert await verifier.takes(old) == STAFF
    clock.forward(minutes=minutes - 4.9)
    assert await verifier.takes(old) == UNPUBLISHED
    assert await verifier.takes() == STAFF
    assert issuer.requests == FETCHED * 2


async def test_a_flood_of_unknown_keys_is_one_fetch_in_ten_seconds(issuer: Issuer, clock: Clock) -> None:
    verifier = Verifier(issuer)
    assert await verifier.takes() == STAFF
    for _ in range(3):
        clock.forward(seconds=10)
        flood = [verifier.begins(issuer.token(header={"kid": f"unknown-{n}"})) for n in range(100)]
        assert set(await asyncio.gather(*flood)) == {UNPUBLISHED}
        assert await verifier.takes() == STAFF
    assert issuer.requests == FETCHED * 4


async def test_unknown_keys_do_not_cause_more_fetches_while_the_issuer_is_down(issuer: Issuer, clock: Clock) -> None:
    issuer.instead[DISCOVERY] = Response(status_code=500)
    verifier = Verifier(issuer)
    for _ in range(3):
        flood = [verifier.begins(issuer.token(header={"kid": f"unknown-{n}"})) for n in range(100)]
        assert set(await asyncio.gather(*flood)) == {AWAY}
        clock.forward(seconds=10)
    assert issuer.requests == [DISCOVERY] * 3


async def test_known_keys_work_for_an_hour_while_the_issuer_is_down(issuer: Issuer, clock: Clock) -> None:
    verifier = Verifier(issuer)
    assert await verifier.takes() == STAFF
    await issuer.stop()
    for _ in range(11):
        clock.forward(minutes=5.4)
        assert await verifier.takes() == STAFF
    assert await verifier.takes(Key()) == AWAY  # it may be a new one of the issuer's
    clock.forward(minutes=0.6)
    assert await verifier.takes() == AWAY
    await issuer.start()
    assert await verifier.takes() == AWAY  # asked seconds ago
    clock.forward(seconds=10)
    assert await verifier.takes() == STAFF
    assert await verifier.takes(Key()) == UNPUBLISHED


async def test_a_known_key_does_not_wait_for_a_failed_issuer(issuer: Issuer, clock: Clock) -> None:
    verifier = Verifier(issuer)
    assert await verifier.takes() == STAFF
    issuer.instead[DISCOVERY] = Response(status_code=503)
    clock.forward(minutes=5.1)
    assert await verifier.takes() == STAFF
    issuer.instead.clear()
    issuer.answering.clear()
    issuer.asked.clear()
    clock.forward(seconds=10)
    assert await verifier.takes() == STAFF
    await issuer.asked.wait()  # meanwhile it is asked
    issuer.published = [Key()]
    issuer.answering.set()
    assert await verifier.takes() == STAFF  # a token with an unknown key waits, and is accepted


async def test_a_fetch_from_an_issuer_times_out(issuer: Issuer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("api.auth.jwks.FETCH_SECONDS", 0.1)
    issuer.answering.clear()
    async with asyncio.timeout(3):
        assert await Verifier(issuer).takes() == AWAY


async def test_a_cancelled_request_does_not_cancel_the_fetch_for_others(issuer: Issuer) -> None:
    verifier = Verifier(issuer)
    issuer.answering.clear()
    first, second = verifier.begins(), verifier.begins()
    await issuer.asked.wait()
    first.cancel()
    issuer.answering.set()
    assert await second == STAFF
    assert issuer.requests == FETCHED


def document(text: str, status: int = 200, **headers: str) -> Document:
    """A response. ISSUER is replaced by the issuer's URL, KEY by the key that it signs with."""
    return status, text, headers


OTHER = '{"issuer": "https://a.example", "jwks_uri": "ISSUER/keys"}'
PLAIN = '{"issuer": "ISSUER", "jwks_uri": "http://a.example/keys"}'
SECRET = '{"keys": [{"kty": "oct", "kid": "a", "k": "c2VjcmV0", "alg": "HS256"}]}'
RUBBISH = '{"keys": [null, 1, [], {}, {"kty": "RSA", "kid": "a"}, {"kty": [], "kid": []}]}'

NO_KEY = "has no key for RS256, PS256, ES256, EdDSA"
NO_OBJECT = "is not a JSON object"
NO_URL = "has no https URL as its jwks_uri"

UNUSABLE: dict[str, tuple[str, Document, str]] = {
    "too long": (KEYS, document(f'{{"keys": [KEY]{" " * BODY_BYTES}}}'), f"has more than {BODY_BYTES} bytes"),
    "not JSON": (KEYS, document("<html>"), NO_OBJECT),
    "not an object": (KEYS, document("[KEY]"), NO_OBJECT),
    "deep": (KEYS, document("[" * 100_000), NO_OBJECT),
    "compressed": (KEYS, document("\x1f\x8b", content_encoding="gzip"), NO_OBJECT),
    "without keys": (KEYS, document('{"keys": []}'), NO_KEY),
    "without a list": (KEYS, document('{"keys": KEY}'), NO_KEY),
    "of secrets": (KEYS, document(SECRET), NO_KEY),
    "of rubbish": (KEYS, document(RUBBISH), NO_KEY),
    "missing": (KEYS, document('{"keys": [KEY]}', 404), "returned status 404"),
    "elsewhere": (KEYS, document("", 307, location="ISSUER/elsewhere"), "returned status 307"),
    "discovered for another issuer": (DISCOVERY, document(OTHER), "is for another issuer"),
    "discovered nowhere": (DISCOVERY, document('{"issuer": "ISSUER"}'), NO_URL),
    "discovered where others can write": (DISCOVERY, document(PLAIN), NO_URL),
}


@pytest.mark.parametrize(("path", "answer", "reason"), UNUSABLE.values(), ids=UNUSABLE)
async def test_an_invalid_key_set_keeps_the_known_keys(
    issuer: Issuer, clock: Clock, caplog: pytest.LogCaptureFixture, path: str, answer: Document, reason: str
) -> None:
    def filled(text: str) -> str:
        return text.replace("ISSUER", issuer.url).replace("KEY", json.dumps(issuer.published[-1].jwk))

    status, text, headers = answer
    known, new = Verifier(issuer), Verifier(issuer)
    assert await known.takes() == STAFF
    headers = {name.replace("_", "-"): filled(value) for name, value in headers.items()}
    issuer.instead[path] = Response(filled(text), status, headers)
    clock.forward(minutes=5.1)
    assert await known.takes() == STAFF
    assert await new.takes() == AWAY
    logged = [record.getMessage() for record in caplog.records if record.name == "roomkey"]
    assert len(logged) == 2
    assert all(line.startswith(f"No keys from {issuer.url}: ") and reason in line for line in logged)
    issuer.instead.clear()
    clock.forward(seconds=10)
    assert await new.takes() == STAFF


async def test_keys_for_other_uses_are_ignored(issuer: Issuer) -> None:
    useless = [{"kty": "oct", "kid": "a", "k": "c2VjcmV0"}, None, {"kty": "EC", "kid": "b", "crv": "P-999"}]
    keys = [*useless, issuer.published[-1].jwk, *useless]
    issuer.instead[KEYS] = JSONResponse({"keys": keys})
    assert await Verifier(issuer).takes() == STAFF


async def test_a_weak_key_is_ignored(issuer: Issuer) -> None:
    issuer.published = [Key("RS256", bits=1024)]
    assert await Verifier(issuer).takes() == "The JWT's key is too short."


@pytest.fixture
async def staff(database_url: str, shop: Shop, issuer: Issuer) -> AsyncIterator[Shop]:
    """A shop whose client has a token, at a server that has not fetched the issuer's keys yet."""
    await new_app(shop.db, shop.id, ["sessions:read"], client_id="dashboard")
    async with client_of(settings_for(database_url, jwt=issuer.settings)) as client:
        yield replace(shop, key=issuer.token(store=shop.slug), http=client)


async def test_a_token_is_unavailable_without_keys(staff: Shop, issuer: Issuer, clock: Clock) -> None:
    await issuer.stop()
    response = await staff.post("{ store { id } }")
    expected = {"errors": [{"message": AWAY, "extensions": {"code": "SERVICE_UNAVAILABLE"}}]}
    assert (response.status_code, response.json()) == (503, expected)
    assert int(response.headers["retry-after"]) > 0
    await issuer.start()
    clock.forward(seconds=10)
    assert await staff.ask("{ store { id } }") == {"store": {"id": staff.id}}


async def test_a_slow_issuer_does_not_delay_other_requests(staff: Shop, shop: Shop, issuer: Issuer) -> None:
    issuer.answering.clear()
    waiting = asyncio.create_task(staff.ask("{ store { id } }"))
    await issuer.asked.wait()
    assert await replace(shop, http=staff.http).ask("{ store { id } }") == {"store": {"id": shop.id}}
    assert not waiting.done()
    issuer.answering.set()
    assert await waiting == {"store": {"id": shop.id}}
