"""What an operation costs, before it is validated: one walk, linear in the document whatever its fragments do.

The unit is an object of the answer, for which graphql-core takes some 25 µs with all of its leaves. Leaves are free,
and what takes longer than its objects has a price besides.
"""

from collections.abc import Mapping
from functools import cache
from itertools import chain
from typing import Any, NamedTuple

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
    GraphQLUnionType,
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
    get_named_type,
    get_nullable_type,
    is_abstract_type,
    is_list_type,
)
from graphql.validation.rules import overlapping_fields_can_be_merged

from schema.connections import COUNT_LIMIT, COUNT_LIMIT_MAXIMUM, IDS_LIMIT, PAGE_SIZE, PAGE_SIZE_LIMIT
from schema.context import Info
from schema.errors import ClientError

COST_LIMIT = 5_000
DEPTH_LIMIT = 16  # the standard introspection query has 15
ALIAS_LIMIT = 100
DIRECTIVE_LIMIT = 100

MUTATION_PRICE = 10  # a transaction, which writes an event besides

PRICES = {
    "Query.sessionStats": 100,  # reads every session that matches
    # Reads the openings besides, once for all figures of the same sessions.
    "SessionStats.opened": 100,
    "PeriodStats.opened": 1,
    "Mutation.publishDocuments": 1_000,  # checks each document, which takes milliseconds
    "PersistedDocument.body": 20,  # may have 64 KiB
    # Each may look up what lies beyond the page.
    "PageInfo.hasNextPage": 1,
    "PageInfo.hasPreviousPage": 1,
}
ROWS_COUNTED = 1_000  # by `count`, which reads up to its limit, for the price of 1

# How long a list is assumed to be that has no arguments to tell. What it has beyond is counted when it is there.
LIST_SIZE = 3
LIST_SIZES = {"SessionStats.periods": 100}

# The walk counts in hundredths. Ten leaves take as long as an object; without aliases a type has no more than that.
OBJECT = 100
ALIASED_LEAF = 10
COST_CAP = 10**12

# Selection sets in one another, fragments included: beyond this the walk would run out of stack.
NESTING_LIMIT = 100

# Validation compares what is selected under the same name, pair by pair. graphql-core meters that, but its own budget
# lasts for most of a second. Twenty fragments on one object, all of them with the same fields, need most of this one.
overlapping_fields_can_be_merged.MAX_COMPLEXITY_BUDGET = 8_000


class TooCostly(ClientError):
    """An operation that asks for more than is answered."""

    code = "COST_LIMIT_EXCEEDED"


class Measure(NamedTuple):
    """What an operation asks for. Aliases and directives count as often as they are written."""

    cost: int
    depth: int
    aliases: int
    directives: int

    def check(self) -> None:
        """Raises TooCostly."""
        for what, number, limit, advice in (
            ("a cost", self.cost, COST_LIMIT, "Ask for smaller pages, or for fewer lists inside of lists."),
            ("a depth", self.depth, DEPTH_LIMIT, "Ask for what lies deeper by its ID."),
            ("a number of aliases", self.aliases, ALIAS_LIMIT, "Send several documents."),
            ("a number of directives", self.directives, DIRECTIVE_LIMIT, "Send several documents."),
        ):
            if number > limit:
                raise TooCostly(f"An operation has {what} of at most {limit:,}, this one of {number:,}. {advice}")


def measure(
    schema: GraphQLSchema,
    document: DocumentNode,
    operation: OperationDefinitionNode,
    variables: Mapping[str, Any] | None = None,
) -> Measure:
    """Measure an operation, whose document need not be valid.

    `variables` are those of the request, unchecked. Without them those in page sizes count as their defaults.
    """
    return Meter(schema, document, operation).measure(variables or {})


