"""Publishing, listing and retiring persisted documents, and the scopes for it."""

import asyncio
import hashlib
from dataclasses import replace
from typing import Any

import pytest
from graphql import build_schema

from api.documents import publishing
from db.documents import NewDocument, TooManyDocuments, create_documents, get_document
from db.ids import new_id
from db.pool import Pool, Transaction
from schema.root import GRAPHQL_SCHEMA
from tests.api.documents.test_manifests import apollo, operation
from tests.conftest import client_of, settings_for
from tests.support.pagination import ARGUMENTS, BOUNDS, PAGE, Listing, page_of
from tests.support.persisted_documents import (
    BODY,
    DOCUMENT,
    MANIFESTS,
    listed,
    named,
    publish,
    refusals,
    retire,
)
from tests.support.shop import NewShop, Shop, moment, new_app
from tests.support.statements import statements_of

NEVER_CHANGE = "a different document is published with this ID, and published documents never change: use a new ID"


def expected(manifest: dict[str, Any]) -> list[tuple[str, str]]:
    """The IDs and texts of a tool's manifest, as they are to be published."""
    if "format" in manifest:
        return [(f"sha256:{each['id']}", each["body"]) for each in manifest["operations"]]
    return list(manifest.items())


# The cost of each operation.
COSTS = {
    **{"RevokeToken": 20, "SessionTimeline": 57, "Sessions": 123},
    **{"SessionListRevokeMutation": 17, "SessionListPaginationQuery": 203, "SessionListQuery": 203},
}


@pytest.mark.parametrize("tool", MANIFESTS)
async def test_manifests_of_all_tools_are_published(shop: Shop, tool: str) -> None:
    documents = await publish(shop, MANIFESTS[tool])
    assert [(document["id"], document["body"]) for document in documents] == expected(MANIFESTS[tool])
    assert {document["name"] for document in documents} <= set(COSTS)
    assert [document["cost"] for document in documents] == [COSTS[document["name"]] for document in documents]
    assert {document["retiredAt"] for document in documents} == {None}
    assert len({document["publishedAt"] for document in documents}) == 1
    assert await listed(shop) == sorted(documents, key=lambda document: document["id"])
    app_id = await shop.app_id()
    for document in documents:
        hash = hashlib.sha256(document["body"].encode()).digest()
        row = await get_document(shop.db, shop.id, app_id, document["id"])
        assert row == await get_document(shop.db, shop.id, app_id, hash)
        assert row is not None
        of_row = (row.id, row.name, row.body, row.hash, row.cost)
        assert of_row == (document["id"], document["name"], document["body"], hash, document["cost"])


async def test_publishing_a_manifest_again_changes_nothing(shop: Shop) -> None:
    documents = await publish(shop, MANIFESTS["apollo"])
    assert await publish(shop, MANIFESTS["apollo"]) == documents
    upper = {document["id"].removeprefix("sha256:").upper(): document["body"] for document in documents}
    assert await publish(shop, upper) == documents
    assert len(await listed(shop)) == 3


async def test_concurrent_publications_of_a_manifest_publish_it_once(shop: Shop) -> None:
    manifest = named(*(f"Q{number}" for number in range(20)))
    backwards = dict(reversed(manifest.items()))
    document = f"""mutation ($input: PublishDocumentsInput!) {{
        publishDocuments(input: $input) {{ documents {{ {DOCUMENT} }} }}
    }}"""
    inputs = [{"manifest": backwards if number % 2 else manifest} for number in range(20)]
    responses = await asyncio.gather(*(shop.post_until_served(document, input=input) for input in inputs))
    published = await listed(shop)
    assert [document["id"] for document in published] == sorted(manifest)
    for response in responses:
        answered = response.json()["data"]["publishDocuments"]["documents"]
        assert sorted(answered, key=lambda document: document["id"]) == published


