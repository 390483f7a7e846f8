"""What the resolvers of the test schema return: values and errors that depend on a seed and their place alone.

Two executions of an operation, each with data of the same seed, meet the same values, exceptions and delays.
"""

import asyncio
import datetime
import decimal
import math
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable, Generator, Iterator, Mapping
from enum import Enum
from random import Random
from typing import Any
from zlib import crc32

import orjson
import strawberry
from graphql import (
    GraphQLEnumType,
    GraphQLError,
    GraphQLList,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLOutputType,
    GraphQLScalarType,
    GraphQLSchema,
    Undefined,
    get_named_type,
    is_abstract_type,
)
from strawberry.dataloader import DataLoader
from strawberry.exceptions import StrawberryGraphQLError

from engine.rows import SOURCE, Column, View


class Unlike(Enum):
    """An enum that the schema does not have."""

    RED = "red"


DAY = datetime.date(2026, 2, 28)
SCALARS: dict[str, list[Any]] = {
    "String": ["", "Dewi", "王小明", '"\n', "1905692", 7, True],
    "Int": [0, 1, -1, 2**31 - 1, 7.0, "12", True],
    "Float": [0.0, -1.5, 3, 1e300, "2.5", False],
    "Boolean": [True, False, 0, 1, 2.0],
    "ID": ["a", "", 12, "王"],
    "DateTime": [datetime.datetime(2026, 2, 28, 12, 30, tzinfo=datetime.UTC), datetime.datetime(1, 1, 1)],
    "Date": [DAY, datetime.date.max],
    "Time": [datetime.time(23, 59, 59), datetime.time(1, 2, 3, 4)],
    "Decimal": [decimal.Decimal("1.10"), decimal.Decimal("-0"), decimal.Decimal("1E+3")],
    "UUID": [uuid.UUID(int=7)],
    "JSON": [{}, {"b": [1, None, {"a": "é"}], "a": 1.5}, [], "text", 0, False],
    "Weight": [0.5, 1.0, 12],
    "Moment": [orjson.Fragment(b'"2026-02-28T12:30:00+00:00"'), "2026-02-28"],
}

# Values of the right class, or similar ones, that are often invalid.
SIMILAR_VALUES: dict[str, list[Any]] = {
    "String": [["a"], {"a": 1}, b"a", 1.0],
    "Int": [2**31, -(2**31) - 1, 1.5, "1.5", math.nan],
    "Float": [math.nan, math.inf, -math.inf, 10**400, "nan"],
    "Boolean": ["true", math.nan, None],
    "ID": [1.5, True, uuid.UUID(int=1)],
    "Colour": ["RED", "VERDANT", "g", Unlike.RED, ["red"]],
    "Size": [2, True, "SMALL", 0.0],
    "Weight": [-1, None, "1"],
    "DateTime": [DAY, "2026-02-28"],
}

WRONG_VALUES: list[Any] = [
    "a text", "RED", "", 2**31, -(2**70), math.nan, -math.inf, 0.1, True, 0, b"bytes", {}, {"id": 1}, [], ["x"], (),
    Undefined, strawberry.UNSET, Unlike.RED, decimal.Decimal("NaN"), DAY, range(2), frozenset({1}), type, len,
]  # fmt: skip


class SeededRandom(Random):
    """The source of chance of a place. `error_rate`: the probability of a wrong value there, 0 to 1."""

    error_rate = 0.0

    def fails(self) -> bool:
        return self.random() < self.error_rate


class ClientError(Exception):
    """An exception with its own extensions, which schemas use for error codes."""

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.extensions = {"code": message.upper()}


class Row:
    """An object that is of no Strawberry type. Reading one of its attributes can fail."""

    def __init__(self, data: "Data", place: tuple[Any, ...], attributes: dict[str, Any]) -> None:
        self._data, self._place, self._attributes = data, place, attributes

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_") or name not in self._attributes:
            raise AttributeError(f"no attribute {name!r}")
        if name != "row":  # read as often as it takes
            self._data.calls.append((*self._place, name))
        random = self._data.random(*self._place, name)
        if random.fails():
            raise failure(random)
        return self._attributes[name]

    def __repr__(self) -> str:
        return f"Row{self._place}"


class LateValue:
    """An awaitable that is not a coroutine, so that Python does not warn if it is never awaited."""

    def __init__(self, pauses: int, outcome: Any) -> None:
        self.pauses, self.outcome = pauses, outcome

    def __await__(self) -> Generator[None, None, Any]:
        for _ in range(self.pauses):
            yield
        if isinstance(self.outcome, Exception) and self.pauses % 2:
            raise self.outcome
        return self.outcome

    def __repr__(self) -> str:
        return f"LateValue({self.pauses})"


