"""Token links: opened by people, previewed by chat apps, and the pages of links that do not work."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import httpx
import pytest

from db.pool import Pool
from db.sessions import get_session_locked
from schema.links import ID_LENGTH
from tests.support.shop import Shop, code_of, path_of

BROWSER = (
    "Mozilla/5.0 (Linux; Android 14; SM-A546E) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.6478.71 "
    "Mobile Safari/537.36"
)
IPHONE = "Mozilla/5.0 (iPhone; CPU iPhone OS 17_5_1 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko)"
ANDROID = "Mozilla/5.0 (Linux; Android 14; SM-A546E; wv) AppleWebKit/537.36 (KHTML, like Gecko) Version/4.0"

PREVIEW_AGENTS = [
    "WhatsApp/2.24.10.79 A",
    "WhatsApp/2.2336.9 N",
    "WhatsApp/2",  # Signal's
    "TelegramBot (like TwitterBot)",
    "Slackbot-LinkExpanding 1.0 (+https://api.slack.com/robots)",
    "Slackbot 1.0 (+https://api.slack.com/robots)",
    "Slack-ImgProxy (+https://api.slack.com/robots)",
    "facebookexternalhit/1.1 (+http://www.facebook.com/externalhit_uatext.php)",
    "facebookexternalhit/1.1",
    # iMessage's, which calls itself the others as well.
    "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_11_1) AppleWebKit/601.2.4 (KHTML, like Gecko) Version/9.0.1 "
    "Safari/601.2.4 facebookexternalhit/1.1 Facebot Twitterbot/1.0",
    "facebookexternalhit/1.1;line-poker/1.0",
    "facebookexternalhit/1.1;kakaotalk-scrap/1.0; +https://devtalk.kakao.com/t/scrap/33984",
    "Mozilla/5.0 (compatible; Discordbot/2.0; +https://discordapp.com)",
    "Twitterbot/1.0",
    "LinkedInBot/1.0 (compatible; Mozilla/5.0; Apache-HttpClient +http://www.linkedin.com)",
    "Mozilla/5.0 (Windows NT 6.1; WOW64) SkypeUriPreview Preview/0.5 skype-url-preview@microsoft.com",
    "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/59.0.3071.86 Safari/537.36 "
    "ViberUrlDownloader",
    "Mozilla/5.0 (Windows NT 6.1; rv:6.0) Gecko/20110814 Firefox/6.0 Google-PageRenderer Google "
    "(+https://developers.google.com/+/web/snippet/)",
    "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)",
    "Synapse (bot; +https://github.com/matrix-org/synapse)",
    "Mattermost-Bot/1.1",
]

PERSONS = {
    "a browser": BROWSER,
    "curl": "curl/8.5.0",
    "nothing": "",
    "LINE on iOS": f"{IPHONE} Mobile/15E148 Safari Line/14.10.0",
    "LINE on Android": f"{ANDROID} Chrome/126.0.6478.71 Mobile Safari/537.36 Line/14.9.1/IAB",
    "WhatsApp": f"{IPHONE} Mobile/15E148 WhatsApp/24.10.79",
    "Instagram": f"{IPHONE} Mobile/21F90 Instagram 335.1.8.26.85 (iPhone14,5; iOS 17_5_1; id_ID; id; scale=3.00)",
    "Facebook on iOS": f"{IPHONE} Mobile/21F90 [FBAN/FBIOS;FBAV/468.0.0.35.70;FBBV/604543061;FBDV/iPhone14,5]",
    "Facebook on Android": f"{ANDROID} Chrome/126.0.6478.71 Mobile Safari/537.36 [FB_IAB/FB4A;FBAV/468.1.0.56.78;]",
    "Messenger": f"{ANDROID} Chrome/126.0.6478.71 Mobile Safari/537.36 [FB_IAB/Orca-Android;FBAV/462.0.0.17.85;]",
    "KakaoTalk": f"{ANDROID} Chrome/126.0.6478.71 Mobile Safari/537.36;KAKAOTALK 2410820 INAPP",
    "WeChat": f"{IPHONE} Mobile/15E148 MicroMessenger/8.0.49(0x18003137) NetType/WIFI Language/zh_CN",
    "Telegram": f"{ANDROID} Chrome/126.0.6478.71 Mobile Safari/537.36 Telegram-Android/10.14.3 (Samsung SM-A546E)",
    "Viber": f"{IPHONE} Mobile/15E148 Viber/22.6.0",
    "Zalo": f"{ANDROID} Chrome/126.0.6478.71 Mobile Safari/537.36 Zalo android/240601 ZaloTheme/light",
}

PAGE_HEADERS = {
    "cache-control": "no-store",
    "content-security-policy": "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'",
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
    "x-robots-tag": "noindex",
    "vary": "Origin",
}
OF_THE_SERVER = ("date", "server", "x-request-id")


def headers_of(response: httpx.Response) -> dict[str, str]:
    """The headers without those about the time, the request ID and compression."""
    assert response.headers["x-request-id"]
    headers = {name: value for name, value in response.headers.items() if name not in OF_THE_SERVER}
    return headers | {"vary": headers["vary"].removesuffix(", Accept-Encoding")}


def undated(response: httpx.Response) -> tuple[int, list[tuple[bytes, bytes]], bytes]:
    """The response without its date and request ID."""
    headers = [(name, value) for name, value in response.headers.raw if name not in (b"date", b"x-request-id")]
    return response.status_code, headers, response.content


async def get(shop: Shop, path: str, agent: str = BROWSER, method: str = "GET") -> httpx.Response:
    return await shop.http.request(method, path, headers={"User-Agent": agent, "Accept-Encoding": "identity"})


def check_page(response: httpx.Response, status: int, **headers: str) -> None:
    """Check the status and all headers of a page."""
    page = {"content-type": "text/html; charset=utf-8", "content-length": str(len(response.content))}
    assert (response.status_code, headers_of(response)) == (status, PAGE_HEADERS | (headers or page))


@pytest.mark.parametrize("agent", PERSONS.values(), ids=PERSONS)
async def test_a_person_is_redirected_to_the_storefront_and_recorded(shop: Shop, agent: str) -> None:
    session = await shop.create()
    response = await get(shop, path_of(session), agent)
    location = f"https://shop.example/chat?token={code_of(session)}"
    check_page(response, 303, **{"location": location, "content-length": "0"})
    assert response.content == b""
    assert await shop.event_kinds(session["id"]) == ["ISSUED", "OPENED"]


@pytest.mark.parametrize(
    ("storefront", "location"),
    [
        ("https://shop.example", "https://shop.example?token=CODE"),
        ("https://shop.example/?lang=id&empty=", "https://shop.example/?lang=id&empty=&token=CODE"),
        ("https://shop.example/a?token=old&b=1", "https://shop.example/a?b=1&token=CODE"),
        ("https://shop.example/app#/room?x=1", "https://shop.example/app?token=CODE#/room?x=1"),
        ("https://shop.example:8080/a%20b?q=%26%C3%A9", "https://shop.example:8080/a%20b?q=%26%C3%A9&token=CODE"),
    ],
)
async def test_the_storefront_keeps_its_own_query_and_fragment(shop: Shop, storefront: str, location: str) -> None:
    await shop.change("updateStoreSettings", "store { id }", storefrontUrl=storefront)
    session = await shop.create()
    response = await get(shop, path_of(session))
    assert response.headers["location"] == location.replace("CODE", code_of(session))


@pytest.mark.parametrize("agent", PREVIEW_AGENTS)
async def test_a_chat_app_gets_a_preview_that_is_not_recorded_as_opened(shop: Shop, agent: str) -> None:
    session = await shop.create()
    response = await get(shop, path_of(session), agent)
    check_page(response, 200)
    assert f'<meta property="og:title" content="Shop {shop.slug}">' in response.text
    assert '<meta property="og:description" content="Your personal link into our chat.">' in response.text
    assert f"<title>Shop {shop.slug}</title>" in response.text
    assert code_of(session) not in response.text
    assert await shop.event_kinds(session["id"]) == ["ISSUED", "PREVIEWED"]


async def test_a_head_request_is_a_preview_and_a_preview_does_not_change_the_session(shop: Shop) -> None:
    session = await shop.create()
    response = await get(shop, path_of(session), BROWSER, "HEAD")
    page = await get(shop, path_of(session), PREVIEW_AGENTS[0])
    assert (response.status_code, response.content) == (200, b"")
    assert headers_of(response) == headers_of(page)
    assert await shop.event_kinds(session["id"]) == ["ISSUED", "PREVIEWED"]
    assert await shop.session(session["id"]) == session


async def test_visits_of_one_kind_within_a_minute_are_one_event(shop: Shop) -> None:
    session, other = await shop.create(), await shop.create()

    async def visit() -> None:
        for agent in (BROWSER, PREVIEW_AGENTS[0]) * 2:
            assert (await get(shop, path_of(session), agent)).status_code in (303, 200)

    await visit()
    assert await shop.event_kinds(session["id"]) == ["ISSUED", "OPENED", "PREVIEWED"]
    await shop.turn_back(session["id"], 0.9)
    await visit()
    assert await shop.event_kinds(session["id"]) == ["ISSUED", "OPENED", "PREVIEWED"]
    await shop.turn_back(session["id"], 0.2)
    await visit()
    assert await shop.event_kinds(session["id"]) == ["ISSUED", *(["OPENED", "PREVIEWED"] * 2)]
    await get(shop, path_of(other))
    assert await shop.event_kinds(other["id"]) == ["ISSUED", "OPENED"]


async def test_concurrent_visits_are_one_event(shop: Shop) -> None:
    session = await shop.create()
    responses = await asyncio.gather(*(get(shop, path_of(session)) for _ in range(50)))
    assert {response.status_code for response in responses} == {303}
    assert await shop.event_kinds(session["id"]) == ["ISSUED", "OPENED"]


async def test_a_visit_of_a_reissued_link_is_another_event(shop: Shop) -> None:
    session = await shop.create()
    await get(shop, path_of(session))
    await get(shop, path_of(await shop.changed("reissueToken", sessionId=session["id"])))
    assert await shop.event_kinds(session["id"]) == ["ISSUED", "OPENED", "REISSUED", "OPENED"]


async def test_repeated_visits_do_not_wait_for_a_lock_on_the_session(shop: Shop) -> None:
    session = await shop.create()
    await get(shop, path_of(session))
    async with shop.db.transaction() as transaction:
        assert await get_session_locked(transaction, shop.id, session["id"])
        responses = await asyncio.gather(*(get(shop, path_of(session)) for _ in range(50)))
    assert {response.status_code for response in responses} == {303}


async def test_html_in_a_store_name_is_escaped(shop: Shop) -> None:
    name = """</title><script>alert("1")</script>'&"""
    escaped = "&lt;/title&gt;&lt;script&gt;alert(&quot;1&quot;)&lt;/script&gt;&#x27;&amp;"
    await shop.change("updateStoreSettings", "store { id }", name=name)
    session = await shop.create()
    page = await get(shop, path_of(session), PREVIEW_AGENTS[0])
    await shop.change("revokeToken", sessionId=session["id"])
    gone = await get(shop, path_of(session))
    for response in (page, gone):
        assert "<script" not in response.text
        assert f"<h1>{escaped}</h1>" in response.text
    assert f'<meta property="og:title" content="{escaped}">' in page.text


