"""The cost of an operation, measured before validation in one walk that is linear in the size of the document.

The unit is one object of the response with all of its leaves. Fields that take longer have an additional price.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache, partial
from itertools import chain, islice
from typing import Any, ClassVar, NamedTuple

import strawberry
from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLEnumType,
    GraphQLField,
    GraphQLInputObjectType,
    GraphQLInterfaceType,
    GraphQLObjectType,
    GraphQLSchema,
    InlineFragmentNode,
    IntValueNode,
    ListValueNode,
    OperationDefinitionNode,
    SelectionNode,
    SelectionSetNode,
    StringValueNode,
    Undefined,
    ValueNode,
    VariableNode,
    get_introspection_query,
    get_named_type,
    get_nullable_type,
    is_abstract_type,
    is_composite_type,
    is_list_type,
    parse,
)

# The walk counts in hundredths. Ten leaves take as long as an object, and without aliases a type has at most ten.
OBJECT = 100
# The cost of an alias of a leaf, and of each of these numbers of characters, which each object of the response repeats.
ALIAS, ALIAS_LENGTH = 10, 16
COST_CAP = 10**12

# The parts of a document that cost a point each: a word or a punctuation mark with the blanks that follow it, which are
# thus skipped quickly, and a number of characters.
WORD_OR_MARK = re.compile(r"(?:\w+|[^\w\s,])[\s,]*")
CHARACTERS = 256

# Selection sets in one another, fragments included: beyond this the walk would run out of stack.
NESTING_LIMIT = 100


@dataclass(frozen=True)
class CostModel:
    """The prices of a schema's fields, and the limits of an operation.

    Types whose names end with `Connection` are pages; their size is the argument `first` or `last`. A list with an
    argument `ids` has as many items as there are IDs.
    """

    prices: Mapping[str, int]  # of a field in addition to its objects, by `Type.field`
    mutation_price: int
    list_size: int  # the assumed length of a list without page arguments; call `count_items` if it can be longer
    list_sizes: Mapping[str, int]  # the same of certain lists, by `Type.field`
    page_size: int
    page_size_limit: int
    ids_limit: int
    count_type: str  # the type of counts, which have an argument `limit`
    count_limit: int
    count_limit_maximum: int
    rows_counted: int  # the number of rows that are counted for the price of 1
    cost_limit: int = 5_000
    depth_limit: int = 16  # the standard introspection query has a depth of 15
    alias_limit: int = 100
    directive_limit: int = 100


class TooCostly(Exception):
    """An operation exceeds a limit of the cost model."""

    extensions: ClassVar = {"code": "COST_LIMIT_EXCEEDED"}


class Measure(NamedTuple):
    """The size of an operation. Aliases and directives count once for each time they are written."""

    cost: int
    depth: int
    aliases: int
    directives: int

    def check(self, model: CostModel) -> None:
        """Raises TooCostly where one of the limits is exceeded."""
        for what, number, limit, advice in (
            ("a cost of {:,}", self.cost, model.cost_limit, "Request smaller pages, or nest fewer lists."),
            ("a depth of {:,}", self.depth, model.depth_limit, "Request deeper objects by their IDs."),
            ("{:,} aliases", self.aliases, model.alias_limit, "Send several documents."),
            ("{:,} directives", self.directives, model.directive_limit, "Send several documents."),
        ):
            if number > limit:
                raise TooCostly(f"This operation has {what.format(number)}; the maximum is {limit:,}. {advice}")


def document_cost(text: str, token_limit: int) -> int:
    """The cost of parsing and validating a document: a point for each word and each punctuation mark, of which there
    are at least as many as tokens, and for each 256 characters. Further tokens than the limit are not parsed.
    """
    words = WORD_OR_MARK.finditer(text.lstrip(" \t\r\n,"))
    return sum(1 for _ in islice(words, token_limit)) + len(text) // CHARACTERS


def introspection_cost(schema: GraphQLSchema, model: CostModel) -> int:
    """The cost of the standard introspection query with all of its options."""
    options = ("specified_by_url", "directive_is_repeatable", "schema_description", "input_value_deprecation")
    document = parse(get_introspection_query(**dict.fromkeys(options, True)))
    [operation] = (node for node in document.definitions if isinstance(node, OperationDefinitionNode))
    return Meter(schema, model, document, operation).measure(None).cost


class Meter:
    """Measures an operation, whose document need not be valid."""

    def __init__(
        self, schema: GraphQLSchema, model: CostModel, document: DocumentNode, operation: OperationDefinitionNode
    ) -> None:
        self._operation = operation
        self._root = schema.get_root_type(operation.operation)
        fragments = {node.name.value: node for node in document.definitions if isinstance(node, FragmentDefinitionNode)}
        self._walk = partial(_Walk, schema, model, fragments, operation)
        self._measure: Measure | None = None
        self._asked: dict[str, tuple[type, Any]] = {}

    def measure(self, variables: Mapping[str, Any] | None) -> Measure:
        """Measure the operation again if a variable that its cost depends on has changed.

        `variables` are those of the request, unchecked. Without them those in page sizes count as their defaults.
        """
        variables = variables or {}
        if self._measure is None or any(_given(variables, name) != given for name, given in self._asked.items()):
            walk = self._walk(variables)
            selected = walk.selections(self._operation.selection_set, self._root, 1)
            self._measure = Measure(-(-selected.cost // OBJECT), selected.depth, walk.aliases, walk.directives)
            self._asked = {name: _given(variables, name) for name in walk.asked}
        return self._measure


def _given(variables: Mapping[str, Any], name: str) -> tuple[type, Any]:
    """A variable's value and its class: in Python `True` equals 1, but it is not a page size."""
    value = variables.get(name, Undefined)
    return type(value), value


