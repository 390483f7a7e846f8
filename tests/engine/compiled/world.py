"""What a query of the menagerie finds: values and failures that follow from a seed and their place alone.

Two executions of an operation, each in a world of the same seed, meet the same values, exceptions and delays.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Generator, Iterator, Mapping
from enum import Enum
from random import Random
from typing import Any
from zlib import crc32

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
    get_named_type,
    is_abstract_type,
)
from strawberry.dataloader import DataLoader
from strawberry.exceptions import StrawberryGraphQLError

from engine.rows import SOURCE, Column, View
from tests.engine.compiled.values import NEAR, SCALARS, WRONG


class Dice(Random):
    """The chances of a place. `mischief` is how probably something there is not what it should be, 0 to 1."""

    mischief = 0.0

    def misbehave(self) -> bool:
        return self.random() < self.mischief


class ClientError(Exception):
    """An exception with extensions of its own, as schemas use them for codes."""

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.extensions = {"code": message.upper()}


class Row:
    """An object of no Strawberry type, with whatever attributes it is given; some may fail when they are read."""

    def __init__(self, world: "World", place: tuple[Any, ...], attributes: dict[str, Any]) -> None:
        self._world, self._place, self._attributes = world, place, attributes

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_") or name not in self._attributes:
            raise AttributeError(f"no attribute {name!r}")
        if name != "row":  # read as often as it takes
            self._world.calls.append((*self._place, name))
        dice = self._world.dice(*self._place, name)
        if dice.misbehave():
            raise failure(dice)
        return self._attributes[name]

    def __repr__(self) -> str:
        return f"Row{self._place}"


class Late:
    """An awaitable that is no coroutine, so that nobody need await it."""

    def __init__(self, pauses: int, outcome: Any) -> None:
        self.pauses, self.outcome = pauses, outcome

    def __await__(self) -> Generator[None, None, Any]:
        for _ in range(self.pauses):
            yield
        if isinstance(self.outcome, Exception) and self.pauses % 2:
            raise self.outcome
        return self.outcome

    def __repr__(self) -> str:
        return f"Late({self.pauses})"


class Items:
    """An asynchronous iterable, and what it says when it ends too early."""

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


class Once:
    """An iterator, and what it says when it ends too early. Its representation has no address, which would differ."""

    def __init__(self, items: list[Any], end: Exception | None = None) -> None:
        self.items, self.end = iter(items), end

    def __iter__(self) -> Iterator[Any]:
        return self

    def __next__(self) -> Any:
        for item in self.items:
            return item
        raise self.end or StopIteration

    def __repr__(self) -> str:
        return "Once()"


def failure(dice: Dice) -> Exception:
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
    return dice.choice(makers)()


class World:
    """The context of an operation."""

    def __init__(self, schema: GraphQLSchema, seed: int, mischief: float = 0.0) -> None:
        self.schema = schema
        self.seed = seed
        self.mischief = mischief
        # What was asked of it, in order.
        self.calls: list[tuple[Any, ...]] = []
        self.words: list[str] = []
        self.loader: DataLoader[str, Any] = DataLoader(self._load)

    def dice(self, *place: Any) -> Dice:
        """The chances of a place, the same whenever it is asked for."""
        dice = Dice(crc32(repr((self.seed, *place)).encode()))
        dice.mischief = self.mischief
        return dice

    def visit(self, source: Any, info: strawberry.Info, arguments: dict[str, Any]) -> tuple[GraphQLOutputType, Dice]:
        """What a field should return, and its chances. May raise."""
        type = info.path.typename
        place = (type, repr(_id_of(source)), info.field_name, repr(arguments))
        self.calls.append(place)
        dice = self.dice(*place)
        if info.path.prev is None:
            # Or there would be little to see below.
            dice.mischief /= 4
        if dice.misbehave():
            raise failure(dice)
        return self.schema.type_map[type].fields[info.field_name].type, dice  # type: ignore[attr-defined]

    async def pause(self, dice: Dice) -> None:
        for _ in range(dice.randrange(4)):
            await asyncio.sleep(0)

    async def _load(self, keys: list[str]) -> list[Any]:
        self.calls.append(("load", *keys))
        dice = self.dice("load", *keys)
        await self.pause(dice)
        if dice.misbehave():
            raise failure(dice)
        type = self.schema.type_map["Cat"]
        return [None if key.endswith("7") else self.value(type, self.dice("loaded", key)) for key in keys]

    def value(self, type: Any, dice: Dice) -> Any:
        """Something of a GraphQL type, or mischief."""
        if dice.misbehave():
            return self.wrong(type, dice)
        if isinstance(type, GraphQLNonNull):
            return self._value(type.of_type, dice)
        return None if dice.random() < 0.1 else self._value(type, dice)

    def _value(self, type: Any, dice: Dice) -> Any:
        if isinstance(type, GraphQLList):
            items = [self.value(type.of_type, dice) for _ in range(dice.choice([0, 1, 2, 3, 4]))]
            return dice.choice([list] * 10 + [tuple, Once])(items)
        if isinstance(type, GraphQLScalarType):
            return dice.choice(SCALARS[type.name])
        if isinstance(type, GraphQLEnumType):
            members = list(type.extensions["strawberry-definition"].wrapped_cls)
            member = dice.choice(members)
            return member if dice.random() < 0.8 else member.value
        if is_abstract_type(type):
            return self._object(dice.choice(self.schema.get_possible_types(type)), dice, among=True)
        return self._object(type, dice)

    def _object(self, type: GraphQLObjectType, dice: Dice, among: bool = False) -> Any:
        """An instance of its Strawberry type, or a Row; where several types are possible, one that tells its own."""
        origin = type.extensions["strawberry-definition"].origin
        attributes = {
            field.extensions["strawberry-definition"].python_name: self.value(field.type, dice)
            for field in type.fields.values()
            if field.extensions["strawberry-definition"].base_resolver is None
        }
        id = f"{type.name}{dice.randrange(9)}"
        if "id" in attributes and dice.random() < 0.9:
            attributes["id"] = id
        if "row" in origin.__dataclass_fields__:
            attributes["row"] = self._row(type, dice)
        if dice.random() < 0.75:
            return origin(**attributes)
        row = Row(self, (type.name, id), attributes)
        row.species = type.name  # what Parrot.is_type_of looks at
        return row if not among and dice.random() < 0.5 else strawberry.cast(origin, row)

    def _row(self, type: GraphQLObjectType, dice: Dice) -> dict[str, Any]:
        """A row with the columns of an object's fields and views; some may be missing."""
        row: dict[str, Any] = {}
        for field in type.fields.values():
            source = field.extensions["strawberry-definition"].metadata.get(SOURCE)
            if isinstance(source, Column):
                value = self.value(field.type, dice)
                row[source.name] = value.value if isinstance(value, Enum) and dice.random() < 0.9 else value
            elif isinstance(source, View) and source.columns is not None:
                inner = self._row(get_named_type(field.type), dice)  # type: ignore[arg-type]
                row |= {column: inner[name] for name, column in source.columns.items() if name in inner}
        if dice.misbehave() and row:
            del row[dice.choice(list(row))]
        return row

    def _cast(self, name: str, dice: Dice) -> Any:
        """An object of one type that says that it is of another."""
        types = [self.schema.type_map[each] for each in (name, dice.choice(["Cat", "Dog", "Parrot", "Fish", "Keeper"]))]
        cast = types[1].extensions["strawberry-definition"].origin
        return strawberry.cast(cast, self._object(types[0], dice))  # type: ignore[arg-type]

    def wrong(self, type: Any, dice: Dice) -> Any:
        """Something that is rarely of the type."""
        item = type.of_type if isinstance(type, GraphQLNonNull) else type
        if isinstance(item, GraphQLList) and dice.random() < 0.5:
            items = [self.value(item.of_type, dice) for _ in range(3)]
            return dice.choice([Items(items), Items(items, failure(dice)), Once(items, failure(dice)), Late(2, items)])
        if dice.random() < 0.2:
            return Late(dice.randrange(4), dice.choice([failure(dice), None, self.value(type, dice)]))
        if (near := NEAR.get(getattr(item, "name", ""))) and dice.random() < 0.5:
            return dice.choice(near)
        other = dice.choice(["Cat", "Stone", "Fish", "Leaves"])
        own = item.name if isinstance(item, GraphQLObjectType) else other
        makers: list[Callable[[], Any]] = [
            *(lambda: None,) * 4,
            *(lambda: failure(dice),) * 2,
            lambda: self._object(self.schema.type_map[other], dice),  # type: ignore[arg-type]
            lambda: Row(self, ("nothing",), {}),
            *(lambda: self._cast(own, dice),) * 3,
            lambda: strawberry.cast(World, Row(self, ("cast",), {})),
            *(lambda value=value: value for value in WRONG),  # type: ignore[misc]
        ]
        return dice.choice(makers)()


def _id_of(source: Any) -> Any:
    """What tells an object from others of its type."""
    if isinstance(row := getattr(source, "row", None), Mapping):
        return row.get("id")
    return getattr(source, "id", None)


def answer(source: Any, info: strawberry.Info, **arguments: Any) -> Any:
    """What a synchronous resolver returns."""
    type, dice = info.context.visit(source, info, arguments)
    return info.context.value(type, dice)


async def later(source: Any, info: strawberry.Info, **arguments: Any) -> Any:
    """What an asynchronous resolver returns."""
    world: World = info.context
    await world.pause(world.dice("before", _id_of(source), info.field_name))
    type, dice = world.visit(source, info, arguments)
    await world.pause(dice)
    return world.value(type, dice)


def promise(source: Any, info: strawberry.Info, **arguments: Any) -> Awaitable[Any]:
    """What a resolver returns that is not asynchronous and returns an awaitable: fails at once, or late, or not."""
    type, dice = info.context.visit(source, info, arguments)
    value = info.context.value(type, dice)
    return later(source, info, **arguments) if dice.random() < 0.5 else Late(dice.randrange(3), value)
