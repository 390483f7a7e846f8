"""Automatic registration of documents (APQ): a client sends a hash, on a miss the text with it, and then the hash."""

from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Any

import httpx
import pytest

from api.documents.lookup import ENTRY_BYTES
from tests.conftest import serving, settings_for
from tests.support.partner import (
    BOTH,
    GRAPHQL,
    METHODS,
    NOT_FOUND,
    NOT_IN_LIST,
    SESSIONS,
    SLUG,
    WAYS,
    Partner,
    answered,
    apollo,
    md5,
    new_partner,
    refused,
    sha256,
    slug_of,
    within_a_second,
)
from tests.support.shop import Shop

WRONG_HASH = (400, "BAD_REQUEST", "sha256Hash must be the SHA-256 of the query, in hexadecimal digits.")

NewShop = Callable[[], Awaitable[Shop]]


@pytest.mark.parametrize("way", WAYS.values(), ids=WAYS)
@pytest.mark.parametrize("method", METHODS)
async def test_a_miss_is_said_as_clients_expect_it(shop: Shop, method: str, way: Any) -> None:
    partner = await new_partner(shop)
    parameters, path = way(sha256(SLUG))
    response = await partner.send(parameters, method, path)
    assert refused(response) == NOT_FOUND
    assert response.headers["content-type"] == f"{GRAPHQL}; charset=utf-8"
    for accept, status in (("application/json", 200), ("*/*", 404)):
        response = await partner.send(parameters, method, path, headers={"Accept": accept})
        assert refused(response) == (status, *NOT_FOUND[1:])
        assert response.headers["content-type"] == "application/json; charset=utf-8"


@pytest.mark.parametrize(
    "register",
    [
        lambda partner, parameters: partner.send(parameters),
        lambda partner, parameters: partner.send(parameters, "GET"),
        # As urql does.
        lambda partner, parameters: partner.send(
            {"operationName": "Slug", "variables": {}, **parameters, **apollo(sha256(SLUG), miss=True)}, "GET"
        ),
    ],
    ids=["POST", "GET", "GET and miss"],
)
async def test_a_text_is_registered_by_its_hash_and_then_found_in_every_way(shop: Shop, register: Any) -> None:
    partner = await new_partner(shop)
    assert answered(await register(partner, {"query": SLUG, **apollo(sha256(SLUG))})) == slug_of(shop)
    for digits in (sha256(SLUG), sha256(SLUG).upper(), f"sha256:{sha256(SLUG)}"):
        for way in WAYS.values():
            parameters, path = way(digits)
            for method in METHODS:
                assert answered(await partner.send(parameters, method, path)) == slug_of(shop)


@pytest.mark.parametrize("hash", [f"sha256:{sha256(SLUG)}", sha256(SLUG).upper()])
async def test_a_text_is_registered_by_its_hash_in_any_form(shop: Shop, hash: str) -> None:
    partner = await new_partner(shop)
    assert answered(await partner.send({"query": SLUG, **apollo(hash)})) == slug_of(shop)
    assert answered(await partner.send(apollo(sha256(SLUG)), "GET")) == slug_of(shop)


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize(
    "hash", [sha256(f"{SLUG} "), f"{sha256(SLUG)[:-1]}?", sha256(SLUG)[1:], md5(SLUG), "Slug", "é", "a" * 1000]
)
async def test_a_hash_of_another_text_is_refused_and_registers_nothing(shop: Shop, method: str, hash: str) -> None:
    partner = await new_partner(shop)
    assert refused(await partner.send({"query": SLUG, **apollo(hash)}, method)) == WRONG_HASH
    assert refused(await partner.send(apollo(hash), method)) == NOT_FOUND
    assert refused(await partner.send(apollo(sha256(SLUG)), method)) == NOT_FOUND


@pytest.mark.parametrize(
    "persisted",
    [5, "a", [], {}, {"version": 1}, {"sha256Hash": 5}, {"sha256Hash": ""}, {"version": 2, "sha256Hash": "a"}],
)
async def test_a_persisted_query_of_another_shape_is_refused(shop: Shop, persisted: Any) -> None:
    partner = await new_partner(shop)
    message = "extensions.persistedQuery must look like {version: 1, sha256Hash: “…”}."
    for method in METHODS:
        response = await partner.send({"query": SLUG, "extensions": {"persistedQuery": persisted}}, method)
        assert refused(response) == (400, "BAD_REQUEST", message)


async def test_no_persisted_query_and_other_extensions_are_nothing(shop: Shop) -> None:
    partner = await new_partner(shop)
    for extensions in (None, {}, {"persistedQuery": None}, {"clientLibrary": {"name": "a", "version": "1"}, "x": [1]}):
        assert answered(await partner.send({"query": SLUG, "extensions": extensions})) == slug_of(shop)
    assert refused(await partner.get(sha256(SLUG))) == NOT_FOUND


