"""Reading objects by their IDs, and orders by their numbers."""

from typing import Any

import pytest

from tests.support.shop import NewShop, Shop

NODES = """query ($ids: [ID!]!) { nodes(ids: $ids) {
    __typename id
    ... on Session { roomId }
    ... on Customer { name }
    ... on Order { number }
    ... on Store { slug }
} }"""

MALFORMED = [
    "", "session", "session_", "01h455vb4pex5vsknk084sn02q", "session_01h455vb4pex5vsknk084sn02", "42", "💬" * 40,
    "session_01H455VB4PEX5VSKNK084SN02Q", "session_01h455vb4pex5vsknk084sn02l", "session_81h455vb4pex5vsknk084sn02q",
    "session_01h455vb4pex5vsknk084sn02q\n", "session_01h455vb4pex5vsknk084sn0\0q",
]  # fmt: skip


@pytest.mark.parametrize("written", ["QSH7-é", "qsh7-É", "Qsh7-e", "QSH7-É"])
async def test_an_order_is_found_by_number_in_any_case(shop: Shop, new_shop: NewShop, written: str) -> None:
    session = await shop.create(orderNumber="QSH7-É")
    assert await shop.order(written, "number session { id }") == {"number": "QSH7-É", "session": {"id": session["id"]}}


async def test_an_exact_match_wins_when_order_numbers_differ_by_case(shop: Shop) -> None:
    for number in ("abc", "ABC", "Abc"):
        await shop.create(orderNumber=number)
    for number in ("abc", "ABC", "Abc"):
        assert await shop.order(number, "number") == {"number": number}


@pytest.mark.parametrize("number", ["", "QSH7K", "QSH7K22", "%", "QSH7K_", " QSH7K2"])
async def test_an_unknown_order_number_is_null(shop: Shop, number: str) -> None:
    await shop.create(orderNumber="QSH7K2")
    assert await shop.order(number) is None


async def everything(shop: Shop) -> list[dict[str, Any]]:
    """One object of each type, with the fields of NODES."""
    session = await shop.create("Dewi", roomId="1905692", orderNumber="QSH7K2")
    order = await shop.order("QSH7K2")
    return [
        {"__typename": "Order", "id": order["id"], "number": "QSH7K2"},
        {"__typename": "Session", "id": session["id"], "roomId": "1905692"},
        {"__typename": "Store", "id": shop.id, "slug": shop.slug},
        {"__typename": "Customer", "id": session["customer"]["id"], "name": "Dewi"},
    ]


async def test_nodes_are_returned_in_the_order_of_their_ids(shop: Shop) -> None:
    things = await everything(shop)
    unknown = "session_01h455vb4pex5vsknk084sn02q"
    ids = [thing["id"] for thing in things]
    answer = await shop.ask(NODES, ids=[*ids, unknown, ids[0], *reversed(ids)])
    assert answer == {"nodes": [*things, None, things[0], *reversed(things)]}
    assert await shop.ask(NODES, ids=[]) == {"nodes": []}


async def test_a_node_has_the_type_of_its_id(shop: Shop) -> None:
    for thing in await everything(shop):
        answer = await shop.ask("query ($id: ID!) { node(id: $id) { __typename id } }", id=thing["id"])
        assert answer == {"node": {"__typename": thing["__typename"], "id": thing["id"]}}


async def test_the_id_of_an_object_that_is_not_a_node_is_null(shop: Shop) -> None:
    session = await shop.create()
    [issued] = await shop.events(session["id"], "id apiKeyId")
    assert await shop.ask(NODES, ids=[issued["id"], issued["apiKeyId"]]) == {"nodes": [None, None]}


@pytest.mark.parametrize("id", MALFORMED)
async def test_a_malformed_id_is_refused(shop: Shop, id: str) -> None:
    for field, subject in (
        ("session(id: $id)", "The session ID"),
        ("node(id: $id)", "An ID"),
        ("nodes(ids: [$id])", "An ID"),
    ):
        code, message = await shop.error(f"query ($id: ID!) {{ {field} {{ id }} }}", id=id)
        assert code == "BAD_USER_INPUT"
        assert message.startswith(f"{subject} must look like session_01h455vb4pex5vsknk084sn02q, got ")


async def test_an_id_of_the_wrong_type_is_refused(shop: Shop) -> None:
    session = await shop.create()
    for noun, id in (("session", session["customer"]["id"]), ("customer", session["id"])):
        message = f"The {noun} ID must look like {noun}_01h455vb4pex5vsknk084sn02q, got '{id}'."
        error = await shop.error(f"query ($id: ID!) {{ {noun}(id: $id) {{ id }} }}", id=id)
        assert error == ("BAD_USER_INPUT", message)


async def test_more_than_a_hundred_node_ids_are_refused(shop: Shop) -> None:
    slugs = [{"__typename": "Store", "id": shop.id, "slug": shop.slug}] * 100
    assert await shop.ask(NODES, ids=[shop.id] * 100) == {"nodes": slugs}
    assert await shop.error(NODES, ids=[shop.id] * 101) == ("BAD_USER_INPUT", "At most 100 ids, got 101.")
