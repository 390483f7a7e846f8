"""The output types of the test schema, with permissions and extensions around some of their resolvers."""

import datetime
import decimal
import uuid
from collections.abc import AsyncGenerator
from enum import Enum, IntEnum
from typing import Annotated, Any, Generic, NewType, TypeVar

import strawberry
from strawberry.extensions import FieldExtension
from strawberry.permission import BasePermission
from strawberry.scalars import JSON
from strawberry.types.info import Info

from engine.rows import column, resolver, view
from tests.engine.compiled.resolvers import answer, answering, answering_later, later, promising


class Allowed(BasePermission):
    message = "Not welcome."
    error_extensions = {"code": "NOT_ALLOWED"}

    def has_permission(self, source: Any, info: Info, **kwargs: Any) -> bool:
        return not info.context.random("welcome", info.path.as_list()).fails()


class AllowedLater(BasePermission):
    message = "Not welcome after all."

    async def has_permission(self, source: Any, info: Info, **kwargs: Any) -> bool:
        random = info.context.random("welcome", info.path.as_list())
        await info.context.pause(random)
        return not random.fails()


class Uppercase(FieldExtension):
    """Wraps synchronous and asynchronous resolvers, and changes their arguments and results."""

    def resolve(self, next_: Any, source: Any, info: Info, **kwargs: Any) -> Any:
        info.context.calls.append(("loud", info.path.as_list()))
        result = next_(source, info, **{name: f"{value}!" for name, value in kwargs.items()})
        return result.upper() if isinstance(result, str) else result

    async def resolve_async(self, next_: Any, source: Any, info: Info, **kwargs: Any) -> Any:
        info.context.calls.append(("loud later", info.path.as_list()))
        return await next_(source, info, **kwargs)


def describe(info: Info) -> str:
    """Everything in an Info."""
    selected = (info.selected_fields, info.variable_values, info.root_value, info.operation.loc)
    context = (info.context.seed, info.schema.query.__name__, info.input_extensions)
    return repr([(info.field_name, info.python_name, info.path, info.return_type), selected, context])


T = TypeVar("T")
Weight = NewType("Weight", float)
# A moment as JSON, which is copied to the answer unchanged.
Moment = NewType("Moment", str)
LAZILY = strawberry.lazy("tests.engine.compiled.types")


def weigh(value: Any) -> float:
    if isinstance(value, (int, float)) and value >= 0:
        return float(value)
    raise ValueError(f"A weight is 0 or more, got {value!r}.")


@strawberry.enum
class Colour(Enum):
    RED = "red"
    GREEN = strawberry.enum_value("g", name="VERDANT")
    GREY = strawberry.enum_value((1, 2), deprecation_reason="It is dull.")


@strawberry.enum
class Size(IntEnum):
    SMALL = 0
    LARGE = 1


@strawberry.type
class Tag:
    text: str
    weight: Weight | None = None


@strawberry.type
class Leaves:
    """A plain attribute of every kind."""

    text: str
    maybe_text: str | None
    whole: int
    maybe_whole: int | None
    ratio: float
    maybe_ratio: float | None
    flag: bool
    maybe_flag: bool | None
    key: strawberry.ID
    maybe_key: strawberry.ID | None
    colour: Colour
    maybe_colour: Colour | None
    size: Size
    at: datetime.datetime
    day: datetime.date | None
    hour: datetime.time | None
    price: decimal.Decimal
    number: uuid.UUID
    anything: JSON
    maybe_anything: JSON | None
    weight: Weight
    old: str | None = strawberry.field(deprecation_reason="It is old.")
    renamed: int = strawberry.field(name="otherName")
    words: list[str]
    maybe_words: list[str | None] | None
    grid: list[list[int]]
    maybe_grid: list[list[int | None] | None] | None
    colours: list[Colour | None]
    tag: Tag
    tags: list[Tag]
    maybe_tags: list[Tag | None] | None


@strawberry.interface
class Animal:
    id: strawberry.ID
    name: str
    friend: "Animal | None" = strawberry.field(resolver=answering_later)
    kin: "list[Animal]" = strawberry.field(resolver=answering)
    leaves: Leaves = strawberry.field(resolver=answering)
    things: "list[Thing | None] | None" = strawberry.field(resolver=answering)

    @strawberry.field
    def title(self, info: Info, greeting: str = "Dear") -> str | None:
        return answer(self, info, greeting=greeting)


@strawberry.interface
class Pet(Animal):
    nickname: str | None
    keeper: Annotated["Keeper", LAZILY] = strawberry.field(resolver=answering_later)


@strawberry.type
class Cat(Pet):
    lives: int
    tag: Tag | None
    kittens: "list[Cat | None]" = strawberry.field(resolver=answering)

    @strawberry.field
    async def loaded(self, info: Info, id: strawberry.ID = "1") -> "Cat | None":
        return await info.context.loader.load(id)

    @strawberry.field
    def loading(self, info: Info) -> "Cat":
        return info.context.loader.load(f"of {self.id}")

    @strawberry.field
    def described(self, info: Info, first: int | None = None) -> str:
        return describe(info)


@strawberry.type
class Dog(Pet):
    size: Size
    kin: list[Animal] = strawberry.field(resolver=answering_later)
    mates: "list[Dog]" = strawberry.field(resolver=answering_later)
    secret: str | None = strawberry.field(resolver=answering, permission_classes=[Allowed])

    @strawberry.field(permission_classes=[AllowedLater], extensions=[Uppercase()])
    async def bark(self, info: Info, at: str = "moon") -> str:
        return await later(self, info, at=at)