async def test_a_registration_is_one_apps_alone(new_shop: NewShop) -> None:
    shop = await new_shop()
    partner, neighbour, stranger = await new_partner(shop), await new_partner(shop), await new_partner(await new_shop())
    assert answered(await partner.send({"query": SLUG, **apollo(sha256(SLUG))})) == slug_of(shop)
    for other in (neighbour, stranger):
        assert refused(await other.get(sha256(SLUG))) == NOT_FOUND
    assert answered(await partner.get(sha256(SLUG))) == slug_of(shop)


@pytest.mark.parametrize("mode", ["ALLOW_LIST", "ID_ONLY"])
async def test_what_is_registered_is_not_published(shop: Shop, mode: str) -> None:
    partner = await new_partner(shop)
    registration = {"query": SLUG, **apollo(sha256(SLUG))}
    assert answered(await partner.send(registration)) == slug_of(shop)
    await partner.set_mode(mode)
    assert refused(await within_a_second(400, lambda: partner.send(registration))) == BOTH
    assert refused(await partner.send(apollo(sha256(SLUG)))) == NOT_IN_LIST
    # It was not registered meanwhile, either.
    await partner.send({"query": SESSIONS, **apollo(sha256(SESSIONS))})
    await partner.set_mode("LOG")
    assert answered(await within_a_second(200, lambda: partner.get(sha256(SLUG)))) == slug_of(shop)
    assert refused(await partner.get(sha256(SESSIONS))) == NOT_FOUND
    payload = await shop.ask("query ($id: ID!) { app(id: $id) { documents { nodes { id } } } }", id=partner.app_id)
    assert payload == {"app": {"documents": {"nodes": []}}}


async def test_an_app_has_so_many_registered_bytes_and_the_least_used_are_forgotten(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("api.documents.lookup.REGISTERED_BYTES", 3 * (ENTRY_BYTES + 4 * 1000))
    partner, neighbour = await new_partner(shop), await new_partner(shop)
    texts = [f"{SLUG} #{number}{' ' * (1000 - len(SLUG) - 3)}" for number in range(4)]
    assert [len(text) for text in texts] == [1000] * 4
    assert answered(await neighbour.send({"query": texts[0], **apollo(sha256(texts[0]))})) == slug_of(shop)

    async def hits() -> list[bool]:
        return [(await partner.get(sha256(text))).status_code == 200 for text in texts]

    for text in texts[:3]:
        assert answered(await partner.send({"query": text, **apollo(sha256(text))})) == slug_of(shop)
    assert await hits() == [True, True, True, False]
    assert answered(await partner.get(sha256(texts[0]))) == slug_of(shop)
    assert answered(await partner.send({"query": texts[3], **apollo(sha256(texts[3]))})) == slug_of(shop)
    assert await hits() == [True, False, True, True]
    assert answered(await neighbour.get(sha256(texts[0]))) == slug_of(shop)


async def test_so_many_apps_have_registered_texts_and_the_least_used_are_forgotten(
    shop: Shop, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("api.documents.lookup.REGISTERED_APPS", 2)
    async with serving(settings_for(database_url)) as url, httpx.AsyncClient(base_url=url) as http:
        there = replace(shop, http=http)
        partners = [replace(await new_partner(shop), shop=there) for _ in range(3)]
        for partner in partners:
            assert answered(await partner.send({"query": SLUG, **apollo(sha256(SLUG))})) == slug_of(shop)
        assert refused(await partners[0].get(sha256(SLUG))) == NOT_FOUND
        for partner in partners[1:]:
            assert answered(await partner.get(sha256(SLUG))) == slug_of(shop)


async def test_a_text_that_cannot_run_is_told_so_and_not_registered(shop: Shop) -> None:
    partner = await new_partner(shop)
    for text, code in (("{", "GRAPHQL_PARSE_FAILED"), ("{ no }", "GRAPHQL_VALIDATION_FAILED")):
        response = await partner.send({"query": text, **apollo(sha256(text))})
        assert [error["extensions"]["code"] for error in response.json()["errors"]] == [code]
        assert (response.status_code, response.headers["cache-control"]) == (400, "no-store")
        assert refused(await partner.get(sha256(text))) == NOT_FOUND


async def test_nobody_registers_without_a_key(shop: Shop) -> None:
    nobody, partner = Partner(shop), await new_partner(shop)
    response = await nobody.send({"query": SLUG, **apollo(sha256(SLUG))})
    assert refused(response) == (401, "UNAUTHENTICATED", "Persisted documents belong to an app: send an API key.")
    assert refused(await partner.get(sha256(SLUG))) == NOT_FOUND
