"""Persisted documents: how a request names one, and which documents an app can send in each of its modes."""

from dataclasses import replace
from typing import Any

import pytest

from tests.conftest import client_of, settings_for
from tests.support.persisted_documents import (
    BOTH,
    DIGITS,
    ID_REQUIRED,
    JOIN,
    METHODS,
    MODES,
    NO_KEY,
    NOT_FOUND,
    NOT_IN_LIST,
    NOT_IN_SAFELIST,
    SESSIONS,
    SEVERAL,
    SLUG,
    WAYS,
    AppClient,
    apollo,
    md5,
    new_client,
    outcome,
    sha256,
    slug_of,
    within_a_second,
)
from tests.support.responses import GRAPHQL, TYPENAME
from tests.support.shop import NewShop, Shop, code_of

OWN_ID = "Slug.v1~a-b_c"
# Every form in which the ID of a document can be sent.
FORMS = [f"sha256:{DIGITS}", DIGITS, DIGITS.upper(), f"sha256:{DIGITS.upper()}", md5(SLUG), md5(SLUG).upper(), OWN_ID]


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("way", WAYS.values(), ids=WAYS)
async def test_a_document_is_found_by_every_form_of_its_id(shop: Shop, method: str, way: Any) -> None:
    client = await new_client(shop, "ID_ONLY")
    await client.publish(SLUG, **{md5(SLUG): SLUG, OWN_ID: SLUG})
    for id in FORMS:
        parameters, path = way(id)
        response = await client.send(parameters, method, path)
        assert outcome(response) == slug_of(shop), id
        assert response.headers["content-type"] == f"{GRAPHQL}; charset=utf-8"


@pytest.mark.parametrize("way", WAYS.values(), ids=WAYS)
async def test_a_persisted_document_takes_variables_and_an_operation_name(shop: Shop, way: Any) -> None:
    body = "query A($id: ID!) { node(id: $id) { id } } query B { viewer { name } } mutation C { __typename }"
    client = await new_client(shop, "ID_ONLY")
    await client.publish(Abc=body)
    session = await shop.create()
    parameters, path = way("Abc")
    node = parameters | {"operationName": "A", "variables": {"id": session["id"]}}
    needed = "The document has several operations: operationName is required."
    for method in METHODS:
        assert outcome(await client.send(node, method, path)) == (200, {"data": {"node": {"id": session["id"]}}})
        viewer = await client.send(parameters | {"operationName": "B"}, method, path)
        assert outcome(viewer) == (200, {"data": {"viewer": {"name": "test"}}})
        refused = await client.send(parameters, method, path)
        assert outcome(refused) == (400, "OPERATION_RESOLUTION_FAILURE", needed)
    mutation = parameters | {"operationName": "C"}
    assert outcome(await client.send(mutation, "POST", path)) == (200, {"data": {"__typename": "Mutation"}})
    refused = await client.send(mutation, "GET", path)
    assert outcome(refused) == (405, "BAD_REQUEST", "A mutation must be sent by POST.")
    assert refused.headers["allow"] == "POST"


@pytest.mark.parametrize("mode", MODES)
async def test_a_malformed_document_id_is_not_found(shop: Shop, mode: str) -> None:
    client = await new_client(shop, mode)
    await client.publish(SLUG)
    expected = NOT_FOUND if mode == "LOG" else NOT_IN_LIST
    prefixed = [f"{prefix}:{DIGITS}" for prefix in ("sha1", "SHA256")]
    for id in (DIGITS[1:], f"{DIGITS}0", *prefixed, f" {DIGITS}", "a" * 129, "é", "\0", ".."):
        assert outcome(await client.send({"documentId": id})) == expected
        assert outcome(await client.send(apollo(id), "GET")) == expected
    for id in (DIGITS[1:], prefixed[0], "a%00", "%C3%A9", "%2E%2E"):
        assert outcome(await client.send({}, "GET", f"/graphql/{id}")) == expected


