"""Relay connections over keysets (https://relay.dev/graphql/connections.htm)."""

from collections.abc import Awaitable, Callable
from enum import Enum
from functools import partial
from typing import Annotated, Any, Generic, NamedTuple, TypeAlias, TypeVar

import strawberry

from db.columns import Columns
from db.keysets import Key, Window
from db.statements import Row
from engine.rows import resolver, selected_columns
from schema.context import Info
from schema.cost import COUNT_LIMIT, COUNT_LIMIT_MAXIMUM, PAGE_SIZE, PAGE_SIZE_LIMIT
from schema.errors import BadUserInput
from schema.fields import argument, enum_value

N = TypeVar("N")

First = Annotated[
    int | None,
    argument(
        f"The number of items to return from the start of the list, 0 to {PAGE_SIZE_LIMIT}. "
        f"Defaults to {PAGE_SIZE} if `last` is not given either."
    ),
]
Last = Annotated[
    int | None,
    argument(
        f"The number of items to return from the end of the list, 0 to {PAGE_SIZE_LIMIT}. "
        "Combined with `first`, returns the last of the items that `first` selects."
    ),
]
After = Annotated[str | None, argument("Return the items after this cursor.")]
Before = Annotated[str | None, argument("Return the items before this cursor.")]


class PageArguments(NamedTuple):
    """The arguments of a connection. `first` and `last` limit the items between the two cursors, in this order."""

    first: int | None = None
    after: str | None = None
    last: int | None = None
    before: str | None = None


class Page(NamedTuple, Generic[N]):
    """One page of a list."""

    rows: list[Row]
    node: Callable[..., N]
    """Converts a row to an object."""
    cursor: Callable[[Row], str]
    has_next: Callable[[], Awaitable[bool]]
    has_previous: Callable[[], Awaitable[bool]]


Fetch: TypeAlias = Callable[[Window, Columns], Awaitable[list[Row]]]


def row_key(row: Row) -> Key:
    return Key(row["sort_key"], row["id"])


class PageRequest:
    """The page that a client requests: the window of rows to fetch, and the columns that they need (None: all)."""

    def __init__(self, info: Info, list_name: str, arguments: PageArguments) -> None:
        """Check the arguments, and decode the cursors. Raises BadUserInput."""
        first, last = arguments.first, arguments.last
        for name, number in (("first", first), ("last", last)):
            if number is not None and not 0 <= number <= PAGE_SIZE_LIMIT:
                raise BadUserInput(f"{name} must be 0 to {PAGE_SIZE_LIMIT}, got {number}.")
        cursors, store_id = info.context.cursors, info.context.require().store_id
        after, before = (
            cursors.decode(store_id, list_name, cursor) if cursor is not None else None
            for cursor in (arguments.after, arguments.before)
        )
        is_last = first is None and last is not None
        limit = last if is_last else first
        self._size = PAGE_SIZE if limit is None else limit
        self._last = last
        self._encode = partial(cursors.encode, store_id, list_name)
        # One more row than requested shows whether there are more on that side.
        self.window = Window(self._size + 1, after, before, is_last)
        self.columns = selected_columns(info)
        if self.columns is not None and (after or before or last is not None):
            self.columns |= {"id", "sort_key"}  # the keys at which the neighboring pages start

    def page(
        self, rows: list[Row], node: Callable[..., N], fetch: Fetch, key: Callable[[Row], Key] = row_key
    ) -> Page[N]:
        """Convert the window's rows. Whether there are more on the other side is only fetched if it is selected."""
        size, last, encode, columns = self._size, self._last, self._encode, self.columns
        _, after, before, is_last = self.window
        more = len(rows) > size
        bounds = (rows[0], rows[-1]) if rows else None
        before_rows = after_rows = False
        if is_last:
            rows, before_rows = rows[-size:] if size else [], more
        else:
            rows, after_rows = rows[:size], more
            if last is not None and last < len(rows):
                rows, before_rows = rows[len(rows) - last :], True

        async def has_next() -> bool:
            if after_rows or before is None:
                return after_rows
            # If the page is empty, its neighbors are the rows beyond the cursors.
            highest = key(bounds[1]) if bounds else after
            return bool(await fetch(Window(1, after=highest), columns))

        async def has_previous() -> bool:
            if before_rows or after is None:
                return before_rows
            lowest = key(bounds[0]) if bounds else before
            return bool(await fetch(Window(1, before=lowest, last=True), columns))

        return Page(rows, node, lambda row: encode(key(row)), has_next, has_previous)


