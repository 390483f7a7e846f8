"""Limits of the connections that are in use at a time: those of a pool, and of its parts for a store or an app."""

import asyncio
from collections import deque
from typing import TypeAlias


class Limit:
    """A number of connections, of which `free` are not in use."""

    __slots__ = ("__weakref__", "free")

    def __init__(self, size: int) -> None:
        self.free = size


Limits: TypeAlias = tuple[Limit, ...]


class Turns:
    """Gives out turns within limits. Tasks wait in order, except for those whose limits permit them to go first."""

    def __init__(self) -> None:
        self._waiting: deque[tuple[Limits, asyncio.Future[None]]] = deque()

    def take(self, limits: Limits) -> bool:
        """Take a turn, if none of the limits is reached."""
        for limit in limits:
            if not limit.free:
                return False
        for limit in limits:
            limit.free -= 1
        return True

    async def wait(self, limits: Limits) -> None:
        """Take a turn as soon as possible."""
        if self.take(limits):
            return
        turn = asyncio.get_running_loop().create_future()
        waiter = limits, turn
        self._waiting.append(waiter)
        try:
            await turn
        except asyncio.CancelledError:
            if turn.done() and not turn.cancelled():
                self.end(limits)
            else:
                self._waiting.remove(waiter)
            raise

    def end(self, limits: Limits) -> None:
        """End a turn. The tasks that waited for it take theirs."""
        for limit in limits:
            limit.free += 1
        if self._waiting:
            for waiter in list(self._waiting):
                wanted, turn = waiter
                if not turn.done() and self.take(wanted):
                    self._waiting.remove(waiter)
                    turn.set_result(None)
