"""Publishing, listing and retiring documents, and who may do so."""

import hashlib
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

import pytest

from db.documents import get_document, get_document_by_hash
from db.ids import new_id
from db.pool import Pool
from tests.support.pagination import page_of
from tests.support.persisted_documents import BODY, DOCUMENT, app_of, listed, named, publish, retire
from tests.support.shop import Shop, moment, new_app
from tests.support.statements import statements_of

NewShop = Callable[[], Awaitable[Shop]]


async def test_a_retired_document_is_not_found_and_retiring_is_idempotent(shop: Shop) -> None:
    [document, other] = await publish(shop, {"store": BODY, "again": BODY})
    app_id, hash = await app_of(shop), hashlib.sha256(BODY.encode()).digest()
    retired = await retire(shop, "store")
    assert retired == document | {"retiredAt": retired["retiredAt"]}
    assert moment(retired["retiredAt"]) > moment(document["publishedAt"])
    assert await retire(shop, "store") == retired
    assert await listed(shop) == [other, retired]
    assert await get_document(shop.db, shop.id, app_id, "store") is None
    found = await get_document_by_hash(shop.db, shop.id, app_id, hash)
    assert found is not None
    assert found.id == "again"
    await retire(shop, "again")
    assert await get_document_by_hash(shop.db, shop.id, app_id, hash) is None


async def test_a_retired_document_can_be_published_again(shop: Shop) -> None:
    [document] = await publish(shop, {"store": BODY})
    retired = await retire(shop, "store")
    [again] = await publish(shop, {"store": BODY})
    assert again == document | {"publishedAt": again["publishedAt"]}
    assert moment(again["publishedAt"]) > moment(retired["retiredAt"])
    assert await listed(shop) == [again]
    assert await get_document(shop.db, shop.id, await app_of(shop), "store") is not None


async def test_a_document_is_retired_by_any_form_of_its_id(shop: Shop) -> None:
    [document] = await publish(shop, named("Store"))
    assert (await retire(shop, document["id"].removeprefix("sha256:").upper()))["id"] == document["id"]


@pytest.mark.parametrize("id", ["store", "", "sha256:x", "x" * 200, "\0", "../.."])
async def test_an_unknown_document_cannot_be_retired(shop: Shop, id: str) -> None:
    payload = await shop.change("retireDocument", "document { id }", id=id)
    assert payload["document"] is None
    [error] = payload["userErrors"]
    assert (error["field"], error["code"]) == (["id"], "NOT_FOUND")


async def test_without_admin_an_app_publishes_only_its_own_documents(shop: Shop) -> None:
    own = await shop.with_scopes("documents:write")
    other, own_id = await app_of(shop), await app_of(own)
    [document] = await publish(own, {"store": BODY})
    assert await publish(own, {"store": BODY}, appId=own_id) == [document]
    forbidden = ("FORBIDDEN", "This needs the scope admin, which the app 'test' lacks.")
    for app_id in (other, new_id("app"), "x"):  # the answer does not reveal whether the app exists
        for mutation, input in {
            "publishDocuments": {"manifest": named("Q")},
            "retireDocument": {"id": "store"},
        }.items():
            type = mutation[0].upper() + mutation[1:]
            text = f"mutation ($input: {type}Input!) {{ {mutation}(input: $input) {{ userErrors {{ code }} }} }}"
            assert await own.error(text, input={**input, "appId": app_id}) == forbidden
    assert await listed(shop) == []
    assert await listed(own) == [document]
    assert (await retire(own, "store", appId=own_id))["id"] == "store"


