"""Objects over database rows: what a compiled operation reads from the row itself, and which columns it asks for."""

from collections.abc import Iterator, Mapping
from enum import Enum
from typing import Annotated, Any, Generic, NewType, TypeVar

import orjson
import pytest
import strawberry
from graphql import GraphQLSchema, parse, validate
from strawberry.schema.config import StrawberryConfig
from strawberry.types.info import Info

from engine.rows import column, resolver, selected_columns, view
from tests.engine.compiled.comparison import Answer, answer_of, by_compiled, by_graphql_core, compiled, must_agree

T = TypeVar("T")
Moment = NewType("Moment", str)


class Row(Mapping[str, Any]):
    """A row that records which of its columns were read."""

    def __init__(self, **columns: Any) -> None:
        self.columns = columns
        self.read: list[str] = []

    def __getitem__(self, name: str) -> Any:
        self.read.append(name)
        return self.columns[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self.columns)

    def __len__(self) -> int:
        return len(self.columns)


@strawberry.enum
class Status(Enum):
    ACTIVE = strawberry.enum_value("active", name="WORKS")
    EXPIRED = "expired"


@strawberry.enum
class Level(Enum):
    LOW = 1
    HIGH = (1, [2])


# How many objects of each type were made.
made: list[str] = []


class Counted:
    def __post_init__(self) -> None:
        made.append(type(self).__name__)


@strawberry.type
class Customer(Counted):
    row: strawberry.Private[Any]
    id: strawberry.ID = column("id", "The ID.")
    name: str | None = column("name", "The name.")
    email: str | None = column("email", "The address.")

    @resolver("A resolver that says what it reads.", reads=("name", "email"))
    def greeting(self) -> str:
        return f"Dear {self.row['name']}"

    @resolver("A resolver that may read anything.")
    def anything(self) -> str:
        return "anything"


@strawberry.type
class Token(Counted):
    row: strawberry.Private[Any]
    status: Status = column("status", "The status.")
    level: Level | None = column("level", "An enum of numbers and tuples.")
    issued_at: Moment = column("issued_at", "A moment.")
    session: Annotated["Session", strawberry.lazy("tests.engine.compiled.test_rows")] = view(
        lambda: Session, "The session again."
    )

    @resolver("A link.", reads=("id", "generation"))
    async def link(self) -> str:
        return f"link of {self.row['id']}"


@strawberry.type
class Session(Counted):
    row: strawberry.Private[Any]
    id: strawberry.ID = column("id", "The ID.")
    active: bool = column("active", "Whether the token works.")
    room: str | None = column("room_id", "The room.")
    token: Token = view(lambda: Token, "The token.")
    customer: Customer = view(lambda: Customer, "The customer.", columns={"id": "customer_id", "name": "customer_name"})
    buyer: Customer | None = view(
        lambda: Customer, "A buyer.", columns={"id": "buyer_id", "name": "buyer_name"}, null_with="buyer_id"
    )
    stranger: Customer = view(lambda: Customer, "Of other columns.", columns={"id": "customer_id"})
    must: Customer = view(lambda: Customer, "A buyer.", columns={"id": "buyer_id"}, null_with="buyer_id")
    words: list[str] = column("words", "A list.")
    attribute: str | None = None

    @resolver("A resolver that may read anything.")
    def metadata(self) -> str:
        return "metadata"


@strawberry.type
class Edge(Generic[T]):
    node: T

    @resolver("The place of the node.", reads=("created_at",))
    def cursor(self) -> str:
        return "cursor"


@strawberry.type
class PageInfo:
    @resolver("The last cursor.", reads=("created_at", "sort"))
    def end_cursor(self) -> str:
        return "cursor"

    @resolver("Whether there are more rows.")
    def has_next(self) -> bool:
        return False


@strawberry.type
class Connection(Generic[T]):
    list: strawberry.Private[list[T]]

    @resolver("The nodes.")
    def nodes(self) -> list[T]:
        return self.list

    @resolver("The nodes with their places.")
    def edges(self) -> list[Edge[T]]:
        return [Edge(node=node) for node in self.list]

    @resolver("The place of the page.")
    def page_info(self) -> PageInfo | None:
        return PageInfo()


