"""Whether an answer has the shape that its document and the schema promise: a client's view of the specification."""

from collections.abc import Iterator
from datetime import datetime
from decimal import Decimal
from typing import Any

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLEnumType,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLSchema,
    InlineFragmentNode,
    OperationDefinitionNode,
    SelectionSetNode,
    get_named_type,
    is_abstract_type,
    is_leaf_type,
    is_list_type,
)

SCALARS = {
    "ID": lambda value: isinstance(value, str),
    "String": lambda value: isinstance(value, str),
    "URL": lambda value: isinstance(value, str) and "://" in value,
    "Boolean": lambda value: isinstance(value, bool),
    "Int": lambda value: type(value) is int and -(2**31) <= value < 2**31,
    "Float": lambda value: type(value) in (int, float),
    "Decimal": lambda value: isinstance(value, str) and Decimal(value).is_finite(),
    "DateTime": lambda value: isinstance(value, str) and datetime.fromisoformat(value).tzinfo is not None,
    "JSON": lambda value: True,
}


def violations(schema: GraphQLSchema, document: DocumentNode, answer: Any) -> Iterator[str]:
    """What is wrong with the answer to a document of one operation and no directives."""
    if not isinstance(answer, dict) or not answer.keys() & {"data", "errors"}:
        yield f"neither data nor errors: {answer!r}"
        return
    if unknown := answer.keys() - {"data", "errors", "extensions"}:
        yield f"has {unknown}"
    if "errors" in answer:
        if not answer["errors"]:
            yield "errors is empty"
        for error in answer["errors"]:
            if not isinstance(error.get("message"), str) or not isinstance(error["extensions"].get("code"), str):
                yield f"an error without message or code: {error!r}"
    elif answer["data"] is None:
        yield "data is null and there is no error"
    if answer.get("data") is not None:
        [operation] = [node for node in document.definitions if isinstance(node, OperationDefinitionNode)]
        root = schema.get_root_type(operation.operation)
        yield from _Shape(schema, document).of_object(operation.selection_set, root, answer["data"], "data")


class _Shape:
    def __init__(self, schema: GraphQLSchema, document: DocumentNode) -> None:
        self._schema = schema
        self._fragments = {
            node.name.value: node for node in document.definitions if isinstance(node, FragmentDefinitionNode)
        }

    def of_object(self, selections: SelectionSetNode, type: Any, value: Any, path: str) -> Iterator[str]:
        if not isinstance(value, dict):
            yield f"{path} is no object: {value!r}"
            return
        nodes: dict[str, list[FieldNode]] = {}
        for node in self._selected(selections, type):
            nodes.setdefault(node.alias.value if node.alias else node.name.value, []).append(node)
        if value.keys() != nodes.keys():
            yield f"{path} has {sorted(value)}, not {sorted(nodes)}"
            return
        for key, same in nodes.items():
            field = self._schema.get_field(type, same[0].name.value)
            sets = [node.selection_set.selections for node in same if node.selection_set]
            merged = SelectionSetNode(selections=tuple(node for selections in sets for node in selections))
            yield from self._of_value(merged, field.type, value[key], f"{path}.{key}")

    def _of_value(self, selections: SelectionSetNode, type: Any, value: Any, path: str) -> Iterator[str]:
        if isinstance(type, GraphQLNonNull):
            if value is None:
                yield f"{path} is null and must not be"
                return
            type = type.of_type
        if value is None:
            return
        if is_list_type(type):
            if not isinstance(value, list):
                yield f"{path} is no list: {value!r}"
                return
            for index, item in enumerate(value):
                yield from self._of_value(selections, type.of_type, item, f"{path}[{index}]")
        elif is_leaf_type(type):
            if not _is_leaf(type, value):
                yield f"{path} is no {get_named_type(type)}: {value!r}"
        elif is_abstract_type(type):
            # Of whichever type it is, it has that one's shape.
            each = [
                [*self.of_object(selections, possible, value, path)]
                for possible in self._schema.get_possible_types(type)
            ]
            if all(each):
                yield min(each, key=len)[0]
        else:
            yield from self.of_object(selections, type, value, path)

    def _selected(self, selections: SelectionSetNode, type: GraphQLObjectType) -> Iterator[FieldNode]:
        for node in selections.selections:
            if isinstance(node, FieldNode):
                yield node
                continue
            fragment = self._fragments[node.name.value] if isinstance(node, FragmentSpreadNode) else node
            assert isinstance(fragment, FragmentDefinitionNode | InlineFragmentNode)
            if fragment.type_condition is None or self._applies(fragment.type_condition.name.value, type):
                yield from self._selected(fragment.selection_set, type)

    def _applies(self, name: str, type: GraphQLObjectType) -> bool:
        condition: Any = self._schema.get_type(name)
        return condition is type or (is_abstract_type(condition) and self._schema.is_sub_type(condition, type))


def _is_leaf(type: Any, value: Any) -> bool:
    if isinstance(type, GraphQLEnumType):
        return isinstance(value, str) and value in type.values
    try:
        return SCALARS[type.name](value)
    except (ValueError, ArithmeticError):
        return False
