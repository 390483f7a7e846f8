"""Persisted documents: how a request names one, and which of them an app may send."""

from typing import Any

import pytest

from tests.support.partner import (
    BOTH,
    GRAPHQL,
    METHODS,
    NOT_FOUND,
    NOT_IN_LIST,
    SESSIONS,
    SEVERAL,
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
)
from tests.support.shop import Shop

# Each form of an ID: by what the document is published, and what is sent.
FORMS = {
    "sha256: and digits": (f"sha256:{sha256(SLUG)}", f"sha256:{sha256(SLUG)}"),
    "digits": (f"sha256:{sha256(SLUG)}", sha256(SLUG)),
    "large digits": (f"sha256:{sha256(SLUG)}", sha256(SLUG).upper()),
    "sha256: and large digits": (f"sha256:{sha256(SLUG)}", f"sha256:{sha256(SLUG).upper()}"),
    "MD5": (md5(SLUG), md5(SLUG)),
    "MD5 in large digits": (md5(SLUG), md5(SLUG).upper()),
    "an ID of the app's own": ("Slug.v1~a-b_c", "Slug.v1~a-b_c"),
}


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("way", WAYS.values(), ids=WAYS)
@pytest.mark.parametrize(("id", "sent"), FORMS.values(), ids=FORMS)
async def test_a_document_is_named_in_every_way(shop: Shop, method: str, way: Any, id: str, sent: str) -> None:
    partner = await new_partner(shop, "ID_ONLY")
    await partner.publish(**{id: SLUG})
    parameters, path = way(sent)
    response = await partner.send(parameters, method, path)
    assert answered(response) == slug_of(shop)
    assert response.headers["content-type"] == f"{GRAPHQL}; charset=utf-8"


@pytest.mark.parametrize("way", WAYS.values(), ids=WAYS)
async def test_a_named_document_takes_variables_and_an_operation_name(shop: Shop, way: Any) -> None:
    body = "query A($id: ID!) { node(id: $id) { id } } query B { viewer { name } } mutation C { __typename }"
    partner = await new_partner(shop, "ID_ONLY")
    await partner.publish(Abc=body)
    session = await shop.create()
    parameters, path = way("Abc")
    for method in METHODS:
        one = parameters | {"operationName": "A", "variables": {"id": session["id"]}}
        other = parameters | {"operationName": "B"}
        assert answered(await partner.send(one, method, path)) == (200, {"data": {"node": {"id": session["id"]}}})
        assert answered(await partner.send(other, method, path)) == (200, {"data": {"viewer": {"name": "test"}}})
        none = (400, "OPERATION_RESOLUTION_FAILURE", "The document has several operations: operationName is needed.")
        assert refused(await partner.send(parameters, method, path)) == none
    mutation = parameters | {"operationName": "C"}
    assert answered(await partner.send(mutation, "POST", path)) == (200, {"data": {"__typename": "Mutation"}})
    response = await partner.send(mutation, "GET", path)
    assert refused(response) == (405, "BAD_REQUEST", "A mutation must be sent by POST.")
    assert response.headers["allow"] == "POST"


@pytest.mark.parametrize("mode", ["LOG", "ALLOW_LIST", "ID_ONLY"])
async def test_a_name_that_no_document_can_have_is_not_found(shop: Shop, mode: str) -> None:
    partner = await new_partner(shop, mode)
    await partner.publish(SLUG)
    expected = NOT_FOUND if mode == "LOG" else NOT_IN_LIST
    digits = sha256(SLUG)
    for id in (
        digits[1:],
        f"{digits}0",
        f"sha1:{digits}",
        f"SHA256:{digits}",
        f" {digits}",
        "a" * 129,
        "é",
        "\0",
        "..",
    ):
        assert refused(await partner.send({"documentId": id})) == expected
        assert refused(await partner.send(apollo(id), "GET")) == expected
    for id in (digits[1:], f"sha1:{digits}", "a%00", "%C3%A9", "%2E%2E"):
        assert refused(await partner.send({}, "GET", f"/graphql/{id}")) == expected


@pytest.mark.parametrize("method", METHODS)
async def test_names_that_disagree_are_refused_and_names_that_agree_are_one(shop: Shop, method: str) -> None:
    partner = await new_partner(shop)
    await partner.publish(SLUG, Own=SESSIONS)
    digits = sha256(SLUG)
    for names in ({"documentId": digits, "id": "Own"}, {"doc_id": "Own", **apollo(digits)}, {"id": f"{digits[1:]}0"}):
        path = f"/graphql/{digits}" if len(names) == 1 else "/graphql"
        assert refused(await partner.send(names, method, path)) == SEVERAL
    agreeing = {"documentId": digits, "doc_id": f"sha256:{digits}", "id": digits.upper(), **apollo(digits)}
    assert answered(await partner.send(agreeing, method, f"/graphql/sha256:{digits}")) == slug_of(shop)
    empty = {"documentId": digits, "id": ""}
    assert answered(await partner.send(empty, method)) == slug_of(shop)


@pytest.mark.parametrize("names", [{"id": 5}, {"doc_id": []}, {"documentId": {}}, {"id": False}, {"documentId": 0}])
async def test_a_name_that_is_no_string_is_refused(shop: Shop, names: dict[str, Any]) -> None:
    partner = await new_partner(shop)
    message = f"{next(iter(names))} must be a string."
    assert refused(await partner.send({"query": SLUG, **names})) == (400, "BAD_REQUEST", message)


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("mode", ["LOG", "ALLOW_LIST", "ID_ONLY"])
async def test_a_name_and_a_text_are_refused(shop: Shop, mode: str, method: str) -> None:
    partner = await new_partner(shop, mode)
    await partner.publish(SLUG)
    for name, way in WAYS.items():
        parameters, path = way(sha256(SLUG))
        if mode == "LOG" and name == "sha256Hash":
            continue  # a registration
        assert refused(await partner.send({"query": SLUG, **parameters}, method, path)) == BOTH


async def test_who_has_no_key_has_no_documents_and_no_data(shop: Shop) -> None:
    partner, nobody = await new_partner(shop), Partner(shop)
    await partner.publish(SLUG)
    needed = (401, "UNAUTHENTICATED", "Persisted documents belong to an app: send an API key.")
    for method in METHODS:
        for way in WAYS.values():
            parameters, path = way(sha256(SLUG))
            assert refused(await nobody.send(parameters, method, path)) == needed
        assert refused(await nobody.send({"query": SLUG, **apollo(sha256(SLUG))}, method)) == needed
        assert answered(await nobody.send({"query": "{ __typename }"}, method)) == (
            200,
            {"data": {"__typename": "Query"}},
        )
        response = await nobody.send({"query": SLUG}, method)
        [error] = response.json()["errors"]
        assert (response.status_code, error["extensions"]) == (401, {"code": "UNAUTHENTICATED"})