class Items:
    """An asynchronous iterable, and the exception with which it ends."""

    def __init__(self, items: list[Any], end: Exception | None = None) -> None:
        self.items, self.end = items, end

    async def __aiter__(self) -> AsyncIterator[Any]:
        for item in self.items:
            await asyncio.sleep(0)
            yield item
        if self.end:
            raise self.end

    def __repr__(self) -> str:
        return f"Items({len(self.items)})"


class OneTimeIterator:
    """An iterator, and the exception with which it ends. Its representation has no address, which would differ."""

    def __init__(self, items: list[Any], end: Exception | None = None) -> None:
        self.items, self.end = iter(items), end

    def __iter__(self) -> Iterator[Any]:
        return self

    def __next__(self) -> Any:
        for item in self.items:
            return item
        raise self.end or StopIteration

    def __repr__(self) -> str:
        return "OneTimeIterator()"


def failure(random: SeededRandom) -> Exception:
    """An exception to be raised."""
    makers: list[Callable[[], Exception]] = [
        lambda: ValueError("a wrong value"),
        lambda: KeyError("missing"),
        lambda: RuntimeError(),
        lambda: StopIteration("at the end"),
        lambda: AssertionError({"not": "a text"}),
        lambda: ClientError("refused"),
        lambda: GraphQLError("a GraphQL error"),
        lambda: GraphQLError("with extensions", extensions={"code": "TEAPOT", "at": [1]}),
        lambda: GraphQLError("of elsewhere", path=["else", 0, "where"]),
        lambda: GraphQLError("of something", original_error=ClientError("original")),
        lambda: StrawberryGraphQLError("of Strawberry", extensions={"code": "BERRY"}),
        lambda: ExceptionGroup("several", [ValueError("one"), TypeError("two")]),
    ]
    return random.choice(makers)()