class CostCounter:
    """Counts, during one request, the items of lists that turned out to be longer than assumed."""

    def __init__(self, model: CostModel) -> None:
        self.unforeseen = 0  # the cost of such items so far, in hundredths
        self._model = model
        self._item_costs: dict[tuple[int, ...], int] = {}

    def count_items(self, info: strawberry.Info[Any, Any], number: int) -> None:
        """Charge the items beyond a list's assumed length, each with the fields that are selected."""
        raw, model = info._raw_info, self._model
        beyond = number - model.list_sizes.get(f"{raw.parent_type.name}.{raw.field_name}", model.list_size)
        if beyond <= 0:
            return
        key = tuple(map(id, raw.field_nodes))
        if key not in self._item_costs:
            walk = _Walk(raw.schema, model, raw.fragments, raw.operation, info.variable_values)
            type = get_named_type(raw.return_type)
            selected = [walk.selections(node.selection_set, type, 1) for node in raw.field_nodes if node.selection_set]
            self._item_costs[key] = OBJECT + sum(each.cost for each in selected)
        self.unforeseen += beyond * self._item_costs[key]
        if self.unforeseen > model.cost_limit * OBJECT:
            raise TooCostly(
                f"Lists that have no pages are longer than was assumed, and cost more than {model.cost_limit:,} beyond "
                f"that. Ask for fewer lists of `{raw.field_name}`, or for less of their items."
            )


def count_items(info: strawberry.Info[Any, Any], number: int) -> None:
    """Count the items of a list without pages, with `cost_counter` of the context. Its resolver calls this.

    Raises TooCostly where all such lists of the request come to more than the limit.
    """
    info.context.cost_counter.count_items(info, number)


class _Selected(NamedTuple):
    """A selection set's cost, its cost for each item if it is a connection's, and the depth of its fields."""

    cost: int = 0
    per_item: int = 0
    depth: int = 0


