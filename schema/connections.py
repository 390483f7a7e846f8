"""Relay connections over keysets (https://relay.dev/graphql/connections.htm)."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from enum import Enum
from typing import Annotated, Any, Generic, TypeVar

import strawberry

from db.keysets import Key, Window
from engine.rows import resolver
from schema.context import Context
from schema.enums import enum_value
from schema.errors import BadUserInput

N = TypeVar("N")
R = TypeVar("R")

PAGE_SIZE = 50
PAGE_SIZE_LIMIT = 100
IDS_LIMIT = 100
COUNT_LIMIT = 10_000
COUNT_LIMIT_MAXIMUM = 1_000_000

First = Annotated[
    int | None,
    strawberry.argument(
        description=f"How many of the first to return, 0 to {PAGE_SIZE_LIMIT}. "
        f"{PAGE_SIZE} if neither this nor `last` is given."
    ),
]
Last = Annotated[
    int | None, strawberry.argument(description=f"How many of the last to return, 0 to {PAGE_SIZE_LIMIT}.")
]
After = Annotated[str | None, strawberry.argument(description="Return what comes after this cursor.")]
Before = Annotated[str | None, strawberry.argument(description="Return what comes before this cursor.")]


@dataclass(frozen=True)
class Span:
    """Which part of a list is asked for: of what lies between the keys the first so many, of these the last so many."""

    first: int | None
    last: int | None
    after: Key | None
    before: Key | None

    @property
    def is_last(self) -> bool:
        return self.first is None and self.last is not None

    @property
    def size(self) -> int:
        size = self.last if self.is_last else self.first
        return PAGE_SIZE if size is None else size


def read_span(
    context: Context, list_name: str, first: int | None, after: str | None, last: int | None, before: str | None
) -> Span:
    """Read a connection's arguments. Raises BadUserInput."""
    for name, size in (("first", first), ("last", last)):
        if size is not None and not 0 <= size <= PAGE_SIZE_LIMIT:
            raise BadUserInput(f"{name} must be 0 to {PAGE_SIZE_LIMIT}, got {size}.")
    after_key, before_key = (
        context.cursors.decode(context.require().store_id, list_name, cursor) if cursor is not None else None
        for cursor in (after, before)
    )
    return Span(first, last, after_key, before_key)


@dataclass(frozen=True)
class Page(Generic[N]):
    """One page of a list."""

    nodes: list[N]
    cursor: Callable[[int], str]
    """The cursor of the node at an index."""
    has_next: Callable[[], Awaitable[bool]]
    has_previous: Callable[[], Awaitable[bool]]


async def read_page(
    context: Context,
    list_name: str,
    span: Span,
    fetch: Callable[[Window], Awaitable[list[R]]],
    key_of: Callable[[R], Key],
    node: Callable[[R], N],
) -> Page[N]:
    """Fetch a page, with one row more than asked for: it tells whether there are others on that side.

    Whether there are any on the other side is looked up when it is asked.
    """
    store_id = context.require().store_id
    rows = await fetch(Window(span.size + 1, span.after, span.before, span.is_last))
    more = len(rows) > span.size
    # Where nothing lies between the bounds, the page's neighbours are what lies beyond them.
    lowest, highest = (key_of(rows[0]), key_of(rows[-1])) if rows else (span.before, span.after)
    before_rows = after_rows = False
    if span.is_last:
        rows, before_rows = rows[-span.size :] if span.size else [], more
    else:
        rows, after_rows = rows[: span.size], more
        if span.last is not None and span.last < len(rows):
            rows, before_rows = rows[len(rows) - span.last :], True

    async def has_next() -> bool:
        if after_rows or (span.before is None and not span.is_last):
            return after_rows
        return span.before is not None and bool(await fetch(Window(1, after=highest)))

    async def has_previous() -> bool:
        if before_rows or (span.after is None and span.is_last):
            return before_rows
        return span.after is not None and bool(await fetch(Window(1, before=lowest, last=True)))

    return Page(
        nodes=[node(row) for row in rows],
        cursor=lambda index: context.cursors.encode(store_id, list_name, key_of(rows[index])),
        has_next=has_next,
        has_previous=has_previous,
    )


@strawberry.enum(description="How a count is to be read.")
class CountPrecision(Enum):
    EXACT = enum_value("EXACT", "There are just so many.")
    AT_LEAST = enum_value("AT_LEAST", "Counting stopped at the limit: there are more.")


@strawberry.type(description="How many there are.")
class Count:
    value: int = strawberry.field(description="The number, at most the limit.")
    precision: CountPrecision = strawberry.field(description="Whether that is all.")


@strawberry.type(description="Where a page stands in its list.")
class PageInfo:
    page: strawberry.Private[Page[Any]]

    @resolver("The cursor of the first edge. Null: the page is empty.")
    def start_cursor(self) -> str | None:
        return self.page.cursor(0) if self.page.nodes else None

    @resolver("The cursor of the last edge. Null: the page is empty.")
    def end_cursor(self) -> str | None:
        return self.page.cursor(-1) if self.page.nodes else None

    @resolver("Whether anything comes after this page.")
    async def has_next_page(self) -> bool:
        return await self.page.has_next()

    @resolver("Whether anything comes before this page.")
    async def has_previous_page(self) -> bool:
        return await self.page.has_previous()


@strawberry.type(description="A node and its place in the list.")
class Edge(Generic[N]):
    node: N = strawberry.field(description="What the list is of.")
    cursor: str = strawberry.field(description="Its place, for `after` and `before`. Opaque.")


@strawberry.type(description="A page of a list.")
class Connection(Generic[N]):
    page: strawberry.Private[Page[N]]

    @resolver("The nodes with their cursors.")
    def edges(self) -> list[Edge[N]]:
        return [Edge(node=node, cursor=self.page.cursor(index)) for index, node in enumerate(self.page.nodes)]

    @resolver("The nodes alone.")
    def nodes(self) -> list[N]:
        return self.page.nodes

    @resolver("Where the page stands.")
    def page_info(self) -> PageInfo:
        return PageInfo(page=self.page)


@strawberry.type(name="Connection", description="A page of a list.")
class CountableConnection(Connection[N], Generic[N]):
    count_up_to: strawberry.Private[Callable[[int], Awaitable[int]]]

    @resolver("How many there are on all pages. Costs nothing unless selected.")
    async def count(
        self,
        limit: Annotated[
            int | None, strawberry.argument(description=f"Where counting may stop, 1 to {COUNT_LIMIT_MAXIMUM}.")
        ] = COUNT_LIMIT,
    ) -> Count:
        limit = COUNT_LIMIT if limit is None else limit
        if not 1 <= limit <= COUNT_LIMIT_MAXIMUM:
            raise BadUserInput(f"limit must be 1 to {COUNT_LIMIT_MAXIMUM}, got {limit}.")
        value = await self.count_up_to(limit + 1)
        return Count(
            value=min(value, limit), precision=CountPrecision.EXACT if value <= limit else CountPrecision.AT_LEAST
        )
