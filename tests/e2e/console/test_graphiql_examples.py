"""GraphiQL's examples, which cover the whole API."""

import json
import re
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from graphql import (
    FieldNode,
    GraphQLInputObjectType,
    GraphQLObjectType,
    TypeInfo,
    TypeInfoVisitor,
    Visitor,
    parse,
    validate,
    visit,
)

from schema.root import GRAPHQL_SCHEMA
from tests.support.shop import Shop

FOLDER = Path(__file__).parents[3] / "web/src/graphiql/examples"
EXAMPLE = re.compile(r"^## (.+?)\n\n.+?\n\n```graphql\n(.+?)```\n(?:\n```json\n(.+?)```\n)?", re.DOTALL | re.MULTILINE)
TEXT = "".join(path.read_text() for path in sorted(FOLDER.glob("*.md")))


class Example(NamedTuple):
    title: str
    query: str
    variables: str


EXAMPLES = [Example(*found) for found in EXAMPLE.findall(TEXT)]


class FieldsOf(Visitor):
    """Collects the fields that a document selects, with their types."""

    def __init__(self, info: TypeInfo) -> None:
        super().__init__()
        self.info = info
        self.found: set[str] = set()

    def enter_field(self, node: FieldNode, *_: Any) -> None:
        self.found.add(f"{self.info.get_parent_type()}.{node.name.value}")


async def test_every_example_is_parsed_and_has_a_unique_title() -> None:
    titles = re.findall(r"^## (.+)", TEXT, re.MULTILINE)
    assert [example.title for example in EXAMPLES] == titles
    assert len(set(titles)) == len(titles) > 40


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: example.title)
async def test_every_example_is_valid(example: Example) -> None:
    document = parse(example.query)
    assert validate(GRAPHQL_SCHEMA, document) == []
    [operation] = document.to_dict()["definitions"]
    declared = {each["variable"]["name"]["value"] for each in operation["variable_definitions"] or []}
    assert json.loads(example.variables or "{}").keys() == declared


async def test_the_examples_show_every_field_of_the_contract() -> None:
    fields = FieldsOf(TypeInfo(GRAPHQL_SCHEMA))
    for example in EXAMPLES:
        visit(parse(example.query), TypeInfoVisitor(fields.info, fields))
    there = {
        f"{name}.{field}"
        for name, type in GRAPHQL_SCHEMA.type_map.items()
        if isinstance(type, GraphQLObjectType) and not name.startswith("__")
        for field in type.fields
        # Connections are all alike: that of sessions and customers is shown.
        if not name.endswith(("Connection", "Edge"))
    }
    assert there - fields.found == set()
    assert {"SessionConnection.edges", "SessionConnection.count", "CustomerConnection.edges"} <= fields.found


@pytest.mark.parametrize("name", ["SessionFilter", "CustomerFilter", "TextFilter", "DateTimeRange", "SessionOrder"])
async def test_the_examples_show_every_filter_and_order(name: str) -> None:
    type = GRAPHQL_SCHEMA.type_map[name]
    assert isinstance(type, GraphQLInputObjectType)
    assert [field for field in type.fields if not re.search(rf"\b{field}\b", TEXT)] == []


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: example.title)
async def test_every_example_can_be_run(shop: Shop, example: Example) -> None:
    session = await shop.create(customer={"details": {"name": "Putri Ayu", "externalId": "C-1001"}})
    created = await shop.change("createApp", "app { id }", name="other", scopes=["SESSIONS_READ"])
    made = await shop.change("createApiKey", "apiKey { id }", appId=created["app"]["id"], name="other")
    if "RetireDocument" in example.query:
        [publish] = [each for each in EXAMPLES if "PublishDocuments" in each.query]
        await shop.ask(publish.query, **json.loads(publish.variables))
    variables = example.variables or "{}"
    objects = {"SESSION_ID": session["id"], "CUSTOMER_ID": session["customer"]["id"], "LINK": session["token"]["link"]}
    for noun, value in objects.items():
        variables = variables.replace(f"PASTE_A_{noun}", value)
    variables = variables.replace("PASTE_AN_APP_ID", created["app"]["id"])
    variables = variables.replace("PASTE_A_KEY_ID", made["apiKey"]["id"])
    assert "PASTE" not in variables
    for name, answer in (await shop.ask(example.query, **json.loads(variables))).items():
        assert answer is not None or name == "order"
        assert "userErrors" not in str(answer) or answer["userErrors"] == []
