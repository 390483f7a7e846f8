"""Apps: the API clients of a store."""

from datetime import datetime
from enum import Enum
from functools import partial
from typing import Annotated

import strawberry

from db.api_keys import get_api_keys_by_app
from db.apps import get_apps
from db.documents import search_documents
from db.keysets import Key
from db.search import EVERYTHING, count, search
from engine.cost import count_items
from engine.rows import column, resolver
from schema.api_keys import ApiKey
from schema.connections import After, Before, Connection, CountableConnection, First, Last, PageArguments, PageRequest
from schema.context import Info
from schema.documents import PersistedDocument, require_app
from schema.fields import argument, enum_value
from schema.filters import NEWEST_FIRST
from schema.ids import Node, checked_id
from schema.scopes import Scope

RATE = 1000
RATE_LIMIT = 10_000  # in GraphQL; the command line permits higher limits
APP_LIMIT = 100


@strawberry.enum(description="Determines which GraphQL documents an app can send.")
class DocumentMode(Enum):
    LOG = enum_value("LOG", "All documents. Documents that are not published for the app are marked in the access log.")
    ALLOW_LIST = enum_value("ALLOW_LIST", "Only documents that are published for the app, sent by ID or as text.")
    ID_ONLY = enum_value("ID_ONLY", "Only documents that are published for the app, sent by ID.")


@strawberry.type(description="An API client of your store: a single-page app, a partner's service or a script.")
class App(Node):
    id: strawberry.ID = column("id", "The ID of the app, such as app_01h455vb4pex5vsknk084sn02q.")
    name: str = column("name", "The app's name.")
    scopes: list[Scope] = column(
        "scopes", "The scopes of the app's API keys. They also limit the scopes of users who sign in to the app."
    )
    document_mode: DocumentMode = column("document_mode", "The documents that the app can send.")
    rate: int = column("rate", "The rate limit, in cost points per second.")
    client_id: str | None = column(
        "client_id",
        "The client ID of the app at your identity provider. Users who sign in to that client act through this app.",
    )
    date_created: datetime = column("created_at", "When the app was created.")
    disabled_at: datetime | None = column(
        "disabled_at", "When the app was disabled, so that all its requests are refused. Null if the app is enabled."
    )

    @resolver("The app's API keys, oldest first, including revoked keys. Requires the scope `admin`.", reads=("id",))
    async def keys(self, info: Info) -> list[ApiKey]:
        info.context.require(Scope.ADMIN)
        rows = await info.context.loaders.of_parent(get_api_keys_by_app, self.row.id)
        count_items(info, len(rows))
        return [ApiKey(row=row) for row in rows]

    @resolver(
        "The app's persisted documents, sorted by ID, including retired documents. Requires the scope "
        "`documents:write`. The documents of another app also require `admin`.",
        reads=("id",),
    )
    async def documents(
        self, info: Info, first: First = None, after: After = None, last: Last = None, before: Before = None
    ) -> Connection[PersistedDocument]:
        id = self.row.id
        require_app(info, id)
        fetch = partial(info.context.loaders.page, search_documents, id)
        request = PageRequest(info, f"documents {id}", PageArguments(first, after, last, before))
        rows = await fetch(request.window, request.columns)
        return Connection(page=request.page(rows, PersistedDocument, fetch, lambda row: Key(row.id, row.id)))


async def app(
    info: Info, id: Annotated[strawberry.ID, argument("The ID of the app, such as app_01h455vb4pex5vsknk084sn02q.")]
) -> App | None:
    info.context.require(Scope.ADMIN)
    row = await info.context.loaders.row(get_apps, checked_id(id, "app"))
    return App(row=row) if row else None


async def apps(
    info: Info, first: First = None, after: After = None, last: Last = None, before: Before = None
) -> CountableConnection[App]:
    db, store_id = info.context.db, info.context.require(Scope.ADMIN).store_id
    fetch = partial(search, db, "app", store_id, EVERYTHING, NEWEST_FIRST)
    request = PageRequest(info, "apps", PageArguments(first, after, last, before))
    page = request.page(await fetch(request.window, request.columns), App, fetch)
    return CountableConnection(page=page, count_up_to=partial(count, db, "app", store_id, EVERYTHING))
