"""Publishing persisted documents: all of a manifest, or nothing."""

import asyncio
import hashlib
import inspect
from dataclasses import replace
from inspect import getsource
from types import ModuleType
from typing import Any

import httpx
import pytest

from api.documents import publishing
from db.documents import NewDocument, TooManyDocuments, create_documents, get_document, get_document_by_hash
from db.pool import Pool, Transaction
from engine import cost
from engine import execution as operations
from schema import schema
from tests.api.documents.test_manifests import MANIFESTS, apollo, operation
from tests.conftest import serving, settings_for
from tests.support.persisted_documents import BODY, DOCUMENT, app_of, listed, named, publish, refusals, retire, sha256
from tests.support.shop import Shop

NEVER_CHANGE = "another text is published by this ID, and published documents never change: use a new ID"


def expected(manifest: dict[str, Any]) -> list[tuple[str, str]]:
    """The IDs and texts of a tool's manifest, as they are to be published."""
    if "format" in manifest:
        return [(f"sha256:{each['id']}", each["body"]) for each in manifest["operations"]]
    return list(manifest.items())


# What each costs: the objects of the answer, of lists that have no size three. See tests/test_cost.py.
COSTS = {
    "RevokeToken": 20,
    "SessionTimeline": 57,
    "Sessions": 123,
    "SessionListRevokeMutation": 17,
    "SessionListPaginationQuery": 203,
    "SessionListQuery": 203,
}


@pytest.mark.parametrize("tool", MANIFESTS)
async def test_a_manifest_is_published_as_the_tool_wrote_it(shop: Shop, tool: str) -> None:
    documents = await publish(shop, MANIFESTS[tool])
    assert [(document["id"], document["body"]) for document in documents] == expected(MANIFESTS[tool])
    assert {document["name"] for document in documents} <= set(COSTS)
    assert [document["cost"] for document in documents] == [COSTS[document["name"]] for document in documents]
    assert {document["retiredAt"] for document in documents} == {None}
    assert len({document["publishedAt"] for document in documents}) == 1
    assert await listed(shop) == sorted(documents, key=lambda document: document["id"])
    app_id = await app_of(shop)
    for document in documents:
        hash = hashlib.sha256(document["body"].encode()).digest()
        row = await get_document(shop.db, shop.id, app_id, document["id"])
        assert row == await get_document_by_hash(shop.db, shop.id, app_id, hash)
        assert row is not None
        assert (row.id, row.name, row.body, row.hash, row.cost) == (
            *(document["id"], document["name"], document["body"]),
            *(hash, document["cost"]),
        )


async def test_a_manifest_may_be_written_in_the_document(shop: Shop) -> None:
    answer = await shop.ask(
        """mutation { publishDocuments(input: {manifest: {
            format: "apollo-persisted-query-manifest", version: 1,
            operations: [{id: "store", name: "Store", type: "query", body: "query Store { store { name } }"}]
        }}) { documents { id name body } userErrors { message } } }"""
    )
    assert answer["publishDocuments"] == {
        "documents": [{"id": "store", "name": "Store", "body": "query Store { store { name } }"}],
        "userErrors": [],
    }


async def test_the_same_again_changes_nothing(shop: Shop) -> None:
    documents = await publish(shop, MANIFESTS["apollo"])
    assert await publish(shop, MANIFESTS["apollo"]) == documents
    upper = {document["id"].removeprefix("sha256:").upper(): document["body"] for document in documents}
    assert await publish(shop, upper) == documents
    assert len(await listed(shop)) == 3


async def test_manifests_add_up(shop: Shop) -> None:
    for tool in MANIFESTS:
        await publish(shop, MANIFESTS[tool])
    ids = [id for tool in MANIFESTS for id, _ in expected(MANIFESTS[tool])]
    assert [document["id"] for document in await listed(shop)] == sorted(ids)


