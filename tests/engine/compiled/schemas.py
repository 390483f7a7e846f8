"""The test schema: every feature of Strawberry types in a query or a mutation."""

import datetime
import decimal
from collections.abc import AsyncGenerator
from dataclasses import field as default
from typing import Annotated, Any

import strawberry
from graphql import GraphQLSchema
from strawberry.field_extensions import InputMutationExtension
from strawberry.scalars import JSON
from strawberry.schema.config import StrawberryConfig
from strawberry.types.info import Info

from tests.engine.compiled.resolvers import answer, answering, answering_later, later, promising
from tests.engine.compiled.types import (
    Animal,
    Cat,
    Colour,
    Dog,
    Fish,
    Keeper,
    Leaves,
    Moment,
    Page,
    Parrot,
    Pet,
    Size,
    Stone,
    Thing,
    Ticket,
    Weight,
    describe,
    weigh,
)


@strawberry.input
class Inner:
    words: list[str] = default(default_factory=lambda: ["inner"])
    colour: Colour | None = Colour.GREEN
    size: Size = Size.SMALL


@strawberry.input
class Options:
    text: str | None = strawberry.UNSET
    whole: int = 3
    ratio: float | None = None
    colours: list[Colour] = default(default_factory=lambda: [Colour.RED, Colour.GREY])
    grid: list[list[int | None]] | None = None
    inner: Inner = default(default_factory=Inner)
    inners: list[Inner | None] | None = strawberry.UNSET
    at: datetime.datetime | None = None
    weight: Weight | None = None
    anything: JSON | None = None
    maybe: strawberry.Maybe[str | None]
    maybe_inner: strawberry.Maybe[Inner]
    other: bool = strawberry.field(name="renamed", default=True)
    more: "Options | None" = None


DEFAULT_OPTIONS = Options(maybe=None, maybe_inner=None)


@strawberry.input(one_of=True)
class Choice:
    id: strawberry.ID | None = strawberry.UNSET
    inner: Inner | None = strawberry.UNSET
    words: strawberry.Maybe[list[str]]


@strawberry.input
class Required:
    id: strawberry.ID
    choice: Choice
    choices: list[Choice] = default(default_factory=list)
    price: decimal.Decimal


@strawberry.type
class Failure:
    message: str


class FailureHandler(strawberry.ExceptionHandler[ValueError, Failure]):
    def handle(self, exception: ValueError, *, field: Any, info: Info) -> Failure:
        return Failure(message=f"{info.field_name}: {exception}")


Outcome = Annotated[Cat | Failure, strawberry.union("Outcome")]