async def test_a_document_with_several_operations_has_no_name_and_their_highest_cost(shop: Shop) -> None:
    large, small = "query Large { sessions(first: 100) { nodes { id } } }", "query Small { store { name } }"
    [alone] = await publish(shop, {"large": large})
    [both] = await publish(shop, {"both": f"{small} {large}"})
    assert (alone["name"], both["name"], both["cost"]) == ("Large", None, alone["cost"])
    [anonymous] = await publish(shop, {"anonymous": "{ store { name } }"})
    assert anonymous["name"] is None
    manifest = apollo(operation(id="of-both", name="Small", body=f"{small} {large}"))
    assert [document["name"] for document in await publish(shop, manifest)] == [None]


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ("", "Syntax Error: Unexpected <EOF>. (line 1, column 1)"),
        ("query Store {\n  store { name }", "Syntax Error: Expected Name, found <EOF>. (line 2, column 17)"),
        (
            "{ stores { x } }",
            "Cannot query field 'stores' on type 'Query'. Did you mean 'store' or 'nodes'? (line 1, column 3)",
        ),
        ("query ($id: ID!) { store { name } }", "Variable '$id' is never used. (line 1, column 8)"),
        ("fragment F on Store { name }", "the document has no operation"),
        ("type Store { name: String }", "the document has no operation"),
        ("subscription { a }", "The subscription operation is not supported by the schema. (line 1, column 1)"),
        (
            "{ a: x b: y }",
            "Cannot query field 'x' on type 'Query'. (line 1, column 3) "
            "Cannot query field 'y' on type 'Query'. (line 1, column 8)",
        ),
    ],
)
async def test_an_invalid_document_is_refused(shop: Shop, body: str, reason: str) -> None:
    assert await refusals(shop, {"bad": body}) == [("manifest.bad", f"bad: {reason}")]


async def test_a_document_that_exceeds_the_cost_limit_is_refused(shop: Shop) -> None:
    body = "{ customers(first: 100) { nodes { sessions(first: 100) { nodes { id } } } } }"
    [(field, message)] = await refusals(shop, {"large": body})
    assert field == "manifest.large"
    assert message.startswith("large: This operation has a cost of")
    deep = "{ customer(id: 1) " + "{ sessions { nodes { customer " * 8 + "{ id }" + "}}}" * 8 + "}"
    [(field, message)] = await refusals(shop, {"deep": deep})
    assert field == "manifest.deep"
    assert message.startswith("deep: This operation has a")


async def test_errors_suggest_no_names_if_introspection_is_off(shop: Shop, database_url: str) -> None:
    async with client_of(settings_for(database_url, introspection=False)) as http:
        closed = replace(shop, http=http)
        assert await refusals(closed, {"bad": "{ stores { name } }"}) == [
            ("manifest.bad", "bad: Cannot query field 'stores' on type 'Query'. (line 1, column 3)")
        ]
        [(_, message)] = await refusals(closed, {"bad": "{ __schema { types { name } } }"})
        assert message.startswith("bad: GraphQL introspection has been disabled")


@pytest.mark.parametrize(("name", "type"), [("Shop", "query"), ("Store", "mutation"), ("store", "query")])
async def test_the_name_and_type_in_a_manifest_must_match_the_operation(shop: Shop, name: str, type: str) -> None:
    manifest = apollo(operation(id="x", name=name, type=type, body=BODY))
    assert await refusals(shop, manifest) == [
        ("manifest.operations.0", f"x ({name}): the document has no {type} with this name")
    ]


@pytest.mark.parametrize("manifest", [5, "x", [], [BODY], {}, True, {"a" * 200: BODY}])
async def test_an_invalid_manifest_is_refused(shop: Shop, manifest: Any) -> None:
    [(field, _)] = await refusals(shop, manifest)
    assert field == "manifest"


async def test_a_manifest_cannot_be_null(shop: Shop) -> None:
    mutation = "mutation { publishDocuments(input: {manifest: null}) { userErrors { code } } }"
    assert (await shop.error(mutation))[0] == "GRAPHQL_VALIDATION_FAILED"


async def test_a_published_document_never_changes(shop: Shop) -> None:
    first = await publish(shop, {"store": BODY, **named("Other")})
    changed = {"store": "query Store { store { slug } }", **named("New")}
    assert await refusals(shop, changed) == [("manifest.store", f"store: {NEVER_CHANGE}")]
    await retire(shop, "store")
    assert await refusals(shop, changed) == [("manifest.store", f"store: {NEVER_CHANGE}")]
    assert [document["id"] for document in first] == ["store", *named("Other")]


