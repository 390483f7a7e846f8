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
        after, turn = None, 0
        while True:
            page = await self.page(first=sizes[turn % len(sizes)], after=after)
            yield page
            if not page["pageInfo"]["hasNextPage"]:
                return
            after, turn = page["pageInfo"]["endCursor"], turn + 1
            assert turn < MOST_PAGES

    async def backwards(self, sizes: Sequence[int]) -> AsyncIterator[Any]:
        """The pages from the last to the first, whose sizes repeat."""
        before, turn = None, 0
        while True:
            page = await self.page(last=sizes[turn % len(sizes)], before=before)
            yield page
            if not page["pageInfo"]["hasPreviousPage"]:
                return
            before, turn = page["pageInfo"]["startCursor"], turn + 1
            assert turn < MOST_PAGES

    async def cursors(self) -> dict[str, str]:
        """The cursor of each ID."""
        return {edge["node"]["id"]: edge["cursor"] async for page in self.forwards([100]) for edge in page["edges"]}


def page_of(
    everything: Sequence[str],
    included: Sequence[str],
    cursors: dict[str, str],
    *,
    first: int | None = None,
    after: str | None = None,
    last: int | None = None,
    before: str | None = None,
) -> Any:
    """What a page must be, when `included` are listed out of `everything`, which is in order.

    A cursor may be that of an ID that is not listed. Of what lies between the cursors come the first so many, of these
    the last so many. What lies beyond both cursors is neither on the page nor between them, but before or after it.
    """
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