@pytest.mark.parametrize("method", METHODS)
async def test_several_document_ids_must_agree(shop: Shop, method: str) -> None:
    client = await new_client(shop)
    await client.publish(SLUG, Own=SESSIONS)
    for ids in ({"documentId": DIGITS, "id": "Own"}, {"doc_id": "Own", **apollo(DIGITS)}, {"id": f"{DIGITS[1:]}0"}):
        path = f"/graphql/{DIGITS}" if len(ids) == 1 else "/graphql"
        assert outcome(await client.send(ids, method, path)) == SEVERAL
    agreeing = {"documentId": DIGITS, "doc_id": f"sha256:{DIGITS}", "id": DIGITS.upper(), **apollo(DIGITS)}
    assert outcome(await client.send(agreeing, method, f"/graphql/sha256:{DIGITS}")) == slug_of(shop)
    assert outcome(await client.send({"documentId": DIGITS, "id": ""}, method)) == slug_of(shop)


@pytest.mark.parametrize("ids", [{"id": 5}, {"doc_id": []}, {"documentId": {}}, {"id": False}, {"documentId": 0}])
async def test_a_document_id_must_be_a_string(shop: Shop, ids: dict[str, Any]) -> None:
    response = await (await new_client(shop)).send({"query": SLUG, **ids})
    assert outcome(response) == (400, "BAD_REQUEST", f"{next(iter(ids))} must be a string.")


@pytest.mark.parametrize("mode", MODES)
async def test_an_id_and_a_text_together_are_refused(shop: Shop, mode: str) -> None:
    client = await new_client(shop, mode)
    await client.publish(SLUG)
    for name, way in WAYS.items():
        parameters, path = way(DIGITS)
        if mode == "LOG" and name == "sha256Hash":
            continue  # a registration
        for method in METHODS:
            assert outcome(await client.send({"query": SLUG, **parameters}, method, path)) == BOTH


async def test_persisted_documents_need_an_api_key(shop: Shop) -> None:
    client, anonymous = await new_client(shop), AppClient(shop)
    await client.publish(SLUG)
    for method in METHODS:
        for way in WAYS.values():
            parameters, path = way(DIGITS)
            assert outcome(await anonymous.send(parameters, method, path)) == NO_KEY
        assert outcome(await anonymous.send({"query": SESSIONS, **apollo(sha256(SESSIONS))}, method)) == NO_KEY
        typename = await anonymous.send({"query": TYPENAME}, method)
        assert outcome(typename) == (200, {"data": {"__typename": "Query"}})
    assert outcome(await client.get(sha256(SESSIONS))) == NOT_FOUND  # nothing was registered


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize(
    ("mode", "text", "other_text", "other_id"),
    [
        ("LOG", None, None, NOT_FOUND),
        ("ALLOW_LIST", None, NOT_IN_SAFELIST, NOT_IN_LIST),
        ("ID_ONLY", ID_REQUIRED, ID_REQUIRED, NOT_IN_LIST),
    ],
)
async def test_the_mode_of_an_app_decides_what_its_clients_can_send(
    shop: Shop, method: str, mode: str, text: Any, other_text: Any, other_id: Any
) -> None:
    client = await new_client(shop, mode)
    await client.publish(SLUG)
    assert outcome(await client.send({"documentId": DIGITS}, method)) == slug_of(shop)
    assert outcome(await client.send({"query": SLUG}, method)) == (text or slug_of(shop))
    # A published text is compared byte by byte.
    for changed in (f"{SLUG} ", f"{SLUG}\n", SLUG.replace(" ", "  ", 1), f"{SLUG}#"):
        assert outcome(await client.send({"query": changed}, method)) == (other_text or slug_of(shop))
    if other_text:
        for other in ("{ store { slug } }", "{", " {__typename}"):
            assert outcome(await client.send({"query": other}, method)) == other_text
    for parameters in ({"documentId": sha256(SESSIONS)}, apollo(sha256(SESSIONS))):
        assert outcome(await client.send(parameters, method)) == other_id


