"""Automatic persisted queries (APQ): a client sends a hash, after a miss also the text, and then the hash again."""

from dataclasses import replace
from typing import Any

import pytest

from api.documents.lookup import ENTRY_BYTES
from tests.conftest import client_of, settings_for
from tests.support.persisted_documents import (
    BOTH,
    DIGITS,
    METHODS,
    NOT_FOUND,
    NOT_IN_LIST,
    SESSIONS,
    SLUG,
    WAYS,
    apollo,
    md5,
    new_client,
    outcome,
    sha256,
    slug_of,
    within_a_second,
)
from tests.support.responses import GRAPHQL, JSON
from tests.support.shop import NewShop, Shop

REGISTRATION = {"query": SLUG, **apollo(DIGITS)}
WRONG_HASH = (400, "BAD_REQUEST", "sha256Hash must be the SHA-256 of the query, in hexadecimal digits.")


@pytest.mark.parametrize("way", WAYS.values(), ids=WAYS)
@pytest.mark.parametrize("method", METHODS)
async def test_the_status_of_a_miss_depends_on_the_accept_header(shop: Shop, method: str, way: Any) -> None:
    client = await new_client(shop)
    parameters, path = way(DIGITS)
    for accept, type, status in ((GRAPHQL, GRAPHQL, 404), (JSON, JSON, 200), ("*/*", JSON, 404)):
        response = await client.send(parameters, method, path, {"Accept": accept})
        assert outcome(response) == (status, *NOT_FOUND[1:])
        assert response.headers["content-type"] == f"{type}; charset=utf-8"


@pytest.mark.parametrize(
    ("method", "parameters"),
    [
        *((method, {"query": SLUG, **apollo(hash)}) for method in METHODS for hash in (DIGITS, DIGITS.upper())),
        ("POST", {"query": SLUG, **apollo(f"sha256:{DIGITS}")}),
        # As urql does.
        ("GET", {"operationName": "Slug", "variables": {}, "query": SLUG, **apollo(DIGITS, miss=True)}),
    ],
)
async def test_a_registered_document_is_found_by_every_form_of_its_hash(
    shop: Shop, method: str, parameters: dict[str, Any]
) -> None:
    client = await new_client(shop)
    assert outcome(await client.send(parameters, method)) == slug_of(shop)
    for digits in (DIGITS, DIGITS.upper(), f"sha256:{DIGITS}"):
        for way in WAYS.values():
            sent, path = way(digits)
            assert outcome(await client.send(sent, method, path)) == slug_of(shop)


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("hash", [sha256("{}"), f"{DIGITS[:-1]}?", DIGITS[1:], md5(SLUG), "Slug", "é", "a" * 1000])
async def test_the_hash_must_be_that_of_the_text(shop: Shop, method: str, hash: str) -> None:
    client = await new_client(shop)
    assert outcome(await client.send({"query": SLUG, **apollo(hash)}, method)) == WRONG_HASH
    assert outcome(await client.send(apollo(hash), method)) == NOT_FOUND
    assert outcome(await client.send(apollo(DIGITS), method)) == NOT_FOUND


@pytest.mark.parametrize(
    "persisted",
    [5, "a", [], {}, {"version": 1}, {"sha256Hash": 5}, {"sha256Hash": ""}, {"version": 2, "sha256Hash": "a"}],
)
async def test_a_malformed_persisted_query_is_refused(shop: Shop, persisted: Any) -> None:
    client = await new_client(shop)
    message = "extensions.persistedQuery must look like {version: 1, sha256Hash: “…”}."
    for method in METHODS:
        response = await client.send({"query": SLUG, "extensions": {"persistedQuery": persisted}}, method)
        assert outcome(response) == (400, "BAD_REQUEST", message)


