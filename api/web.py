"""The console and GraphiQL, which `make web` builds from web/."""

import json
from pathlib import Path

from servestatic import ServeStaticASGI
from starlette.requests import Request
from starlette.responses import HTMLResponse
from starlette.types import ASGIApp

from api.pages import unbuilt_page
from api.settings import LOOPBACK

BUILT = Path(__file__).parent / "built"

# Allow no other host. Mantine and Monaco, the editor of GraphiQL, need inline styles.
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
}

BLOCK_BYTES = 64 * 1024

# Headers that most proxies add. Requests through a proxy on this machine also come from a local address.
FORWARDED = ("via", "forwarded", "x-real-ip", *(f"x-forwarded-{what}" for what in ("for", "host", "proto")))

# The placeholder in a built page, which the server fills in.
SETTINGS = '<script id="settings" type="application/json">{}</script>'


class Page:
    """A page. `key` is an API key that is filled in for browsers on this machine."""

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
    """The assets, which are compressed and have their hash in their names. None if nothing is built."""
    root = BUILT / "assets"
    if not root.exists():
        return None
    files = ServeStaticASGI(None, root, "assets", allow_all_origins=False, immutable_file_test=lambda *_: True)
    # Each block is read in another thread, which costs more than to read it. The default is 8 KiB.
    files.block_size = BLOCK_BYTES
    return files


def _is_local(request: Request) -> bool:
    """Whether the request comes directly from a browser on this machine, with a host that no other site can have."""
    client = request.client.host if request.client else ""
    # By default nginx adds none of these headers, but it uses HTTP/1.0, which browsers do not.
    is_direct = request.scope["http_version"] != "1.0" and not any(name in request.headers for name in FORWARDED)
    is_navigation = "origin" not in request.headers
    return client in LOOPBACK and request.url.hostname in LOOPBACK and is_direct and is_navigation
