"""The static pages that links lead to. They load no resources and contain no scripts."""

from html import escape

from starlette.responses import HTMLResponse

HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
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


def preview_page(store_name: str) -> HTMLResponse:
    """The page whose Open Graph tags a chat app shows as the preview of a link."""
    return _page(200, store_name, "Your personal link into our chat.", OPEN_GRAPH)


def gone_page(store_name: str) -> HTMLResponse:
    """The page for a genuine link that is expired or revoked."""
    return _page(410, store_name, "This link no longer works. Write to us in our chat, and we will send you a new one.")


def unknown_page() -> HTMLResponse:
    """The page for any other link. It is always identical, so that it reveals nothing about the link."""
    return _page(404, "No such link", "Check that the link is complete, or ask the shop to send it again.")


def unavailable_page() -> HTMLResponse:
    """The page that is shown while the database is unavailable."""
    response = _page(503, "One moment, please", "We cannot open your link just now. Try again in a minute.")
    response.headers["Retry-After"] = "5"
    return response


def unbuilt_page() -> HTMLResponse:
    """The page that is shown instead of the console and GraphiQL if they are not built."""
    text = (
        "Install Node 20.19 or newer, run `make web` in Roomkey's folder, and start it again. The API is at /graphql."
    )
    return _page(404, "This page is not built", text)


def missing_page() -> HTMLResponse:
    """The page for unknown paths."""
    return _page(404, "Nothing is here", "The console is at /, GraphiQL and the API are at /graphql.")


def broken_page() -> HTMLResponse:
    """The page for unforeseen errors."""
    return _page(500, "Something went wrong", "We cannot open your link just now. Write to us in our chat.")


def _page(status: int, title: str, text: str, meta: str = "") -> HTMLResponse:
    values = {"title": escape(title), "text": escape(text)}
    return HTMLResponse(PAGE.format(**values, meta=meta.format(**values)), status, HEADERS)
