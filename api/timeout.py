"""The timeout of a request, and the end of a request whose client has left."""

import asyncio

from starlette.types import Receive

# Only a request that takes longer than this is worth asking whether its client is still there.
WATCH_SECONDS = 0.1


class Timeout:
    """Cancels the current task after a number of seconds, like `asyncio.timeout` at a fifth of its overhead.

    `watch` also cancels it when the client disconnects, until `finish`. `passed` and `client_left` tell whether a
    CancelledError was caused by one or the other.
    """

    __slots__ = ("_left", "_receive", "_task", "_timer", "_watcher", "client_left", "passed")

    def __init__(self, seconds: float) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._task = task
        self._receive: Receive | None = None
        self._watcher: asyncio.Task[None] | None = None
        self.passed = self.client_left = False
        # One timer serves both, so that watching costs a fast request nothing.
        first = seconds if seconds < WATCH_SECONDS else WATCH_SECONDS
        self._left = seconds - first
        self._timer = asyncio.get_running_loop().call_later(first, self._check)

    def watch(self, receive: Receive) -> None:
        """Cancel the task when the client disconnects. The request must have been read."""
        self._receive = receive

    def finish(self) -> None:
        """Let the task finish even if the client disconnects."""
        self._receive = None

    def stop(self) -> None:
        self._timer.cancel()
        if self._watcher:
            self._watcher.cancel()
        if self.passed or self.client_left:
            self._task.uncancel()

    def _check(self) -> None:
        if self._left <= 0:
            self.passed = True
            self._task.cancel()
            return
        loop = asyncio.get_running_loop()
        if self._receive and not self._watcher:
            self._watcher = loop.create_task(self._until_disconnected(self._receive))
        seconds = self._left if self._watcher else min(self._left, WATCH_SECONDS)
        self._left -= seconds
        self._timer = loop.call_later(seconds, self._check)

    async def _until_disconnected(self, receive: Receive) -> None:
        while (await receive())["type"] != "http.disconnect":
            pass
        if self._receive:
            self.client_left = True
            self._task.cancel()
