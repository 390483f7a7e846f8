"""Health checks: whether the process is alive, and whether it should get requests. See docs/operations.md."""

import asyncio
from collections.abc import Sequence
from math import inf
from time import monotonic

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from api.errors import RequestError
from db.errors import Unavailable
from db.health import check_writable
from db.pool import Pool

# The maximum duration of the check of the database.
CHECK_SECONDS = 1
# The time for which its result is used again, because anyone can request it.
RESULT_SECONDS = 0.5


def health_routes(db: Pool) -> Sequence[Route]:
    checking = asyncio.Lock()
    checked_at, error = -inf, ""

    async def check() -> None:
        """Check the database, unless this was just done. Raises Unavailable."""
        nonlocal checked_at, error
        async with checking:
            if monotonic() - checked_at > RESULT_SECONDS:
                error = await _error(db)
                checked_at = monotonic()
        if error:
            raise Unavailable(error)

    async def live(request: Request) -> Response:
        """Never depends on the database: a restart of this process would not repair it."""
        return PlainTextResponse("ok")

    async def ready(request: Request) -> Response:
        # `DrainingServer` sets this. The server accepts no connection while it starts.
        if request.scope["state"].get("is_draining"):
            raise RequestError(503, "The server is shutting down.", "SERVICE_UNAVAILABLE")
        await check()
        return PlainTextResponse("ok")

    return Route("/health/live", live), Route("/health/ready", ready)


async def _error(db: Pool) -> str:
    """Why the database cannot be written to, or an empty text."""
    try:
        async with asyncio.timeout(CHECK_SECONDS):
            await check_writable(db)
    except TimeoutError:
        return f"no answer in {CHECK_SECONDS} s"
    except Unavailable as unavailable:
        return str(unavailable)
    return ""
