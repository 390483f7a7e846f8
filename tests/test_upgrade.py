"""An upgrade of a database that the version before used, and goes on to use while servers of both versions run."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any
from urllib.parse import urlsplit

import asyncpg
import httpx
import pytest
from alembic import command

from db.ids import new_id
from db.migrate import migrate
from db.pool import Pool
from schema.keys import hash_of, new_key
from tests.conftest import TEMPLATE, serving, settings_for
from tests.shop import Shop

WHO = "{ viewer { id name scopes app { name scopes documentMode rate } } store { slug } }"
EVENTS = "query ($id: ID!) { session(id: $id) { events { nodes { id kind at reason } } } }"
CREATE_APP = 'mutation { createApp(input: {name: "new", scopes: [SESSIONS_JOIN, SESSIONS_READ]}) { app { id } } }'
CREATE_KEY = 'mutation ($id: ID!) { createApiKey(input: {appId: $id, name: "laptop"}) { apiKey { id } secret } }'

# Statements of the version before.
CREATE_OLD_KEY = "insert into api_key (store_id, id, name, hash, scopes) values ($1, $2, $3, $4, $5)"
GET_OLD_CREDENTIAL = """
select api_key.id, api_key.name, api_key.scopes, store.id, store.slug
from api_key join store on store.id = api_key.store_id
where api_key.hash = $1 and api_key.revoked_at is null
"""
CREATE_OLD_EVENT = """
insert into session_event (store_id, id, session_id, kind, at, expires_at, reason, key_id)
values ($1, $2, $3, $4, $5::text::timestamptz, $6::text::timestamptz, $7, $8)
"""


@asynccontextmanager
async def first_version(
    postgres: str, monkeypatch: pytest.MonkeyPatch
) -> "AsyncIterator[tuple[str, asyncpg.Connection[Any]]]":
    """A database of the first version: its URL and a connection."""
    server = await asyncpg.connect(postgres)
    name = f"{TEMPLATE}_before"
    await server.execute(f"create database {name} template template0 encoding utf8 locale 'C.UTF-8'")
    url = urlsplit(postgres)._replace(path=f"/{name}").geturl()
    upgrade = command.upgrade
    with monkeypatch.context() as once:
        once.setattr("db.migrate.command.upgrade", lambda config, _: upgrade(config, "0001"))
        once.setattr("db.migrate.GIVE_KEYS_APPS", "select 1")
        await migrate(url)
    connection = await asyncpg.connect(url)
    yield url, connection
    await connection.close()
    await server.execute(f"drop database {name} with (force)")
    await server.close()


async def create_old_key(
    connection: "asyncpg.Connection[Any]", store_id: str, name: str, scopes: list[str]
) -> tuple[str, str]:
    """A key as the version before makes it: its ID and its secret."""
    id, secret = new_id("key"), new_key()
    await connection.execute(CREATE_OLD_KEY, store_id, id, name, hash_of(secret), scopes)
    return id, secret


def who(id: str, name: str, scopes: list[str]) -> dict[str, Any]:
    app = {"name": name, "scopes": scopes, "documentMode": "LOG", "rate": 1000}
    return {"viewer": {"id": id, "name": name, "scopes": scopes, "app": app}, "store": {"slug": "kopi"}}


async def test_keys_and_events_of_the_version_before_go_on_and_its_servers_know_new_keys(
    postgres: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with first_version(postgres, monkeypatch) as (url, connection):
        store_id, customer_id, session_id = new_id("store"), new_id("customer"), new_id("session")
        await connection.execute("insert into store values ($1, 'kopi', 'Kopi', 'https://kopi.example')", store_id)
        id, secret = await create_old_key(connection, store_id, "backend", ["sessions:read", "admin"])
        await connection.execute(
            "insert into customer (store_id, id, name) values ($1, $2, 'Dewi')", store_id, customer_id
        )
        await connection.execute(
            "insert into session (store_id, id, customer_id, customer_name, token_key, token_expires_at) "
            "values ($1, $2, $3, 'Dewi', 'k1', 'infinity')",
            store_id,
            session_id,
            customer_id,
        )
        events = [
            (new_id("event"), "ISSUED", "2026-01-31T11:30:00+00:00", "infinity", None, id),
            (new_id("event"), "OPENED", "2026-01-31T11:31:00.000001+00:00", None, None, None),
            (new_id("event"), "REVOKED", "2026-01-31T11:32:00+00:00", None, "by mistake", id),
        ]
        for event_id, kind, *rest in events:
            await connection.execute(CREATE_OLD_EVENT, store_id, event_id, session_id, kind, *rest)
        before = await connection.fetch(
            "select id, kind, at, expires_at, reason, key_id from session_event order by id"
        )

        await migrate(url)
        after = await connection.fetch("select id, kind, at, expires_at, reason, key_id from session_event order by id")
        assert after == before
        late_id, late_secret = await create_old_key(connection, store_id, "late", ["sessions:join"])
        await migrate(url)
        await migrate(url)

        async with (
            serving(settings_for(url)) as base_url,
            httpx.AsyncClient(base_url=base_url) as http,
        ):
            shop = Shop(store_id, "kopi", secret, Pool(url), http)
            assert await shop.ask(WHO) == who(id, "backend", ["SESSIONS_READ", "ADMIN"])
            assert await replace(shop, key=late_secret).ask(WHO) == who(late_id, "late", ["SESSIONS_JOIN"])
            nodes = (await shop.ask(EVENTS, id=session_id))["session"]["events"]["nodes"]
            assert [tuple(node.values()) for node in nodes] == [
                (event_id, kind, at, reason) for event_id, kind, at, _, reason, _ in events
            ]
            app_id = (await shop.ask(CREATE_APP))["createApp"]["app"]["id"]
            created = (await shop.ask(CREATE_KEY, id=app_id))["createApiKey"]
        assert await connection.fetch(GET_OLD_CREDENTIAL, hash_of(created["secret"])) == [
            (created["apiKey"]["id"], "laptop", ["sessions:read", "sessions:join"], store_id, "kopi")
        ]