async def test_the_number_of_documents_of_an_app_is_limited(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(publishing, "DOCUMENT_LIMIT", 3)
    await publish(shop, named("A", "B"))
    too_many = "an app can have at most 3 documents, and would have 4: retire some"
    assert await refusals(shop, named("C", "D")) == [("manifest", too_many)]
    await publish(shop, named("A", "B", "C"))
    assert await refusals(shop, named("D")) == [("manifest", too_many)]
    [retired] = named("A")
    await retire(shop, retired)
    await publish(shop, named("D"))
    assert await refusals(shop, named("A")) == [("manifest", too_many)]


def test_the_hash_of_the_rules_changes_with_the_schema_and_the_validation_version(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    current = publishing.schema_hash(GRAPHQL_SCHEMA)
    other_schema = publishing.schema_hash(build_schema("type Query { viewer: String }"))
    publishing.schema_hash.cache_clear()
    assert publishing.schema_hash(GRAPHQL_SCHEMA) == current
    publishing.schema_hash.cache_clear()
    monkeypatch.setattr(publishing, "VALIDATION_VERSION", publishing.VALIDATION_VERSION + 1)
    other_version = publishing.schema_hash(GRAPHQL_SCHEMA)
    publishing.schema_hash.cache_clear()
    assert len({current, other_schema, other_version}) == 3


async def test_concurrent_publications_respect_the_limit(shop: Shop, db: Pool) -> None:
    app_id = await shop.app_id()

    async def create(transaction: Transaction, *names: str) -> None:
        documents = [NewDocument(name, name, "", b"", 0) for name in names]
        await create_documents(transaction, shop.id, app_id, documents, b"", 3)

    async def create_others() -> None:
        async with db.transaction() as transaction:
            await create(transaction, "C", "D")

    async with db.transaction() as transaction:
        await create(transaction, "A", "B")
        others = asyncio.create_task(create_others())
        while not others.done() and not await db.fetch("select from pg_locks where not granted"):
            pass
    with pytest.raises(TooManyDocuments):
        await others
    assert [document["id"] for document in await listed(shop)] == ["A", "B"]


async def test_a_retired_document_is_not_found_and_retiring_is_idempotent(shop: Shop) -> None:
    [document, other] = await publish(shop, {"store": BODY, "again": BODY})
    app_id, hash = await shop.app_id(), hashlib.sha256(BODY.encode()).digest()
    retired = await retire(shop, "store")
    assert retired == document | {"retiredAt": retired["retiredAt"]}
    assert moment(retired["retiredAt"]) > moment(document["publishedAt"])
    assert await retire(shop, "store") == retired
    assert await listed(shop) == [other, retired]
    assert await get_document(shop.db, shop.id, app_id, "store") is None
    found = await get_document(shop.db, shop.id, app_id, hash)
    assert found is not None
    assert found.id == "again"
    await retire(shop, "again")
    assert await get_document(shop.db, shop.id, app_id, hash) is None


async def test_a_retired_document_can_be_published_again(shop: Shop) -> None:
    [document] = await publish(shop, {"store": BODY})
    retired = await retire(shop, "store")
    [again] = await publish(shop, {"store": BODY})
    assert again == document | {"publishedAt": again["publishedAt"]}
    assert moment(again["publishedAt"]) > moment(retired["retiredAt"])
    assert await listed(shop) == [again]
    assert await get_document(shop.db, shop.id, await shop.app_id(), "store") is not None


async def test_without_admin_an_app_publishes_only_its_own_documents(shop: Shop) -> None:
    own = await shop.with_scopes("documents:write")
    other, own_id = await shop.app_id(), await own.app_id()
    [document] = await publish(own, {"store": BODY})
    assert await publish(own, {"store": BODY}, appId=own_id) == [document]
    forbidden = ("FORBIDDEN", "This needs the scope admin, which the app 'test' lacks.")
    inputs = {"publishDocuments": {"manifest": named("Q")}, "retireDocument": {"id": "store"}}
    for app_id in (other, new_id("app"), "x"):  # the answer does not reveal whether the app exists
        for mutation, input in inputs.items():
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
    query = f"query ($id: ID!) {{ app(id: $id) {{ documents {{ nodes {{ {DOCUMENT} }} }} }} }}"
    assert (await shop.ask(query, id=app.id))["app"]["documents"]["nodes"] == [document]
    assert (await retire(shop, "store", appId=app.id))["id"] == "store"
    neighbour = await new_shop()
    not_found = ("NOT_FOUND", "must be the ID of an app of your store")
    malformed = ("INVALID", "must look like app_01h455vb4pex5vsknk084sn02q, got 'x'")
    for id, (code, message) in {app.id: not_found, new_id("app"): not_found, "x": malformed}.items():
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
    rows = [await get_document(db, each.id, await each.app_id(), "store") for each in (shop, neighbour, sibling)]
    assert [row and row.body for row in rows] == [None, other["store"], other["store"]]


async def test_listing_documents_needs_the_scope_to_publish_them(shop: Shop) -> None:
    reader = await shop.with_scopes("sessions:read")
    document = "{ viewer { app { documents { nodes { id } } } } }"
    forbidden = ("FORBIDDEN", "This needs the scope documents:write, which the app 'test' lacks.")
    assert await reader.error(document) == forbidden
    assert await listed(await shop.with_scopes("documents:write")) == []


async def test_documents_of_many_apps_are_loaded_in_one_statement(shop: Shop) -> None:
    for _ in range(3):
        await publish(await shop.with_scopes("admin"), named("Q"))
    assert len(await statements_of(shop, "{ apps { nodes { documents(first: 2) { nodes { id } } } } }")) == 2


async def test_one_invalid_document_refuses_the_manifest(shop: Shop) -> None:
    good, bad = operation(body=BODY, id="good"), operation(body="query Bad { nothing }", id="bad", name="Bad")
    nothing = "Cannot query field 'nothing' on type 'Query'. (line 1, column {})"
    errors = [("manifest.operations.1", f"bad (Bad): {nothing.format(13)}")]
    assert await refusals(shop, apollo(good, bad)) == errors
    assert await refusals(shop, MANIFESTS["codegen"] | {"bad": "{ nothing }"}) == [
        ("manifest.bad", f"bad: {nothing.format(3)}")
    ]
    many = await refusals(shop, {f"bad-{number}": "{ nothing }" for number in range(12)})
    assert [field for field, _ in many] == [f"manifest.bad-{number}" for number in range(10)]
    assert await listed(shop) == []


async def test_the_number_of_documents_in_a_request_is_limited(shop: Shop) -> None:
    manifest = named(*(f"Q{number}" for number in range(101)))
    error = ("manifest", "must contain at most 100 documents, got 101: publish it in several requests")
    assert await refusals(shop, manifest) == [error]
    assert await refusals(shop, apollo(*(operation(id=f"Q{number}") for number in range(101)))) == [error]
    first, *others = manifest
    await publish(shop, {id: manifest[id] for id in others})
    await publish(shop, {first: manifest[first]})
    [row] = await shop.db.fetch("select count(*) from document where store_id = $1", shop.id)
    assert row["count"] == 101


@pytest.mark.parametrize("id", ["store", "", "sha256:x", "x" * 200, "\0", "../.."])
async def test_an_unknown_document_cannot_be_retired(shop: Shop, id: str) -> None:
    [document] = await publish(shop, named("Store"))
    [(field, code, _)] = await shop.refusals("retireDocument", id=id)
    assert (field, code) == ("id", "NOT_FOUND")
    assert (await retire(shop, document["id"].removeprefix("sha256:").upper()))["id"] == document["id"]


async def test_documents_are_paginated(shop: Shop) -> None:
    ids = sorted(document["id"] for document in await publish(shop, named(*(f"Q{number}" for number in range(7)))))
    document = f"query ({ARGUMENTS}) {{ viewer {{ app {{ documents({BOUNDS}) {PAGE} }} }} }}"
    listing = Listing(shop, document, ["viewer", "app", "documents"], ids)
    cursors = await listing.cursors()
    for size in ({}, {"first": 0}, {"first": 2}, {"last": 2}, {"first": 3, "last": 2}, {"last": 100}):
        for place in ({}, {"after": ids[2]}, {"before": ids[4]}, {"after": ids[1], "before": ids[5]}):
            bounds: dict[str, Any] = size | place
            sent = {name: cursors.get(value, value) for name, value in bounds.items()}
            assert await listing.page(**sent) == page_of(ids, ids, cursors, **bounds), bounds
    code, _ = await (await shop.with_scopes("admin")).error(document, after=cursors[ids[0]])
    assert code == "BAD_USER_INPUT"
