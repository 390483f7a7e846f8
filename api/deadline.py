"""Deadlines: what takes too long is stopped, and who waits for it is answered at once."""

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar

T = TypeVar("T")


class DeadlinePassed(Exception):
    """The work took longer than it may."""


class Deadline:
    """So many seconds, for each piece of work."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._stopping: set[asyncio.Task[Any]] = set()

    async def hold(self, work: Coroutine[Any, Any, T]) -> T:
        """The work's result. Raises DeadlinePassed.

        What is late is cancelled, and so is its statement in Postgres. Nobody waits until that has happened: with
        Postgres frozen, it would take as long as the work.
        """
        loop = asyncio.get_running_loop()
        waiting = loop.create_future()
        task = loop.create_task(_done(work, waiting))
        timer = loop.call_later(self._seconds, _end, waiting)
        try:
            await waiting
        finally:
            timer.cancel()
            if not task.done():
                self._stopping.add(task)
                task.add_done_callback(self._forget)
                task.cancel()
        if not task.done():
            raise DeadlinePassed(f"Stopped after {self._seconds:g} s.")
        return task.result()

    def _forget(self, task: asyncio.Task[Any]) -> None:
        self._stopping.discard(task)
        # Why it failed after all is asked here, or asyncio would log it.
        if not task.cancelled():
            task.exception()


async def _done(work: Coroutine[Any, Any, T], waiting: asyncio.Future[None]) -> T:
    """The work, at the end of which nobody waits any longer: a callback of its task would come a turn later."""
    try:
        return await work
    finally:
        _end(waiting)


def _end(waiting: asyncio.Future[None]) -> None:
    if not waiting.done():
        waiting.set_result(None)