async def test_with_admin_an_app_publishes_for_any_app_of_the_store(shop: Shop, new_shop: NewShop) -> None:
    app = (await new_app(shop.db, shop.id, ["sessions:read"])).app
    [document] = await publish(shop, {"store": BODY}, appId=app.id)
    assert await listed(shop) == []
    answer = await shop.ask(
        f"query ($id: ID!) {{ app(id: $id) {{ documents {{ nodes {{ {DOCUMENT} }} }} }} }}", id=app.id
    )
    assert answer["app"]["documents"]["nodes"] == [document]
    assert (await retire(shop, "store", appId=app.id))["id"] == "store"
    neighbour = await new_shop()
    for id, code, message in (
        (app.id, "NOT_FOUND", "must be the ID of an app of your store"),
        (new_id("app"), "NOT_FOUND", "must be the ID of an app of your store"),
        ("x", "INVALID", "must look like app_01h455vb4pex5vsknk084sn02q, got 'x'"),
    ):
        payload = await neighbour.change("publishDocuments", "documents { id }", manifest={"q": BODY}, appId=id)
        error = {"field": ["appId"], "code": code, "message": message}
        assert payload == {"documents": [], "userErrors": [error]}


async def test_documents_of_other_apps_and_stores_are_unchanged(shop: Shop, new_shop: NewShop, db: Pool) -> None:
    neighbour, sibling = await new_shop(), await shop.with_scopes("admin")
    other = {"store": "query Other { store { slug } }"}
    theirs, siblings = await publish(neighbour, other), await publish(sibling, other)
    await publish(shop, {"store": BODY})
    await retire(shop, "store")
    assert (await listed(neighbour), await listed(sibling)) == (theirs, siblings)
    assert [document["body"] for document in await listed(shop)] == [BODY]
    rows = [await get_document(db, store.id, await app_of(store), "store") for store in (shop, neighbour, sibling)]
    assert [row and row.body for row in rows] == [None, other["store"], other["store"]]


async def test_listing_documents_needs_the_scope_to_publish_them(shop: Shop) -> None:
    reader = await shop.with_scopes("sessions:read")
    document = "{ viewer { app { documents { nodes { id } } } } }"
    assert await reader.error(document) == (
        "FORBIDDEN",
        "This needs the scope documents:write, which the app 'test' lacks.",
    )
    assert await listed(await shop.with_scopes("documents:write")) == []


async def test_documents_are_paged(shop: Shop) -> None:
    manifest = named(*(f"Q{number}" for number in range(7)))
    await publish(shop, manifest)
    ids = sorted(manifest)
    text = """query ($first: Int, $after: String, $last: Int, $before: String) { viewer { app {
        documents(first: $first, after: $after, last: $last, before: $before) {
            edges { cursor node { id } } nodes { id }
            pageInfo { hasNextPage hasPreviousPage startCursor endCursor }
        }
    } } }"""

    async def page(**bounds: Any) -> Any:
        return (await shop.ask(text, **bounds))["viewer"]["app"]["documents"]

    cursors = {edge["node"]["id"]: edge["cursor"] for edge in (await page())["edges"]}
    assert list(cursors) == ids
    for bounds in bounds_of(ids):
        given = {name: cursors[value] if isinstance(value, str) else value for name, value in bounds.items()}
        assert await page(**given) == page_of(ids, ids, cursors, **bounds), bounds
    sibling = await shop.with_scopes("admin")
    code, _ = await sibling.error(text, after=cursors[ids[0]])
    assert code == "BAD_USER_INPUT"


def bounds_of(ids: Sequence[str]) -> list[dict[str, Any]]:
    sizes: list[dict[str, Any]] = [{}, {"first": 0}, {"first": 2}, {"last": 2}, {"first": 3, "last": 2}, {"last": 100}]
    cursors: list[dict[str, Any]] = [{}, {"after": ids[2]}, {"before": ids[4]}, {"after": ids[1], "before": ids[5]}]
    return [size | cursor for size in sizes for cursor in cursors]


async def test_documents_of_many_apps_are_loaded_in_one_statement(shop: Shop) -> None:
    for _ in range(3):
        await publish(await shop.with_scopes("admin"), named("Q"))
    assert len(await statements_of(shop, "{ apps { nodes { documents(first: 2) { nodes { id } } } } }")) == 2
