"""Paginated lists, and the model of a page."""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from tests.support.shop import Shop

PAGE = """{
    edges { cursor node { id } }
    nodes { id }
    pageInfo { hasNextPage hasPreviousPage startCursor endCursor }
}"""
ARGUMENTS = "$first: Int, $after: String, $last: Int, $before: String"
BOUNDS = "first: $first, after: $after, last: $last, before: $before"
SEARCH = "$filter: SessionFilter, $orderBy: SessionOrder"
SEARCHED = "filter: $filter, orderBy: $orderBy"

SESSIONS = f"query ({SEARCH}, {ARGUMENTS}) {{ sessions({SEARCHED}, {BOUNDS}) {PAGE} }}"
SESSIONS_OF_CUSTOMER = f"""query ($id: ID!, {SEARCH}, {ARGUMENTS}) {{
    customer(id: $id) {{ sessions({SEARCHED}, {BOUNDS}) {PAGE} }}
}}"""
CUSTOMERS = f"query ($filter: CustomerFilter, {ARGUMENTS}) {{ customers(filter: $filter, {BOUNDS}) {PAGE} }}"
EVENTS = f"""query ($id: ID!, $first: Int, $after: String) {{
    session(id: $id) {{ events(first: $first, after: $after) {PAGE} }}
}}"""

PAGE_SIZE = 50
MOST_PAGES = 200


@dataclass(frozen=True)
class Listing:
    """A list: its document and variables, and the IDs of what is in it, in its order."""

    shop: Shop
    document: str
    path: Sequence[str]
    ids: list[str]
    variables: dict[str, Any] = field(default_factory=dict)

    async def page(self, **bounds: Any) -> Any:
        """The connection that is answered."""
        connection = await self.shop.ask(self.document, **self.variables, **bounds)
        for name in self.path:
            connection = connection[name]
        return connection

    async def error(self, **bounds: Any) -> tuple[str, str]:
        return await self.shop.error(self.document, **self.variables, **bounds)

    async def forwards(self, sizes: Sequence[int]) -> AsyncIterator[Any]:
        """The pages from the first to the last, whose sizes repeat."""
        async for page in self._walk(sizes, "first", "after", "hasNextPage", "endCursor"):
            yield page

    async def backwards(self, sizes: Sequence[int]) -> AsyncIterator[Any]:
        """The pages from the last to the first, whose sizes repeat."""
        async for page in self._walk(sizes, "last", "before", "hasPreviousPage", "startCursor"):
            yield page

    async def _walk(self, sizes: Sequence[int], size: str, place: str, has_more: str, edge: str) -> AsyncIterator[Any]:
        cursor = None
        for turn in range(MOST_PAGES):
            page = await self.page(**{size: sizes[turn % len(sizes)], place: cursor})
            yield page
            if not page["pageInfo"][has_more]:
                return
            cursor = page["pageInfo"][edge]
        raise AssertionError(f"more than {MOST_PAGES} pages")

    async def cursors(self) -> dict[str, str]:
        """The cursor of each ID."""
        return {edge["node"]["id"]: edge["cursor"] async for page in self.forwards([100]) for edge in page["edges"]}


def page_of(everything: Sequence[str], included: Sequence[str], cursors: dict[str, str], **bounds: Any) -> Any:
    """What a page of `included`, a part of the sorted list `everything`, must be.

    A cursor can be that of an ID that is not included. The page has the first, and of these the last IDs between the
    cursors; hasNextPage and hasPreviousPage also count the IDs beyond them.
    """
    first, after, last, before = (bounds.get(name) for name in ("first", "after", "last", "before"))
    places = {id: place for place, id in enumerate(everything)}
    low = places[after] if after else -1
    high = places[before] if before else len(everything)
    listed = [places[id] for id in included]
    between = [place for place in listed if low < place < high]
    kept = between[: PAGE_SIZE if first is None and last is None else first]
    page = kept if last is None else kept[max(len(kept) - last, 0) :]
    edges = [{"cursor": cursors[everything[place]], "node": {"id": everything[place]}} for place in page]
    return {
        "edges": edges,
        "nodes": [edge["node"] for edge in edges],
        "pageInfo": {
            "hasNextPage": len(kept) < len(between) or any(place >= high and place > low for place in listed),
            "hasPreviousPage": len(page) < len(kept) or any(place <= low and place < high for place in listed),
            "startCursor": edges[0]["cursor"] if edges else None,
            "endCursor": edges[-1]["cursor"] if edges else None,
        },
    }
