"""Health checks: whether the process is alive, and whether it should get requests. See docs/operations.md."""

import asyncio
from collections.abc import Sequence

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from api.errors import RequestError
from db.errors import Unavailable
from db.health import check_writable
from db.pool import Pool

# The maximum duration of the check of the database.
CHECK_SECONDS = 1


def health_routes(db: Pool) -> Sequence[Route]:
    async def live(request: Request) -> Response:
        """Never depends on the database: a restart of this process would not repair it."""
        return PlainTextResponse("ok")

    async def ready(request: Request) -> Response:
        # `DrainingServer` sets this. The server accepts no connection while it starts.
        if request.scope["state"].get("is_draining"):
            raise RequestError(503, "The server is shutting down.", "SERVICE_UNAVAILABLE")
        try:
            async with asyncio.timeout(CHECK_SECONDS):
                await check_writable(db)
        except TimeoutError:
            raise Unavailable(f"no answer in {CHECK_SECONDS} s") from None
        return PlainTextResponse("ok")

    return Route("/health/live", live), Route("/health/ready", ready)
