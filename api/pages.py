"""The small pages behind a link. They load nothing and run nothing."""

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
    """What a chat app shows beneath the link."""
    return _page(200, store_name, "Your personal link into our chat.", OPEN_GRAPH)


def gone_page(store_name: str) -> HTMLResponse:
    """For a genuine link that expired or was revoked."""
    return _page(410, store_name, "This link no longer works. Write to us in our chat, and we will send you a new one.")


def unknown_page() -> HTMLResponse:
    """For anything else: always the same bytes."""
    return _page(404, "No such link", "Check that the link is complete, or ask the shop to send it again.")


def unavailable_page() -> HTMLResponse:
    """While the database is away."""
    response = _page(503, "One moment, please", "We cannot open your link just now. Try again in a minute.")
    response.headers["Retry-After"] = "5"
    return response


def unbuilt_page() -> HTMLResponse:
    """In place of the console or GraphiQL, where they are not built."""
    text = (
        "Install Node 20.19 or newer, run `make web` in Roomkey's folder, and start it again. The API is at /graphql."
    )
    return _page(404, "This page is not built", text)


def missing_page() -> HTMLResponse:
    """For a person at an address that is none."""
    return _page(404, "Nothing is here", "The console is at /, GraphiQL and the API are at /graphql.")


def broken_page() -> HTMLResponse:
    """After an error that nobody foresaw."""
    return _page(500, "Something went wrong", "We cannot open your link just now. Write to us in our chat.")


def _page(status: int, title: str, text: str, meta: str = "") -> HTMLResponse:
    values = {"title": escape(title), "text": escape(text)}
    return HTMLResponse(PAGE.format(**values, meta=meta.format(**values)), status, HEADERS)