async def test_other_extensions_are_ignored(shop: Shop) -> None:
    client = await new_client(shop)
    for extensions in (None, {}, {"persistedQuery": None}, {"clientLibrary": {"name": "a", "version": "1"}, "x": [1]}):
        assert outcome(await client.send({"query": SLUG, "extensions": extensions})) == slug_of(shop)
    assert outcome(await client.get(DIGITS)) == NOT_FOUND


async def test_a_registered_document_is_found_only_by_its_app(new_shop: NewShop) -> None:
    shop = await new_shop()
    client, sibling, stranger = [await new_client(each) for each in (shop, shop, await new_shop())]
    assert outcome(await client.send(REGISTRATION)) == slug_of(shop)
    assert [outcome(await other.get(DIGITS)) for other in (sibling, stranger)] == [NOT_FOUND, NOT_FOUND]
    assert outcome(await client.get(DIGITS)) == slug_of(shop)


@pytest.mark.parametrize("mode", ["ALLOW_LIST", "ID_ONLY"])
async def test_a_registered_document_is_not_published(shop: Shop, mode: str) -> None:
    client = await new_client(shop)
    assert outcome(await client.send(REGISTRATION)) == slug_of(shop)
    await client.set_mode(mode)
    assert await within_a_second(400, lambda: client.send(REGISTRATION)) == BOTH
    assert outcome(await client.send(apollo(DIGITS))) == NOT_IN_LIST
    await client.send({"query": SESSIONS, **apollo(sha256(SESSIONS))})  # registers nothing in this mode
    await client.set_mode("LOG")
    assert await within_a_second(200, lambda: client.get(DIGITS)) == slug_of(shop)
    assert outcome(await client.get(sha256(SESSIONS))) == NOT_FOUND
    payload = await shop.ask("query ($id: ID!) { app(id: $id) { documents { nodes { id } } } }", id=client.app_id)
    assert payload == {"app": {"documents": {"nodes": []}}}


async def test_the_least_recently_used_documents_of_an_app_are_evicted(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("api.documents.lookup.REGISTERED_BYTES", 3 * (ENTRY_BYTES + 4 * 1000))
    client, sibling = await new_client(shop), await new_client(shop)
    texts = [f"{SLUG} #{number}".ljust(1000) for number in range(4)]

    async def register(client: Any, text: str) -> None:
        assert outcome(await client.send({"query": text, **apollo(sha256(text))})) == slug_of(shop)

    async def hits() -> list[bool]:
        return [(await client.get(sha256(text))).status_code == 200 for text in texts]

    await register(sibling, texts[0])
    for text in texts[:3]:
        await register(client, text)
    assert await hits() == [True, True, True, False]
    assert outcome(await client.get(sha256(texts[0]))) == slug_of(shop)
    await register(client, texts[3])
    assert await hits() == [True, False, True, True]
    assert outcome(await sibling.get(sha256(texts[0]))) == slug_of(shop)


async def test_the_documents_of_the_least_recently_used_app_are_evicted(
    shop: Shop, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("api.documents.lookup.REGISTERED_APPS", 2)
    async with client_of(settings_for(database_url)) as http:
        clients = [replace(await new_client(shop), shop=replace(shop, http=http)) for _ in range(3)]
        for client in clients:
            assert outcome(await client.send(REGISTRATION)) == slug_of(shop)
        assert [outcome(await client.get(DIGITS)) for client in clients] == [NOT_FOUND, slug_of(shop), slug_of(shop)]


async def test_an_invalid_document_is_not_registered(shop: Shop) -> None:
    client = await new_client(shop)
    for text, code in (("{", "GRAPHQL_PARSE_FAILED"), ("{ no }", "GRAPHQL_VALIDATION_FAILED")):
        response = await client.send({"query": text, **apollo(sha256(text))})
        assert [error["extensions"]["code"] for error in response.json()["errors"]] == [code]
        assert (response.status_code, response.headers["cache-control"]) == (400, "no-store")
        assert outcome(await client.get(sha256(text))) == NOT_FOUND
