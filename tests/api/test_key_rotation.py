"""Signing keys are rotated while servers with the old and the new keys run side by side."""

from contextlib import AsyncExitStack
from dataclasses import replace
from typing import Any

import pytest

from tests.conftest import client_of, settings_for
from tests.support.logs import Log
from tests.support.shop import Shop, code_of, path_of

SECRETS = {name: name[-1].encode() * 32 for name in ("k1", "k2")}
JOIN = "mutation ($token: String!) { joinSession(input: {token: $token}) { session { id } userErrors { code } } }"
PAGE = "query ($after: String) { sessions(first: 1, after: $after) { pageInfo { endCursor } } }"

# The keys of the servers that run side by side, while each step of docs/operations.md is deployed.
DEPLOYMENTS = [(["k1"], ["k1", "k2"]), (["k1", "k2"], ["k2", "k1"])]


async def shops_at(stack: AsyncExitStack, database_url: str, shop: Shop, *servers: list[str]) -> list[Shop]:
    """The shop as a client of servers with these keys."""
    shops = []
    for names in servers:
        settings = settings_for(database_url, signing_keys={name: SECRETS[name] for name in names})
        shops.append(replace(shop, http=await stack.enter_async_context(client_of(settings))))
    return shops


async def is_accepted(shop: Shop, session: Any) -> bool:
    """Whether the link opens and the storefront can join with it."""
    opened = await shop.http.get(path_of(session))
    joined = (await shop.ask(JOIN, token=code_of(session)))["joinSession"]
    assert (opened.status_code, joined["userErrors"]) in ((303, []), (404, [{"code": "TOKEN_UNKNOWN"}])), joined
    return opened.status_code == 303


@pytest.mark.parametrize("deployment", DEPLOYMENTS, ids=["accept", "sign"])
async def test_no_valid_link_or_cursor_is_refused_while_a_step_is_deployed(
    database_url: str, shop: Shop, log: Log, deployment: tuple[list[str], list[str]]
) -> None:
    async with AsyncExitStack() as stack:
        servers = await shops_at(stack, database_url, shop, *deployment)
        sessions = [await server.create() for server in servers for _ in range(3)]
        cursors = [(await server.ask(PAGE))["sessions"]["pageInfo"]["endCursor"] for server in servers]
        for server in servers:
            for session in sessions:
                assert await is_accepted(server, session)
                # The links of all servers are the same.
                assert (await server.session(session["id"]))["token"] == session["token"]
            for cursor in cursors:
                await server.ask(PAGE, after=cursor)
    assert "signing key" not in log.text


async def test_a_server_that_misses_the_first_step_refuses_the_link_and_warns_once(
    database_url: str, shop: Shop, log: Log
) -> None:
    async with AsyncExitStack() as stack:
        old, new = await shops_at(stack, database_url, shop, ["k1"], ["k2", "k1"])
        session = await new.create()
        assert await is_accepted(new, session)
        for _ in range(3):
            assert not await is_accepted(old, session)
        assert (await old.session(session["id"]))["token"]["link"] is None
    warnings = [line["message"] for line in log.lines if line["level"] == "warning"]
    assert warnings == [
        "A link is refused because TOKEN_KEYS of this server does not contain its signing key 'k2'. Unless the key was "
        "removed on purpose, add it: see docs/operations.md"
    ]
    assert code_of(session) not in log.text


async def test_the_links_of_a_removed_key_are_unknown_and_all_others_work(database_url: str, shop: Shop) -> None:
    async with AsyncExitStack() as stack:
        before, after = await shops_at(stack, database_url, shop, ["k1", "k2"], ["k2"])
        of_k1, of_k2 = await before.create(), await after.create()
        assert [await is_accepted(after, session) for session in (of_k1, of_k2)] == [False, True]
