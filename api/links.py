"""The endpoint of token links, `/s/{slug}/{code}`, which customers open and chat apps preview."""

import asyncio
import re

from starlette.datastructures import URL
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from api.logs import logger
from api.pages import HEADERS, gone_page, preview_page, unavailable_page, unknown_page
from db.events import create_visit
from db.pool import Pool, Unavailable, store_of_request
from db.stores import SLUG, get_store_by_slug
from schema.admission import admission_of
from schema.links import Links, session_id_of

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


class LinkEndpoint:
    """Serves links. Neither a preview nor a visit invalidates the token."""

    def __init__(self, db: Pool, links: Links, seconds: float) -> None:
        self._db = db
        self._links = links
        self._seconds = seconds

    async def handle(self, request: Request) -> Response:
        is_preview = request.method == "HEAD" or PREVIEW_AGENTS.search(request.headers.get("user-agent", ""))
        try:
            async with asyncio.timeout(self._seconds):
                return await self._open(request, bool(is_preview))
        except (Unavailable, TimeoutError) as error:
            logger.warning("Postgres is unavailable: %s", str(error) or f"no answer in {self._seconds:g} s")
            return unavailable_page()

    async def _open(self, request: Request, is_preview: bool) -> Response:
        slug, code = request.path_params["slug"], request.path_params["code"]
        is_link = session_id_of(code) and SLUG.fullmatch(slug)
        store = await get_store_by_slug(self._db, slug) if is_link else None
        if store is None:
            return unknown_page()
        store_of_request.set(store.id)
        async with self._db.transaction() as transaction:
            admission = await admission_of(transaction, self._links, store.id, code)
            if admission is None:
                return unknown_page()
            id = admission.session.id
            request.state.log.store, request.state.log.session = store.slug, id
            if not admission.is_admitted:
                return gone_page(store.name)
            await create_visit(transaction, store.id, id, "PREVIEWED" if is_preview else "OPENED")
        if is_preview:
            return preview_page(store.name)
        # The storefront passes the parameter to joinSession.
        return RedirectResponse(URL(store.storefront_url).include_query_params(token=code), 303, HEADERS)
