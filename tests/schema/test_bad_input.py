"""Invalid input never causes a 500: every argument and input field of the schema gets every kind of invalid value."""

import json
from collections.abc import Iterator
from typing import Any, NamedTuple

import httpx
import pytest
from graphql import (
    GraphQLEnumType,
    GraphQLField,
    GraphQLInputObjectType,
    GraphQLList,
    GraphQLSchema,
    build_client_schema,
    get_introspection_query,
    get_named_type,
    get_nullable_type,
    is_required_argument,
    is_required_input_field,
)

from tests.support.shop import Shop, code_of, new_app

ABSENT = object()

# Written as JSON, because Python's own writer would not write all of them.
NONSENSE = [
    *("null", "true", "-1", "1.5", "2147483648", f"1{'0' * 400}", "1e400", "NaN", "[]", "[null]", "[[]]", "{}"),
    *('{"a": [{"b": 1}, null]}', '""', '"x"', '"\\u0000"', '"\\ud800"'),
]
TEXTS = [
    *('" "', '"a\\u0000b"', '"a\\udfffb"', '"\\ud83d\\ude00"', '"\u202e\u200d"', '"\u0645\u0631\u062d\u0628\u0627"'),
    '"%_"',
    *('"\\\\"', '"\'; drop table session; --"', '"-1"', f'"{"x" * 50_000}"', f'"{" x" * 150}"', '"\\n"', '"\\u2028"'),
]
IDS = [
    *('"session_"', '"session_zzzzzzzzzzzzzzzzzzzzzzzzzz"', '"session_01h455vb4pex5vsknk084sn02q"', '"session"'),
    *('"customer_01h455vb4pex5vsknk084sn02q"', '"event_01h455vb4pex5vsknk084sn02q"', '"01h455vb4pex5vsknk084sn02q"'),
    *('"session_01h455vb4pex5vsknk084sn02\u0660"', '"SESSION_01H455VB4PEX5VSKNK084SN02Q"', f'"{"a" * 90}_{"0" * 26}"'),
]
NONSENSE_BY_TYPE = {
    "Int": ["0", "101", "1000", "1441", "-0.0", "1e308", "2147483647", "-2147483648", '"1"'],
    "ID": [*TEXTS, *IDS],
    "String": [
        *TEXTS,
        # Cursors, links, addresses, telephone numbers, currencies.
        *('"AAAA"', '"===="', '"W10"', '"bnVsbA"', '"//["', '"http://[/s/x/y"', '"https://links.example/s/x/y"'),
        *('"http://"', '"javascript:alert(1)"', '"http://x:99999"', '"https://u:p@x"', '"http://\u212a"'),
        *('"+1"', '"+62 0"', f'"+{"1" * 90}"', '"a@b"', '"a@b@c.d"', '"\\u0000@x.example"', '"idr"'),
        '"\U0001f600@\u212a.example"',
    ],
    "DateTime": [
        *('"2026-01-31T18:30:00"', '"2026-01-31"', '"2026-02-30T00:00:00Z"', '"2016-12-31T23:59:60Z"', '"now"'),
        *('"0000-01-01T00:00:00Z"', '"0001-01-01T00:00:00+14:00"', '"0001-01-01T00:00:00Z"', '"infinity"'),
        *('"9999-12-31T23:59:59-14:00"', '"9999-12-31T23:59:59.999999Z"', '"2026-01-01T00:00:00+99:99"'),
        *('"2026-01-01T24:00:00Z"', '"2026-01-01T00:00:00.1234567Z"', '"2026-01-01T00:00:00+00:00:01"'),
        '"\u0662\u0660\u0662\u0666-01-01T00:00:00Z"',
    ],
    "Decimal": [
        *('"NaN"', '"Infinity"', '"1e5"', '"1e999999999"', f'"{"9" * 400}"', '"99999999999999.9999"'),
        '"100000000000000"',
        *('"0.00001"', '"-0.01"', '"-0"', "12.5", "1e30", "99999999999999999999", '"1_000"', '"\u0661"'),
    ],
    "JSON": ["[[[1]]]", '{"\\u0000": 1}', '{"a": "\\u0000"}', '{"a": 1e308}', f'{{"a": {"[" * 500}{"]" * 500}}}'],
}
# These are also written as literals, because documents have their own escapes.
LITERALS = ['"\\u0000"', '"\\ud800"', '"\\ud83d\\ude00"', '"\u202e\u200d"', '"\\\\"']

CODES = {"BAD_USER_INPUT", "BAD_REQUEST", "GRAPHQL_PARSE_FAILED", "GRAPHQL_VALIDATION_FAILED"}

