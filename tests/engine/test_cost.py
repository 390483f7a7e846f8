"""The cost of an operation, which is measured before validation, for any document."""

from collections.abc import Callable
from typing import Any

import pytest
from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLObjectType,
    InlineFragmentNode,
    Node,
    OperationDefinitionNode,
    Visitor,
    parse,
    validate,
    visit,
)
from hypothesis import given

from engine import cost
from engine.cost import Measure, Meter, TooCostly
from engine.execution import choose_operation
from schema.cost import COST_MODEL
from schema.root import schema
from tests.engine.compiled.operations import Request, operations
from tests.engine.compiled.test_agreement_on_sessions import SCALARS

SCHEMA = schema._schema


def measured(text: str, variables: dict[str, Any] | None = None) -> Measure:
    document = parse(text)
    operation = next(node for node in document.definitions if isinstance(node, OperationDefinitionNode))
    return Meter(SCHEMA, COST_MODEL, document, operation).measure(variables)


def cost_of(text: str, variables: dict[str, Any] | None = None) -> int:
    return measured(text, variables).cost


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("{ __typename }", 0),
        ("{ viewer { id name scopes } }", 1),
        ("{ viewer { id } store { id } }", 2),
        # The connection, and ten sessions with a customer and a token each.
        ("{ sessions(first: 10) { nodes { id customer { name } token { status link } } } }", 1 + 10 * 3),
        ("{ sessions(first: 10) { edges { cursor node { id } } } }", 1 + 10 * 2),
        ("{ sessions(first: 10) { nodes { id } pageInfo { endCursor } } }", 1 + 10 + 1),
        ("{ sessions(first: 10) { nodes { id } edges { node { id } } } }", 1 + 10 + 10 * 2),
        # Ten customers with a connection of five sessions with a token.
        ("{ customers(first: 10) { nodes { sessions(first: 5) { nodes { token { status } } } } } }", 1 + 10 * 12),
        ("{ session(id: 1) { events { nodes { id } } } }", 1 + 1 + 50),
        # Its orders, three by assumption, with their totals.
        ("{ session(id: 1) { orders { total { amount } } } }", 1 + 3 * 2),
        ("{ node(id: 1) { id ... on Session { token { status } } } }", 2),
        ('{ nodes(ids: ["a", "b"]) { id ... on Session { token { status } } } }', 2 * 2),
        ("{ nodes(ids: []) { id } }", 0),
        ('{ nodes(ids: "a") { id } }', 1),
        (f"{{ nodes(ids: {list(range(500))}) {{ id }} }}", 100),
    ],
)
def test_each_object_of_the_answer_costs_one(text: str, expected: int) -> None:
    assert cost_of(text) == expected


@pytest.mark.parametrize(
    ("arguments", "size"),
    [
        *((text, 50) for text in ("", "(first: 1.5)", '(first: "7")', "(first: [7])", "(first: {a: 7})")),
        ("(first: $unknown)", 50),
        *((text, 7) for text in ("(first: 7)", "(last: 7)", "(first: null, last: 7)")),
        *(("(first: 0)", 0), ("(first: 8, last: 7)", 8), ("(first: 100)", 100)),
        # Refused later, when the argument is read. They must not reduce the cost or fail the measurement.
        *((f"(first: {number})", 100) for number in ("101", "-1", "9" * 60_000, "-" + "9" * 60_000)),
    ],
)
def test_a_connection_multiplies_by_its_page_size(arguments: str, size: int) -> None:
    assert cost_of(f"{{ sessions{arguments} {{ nodes {{ id }} }} }}") == 1 + size


@pytest.mark.parametrize(
    ("variables", "size"),
    [
        *((variables, 20) for variables in (None, {}, {"other": 5})),
        *(({"n": number}, 5) for number in (5, 5.0)),
        *(({"n": number}, 100) for number in (10**30, -1, float("inf"), float("nan"))),
        *(({"n": other}, 50) for other in (None, True, "5", [5], {"n": 5})),
    ],
)
def test_a_page_size_can_be_a_variable_with_a_default(variables: dict[str, Any] | None, size: int) -> None:
    assert cost_of("query ($n: Int = 20) { sessions(first: $n) { nodes { id } } }", variables) == 1 + size


