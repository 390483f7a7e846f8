"""The limits of filters."""

import pytest

from tests.support.rows import Row
from tests.support.shop import Shop


def nested(depth: int) -> Row:
    return {} if depth == 1 else {"not": nested(depth - 1)}


TOO_LONG = "The text of a filter can have at most 200 characters, got 201."
UNKNOWN = "session_01h455vb4pex5vsknk084sn02q"

LIMITS: dict[str, tuple[Row, Row, str]] = {
    "depth": (nested(8), nested(9), "A filter can have at most 8 levels, got 9."),
    "conditions": ({"or": [{}] * 99}, {"or": [{}] * 100}, "A filter can consist of at most 100 filters, got 101."),
    "words": ({"search": "a " * 10}, {"search": "a " * 11}, "A search can have at most 10 words, got 11."),
    "search": ({"search": "a" * 200}, {"search": "a" * 201}, TOO_LONG),
    "name": ({"customerName": {"contains": "😀" * 200}}, {"customerName": {"contains": "😀" * 201}}, TOO_LONG),
    "inner": ({"not": {"roomId": {"equals": "a" * 200}}}, {"not": {"roomId": {"startsWith": "a" * 201}}}, TOO_LONG),
    "ids": ({"ids": [UNKNOWN] * 100}, {"ids": [UNKNOWN] * 101}, "A filter can have at most 100 IDs, got 101."),
}


@pytest.mark.parametrize("limit", LIMITS)
@pytest.mark.parametrize("field", ["sessions { nodes { id } }", "sessionStats { total }"])
async def test_a_filter_that_exceeds_a_limit_is_an_error(shop: Shop, limit: str, field: str) -> None:
    allowed, refused, message = LIMITS[limit]
    name, selection = field.split(maxsplit=1)
    document = f"query ($filter: SessionFilter) {{ {name}(filter: $filter) {selection} }}"
    await shop.ask(document, filter=allowed)
    assert await shop.error(document, filter=refused) == ("BAD_USER_INPUT", message)
