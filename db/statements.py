"""Statements: how they run, their rows, and what is recorded of them."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, Protocol

import asyncpg

# Collects the text of each statement that runs in this context, including its child tasks.
executed_statements: ContextVar[list[str] | None] = ContextVar("executed_statements", default=None)

# The store of the request in this context. Its statements cannot name another store: see docs/adr/0020-isolation.md.
store_of_request: ContextVar[str | None] = ContextVar("store_of_request", default=None)


class Row(asyncpg.Record):
    """A row of a result: read-only, its columns by name (`row["id"]`) or as attributes (`row.id`)."""

    __slots__ = ()

    def __getattr__(self, name: str) -> Any:
        try:
            return self[name]
        except KeyError:
            raise AttributeError(f"the row has no column {name!r}") from None


class OtherStore(Exception):
    """A statement of a request names another store as its first parameter. This is an error of the program."""


class Executor(Protocol):
    """Runs statements: either the pool, on any connection, or an open transaction."""

    async def fetch(self, statement: str, *values: Any, planned: bool = False) -> list[Row]:
        """Run a statement. `planned`: with a plan for these values, because the best plan depends on a text's rarity.

        Unnamed statements always get a custom plan. The setting `plan_cache_mode` would have the same effect, but would
        leak to other clients through a pooler in transaction mode.
        """
        ...

    async def fetchrow(self, statement: str, *values: Any) -> Row | None:
        rows = await self.fetch(statement, *values)
        return rows[0] if rows else None


@contextmanager
def recorded_statements() -> Iterator[list[str]]:
    """Collect the executed statements until the context ends."""
    statements: list[str] = []
    token = executed_statements.set(statements)
    try:
        yield statements
    finally:
        executed_statements.reset(token)


def record(statement: str, values: tuple[Any, ...]) -> None:
    """Collect the statement. Raises OtherStore if its first parameter is another store than that of the request."""
    statements = executed_statements.get()
    if statements is not None:
        statements.append(statement)
    store_id = store_of_request.get()
    if store_id is not None and values and values[0] != store_id and str(values[0]).startswith("store_"):
        raise OtherStore(f"{values[0]} instead of {store_id}")