@pytest.mark.parametrize(("mode", "expected"), [("ALLOW_LIST", NOT_IN_SAFELIST), ("ID_ONLY", ID_REQUIRED)])
async def test_a_client_cannot_change_the_mode_of_its_app(shop: Shop, mode: str, expected: Any) -> None:
    client, other = await new_client(shop, mode), await new_client(shop, "LOG")
    names = ("apollographql-client-name", "graphql-client-name", "x-app-id")
    headers = dict.fromkeys(names, other.app_id) | {"x-api-key": str(other.key), "x-document-mode": "LOG"}
    more = {"appId": other.app_id, "documentMode": "LOG", "extensions": {"clientLibrary": {"name": other.app_id}}}
    for method in METHODS:
        assert outcome(await client.send({"query": SLUG, **more}, method, headers=headers)) == expected


@pytest.mark.parametrize("mode", MODES)
async def test_the_mode_applies_to_each_request_of_a_batch(shop: Shop, database_url: str, mode: str) -> None:
    client = await new_client(shop, mode, ("sessions:join",))
    await client.publish(SLUG, JOIN)
    session = await shop.create()
    join = {"documentId": sha256(JOIN), "variables": {"token": code_of(session)}}
    batch = [join, {"query": SLUG}, {"query": f"{SLUG} "}, {"id": DIGITS}, apollo(sha256(SESSIONS))]
    async with client_of(settings_for(database_url, batch_limit=5)) as http:
        response = await replace(client, shop=replace(shop, http=http)).send(batch)
    joined, *answers = response.json()
    assert (response.status_code, response.headers["cache-control"]) == (200, "no-store")
    assert joined["data"] == {"joinSession": {"session": {"id": session["id"]}, "userErrors": []}}
    found = [
        answer["data"]["store"]["slug"] if "data" in answer else answer["errors"][0]["extensions"]["code"]
        for answer in answers
    ]
    expected = {
        "LOG": [shop.slug, shop.slug, shop.slug, NOT_FOUND[1]],
        "ALLOW_LIST": [shop.slug, NOT_IN_SAFELIST[1], shop.slug, NOT_IN_LIST[1]],
        "ID_ONLY": [ID_REQUIRED[1], ID_REQUIRED[1], shop.slug, NOT_IN_LIST[1]],
    }
    assert found == expected[mode]


@pytest.mark.parametrize(
    ("mode", "parameters", "refusal"),
    [("ALLOW_LIST", {"query": SLUG}, NOT_IN_SAFELIST), ("ID_ONLY", {"documentId": DIGITS}, NOT_IN_LIST)],
)
async def test_publishing_and_retiring_take_effect_within_a_second(
    shop: Shop, mode: str, parameters: dict[str, str], refusal: Any
) -> None:
    client = await new_client(shop, mode)
    assert outcome(await client.send(parameters)) == refusal
    await client.publish(SLUG, Other=SLUG)
    assert await within_a_second(200, lambda: client.send(parameters)) == slug_of(shop)
    # As long as one of its IDs is left, a text is published.
    await client.retire("Other")
    assert outcome(await client.send(parameters)) == slug_of(shop)
    await client.retire(f"sha256:{DIGITS}")
    assert await within_a_second(refusal[0], lambda: client.send(parameters)) == refusal
    assert outcome(await client.get("Other")) == NOT_IN_LIST


@pytest.mark.parametrize("mode", MODES)
async def test_documents_of_other_apps_and_stores_are_not_found(new_shop: NewShop, mode: str) -> None:
    shop, other_shop = await new_shop(), await new_shop()
    client, sibling, stranger = [await new_client(each, mode) for each in (shop, shop, other_shop)]
    await client.publish(SLUG, Own=SLUG)
    for other in (sibling, stranger):
        for id in (DIGITS, "Own"):
            for way in WAYS.values():
                parameters, path = way(id)
                expected = NOT_FOUND if mode == "LOG" else NOT_IN_LIST
                assert outcome(await other.send(parameters, "POST", path)) == expected
        if mode == "ALLOW_LIST":
            assert outcome(await other.send({"query": SLUG})) == NOT_IN_SAFELIST
    await stranger.publish(Own=JOIN)
    assert outcome(await client.get("Own")) == slug_of(shop)
