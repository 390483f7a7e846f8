"""One-time codes that sign a browser in with a development key, so that no page contains a key.

`roomkey serve --demo` and `roomkey sign-in` print addresses with a code in the fragment, which browsers do not send to
servers. The page exchanges it for a key with `POST /sign-in`. A code is a file that is named by the code's hash, in a
folder that only the owner of the server can read. It works once, because only one worker can delete the file.
"""

import asyncio
import hashlib
import secrets
import time
from pathlib import Path

import orjson
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from api.errors import RequestError
from api.media_types import JSON, is_json
from api.request import receive_body

# The lifetime of an unused code.
CODE_SECONDS = 3_600

BODY_BYTES = 1_000
BODY_SECONDS = 10


def create_code(folder: Path, key_file: str) -> str:
    """A new code for the key in the file `folder/key_file`."""
    codes = _codes(folder)
    codes.mkdir(mode=0o700, parents=True, exist_ok=True)
    code = secrets.token_urlsafe(24)
    _path(codes, code).write_text(key_file)
    return code


def exchange_code(folder: Path, code: str) -> str | None:
    """Use a code: returns its key, or None if the code is unknown, was used before, or has expired."""
    path = _path(_codes(folder), code)
    try:
        created, key_file = path.stat().st_mtime, path.read_text()
        path.unlink()
        key = (folder / key_file).read_text().strip()
    except FileNotFoundError:
        return None
    return key if time.time() - created < CODE_SECONDS else None


def remove_codes(folder: Path) -> None:
    for path in _codes(folder).glob("*"):
        path.unlink(missing_ok=True)


def sign_in_route(folder: Path) -> Route:
    async def sign_in(request: Request) -> Response:
        """Respond with the key of the code in the body, `{"code": …}`, to a page of this origin."""
        if not _is_same_origin(request):
            raise RequestError(403, "A page of another site cannot sign in.", "FORBIDDEN")
        content_type = request.headers.get("content-type", "")
        if not is_json(content_type.encode("latin-1")):
            raise RequestError(415, f"The Content-Type must be {JSON} in UTF-8, got {content_type[:100]!r}.")
        try:
            async with asyncio.timeout(BODY_SECONDS):
                body = orjson.loads(await receive_body(request.receive, BODY_BYTES))
        except TimeoutError:
            late = f"The body took longer than {BODY_SECONDS} s."
            raise RequestError(408, late, "TIMEOUT", Connection="close") from None
        except orjson.JSONDecodeError:
            body = None
        code = body.get("code") if isinstance(body, dict) else None
        if not isinstance(code, str):
            raise RequestError(400, "The body must be a JSON object with a code.")
        key = exchange_code(folder, code)
        if key is None:
            used = "The code was used before or has expired. Run `roomkey sign-in` for a new one."
            raise RequestError(403, used, "FORBIDDEN")
        return JSONResponse({"key": key}, headers={"Cache-Control": "no-store"})

    return Route("/sign-in", sign_in, methods=["POST"])


def _is_same_origin(request: Request) -> bool:
    origin = request.headers.get("origin")
    return (
        request.headers.get("sec-fetch-site", "same-origin") == "same-origin"
        and (origin is None or origin.partition("://")[2] == request.headers.get("host"))
    )  # fmt: skip


def _codes(folder: Path) -> Path:
    return folder / "sign-in"


def _path(codes: Path, code: str) -> Path:
    return codes / hashlib.sha256(code.encode(errors="surrogatepass")).hexdigest()