async def test_braces_in_a_store_name_are_plain_text(shop: Shop) -> None:
    await shop.change("updateStoreSettings", "store { id }", name="{text} {0} Toko Ünïcode 你好 🛒")
    page = await get(shop, path_of(await shop.create()), PREVIEW_AGENTS[0])
    assert page.text.count("{text} {0} Toko Ünïcode 你好 🛒") == 3


async def expired(shop: Shop, session: Any) -> None:
    statement = "update session set token_expires_at = now() where store_id = $1 and id = $2"
    await shop.db.fetch(statement, shop.id, session["id"])


async def revoked(shop: Shop, session: Any) -> None:
    await shop.change("revokeToken", sessionId=session["id"])


@pytest.mark.parametrize("end", [expired, revoked])
@pytest.mark.parametrize("agent", [BROWSER, PREVIEW_AGENTS[0]], ids=["a person", "a preview"])
async def test_an_expired_or_revoked_link_is_gone_and_not_recorded(
    shop: Shop, end: Callable[[Shop, Any], Awaitable[None]], agent: str
) -> None:
    session = await shop.create()
    await end(shop, session)
    before = await recorded(shop, session)
    response = await get(shop, path_of(session), agent)
    head = await get(shop, path_of(session), agent, "HEAD")
    check_page(response, 410)
    assert (head.status_code, head.content) == (410, b"")
    assert f"<h1>Shop {shop.slug}</h1>" in response.text
    assert "<p>This link no longer works. Write to us in our chat, and we will send you a new one.</p>" in response.text
    assert await recorded(shop, session) == before