async def test_twenty_publications_of_one_manifest_at_once_are_one(shop: Shop) -> None:
    manifest = named(*(f"Q{number}" for number in range(20)))
    backwards = dict(reversed(manifest.items()))
    document = f"""mutation ($input: PublishDocumentsInput!) {{
        publishDocuments(input: $input) {{ documents {{ {DOCUMENT} }} }}
    }}"""
    responses = await asyncio.gather(
        *(
            shop.post_until_served(document, input={"manifest": backwards if number % 2 else manifest})
            for number in range(20)
        )
    )
    published = await listed(shop)
    assert [document["id"] for document in published] == sorted(manifest)
    for response in responses:
        answered = response.json()["data"]["publishDocuments"]["documents"]
        assert sorted(answered, key=lambda document: document["id"]) == published


async def test_several_operations_have_no_name_and_the_cost_of_the_costliest(shop: Shop) -> None:
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
            "{ stores { name } }",
            "Cannot query field 'stores' on type 'Query'. Did you mean 'store' or 'nodes'? (line 1, column 3)",
        ),
        ("query ($id: ID!) { store { name } }", "Variable '$id' is never used. (line 1, column 8)"),
        ("fragment F on Store { name }", "the document has no operation"),
        ("type Store { name: String }", "the document has no operation"),
        (
            "subscription { store { name } }",
            "The subscription operation is not supported by the schema. (line 1, column 1)",
        ),
        (
            "{ a: x b: y }",
            "Cannot query field 'x' on type 'Query'. (line 1, column 3) "
            "Cannot query field 'y' on type 'Query'. (line 1, column 8)",
        ),
    ],
)
async def test_a_document_that_is_not_valid_is_refused(shop: Shop, body: str, reason: str) -> None:
    assert await refusals(shop, {"bad": body}) == [("manifest.bad", f"bad: {reason}")]


async def test_a_document_that_asks_for_too_much_is_refused(shop: Shop) -> None:
    body = "{ customers(first: 100) { nodes { sessions(first: 100) { nodes { id } } } } }"
    [(field, message)] = await refusals(shop, {"large": body})
    assert (field, message.partition("this one")[0]) == (
        "manifest.large",
        "large: An operation has a cost of at most 5,000, ",
    )
    deep = "{ customer(id: 1) " + "{ sessions { nodes { customer " * 8 + "{ id }" + "}}}" * 8 + "}"
    [(field, message)] = await refusals(shop, {"deep": deep})
    assert field == "manifest.deep"
    assert message.startswith("deep: An operation has a")


async def test_where_introspection_is_off_a_refusal_suggests_nothing(shop: Shop, database_url: str) -> None:
    settings = replace(settings_for(database_url), introspection=False)
    async with serving(settings) as url, httpx.AsyncClient(base_url=url) as http:
        closed = replace(shop, http=http)
        assert await refusals(closed, {"bad": "{ stores { name } }"}) == [
            ("manifest.bad", "bad: Cannot query field 'stores' on type 'Query'. (line 1, column 3)")
        ]
        [(_, message)] = await refusals(closed, {"bad": "{ __schema { types { name } } }"})
        assert message.startswith("bad: GraphQL introspection has been disabled")


async def test_one_bad_document_refuses_the_manifest_and_is_named(shop: Shop) -> None:
    good, bad = operation(body=BODY, id="good"), operation(body="query Bad { nothing }", id="bad", name="Bad")
    assert await refusals(shop, apollo(good, bad)) == [
        ("manifest.operations.1", "bad (Bad): Cannot query field 'nothing' on type 'Query'. (line 1, column 13)")
    ]
    assert await refusals(shop, MANIFESTS["codegen"] | {"bad": "{ nothing }"}) == [
        ("manifest.bad", "bad: Cannot query field 'nothing' on type 'Query'. (line 1, column 3)")
    ]
    assert await listed(shop) == []


async def test_a_document_whose_hash_is_of_another_text_is_refused(shop: Shop) -> None:
    [(id, body), *_] = MANIFESTS["codegen"].items()
    assert await refusals(shop, {id: f"{body} "}) == [
        (
            f"manifest.{id}",
            f"{id}: an ID of 64 hexadecimal digits is the SHA-256 of the document, which is "
            f"{sha256(f'{body} ').removeprefix('sha256:')}",
        )
    ]


