"""The settings of a store, and their effect on tokens."""

import asyncio
from typing import Any

import pytest

from db import stores
from tests.support.shop import MINUTES, NewShop, Shop, minutes_of, moment

FIELDS = "{ id name slug storefrontUrl storefrontHosts sessionExpiration retentionDays }"
CHANGED = f"store {FIELDS} tokensChanged"
ELSEWHERE = "must be on one of the storefront hosts: shop.example; got '{}'"
URL = "A URL must look like https://shop.example/path and have at most 2000 characters, got "


async def store(shop: Shop) -> Any:
    return (await shop.ask(f"{{ store {FIELDS} }}"))["store"]


async def update(shop: Shop, **input: Any) -> Any:
    """The payload of a change that was not refused."""
    payload = await shop.change("updateStoreSettings", CHANGED, **input)
    assert payload.pop("userErrors") == []
    return payload


async def apply(shop: Shop, minutes: int | None = None) -> int:
    """The number of active tokens that a new expiration changed."""
    return (await update(shop, sessionExpiration=minutes, applyToActiveTokens=True))["tokensChanged"]


async def test_a_store_shows_its_settings(shop: Shop) -> None:
    name, url = f"Shop {shop.slug}", "https://shop.example/chat"
    settings = {"name": name, "slug": shop.slug, "storefrontUrl": url, "sessionExpiration": 30, "retentionDays": None}
    assert await store(shop) == {"id": shop.id, "storefrontHosts": ["shop.example"]} | settings


@pytest.mark.parametrize(("minutes", "expires_after"), [(0, None), (1, 1), (60, 60), (1440, 1440)])
async def test_session_expiration_is_0_or_1_to_1440(shop: Shop, minutes: int, expires_after: int | None) -> None:
    before = await store(shop)
    changed = before | {"sessionExpiration": minutes}
    assert await update(shop, sessionExpiration=minutes) == {"store": changed, "tokensChanged": 0}
    assert await store(shop) == before | {"sessionExpiration": minutes}
    assert minutes_of((await shop.create())["token"]) == expires_after


@pytest.mark.parametrize("minutes", [-1, 1441, 100_000, -(2**31), 2**31 - 1])
async def test_an_invalid_session_expiration_is_refused(shop: Shop, minutes: int) -> None:
    session, before = await shop.create(), await store(shop)
    wrong = {"sessionExpiration": minutes, "name": "New name", "applyToActiveTokens": True}
    payload = await shop.change("updateStoreSettings", CHANGED, **wrong)
    error = {"field": ["sessionExpiration"], "code": "INVALID", "message": f"{MINUTES}{minutes}"}
    assert payload == {"store": None, "tokensChanged": 0, "userErrors": [error]}
    assert await store(shop) == before
    assert await shop.session(session["id"]) == session


@pytest.mark.parametrize("minutes", [2**31, 1.5, "60", True, []])
async def test_an_invalid_int_is_an_input_error(shop: Shop, minutes: Any) -> None:
    before = await store(shop)
    document = "mutation ($input: UpdateStoreSettingsInput!) { updateStoreSettings(input: $input) { store { id } } }"
    assert (await shop.error(document, input={"sessionExpiration": minutes}))[0] == "BAD_USER_INPUT"
    assert await store(shop) == before


async def test_session_expiration_applies_to_tokens_issued_later(shop: Shop) -> None:
    active, other = await shop.create(), await shop.create()
    await update(shop, sessionExpiration=5)
    assert await shop.session(active["id"]) == active
    assert await shop.event_kinds(active["id"]) == ["ISSUED"]
    assert minutes_of((await shop.create())["token"]) == 5
    reissued = await shop.change("reissueToken", sessionId=other["id"])
    assert minutes_of(reissued["session"]["token"]) == 5
    assert minutes_of((await shop.create(expirationMinutes=7))["token"]) == 7


