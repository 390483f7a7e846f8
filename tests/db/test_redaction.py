"""Redaction in the database: what a dump and the data files still contain, and the retention period of a store."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import asyncpg
import pytest

import embedded
from db import redaction
from db.redaction import claim_store, redact_old_sessions
from tests.conftest import settings_for, shop_at
from tests.support.shop import Shop

# Texts that occur nowhere else, by what they are.
CANARIES = {
    "name": "Quirinalia Zwetschge",
    "phone": "+6281299988877",
    "email": "quirinalia@zwetschge.example",
    "externalId": "crm-zwetschge-1",
    "roomId": "room-zwetschge-1",
    "metadata": "zwetschge-metadata",
    "reason": "zwetschge-reason",
}
# Whole, folded, and as the domain and local part.
TRACES = {trace for text in CANARIES.values() for trace in (text, text.lower())} | {"zwetschge", "Zwetschge"}

VACUUM = "vacuum (full, analyze)"
READ_FILES = """
select pg_read_binary_file(folder || '/' || name, 0, 1000000000, true) as contents
from pg_database, lateral (select 'base/' || oid) as own (folder), pg_ls_dir(folder) as name
where datname = current_database()
"""


async def session_with_canaries(shop: Shop, **input: Any) -> Any:
    details = {name: CANARIES[name] for name in ("name", "phone", "email", "externalId")}
    texts = {"roomId": CANARIES["roomId"], "metadata": {CANARIES["metadata"]: [CANARIES["metadata"]]}}
    session = await shop.create(customer={"details": details}, **texts | input)
    await shop.changed("revokeToken", sessionId=session["id"], reason=CANARIES["reason"])
    return session


async def dump_of(url: str) -> str:
    process = await asyncio.create_subprocess_exec(
        embedded.bin_folder() / "pg_dump", "--inserts", url, stdout=asyncio.subprocess.PIPE
    )
    dump, _ = await process.communicate()
    assert process.returncode == 0
    return dump.decode()


async def files_of(connection: "asyncpg.Connection[asyncpg.Record]") -> str:
    """The contents of the database's files. Needs a superuser."""
    await connection.execute("checkpoint")
    return "".join(row["contents"].decode("latin-1") for row in await connection.fetch(READ_FILES))


def found_in(text: str) -> list[str]:
    return sorted(trace for trace in TRACES if trace in text)


async def test_a_dump_contains_nothing_of_a_redacted_customer_and_neither_do_the_files_after_a_vacuum(
    own_database_url: str, connection: "asyncpg.Connection[asyncpg.Record]"
) -> None:
    async with shop_at(settings_for(own_database_url)) as shop:
        session = await session_with_canaries(shop, orderNumber="QSH7K2")
        await shop.changed("updateCustomer", "customer { id }", id=session["customer"]["id"], name="Zwetschge")
        await session_with_canaries(shop)
        await connection.execute("analyze")
        assert set(CANARIES.values()) <= set(found_in(await dump_of(own_database_url)))

        await shop.changed("redactCustomer", "customer { id }", id=session["customer"]["id"])

        dump = await dump_of(own_database_url)
    assert found_in(dump) == []
    assert "QSH7K2" in dump
    assert set(CANARIES.values()) <= set(found_in(await files_of(connection)))
    await connection.execute(VACUUM)
    await connection.execute(f"{VACUUM} pg_statistic")
    files = await files_of(connection)
    assert found_in(files) == []
    assert "QSH7K2" in files


async def age(shop: Shop, session: Any, days: float) -> None:
    await shop.turn_back(session["id"], timedelta(days=days) / timedelta(minutes=1))


async def state(shop: Shop, session: Any) -> tuple[str, str | None, bool]:
    """The name, the room ID, and whether the session is redacted."""
    query = "query ($id: ID!) { session(id: $id) { roomId redactedAt customer { name } } }"
    seen = (await shop.ask(query, id=session["id"]))["session"]
    return seen["customer"]["name"], seen["roomId"], seen["redactedAt"] is not None


async def dewi(shop: Shop, number: int = 0) -> Any:
    return await shop.create(customer={"details": {"name": "Dewi", "externalId": f"crm-{number}"}}, roomId="1905692")