@pytest.mark.parametrize(("name", "type"), [("Shop", "query"), ("Store", "mutation"), ("store", "query")])
async def test_the_name_and_type_in_apollos_manifest_are_those_of_the_operation(
    shop: Shop, name: str, type: str
) -> None:
    manifest = apollo(operation(id="x", name=name, type=type, body=BODY))
    assert await refusals(shop, manifest) == [
        ("manifest.operations.0", f"x ({name}): the document has no {type} of that name")
    ]


@pytest.mark.parametrize("manifest", [None, 5, "x", [], [BODY], {}, True, {"a" * 200: BODY}])
async def test_what_is_no_manifest_is_refused(shop: Shop, manifest: Any) -> None:
    if manifest is None:
        answer = (
            await shop.post("mutation { publishDocuments(input: {manifest: null}) { userErrors { code } } }")
        ).json()
        assert [error["extensions"]["code"] for error in answer["errors"]] == ["GRAPHQL_VALIDATION_FAILED"]
    else:
        [(field, _)] = await refusals(shop, manifest)
        assert field == "manifest"


async def test_at_most_ten_documents_are_named(shop: Shop) -> None:
    manifest = {f"bad-{number}": "{ nothing }" for number in range(12)}
    assert [field for field, _ in await refusals(shop, manifest)] == [f"manifest.bad-{number}" for number in range(10)]


async def test_a_published_document_never_changes(shop: Shop) -> None:
    first = await publish(shop, {"store": BODY, **named("Other")})
    changed = {"store": "query Store { store { slug } }", **named("New")}
    assert await refusals(shop, changed) == [("manifest.store", f"store: {NEVER_CHANGE}")]
    await retire(shop, "store")
    assert await refusals(shop, changed) == [("manifest.store", f"store: {NEVER_CHANGE}")]
    assert [document["id"] for document in first] == ["store", *named("Other")]


async def test_an_app_has_so_many_documents_and_no_more(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(publishing, "DOCUMENTS", 3)
    await publish(shop, named("A", "B"))
    too_many = "an app has at most 3 documents, with these it would have 4: retire some"
    assert await refusals(shop, named("C", "D")) == [("manifest", too_many)]
    await publish(shop, named("A", "B", "C"))
    assert await refusals(shop, named("D")) == [("manifest", too_many)]
    [retired] = named("A")
    await retire(shop, retired)
    await publish(shop, named("D"))
    assert await refusals(shop, named("A")) == [("manifest", too_many)]


async def test_a_request_publishes_a_hundred_documents_at_most(shop: Shop) -> None:
    manifest = named(*(f"Q{number}" for number in range(101)))
    assert await refusals(shop, manifest) == [
        ("manifest", "a request publishes at most 100 documents, this one has 101: send them in parts")
    ]
    assert await refusals(shop, apollo(*(operation(id=f"Q{number}") for number in range(101)))) == [
        ("manifest", "a request publishes at most 100 documents, this one has 101: send them in parts")
    ]
    first, *others = manifest
    await publish(shop, {id: manifest[id] for id in others})
    await publish(shop, {first: manifest[first]})
    assert len(await every_id_of(shop)) == 101


async def every_id_of(shop: Shop) -> set[str]:
    return {row["id"] for row in await shop.db.fetch("select id from document where store_id = $1", shop.id)}


@pytest.mark.parametrize("module", [cost, operations], ids=lambda module: module.__name__)
def test_documents_are_checked_again_whatever_changes_of_the_rules(
    monkeypatch: pytest.MonkeyPatch, module: ModuleType
) -> None:
    def hash_now() -> bytes:
        return publishing.schema_hash.__wrapped__(schema._schema)

    def with_a_change(of: ModuleType) -> str:
        return getsource(of) + ("# changed" if of is module else "")

    before = hash_now()
    assert before == publishing.schema_hash(schema._schema)
    monkeypatch.setattr(inspect, "getsource", with_a_change)
    assert hash_now() != before


async def test_publications_at_once_do_not_pass_the_limit_together(shop: Shop, db: Pool) -> None:
    app_id = await app_of(shop)

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
