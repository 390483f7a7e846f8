"""The use of API keys, which is recorded in the background."""

import asyncio
from dataclasses import replace
from typing import Any

import asyncpg

from cli.console import create_console_app
from db.api_keys import create_api_key, generate_api_key, hash_api_key
from tests.conftest import settings_for, shop_at
from tests.support.logs import Log
from tests.support.shop import Shop, new_app

SIGNED_IN = """{ auditLog(filter: {actions: [SIGNED_IN]}) {
    nodes { objectId apiKeyId userId address changes { field } }
} }"""
WARNING = "The use of a credential was not recorded: UndefinedColumnError"


async def test_a_request_succeeds_if_its_use_cannot_be_recorded(
    own_database_url: str, connection: "asyncpg.Connection[Any]", log: Log
) -> None:
    async with shop_at(settings_for(own_database_url)) as shop:
        key = generate_api_key()
        await create_api_key(shop.db, shop.id, await shop.app_id(), "laptop", hash_api_key(key))
        async with asyncio.timeout(5):  # until the use of the shop's own key is recorded
            while not await connection.fetchval("select max(last_used_at) from api_key"):
                pass
        await connection.execute("alter table api_key rename column last_used_at to away")
        client = replace(shop, key=key)
        assert await client.ask("{ store { id } }") == {"store": {"id": shop.id}}
        async with asyncio.timeout(5):
            while WARNING not in log.text:
                assert await client.ask("{ store { id } }") == {"store": {"id": shop.id}}
        attempts = log.text.count(WARNING)
        for number in range(20):  # a known document would not look the credential up
            assert await client.ask(f"{{ a{number}: store {{ id }} }}") == {f"a{number}": {"id": shop.id}}
        assert log.text.count(WARNING) == attempts


async def test_recording_the_use_is_not_a_statement_of_the_request(shop: Shop, log: Log) -> None:
    await shop.ask("{ __typename }")  # a new document costs a statement more
    new = await new_app(shop.db, shop.id, ["admin"])
    line = await log.line_of(await replace(shop, key=new.secret).post("{ __typename }"))
    assert line["statements"] == 3  # the credential, the document, and the rate limit


async def test_a_key_of_the_console_signs_in_and_others_do_not(shop: Shop) -> None:
    app, key = await create_console_app(shop.db, shop.id, "console", ["admin"], 1_000_000)
    console = replace(shop, key=key)
    await shop.ask("{ store { id } }")
    await shop.db.fetch("update app set document_mode = 'LOG' where store_id = $1 and id = $2", shop.id, app.id)
    viewer = (await console.ask("{ viewer { id } }"))["viewer"]
    signed_in = {"objectId": app.id, "apiKeyId": viewer["id"], "userId": None, "changes": []}
    async with asyncio.timeout(5):
        while not (nodes := (await shop.ask(SIGNED_IN))["auditLog"]["nodes"]):
            pass
    address = nodes[0].pop("address")
    assert (nodes, address.startswith("2001:db8:")) == ([signed_in], True)  # see tests/support/addresses.py