async def recorded(shop: Shop, session: Any) -> list[str]:
    """The kinds of the stored events."""
    statement = "select kind from session_event where store_id = $1 and session_id = $2 order by at, id"
    return [row["kind"] for row in await shop.db.fetch(statement, shop.id, session["id"])]


async def test_every_invalid_link_has_the_same_response(
    shop: Shop, new_shop: Callable[[], Awaitable[Shop]], db: Pool
) -> None:
    session, other, other_shop = await shop.create(), await shop.create(), await new_shop()
    foreign, reissued = await other_shop.create(), await shop.create()
    await shop.change("reissueToken", sessionId=reissued["id"])
    code, slug = code_of(session), shop.slug
    flipped = "0" if code[-1] != "0" else "1"
    paths = {
        "an unknown code": f"/s/{slug}/{'0' * 52}",
        "no TypeID": f"/s/{slug}/{'z' * 52}",
        "a word": f"/s/{slug}/hello",
        "tampered at the end": f"/s/{slug}/{code[:-1]}{flipped}",
        "another session's MAC": f"/s/{slug}/{code[:ID_LENGTH]}{code_of(other)[ID_LENGTH:]}",
        "truncated": f"/s/{slug}/{code[:-1]}",
        "the ID alone": f"/s/{slug}/{code[:ID_LENGTH]}",
        "the session ID": f"/s/{slug}/{session['id']}",
        "too long": f"/s/{slug}/{code}0",
        "much too long": f"/s/{slug}/{code * 150}",
        "upper case": f"/s/{slug}/{code.upper()}",
        "another store's": f"/s/{slug}/{code_of(foreign)}",
        "under another slug": f"/s/{other_shop.slug}/{code}",
        "under no slug": f"/s/no-such-shop/{code}",
        "under a slug in capitals": f"/s/{slug.upper()}/{code}",
        "under a slug with NUL": f"/s/{slug}%00/{code}",
        "under a slug of no script": f"/s/%F0%9F%9B%92/{code}",
        "reissued": path_of(reissued),
        "NUL": f"/s/{slug}/%00",
        "NUL at the end": f"/s/{slug}/{code}%00",
        "NUL within": f"/s/{slug}/{code[:-1]}%00",
        "no UTF-8": f"/s/{slug}/{code[:-1]}%FF",
        "a digit of another script": f"/s/{slug}/{code[:-1]}%D9%A1",
        "a slash within": f"/s/{slug}/{code[:20]}%2F{code[20:]}",
        "white space": f"/s/{slug}/{code}%20",
        "more path": f"/s/{slug}/{code}/more",
        "no code": f"/s/{slug}",
        "nothing": "/s/",
    }
    answers = {name: await get(shop, path) for name, path in paths.items()}
    first = answers["an unknown code"]
    check_page(first, 404)
    assert "<h1>No such link</h1>" in first.text
    assert "<p>Check that the link is complete, or ask the shop to send it again.</p>" in first.text
    for name, answer in answers.items():
        assert undated(answer) == undated(first), name
        head = await get(shop, paths[name], method="HEAD")
        assert undated(head) == (*undated(first)[:2], b""), name
    assert [await recorded(shop, each) for each in (session, other)] == [["ISSUED"], ["ISSUED"]]
    assert await recorded(other_shop, foreign) == ["ISSUED"]
    assert await recorded(shop, reissued) == ["ISSUED", "REISSUED"]
    # A preview agent is told no more than a person.
    assert (await get(shop, paths["truncated"], PREVIEW_AGENTS[0])).content == first.content


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE", "OPTIONS"])
async def test_a_link_allows_only_get_and_head(shop: Shop, method: str) -> None:
    session = await shop.create()
    response = await get(shop, path_of(session), BROWSER, method)
    assert response.status_code == 405
    assert set(response.headers["allow"].split(", ")) == {"GET", "HEAD"}
    assert response.json() == {"errors": [{"message": "Method Not Allowed", "extensions": {"code": "BAD_REQUEST"}}]}
    assert await shop.event_kinds(session["id"]) == ["ISSUED"]