@strawberry.enum(description="Whether a count is exact.")
class CountPrecision(Enum):
    EXACT = enum_value("EXACT", "The count is exact.")
    AT_LEAST = enum_value("AT_LEAST", "Counting stopped at the limit. The list has more items.")


@strawberry.type(description="The number of items in a list.")
class Count:
    value: int = strawberry.field(description="The number of items, at most the limit.")
    precision: CountPrecision = strawberry.field(description="Whether the number is exact.")


@strawberry.type(description="The position of a page in its list.")
class PageInfo:
    page: strawberry.Private[Page[Any]]

    @resolver("The cursor of the first edge. Null if the page is empty.", reads=("id", "sort_key"))
    def start_cursor(self) -> str | None:
        return self.page.cursor(self.page.rows[0]) if self.page.rows else None

    @resolver("The cursor of the last edge. Null if the page is empty.", reads=("id", "sort_key"))
    def end_cursor(self) -> str | None:
        return self.page.cursor(self.page.rows[-1]) if self.page.rows else None

    @resolver("Whether there are items after this page.")
    async def has_next_page(self) -> bool:
        return await self.page.has_next()

    @resolver("Whether there are items before this page.")
    async def has_previous_page(self) -> bool:
        return await self.page.has_previous()


@strawberry.type(description="An item of a list and its cursor.")
class Edge(Generic[N]):
    page: strawberry.Private[Page[N]]
    item_row: strawberry.Private[Row]

    @resolver("The item.")
    def node(self) -> N:
        return self.page.node(row=self.item_row)

    @resolver("The cursor of the item, for `after` and `before`. Opaque.", reads=("id", "sort_key"))
    def cursor(self) -> str:
        return self.page.cursor(self.item_row)


@strawberry.type(description="A page of a list.")
class Connection(Generic[N]):
    page: strawberry.Private[Page[N]]

    @resolver("The items of the page, each with its cursor.")
    def edges(self) -> list[Edge[N]]:
        return [Edge(page=self.page, item_row=row) for row in self.page.rows]

    @resolver("The items of the page.")
    def nodes(self) -> list[N]:
        node = self.page.node
        return [node(row=row) for row in self.page.rows]

    @resolver("The position of the page in its list.")
    def page_info(self) -> PageInfo:
        return PageInfo(page=self.page)


@strawberry.type(name="Connection", description="A page of a list.")
class CountableConnection(Connection[N], Generic[N]):
    count_up_to: strawberry.Private[Callable[[int], Awaitable[int]]]

    @resolver("The number of items on all pages. Counted only if selected.")
    async def count(
        self,
        limit: Annotated[
            int | None, argument(f"The number at which counting stops, 1 to {COUNT_LIMIT_MAXIMUM}.")
        ] = COUNT_LIMIT,
    ) -> Count:
        limit = COUNT_LIMIT if limit is None else limit
        if not 1 <= limit <= COUNT_LIMIT_MAXIMUM:
            raise BadUserInput(f"limit must be 1 to {COUNT_LIMIT_MAXIMUM}, got {limit}.")
        value = await self.count_up_to(limit + 1)
        precision = CountPrecision.EXACT if value <= limit else CountPrecision.AT_LEAST
        return Count(value=min(value, limit), precision=precision)