# How each field with arguments is reached: what stands around its call, and what is selected of it.
AROUND = {
    "Query": ("query", "{ %s }"),
    "Mutation": ("mutation", "{ %s }"),
    "Customer": ("query", '{ customer(id: "CUSTOMER") { %s } }'),
    "Session": ("query", '{ session(id: "SESSION") { %s } }'),
    "SessionConnection": ("query", "{ sessions { %s } }"),
    "CustomerConnection": ("query", "{ customers { %s } }"),
    "AppConnection": ("query", "{ apps { %s } }"),
    "AuditEventConnection": ("query", "{ auditLog { %s } }"),
    "App": ("query", '{ app(id: "APP") { %s } }'),
}
VALID = {
    "ID": "SESSION",
    "String": "x",
    "Int": 5,
    "Boolean": True,
    "DateTime": "2026-01-31T18:30:00+07:00",
    "JSON": {"a": 1},
    "Decimal": "12.50",
    "SessionCustomerInput": {"details": {"name": "Sari"}},
}
VALID_HERE = {
    "customer.id": "CUSTOMER",
    "updateCustomer.input.id": "CUSTOMER",
    "redactCustomer.input.id": "CUSTOMER",
    "joinSession.input.token": "CODE",
    "app.id": "APP",
    "updateApp.input.id": "APP",
    "createApiKey.input.appId": "APP",
    "revokeApiKey.input.id": "KEY",
}


class Place(NamedTuple):
    """An argument, or an input field in one, as in sessions(filter: {roomId: {equals: …}})."""

    type: str
    field: str
    path: tuple[str, ...]

    @property
    def name(self) -> str:
        return ".".join([self.field, *self.path])


@pytest.fixture(scope="module")
async def introspected(http: httpx.AsyncClient) -> GraphQLSchema:
    answer = await http.post("/graphql", json={"query": get_introspection_query()})
    return build_client_schema(answer.json()["data"])


def places(schema: GraphQLSchema) -> Iterator[Place]:
    """Every argument, and every input field by the first argument that leads to it."""
    seen: set[str] = set()
    for type in schema.type_map.values():
        for name, field in getattr(type, "fields", {}).items():
            for argument, declared in getattr(field, "args", {}).items():
                if not type.name.startswith("__"):
                    yield from (Place(type.name, name, path) for path in paths(declared.type, (argument,), seen))


def paths(type: Any, path: tuple[str, ...], seen: set[str]) -> Iterator[tuple[str, ...]]:
    """The path, and those below it that lead to a new input type."""
    yield path
    named = get_named_type(type)
    if isinstance(named, GraphQLInputObjectType) and named.name not in seen:
        seen.add(named.name)
        for name, field in named.fields.items():
            yield from paths(field.type, (*path, name), seen)


def valid(type: Any, name: str) -> Any:
    """A minimal valid value of the type."""
    type = get_nullable_type(type)
    if isinstance(type, GraphQLList):
        return [valid(type.of_type, name)]
    for end, value in VALID_HERE.items():
        if name.endswith(end):
            return value
    if type.name in VALID:
        return VALID[type.name]
    if isinstance(type, GraphQLEnumType):
        return next(iter(type.values))
    required = {key: field for key, field in type.fields.items() if is_required_input_field(field)}
    return {key: valid(field.type, f"{name}.{key}") for key, field in required.items()}


def with_value(type: Any, path: tuple[str, ...], name: str, value: Any) -> Any:
    """A minimal valid value of the type, with the value at the path."""
    if not path:
        return value
    type = get_nullable_type(type)
    if isinstance(type, GraphQLList):
        return [with_value(type.of_type, path, name, value)]
    key, *rest = path
    below = with_value(type.fields[key].type, tuple(rest), f"{name}.{key}", value)
    whole = {} if type.name == "SessionCustomerInput" else valid(type, name)
    whole.pop(key, None)
    return whole if below is ABSENT else whole | {key: below}


def literal(value: Any, type: Any) -> str:
    """The value as a GraphQL literal."""
    type = get_nullable_type(type) if type else None
    if isinstance(value, list):
        of_type = type.of_type if isinstance(type, GraphQLList) else type
        return f"[{', '.join(literal(each, of_type) for each in value)}]"
    if isinstance(value, dict):
        fields = getattr(type, "fields", {})
        pairs = (f"{key}: {literal(each, getattr(fields.get(key), 'type', None))}" for key, each in value.items())
        return f"{{{', '.join(pairs)}}}"
    if isinstance(value, str) and isinstance(type, GraphQLEnumType) and value.isidentifier():
        return value
    return value.json if isinstance(value, Raw) else json.dumps(value)


class Raw(NamedTuple):
    """A value that is written as it stands."""

    json: str


def selection(type: Any) -> str:
    fields = getattr(get_named_type(type), "fields", None)
    if fields is None:
        return ""
    chosen = next((name for name in ("nodes", "userErrors", "id", "total", "value") if name in fields), "__typename")
    return f"{{ {chosen} {selection(fields[chosen].type) if chosen != '__typename' else ''} }}"