class Data:
    """The context of an operation."""

    def __init__(self, schema: GraphQLSchema, seed: int, error_rate: float = 0.0) -> None:
        self.schema = schema
        self.seed = seed
        self.error_rate = error_rate
        # The calls of resolvers and loaders, in order.
        self.calls: list[tuple[Any, ...]] = []
        self.words: list[str] = []
        self.loader: DataLoader[str, Any] = DataLoader(self._load)

    def random(self, *place: Any) -> SeededRandom:
        """The source of chance of a place, always the same."""
        random = SeededRandom(crc32(repr((self.seed, *place)).encode()))
        random.error_rate = self.error_rate
        return random

    def visit(
        self, source: Any, info: strawberry.Info, arguments: dict[str, Any]
    ) -> tuple[GraphQLOutputType, SeededRandom]:
        """The return type of a field, and its source of chance. Records the call. Can raise."""
        type = info.path.typename
        place = (type, repr(_id_of(source)), info.field_name, repr(arguments))
        self.calls.append(place)
        random = self.random(*place)
        if info.path.prev is None:
            # An error at the root would hide everything below.
            random.error_rate /= 4
        if random.fails():
            raise failure(random)
        return self.schema.type_map[type].fields[info.field_name].type, random  # type: ignore[attr-defined]

    async def pause(self, random: SeededRandom) -> None:
        for _ in range(random.randrange(4)):
            await asyncio.sleep(0)

    async def _load(self, keys: list[str]) -> list[Any]:
        self.calls.append(("load", *keys))
        random = self.random("load", *keys)
        await self.pause(random)
        if random.fails():
            raise failure(random)
        type = self.schema.type_map["Cat"]
        return [None if key.endswith("7") else self.value(type, self.random("loaded", key)) for key in keys]

    def value(self, type: Any, random: SeededRandom) -> Any:
        """A value of a GraphQL type, or a wrong one."""
        if random.fails():
            return self.wrong(type, random)
        if isinstance(type, GraphQLNonNull):
            return self._value(type.of_type, random)
        return None if random.random() < 0.1 else self._value(type, random)

    def _value(self, type: Any, random: SeededRandom) -> Any:
        if isinstance(type, GraphQLList):
            items = [self.value(type.of_type, random) for _ in range(random.choice([0, 1, 2, 3, 4]))]
            return random.choice([list] * 10 + [tuple, OneTimeIterator])(items)
        if isinstance(type, GraphQLScalarType):
            return random.choice(SCALARS[type.name])
        if isinstance(type, GraphQLEnumType):
            members = list(type.extensions["strawberry-definition"].wrapped_cls)
            member = random.choice(members)
            return member if random.random() < 0.8 else member.value
        if is_abstract_type(type):
            return self._object(random.choice(self.schema.get_possible_types(type)), random, among=True)
        return self._object(type, random)

    def _object(self, type: GraphQLObjectType, random: SeededRandom, among: bool = False) -> Any:
        """An instance of its Strawberry type, or a Row; `among`: of several types, so it must reveal its own."""
        origin = type.extensions["strawberry-definition"].origin
        attributes = {
            field.extensions["strawberry-definition"].python_name: self.value(field.type, random)
            for field in type.fields.values()
            if field.extensions["strawberry-definition"].base_resolver is None
        }
        id = f"{type.name}{random.randrange(9)}"
        if "id" in attributes and random.random() < 0.9:
            attributes["id"] = id
        if "row" in origin.__dataclass_fields__:
            attributes["row"] = self._row(type, random)
        if random.random() < 0.75:
            return origin(**attributes)
        row = Row(self, (type.name, id), attributes)
        row.species = type.name  # what Parrot.is_type_of looks at
        return row if not among and random.random() < 0.5 else strawberry.cast(origin, row)

    def _row(self, type: GraphQLObjectType, random: SeededRandom) -> dict[str, Any]:
        """A row with the columns of an object's fields and views; some may be missing."""
        row: dict[str, Any] = {}
        for field in type.fields.values():
            source = field.extensions["strawberry-definition"].metadata.get(SOURCE)
            if isinstance(source, Column):
                value = self.value(field.type, random)
                row[source.name] = value.value if isinstance(value, Enum) and random.random() < 0.9 else value
            elif isinstance(source, View) and source.columns is not None:
                inner = self._row(get_named_type(field.type), random)  # type: ignore[arg-type]
                row |= {column: inner[name] for name, column in source.columns.items() if name in inner}
        if random.fails() and row:
            del row[random.choice(list(row))]
        return row

    def _cast(self, name: str, random: SeededRandom) -> Any:
        """An object of one type that is cast to another."""
        types = [
            self.schema.type_map[each] for each in (name, random.choice(["Cat", "Dog", "Parrot", "Fish", "Keeper"]))
        ]
        cast = types[1].extensions["strawberry-definition"].origin
        return strawberry.cast(cast, self._object(types[0], random))  # type: ignore[arg-type]

    def wrong(self, type: Any, random: SeededRandom) -> Any:
        """A value that is rarely of the type."""
        item = type.of_type if isinstance(type, GraphQLNonNull) else type
        if isinstance(item, GraphQLList) and random.random() < 0.5:
            items = [self.value(item.of_type, random) for _ in range(3)]
            broken = Items(items, failure(random)), OneTimeIterator(items, failure(random))
            return random.choice([Items(items), *broken, LateValue(2, items)])
        if random.random() < 0.2:
            return LateValue(random.randrange(4), random.choice([failure(random), None, self.value(type, random)]))
        if (near := SIMILAR_VALUES.get(getattr(item, "name", ""))) and random.random() < 0.5:
            return random.choice(near)
        other = random.choice(["Cat", "Stone", "Fish", "Leaves"])
        own = item.name if isinstance(item, GraphQLObjectType) else other
        makers: list[Callable[[], Any]] = [
            *(lambda: None,) * 4,
            *(lambda: failure(random),) * 2,
            lambda: self._object(self.schema.type_map[other], random),  # type: ignore[arg-type]
            lambda: Row(self, ("nothing",), {}),
            *(lambda: self._cast(own, random),) * 3,
            lambda: strawberry.cast(Data, Row(self, ("cast",), {})),
            *(lambda value=value: value for value in WRONG_VALUES),  # type: ignore[misc]
        ]
        return random.choice(makers)()


def _id_of(source: Any) -> Any:
    """What distinguishes an object from others of its type."""
    if isinstance(row := getattr(source, "row", None), Mapping):
        return row.get("id")
    return getattr(source, "id", None)


def answer(source: Any, info: strawberry.Info, **arguments: Any) -> Any:
    """The value of a synchronous resolver."""
    type, random = info.context.visit(source, info, arguments)
    return info.context.value(type, random)


async def later(source: Any, info: strawberry.Info, **arguments: Any) -> Any:
    """The value of an asynchronous resolver."""
    data: Data = info.context
    await data.pause(data.random("before", _id_of(source), info.field_name))
    type, random = data.visit(source, info, arguments)
    await data.pause(random)
    return data.value(type, random)


def promise(source: Any, info: strawberry.Info, **arguments: Any) -> Awaitable[Any]:
    """The value of a synchronous resolver that returns an awaitable. Either can fail."""
    type, random = info.context.visit(source, info, arguments)
    value = info.context.value(type, random)
    return later(source, info, **arguments) if random.random() < 0.5 else LateValue(random.randrange(3), value)


# Resolvers of fields without arguments.


def answering(root: Any, info: strawberry.Info) -> Any:
    return answer(root, info)


async def answering_later(root: Any, info: strawberry.Info) -> Any:
    return await later(root, info)


def promising(root: Any, info: strawberry.Info) -> Any:
    return promise(root, info)
