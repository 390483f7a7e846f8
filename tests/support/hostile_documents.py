"""The generator of hostile documents, which are meant to keep the server busy. It must answer none with data."""

from collections.abc import Callable, Iterator
from random import Random
from typing import Any, NamedTuple

FIELDS = ["viewer", "store", "session", "sessions", "customer", "customers", "order", "nodes", "sessionStats", "no"]
TYPES = ["Query", "Session", "Customer", "Order", "SessionConnection", "Node", "SessionFilter", "TokenStatus", "No"]
TOKENS = ["{", "}", "(", ")", "[", "]", ":", "!", "$", "...", "@", "on", "query", "fragment", "id", "1", '""', "null"]
# No schema has it, so that a flood of valid selections is not a valid document.
INVALID = "viewer { nonsense }"

Request = dict[str, Any]
Kind = Callable[[Random, int], str | Request]
KINDS: dict[str, Kind] = {}


class Hostile(NamedTuple):
    kind: str
    request: Request
    """The members of the body."""


def hostile_requests(number: int, seed: int = 0) -> Iterator[Hostile]:
    """This number of different requests of all kinds and sizes, always the same for a seed."""
    random, seen = Random(seed), set[str]()
    while len(seen) < number:
        kind = list(KINDS)[len(seen) % len(KINDS)]
        request = hostile_request(kind, random, int(8 * 2 ** (7.5 * random.random() ** 3)))
        if (written := repr(request)) not in seen:
            seen.add(written)
            yield Hostile(kind, request)


def hostile_request(kind: str, random: Random, size: int) -> Request:
    made = KINDS[kind](random, size)
    return made if isinstance(made, dict) else {"query": made}


def kind(make: Kind) -> Kind:
    """Register a kind of hostile documents: a function of a source of chance and a size."""
    KINDS[make.__name__] = make
    return make


def times(n: int, part: Callable[[int], str]) -> str:
    return " ".join(part(i) for i in range(n))


def name(r: Random, length: int = 8) -> str:
    return "".join(r.choices("abcdefghijklmnopqrstuvwxyz_", k=length))


def fragments(n: int, selected: Callable[[int], str], type: str = "Query") -> str:
    return times(n, lambda i: f"fragment F{i} on {type} {{ {selected(i)} }}")


def query(r: Random, body: str) -> str:
    """A query of a new name, so that no document comes twice."""
    return f"query {name(r)} {{ {body} }}"