ROW = {
    "id": "1",
    "active": True,
    "room_id": None,
    "status": "active",
    "level": 1,
    "issued_at": orjson.Fragment(b'"2026-02-28T12:30:00+00:00"'),
    "customer_id": "c1",
    "customer_name": "Dewi",
    "buyer_id": "c2",
    "buyer_name": None,
    "words": ["a", "b"],
}


class Data:
    def __init__(self, *rows: Mapping[str, Any]) -> None:
        self.rows = [Row(**row) for row in rows]
        self.columns: list[frozenset[str] | None] = []


Anything = Annotated[Session | Customer, strawberry.union("Anything")]


def fetch(info: Info) -> list[Session]:
    info.context.columns.append(selected_columns(info))
    return [Session(row=row) for row in info.context.rows]


@strawberry.type
class Query:
    @strawberry.field
    def sessions(self, info: Info) -> Connection[Session]:
        return Connection(list=fetch(info))

    @strawberry.field
    async def list(self, info: Info) -> list[Session | None] | None:
        return fetch(info)  # type: ignore[return-value]

    @strawberry.field
    def session(self, info: Info) -> Session | None:
        return fetch(info)[0]

    @strawberry.field
    def anything(self, info: Info) -> Anything:
        return fetch(info)[0]

    @strawberry.field
    def count(self, info: Info) -> int:
        return len(fetch(info))


SCHEMA = strawberry.Schema(
    Query, config=StrawberryConfig(scalar_map={Moment: strawberry.scalar(name="Moment")})
)._schema


async def run(text: str, *rows: Mapping[str, Any], schema: GraphQLSchema = SCHEMA) -> tuple[Answer, Data]:
    """The answer of both, and the data that the compiled operation read."""
    made.clear()
    document = parse(text)
    assert validate(schema, document) == []
    data = Data(*rows)
    ours = await answer_of(by_compiled(compiled(schema, document), {}, data))
    made_by_compiled = made.copy()
    theirs = await answer_of(by_graphql_core(schema, document, None, {}, Data(*rows)))
    must_agree(ours, theirs)
    made[:] = made_by_compiled
    return ours, data


async def test_columns_and_views_are_read_from_the_row_without_other_objects() -> None:
    answer, data = await run(
        "{ list { id active room token { __typename status level issuedAt } customer { id name } buyer { id } } }", ROW
    )
    issued_at = orjson.dumps(ROW["issued_at"])
    token = f"{{'__typename': 'Token', 'status': 'WORKS', 'level': 'LOW', 'issuedAt': {issued_at!r}}}"
    assert answer.data == (
        f"{{'list': [{{'id': '1', 'active': True, 'room': None, 'token': {token}, "
        "'customer': {'id': 'c1', 'name': 'Dewi'}, 'buyer': {'id': 'c2'}}]}"
    )
    assert made == ["Session"]
    [row] = data.rows
    of_the_session = ["id", "active", "room_id", "status", "level", "issued_at"]
    assert row.read == [*of_the_session, "customer_id", "customer_name", "buyer_id", "buyer_id"]


async def test_a_view_is_null_with_its_column() -> None:
    answer, _ = await run("{ list { id buyer { id name } } }", ROW | {"buyer_id": None}, ROW)
    assert answer == Answer("{'list': [{'id': '1', 'buyer': None}, {'id': '1', 'buyer': {'id': 'c2', 'name': None}}]}")
    assert made == ["Session", "Session"]
    answer, _ = await run("{ list { buyer { id } words } }", ROW | {"buyer_id": None})
    assert answer == Answer("{'list': [{'buyer': None, 'words': ['a', 'b']}]}")
    assert made == ["Session"]


async def test_an_object_is_made_where_a_resolver_is_selected() -> None:
    answer, _ = await run("{ list { id token { status link } customer { name greeting } } }", ROW)
    assert answer == Answer(
        "{'list': [{'id': '1', 'token': {'status': 'WORKS', 'link': 'link of 1'}, "
        "'customer': {'name': 'Dewi', 'greeting': 'Dear Dewi'}}]}"
    )
    assert made == ["Session", "Token", "Customer"]


async def test_views_of_views_have_the_columns_of_the_row() -> None:
    answer, _ = await run("{ list { token { session { customer { id } token { session { id } } } } } }", ROW)
    assert answer == Answer(
        "{'list': [{'token': {'session': {'customer': {'id': 'c1'}, 'token': {'session': {'id': '1'}}}}}]}"
    )
    assert made == ["Session"]