@strawberry.type
class Query:
    version: str | None = "1"
    constant: Size | None = None

    @strawberry.field
    def animal(self, info: Info, id: strawberry.ID | None = None) -> Animal | None:
        return answer(self, info, id=id)

    @strawberry.field
    async def animals(self, info: Info, first: int | None = 3) -> list[Animal] | None:
        return await later(self, info, first=first)

    pets: list[Pet | None] | None = strawberry.field(resolver=answering)
    cat: Cat = strawberry.field(resolver=answering_later)
    dogs: list[Dog | None] | None = strawberry.field(resolver=answering)
    fish: Fish | None = strawberry.field(resolver=promising)
    leaves: Leaves | None = strawberry.field(resolver=answering)
    many_leaves: list[Leaves | None] | None = strawberry.field(resolver=answering_later)
    things: list[Thing | None] | None = strawberry.field(resolver=answering)
    stone: Stone | None = strawberry.field(resolver=answering)
    ticket: Ticket | None = strawberry.field(resolver=answering)
    tickets: list[Ticket | None] | None = strawberry.field(resolver=answering_later)
    keeper: Keeper | None = strawberry.field(resolver=answering_later)
    page: Page[Cat] | None = strawberry.field(resolver=answering)
    outcomes: list[Outcome] | None = strawberry.field(resolver=answering_later)

    @strawberry.field
    def outcome(self, info: Info, fails: bool = True) -> Outcome | None:
        if fails:
            raise ValueError("It fails.")
        return answer(self, info)

    @strawberry.field
    def described(self, info: Info, colour: Colour = Colour.GREEN) -> str:
        return describe(info)

    @strawberry.field
    def atoms(
        self,
        text: str = "t",
        whole: int | None = 3,
        ratio: float = 1.5,
        flag: bool = True,
        colour: Colour = Colour.RED,
        size: Size | None = Size.LARGE,
        key: strawberry.ID | None = None,
        at: datetime.datetime | None = strawberry.UNSET,
        weight: Weight = 2.5,
        anything: JSON | None = None,
        given: strawberry.Maybe[int] = None,
        called: Annotated[str | None, strawberry.argument(name="calledOtherwise")] = "python",
    ) -> str | None:
        seen = repr([text, whole, ratio, flag, colour, size, key, at, weight, anything, given, called])
        if isinstance(anything, dict):
            anything["seen"] = len(anything)
        return seen

    @strawberry.field
    def lists(
        self,
        words: list[str] = ["a"],  # noqa: B006
        grid: list[list[int | None] | None] | None = None,
        sizes: list[Size] = [Size.SMALL],  # noqa: B006
        more: list[Inner] | None = strawberry.UNSET,
    ) -> str | None:
        words.append("mutated")
        sizes.append(Size.LARGE)
        return repr([words, grid, sizes, more])

    @strawberry.field
    async def options(self, options: Options = DEFAULT_OPTIONS, again: Options | None = None) -> str | None:
        seen = repr([options, again])
        options.inner.words.append("mutated")
        options.whole += 1
        return seen

    @strawberry.field
    def choose(self, choice: Choice) -> str | None:
        return repr(choice)

    @strawberry.field
    def require(self, info: Info, input: Required, text: str, ids: list[strawberry.ID]) -> str | None:
        input.choices.clear()
        return f"{input} {text} {ids} {answer(self, info, input=input)}"


@strawberry.type
class Tally:
    """The number of words when the object was made, and the current number."""

    at_first: int
    animal: Animal | None = strawberry.field(resolver=answering)

    @strawberry.field
    def now(self, info: Info) -> int:
        return len(info.context.words)

    @strawberry.field
    async def soon(self, info: Info) -> int:
        await info.context.pause(info.context.random("soon", info.path.as_list()))
        return len(info.context.words)


@strawberry.type
class Mutation:
    @strawberry.mutation
    async def append(self, info: Info, word: str = "w", times: int = 1) -> list[str]:
        words = info.context.words + [word] * min(times, 3)
        await info.context.pause(info.context.random("append", words))
        info.context.words = words
        await info.context.pause(info.context.random("appended", words))
        return words

    @strawberry.mutation
    def clear(self, info: Info) -> Tally:
        info.context.words = info.context.words[1:]
        return Tally(at_first=len(info.context.words))

    @strawberry.mutation
    async def tally(self, info: Info, word: str | None = None) -> Tally | None:
        await info.context.pause(info.context.random("tally", info.path.as_list()))
        info.context.words.append(word or "tally")
        return Tally(at_first=len(info.context.words))

    @strawberry.mutation
    async def rename(self, info: Info, options: Options) -> Cat:
        options.colours.append(Colour.RED)
        info.context.words.append(repr(options))
        return await later(self, info, options=options)

    @strawberry.mutation(extensions=[InputMutationExtension()])
    def adopt(self, info: Info, id: strawberry.ID, name: str | None = None) -> Outcome:
        return answer(self, info, id=id, name=name)

    @strawberry.mutation
    def fail(self, info: Info) -> str | None:
        raise ValueError(f"after {len(info.context.words)} words")


@strawberry.type
class Subscription:
    @strawberry.subscription
    async def ticks(self) -> AsyncGenerator[int, None]:
        yield 1


def _schema(*handlers: strawberry.ExceptionHandler[Any, Any]) -> GraphQLSchema:
    return strawberry.Schema(
        Query,
        Mutation,
        Subscription,
        types=[Cat, Dog, Parrot, Fish],
        config=StrawberryConfig(
            scalar_map={
                Weight: strawberry.scalar(name="Weight", serialize=weigh, parse_value=weigh),
                Moment: strawberry.scalar(name="Moment"),
            }
        ),
        exception_handlers=handlers,
    )._schema


SCHEMA = _schema()
# Here Strawberry wraps every resolver.
HANDLING_SCHEMA = _schema(FailureHandler())
