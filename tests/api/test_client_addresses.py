"""Limits of client addresses: requests without a key, wrong keys and tokens, wrong links, floods of visits, and keys
that can only join sessions.
"""

import asyncio
from time import monotonic
from typing import Any

import httpx
import pytest
from graphql import get_introspection_query

from db.api_keys import generate_api_key
from db.rate_limits import take_points
from schema.links import ID_LENGTH
from schema.rate_limits import Limit, network
from tests.api.test_links import BROWSER, undated
from tests.conftest import client_of, settings_for
from tests.support.addresses import Clock, new_address
from tests.support.identity_provider import open_issuer
from tests.support.logs import recorded_log
from tests.support.responses import error_body
from tests.support.shop import Shop, code_of, new_app, path_of

STORE = "{ store { id } }"
INTROSPECTION = {"query": get_introspection_query()}
UNKNOWN = error_body("The API key is unknown, expired or revoked, or its app is disabled.", "UNAUTHENTICATED")


@pytest.fixture
def stopped_clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    """A clock for the limits of addresses, which a test moves. Nothing is restored meanwhile."""
    clock = Clock(monotonic())
    monkeypatch.setattr("schema.rate_limits.monotonic", clock)
    return clock


@pytest.fixture
def few_refusals(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each address gets one refusal at once."""
    monkeypatch.setattr("api.rate_limits.REFUSALS", Limit(rate=1e-6, maximum=1))
    monkeypatch.setattr("api.rate_limits.REFUSAL_SECONDS", 60)


def from_address(address: str) -> dict[str, str]:
    """The header by which a server that trusts its proxy knows the client."""
    return {"X-Forwarded-For": address}


async def send(http: httpx.AsyncClient, query: str, key: str | None = None, address: str = "") -> httpx.Response:
    headers = from_address(address or new_address()) | ({"Authorization": f"Bearer {key}"} if key else {})
    return await http.post("/graphql", json={"query": query}, headers=headers)


def test_an_ipv6_network_is_one_address() -> None:
    assert network("2001:db8:1:2:3:4:5:6") == network("2001:db8:1:2::") == "2001:db8:1:2::"
    assert network("2001:db8:1:3::1") == "2001:db8:1:3::"
    assert network("fe80::1%eth0") == "fe80::"
    assert [network(address) for address in ("192.0.2.1", "unknown", "")] == ["192.0.2.1", "unknown", ""]


async def test_an_address_without_a_key_is_throttled_before_others_are(shop: Shop, database_url: str) -> None:
    async with client_of(settings_for(database_url)) as http:
        here, there = new_address(), new_address()
        responses = [await http.post("/graphql", json=INTROSPECTION, headers=from_address(here)) for _ in range(14)]
        statuses = [response.status_code for response in responses]
        assert (statuses[:6], statuses[-1]) == ([200] * 6, 429)
        throttle = responses[-1].json()["extensions"]["cost"]["throttle"]
        assert (throttle["maximum"], throttle["restoreRate"]) == (20_000, 1_000)
        assert 1 <= int(responses[-1].headers["retry-after"]) <= 5
        for headers in (from_address(there), from_address(here) | shop.headers):
            assert (await http.post("/graphql", json=INTROSPECTION, headers=headers)).status_code == 200


async def test_a_refused_document_without_a_key_costs_more_and_leaves_a_debt(
    http: httpx.AsyncClient, shop: Shop, stopped_clock: Clock
) -> None:
    address = new_address()

    async def available() -> int:
        response = await send(http, "{ __typename }", address=address)
        return int(response.json()["extensions"]["cost"]["throttle"]["available"])

    before = await available()
    for query in ("{ nothing }", "{ __typename", "{ " + "a " * 400 + "}"):
        await send(http, query, address=address)
    assert 3_000 <= before - await available() < 4_000
    while (response := await send(http, "{ nothing }", address=address)).status_code == 400:
        pass
    assert response.status_code == 429
    assert int(response.headers["retry-after"]) >= 1


@pytest.mark.parametrize(
    ("query", "key", "status"),
    [(STORE, None, 401), ("{ nothing }", None, 400), ("#" * 20_000, None, 413), (STORE, "rk_mistyped", 401)],
)
async def test_many_refusals_without_a_valid_key_are_delayed(
    http: httpx.AsyncClient, few_refusals: None, shop: Shop, query: str, key: str | None, status: int
) -> None:
    here, there = new_address(), new_address()
    for address in (here, there):
        assert (await send(http, query, key, address)).status_code == status
    refused = asyncio.create_task(send(http, query, key, here))
    try:
        assert (await send(http, STORE, shop.key, here)).status_code == 200
        assert (await send(http, "{ __typename }", address=here)).status_code == 200
        assert not refused.done()
    finally:
        refused.cancel()


async def test_a_client_without_a_key_can_send_small_documents_only(http: httpx.AsyncClient, shop: Shop) -> None:
    large = "{ " + " ".join(f"a{number}: __typename" for number in range(100)) + "}"
    assert (await send(http, large, shop.key)).status_code == 200
    message = "Syntax Error: Document contains more than 300 tokens. Parsing aborted."
    assert (await send(http, large)).json()["errors"][0]["message"] == message
    costly = "{ " + " ".join(
        f"a{number}: __schema {{ types {{ fields {{ args {{ name }} }} }} }}" for number in range(7)
    )
    refused = (await send(http, costly + "}")).json()
    assert refused["errors"][0]["extensions"] == {"code": "COST_LIMIT_EXCEEDED"}
    cost = refused["extensions"]["cost"]
    assert 2_317 < cost["maximum"] < cost["requested"] < 5_000
    assert (await send(http, costly + "}", shop.key)).status_code == 200


async def test_wrong_keys_of_an_address_are_limited_before_the_database_is_asked(
    shop: Shop, stopped_clock: Clock
) -> None:
    here, other = new_address(), await shop.with_scopes("sessions:read")
    assert (await send(shop.http, STORE, shop.key, here)).status_code == 200
    with recorded_log() as log:
        responses = [await send(shop.http, STORE, generate_api_key(), here) for _ in range(20)]
        lines = [await log.line_of(response) for response in responses]
    throttled = error_body("Too many API keys or JWTs from this address were wrong: try again in 1 s.", "THROTTLED")
    outcomes = [(response.status_code, response.json()) for response in responses]
    assert outcomes == [(401, UNKNOWN)] * 10 + [(429, throttled)] * 10
    assert responses[-1].headers["retry-after"] == "1"
    assert [line["statements"] for line in lines] == [1] * 10 + [0] * 10
    # A key that was used before still works there, and others work from other addresses.
    assert (await send(shop.http, STORE, shop.key, here)).status_code == 200
    assert (await send(shop.http, STORE, other.key, here)).status_code == 429
    assert (await send(shop.http, STORE, other.key)).status_code == 200
    assert (await send(shop.http, STORE, other.key, here)).status_code == 200
    stopped_clock.now += 1
    statuses = [(await send(shop.http, STORE, generate_api_key(), here)).status_code for _ in range(2)]
    assert statuses == [401, 429]


async def test_forged_jwts_of_an_address_are_limited_but_staff_can_sign_in(
    shop: Shop, database_url: str, stopped_clock: Clock
) -> None:
    await new_app(shop.db, shop.id, ["sessions:read"], "Dashboard", client_id="dashboard")
    async with (
        open_issuer() as issuer,
        client_of(settings_for(database_url, jwt=issuer.settings)) as http,
    ):
        here, token = new_address(), issuer.token(store=shop.slug, scope="sessions:read")
        forged = token[:-9] + token[-1:-10:-1]
        statuses = [(await send(http, STORE, forged, here)).status_code for _ in range(12)]
        assert statuses == [401] * 10 + [429] * 2
        assert (await send(http, STORE, token, here)).status_code == 429  # the app is not known yet
        assert (await send(http, STORE, token)).status_code == 200
        another = issuer.token(store=shop.slug, scope="sessions:read", sub="another")
        assert (await send(http, STORE, another, here)).status_code == 200


async def test_requests_of_blocked_users_of_an_address_are_limited(
    shop: Shop, database_url: str, stopped_clock: Clock
) -> None:
    await new_app(shop.db, shop.id, ["sessions:read"], "Dashboard", client_id="dashboard")
    await shop.changed("blockUser", "userId", userId="dewi")
    async with (
        open_issuer() as issuer,
        client_of(settings_for(database_url, jwt=issuer.settings)) as http,
    ):
        here = new_address()
        blocked = [issuer.token(store=shop.slug, scope="sessions:read", sub="dewi", jti=f"{n}") for n in range(12)]
        statuses = [(await send(http, STORE, token, here)).status_code for token in blocked]
        assert statuses == [401] * 10 + [429] * 2


def forged(session: Any, number: int) -> str:
    """A wrong code of a session."""
    return code_of(session)[:ID_LENGTH] + f"{number:026}"


async def test_wrong_links_of_an_address_are_limited_and_right_ones_are_not(shop: Shop, stopped_clock: Clock) -> None:
    here, session = new_address(), await shop.create()
    reissued = await shop.create()
    for _ in range(3):
        reissued = await shop.changed("reissueToken", sessionId=reissued["id"])
    headers = from_address(here) | {"User-Agent": BROWSER}
    with recorded_log() as log:
        paths = [f"/s/{shop.slug}/{forged(session, number)}" for number in range(30)]
        paths += [f"/s/no-such-shop-{number}/{code_of(session)}" for number in range(3)]
        responses = [await shop.http.get(path, headers=headers) for path in paths]
        lines = [await log.line_of(response) for response in responses]
    assert [response.status_code for response in responses] == [404] * 10 + [429] * 23
    assert responses[-1].headers["retry-after"] == "1"
    assert "<h1>One moment, please</h1>" in responses[-1].text
    assert sum(line["statements"] for line in lines[10:30]) < 10  # the store's, once a second
    assert [line["statements"] for line in lines[30:]] == [0, 0, 0]
    # All of them are answered alike, whether the session exists or not, and in which store it is.
    unknown = await shop.http.get(f"/s/{shop.slug}/{'0' * 52}", headers=headers)
    assert {str(undated(response)) for response in responses[10:]} == {str(undated(unknown))}
    for path in (path_of(session), path_of(reissued)):
        assert (await shop.http.get(path, headers=headers)).status_code == 303
    other = from_address(new_address())
    assert (await shop.http.get(f"/s/{shop.slug}/{forged(session, 0)}", headers=other)).status_code == 404


async def test_wrong_tokens_that_are_joined_are_limited_and_right_ones_are_not(
    shop: Shop, stopped_clock: Clock
) -> None:
    storefront, session, here = await shop.with_scopes("sessions:join"), await shop.create(), new_address()

    async def join(token: str) -> httpx.Response:
        query = "mutation ($token: String!) { joinSession(input: {token: $token}) { session { id } } }"
        body = {"query": query, "variables": {"token": token}}
        return await shop.http.post("/graphql", json=body, headers=storefront.headers | from_address(here))

    responses = [await join(forged(session, number)) for number in range(12)]
    assert [response.json()["data"] for response in responses[:10]] == [{"joinSession": {"session": None}}] * 10
    assert [response.status_code for response in responses] == [200] * 10 + [429] * 2
    refused = responses[-1]
    assert refused.headers["retry-after"] == "1"
    [error] = refused.json()["errors"]
    assert error["message"] == "Too many links from this address were wrong: try again in 1 s."
    assert error["extensions"] == {"code": "THROTTLED"}
    assert (await join(code_of(session))).json()["data"] == {"joinSession": {"session": {"id": session["id"]}}}


async def test_a_flood_of_visits_from_one_address_is_throttled_and_others_are_not(
    shop: Shop, stopped_clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("api.links.OPENED", Limit(rate=1, maximum=20))
    here, session = from_address(new_address()), await shop.create()
    responses = [await shop.http.get(path_of(session), headers=here) for _ in range(40)]
    assert [response.status_code for response in responses] == [303] * 20 + [429] * 20
    assert responses[-1].headers["retry-after"] == "1"
    assert (await shop.http.get(path_of(session))).status_code == 303
    assert await shop.event_kinds(session["id"]) == ["ISSUED", "OPENED"]


async def test_many_refusals_of_visits_are_delayed(
    shop: Shop, few_refusals: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("api.links.OPENED", Limit(rate=1e-6, maximum=1))
    here, path = from_address(new_address()), path_of(await shop.create())
    assert [(await shop.http.get(path, headers=here)).status_code for _ in range(2)] == [303, 429]
    refused = asyncio.create_task(shop.http.get(path, headers=here))
    try:
        assert (await shop.http.get(path)).status_code == 303
        assert not refused.done()
    finally:
        refused.cancel()


# The points that a worker can hold for a second, and that are lost if they are not spent.
LEASE = 250
JOIN = 'mutation { joinSession(input: {token: "x"}) { userErrors { code } } }'


async def test_one_address_with_a_join_key_leaves_half_of_the_points_to_others(shop: Shop) -> None:
    new = await new_app(shop.db, shop.id, ["sessions:join"], rate=1)
    await shop.ask(JOIN)  # the document is known
    here, there = new_address(), new_address()
    await take_points(shop.db, shop.id, new.app.id, 2_000, 2_000, 1, 5_000)
    responses = [await send(shop.http, JOIN, new.secret, here) for _ in range(60)]
    statuses = [response.status_code for response in responses]
    cost = responses[0].json()["extensions"]["cost"]["requested"]
    spent = statuses.count(200) * cost
    assert 500 - LEASE <= spent <= 500 + 3 * cost
    refused = responses[-1]
    assert (refused.status_code, refused.json()["errors"][0]["extensions"]) == (429, {"code": "THROTTLED"})
    assert 1 <= int(refused.headers["retry-after"]) <= LEASE + cost
    # Another address can spend its share of the rest.
    statuses = [(await send(shop.http, JOIN, new.secret, there)).status_code for _ in range(30)]
    assert 250 - cost <= statuses.count(200) * cost <= 250 + cost


async def test_new_documents_count_for_the_share_of_an_address(shop: Shop) -> None:
    new = await new_app(shop.db, shop.id, ["sessions:join"], rate=1)
    await shop.ask(JOIN)
    here, there = new_address(), new_address()
    await take_points(shop.db, shop.id, new.app.id, 2_500, 2_500, 1, 5_000)
    words = [" ".join(f"a{number}b{each}: __typename" for each in range(20)) for number in range(10)]
    statuses = [(await send(shop.http, f"{{ {each} }}", new.secret, here)).status_code for each in words]
    assert (statuses[0], statuses[-1]) == (200, 429)
    assert statuses.count(200) <= 4  # each costs more than 60 points of 250
    assert (await send(shop.http, JOIN, new.secret, there)).status_code == 200


async def test_one_address_can_spend_all_points_of_other_keys(shop: Shop) -> None:
    new = await new_app(shop.db, shop.id, ["sessions:join", "sessions:read"], rate=1)
    await take_points(shop.db, shop.id, new.app.id, 4_900, 4_900, 1, 5_000)
    await shop.ask(JOIN)
    here = new_address()
    statuses = [(await send(shop.http, JOIN, new.secret, here)).status_code for _ in range(7)]
    assert statuses == [200] * 7


async def test_a_storefront_with_one_address_can_spend_more_than_its_share(shop: Shop) -> None:
    new = await new_app(shop.db, shop.id, ["sessions:join"], rate=1_000)
    await shop.ask(JOIN)
    here = new_address()
    statuses = [(await send(shop.http, JOIN, new.secret, here)).status_code for _ in range(100)]
    assert statuses == [200] * 100  # 1,400 points, and its share are 500
