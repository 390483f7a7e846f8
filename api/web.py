"""The console and GraphiQL, which `make web` builds from web/."""

import asyncio
import sys
from contextlib import suppress
from importlib.util import find_spec
from pathlib import Path

from servestatic import ServeStaticASGI
from starlette.requests import Request
from starlette.responses import HTMLResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from api.pages import unbuilt_page

BUILT = Path(__file__).parent / "built"

# servestatic tries to import sniffio for each block of a file, which takes 0.5 ms of processor time if it is missing.
if find_spec("sniffio") is None:
    sys.modules["sniffio"] = None  # type: ignore[assignment]

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


class Page:
    """A page, which contains no key and nothing of a store."""

    def __init__(self, name: str, **headers: str) -> None:
        path = BUILT / f"{name}.html"
        self._html = path.read_text() if path.exists() else None
        self._headers = HEADERS | headers

    async def response(self, request: Request) -> HTMLResponse:
        return unbuilt_page() if self._html is None else HTMLResponse(self._html, headers=self._headers)


def assets() -> ASGIApp | None:
    """The assets, which are compressed and have their hash in their names. None if nothing is built."""
    root = BUILT / "assets"
    if not root.exists():
        return None
    files = ServeStaticASGI(None, root, "assets", allow_all_origins=False, immutable_file_test=lambda *_: True)
    # Each block is read in another thread, which costs more than to read it. The default is 8 KiB.
    files.block_size = BLOCK_BYTES

    async def files_while_connected(scope: Scope, receive: Receive, send: Send) -> None:
        """Stop when the client disconnects. Otherwise, the rest of the file would be read, and sent to no one."""
        sending = asyncio.ensure_future(files(scope, receive, send))

        async def wait_for_disconnect() -> None:
            while (await receive())["type"] != "http.disconnect":
                pass

        leaving = asyncio.ensure_future(wait_for_disconnect())
        try:
            await asyncio.wait((sending, leaving), return_when=asyncio.FIRST_COMPLETED)
        finally:
            leaving.cancel()
            if not sending.done():
                sending.cancel()
        with suppress(asyncio.CancelledError):
            await sending

    return files_while_connected
