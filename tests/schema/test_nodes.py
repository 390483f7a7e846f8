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
    "",
    "session",
    "session_",
    "01h455vb4pex5vsknk084sn02q",
    "session_01h455vb4pex5vsknk084sn02",
    "session_01H455VB4PEX5VSKNK084SN02Q",
    "session_01h455vb4pex5vsknk084sn02l",
    "session_81h455vb4pex5vsknk084sn02q",
    "session_01h455vb4pex5vsknk084sn02q\n",
    "session_01h455vb4pex5vsknk084sn0\0q",
    "42",
    "💬" * 40,
]


@pytest.mark.parametrize("written", ["QSH7-é", "qsh7-É", "Qsh7-e", "QSH7-É"])
async def test_an_order_is_found_by_number_in_any_case(shop: Shop, new_shop: NewShop, written: str) -> None:
    session = await shop.create(orderNumber="QSH7-É")
    answer = await shop.ask(
        "query ($number: String!) { order(number: $number) { number session { id } } }", number=written
    )
    assert answer == {"order": {"number": "QSH7-É", "session": {"id": session["id"]}}}


async def test_an_exact_match_wins_when_order_numbers_differ_by_case(shop: Shop) -> None:
    for number in ("abc", "ABC", "Abc"):
        await shop.create(orderNumber=number)
    for number in ("abc", "ABC", "Abc"):
        assert await shop.ask("query ($n: String!) { order(number: $n) { number } }", n=number) == {
            "order": {"number": number}
        }


@pytest.mark.parametrize("number", ["", "QSH7K", "QSH7K22", "%", "QSH7K_", " QSH7K2"])
async def test_an_unknown_order_number_is_null(shop: Shop, number: str) -> None:
    await shop.create(orderNumber="QSH7K2")
    assert await shop.ask("query ($n: String!) { order(number: $n) { id } }", n=number) == {"order": None}


async def everything(shop: Shop) -> list[dict[str, Any]]:
    """One object of each type, with the fields of NODES."""
    session = await shop.create("Dewi", roomId="1905692", orderNumber="QSH7K2")
    order = (await shop.ask('{ order(number: "QSH7K2") { id } }'))["order"]
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
    assert await shop.ask(NODES, ids=[*ids, unknown, ids[0], *reversed(ids)]) == {
        "nodes": [*things, None, things[0], *reversed(things)]
    }
    assert await shop.ask(NODES, ids=[]) == {"nodes": []}


async def test_a_node_has_the_type_of_its_id(shop: Shop) -> None:
    for thing in await everything(shop):
        assert await shop.ask("query ($id: ID!) { node(id: $id) { __typename id } }", id=thing["id"]) == {
            "node": {"__typename": thing["__typename"], "id": thing["id"]}
        }


async def test_the_id_of_an_object_that_is_not_a_node_is_null(shop: Shop) -> None:
    session = await shop.create()
    event = await shop.ask(
        "query ($id: ID!) { session(id: $id) { events { nodes { id apiKeyId } } } }", id=session["id"]
    )
    [issued] = event["session"]["events"]["nodes"]
    assert await shop.ask(NODES, ids=[issued["id"], issued["apiKeyId"]]) == {"nodes": [None, None]}


@pytest.mark.parametrize("id", MALFORMED)
async def test_a_malformed_id_is_refused(shop: Shop, id: str) -> None:
    code, message = await shop.error("query ($id: ID!) { session(id: $id) { id } }", id=id)
    assert code == "BAD_USER_INPUT"
    assert message.startswith("The session ID must look like session_01h455vb4pex5vsknk084sn02q, got ")
    for document in ("query ($id: ID!) { node(id: $id) { id } }", "query ($id: ID!) { nodes(ids: [$id]) { id } }"):
        code, message = await shop.error(document, id=id)
        assert code == "BAD_USER_INPUT"
        assert message.startswith("An ID must look like session_01h455vb4pex5vsknk084sn02q, got ")


async def test_an_id_of_the_wrong_type_is_refused(shop: Shop) -> None:
    session = await shop.create()
    customer_id = session["customer"]["id"]
    assert await shop.error("query ($id: ID!) { session(id: $id) { id } }", id=customer_id) == (
        "BAD_USER_INPUT",
        f"The session ID must look like session_01h455vb4pex5vsknk084sn02q, got '{customer_id}'.",
    )
    assert await shop.error("query ($id: ID!) { customer(id: $id) { id } }", id=session["id"]) == (
        "BAD_USER_INPUT",
        f"The customer ID must look like customer_01h455vb4pex5vsknk084sn02q, got '{session['id']}'.",
    )


async def test_more_than_a_hundred_node_ids_are_refused(shop: Shop) -> None:
    assert await shop.ask(NODES, ids=[shop.id] * 100) == {
        "nodes": [{"__typename": "Store", "id": shop.id, "slug": shop.slug}] * 100
    }
    assert await shop.error(NODES, ids=[shop.id] * 101) == ("BAD_USER_INPUT", "At most 100 ids, got 101.")
