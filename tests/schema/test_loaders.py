"""Loaders, when the part of an answer that waits for them fails."""

from tests.support.shop import Shop

TWICE = """query Twice($id: ID!) {
    a: session(id: $id) { orders { number } events(after: "made up") { nodes { kind } } }
    b: session(id: $id) { orders { number } }
}"""


async def test_what_fails_takes_nothing_from_others_who_wait_for_the_same(shop: Shop) -> None:
    session = await shop.create(orderNumber="QSH7K2")
    answer = (await shop.post(TWICE, id=session["id"])).json()
    assert answer["data"] == {"a": None, "b": {"orders": [{"number": "QSH7K2"}]}}
    assert [error["path"] for error in answer["errors"]] == [["a", "events"]]