async def test_session_expiration_can_be_applied_to_active_tokens(shop: Shop, new_shop: NewShop) -> None:
    neighbour = await new_shop()
    theirs = await neighbour.create()
    fresh = await shop.create(expirationMinutes=45)
    endless = await shop.create(expirationMinutes=0)
    older = await shop.create(expirationMinutes=1440)
    await shop.turn_back(older["id"], 50)
    older = await shop.session(older["id"])

    assert await apply(shop, 60) == 3

    by_setting = {"kind": "EXTENDED", "reason": "store setting", "apiKeyId": await shop.api_key_id()}
    for session in (fresh, endless, older):
        changed = await shop.session(session["id"])
        expiry = {"expiredTime": changed["token"]["expiredTime"]}
        assert minutes_of(changed["token"]) == 60
        assert changed == session | {"token": session["token"] | expiry}
        _, extended = await shop.events(session["id"])
        assert extended == by_setting | expiry | {"at": extended["at"]}
    assert minutes_of((await shop.create())["token"]) == 60
    assert await neighbour.session(theirs["id"]) == theirs


async def test_applying_session_expiration_can_expire_active_tokens_immediately(shop: Shop) -> None:
    fresh, older = await shop.create(), await shop.create()
    await shop.turn_back(older["id"], 20)
    assert await apply(shop, 10) == 2
    expired = await shop.session(older["id"])
    assert (await shop.session(fresh["id"]))["active"] is True
    assert (expired["active"], expired["token"]["status"], minutes_of(expired["token"])) == (False, "EXPIRED", 10)
    timeline = await shop.events(older["id"])
    assert [event["kind"] for event in timeline] == ["ISSUED", "EXTENDED", "EXPIRED"]
    assert timeline[2]["at"] == timeline[1]["at"]
    assert moment(timeline[1]["expiredTime"]) < moment(timeline[1]["at"])


async def test_applying_a_session_expiration_of_zero_disables_expiry_of_active_tokens(shop: Shop) -> None:
    session, endless = await shop.create(), await shop.create(expirationMinutes=0)
    assert await apply(shop, 0) == 1
    assert (await shop.session(session["id"]))["token"] == session["token"] | {"expiredTime": None}
    extended = (await shop.events(session["id"]))[1:]
    assert [(event["kind"], event["expiredTime"]) for event in extended] == [("EXTENDED", None)]
    assert await shop.event_kinds(endless["id"]) == ["ISSUED"]


async def test_expired_and_revoked_tokens_are_unchanged(shop: Shop) -> None:
    expired, revoked, revoked_later = await shop.create(), await shop.create(), await shop.create()
    await shop.turn_back(expired["id"], 31)
    await shop.change("revokeToken", sessionId=revoked["id"])
    await shop.change("revokeToken", sessionId=revoked_later["id"])
    await shop.turn_back(revoked_later["id"], 31)
    ids = [session["id"] for session in (expired, revoked, revoked_later)]
    before = [(await shop.session(id), await shop.events(id)) for id in ids]
    for minutes in (1440, 0, 1):
        assert await apply(shop, minutes) == 0
    assert [(await shop.session(id), await shop.events(id)) for id in ids] == before


async def test_only_tokens_whose_expired_time_changed_are_counted(shop: Shop) -> None:
    sessions = [await shop.create(expirationMinutes=minutes) for minutes in (30, 30, 45)]
    assert await apply(shop) == 1
    assert await apply(shop) == 0
    assert await apply(shop, 30) == 0
    assert [len(await shop.events(session["id"])) for session in sessions] == [1, 1, 2]
    assert [minutes_of((await shop.session(session["id"]))["token"]) for session in sessions] == [30, 30, 30]


async def test_the_expiration_of_a_reissued_token_counts_from_its_reissue(shop: Shop) -> None:
    session = await shop.create()
    await shop.turn_back(session["id"], 25)
    await shop.change("reissueToken", sessionId=session["id"])
    assert await apply(shop, 10) == 1
    assert (await shop.session(session["id"]))["active"] is True
    assert minutes_of((await shop.session(session["id"]))["token"]) == 10