@pytest.mark.parametrize(
    ("variables", "size"), [(None, 50), ({"ids": ["a", "b", "c"]}, 3), ({"ids": []}, 0), ({"ids": "a"}, 1)]
)
def test_a_list_of_ids_can_be_a_variable(variables: dict[str, Any] | None, size: int) -> None:
    assert cost_of("query ($ids: [ID!]!) { nodes(ids: $ids) { id } }", variables) == size


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        # The connection, the count, and ten thousand rows, or as many as its limit says.
        ("{ sessions { count { value } } }", 1 + 1 + 10),
        ("{ customers { count(limit: 1) { value } } }", 1 + 1),
        ("{ customers { count(limit: 1000000) { value } } }", 1 + 1 + 1_000),
        ("{ sessionStats { total } }", 1 + 100),
        ("{ sessionStats(groupBy: DAY) { total periods { total } } }", 1 + 100 + 100),
        ("{ sessionStats(groupBy: DAY) { opened periods { opened } } }", 1 + 100 + 100 + 100 * (1 + 1)),
        ("{ sessions(first: 0) { pageInfo { hasNextPage hasPreviousPage } } }", 1 + 1 + 2),
        # A mutation, its payload, the session with its token, and three refusals by assumption.
        ("mutation { revokeToken(input: {}) { session { token { status } } userErrors { code } } }", 10 + 1 + 2 + 3),
        # A document may be long, and each that is published is checked.
        ("{ viewer { app { documents(first: 10) { nodes { id body } } } } }", 1 + 1 + 1 + 10 * (1 + 20)),
        ("mutation { publishDocuments(input: {}) { documents { id } } }", 10 + 1 + 1_000 + 3),
        # Leaves without aliases are free, ten with aliases cost as much as an object.
        ("{ sessions(first: 10) { nodes { a: id b: roomId active } } }", 1 + 10 + 2),
        ("{ viewer { a: id } }", 2),
    ],
)
def test_expensive_fields_have_prices(text: str, expected: int) -> None:
    assert cost_of(text) == expected


def test_every_price_and_list_size_belongs_to_a_field() -> None:
    for place in (*COST_MODEL.prices, *COST_MODEL.list_sizes):
        type, field = place.split(".")
        owner = SCHEMA.get_type(type)
        assert isinstance(owner, GraphQLObjectType)
        assert field in owner.fields


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("{ ...A ...A } fragment A on Query { viewer { id } ...B } fragment B on Query { store { id } }", 2 * 2),
        # The fields of a fragment on a connection are multiplied by the page size of each spread.
        (
            "{ a: sessions(first: 10) { ...P } b: sessions(first: 20) { ... { ...P } } }"
            "fragment P on SessionConnection { nodes { id } pageInfo { endCursor } }",
            (1 + 10 + 1) + (1 + 20 + 1),
        ),
        ("{ ...A } fragment A on Query { viewer { id } ...A }", 1),
        ("{ ...A } fragment A on Query { ...B viewer { id } } fragment B on Query { ...A }", 1),
        ("{ viewer { id } ...Missing }", 1),
        ("{ viewer { id } } fragment Unused on Query { sessions { nodes { id } } }", 1),
        ("{ a { b { c } } viewer { d { e } ... on Missing { f { g } } ... on SessionFilter { and { id } } } }", 2 + 4),
        ("subscription { sessions { nodes { id } } }", 2),
    ],
)
def test_invalid_documents_are_measured_too(text: str, expected: int) -> None:
    assert cost_of(text) == expected


def nested(depth: int) -> str:
    return "{ a " * depth + "}" * depth


@pytest.mark.parametrize(
    ("at_the_limit", "beyond", "message"),
    [
        (
            # 1 + 99 * (1 + 1 + 48), and 1 + 48 or 1 + 49
            "{ customers(first: 99) { nodes { sessions(first: 48) { ...N } } } sessions(first: 48) { ...N } }"
            "fragment N on SessionConnection { nodes { id } }",
            "{ customers(first: 99) { nodes { sessions(first: 48) { ...N } } } sessions(first: 49) { ...N } }"
            "fragment N on SessionConnection { nodes { id } }",
            "This operation has a cost of 5,001; the maximum is 5,000. Request smaller pages, or nest fewer lists.",
        ),
        (
            nested(16),
            nested(17),
            "This operation has a depth of 17; the maximum is 16. Request deeper objects by their IDs.",
        ),
        (
            f"{{ {'a: id ' * 99} ...F ...F }} fragment F on Query {{ a: id }}",
            f"{{ {'a: id ' * 100} ...F ...F }} fragment F on Query {{ a: id }}",
            "This operation has 101 aliases; the maximum is 100. Send several documents.",
        ),
        (
            f"query ($a: Int @d) @d {{ a {'@d ' * 95} ... @d {{ a }} ...F @d }} fragment F on Query @d {{ a }}",
            f"query ($a: Int @d) @d {{ a {'@d ' * 96} ... @d {{ a }} ...F @d }} fragment F on Query @d {{ a }}",
            "This operation has 101 directives; the maximum is 100. Send several documents.",
        ),
    ],
    ids=["cost", "depth", "aliases", "directives"],
)
def test_an_operation_that_exceeds_a_limit_is_refused(at_the_limit: str, beyond: str, message: str) -> None:
    measured(at_the_limit).check(COST_MODEL)
    with pytest.raises(TooCostly) as refused:
        measured(beyond).check(COST_MODEL)
    assert str(refused.value) == message
    assert refused.value.extensions == {"code": "COST_LIMIT_EXCEEDED"}


def test_fragments_do_not_hide_depth() -> None:
    text = "{ a { ... { a { ...F } } } } fragment F on Query { a { ... on Query { a } } }"
    assert measured(text).depth == 4