@strawberry.type
class Parrot(Animal):
    colours: list[Colour]

    @classmethod
    def is_type_of(cls, value: Any, info: Info) -> bool:
        # Not every instance of the class is of the type.
        return value.name != "Dewi" if isinstance(value, cls) else getattr(value, "species", None) == "Parrot"

    @strawberry.field(extensions=[Uppercase()])
    def says(self, info: Info, what: str = "hello", again: str | None = None) -> str | None:
        return answer(self, info, what=what, again=again)


@strawberry.type
class Fish(Animal):
    school: "list[Fish]" = strawberry.field(resolver=promising)

    @strawberry.field
    @staticmethod
    def depth(parent: strawberry.Parent["Fish"], info: Info) -> int:
        return answer(parent, info)

    @strawberry.field
    @classmethod
    def population(cls, root: Any, info: Info) -> int | None:
        return answer(root, info)


@strawberry.type
class Stone:
    """A type without an interface."""

    weight: Weight
    words: list[str | None]
    under: "Thing | None" = strawberry.field(resolver=answering)
    promised: str | None = strawberry.field(resolver=promising)


@strawberry.type
class Plate:
    """An object over the row of another, where its columns have other names."""

    row: strawberry.Private[Any]
    id: strawberry.ID = column("id", "An ID.")
    name: str | None = column("name", "A nullable text.")
    colour: Colour = column("colour", "The value of an enum's member.")

    @resolver("A resolver of an object over a renamed row.", reads=("id",))
    def shout(self, info: Info) -> str | None:
        return answer(self, info, name=self.row["name"])


@strawberry.type
class Ticket:
    """An object over a row, with a column of every kind."""

    row: strawberry.Private[Any]
    id: strawberry.ID = column("id", "An ID.")
    text: str = column("text", "A text.")
    number: int = column("number", "An integer.")
    maybe_number: int | None = column("maybe_number", "A nullable integer.")
    ratio: float | None = column("ratio", "A nullable float.")
    flag: bool = column("flag", "A boolean.")
    at: Moment = column("at", "A moment.")
    maybe_at: Moment | None = column("maybe_at", "A nullable moment.")
    price: decimal.Decimal | None = column("price", "A scalar that is serialized.")
    weight: Weight = column("weight", "A scalar whose serializer refuses some values.")
    size: Size | None = column("size", "An enum of integers.")
    colour: Colour = column("colour", "An enum with values of several classes.")
    maybe_colour: Colour | None = column("maybe_colour", "A nullable enum.")
    words: list[str | None] | None = column("words", "A list.")
    plate: Plate = view(
        lambda: Plate,
        "An object over the same row.",
        columns={"id": "plate_id", "name": "plate_name", "colour": "plate_colour"},
    )
    maybe_plate: Plate | None = view(
        lambda: Plate,
        "One that may be null, and whose colour is not in the row.",
        columns={"id": "plate_id", "name": "text"},
        null_with="plate_id",
    )
    wrongly_null: Plate = view(lambda: Plate, "One that is null where it must not be.", null_with="ratio")
    again: "Ticket | None" = view(lambda: Ticket, "The ticket itself.", null_with="maybe_number")

    @resolver("A resolver of an object over a row.", reads=("id", "text"))
    def tag(self, info: Info) -> Tag | None:
        return answer(self, info, text=self.row["text"])

    @resolver("An asynchronous resolver of an object over a row.")
    async def others(self, info: Info) -> "list[Ticket] | None":
        return await later(self, info)


Thing = Annotated[Cat | Dog | Stone | Parrot | Ticket, strawberry.union("Thing")]


async def walking(parent: strawberry.Parent["Keeper"], info: Info, far: bool = False) -> list[Dog | None]:
    return await later(parent, info, far=far)


async def counting(root: Any, info: Info) -> AsyncGenerator[int, None]:
    random = info.context.random("counting", info.path.as_list())
    for number in range(random.randrange(4)):
        await info.context.pause(random)
        yield number if not random.fails() else info.context.wrong(number, random)
    if random.fails():
        raise ValueError("lost count")


async def visiting(info: Info) -> AsyncGenerator[Animal | None, None]:
    animal = info.context.schema.type_map["Animal"]
    random = info.context.random("visiting", info.path.as_list())
    for _ in range(random.randrange(4)):
        yield info.context.value(animal, random)


@strawberry.type
class Edge(Generic[T]):
    node: T
    cursor: str


@strawberry.type
class Page(Generic[T]):
    total: int | None
    edges: list[Edge[T]] = strawberry.field(resolver=answering)
    nodes: list[T | None] = strawberry.field(resolver=answering_later)


@strawberry.type
class Keeper:
    id: strawberry.ID
    name: str | None
    walks: list[Dog | None] = strawberry.field(resolver=walking)
    counts: list[int] = strawberry.field(resolver=counting)
    visitors: list[Animal | None] | None = strawberry.field(resolver=visiting)
    cats: Page[Cat] | None = strawberry.field(resolver=answering_later)
    rows: list[list[Animal]] = strawberry.field(resolver=answering)

    @strawberry.field
    def pets(self, info: Info, colours: list[Colour] | None = None) -> Page[Pet]:
        return answer(self, info, colours=colours)

    @strawberry.field
    def described(self, info: Info) -> str:
        return describe(info)
