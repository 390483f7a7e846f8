"""How many connections may be in use at a time: of the pool, and of the parts of it that a store or an app can use."""

import asyncio
from collections import deque
from typing import TypeAlias


class Limit:
    """A number of connections, of which so many are free."""

    __slots__ = ("__weakref__", "free")

    def __init__(self, size: int) -> None:
        self.free = size


Limits: TypeAlias = tuple[Limit, ...]


class Turns:
    """Gives out turns within limits. Whoever has to wait is served in order, but does not hold up others whose limits
    are not reached.
    """

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
