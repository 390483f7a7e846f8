"""GraphQL objects that take their fields from a database row.

A type with a private attribute `row` declares which column each field shows, and a resolver which columns it reads:

    @strawberry.type(description="The key of a session.")
    class Token:
        row: strawberry.Private[Row]
        status: TokenStatus = column("token_status", "Whether the token works at the moment of the query.")

        @resolver("The link to send to the customer.", reads=("id", "token_generation"))
        def link(self, info: Info) -> URL | None: ...

graphql-core calls the resolvers that are made here. A compiled document reads the row itself, and knows which columns
it needs: `selected_columns`.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Protocol, TypeVar, cast

import strawberry

F = TypeVar("F", bound=Callable[..., Any])

# The key of a field's declaration in Strawberry's metadata: a Column, a View, or the frozenset of the columns of the
# object's row that the field's resolver reads.
SOURCE = "row source"


class Row(Protocol):
    """The interface of a row: its values by the names of their columns."""

    def __getitem__(self, name: str, /) -> Any: ...


@dataclass(frozen=True, slots=True)
class Column:
    """The field's value is a column of the row."""

    name: str


@dataclass(frozen=True, slots=True)
class View:
    """The field's value is an object of another type over the same row.

    `make()` is that type. `columns` maps its columns to those of the row; None: they have the same names. The value is
    null where the column `null_with` of the row is null.
    """

    make: Callable[[], Callable[..., Any]]
    columns: Mapping[str, str] | None
    null_with: str | None


class RenamedRow(Mapping[str, Any]):
    """A row whose columns have other names."""

    def __init__(self, row: Row, columns: Mapping[str, str]) -> None:
        self._row = row
        self._columns = columns

    def __getitem__(self, name: str) -> Any:
        return self._row[self._columns[name]]

    def __iter__(self) -> Iterator[str]:
        return iter(self._columns)

    def __len__(self) -> int:
        return len(self._columns)


def column(name: str, description: str) -> Any:
    """A field that shows a column of the row."""

    def read(self):  # type: ignore[no-untyped-def]  # Strawberry takes the type from the attribute's annotation
        return self.row[name]

    return strawberry.field(resolver=read, description=description, metadata={SOURCE: Column(name)})


def view(
    make: Callable[[], Callable[..., Any]],
    description: str,
    *,
    columns: Mapping[str, str] | None = None,
    null_with: str | None = None,
) -> Any:
    """A field that shows an object of the type `make()` over the same row; see View."""

    def read(self):  # type: ignore[no-untyped-def]
        if null_with is not None and self.row[null_with] is None:
            return None
        return make()(row=self.row if columns is None else RenamedRow(self.row, columns))

    return strawberry.field(resolver=read, description=description, metadata={SOURCE: View(make, columns, null_with)})


def resolver(description: str, *, reads: tuple[str, ...] | None = None) -> Callable[[F], F]:
    """Make a method the field of its name. `reads`: the columns of its object's row that it uses; None: any of them."""
    metadata = {} if reads is None else {SOURCE: frozenset(reads)}
    return cast(Callable[[F], F], strawberry.field(description=description, metadata=metadata))


def selected_columns(info: strawberry.Info[Any, Any]) -> frozenset[str] | None:
    """The columns that the selection below this field needs of the rows that its resolver fetches; None: all of them.

    The selection is followed through objects without a row (connections, edges, page info), including their resolvers'
    `reads`, to the first types with a row.
    """
    return getattr(info._raw_info, "columns", None)
