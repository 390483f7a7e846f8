"""Errors that nobody foresaw: the client gets an ID, the log gets the error, and neither gets what was sent."""

import logging
import re
from base64 import b64encode
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import asyncpg
import httpx
import pytest

from api.settings import Settings
from db.pool import Pool
from tests import commands
from tests.conftest import serving, settings_for
from tests.shop import Shop, open_shop, path_of


@asynccontextmanager
async def shop_served_with(settings: Settings) -> AsyncIterator[Shop]:
    """A shop at a server of the test's own."""
    db = Pool(settings.database_url)
    await db.connect()
    async with serving(settings) as url, httpx.AsyncClient(base_url=url) as http:
        yield await open_shop(db, http)
    await db.disconnect()


async def masked(shop: Shop, caplog: pytest.LogCaptureFixture, query: str, **variables: Any) -> tuple[Any, str]:
    """The answer's data, and the one thing that was logged, which has the ID that the client was given."""
    caplog.clear()
    with caplog.at_level(logging.DEBUG):
        response = await shop.post(query, **variables)
    answer = response.json()
    [error] = answer["errors"]
    assert response.status_code == 200
    assert error["message"] == "Something went wrong here. Quote the request ID when you report it."
    assert list(error["extensions"]) == ["code", "requestId"]
    assert error["extensions"]["code"] == "INTERNAL_SERVER_ERROR"
    assert re.fullmatch("[0-9a-f]{32}", error["extensions"]["requestId"])
    [record] = [record for record in caplog.records if record.name == "roomkey"]
    assert record.levelname == "ERROR"
    assert error["extensions"]["requestId"] in record.getMessage()
    return answer["data"], caplog.text


async def test_an_unforeseen_error_is_masked_and_logged_without_what_was_sent(
    own_database_url: str, connection: "asyncpg.Connection[Any]", caplog: pytest.LogCaptureFixture
) -> None:
    async with shop_served_with(settings_for(own_database_url)) as shop:
        session = await shop.create()
        id = session["customer"]["id"]
        await connection.execute("alter table customer rename to client")
        query = 'query Q($id: ID!) { store { slug } a: customer(id: $id) { id } order(number: "CANARY-1") { id } }'
        data, log = await masked(shop, caplog, query, id=id, unused="CANARY-2")
        assert data == {"store": {"slug": shop.slug}, "a": None, "order": None}
        assert "UndefinedTableError 42P01" in log
        assert "in get_customers" in log  # where it happened
        for sent in (id, "CANARY", "query Q", shop.key):
            assert sent not in log
        await connection.execute("alter table client rename to customer")
        assert (await shop.ask("query ($id: ID!) { customer(id: $id) { id } }", id=id)) == {"customer": {"id": id}}


async def test_an_error_of_postgres_that_quotes_the_row_is_logged_without_it(
    own_database_url: str, connection: "asyncpg.Connection[Any]", caplog: pytest.LogCaptureFixture
) -> None:
    async with shop_served_with(settings_for(own_database_url)) as shop:
        await connection.execute("alter table customer add check (name <> 'CANARY')")
        mutation = "mutation ($input: CreateSessionInput!) { createSession(input: $input) { session { id } } }"
        data, log = await masked(shop, caplog, mutation, input={"customer": {"details": {"name": "CANARY"}}})
        assert data is None
        assert "CheckViolationError 23514" in log
        assert "CANARY" not in log
        assert await shop.ask("{ sessionStats { total } customers { nodes { id } } }") == {
            "sessionStats": {"total": 0},
            "customers": {"nodes": []},
        }


async def test_an_unforeseen_error_outside_a_document_is_masked_and_logged_alike(
    own_database_url: str, connection: "asyncpg.Connection[Any]", tmp_path: Path
) -> None:
    keys = f"k:{b64encode(b'k' * 32).decode()}"
    with commands.serving(tmp_path, DATABASE_URL=own_database_url, TOKEN_KEYS=keys) as served:
        db = Pool(own_database_url)
        await db.connect()
        async with httpx.AsyncClient(base_url=served.url) as http:
            shop = await open_shop(db, http)
            session = await shop.create()
            await connection.execute("alter table session_event add constraint canary check (kind <> 'OPENED')")
            link = await http.get(path_of(session))
            await connection.execute("alter table api_key rename to canary")
            unknown = await shop.http.post(
                "/graphql", json={"query": "{ store { slug } }"}, headers={"Authorization": "Bearer rk_CANARY"}
            )
        await db.disconnect()
    assert (link.status_code, link.headers["content-type"]) == (500, "text/html; charset=utf-8")
    assert link.headers["cache-control"] == "no-store"
    assert "<h1>Something went wrong</h1>" in link.text
    [error] = unknown.json()["errors"]
    assert (unknown.status_code, list(unknown.json())) == (500, ["errors"])
    assert error["message"] == "Something went wrong here. Quote the request ID when you report it."
    assert error["extensions"]["code"] == "INTERNAL_SERVER_ERROR"
    log = (tmp_path / "serve.log").read_text()
    first, second = [line for line in log.splitlines() if line and not line.startswith(" ")]
    assert re.fullmatch("[0-9a-f]{32} at s: CheckViolationError 23514", first)
    assert second == f"{error['extensions']['requestId']} at graphql: UndefinedTableError 42P01"
    for sent in ("canary", session["id"], path_of(session).rpartition("/")[2], shop.slug, "Traceback"):
        assert sent not in log.replace("CANARY", "canary")


async def test_a_refused_document_is_not_logged(shop: Shop, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    for query in (
        '{ session(id: "CANARY") { id } }',
        "{ CANARY }",
        '{ "CANARY',
        '{ order(number: "CANARY\\u0000") { id } }',
    ):
        assert "errors" in (await shop.post(query, CANARY="CANARY")).json()
    assert "CANARY" not in caplog.text