async def test_the_name_and_storefront_url_of_a_store_are_updated(shop: Shop, new_shop: NewShop) -> None:
    neighbour = await new_shop()
    before, theirs = await store(shop), await store(neighbour)
    renamed = await update(shop, name=" Kopi Senja ☕ ")
    assert renamed == {"store": before | {"name": "Kopi Senja ☕"}, "tokensChanged": 0}
    moved = await update(shop, storefrontUrl="https://shop.example/room?lang=id#top", sessionExpiration=None, name=None)
    assert moved["store"] == renamed["store"] | {"storefrontUrl": "https://shop.example/room?lang=id#top"}
    assert await update(shop) == moved
    assert await store(shop) == moved["store"]
    assert await store(neighbour) == theirs


@pytest.mark.parametrize(
    "url",
    [
        *("", "shop.example", "/chat", "//shop.example/chat", "ftp://shop.example", "javascript:alert(1)"),
        *("https://", "https:///chat", "https://[::1/", "https://shop.example:0/", "https://shop.example:99999/"),
        *("https://user:secret@shop.example/", "https://shop.example/ chat", "https://shop.example/" + "x" * 1980),
        *(
            "https://user@shop.example/",
            "https://:secret@shop.example/",
            "https://@shop.example/",
            "https://:@shop.example",
        ),
        *("https://evil.example@shop.example/", "https://shop.example@shop.example:443/", "http://:secret@localhost/"),
        *("https://shop.example/\r\nSet-Cookie: a=b", "https://shop.example/\t", "https://shop.example/\x7f"),
        *(
            "https://shop.example/\x80",
            "https://shop.example/\x9f",
            "https://shop.example/\xa0",
            "\x1fhttps://shop.example/",
        ),
        *("https://shop.example/\u2028", "https://shop.example/\u200b", "https://shop.example/\u202e"),
        *("https://shop.example\\@evil.example/", "https://shop.example\\evil.example/"),
    ],
)
async def test_a_storefront_url_is_an_absolute_http_url(shop: Shop, url: str) -> None:
    before = await store(shop)
    [(field, code, message)] = await shop.refusals("updateStoreSettings", storefrontUrl=url, name="New name")
    assert (field, code) == ("storefrontUrl", "INVALID")
    assert message.startswith(URL)
    assert await store(shop) == before


@pytest.mark.parametrize(
    ("url", "message"),
    [
        ("http://shop.example/", "must start with https://, got 'http://shop.example/'"),
        ("https://evil.example/", "must be on one of the storefront hosts: shop.example; got 'evil.example'"),
        ("https://shop.example.evil.example/", ELSEWHERE.format("shop.example.evil.example")),
        ("https://shop.example./", ELSEWHERE.format("shop.example.")),
        ("https://www.shop.example/", ELSEWHERE.format("www.shop.example")),
        ("http://localhost/", ELSEWHERE.format("localhost")),
    ],
)
async def test_a_storefront_url_is_https_on_an_allowed_host(shop: Shop, url: str, message: str) -> None:
    before = await store(shop)
    assert await shop.refusals("updateStoreSettings", storefrontUrl=url) == [("storefrontUrl", "INVALID", message)]
    assert await store(shop) == before


async def test_an_admin_moves_the_storefront_to_a_host_by_allowing_it(shop: Shop) -> None:
    url = "https://Kopi.example:8443/chat"
    moved = await update(shop, storefrontUrl=url, storefrontHosts=[" KOPI.example", "shop.example", "kopi.example"])
    expected = {"storefrontUrl": url, "storefrontHosts": ["kopi.example", "shop.example"]}
    assert moved["store"] == await store(shop) == moved["store"] | expected
    only = await update(shop, storefrontHosts=["kopi.example"])
    assert only["store"] == moved["store"] | {"storefrontHosts": ["kopi.example"]}
    local = await update(shop, storefrontUrl="http://localhost:5173/", storefrontHosts=["localhost"])
    assert local["store"]["storefrontUrl"] == "http://localhost:5173/"