class Meter:
    """Measures an operation again only where one of the variables has changed by which it is measured."""

    def __init__(self, schema: GraphQLSchema, document: DocumentNode, operation: OperationDefinitionNode) -> None:
        self._schema = schema
        self._operation = operation
        definitions = document.definitions
        self._fragments = {node.name.value: node for node in definitions if isinstance(node, FragmentDefinitionNode)}
        self._measure: Measure | None = None
        self._asked: dict[str, tuple[type, Any]] = {}

    def measure(self, variables: Mapping[str, Any]) -> Measure:
        """The same as `measure`."""
        if self._measure is None or any(_given(variables, name) != given for name, given in self._asked.items()):
            walk = _Walk(self._schema, self._fragments, self._operation, variables)
            root = self._schema.get_root_type(self._operation.operation)
            selected = walk.selections(self._operation.selection_set, root, 1)
            self._measure = Measure(-(-selected.cost // OBJECT), selected.depth, walk.aliases, walk.directives)
            self._asked = {name: _given(variables, name) for name in walk.asked}
        return self._measure


def _given(variables: Mapping[str, Any], name: str) -> tuple[type, Any]:
    """A variable's value, which is another one if it is `true` instead of 1."""
    value = variables.get(name, Undefined)
    return type(value), value


def count_items(info: Info, number: int) -> None:
    """Count what a list turned out to have beyond its assumed length, each item with all that is asked of it.

    Called by the resolvers of lists without pages. Raises TooCostly where such lists come to more than the limit.
    """
    context, raw = info.context, info._raw_info
    beyond = number - LIST_SIZES.get(f"{raw.parent_type.name}.{raw.field_name}", LIST_SIZE)
    if beyond <= 0:
        return
    key = tuple(map(id, raw.field_nodes))
    if key not in context.item_costs:
        walk = _Walk(raw.schema, raw.fragments, raw.operation, info.variable_values)
        type = get_named_type(raw.return_type)
        selected = [walk.selections(node.selection_set, type, 1) for node in raw.field_nodes if node.selection_set]
        context.item_costs[key] = OBJECT + sum(each.cost for each in selected)
    context.unforeseen_cost += beyond * context.item_costs[key]
    if context.unforeseen_cost > COST_LIMIT * OBJECT:
        raise TooCostly(
            f"Lists that have no pages are longer than was assumed, and cost more than {COST_LIMIT:,} beyond that. "
            f"Ask for fewer lists of `{raw.field_name}`, or for less of their items."
        )


class _Selected(NamedTuple):
    """What a selection set has: its cost, that of each item if it is of a connection, and how deep its fields nest."""

    cost: int = 0
    per_item: int = 0
    depth: int = 0


class _Walk:
    def __init__(
        self,
        schema: GraphQLSchema,
        fragments: Mapping[str, FragmentDefinitionNode],
        operation: OperationDefinitionNode,
        variables: Mapping[str, Any],
    ) -> None:
        self.aliases = 0
        self.directives = len(operation.directives or ())
        # The variables that were asked for.
        self.asked: set[str] = set()
        self._schema = schema
        self._fragments = fragments
        self._measured: dict[str, _Selected] = {}
        self._variables = variables
        self._defaults: dict[str, ValueNode | None] = {}
        for definition in operation.variable_definitions or ():
            self._defaults[definition.variable.name.value] = definition.default_value
            self.directives += len(definition.directives or ())

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
                type = self._schema.get_type(condition.name.value) if condition else type
                return self.selections(selection.selection_set, type, level + 1)
        return _Selected()

    def _fragment(self, name: str, level: int) -> _Selected:
        if name not in self._measured:
            # While it is being measured it is nothing: validation refuses those that are not there, or circular.
            self._measured[name] = _Selected()
            if fragment := self._fragments.get(name):
                self.directives += len(fragment.directives or ())
                type = self._schema.get_type(fragment.type_condition.name.value)
                self._measured[name] = self.selections(fragment.selection_set, type, level + 1)
        return self._measured[name]

    def _field(self, node: FieldNode, parent: object, level: int) -> _Selected:
        self.aliases += node.alias is not None
        if not isinstance(parent, GraphQLObjectType | GraphQLInterfaceType | GraphQLUnionType):
            parent = None
        field = self._schema.get_field(parent, node.name.value) if parent else None
        place = f"{parent.name}.{node.name.value}" if parent else ""
        price = PRICES.get(place, 0) * OBJECT
        if node.selection_set is None:
            return _Selected(price + (ALIASED_LEAF if node.alias else 0), depth=1)
        type = get_named_type(field.type) if field else None
        inside = self.selections(node.selection_set, type, level + 1)
        cost, depth = price + OBJECT + inside.cost, inside.depth + 1
        if parent is None or field is None or type is None:
            return _Selected(cost, depth=depth)
        if parent is self._schema.mutation_type:
            cost += MUTATION_PRICE * OBJECT
        if type.name.endswith("Connection"):
            cost += inside.per_item * self._page_size(node)
        elif type.name == "Count":
            cost += self._number(node, "limit", COUNT_LIMIT, COUNT_LIMIT_MAXIMUM) * OBJECT // ROWS_COUNTED
        elif place.startswith("__") or node.name.value.startswith("__"):
            cost = int(cost * _introspection_sizes(self._schema).get(node.name.value, 1))
        elif is_list_type(get_nullable_type(field.type)):
            if parent.name.endswith("Connection"):
                return _Selected(per_item=cost, depth=depth)
            cost *= self._list_size(node, field, place)
        return _Selected(cost, depth=depth)

    def _page_size(self, node: FieldNode) -> int:
        name = "last" if self._argument(node, "first") is None else "first"
        return self._number(node, name, PAGE_SIZE, PAGE_SIZE_LIMIT)

    def _list_size(self, node: FieldNode, field: GraphQLField, place: str) -> int:
        if "ids" not in field.args:
            return LIST_SIZES.get(place, LIST_SIZE)
        ids = self._argument(node, "ids")
        if ids is None:
            return PAGE_SIZE
        return min(len(ids), IDS_LIMIT) if isinstance(ids, list | tuple) else 1

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
                return self._variables[name] if name in self._variables else self._value(self._defaults.get(name))
            case IntValueNode():
                return int(node.value[:10])  # Python refuses to read thousands of digits
            case StringValueNode():
                return node.value
            case ListValueNode():
                return node.values
        return None


@cache
def _introspection_sizes(schema: GraphQLSchema) -> dict[str, float]:
    """How long the lists of introspection are: on average, so that a query for all types costs what it builds. A type
    that the client names may be the largest; interfaces and their types, which lead to one another, are at their most.
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
        # In a chain of them each is so much rarer than the one before that together they are a reference's wrappers.
        "ofType": wrappers / (wrappers + len(references)),
        **dict.fromkeys(
            ("__type", "queryType", "mutationType", "subscriptionType"),
            largest * len(types) / sum(map(len, (*fields, *arguments))),
        ),
    }
