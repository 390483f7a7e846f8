"""What Schemathesis is told of the schema: its scalars, IDs that exist, and what every answer must look like."""

import os
from typing import Any

import schemathesis
from graphql import (
    REMOVE,
    ArgumentNode,
    DocumentNode,
    IntValueNode,
    Visitor,
    parse,
    parse_value,
    visit,
)
from hypothesis import strategies as st
from schemathesis.graphql import nodes, scalar

from schema import GRAPHQL_SCHEMA
from tests.support.shapes import violations

IDS = os.environ["FUZZ_IDS"].split()

WORDS = st.from_regex(r"[a-z]{1,5}", fullmatch=True)

scalar("ID", (st.sampled_from(IDS) | st.text(max_size=40)).map(nodes.String))
scalar("DateTime", st.datetimes().map(lambda moment: nodes.String(f"{moment.isoformat()}Z")))
scalar("Decimal", st.decimals(allow_nan=False, allow_infinity=False).map(str).map(nodes.String))
scalar("URL", WORDS.map(lambda word: nodes.String(f"https://{word}.example/{word}")))
scalar(
    "JSON",
    st.dictionaries(WORDS, st.integers(0, 9)).map(
        lambda fields: parse_value("{" + ", ".join(f"{name}: {value}" for name, value in fields.items()) + "}")
    ),
)


class PagesThatExist(Visitor):
    """Rewrites arguments that only seldom are right by chance: page sizes, and cursors."""

    def enter_argument(self, node: ArgumentNode, *_: Any) -> Any:
        name = node.name.value
        if name in ("after", "before"):
            return REMOVE
        if name in ("first", "last") and isinstance(node.value, IntValueNode):
            return ArgumentNode(name=node.name, value=IntValueNode(value=node.value.value[-1]))
        return None


@schemathesis.hook
def flatmap_body(context: Any, body: DocumentNode) -> st.SearchStrategy[DocumentNode]:
    return st.sampled_from((body, visit(body, PagesThatExist())))


@schemathesis.check
def the_answer_has_the_shape_of_its_document(ctx: Any, response: Any, case: Any) -> None:
    found = list(violations(GRAPHQL_SCHEMA, parse(case.body), response.json()))
    assert not found, found[:5]
