"""The static pages that links lead to. They load no resources and contain no scripts."""

from collections.abc import Mapping
from functools import partial
from html import escape

from starlette.responses import HTMLResponse

HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'",
    "Referrer-Policy": "no-referrer",
    "X-Robots-Tag": "noindex",
}

PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>{meta}
<style>
:root {{ color-scheme: light dark; font: 1.125rem/1.5 system-ui, sans-serif; }}
body {{ max-width: 30rem; margin: 20vh auto 0; padding: 0 1.5rem; text-align: center; }}
h1 {{ font-size: 1.5rem; }}
</style>
</head>
<body>
<h1>{title}</h1>
<p>{text}</p>
</body>
</html>
"""

OPEN_GRAPH = """
<meta property="og:title" content="{title}">
<meta property="og:description" content="{text}">
<meta property="og:type" content="website">"""


def _page(status: int, title: str, text: str, meta: str = "", headers: Mapping[str, str] = HEADERS) -> HTMLResponse:
    values = {"title": escape(title), "text": escape(text)}
    return HTMLResponse(PAGE.format(**values, meta=meta.format(**values)), status, headers)


# The page for chat apps, which show its Open Graph tags as the preview of a link. Its title is the name of the store.
preview_page = partial(_page, 200, text="Your personal link into our chat.", meta=OPEN_GRAPH)

GONE = "This link no longer works. Write to us in our chat, and we will send you a new one."
# The page for a genuine link that is expired or revoked. Its title is the name of the store.
gone_page = partial(_page, 410, text=GONE)

# The page for any other link. It is always identical, so that it reveals nothing about the link.
unknown_page = partial(_page, 404, "No such link", "Check that the link is complete, or ask the shop to send it again.")

# While the database is unavailable.
BUSY = "We cannot open your link just now. Try again in a minute."
unavailable_page = partial(_page, 503, "One moment, please", BUSY, headers=HEADERS | {"Retry-After": "5"})


def throttled_page(seconds: int) -> HTMLResponse:
    """The page for an address that has opened too many links."""
    return _page(429, "One moment, please", BUSY, headers=HEADERS | {"Retry-After": str(seconds)})


# Instead of the console and GraphiQL if they are not built.
UNBUILT = "Install Node 20.19 or newer, run `make web` in Roomkey's folder, and start it again. The API is at /graphql."
unbuilt_page = partial(_page, 404, "This page is not built", UNBUILT)

# For unknown paths, and for unforeseen errors of links.
missing_page = partial(_page, 404, "Nothing is here", "The console is at /, GraphiQL and the API are at /graphql.")
BROKEN = "We cannot open your link just now. Write to us in our chat."
broken_page = partial(_page, 500, "Something went wrong", BROKEN)
