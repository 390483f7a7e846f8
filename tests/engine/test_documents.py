"""The cache of documents, and compiling them."""

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from engine.cost import Meter
from engine.documents import DOCUMENT_TOKENS, TOKENS, Document, DocumentCache
from engine.execution import TOKEN_LIMIT, InvalidOperation, choose_operation, parse_document
from schema.cost import COST_MODEL
from schema.root import GRAPHQL_SCHEMA, schema
from tests.conftest import client_of, settings_for
from tests.support.logs import Log
from tests.support.shop import Shop

PAGE = """query Page($first: Int, $last: Int, $limit: Int, $ids: [ID!]!) {
    sessions(first: $first, last: $last) { nodes { id customer { name } } count(limit: $limit) { value } }
    nodes(ids: $ids) { id }
    orders: sessions(first: 5) { nodes { orders { number } } }
}"""


def new_documents() -> DocumentCache:
    return DocumentCache(schema, COST_MODEL, introspection=True, compiled=True)


def sent(documents: DocumentCache, text: str) -> Document:
    document = documents.get(text)
    documents.validate(document)
    return document


def test_a_document_is_parsed_once() -> None:
    documents = new_documents()
    text = "query A { viewer { id } } query B { store { id } }"
    document = sent(documents, text)
    assert sent(documents, text + " ") is not document
    assert sent(documents, text) is document
    assert document.operation("A") is document.operation("A")
    assert document.operation("A") is not document.operation("B")


def test_the_least_recently_used_document_is_evicted() -> None:
    documents = new_documents()

    def text(number: int) -> str:
        return f"query Q{number} {{ viewer {{ id }} }}"

    tokens = 8
    number = TOKENS // (tokens + DOCUMENT_TOKENS)
    prepared = [sent(documents, text(each)) for each in range(number)]
    assert prepared[0].tree.token_count == tokens
    assert sent(documents, text(0)) is prepared[0]
    sent(documents, text(number))
    assert sent(documents, text(0)) is prepared[0]
    assert sent(documents, text(1)) is not prepared[1]


def test_the_largest_document_is_cached() -> None:
    documents = new_documents()
    aliases = " ".join(f"a{number}: __typename" for number in range(TOKEN_LIMIT // 3 - 2))
    text = f"{{ {aliases} }}"
    assert sent(documents, text) is sent(documents, text)


def test_an_invalid_document_is_refused_each_time_and_not_cached() -> None:
    documents = new_documents()
    text = "{ viewer { nothing } }"
    document = documents.get(text)
    for _ in range(2):
        with pytest.raises(InvalidOperation) as refused:
            documents.validate(document)
        assert [error.message for error in refused.value.errors] == ["Cannot query field 'nothing' on type 'Viewer'."]
    assert documents.get(text) is not document


sizes = st.one_of(st.none(), st.booleans(), st.integers(-1, 200), st.sampled_from([1.0, 10.5, "5"]))
variables = st.dictionaries(st.sampled_from(["first", "last", "limit"]), sizes) | st.fixed_dictionaries(
    {"ids": st.lists(st.just("x"), max_size=3)}, optional={"first": sizes, "last": sizes}
)


@example([{"first": 1}, {"first": True}])
@given(st.lists(variables, min_size=1, max_size=6))
def test_an_operation_is_measured_again_when_its_variables_change(each: list[dict[str, Any]]) -> None:
    document = parse_document(PAGE)
    operation = choose_operation(document, None)
    meter = Meter(GRAPHQL_SCHEMA, COST_MODEL, document, operation)
    for given_variables in each:
        assert meter.measure(given_variables) == Meter(GRAPHQL_SCHEMA, COST_MODEL, document, operation).measure(
            given_variables
        )


async def test_the_log_has_the_reason_why_an_operation_was_not_compiled(shop: Shop, log: Log) -> None:
    ids = " ".join(f"a{number}: id" for number in range(40))
    viewers = " ".join(f"a{number}: viewer {{ ...F }}" for number in range(20))
    for query, reason in (
        (f"{{ {viewers} }} fragment F on Viewer {{ {ids} }}", "a large document"),
        ("{ __schema { queryType { name } } }", None),
        ("query ($no: Boolean = false) { viewer { id @skip(if: $no) } }", None),
        ("{ viewer { id } }", None),
    ):
        response = await shop.post(query)
        assert response.json().get("errors") is None
        assert (await log.line_of(response)).get("interpreted") == reason


async def test_compiling_can_be_turned_off(shop: Shop, database_url: str, log: Log) -> None:
    query = "{ viewer { id name scopes } sessions(first: 5) { nodes { id dateCreated } } }"
    async with client_of(settings_for(database_url, compiled_documents=False)) as http:
        response = await replace(shop, http=http).post(query)
    assert (await log.line_of(response))["interpreted"] == "off"
    assert response.json() == (await shop.post(query)).json() | {"extensions": response.json()["extensions"]}
