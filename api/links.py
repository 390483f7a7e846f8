"""The endpoint of token links, `/s/{slug}/{code}`, which customers open and chat apps preview."""

import asyncio
import re
from functools import partial
from math import ceil

from starlette.datastructures import URL
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from api.client_address import client_address
from api.logs import logger
from api.pages import HEADERS, gone_page, preview_page, throttled_page, unavailable_page, unknown_page
from api.rate_limits import Refusals
from api.ttl_cache import TTLCache
from db.errors import Unavailable
from db.pool import Pool
from db.statements import Row, store_of_request
from db.stores import SLUG, get_store_by_slug
from schema.admission import Visit, admit
from schema.links import Links, session_id_of
from schema.rate_limits import Limit, Throttled, TokenBuckets, network

# User agents of chat apps and their services when they fetch a link for its preview. Browsers inside chat apps, whose
# user agents also name the app, and curl and similar tools must not match, because people open links with them.
PREVIEW_AGENTS = re.compile(
    r"""
    ^WhatsApp/ | TelegramBot | facebookexternalhit | facebookcatalog | Facebot | Twitterbot | Slackbot | Slack-ImgProxy
    | Discordbot | LinkedInBot | SkypeUriPreview | Skype\ URI\ Preview | MicrosoftPreview | BingPreview | bingbot
    | Googlebot | Google-PageRenderer | GoogleMessages | Applebot | line-poker | Linespider | LINE-Parts
    | kakaotalk-scrap | Viber\ ?URL | ViberBot | ZaloBot | Snap\ URL\ Preview | redditbot | Pinterestbot | vkShare
    | Mattermost-Bot | Rocket\.Chat | Iframely | Embedly | Bitlybot | YandexBot | Baiduspider | Yahoo!\ Slurp
    | Mastodon/ | Matrix-Media | Synapse\ \(bot | Signal-Android-Link-Preview | WeChatBot | Cardyb | bot@
    """,
    re.VERBOSE | re.IGNORECASE,
)


# The links, right or wrong, that a client address can open. Thousands of customers can have one address (NAT).
OPENED = Limit(rate=50, maximum=500)


class LinkEndpoint:
    """Serves links. Neither a preview nor a visit invalidates the token."""

    def __init__(self, db: Pool, links: Links, seconds: float) -> None:
        self._db = db
        self._links = links
        self._seconds = seconds
        self._stores: TTLCache[str, Row | None] = TTLCache()
        self._opened = TokenBuckets()
        self._refusals = Refusals()

    async def handle(self, request: Request) -> Response:
        is_preview = request.method == "HEAD" or PREVIEW_AGENTS.search(request.headers.get("user-agent", ""))
        try:
            async with asyncio.timeout(self._seconds):
                return await self._open(request, bool(is_preview))
        except Throttled as error:
            await self._refusals.delay(client_address(request.scope))
            return throttled_page(error.retry_after_seconds)
        except (Unavailable, TimeoutError) as error:
            logger.warning("Postgres is unavailable: %s", str(error) or f"no answer in {self._seconds:g} s")
            return unavailable_page()

    async def _open(self, request: Request, is_preview: bool) -> Response:
        slug, code = request.path_params["slug"], request.path_params["code"]
        address = client_address(request.scope)
        if seconds := self._opened.take(network(address), OPENED):
            raise Throttled("Too many links were opened from this address", ceil(seconds))
        if session_id_of(code) is None or not SLUG.fullmatch(slug):
            return unknown_page()
        store = await self._store(slug, address)
        if store is None:
            return unknown_page()
        store_of_request.set(store.id)
        visit = Visit("PREVIEWED" if is_preview else "OPENED", address)
        admission = await admit(self._db.of_store(store.id), self._links, store.id, code, visit)
        if admission is None:
            return unknown_page()
        request.state.log.store, request.state.log.session = store.slug, admission.session.id
        if not admission.is_admitted:
            return gone_page(store.name)
        if is_preview:
            return preview_page(store.name)
        # The storefront passes the parameter to joinSession.
        return RedirectResponse(URL(store.storefront_url).include_query_params(token=code), 303, HEADERS)

    async def _store(self, slug: str, address: str) -> Row | None:
        """The store of a link. Raises Throttled if too many links of the address were wrong, and it is not known."""

        async def look_up() -> Row | None:
            return await self._links.wrong_of_address.attempt(address, slug, partial(get_store_by_slug, self._db, slug))

        return (await self._stores.look_up(slug, look_up))[0]
