"""Apps: the clients of a store."""

from datetime import datetime
from enum import Enum
from typing import Annotated

import strawberry

from db.keysets import Sort
from db.pool import Row
from db.search import APP, EVERYTHING, count, search
from engine.cost import count_items
from engine.rows import column, resolver
from schema.api_keys import ApiKey
from schema.connections import After, Before, Connection, CountableConnection, First, Last, read_page, read_span
from schema.context import Info
from schema.documents import PersistedDocument, documents_of
from schema.enums import enum_value
from schema.ids import NODE_ID, Node, checked_id
from schema.scopes import Scope

RATE = 1000
RATE_LIMIT = 10_000  # by GraphQL: whoever runs the server may give an app more
APP_LIMIT = 100

NEWEST_FIRST = Sort("created_at", "timestamptz", descending=True)


@strawberry.enum(description="Which documents an app may send.")
class DocumentMode(Enum):
    LOG = enum_value("LOG", "Any document. Those that are not published for the app are noted in the server's log.")
    ALLOW_LIST = enum_value("ALLOW_LIST", "Only documents published for the app, by their ID or whole.")
    ID_ONLY = enum_value("ID_ONLY", "Only documents published for the app, and only by their ID.")


@strawberry.type(description="A client of your store: a single-page app, a partner's service, a script.")
class App(Node):
    row: strawberry.Private[Row]
    id: strawberry.ID = column("id", NODE_ID)
    name: str = column("name", "What it is called.")
    scopes: list[Scope] = column("scopes", "What its keys may do, and, at most, people who sign in to it.")
    document_mode: DocumentMode = column("document_mode", "Which documents it may send.")
    rate: int = column("rate", "How much cost it may spend a second.")
    client_id: str | None = column(
        "client_id", "What the identity provider calls it: people who sign in to that client act as this app."
    )
    date_created: datetime = column("created_at", "When it was created.")
    disabled_at: datetime | None = column(
        "disabled_at", "When it was disabled: nothing that it sends is answered. Null: it is not."
    )

    @resolver("Its keys, the oldest first, revoked ones included. Needs `admin`.", reads=("id",))
    async def keys(self, info: Info) -> list[ApiKey]:
        info.context.require(Scope.ADMIN)
        rows = await info.context.loaders.keys_by_app.load(self.row.id)
        count_items(info, len(rows))
        return [ApiKey(row=row) for row in rows]

    @resolver(
        "The documents published for it, by their IDs, retired ones included. Needs `documents:write`, and `admin` if "
        "it is not your own app.",
        reads=("id",),
    )
    async def documents(
        self, info: Info, first: First = None, after: After = None, last: Last = None, before: Before = None
    ) -> Connection[PersistedDocument]:
        return await documents_of(info, self.row.id, first, after, last, before)


AppConnection = CountableConnection[App]


async def app(
    info: Info,
    id: Annotated[strawberry.ID, strawberry.argument(description="As in app_01h455vb4pex5vsknk084sn02q.")],
) -> App | None:
    info.context.require(Scope.ADMIN)
    row = await info.context.loaders.apps.load(checked_id(id, "app"))
    return App(row=row) if row else None


async def apps(
    info: Info, first: First = None, after: After = None, last: Last = None, before: Before = None
) -> AppConnection:
    db, store_id = info.context.db, info.context.require(Scope.ADMIN).store_id
    page = await read_page(
        info.context,
        "apps",
        read_span(info.context, "apps", first, after, last, before),
        lambda window: search(db, APP, store_id, EVERYTHING, NEWEST_FIRST, window),
        NEWEST_FIRST.key_of,
        lambda row: App(row=row),
    )
    return CountableConnection(page=page, count_up_to=lambda limit: count(db, APP, store_id, EVERYTHING, limit))
