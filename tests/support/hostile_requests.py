"""Hostile requests: what somebody sends who wants the server busy, or down. None of them may be answered with data."""

from collections.abc import Callable, Iterator
from random import Random
from typing import Any, NamedTuple

NAMES = [
    "viewer",
    "store",
    "session",
    "sessions",
    "customer",
    "customers",
    "order",
    "nodes",
    "sessionStats",
    "nonsense",
]
TYPES = [
    "Query",
    "Session",
    "Customer",
    "Order",
    "SessionConnection",
    "Node",
    "SessionFilter",
    "TokenStatus",
    "Nonsense",
]
LEAVES = ["id", "name", "scopes", "__typename", "nonsense"]
# What no schema and no grammar takes, for floods that might pass for a question otherwise.
BAD_FIELD = "viewer { nonsense }"
LOCATED = "@include(if: true)"

Request = dict[str, Any]


class Hostile(NamedTuple):
    kind: str
    request: Request
    """The members of the body."""


def hostile_requests(number: int, seed: int = 0) -> Iterator[Hostile]:
    """So many of them, each different, small ones and ones as large as they can be; the same ones for the same seed."""
    random, seen = Random(seed), set[str]()
    while len(seen) < number:
        kind = KINDS[len(seen) % len(KINDS)]
        made = kind(random, int(8 * 2 ** (7.5 * random.random() ** 3)))
        request = made if isinstance(made, dict) else {"query": made}
        if (written := repr(request)) not in seen:
            seen.add(written)
            yield Hostile(kind.__name__, request)


def repeated(n: int, part: Callable[[int], str]) -> str:
    return " ".join(part(i) for i in range(n))


def name(random: Random, length: int = 8) -> str:
    return "".join(random.choices("abcdefghijklmnopqrstuvwxyz_", k=length))


def some_fragments(n: int, selected: Callable[[int], str], type: str = "Query") -> str:
    return repeated(n, lambda i: f"fragment F{i} on {type} {{ {selected(i)} }}")


def doubling_fragments(random: Random, n: int) -> str:
    depth, times, end = random.randint(13, 60), random.randint(2, 4), name(random)
    fragments = some_fragments(depth, lambda i: repeated(times, lambda _: f"...F{i + 1}"))
    return f"query {end} {{ ...F0 }} {fragments} fragment F{depth} on Query {{ viewer {{ id }} }}"


def fragments_of_all(random: Random, n: int) -> str:
    size = 2 + n // 50
    fragments = some_fragments(size, lambda i: repeated(size, lambda j: f"...F{j}") + f" {random.choice(NAMES)}")
    return f"{{ {name(random)} ...F0 }} {fragments}"


def circular_fragments(random: Random, n: int) -> str:
    size = 1 + n // 10
    return f"{{ {name(random)}: __typename ...F0 }} {some_fragments(size, lambda i: f'...F{(i + 1) % size}')}"


def undefined_fragments(random: Random, n: int) -> str:
    return f"{{ {repeated(n, lambda i: f'...{name(random, 6)}')} }}"


