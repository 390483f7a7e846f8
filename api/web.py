"""The pages for people: the console and GraphiQL, as `make web` builds them from web/."""

import json
from pathlib import Path

from servestatic import ServeStaticASGI
from starlette.requests import Request
from starlette.responses import HTMLResponse
from starlette.types import ASGIApp

from api.pages import unbuilt_page
from api.settings import LOOPBACK

BUILT = Path(__file__).parent / "built"

# Nothing from another host. Mantine, and Monaco, GraphiQL's editor, write styles into the page.
CONTENT_SECURITY_POLICY = (
    "default-src 'none'; script-src 'self'; worker-src 'self'; style-src 'self' 'unsafe-inline'; "
    "font-src 'self' data:; img-src 'self' data:; connect-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
HEADERS = {
    "Cache-Control": "no-cache",
    "Content-Security-Policy": CONTENT_SECURITY_POLICY,
    "Cross-Origin-Opener-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}

# By what most proxies say that they are between; those on this machine come from it as a browser here does.
FORWARDED = ("via", "forwarded", "x-real-ip", *(f"x-forwarded-{what}" for what in ("for", "host", "proto")))

# What the build leaves in a page for the server to fill in.
SETTINGS = '<script id="settings" type="application/json">{}</script>'


class Page:
    """One of the pages. `key`: an API key that is filled in for who opens it on this very machine."""

    def __init__(self, name: str, key: str | None = None, **headers: str) -> None:
        path = BUILT / f"{name}.html"
        self._html = path.read_text() if path.exists() else None
        self._key = key
        self._headers = HEADERS | headers

    async def response(self, request: Request) -> HTMLResponse:
        if self._html is None:
            return unbuilt_page()
        if self._key and _is_local(request):
            html = self._html.replace(SETTINGS, SETTINGS.replace("{}", json.dumps({"key": self._key})))
            return HTMLResponse(html, headers=self._headers | {"Cache-Control": "no-store"})
        return HTMLResponse(self._html, headers=self._headers)


def assets() -> ASGIApp | None:
    """What the pages load, compressed when they were built; their names change with them. None: nothing is built."""
    root = BUILT / "assets"
    if not root.exists():
        return None
    files: ASGIApp = ServeStaticASGI(None, root, "assets", allow_all_origins=False, immutable_file_test=lambda *_: True)
    return files


def _is_local(request: Request) -> bool:
    """Whether a browser of this machine opens the page itself, under a name that no other site can have."""
    client = request.client.host if request.client else ""
    # nginx says nothing of itself by default, but speaks HTTP/1.0, as no browser does.
    is_direct = request.scope["http_version"] != "1.0" and not any(name in request.headers for name in FORWARDED)
    is_navigation = "origin" not in request.headers
    return client in LOOPBACK and request.url.hostname in LOOPBACK and is_direct and is_navigation
