"""The limit: a bare endpoint that runs the statement that Roomkey runs, and writes the answer that it writes.

No GraphQL, no credential, no cost, no log.
"""

import os
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

import orjson
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from bench.speed.contenders import POOL_SIZE
from bench.speed.queries import Query
from db.keysets import Key, Sort, Window
from db.pool import Executor, Pool
from db.search import EVERYTHING, SESSION, search, text_contains, text_equals
from db.sessions import SessionRow, get_sessions

NEWEST = Sort("created_at", "timestamptz", descending=True)


async def fetch(db: Executor, store_id: str, query: Query, values: Mapping[str, str]) -> list[SessionRow]:
    """Roomkey's statement; of a list it reads one row more than asked for."""
    if query is Query.DETAIL:
        return await get_sessions(db, store_id, [values["id"]])
    predicate = EVERYTHING
    if "text" in values:
        predicate = text_contains("session.customer_name", values["text"])
    elif "number" in values:
        predicate = text_equals("session.order_number", values["number"])
    after = Key(*values["after"].split(" ")) if "after" in values else None
    return await search(db, SESSION, store_id, predicate, NEWEST, Window(query.size + 1, after))


def answer(query: Query, rows: list[SessionRow]) -> bytes:
    nodes = [(_short if query is Query.SHORT_PAGE else _full)(row) for row in rows[: query.size]]
    if query is Query.DETAIL:
        return orjson.dumps({"data": {"session": nodes[0]}})
    page: dict[str, Any] = {"nodes": nodes}
    if query.is_page:
        page["pageInfo"] = {"hasNextPage": len(rows) > query.size}
    return orjson.dumps({"data": {"sessions": page}})


def _short(row: SessionRow) -> dict[str, Any]:
    return {"id": row.id, "customer": {"name": row.customer_name}, "token": {"status": row.token_status}}


def _full(row: SessionRow) -> dict[str, Any]:
    return {
        "id": row.id,
        "active": row.token_status == "ACTIVE",
        "dateCreated": row.created_at,
        "roomId": row.room_id,
        "customer": {"id": row.customer_id, "name": row.customer_name},
        "token": {
            "status": row.token_status,
            "issuedAt": row.token_issued_at,
            "expiredTime": row.token_expires_at,
            "revokedAt": row.token_revoked_at,
        },
        "conversion": {"kind": row.conversion_kind, "at": row.converted_at} if row.conversion_kind else None,
    }


def create_app() -> Starlette:
    db, store_id = Pool(os.environ["DATABASE_URL"], size=POOL_SIZE), os.environ["STORE_ID"]

    async def respond(request: Request) -> Response:
        query = Query(request.path_params["query"])
        rows = await fetch(db, store_id, query, request.query_params)
        return Response(answer(query, rows), media_type="application/json")

    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        await db.connect()
        yield
        await db.disconnect()

    return Starlette(routes=[Route("/{query}", respond)], lifespan=lifespan)