async def test_views_may_nest_deeper_than_is_read_at_once() -> None:
    text = "{ list { " + "token { session { " * 20 + "id" + " }" * 42
    answer, _ = await run(text, ROW)
    assert answer.data.count("token") == 20


@pytest.mark.parametrize("others", ["", "words", "metadata", "token { link }"])
@pytest.mark.parametrize(
    ("selected", "change", "message"),
    [
        ("id", {"id": None}, "Cannot return null for non-nullable field Session.id."),
        ("active", {"active": "yes"}, "Boolean cannot represent a non boolean value: 'yes'"),
        ("room", {"room_id": []}, "String cannot represent value: []"),
        ("token { status }", {"status": "retired"}, "Enum 'Status' cannot represent value: 'retired'"),
        ("token { status }", {"status": ["active"]}, "Enum 'Status' cannot represent value: ['active']"),
        ("token { status }", {"status": None}, "Cannot return null for non-nullable field Token.status."),
        ("customer { id }", {"customer_id": None}, "Cannot return null for non-nullable field Customer.id."),
        ("stranger { name }", {}, "'name'"),
        ("must { id }", {"buyer_id": None}, "Cannot return null for non-nullable field Session.must."),
        ("token { issuedAt }", {"issued_at": ValueError("wrong")}, "wrong"),
    ],
)
async def test_a_wrong_value_is_the_error_that_graphql_core_makes_of_it(
    selected: str, change: dict[str, Any], message: str, others: str
) -> None:
    answer, _ = await run(f"{{ list {{ a: active {selected} b: id {others} }} }}", ROW, ROW | change)
    assert {error.message for error in answer.errors} == {message}
    assert len(answer.errors) == (2 if change == {} else 1)


@pytest.mark.parametrize(
    ("change", "data"),
    [
        ({"id": 7}, "'7'"),
        ({"status": Status.ACTIVE}, "'WORKS'"),
        ({"level": Level.HIGH}, "'HIGH'"),
        ({"level": 1.0}, "'LOW'"),
        ({"level": (1, [2])}, "'HIGH'"),
        ({"active": 1}, "'active': True"),
    ],
)
@pytest.mark.parametrize("others", ["", "words"])
async def test_a_value_of_another_class_is_what_graphql_core_makes_of_it(
    change: dict[str, Any], data: str, others: str
) -> None:
    answer, _ = await run(f"{{ list {{ id active token {{ status level }} {others} }} }}", ROW | change)
    assert answer.errors == ()
    assert data in answer.data


@pytest.mark.parametrize(
    ("text", "columns"),
    [
        ("{ session { id __typename active } }", {"id", "active"}),
        ("{ list { id } }", {"id"}),
        ("{ sessions { nodes { id room } } }", {"id", "room_id"}),
        ("{ sessions { edges { cursor node { a: id id } } pageInfo { hasNext } } }", {"created_at", "id"}),
        ("{ sessions { pageInfo { endCursor } } }", {"created_at", "sort"}),
        ("{ sessions { __typename } }", set()),
        ("{ count }", set()),
        ("{ session { token { status link session { room } } } }", {"status", "id", "generation", "room_id"}),
        # A column that a renamed row lacks is not selected.
        ("{ session { customer { name greeting email } } }", {"customer_name"}),
        ("{ session { customer { anything } } }", {"customer_id", "customer_name"}),
        ("{ session { buyer { name } } }", {"buyer_id", "buyer_name"}),
        ("{ session { token { session { metadata } } } }", None),
        ("{ sessions { nodes { id metadata } } }", None),
        ("{ session { id attribute } }", None),
        ("{ anything { ... on Session { id } } }", None),
        ("{ session { ...F } ... { session { active } } } fragment F on Session { id }", {"id", "active"}),
    ],
)
async def test_selected_columns_are_those_below_the_field(text: str, columns: set[str] | None) -> None:
    _, data = await run(text, ROW)
    assert data.columns == [columns]


async def test_selected_columns_are_unknown_in_graphql_core() -> None:
    data = Data(ROW)
    await answer_of(by_graphql_core(SCHEMA, parse("{ session { id } }"), None, {}, data))
    assert data.columns == [None]
