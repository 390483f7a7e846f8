"""The list of apps with their keys."""

from typing import Any

import pytest

from db.api_keys import create_api_key, generate_api_key, hash_api_key
from tests.schema.test_apps import FACTS, create, get, update
from tests.support.pagination import ARGUMENTS, BOUNDS, PAGE, Listing, page_of
from tests.support.shop import Shop, new_app
from tests.support.statements import answered

LIST = f"query ({ARGUMENTS}) {{ apps({BOUNDS}) {PAGE} }}"


async def test_apps_are_listed_newest_first(shop: Shop) -> None:
    apps = [await create(shop, name=f"App {number}") for number in range(3)]
    await update(shop, id=apps[1]["id"], disabled=True)
    answer = await shop.ask(f"{{ apps {{ nodes {{ {FACTS} keys {{ name }} }} count {{ value precision }} }} }}")
    own = await get(shop, await shop.app_id())
    listed = [await get(shop, app["id"]) for app in reversed(apps)]
    assert answer["apps"] == {
        "nodes": [*listed, own | {"keys": [{"name": "test"}]}],
        "count": {"value": 4, "precision": "EXACT"},
    }


@pytest.mark.parametrize("direction", [Listing.forwards, Listing.backwards])
@pytest.mark.parametrize("size", [1, 2, 7, 100])
async def test_the_list_of_apps_is_paginated(shop: Shop, direction: Any, size: int) -> None:
    ids = [await shop.app_id(), *[(await create(shop))["id"] for _ in range(6)]][::-1]
    listing = Listing(shop, LIST, ["apps"], ids)
    pages = [page async for page in direction(listing, [size])]
    pages = pages if direction is Listing.forwards else pages[::-1]
    assert [node["id"] for page in pages for node in page["nodes"]] == ids
    assert len(pages) == -(-7 // size)
    cursors = await listing.cursors()
    for bounds in ({"first": 2, "after": ids[1]}, {"last": 2, "before": ids[5]}, {"first": 3, "last": 1}):
        sent = {name: cursors.get(value, value) for name, value in bounds.items()}
        assert await listing.page(**sent) == page_of(ids, ids, cursors, **bounds)


async def test_listing_apps_with_their_keys_takes_two_statements(shop: Shop) -> None:
    document = "{ apps { nodes { name keys { name } } } }"
    for number in range(1, 30):
        new = await new_app(shop.db, shop.id, ["sessions:read"], f"app {number}")
        await create_api_key(shop.db, shop.id, new.app.id, f"second of {number}", hash_api_key(generate_api_key()))
    data, statements = await answered(shop, document)
    assert data["apps"]["nodes"] == [
        *(
            {"name": f"app {number}", "keys": [{"name": f"app {number}"}, {"name": f"second of {number}"}]}
            for number in range(29, 0, -1)
        ),
        {"name": "test", "keys": [{"name": "test"}]},
    ]
    assert len(statements) == 2