def flood(kind_name: str, unit: int, *parts: str, least: int = 1, around: str = "{}") -> None:
    """A kind that repeats one of the parts, one for each `unit` of the size; `{i}` is the number, `{x}` a new name."""

    def make(r: Random, n: int) -> str:
        part = r.choice(parts)
        body = times(least + n // unit, lambda i: part.replace("{i}", str(i)).replace("{x}", name(r, 5)))
        return query(r, around.replace("{}", body))

    make.__name__ = kind_name
    kind(make)


flood("aliases", 1, "a{i}: viewer { id }", "a{i}: __typename", "a{i}: sessions(first: 1) { nodes { id } }", least=101)
flood("ten_thousand_aliases", 10**9, "a{i}:id", least=10_000)
flood("too_many_tokens", 1, "{x}", least=4_000)
flood("undefined_fragments", 1, "...{x}")
flood("unknown_fields", 1, "sesion{x}", "ordr{x} { id }")
DATA = "viewer { id }", "sessions { nodes { token { status } } }", "__typename", "session { id }"
flood("repeated_fields", 1, *DATA, around=f"{{}} {INVALID}")
flood("same_name_different_fields", 1, "id: name", "id: scopes", "id: {x}", around="viewer { nonsense {} }")
flood("same_field_different_arguments", 9, "sessions(first: {i}) { count { value } }", least=2)
flood("undefined_variables", 9, "sessions(first: ${x}) { nodes { id } }")
flood("deferred", 6, "... @defer { viewer { id } }", '... @defer(label: "a") { viewer { id } }', "... @stream { a }")
flood("many_counts", 20, "a{i}: sessions { count(limit: 1000000) { value } }", least=6)
INTROSPECTION = "a{i}: __schema { types { fields { args { type { name } } type { ofType { name } } } } }"
flood("many_introspections", 16, INTROSPECTION, least=20)
flood("many_arguments", 3, "id: 1", "id: {}", "{x}: 1", "id: $id", "id: ENUM", least=2, around="session({}) { id }")
flood("wrong_leaves", 3, "viewer", "viewer { id { a } }", "session { id }", "__typename { a }", "sessions(first: ID)")
flood("impossible_fragments", 7, "... on Session { id }", "... on Order{x} { id }", around="viewer { {} }")
flood("large_objects", 3, "searc{x}: 1", "room{x}: 1", around="sessions(filter: { {} }) { nodes { id } }")
flood("long_lists", 1, "true", "1.5", "ACTIV", "{}", "$v", around="nodes(ids: [{} 1]) { id }")
EVERYTHING = "{ id active roomId metadata customer { id name phone email } token { link status expiredTime } }"
# Valid but for one field, so that every rule visits all of it.
flood("many_valid_fields", 16, f'a{{i}}: session(id: "{{x}}") {EVERYTHING}', around=f"{{}} {INVALID}")
flood(
    "equal_arguments",
    16,
    'sessions(filter: {and: [{search: "a"} {search: "b"}]}) { nodes { id } }',
    around=f"{{}} {INVALID}",
)
flood("inline_fragments", 6, "... on Query { viewer { id } }", "... { __typename }", around=f"{{}} {INVALID}")
flood(
    "similar_input_fields",
    3,
    "conversionKin{i}: 1",
    "orderNumbe{x}: 1",
    around="sessions(filter: {{}}) { nodes { id } }",
)
flood("block_strings", 6, 'session(id: """{x}\n  {x}\n""") { id }', around=f"{{}} {INVALID}")
flood("unicode_escapes", 4, 'session(id: "\\u00e9\\u{1F600}{x}") { id }', around=f"{{}} {INVALID}")
flood(
    "types_of_nodes", 6, "... on Session { id } ... on Customer { name }", around='nodes(ids: ["{x}"]) { {} nonsense }'
)


@kind
def doubling_fragments(r: Random, n: int) -> str:
    depth, spreads = r.randint(13, 60), r.randint(2, 4)
    doubling = fragments(depth, lambda i: times(spreads, lambda _: f"...F{i + 1}"))
    return f"{query(r, '...F0')} {doubling} fragment F{depth} on Query {{ viewer {{ id }} }}"


@kind
def fragments_of_all_fragments(r: Random, n: int) -> str:
    size = 2 + n // 50
    spreads = times(size, lambda j: f"...F{j}")
    return f"{query(r, 'nonsense ...F0')} {fragments(size, lambda i: f'{spreads} {r.choice(FIELDS)}')}"


@kind
def circular_fragments(r: Random, n: int) -> str:
    size = 1 + n // 10
    return f"{query(r, '...F0')} {fragments(size, lambda i: f'...F{(i + 1) % size}')}"


@kind
def unused_fragments(r: Random, n: int) -> str:
    return f"{query(r, 'viewer { id }')} {fragments(1 + n // 10, lambda i: '__typename', r.choice(TYPES))}"


@kind
def overlapping_fragments(r: Random, n: int) -> str:
    size = 2 + n // 25
    selected = r.choice(["sessions { nodes { customer { sessions { nodes { id } } } } }", "a: viewer { id }"])
    spreads = times(size, lambda i: f"...F{i}")
    return f"{query(r, f'{INVALID} {spreads}')} {fragments(size, lambda i: selected)}"


@kind
def huge_names(r: Random, n: int) -> str:
    huge = name(r, n * 40)
    places = [
        *("{ X }", "{ ...X }", "{ ... on X { id } }", "{ viewer @X { id } }", "{ session(X: 1) { id } }"),
        *("query ($X: Int) { viewer { id } }", "query ($a: X) { viewer { id } }"),
        *("fragment X on Query { ...X } { ...X }", "{ sessions(filter: { tokenStatus: X }) { nodes { id } } }"),
    ]
    return r.choice(places).replace("X", huge)


@kind
def deep_selections(r: Random, n: int) -> str:
    field = r.choice(["customer { sessions { nodes", "a", "...", "... on Session", "orders { session"])
    closing = "}" * (17 + n) * (field.count("{") + 1)
    return query(r, f"session(id: 1) {f'{{ {field} ' * (17 + n)}{{ nonsense }}{closing}")


@kind
def deep_lists(r: Random, n: int) -> str:
    return query(r, f"nodes(ids: {'[' * (2 + n)}{r.choice(['', '1', 'null'])}{']' * (2 + n)}) {{ id }}")


@kind
def deep_objects(r: Random, n: int) -> str:
    key = r.choice(["not", "and", "or", "metadata", name(r)])
    return query(r, f"sessions(filter: {f'{{ {key}: ' * n}{{ {name(r)}: 1 }}{'}' * n}) {{ nodes {{ id }} }}")


@kind
def huge_numbers(r: Random, n: int) -> Request:
    digits = "9" + "".join(r.choices("0123456789", k=n * 10))
    number = r.choice(["", "-"]) + digits + r.choice(["", ".5", "e99", "e999999999"])
    page = "sessions(first: X) { nodes { id } }"
    written = [f"{{ {page} }}", f"query ($n: Int = X) {{ {page} }}", "{ sessions { count(limit: X) { value } } }"]
    given = {"query": f"query ($n: Int) {{ {page} }}".replace("X", "$n"), "variables": {"n": int(digits[:4000])}}
    return r.choice([*({"query": each.replace("X", number)} for each in written), given])


@kind
def wrong_variables(r: Random, n: int) -> Request:
    value: Any = name(r)
    for _ in range(r.randrange(min(n, 300))):
        value = r.choice([[value], {"not": value}])
    text = "query ($n: Int, $f: SessionFilter) { sessions(first: $n, filter: $f) { nodes { id } } }"
    return {"query": text, "variables": {"n": value, "f": value, name(r): n}}


@kind
def many_variables(r: Random, n: int) -> str:
    type = r.choice(["Int", "Nonsense", "[[Int!]!]!", "SessionFilter", "Session"])
    return f"query ({times(1 + n // 3, lambda i: f'${name(r, 5)}: {type}')}) {{ viewer {{ id }} }}"


@kind
def directives(r: Random, n: int) -> str:
    directive = r.choice(["@include(if: true)", "@skip(if: $no)", "@include", f"@{name(r)}", "@deprecated", "@oneOf"])
    places = [
        *("{ viewer D { id } nonsense }", "query Q D { viewer { id } nonsense }"),
        "{ ... D { viewer { id } nonsense } }",
        *("query ($v: Int D) { sessions(first: $v) { nonsense } }", "{ ...F D } fragment F on Query D { nonsense }"),
    ]
    return r.choice(places).replace("nonsense", name(r)).replace("D", f"{directive} " * (2 + n))


@kind
def subscriptions(r: Random, n: int) -> str:
    return f"subscription {name(r)} {{ {times(n, lambda i: r.choice(FIELDS))} }}"


@kind
def many_operations(r: Random, n: int) -> Request:
    type = r.choice(["query", "mutation", "subscription"])
    operations = times(2 + n // 8, lambda i: f"{type} {name(r)} {{ viewer {{ id }} }}")
    return {"query": operations, **r.choice([{}, {"operationName": "missing"}, {"operationName": "x" * n}])}


@kind
def operations_that_share_fragments(r: Random, n: int) -> Request:
    """Each operation is validated with all fragments."""
    size = 2 + n // 16
    operations = times(size, lambda i: f"query Q{i} {{ ...A }}")
    spreads = times(size, lambda i: f"...F{i}")
    text = f"{operations} fragment A on Query {{ {spreads} {INVALID} }} {fragments(size, lambda i: '__typename')}"
    return {"query": f"{text} #{name(r)}", "operationName": "Q0"}


@kind
def operations_that_share_variables(r: Random, n: int) -> Request:
    size = 2 + n // 24
    operations = times(size, lambda i: f"query Q{i}($v: Int) {{ ...A }}")
    uses = times(size, lambda i: f"{name(r, 3)}{i}: sessions(first: $v) {{ count {{ value }} }}")
    return {"query": f"{operations} fragment A on Query {{ {uses} {INVALID} }}", "operationName": "Q0"}


@kind
def huge_variables(r: Random, n: int) -> Request:
    """In a valid document, whose variables are not."""
    wrong = r.choice([{name(r): 1}, {}, None, [[]], 1.5])
    values: Any = {"ids": [wrong] * (n * 8), "filter": {"and": [{f"conversionKind{name(r, 2)}": 1}] * (n * 2)}}
    values["filter"] |= {f"searc{i}": wrong for i in range(n)}
    chosen = r.choice(["ids", "filter"])
    text = "query ($ids: [ID!]!) { nodes(ids: $ids) { id } }"
    if chosen == "filter":
        text = "query ($filter: SessionFilter) { sessions(filter: $filter) { nodes { id } } }"
    return {"query": text, "variables": {chosen: values[chosen], name(r): 1}}


@kind
def many_mutations(r: Random, n: int) -> str:
    field = f'revokeToken(input: {{ sessionId: "{name(r)}" }}) {{ userErrors {{ code }} }}'
    return f"mutation {{ {times(101 + n // 4, lambda i: f'm{i}: {field}')} }}"


@kind
def multiplied_pages(r: Random, n: int) -> Request:
    size = r.randint(50, 100)
    page = f"first: {r.choice([size, '$n'])}"
    inner = f"customer {{ sessions({page}) {{ nodes {{ id events({page}) {{ nodes {{ id {name(r, 3)} }} }} }} }} }}"
    return {"query": f"query ($n: Int) {{ sessions({page}) {{ nodes {{ {inner} }} }} }}", "variables": {"n": size}}


@kind
def nested_introspection(r: Random, n: int) -> str:
    steps = ("fields { type", "possibleTypes { interfaces", "interfaces { possibleTypes", "fields { args { type")
    step = r.choice(steps)
    start = r.choice(["__schema { types", '__type(name: "Query")', "__schema { queryType"])
    depth = r.randint(3, 3 + n // 8)
    closing = "}" * (depth * (step.count("{") + 1) + start.count("{"))
    return query(r, f"{start} {f'{{ {step} ' * depth}{{ name }}{closing}")


@kind
def type_definitions(r: Random, n: int) -> str:
    definition = r.choice(["type T { a: Int }", "extend type Query { a: Int }", "directive @d on FIELD", "scalar S"])
    return f"{query(r, '__typename')} {times(1 + n // 8, lambda i: definition)}"


@kind
def strings(r: Random, n: int) -> str:
    text = r.choice(["\\u{110000}", "\\uD800", "\\u00", "\\x", "\n", "\\u{1F600}", "\\u0000", "é", "  a\n"]) * n
    quoted = r.choice([f'"{text}"', f'"""{text}"""', f'"{text}', f'"""{text}', '"' * n])
    return query(r, f"sessions(first: {quoted}) {{ nodes {{ id }} }}")


@kind
def comments(r: Random, n: int) -> str:
    blank = r.choice([f"#{name(r, 20)}\n", "#\n", ",", "\ufeff", "\n", "\t,\r\n"]) * n * 20
    return f"{blank}{{ {INVALID} {blank} {name(r)} }}"


@kind
def unclosed(r: Random, n: int) -> str:
    opening = r.choice(["{ viewer ", "{ session(id: ", "{ nodes(ids: [", "query ($a: [", "{ a @include(if: {", "{ ..."])
    return f"query {name(r)} {opening * r.randint(1, n)}"


@kind
def truncated(r: Random, n: int) -> str:
    whole = query(r, "sessions(first: 10) { nodes { id customer { name } ...F } }") + " "
    whole *= 1 + n // 20
    return whole.rstrip()[: r.randint(15, len(whole) - 3)].rstrip("} ")


@kind
def random_characters(r: Random, n: int) -> str:
    return "".join(r.choices("{}[]()!$@:=|&.,#\"\\'01-eE+abc\x00\x07\u2028é😀\n", k=n)) + "?"


@kind
def random_tokens(r: Random, n: int) -> str:
    return f"{name(r)} {' '.join(r.choices(TOKENS, k=n))}"
