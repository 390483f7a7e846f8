"""Persisted documents: which of them an app may send, in each of the three modes, and for how long."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any

import httpx
import pytest

from tests.conftest import serving, settings_for
from tests.support.partner import (
    ID_REQUIRED,
    JOIN,
    METHODS,
    NOT_FOUND,
    NOT_IN_LIST,
    NOT_IN_SAFELIST,
    SESSIONS,
    SLUG,
    WAYS,
    Partner,
    answered,
    apollo,
    new_partner,
    refused,
    sha256,
    slug_of,
    within_a_second,
)
from tests.support.shop import Shop, code_of

NewShop = Callable[[], Awaitable[Shop]]


@pytest.mark.parametrize("method", METHODS)
async def test_an_app_that_logs_may_send_anything(shop: Shop, method: str) -> None:
    partner = await new_partner(shop, "LOG")
    await partner.publish(SLUG)
    assert answered(await partner.send({"query": SLUG}, method)) == slug_of(shop)
    assert answered(await partner.send({"query": f"{SLUG} "}, method)) == slug_of(shop)
    assert answered(await partner.send({"documentId": sha256(SLUG)}, method)) == slug_of(shop)


@pytest.mark.parametrize("method", METHODS)
async def test_an_app_with_an_allow_list_sends_what_is_published_byte_for_byte(shop: Shop, method: str) -> None:
    partner = await new_partner(shop, "ALLOW_LIST")
    await partner.publish(SLUG)
    assert answered(await partner.send({"query": SLUG}, method)) == slug_of(shop)
    assert answered(await partner.send({"documentId": sha256(SLUG)}, method)) == slug_of(shop)
    for text in (
        f"{SLUG} ",
        f"{SLUG}\n",
        SLUG.replace(" ", "  ", 1),
        "{ store { slug } }",
        f"{SLUG}#",
        "{",
        " {__typename}",
    ):
        assert refused(await partner.send({"query": text}, method)) == NOT_IN_SAFELIST
    assert refused(await partner.send({"documentId": sha256(SESSIONS)}, method)) == NOT_IN_LIST
    assert refused(await partner.send(apollo(sha256(SESSIONS)), method)) == NOT_IN_LIST


@pytest.mark.parametrize("method", METHODS)
async def test_an_app_of_ids_alone_sends_no_text(shop: Shop, method: str) -> None:
    partner = await new_partner(shop, "ID_ONLY")
    await partner.publish(SLUG)
    assert answered(await partner.send({"documentId": sha256(SLUG)}, method)) == slug_of(shop)
    for text in (SLUG, "{ __typename }", "{"):
        assert refused(await partner.send({"query": text}, method)) == ID_REQUIRED
    assert refused(await partner.send({"documentId": sha256(SESSIONS)}, method)) == NOT_IN_LIST


@pytest.mark.parametrize("mode", ["ALLOW_LIST", "ID_ONLY"])
async def test_no_header_or_parameter_of_a_client_changes_its_mode(shop: Shop, mode: str) -> None:
    partner, free = await new_partner(shop, mode), await new_partner(shop, "LOG")
    expected = NOT_IN_SAFELIST if mode == "ALLOW_LIST" else ID_REQUIRED
    headers = {
        "apollographql-client-name": free.app_id,
        "apollographql-client-version": "1",
        "graphql-client-name": free.app_id,
        "x-app-id": free.app_id,
        "x-api-key": str(free.key),
        "x-document-mode": "LOG",
        "x-forwarded-for": "127.0.0.1",
    }
    more = {"appId": free.app_id, "documentMode": "LOG", "extensions": {"clientLibrary": {"name": free.app_id}}}
    for method in METHODS:
        response = await partner.send({"query": SLUG, **more}, method, headers=headers)
        assert refused(response) == expected


@asynccontextmanager
async def batching(partner: Partner, database_url: str) -> AsyncIterator[Partner]:
    """The partner at a server that takes batches."""
    settings = replace(settings_for(database_url), batch_limit=5)
    async with serving(settings) as url, httpx.AsyncClient(base_url=url) as http:
        yield replace(partner, shop=replace(partner.shop, http=http))


@pytest.mark.parametrize("mode", ["LOG", "ALLOW_LIST", "ID_ONLY"])
async def test_a_batch_is_held_to_the_same_each_of_its_requests_by_itself(
    shop: Shop, database_url: str, mode: str
) -> None:
    partner = await new_partner(shop, mode, ("sessions:join",))
    await partner.publish(SLUG, JOIN)
    session = await shop.create()
    join = {"documentId": sha256(JOIN), "variables": {"token": code_of(session)}}
    batch = [join, {"query": SLUG}, {"query": f"{SLUG} "}, {"id": sha256(SLUG)}, apollo(sha256(SESSIONS))]
    async with batching(partner, database_url) as there:
        response = await there.send(batch)
        assert response.status_code == 200
        assert response.headers["cache-control"] == "no-store"
        joined, *answers = [{**answer, "extensions": None} for answer in response.json()]
    data = {"data": {"store": {"slug": shop.slug}}, "extensions": None}

    def error(refusal: tuple[int, str, str]) -> Any:
        return {"errors": [{"message": refusal[2], "extensions": {"code": refusal[1]}}], "extensions": None}

    # What was done before a refusal is told.
    assert joined["data"] == {"joinSession": {"session": {"id": session["id"]}, "userErrors": []}}
    assert (
        answers
        == {
            "LOG": [data, data, data, error(NOT_FOUND)],
            "ALLOW_LIST": [data, error(NOT_IN_SAFELIST), data, error(NOT_IN_LIST)],
            "ID_ONLY": [error(ID_REQUIRED), error(ID_REQUIRED), data, error(NOT_IN_LIST)],
        }[mode]
    )


async def test_the_text_of_a_retired_document_is_refused_within_a_second(shop: Shop) -> None:
    partner = await new_partner(shop, "ALLOW_LIST")
    await partner.publish(SLUG)
    assert answered(await partner.send({"query": SLUG})) == slug_of(shop)
    await partner.retire(f"sha256:{sha256(SLUG)}")
    assert refused(await within_a_second(400, lambda: partner.send({"query": SLUG}))) == NOT_IN_SAFELIST


async def test_a_retired_document_stops_within_a_second(shop: Shop) -> None:
    partner = await new_partner(shop, "ID_ONLY")
    await partner.publish(SLUG, Other=SLUG)
    id = f"sha256:{sha256(SLUG)}"
    await partner.retire("Other")
    assert answered(await partner.get(id)) == slug_of(shop)
    await partner.retire(id)
    assert refused(await within_a_second(404, lambda: partner.get(id))) == NOT_IN_LIST
    assert refused(await partner.get("Other")) == NOT_IN_LIST


async def test_a_document_is_found_by_its_text_as_long_as_one_of_its_ids_is_left(shop: Shop) -> None:
    partner = await new_partner(shop, "ALLOW_LIST")
    await partner.publish(SLUG, Other=SLUG)
    await partner.retire("Other")
    assert answered(await partner.send({"query": SLUG})) == slug_of(shop)


async def test_a_published_document_works_within_a_second_though_it_was_just_missed(shop: Shop) -> None:
    partner = await new_partner(shop, "ID_ONLY")
    assert refused(await partner.get("Late")) == NOT_IN_LIST
    await partner.publish(Late=SLUG)
    assert answered(await within_a_second(200, lambda: partner.get("Late"))) == slug_of(shop)


@pytest.mark.parametrize("mode", ["LOG", "ALLOW_LIST", "ID_ONLY"])
async def test_documents_of_another_app_or_store_are_not_found(new_shop: NewShop, mode: str) -> None:
    shop, other_shop = await new_shop(), await new_shop()
    partner, neighbour = await new_partner(shop, mode), await new_partner(shop, mode)
    stranger = await new_partner(other_shop, mode)
    await partner.publish(SLUG, Own=SLUG)
    expected = NOT_FOUND if mode == "LOG" else NOT_IN_LIST
    for other in (neighbour, stranger):
        for id in (sha256(SLUG), "Own"):
            for way in WAYS.values():
                parameters, path = way(id)
                assert refused(await other.send(parameters, "POST", path)) == expected
        if mode == "ALLOW_LIST":
            assert refused(await other.send({"query": SLUG})) == NOT_IN_SAFELIST
    await stranger.publish(Own=JOIN)
    assert answered(await partner.get("Own")) == slug_of(shop)


async def test_a_change_of_an_apps_mode_is_felt_within_a_second(shop: Shop) -> None:
    partner = await new_partner(shop, "LOG")
    assert answered(await partner.send({"query": SLUG})) == slug_of(shop)
    await partner.set_mode("ID_ONLY")
    assert refused(await within_a_second(400, lambda: partner.send({"query": SLUG}))) == ID_REQUIRED
