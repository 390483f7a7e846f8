"""A bare Starlette endpoint with Roomkey's pool, statements, responses and compression.

It has no GraphQL, no credentials, no cost, no rate limit and no access log. `/planned` serves pages by name with the
statement of Roomkey's first version, which Postgres plans for each request. It is the reference for db/search.py.
"""

import os
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any, NamedTuple

import asyncpg
import orjson
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette_compress import CompressMiddleware

from bench.speed.contenders import POOL_SIZE
from bench.speed.queries import Query
from db.columns import select_list
from db.keysets import Key, Sort, Window
from db.pool import Pool
from db.search import EVERYTHING, search, text_contains, text_equals
from db.sessions import COLUMNS, get_sessions
from db.statements import Executor, Row

NEWEST = Sort("created_at", "timestamptz", descending=True)

SHORT = frozenset({"id", "customer_name", "token_status"})
FULL = SHORT | {
    "active",
    "created_at",
    "room_id",
    "customer_id",
    "token_issued_at",
    "token_expires_at",
    "token_revoked_at",
    "conversion_kind",
    "converted_at",
}


PLANNED = f"""
select {select_list(COLUMNS, FULL)} from session
where store_id = $1 and id in (
    select id from session
    where store_id = $1 and search_text like '%' || fold_pattern($2) || '%'
        and coalesce(customer_name_key like '%' || fold_pattern($2) || '%', false)
    order by created_at desc, id desc limit {{limit}}
)
order by session.created_at desc, id desc
"""


class Statement(NamedTuple):
    """A statement that was run. `planned`: with a custom plan for these values."""

    sql: str
    values: Sequence[Any]
    planned: bool


class Recorder:
    """An executor on one connection that keeps the statements it runs."""

    def __init__(self, connection: "asyncpg.Connection[Row]") -> None:
        self._connection = connection
        self.statements: list[Statement] = []

    async def fetch(self, statement: str, *values: Any, planned: bool = False) -> list[Row]:
        self.statements.append(Statement(statement, values, planned))
        return await self._connection.fetch(statement, *values)

    async def fetchrow(self, statement: str, *values: Any) -> Row | None:
        self.statements.append(Statement(statement, values, planned=False))
        return await self._connection.fetchrow(statement, *values)


async def fetch(db: Executor, store_id: str, query: Query, values: Mapping[str, str]) -> list[Row]:
    """Fetch the rows with Roomkey's statement. For a list, it returns one more row than requested."""
    if query is Query.DETAIL:
        return await get_sessions(db, store_id, [values["id"]], FULL)
    predicate = EVERYTHING
    if "text" in values:
        predicate = text_contains("session.customer_name", values["text"])
    elif "number" in values:
        predicate = text_equals("session.order_number", values["number"])
    after = Key(*values["after"].split(" ")) if "after" in values else None
    columns = SHORT if query is Query.SHORT_PAGE else FULL
    return await search(db, "session", store_id, predicate, NEWEST, Window(query.size + 1, after), columns)


async def fetch_planned(db: Executor, store_id: str, query: Query, values: Mapping[str, str]) -> list[Row]:
    """Fetch the rows with the statement of the first version."""
    return await db.fetch(PLANNED.format(limit=query.size + 1), store_id, values["text"], planned=True)


def answer(query: Query, rows: list[Row]) -> bytes:
    nodes = [(_short if query is Query.SHORT_PAGE else _full)(row) for row in rows[: query.size]]
    if query is Query.DETAIL:
        return orjson.dumps({"data": {"session": nodes[0]}})
    page: dict[str, Any] = {"nodes": nodes}
    if query.is_page:
        page["pageInfo"] = {"hasNextPage": len(rows) > query.size}
    return orjson.dumps({"data": {"sessions": page}})


def _short(row: Row) -> dict[str, Any]:
    return {"id": row["id"], "customer": {"name": row["customer_name"]}, "token": {"status": row["token_status"]}}


def _full(row: Row) -> dict[str, Any]:
    return {
        "id": row["id"],
        "active": row["active"],
        "dateCreated": row["created_at"],
        "roomId": row["room_id"],
        "customer": {"id": row["customer_id"], "name": row["customer_name"]},
        "token": {
            "status": row["token_status"],
            "issuedAt": row["token_issued_at"],
            "expiredTime": row["token_expires_at"],
            "revokedAt": row["token_revoked_at"],
        },
        "conversion": {"kind": row["conversion_kind"], "at": row["converted_at"]} if row["conversion_kind"] else None,
    }


def create_app() -> Starlette:
    db, store_id = Pool(os.environ["DATABASE_URL"], size=POOL_SIZE), os.environ["STORE_ID"]

    async def respond(request: Request) -> Response:
        query = Query(request.path_params["query"])
        rows = await fetch(db, store_id, query, request.query_params)
        return Response(answer(query, rows), media_type="application/json")

    async def respond_planned(request: Request) -> Response:
        query = Query(request.path_params["query"])
        rows = await fetch_planned(db, store_id, query, request.query_params)
        return Response(answer(query, rows), media_type="application/json")

    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        await db.connect()
        yield
        await db.disconnect()

    return Starlette(
        routes=[Route("/{query}", respond), Route("/planned/{query}", respond_planned)],
        middleware=[Middleware(CompressMiddleware)],
        lifespan=lifespan,
    )