def unused_fragments(random: Random, n: int) -> str:
    fragments = some_fragments(1 + n // 10, lambda i: f"{name(random, 3)}: __typename", random.choice(TYPES))
    return f"{{ viewer {{ id }} }} {fragments}"


def overlapping_fragments(random: Random, n: int) -> str:
    size = 2 + n // 25
    selected = random.choice(["sessions { nodes { customer { sessions { nodes { id } } } } }", "a: viewer { id }"])
    spreads = repeated(size, lambda i: f"...F{i}")
    return f"query {name(random)} {{ {BAD_FIELD} {spreads} }} {some_fragments(size, lambda i: selected)}"


def aliases(random: Random, n: int) -> str:
    prefix, field = (
        name(random, 3),
        random.choice(["viewer { id }", "__typename", "sessions(first: 1) { nodes { id } }"]),
    )
    return f"{{ {repeated(101 + n, lambda i: f'{prefix}{i}: {field}')} }}"


def ten_thousand_aliases(random: Random, n: int) -> str:
    prefix = name(random, 3)
    return f"{{ {repeated(10_000, lambda i: f'{prefix}{i}:id')} }}"


def repeated_fields(random: Random, n: int) -> str:
    field = random.choice(["viewer { id }", "sessions { nodes { token { status } } }", "__typename", "session { id }"])
    return f"query {name(random)} {{ {repeated(n, lambda i: field)} {BAD_FIELD} }}"


def same_name_different_fields(random: Random, n: int) -> str:
    return f"{{ viewer {{ {name(random)} {repeated(n, lambda i: f'id: {random.choice(LEAVES)}')} }} }}"


def same_field_different_arguments(random: Random, n: int) -> str:
    first = random.randrange(10**6)
    return f"{{ {repeated(2 + n // 9, lambda i: f'sessions(first: {first + i}) {{ count {{ value }} }}')} }}"


def unknown_fields(random: Random, n: int) -> str:
    return f"{{ {repeated(n, lambda i: random.choice(NAMES)[:-1] + name(random, 3))} }}"


def huge_names(random: Random, n: int) -> str:
    huge = name(random, n * 40)
    return random.choice(
        [
            f"{{ {huge} }}",
            f"{{ ...{huge} }}",
            f"{{ ... on {huge} {{ id }} }}",
            f"{{ viewer @{huge} {{ id }} }}",
            f"{{ session({huge}: 1) {{ id }} }}",
            f"query (${huge}: Int) {{ viewer {{ id }} }}",
            f"query ($a: {huge}) {{ viewer {{ id }} }}",
            f"{{ sessions(filter: {{ tokenStatus: {huge} }}) {{ nodes {{ id }} }} }}",
            f"fragment {huge} on Query {{ ...{huge} }} {{ ...{huge} }}",
        ]
    )


def deep_selections(random: Random, n: int) -> str:
    field = random.choice(
        ["customer { sessions { nodes", "a", name(random), "...", "... on Session", "orders { session"]
    )
    opened = field.count("{") + 1
    return (
        f"query {name(random)} {{ session(id: 1) {f'{{ {field} ' * (17 + n)}{{ nonsense }}{'}' * (17 + n) * opened} }}"
    )


def deep_lists(random: Random, n: int) -> str:
    value = "[" * (2 + n) + random.choice(["", "1", "null"]) + "]" * (2 + n)
    return f"query {name(random)} {{ nodes(ids: {value}) {{ id }} }}"


def deep_objects(random: Random, n: int) -> str:
    key = random.choice(["not", "and", "or", "metadata", name(random)])
    value = f"{f'{{ {key}: ' * n}{{ {name(random)}: 1 }}{'}' * n}"
    return f"{{ sessions(filter: {value}) {{ nodes {{ id }} }} }}"


def huge_numbers(random: Random, n: int) -> Request:
    digits = "9" + "".join(random.choices("0123456789", k=n * 10))
    number = random.choice(["", "-"]) + digits + random.choice(["", ".5", "e99", "e999999999"])
    return random.choice(
        [
            {"query": f"{{ sessions(first: {number}) {{ nodes {{ id }} }} }}"},
            {"query": f"query ($n: Int = {number}) {{ sessions(first: $n) {{ nodes {{ id }} }} }}"},
            {"query": f"{{ sessions {{ count(limit: {number}) {{ value }} }} }}"},
            {
                "query": "query ($n: Int) { sessions(first: $n) { nodes { id } } }",
                "variables": {"n": int(digits[:4000])},
            },
        ]
    )


def wrong_variables(random: Random, n: int) -> Request:
    value: Any = name(random)
    for _ in range(random.randrange(min(n, 300))):
        value = random.choice([[value], {"not": value}])
    query = "query ($n: Int, $f: SessionFilter) { sessions(first: $n, filter: $f) { nodes { id } } }"
    return {"query": query, "variables": {"n": value, "f": value, name(random): n}}


def many_variables(random: Random, n: int) -> str:
    type = random.choice(["Int", "Nonsense", "[[Int!]!]!", "SessionFilter", "Session"])
    return f"query ({repeated(1 + n // 3, lambda i: f'${name(random, 5)}: {type}')}) {{ viewer {{ id }} }}"


def undefined_variables(random: Random, n: int) -> str:
    fields = repeated(1 + n // 9, lambda i: f"sessions(first: ${name(random, 5)}) {{ nodes {{ id }} }}")
    return f"{{ {fields} }}"


def directives(random: Random, n: int) -> str:
    directive = random.choice([LOCATED, "@skip(if: $no)", "@include", f"@{name(random)}", "@deprecated", "@oneOf"])
    flood = f"{directive} " * (2 + n)
    place = name(random)
    return random.choice(
        [
            f"query {place} {{ viewer {flood} {{ id }} }}",
            f"query {place} {flood} {{ viewer {{ id }} }}",
            f"query {place} {{ ... {flood} {{ viewer {{ id }} }} }}",
            f"query ($v: Int {flood}) {{ sessions(first: $v) {{ nodes {{ {place} }} }} }}",
            f"{{ ...F {flood} }} fragment F on Query {flood} {{ {place} }}",
        ]
    )


def deferred(random: Random, n: int) -> str:
    directive = random.choice(["@defer", "@defer(if: true)", "@stream(initialCount: 0)", '@defer(label: "a")'])
    return f"query {name(random)} {{ {repeated(1 + n // 6, lambda i: f'... {directive} {{ viewer {{ id }} }}')} }}"


def subscriptions(random: Random, n: int) -> str:
    return f"subscription {name(random)} {{ {repeated(n, lambda i: random.choice(NAMES))} }}"


def many_operations(random: Random, n: int) -> Request:
    kind = random.choice(["query", "mutation", "subscription"])
    operations = repeated(2 + n // 8, lambda i: f"{kind} {name(random)} {{ viewer {{ id }} }}")
    return {"query": operations, **random.choice([{}, {"operationName": "missing"}, {"operationName": "x" * n}])}


def many_mutations(random: Random, n: int) -> str:
    field = f'revokeToken(input: {{ sessionId: "{name(random)}" }}) {{ userErrors {{ code }} }}'
    return f"mutation {{ {repeated(101 + n // 4, lambda i: f'm{i}: {field}')} }}"


def multiplied_pages(random: Random, n: int) -> Request:
    size = random.randint(50, 100)
    pages = f"first: {random.choice([size, '$n'])}"
    inner = (
        f"customer {{ sessions({pages}) {{ nodes {{ id events({pages}) {{ nodes {{ id {name(random, 3)} }} }} }} }} }}"
    )
    return {"query": f"query ($n: Int) {{ sessions({pages}) {{ nodes {{ {inner} }} }} }}", "variables": {"n": size}}


def many_counts(random: Random, n: int) -> str:
    field = "sessions { count(limit: 1000000) { value } }"
    return f"query {name(random)} {{ {repeated(6 + n // 20, lambda i: f'a{i}: {field}')} }}"


def nested_introspection(random: Random, n: int) -> str:
    step = random.choice(
        ["fields { type", "possibleTypes { interfaces", "interfaces { possibleTypes", "fields { args { type"]
    )
    start = random.choice(["__schema { types", '__type(name: "Query")', "__schema { queryType"])
    depth = random.randint(3, 3 + n // 8)
    closing = "}" * (depth * (step.count("{") + 1) + start.count("{"))
    return f"query {name(random)} {{ {start} {f'{{ {step} ' * depth}{{ name }}{closing} }}"


def many_introspections(random: Random, n: int) -> str:
    field = "__schema { types { fields { args { type { name } } type { ofType { name } } } } }"
    return f"query {name(random)} {{ {repeated(20 + n // 16, lambda i: f'a{i}: {field}')} }}"


def many_arguments(random: Random, n: int) -> str:
    argument = random.choice(["id: 1", "id: {}", f"{name(random)}: 1", "id: $id", "id: ENUM"])
    return f"query {name(random)} {{ session({repeated(2 + n // 3, lambda i: argument)}) {{ id }} }}"


def long_lists(random: Random, n: int) -> str:
    item = random.choice(["true", "1.5", "ACTIV", "{}", f"$v{name(random)}", "ACTIVE EXPIRE"])
    return random.choice(
        [
            f"query {name(random)} {{ nodes(ids: [{f'{item} ' * n}]) {{ id }} }}",
            f"query {name(random)} {{ sessions(filter: {{ tokenStatus: [{f'{item} ' * n}1] }}) {{ nodes {{ id }} }} }}",
        ]
    )


def large_objects(random: Random, n: int) -> str:
    fields = repeated(1 + n // 3, lambda i: f"{random.choice(['searc', 'room', 'roomId'])}{name(random, 2)}: 1")
    return f"{{ sessions(filter: {{ {fields} }}) {{ nodes {{ id }} }} }}"


def wrong_leaves(random: Random, n: int) -> str:
    field = random.choice(
        ["viewer", "viewer { id { a } }", "session { id }", "__typename { a }", "sessions(first: ID)"]
    )
    return f"query {name(random)} {{ {repeated(1 + n // 3, lambda i: field)} }}"


def impossible_fragments(random: Random, n: int) -> str:
    spreads = repeated(
        1 + n // 7, lambda i: f"... on {random.choice(TYPES[1:4])}{random.choice(['', name(random)])} {{ id }}"
    )
    return f"query {name(random)} {{ viewer {{ {spreads} }} }}"


def type_system(random: Random, n: int) -> str:
    definition = random.choice(
        ["type T { a: Int }", "extend type Query { a: Int }", "directive @d on FIELD", "scalar S"]
    )
    return f"{{ {name(random)}: __typename }} {repeated(1 + n // 8, lambda i: definition)}"


def strings(random: Random, n: int) -> str:
    text = random.choice(["\\u{110000}", "\\uD800", "\\u00", "\\x", "\n", "\\u{1F600}", "\\u0000", "é", "  a\n"]) * n
    quoted = random.choice([f'"{text}"', f'"""{text}"""', f'"{text}', f'"""{text}', '"' * n])
    return f"query {name(random)} {{ sessions(first: {quoted}) {{ nodes {{ id }} }} }}"


def comments(random: Random, n: int) -> str:
    flood = random.choice([f"#{name(random, 20)}\n", "#\n", ",", "\ufeff", "\n", "\t,\r\n"]) * n * 20
    return f"{flood}{{ {BAD_FIELD} {flood} {name(random)} }}"


def unclosed(random: Random, n: int) -> str:
    opening = random.choice(
        ["{ viewer ", "{ session(id: ", "{ nodes(ids: [", "query ($a: [", "{ a @include(if: {", "{ ..."]
    )
    return f"query {name(random)} {opening * random.randint(1, n)}"


def truncated(random: Random, n: int) -> str:
    whole = f"query {name(random)} {{ sessions(first: 10) {{ nodes {{ id customer {{ name }} ...F }} }} }} " * (
        1 + n // 20
    )
    return whole.rstrip()[: random.randint(15, len(whole) - 3)].rstrip("} ")


def garbage(random: Random, n: int) -> str:
    return "".join(random.choices("{}[]()!$@:=|&.,#\"\\'01-eE+abc\x00\x07\u2028é😀\n", k=n)) + "?"


def tokens(random: Random, n: int) -> str:
    parts = [
        "{",
        "}",
        "(",
        ")",
        "[",
        "]",
        ":",
        "!",
        "$",
        "...",
        "@",
        "on",
        "query",
        "fragment",
        "id",
        "1",
        '""',
        "null",
    ]
    return f"{name(random)} {' '.join(random.choices(parts, k=n))}"


def too_many_tokens(random: Random, n: int) -> str:
    return f"{{ {f'{name(random, 3)} ' * (4_000 + n)} }}"


KINDS: list[Callable[[Random, int], str | Request]] = [
    doubling_fragments,
    fragments_of_all,
    circular_fragments,
    undefined_fragments,
    unused_fragments,
    overlapping_fragments,
    aliases,
    repeated_fields,
    same_name_different_fields,
    same_field_different_arguments,
    unknown_fields,
    huge_names,
    deep_selections,
    deep_lists,
    deep_objects,
    huge_numbers,
    wrong_variables,
    many_variables,
    undefined_variables,
    directives,
    deferred,
    subscriptions,
    many_operations,
    many_mutations,
    multiplied_pages,
    many_counts,
    nested_introspection,
    many_introspections,
    many_arguments,
    long_lists,
    large_objects,
    wrong_leaves,
    impossible_fragments,
    type_system,
    strings,
    comments,
    unclosed,
    truncated,
    garbage,
    tokens,
    too_many_tokens,
    ten_thousand_aliases,
]