async def keep_for(shop: Shop, days: int | None) -> None:
    await shop.changed("updateStoreSettings", "store { id }", retentionDays=days)


KEPT, REDACTED = ("Dewi", "1905692", False), ("", None, True)


async def test_sessions_and_customers_without_an_event_in_the_retention_period_are_redacted(shop: Shop) -> None:
    old, older, young = [await dewi(shop, number) for number in range(3)]
    for session, days in ((old, 31), (older, 400), (young, 29)):
        await age(shop, session, days)
    assert await redact_old_sessions(shop.db, shop.id) == 0
    await keep_for(shop, 30)
    assert await redact_old_sessions(shop.db, shop.id) == 2
    assert [await state(shop, session) for session in (old, older, young)] == [REDACTED, REDACTED, KEPT]
    by_system = {"kind": "REDACTED", "reason": None, "apiKeyId": None}
    assert (await shop.events(old["id"], "kind reason apiKeyId"))[-1] == by_system
    query = "query ($id: ID!) { customer(id: $id) { name externalId redactedAt } }"
    customer = (await shop.ask(query, id=old["customer"]["id"]))["customer"]
    assert (customer["name"], customer["externalId"], customer["redactedAt"] is None) == ("", None, False)
    assert await redact_old_sessions(shop.db, shop.id) == 0


async def test_an_old_session_of_an_active_customer_is_redacted_without_the_customer(shop: Shop) -> None:
    old, new = await dewi(shop), await dewi(shop)
    await age(shop, old, 31)
    await keep_for(shop, 30)
    assert await redact_old_sessions(shop.db, shop.id) == 1
    assert [await state(shop, session) for session in (old, new)] == [("Dewi", None, True), KEPT]
    await age(shop, new, 31)
    assert await redact_old_sessions(shop.db, shop.id) == 1
    assert [await state(shop, session) for session in (old, new)] == [REDACTED, REDACTED]


async def test_an_old_session_with_a_later_event_is_kept(shop: Shop) -> None:
    session = await dewi(shop)
    await age(shop, session, 31)
    await shop.changed("reissueToken", sessionId=session["id"])
    await keep_for(shop, 30)
    assert await redact_old_sessions(shop.db, shop.id) == 0
    assert await state(shop, session) == KEPT


async def test_old_sessions_are_redacted_in_batches(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(redaction, "BATCH", 3)
    sessions = [await dewi(shop, number % 4) for number in range(13)]
    for session in sessions:
        await age(shop, session, 31)
    newest = await dewi(shop, 3)
    await keep_for(shop, 30)
    assert await redact_old_sessions(shop.db, shop.id) == 13
    of_the_active = ("Dewi", None, True)
    states = [REDACTED, REDACTED, REDACTED, of_the_active]
    assert [await state(shop, session) for session in sessions] == [states[number % 4] for number in range(13)]
    assert await state(shop, newest) == KEPT


async def test_a_customer_who_returns_while_old_sessions_are_redacted_is_kept(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    old = await dewi(shop)
    await age(shop, old, 31)
    await keep_for(shop, 30)
    redact_customers, returned = redaction._redact_customers, []

    async def return_first(*arguments: Any, **options: Any) -> Any:
        returned.append(await dewi(shop))
        return await redact_customers(*arguments, **options)

    monkeypatch.setattr(redaction, "_redact_customers", return_first)
    await redact_old_sessions(shop.db, shop.id)
    [new] = returned
    assert new["customer"]["id"] == old["customer"]["id"]
    assert await state(shop, new) == KEPT


@pytest.fixture
async def own_shop(own_database_url: str) -> AsyncIterator[Shop]:
    """A store that has the database for itself."""
    async with shop_at(settings_for(own_database_url)) as shop:
        yield shop


async def test_each_store_with_a_retention_period_is_claimed_by_one_process(own_shop: Shop) -> None:
    db = own_shop.db
    assert await claim_store(db, 60) is None
    await keep_for(own_shop, 30)
    assert sorted(map(str, await asyncio.gather(*(claim_store(db, 60) for _ in range(5))))) == ["None"] * 4 + [
        own_shop.id
    ]
    assert await claim_store(db, 60) is None
    assert await claim_store(db, 0) == own_shop.id