def selections_in(text: str) -> int:
    """How many selections are written in a document."""
    found = []

    class Count(Visitor):
        def enter(self, node: Node, *_: Any) -> None:
            if isinstance(node, FieldNode | FragmentSpreadNode | InlineFragmentNode):
                found.append(node)

    visit(parse(text), Count())
    return len(found)


@pytest.mark.parametrize("depth", [30, 300])
def test_each_selection_is_visited_once_even_if_fragments_double(depth: int, monkeypatch: pytest.MonkeyPatch) -> None:
    visits = []
    visit_one: Callable[..., Any] = cost._Walk._selection
    monkeypatch.setattr(cost._Walk, "_selection", lambda *args: visits.append(1) or visit_one(*args))
    # From the last one up, so that none is nested deeper than the walk goes.
    doubling = " ".join(f"fragment F{i} on Query {{ ...F{i - 1} ...F{i - 1} }}" for i in range(1, depth))
    spreads = " ".join(f"...F{i}" for i in range(depth))
    text = f"{{ {spreads} }} {doubling} fragment F0 on Query {{ viewer {{ id }} }}"
    result = measured(text)
    assert len(visits) == selections_in(text)
    assert result.depth == 2
    # 1 + 2 + 4 + ... where that can be counted to
    assert result.cost == min(2**depth - 1, cost.COST_CAP // cost.OBJECT)


@pytest.mark.parametrize(
    "text",
    [
        "{ ...F0 } " + " ".join(f"fragment F{i} on Query {{ ...F{i + 1} }}" for i in range(2_000)),
        "{ ...F0 } " + " ".join(f"fragment F{i} on Query {{ {'... {' * 50} ...F{i + 1} {'}' * 51}" for i in range(99)),
        "{ ...F0 } " + " ".join(f"fragment F{i} on Query {{ {'a {' * 50} ...F{i + 1} {'}' * 51}" for i in range(99)),
    ],
)
def test_deep_nesting_in_fragments_exceeds_the_depth_limit(text: str) -> None:
    with pytest.raises(TooCostly, match="This operation has a depth of"):
        measured(text).check(COST_MODEL)


def dashboard() -> str:
    """A large page as Relay or Apollo ask for it: a fragment a component, `__typename` and `id` everywhere."""
    own = {
        "Customer": "name phone email",
        "Token": "status issuedAt expiredTime link",
        "Order": "number placedAt total { amount currency }",
        "Store": "name slug",
    }
    kinds = [("Customer", 12), ("Token", 8), ("Order", 10), ("Store", 4)]
    names = {type: [f"{type}{i}" for i in range(number)] for type, number in kinds}
    key = {type: "__typename" if type == "Token" else "__typename id" for type in own}
    fragments = [f"fragment {n} on {type} {{ {key[type]} {own[type]} }}" for type in names for n in names[type]]
    for i in range(20):
        inner = f"customer {{ id ...Customer{i % 12} }} token {{ ...Token{i % 8} }} orders {{ id ...Order{i % 10} }}"
        fragments.append(f"fragment Session{i} on Session {{ __typename id active roomId {inner} }}")
    for i in range(5):
        spreads = " ".join(f"...Session{i * 4 + j}" for j in range(4))
        page = f"list{i}: sessions(first: 10) {{ edges {{ cursor node {{ id {spreads} }} }} pageInfo {{ endCursor }} }}"
        store = f"store {{ {' '.join(f'...{n}' for n in names['Store'])} }}"
        fragments.append(f"fragment Page{i} on Query {{ {page} {store} }}")
    return f"query {{ viewer {{ id }} {' '.join(f'...Page{i}' for i in range(5))} }} {' '.join(fragments)}"


def test_a_large_page_with_sixty_fragments_is_within_the_limits() -> None:
    text = dashboard()
    assert text.count("fragment ") == 59
    measured(text).check(COST_MODEL)
    assert validate(SCHEMA, parse(text, max_lexical_tokens=2_000)) == []


def inlined(document: DocumentNode) -> DocumentNode:
    """The document with inline fragments instead of named ones."""
    named = {node.name.value: node for node in document.definitions if isinstance(node, FragmentDefinitionNode)}

    class Inline(Visitor):
        def enter_fragment_spread(self, node: FragmentSpreadNode, *_: Any) -> InlineFragmentNode:
            fragment = named[node.name.value]
            return InlineFragmentNode(
                type_condition=fragment.type_condition, directives=node.directives, selection_set=fragment.selection_set
            )

    operations = [node for node in document.definitions if node not in named.values()]
    return DocumentNode(definitions=tuple(visit(node, Inline()) for node in operations))


@given(operations(SCHEMA, SCALARS))
def test_a_fragment_costs_the_same_as_its_fields(request: Request) -> None:
    document = parse(request.document)
    measures = [
        Meter(SCHEMA, COST_MODEL, each, choose_operation(each, request.operation_name)).measure(request.variables[0])
        for each in (document, inlined(document))
    ]
    assert measures[0][:2] == measures[1][:2]  # cost and depth; aliases count as written
