"""Records in the background that API keys are used, and that staff sign in. Requests never wait for it."""

import asyncio
from collections.abc import Callable, Coroutine
from contextvars import Context
from functools import partial
from time import monotonic
from typing import Any

from api.logs import logger
from api.ttl_cache import TTLCache
from db.api_keys import set_api_key_used
from db.audit import create_signed_in
from db.credentials import Credential
from db.pool import Pool
from schema.rate_limits import network

# The time until a use is recorded again. Postgres decides whether an hour has passed.
SECONDS = 600.0
# The same after an attempt that failed, for example on a read-only database.
RETRY_SECONDS = 60.0


class Usage:
    def __init__(self, db: Pool) -> None:
        self._db = db
        self._recent: TTLCache[tuple[str | None, ...], None] = TTLCache()
        self._tasks: set[asyncio.Task[None]] = set()

    def record(self, credential: Credential, address: str | None) -> None:
        """Record the use of an API key, and the sign-in of a user or with a key of the console.

        Does nothing if this process did so within the last minutes.
        """
        store_id, api_key_id = credential.store_id, credential.api_key_id
        if api_key_id is not None:
            self._once((api_key_id,), partial(set_api_key_used, self._db, store_id, api_key_id))
        if credential.user_id is not None or credential.console:
            origin = credential.origin(address)
            # Clients can have many addresses of a network.
            key = (store_id, credential.app_id, *origin._replace(address=network(address or "")))
            self._once(key, partial(create_signed_in, self._db, store_id, credential.app_id, origin))

    def _once(self, key: tuple[str | None, ...], write: Callable[[], Coroutine[Any, Any, None]]) -> None:
        if self._recent.get(key) is None:
            self._recent.put(key, None, monotonic() + RETRY_SECONDS)
            # In its own context, so that its statement does not count as one of the request's.
            task = asyncio.get_running_loop().create_task(self._attempt(key, write), context=Context())
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def _attempt(self, key: tuple[str | None, ...], write: Callable[[], Coroutine[Any, Any, None]]) -> None:
        try:
            await write()
        except Exception as error:  # no caller awaits this task
            logger.warning("The use of a credential was not recorded: %s", type(error).__name__)
        else:
            self._recent.put(key, None, monotonic() + SECONDS)
