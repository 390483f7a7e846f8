"""Hypothesis strategies for operations that are valid in a given schema.

They have aliases, the same field several times, fragments of all kinds, @skip and @include, arguments as literals and
as variables, and several operations in a document. They have no introspection, no subscription and no @defer.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from graphql import (
    GraphQLArgument,
    GraphQLBoolean,
    GraphQLField,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLSchema,
    get_named_type,
    is_composite_type,
    is_object_type,
    is_required_argument,
    is_union_type,
)
from hypothesis import strategies as st

from tests.engine.compiled import arguments as inputs
from tests.engine.compiled.arguments import Choices, Inputs

ALIASES = ["a", "b", "c", "id", "name"]
DEPTH = 5
SELECTIONS = 60

BOOLEAN = GraphQLNonNull(GraphQLBoolean)


class Request(NamedTuple):
    """A document, the name of the operation to run, and several sets of values for its variables."""

    document: str
    operation_name: str | None
    variables: list[dict[str, Any]]


def operations(
    schema: GraphQLSchema,
    scalars: Mapping[str, st.SearchStrategy[Any]],
    examples: Mapping[str, st.SearchStrategy[Any]] | None = None,
    mutations: bool = True,
) -> st.SearchStrategy[Request]:
    """Valid operations. `scalars` are the JSON values of each scalar; those of the built-in ones may be left out.

    `examples` are likely values of arguments, by `field.argument` or by the argument alone.
    """
    roots = [schema.query_type, *([schema.mutation_type] if mutations else [])]
    overlaps = Overlaps(schema)

    @st.composite
    def requests(draw: st.DrawFn) -> Request:
        choices = Choices(draw)
        writer = Writer(choices, Inputs(choices, inputs.SCALARS | scalars), overlaps, examples or {})
        return writer.request([*filter(None, roots)])

    return requests()


class Overlaps:
    """The composite types that have an object type in common."""

    def __init__(self, schema: GraphQLSchema) -> None:
        self.schema = schema
        self.types = [type for name, type in schema.type_map.items() if is_composite_type(type) and name[:2] != "__"]
        self.possible = {
            type.name: {type.name} if is_object_type(type) else {each.name for each in schema.get_possible_types(type)}
            for type in self.types
        }
        self.of = {
            name: [type for type in self.types if possible & self.possible[type.name]]
            for name, possible in self.possible.items()
        }


class Response(NamedTuple):
    """What a response name refers to. All fields with one name must be mergeable, wherever in the document they are."""

    parent: Any
    field: str
    arguments: str
    shape: str

    def merges(self, other: "Response") -> bool:
        apart = is_object_type(self.parent) and is_object_type(other.parent) and self.parent is not other.parent
        same = (self.field, self.arguments) == (other.field, other.arguments)
        return self.shape == other.shape and (apart or same)


class Selected(NamedTuple):
    """A field with its arguments, so that it can be selected again, and the named type that it returns."""

    head: str
    type: Any


class Fragment(NamedTuple):
    name: str
    type: Any
    text: str
    variables: set[str]
    fields: list[Selected]


def _is_composite(of: GraphQLField) -> bool:
    return is_composite_type(get_named_type(of.type))


@dataclass
class Writer:
    """Writes one document."""

    choices: Choices
    inputs: Inputs
    overlaps: Overlaps
    examples: Mapping[str, st.SearchStrategy[Any]]
    responses: dict[str, list[Response]] = field(default_factory=dict)
    fragments: list[Fragment] = field(default_factory=list)
    budget: int = SELECTIONS

    def request(self, roots: list[GraphQLObjectType]) -> Request:
        several = self.choices.chance(15)
        written = [self.operation(roots[self.choices.chance(25) if len(roots) > 1 else 0]) for _ in range(1 + several)]
        named = several or self.choices.chance(30)
        names = [f"Operation{index}" if named else "" for index in range(len(written))]
        texts = [self.header(name, *rest) for name, rest in zip(names, written, strict=True)]
        fragments = [f"fragment {each.name} on {each.type} {each.text}" for each in self.fragments]
        chosen = self.choices.number(len(written) - 1)
        return Request(
            "\n".join([*fragments, *texts] if self.choices.chance(30) else [*texts, *fragments]),
            names[chosen] or None,
            [self.inputs.values(written[chosen][1]) for _ in range(1 + self.choices.chance(40))],
        )

    def operation(self, root: GraphQLObjectType) -> tuple[GraphQLObjectType, set[str], str]:
        """The root type, the variables and the selection set of an operation."""
        self.inputs.used = used = set()
        return root, used, self.selection_set(root, DEPTH)

    def header(self, name: str, root: GraphQLObjectType, used: set[str], selection_set: str) -> str:
        declared = ", ".join(str(variable) for variable in self.inputs.variables.values() if variable.name in used)
        kind = "mutation" if root is self.overlaps.schema.mutation_type else "query"
        return f"{kind} {name}" + (f"({declared}) " if declared else " ") + selection_set

    def selection_set(self, type: Any, depth: int, fields: list[Selected] | None = None) -> str:
        """A selection set. Its fields that can be selected again are added to `fields`."""
        fields = [] if fields is None else fields
        texts = []
        for _ in range(1 + self.choices.number(1 if self.budget < 0 else 4)):
            self.budget -= 1
            texts.append(self.selection(type, depth, fields))
        return "{ " + " ".join(texts) + " }"

    def selection(self, type: Any, depth: int, fields: list[Selected]) -> str:
        kind = self.choices.number(99)
        if depth > 0 and self.budget > 0:
            if kind >= 88:
                return self.inline_fragment(type, depth - 1, fields)
            if kind >= 76:
                return self.spread(type, depth - 1, fields)
        if kind >= 67 and fields:
            return self.field_text(self.choices.pick(fields), depth)
        leaves = [] if is_union_type(type) else [name for name, of in type.fields.items() if not _is_composite(of)]
        deeper = [] if is_union_type(type) or depth <= 0 else [name for name in type.fields if name not in leaves]
        if kind >= 63 or not (leaves or deeper):
            return f"{self.response(Response(type, '__typename', '', 'String!'))}__typename{self.directives()}"
        if not leaves or (deeper and self.budget > 0 and self.choices.chance(55)):
            leaves = deeper
        fields.append(self.field(type, self.choices.pick(leaves)))
        return self.field_text(fields[-1], depth)

    def field(self, type: Any, name: str) -> Selected:
        of: GraphQLField = type.fields[name]
        returned = get_named_type(of.type)
        arguments = self.arguments(name, of)
        shape = str(of.type).replace(returned.name, "{}") if _is_composite(of) else str(of.type)
        return Selected(f"{self.response(Response(type, name, arguments, shape))}{name}{arguments}", returned)

    def field_text(self, field: Selected, depth: int) -> str:
        nested = f" {self.selection_set(field.type, depth - 1)}" if is_composite_type(field.type) else ""
        return field.head + self.directives() + nested

    def arguments(self, field: str, of: GraphQLField) -> str:
        written = [
            f"{name}: {self.argument(field, name, argument)}"
            for name, argument in of.args.items()
            if is_required_argument(argument) or self.choices.chance(40)
        ]
        if len(written) > 1 and self.choices.chance(20):
            written.reverse()
        return f"({', '.join(written)})" if written else ""

    def argument(self, field: str, name: str, argument: GraphQLArgument) -> str:
        example = self.examples.get(f"{field}.{name}", self.examples.get(name))
        if example is not None and not self.choices.chance(15):
            return inputs.literal(self.choices.draw(example))
        return self.inputs.value(argument.type, not is_required_argument(argument))

    def response(self, response: Response) -> str:
        """The alias under which a field can be selected, with its colon, or nothing if it needs none."""
        names = [response.field, *ALIASES]
        if self.choices.chance(25):
            names = [self.choices.pick(ALIASES), *names]
        names.append(f"{response.field}{sum(map(len, self.responses.values()))}")
        name = next(name for name in names if all(response.merges(other) for other in self.responses.get(name, ())))
        self.responses.setdefault(name, []).append(response)
        return "" if name == response.field else f"{name}: "

    def inline_fragment(self, type: Any, depth: int, fields: list[Selected]) -> str:
        condition = None if self.choices.chance(25) else self.choices.pick(self.overlaps.of[type.name])
        on = f" on {condition}" if condition else ""
        same = fields if condition in (None, type) else None
        return f"...{on}{self.directives()} {self.selection_set(condition or type, depth, same)}"

    def spread(self, type: Any, depth: int, fields: list[Selected]) -> str:
        """A spread of an existing or of a new fragment."""
        possible = self.overlaps.possible
        fitting = [each for each in self.fragments if possible[each.type.name] & possible[type.name]]
        if not fitting or self.choices.chance(40):
            fitting = [self.fragment(self.choices.pick([type, *self.overlaps.of[type.name]]), depth)]
        fragment = self.choices.pick(fitting)
        self.inputs.used |= fragment.variables
        if fragment.type is type:
            fields.extend(fragment.fields)
        return f"...{fragment.name}{self.directives()}"

    def fragment(self, type: Any, depth: int) -> Fragment:
        outside, self.inputs.used = self.inputs.used, set()
        fields: list[Selected] = []
        text = self.selection_set(type, depth, fields)
        fragment = Fragment(f"F{len(self.fragments)}", type, text, self.inputs.used, fields)
        self.inputs.used = outside
        self.fragments.append(fragment)
        return fragment

    def directives(self) -> str:
        """Mostly none."""
        kinds = ["skip", "include", "skip include", "include skip"]
        names = self.choices.pick(kinds).split() if self.choices.chance(12) else []
        return "".join(f" @{name}(if: {self.condition()})" for name in names)

    def condition(self) -> str:
        return self.inputs.variable(BOOLEAN) if self.choices.chance(50) else self.choices.pick(["true", "false"])