@dataclass(slots=True, eq=False)
class _Walk:
    schema: GraphQLSchema
    model: CostModel
    fragments: Mapping[str, FragmentDefinitionNode]
    operation: OperationDefinitionNode
    variables: Mapping[str, Any]
    aliases: int = 0
    directives: int = 0
    asked: set[str] = field(default_factory=set)  # the variables that were asked for
    measured: dict[str, _Selected] = field(default_factory=dict)  # the fragments that were measured
    defaults: dict[str, ValueNode | None] = field(init=False)

    def __post_init__(self) -> None:
        definitions = self.operation.variable_definitions or ()
        self.directives = len(self.operation.directives or ()) + sum(len(node.directives or ()) for node in definitions)
        self.defaults = {node.variable.name.value: node.default_value for node in definitions}

    def selections(self, selection_set: SelectionSetNode, type: object, level: int) -> _Selected:
        if level > NESTING_LIMIT:
            return _Selected(depth=level)
        cost = per_item = depth = 0
        for selection in selection_set.selections:
            selected = self._selection(selection, type, level)
            cost = min(cost + selected.cost, COST_CAP)
            per_item = min(per_item + selected.per_item, COST_CAP)
            depth = max(depth, selected.depth)
        return _Selected(cost, per_item, depth)

    def _selection(self, selection: SelectionNode, type: object, level: int) -> _Selected:
        self.directives += len(selection.directives or ())
        match selection:
            case FieldNode():
                return self._field(selection, type, level)
            case FragmentSpreadNode():
                return self._fragment(selection.name.value, level)
            case InlineFragmentNode(type_condition=condition):
                type = self.schema.get_type(condition.name.value) if condition else type
                return self.selections(selection.selection_set, type, level + 1)
        return _Selected()

    def _fragment(self, name: str, level: int) -> _Selected:
        if name not in self.measured:
            # While it is being measured it is nothing: validation refuses those that are not there, or circular.
            self.measured[name] = _Selected()
            if fragment := self.fragments.get(name):
                self.directives += len(fragment.directives or ())
                type = self.schema.get_type(fragment.type_condition.name.value)
                self.measured[name] = self.selections(fragment.selection_set, type, level + 1)
        return self.measured[name]

    def _field(self, node: FieldNode, parent: object, level: int) -> _Selected:
        self.aliases += node.alias is not None
        parent = parent if is_composite_type(parent) else None
        field = self.schema.get_field(parent, node.name.value) if parent else None
        place = f"{parent.name}.{node.name.value}" if parent else ""
        price = self.model.prices.get(place, 0) * OBJECT
        if node.selection_set is None:
            return _Selected(price + self._alias_cost(node, place), depth=1)
        type = get_named_type(field.type) if field else None
        inside = self.selections(node.selection_set, type, level + 1)
        cost, depth = price + OBJECT + self._alias_cost(node, place) + inside.cost, inside.depth + 1
        if parent is None or field is None or type is None:
            return _Selected(cost, depth=depth)
        if parent is self.schema.mutation_type:
            cost += self.model.mutation_price * OBJECT
        if type.name.endswith("Connection"):
            name = "last" if self._argument(node, "first") is None else "first"
            cost += inside.per_item * self._number(node, name, self.model.page_size, self.model.page_size_limit)
        elif type.name == self.model.count_type:
            limit = self._number(node, "limit", self.model.count_limit, self.model.count_limit_maximum)
            cost += limit * OBJECT // self.model.rows_counted
        elif place.startswith("__") or node.name.value.startswith("__"):
            cost = int(cost * _introspection_sizes(self.schema).get(node.name.value, 1))
        elif is_list_type(get_nullable_type(field.type)):
            if parent.name.endswith("Connection"):
                return _Selected(per_item=cost, depth=depth)
            cost *= self._list_size(node, field, place)
        return _Selected(cost, depth=depth)

    def _alias_cost(self, node: FieldNode, place: str) -> int:
        """The cost of an alias: a leaf's value is repeated. Introspection has long ones, the descriptions."""
        if node.alias is None:
            return 0
        alias = OBJECT if place.startswith("__") else ALIAS
        return alias * ((node.selection_set is None) + len(node.alias.value) // ALIAS_LENGTH)

    def _list_size(self, node: FieldNode, field: GraphQLField, place: str) -> int:
        if "ids" not in field.args:
            return self.model.list_sizes.get(place, self.model.list_size)
        ids = self._argument(node, "ids")
        if ids is None:
            return self.model.page_size
        return min(len(ids), self.model.ids_limit) if isinstance(ids, list | tuple) else 1

    def _number(self, node: FieldNode, name: str, default: int, limit: int) -> int:
        """The argument's value. One that will be refused counts as the limit."""
        number = self._argument(node, name)
        if isinstance(number, bool) or not isinstance(number, int | float):
            return default
        return int(number) if 0 <= number <= limit else limit

    def _argument(self, node: FieldNode, name: str) -> Any:
        """The value, as far as a size can be told from it."""
        return next((self._value(a.value) for a in node.arguments or () if a.name.value == name), None)

    def _value(self, node: ValueNode | None) -> Any:
        match node:
            case VariableNode():
                name = node.name.value
                self.asked.add(name)
                return self.variables[name] if name in self.variables else self._value(self.defaults.get(name))
            case IntValueNode():
                return int(node.value[:10])  # Python refuses to read thousands of digits
            case StringValueNode():
                return node.value
            case ListValueNode():
                return node.values
        return None


@cache
def _introspection_sizes(schema: GraphQLSchema) -> dict[str, float]:
    """The assumed lengths of the lists of introspection: averages, so that a query for all types costs what it builds.
    A type that the client names counts as the largest. Interfaces and their types, which refer to one another, count
    with their maximum.
    """
    types = schema.type_map.values()
    fields = [[*t.fields.values()] for t in types if isinstance(t, GraphQLObjectType | GraphQLInterfaceType)]
    arguments = [[*owner.args.values()] for owner in (*chain(*fields), *schema.directives)]
    inputs = [field for t in types if isinstance(t, GraphQLInputObjectType) for field in t.fields.values()]
    references = [str(item.type) for item in (*chain(*fields), *chain(*arguments), *inputs)]
    wrappers = sum(reference.count("[") + reference.count("!") for reference in references)
    largest = max(sum(1 + len(field.args) for field in of_type) for of_type in fields)
    return {
        "types": len(types),
        "directives": len(schema.directives),
        "fields": sum(map(len, fields)) / len(types),
        "args": sum(map(len, arguments)) / len(arguments),
        "inputFields": len(inputs) / len(types),
        "enumValues": sum(len(t.values) for t in types if isinstance(t, GraphQLEnumType)) / len(types),
        "interfaces": max(len(getattr(t, "interfaces", ())) for t in types),
        "possibleTypes": max(len(schema.get_possible_types(t)) for t in types if is_abstract_type(t)),
        # In a chain, each is much rarer than the one before, so that together they are the wrappers of one reference.
        "ofType": wrappers / (wrappers + len(references)),
        **dict.fromkeys(
            ("__type", "queryType", "mutationType", "subscriptionType"),
            largest * len(types) / sum(map(len, (*fields, *arguments))),
        ),
    }