async def test_invalid_storefront_hosts_are_refused(shop: Shop) -> None:
    before = await store(shop)
    lacks = "must contain shop.example, the host of the storefront URL"
    for hosts, messages in {
        ("kopi.example",): [lacks],
        (): ["must contain 1 to 20 hosts, got 0", lacks],
        ("shop.example", *(f"{n}.example" for n in range(20))): ["must contain 1 to 20 hosts, got 21"],
        ("shop.example", "https://x.example"): ["must be a hostname such as shop.example, got 'https://x.example'"],
        ("shop.example", "x:1"): ["must be a hostname such as shop.example, got 'x:1'"],
        ("shop.example", "*.x.example"): ["must be a hostname such as shop.example, got '*.x.example'"],
    }.items():
        refused = await shop.refusals("updateStoreSettings", storefrontHosts=list(hosts))
        assert refused == [("storefrontHosts", "INVALID", message) for message in messages], hosts
    assert await store(shop) == before


async def test_only_an_admin_moves_the_storefront(shop: Shop) -> None:
    """Customers arrive there with their tokens."""
    staff, before = await shop.with_scopes("settings:write"), await store(shop)
    document = "mutation ($input: UpdateStoreSettingsInput!) { updateStoreSettings(input: $input) { store { id } } }"
    forbidden = ("FORBIDDEN", "This needs the scope admin, which the app 'test' lacks.")
    for input in ({"storefrontUrl": "https://shop.example/other"}, {"storefrontHosts": ["shop.example"]}):
        assert await staff.error(document, input=input | {"name": "New name"}) == forbidden
    assert await store(shop) == before
    renamed = await staff.changed("updateStoreSettings", f"store {FIELDS}", name="Kopi", sessionExpiration=5)
    assert renamed == before | {"name": "Kopi", "sessionExpiration": 5}


async def test_active_tokens_change_with_the_scope_sessions_write_alone(shop: Shop) -> None:
    session, before = await shop.create(), await store(shop)
    staff = await shop.with_scopes("settings:write")
    document = "mutation ($input: UpdateStoreSettingsInput!) { updateStoreSettings(input: $input) { store { id } } }"
    forbidden = ("FORBIDDEN", "This needs the scope sessions:write, which the app 'test' lacks.")
    change = {"sessionExpiration": 1, "applyToActiveTokens": True}
    assert await staff.error(document, input=change) == forbidden
    assert (await store(shop), await shop.session(session["id"])) == (before, session)
    assert await apply(await shop.with_scopes("settings:write", "sessions:write"), 1) == 1


@pytest.mark.parametrize(("name", "length"), [("", 0), (" \t", 0), ("n" * 201, 201)])
async def test_a_store_has_a_name_of_1_to_200_characters(shop: Shop, name: str, length: int) -> None:
    assert await shop.refusals("updateStoreSettings", name=name) == [
        ("name", "INVALID", f"must be 1 to 200 characters long, got {length}")
    ]


async def test_all_user_errors_are_returned_at_once(shop: Shop) -> None:
    assert await shop.refusals("updateStoreSettings", sessionExpiration=-5, name="a\nb", storefrontUrl="x") == [
        ("sessionExpiration", "INVALID", MINUTES + "-5"),
        ("name", "INVALID", r"must be one line of Unicode text, got 'a\nb'"),
        ("storefrontUrl", "INVALID", URL + "'x'."),
    ]


async def test_many_active_tokens_are_changed_in_batches(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stores, "BATCH", 3)
    sessions = [await shop.create() for _ in range(10)]
    assert await apply(shop, 5) == 10
    assert {minutes_of((await shop.session(session["id"]))["token"]) for session in sessions} == {5}
    assert await shop.event_kinds(sessions[-1]["id"]) == ["ISSUED", "EXTENDED"]


async def test_applying_session_expiration_does_not_block_new_sessions(shop: Shop) -> None:
    for _ in range(20):
        await shop.create(customer={"details": {"name": "Dewi", "externalId": "c1"}})

    async def rename(letter: str) -> None:
        for number in range(5):
            await shop.create(customer={"details": {"name": f"Dewi {letter}{number}", "externalId": "c1"}})

    async def apply_several() -> None:
        for minutes in (5, 7, 9, 11):
            await apply(shop, minutes)

    await asyncio.gather(rename("a"), rename("b"), rename("c"), apply_several(), apply_several())
    answer = await shop.ask("{ sessions { nodes { token { issuedAt expiredTime } } } }")
    assert [minutes_of(session["token"]) for session in answer["sessions"]["nodes"]] == [11] * 35
