"""The types of the menagerie that are answered."""

import datetime
import decimal
import uuid
from collections.abc import AsyncGenerator
from enum import Enum, IntEnum
from typing import Annotated, Any, Generic, NewType, TypeVar

import strawberry
from strawberry.permission import PermissionExtension
from strawberry.scalars import JSON
from strawberry.types.info import Info

from engine.rows import column, resolver, view
from tests.engine.compiled.guards import Loud, Welcome, WelcomeLater, describe
from tests.engine.compiled.world import answer, later, promise

T = TypeVar("T")
Weight = NewType("Weight", float)
# What the database writes as JSON, and the answer holds unchanged.
Moment = NewType("Moment", str)
LAZILY = strawberry.lazy("tests.engine.compiled.beings")


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
class Being:
    id: strawberry.ID
    name: str

    @strawberry.field
    def title(self, info: Info, greeting: str = "Dear") -> str | None:
        return answer(self, info, greeting=greeting)

    @strawberry.field
    async def friend(self, info: Info) -> "Being | None":
        return await later(self, info)

    @strawberry.field
    def kin(self, info: Info) -> "list[Being]":
        return answer(self, info)

    @strawberry.field
    def leaves(self, info: Info) -> Leaves:
        return answer(self, info)

    @strawberry.field
    def things(self, info: Info) -> "list[Thing | None] | None":
        return answer(self, info)


@strawberry.interface
class Pet(Being):
    nickname: str | None

    @strawberry.field
    async def keeper(self, info: Info) -> Annotated["Keeper", LAZILY]:
        return await later(self, info)


@strawberry.type
class Cat(Pet):
    lives: int
    tag: Tag | None

    @strawberry.field
    def kittens(self, info: Info) -> "list[Cat | None]":
        return answer(self, info)

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

    @strawberry.field
    async def kin(self, info: Info) -> list[Being]:
        return await later(self, info)

    @strawberry.field
    async def mates(self, info: Info) -> "list[Dog]":
        return await later(self, info)

    @strawberry.field(permission_classes=[Welcome])
    def secret(self, info: Info) -> str | None:
        return answer(self, info)

    @strawberry.field(permission_classes=[WelcomeLater], extensions=[Loud()])
    async def bark(self, info: Info, at: str = "moon") -> str:
        return await later(self, info, at=at)

    @strawberry.field(extensions=[PermissionExtension([Welcome()], fail_silently=True)])
    def bones(self, info: Info) -> list[Tag]:
        return answer(self, info)


@strawberry.type
class Parrot(Being):
    colours: list[Colour]

    @classmethod
    def is_type_of(cls, value: Any, info: Info) -> bool:
        # Not every object of the class is one.
        return value.name != "Dewi" if isinstance(value, cls) else getattr(value, "species", None) == "Parrot"

    @strawberry.field(extensions=[Loud()])
    def says(self, info: Info, what: str = "hello", again: str | None = None) -> str | None:
        return answer(self, info, what=what, again=again)


@strawberry.type
class Fish(Being):
    @strawberry.field
    def school(self, info: Info) -> "list[Fish]":
        return promise(self, info)

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
    """Of no interface."""

    weight: Weight
    words: list[str | None]

    @strawberry.field
    def under(self, info: Info) -> "Thing | None":
        return answer(self, info)

    @strawberry.field
    def promised(self, info: Info) -> str | None:
        return promise(self, info)


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
    dice = info.context.dice("counting", info.path.as_list())
    for number in range(dice.randrange(4)):
        await info.context.pause(dice)
        yield number if not dice.misbehave() else info.context.wrong(number, dice)
    if dice.misbehave():
        raise ValueError("lost count")


async def visiting(info: Info) -> AsyncGenerator[Being | None, None]:
    being = info.context.schema.type_map["Being"]
    dice = info.context.dice("visiting", info.path.as_list())
    for _ in range(dice.randrange(4)):
        yield info.context.value(being, dice)


@strawberry.type
class Edge(Generic[T]):
    node: T
    cursor: str


@strawberry.type
class Page(Generic[T]):
    total: int | None

    @strawberry.field
    def edges(self, info: Info) -> list[Edge[T]]:
        return answer(self, info)

    @strawberry.field
    async def nodes(self, info: Info) -> list[T | None]:
        return await later(self, info)


@strawberry.type
class Keeper:
    id: strawberry.ID
    name: str | None
    walks: list[Dog | None] = strawberry.field(resolver=walking)
    counts: list[int] = strawberry.field(resolver=counting)
    visitors: list[Being | None] | None = strawberry.field(resolver=visiting)

    @strawberry.field
    def pets(self, info: Info, colours: list[Colour] | None = None) -> Page[Pet]:
        return answer(self, info, colours=colours)

    @strawberry.field
    async def cats(self, info: Info) -> Page[Cat] | None:
        return await later(self, info)

    @strawberry.field
    def rows(self, info: Info) -> list[list[Being]]:
        return answer(self, info)

    @strawberry.field
    def described(self, info: Info) -> str:
        return describe(info)