def requests(schema: GraphQLSchema, place: Place) -> Iterator[str]:
    """The bodies of requests with invalid values there, in variables and in literals."""
    field = schema.type_map[place.type].fields[place.field]
    operation, around = AROUND[place.type]
    needed = {name: each for name, each in field.args.items() if is_required_argument(each)}
    argument, *path = place.path
    for value in (ABSENT, *(Raw(text) for text in NONSENSE + NONSENSE_BY_TYPE.get(leaf(field, place.path), []))):
        given = {name: valid(each.type, f"{place.field}.{name}") for name, each in needed.items()}
        bad = with_value(field.args[argument].type, tuple(path), f"{place.field}.{argument}", value)
        given.pop(argument, None)
        given |= {} if bad is ABSENT else {argument: bad}
        declared = " ".join(f"${name}: {field.args[name].type}" for name in given)
        passed = " ".join(f"{name}: ${name}" for name in given)
        written = " ".join(f"{name}: {literal(each, field.args[name].type)}" for name, each in given.items())
        call = f"{place.field}{f'({passed})' if passed else ''} {selection(field.type)}"
        document = f"{operation}{f'({declared})' if declared else ''} {around % call}"
        yield f'{{"query": {json.dumps(document)}, "variables": {literal_json(given)}}}'
        if isinstance(value, Raw) and value.json in LITERALS:
            call = f"{place.field}({written}) {selection(field.type)}"
            yield json.dumps({"query": f"{operation} {around % call}"})


def leaf(field: GraphQLField, path: tuple[str, ...]) -> str:
    """The name of the type at the end of the path."""
    type = get_named_type(field.args[path[0]].type)
    for name in path[1:]:
        type = get_named_type(type.fields[name].type)
    return str(type.name)


def literal_json(value: Any) -> str:
    if isinstance(value, Raw):
        return value.json
    if isinstance(value, dict):
        return f"{{{', '.join(f'{json.dumps(key)}: {literal_json(each)}' for key, each in value.items())}}}"
    if isinstance(value, list):
        return f"[{', '.join(map(literal_json, value))}]"
    return json.dumps(value)


async def test_every_argument_and_input_field_is_tested(introspected: GraphQLSchema) -> None:
    found = list(places(introspected))
    inputs = [type for type in introspected.type_map.values() if isinstance(type, GraphQLInputObjectType)]
    missed = {(type.name, name) for type in inputs for name in type.fields} - {
        (parent(introspected, place), place.path[-1]) for place in found
    }
    assert missed == set()
    assert {place.type for place in found} == set(AROUND)


def parent(schema: GraphQLSchema, place: Place) -> str:
    """The name of the input that the place is a field of."""
    return leaf(schema.type_map[place.type].fields[place.field], place.path[:-1]) if place.path[1:] else ""


async def objects_of(shop: Shop) -> dict[str, str]:
    """The values of the placeholders in AROUND, VALID and VALID_HERE."""
    session, new = await shop.create(), await new_app(shop.db, shop.id, ["sessions:read"])
    new_objects = {"APP": new.app.id, "KEY": new.key.id, "CODE": code_of(session)}
    return {"SESSION": session["id"], "CUSTOMER": session["customer"]["id"], **new_objects}


async def send(shop: Shop, things: dict[str, str], body: str) -> httpx.Response:
    for word, value in things.items():
        body = body.replace(f'"{word}"', f'"{value}"').replace(f'\\"{word}\\"', f'\\"{value}\\"')
    headers = {**shop.headers, "Content-Type": "application/json"}
    return await shop.http.post("/graphql", content=body.encode(), headers=headers)


async def test_optional_arguments_and_fields_can_be_absent(shop: Shop, introspected: GraphQLSchema) -> None:
    things = await objects_of(shop)
    for place in places(introspected):
        argument = introspected.type_map[place.type].fields[place.field].args[place.path[0]]
        required = is_required_argument(argument)
        if place.path[1:]:
            required = is_required_input_field(
                introspected.type_map[parent(introspected, place)].fields[place.path[-1]]
            )
        response = await send(shop, things, next(requests(introspected, place)))
        errors = response.json().get("errors", [])
        if required or parent(introspected, place) == "SessionCustomerInput":  # exactly one of its fields
            assert (response.status_code, len(errors)) == (400, 1), place.name
        else:
            assert (response.status_code, errors) == (200, []), place.name


@pytest.mark.parametrize("type", AROUND)
async def test_invalid_values_never_cause_a_500(shop: Shop, introspected: GraphQLSchema, type: str) -> None:
    things = await objects_of(shop)
    for place in places(introspected):
        if place.type != type:
            continue
        for body in requests(introspected, place):
            response = await send(shop, things, body)
            about = f"{place.name}: {body[:400]} gave {response.status_code} {response.text[:400]}"
            assert response.status_code in (200, 400), about
            codes = {error["extensions"]["code"] for error in response.json().get("errors", ())}
            assert codes <= CODES, about
