"""The timeout of a request."""

import asyncio


class Timeout:
    """Cancels the current task after a number of seconds, like `asyncio.timeout` at a fifth of its overhead.

    `passed` tells whether a CancelledError was caused by this timeout.
    """

    __slots__ = ("_task", "_timer", "passed")

    def __init__(self, seconds: float) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._task = task
        self.passed = False
        self._timer = asyncio.get_running_loop().call_later(seconds, self._cancel)

    def stop(self) -> None:
        self._timer.cancel()
        if self.passed:
            self._task.uncancel()

    def _cancel(self) -> None:
        self.passed = True
        self._task.cancel()
