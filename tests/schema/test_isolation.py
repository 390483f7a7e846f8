"""The isolation of stores: none can read or change another, even with the same data or the same IDs."""

import re
from dataclasses import dataclass, replace
from typing import Any

import pytest

from db.pool import Pool
from tests.support.rows import everything_of
from tests.support.shop import ERRORS, JOINED, SESSION, NewShop, Shop
from tests.support.two_stores import (
    CUSTOMER,
    INPUT,
    StoreObjects,
    anonymous,
    copy_with_the_same_ids,
    objects_of,
    unknown_objects,
)

WHOLE_SESSION = """... on Session {
    ...Session
    customer { sessions { nodes { id } count { value } } }
    orders { id session { id } }
    events { nodes { id kind reason apiKeyId } }
    conversion { order { id session { id } } }
}"""
CUSTOMER_FIELDS = "id name phone email externalId sessions { nodes { id customer { id name } } count { value } }"
ORDER_FIELDS = "id number total { amount } session { id customer { id name } }"
APP_FIELDS = """id name scopes documentMode rate clientId disabledAt keys { id name revokedAt }
    documents(first: 1) { nodes { id body } }"""
NODE = f"""... on Node {{ id }} {WHOLE_SESSION} ... on Customer {{ {CUSTOMER_FIELDS} }}
    ... on Order {{ {ORDER_FIELDS} }} ... on App {{ {APP_FIELDS} }}"""

PAGE = "{ nodes { id } pageInfo { hasNextPage hasPreviousPage } count { value } }"
APPS = PAGE.replace("id", APP_FIELDS, 1)
AUDIT = """nodes { action objectId apiKeyId userId changes { field before after } }
    pageInfo { hasNextPage } count { value }"""
STATS = "{ total converted periods { total } }"

SESSION_CHANGED = "session { ...Session events { nodes { id } } }"
APP_CHANGED = f"app {{ {APP_FIELDS} }}"

# The types of the variables by their names.
TYPES = {"id": "ID!", "ids": "[ID!]!", "number": "String!", "filter": "SessionFilter"}

# A document and its variables. In their texts, {other.x} is a reference to an object of another store, {mine.x} to one
# of the own store.
Request = tuple[str, dict[str, Any]]


def query(selection: str, **variables: Any) -> Request:
    declared = ", ".join(f"${name}: {TYPES.get(name, 'String')}" for name in variables)
    fragment = SESSION if "...Session" in selection else ""
    return f"query {f'({declared})' if declared else ''} {{ {selection} }} {fragment}", variables


def change(mutation: str, selection: str = SESSION_CHANGED, **input: Any) -> Request:
    type = mutation[0].upper() + mutation[1:]
    fragment = SESSION if "...Session" in selection else ""
    document = f"mutation ($input: {type}Input!) {{ {mutation}(input: $input) {{ {selection} {ERRORS} }} }} {fragment}"
    return document, {"input": input}


def filled(value: Any, other: StoreObjects, mine: StoreObjects) -> Any:
    """The value with the references instead of their placeholders."""
    if isinstance(value, dict):
        return {name: filled(inner, other, mine) for name, inner in value.items()}
    if isinstance(value, list):
        return [filled(inner, other, mine) for inner in value]
    objects = {"other": other, "mine": mine}
    of = re.compile(r"\{(other|mine)\.(\w+)\}")
    return of.sub(lambda found: getattr(objects[found[1]], found[2]), value) if isinstance(value, str) else value


THEIR_SESSION, THEIR_CUSTOMER, THEIR_NUMBER = "{other.session}", "{other.customer}", "{other.number}"
THEIR_APP, MY_APP, THEIR_KEY = "{other.app}", "{mine.app}", "{other.idempotency_key}"

FILTERS: list[dict[str, Any]] = [
    {"ids": [THEIR_SESSION]},
    {"customerId": THEIR_CUSTOMER},
    {"search": THEIR_SESSION},
    {"search": THEIR_NUMBER},
    {"orderNumber": {"equals": THEIR_NUMBER}},
    {"not": {"not": {"ids": [THEIR_SESSION]}}},
    {"or": [{"customerId": THEIR_CUSTOMER}, {"orderNumber": {"contains": THEIR_NUMBER}}]},
]

# Requests by root field.
REQUESTS: dict[str, list[Request]] = {
    "viewer": [query(f"viewer {{ id name scopes app {{ {APP_FIELDS} }} }}")],
    "store": [query("store { id name slug storefrontUrl sessionExpiration }")],
    "session": [
        query(f"session(id: $id) {{ {WHOLE_SESSION} }}", id=THEIR_SESSION),
        query(
            "session(id: $id) { events(after: $after) { nodes { id } } }",
            **{"id": "{mine.session}", "after": "{other.events_cursor}"},
        ),
    ],
    "sessions": [
        *(query(f"sessions(filter: $filter) {PAGE}", filter=filter) for filter in FILTERS),
        query(f"sessions(after: $after) {PAGE}", after="{other.sessions_cursor}"),
        query(f"sessions(before: $before) {PAGE}", before="{other.sessions_cursor}"),
    ],
    "customer": [
        query(f"customer(id: $id) {{ {CUSTOMER_FIELDS} }}", id=THEIR_CUSTOMER),
        query(
            f"customer(id: $id) {{ sessions(filter: {{ids: $ids}}) {PAGE} }}", id="{mine.customer}", ids=[THEIR_SESSION]
        ),
        query(
            f"customer(id: $id) {{ sessions(after: $after) {PAGE} }}",
            **{"id": "{mine.customer}", "after": "{other.sessions_cursor}"},
        ),
    ],
    "customers": [
        query(f"customers(filter: {{externalId: $externalId}}) {PAGE}", externalId="{other.external_id}"),
        query(f"customers(after: $after) {PAGE}", after="{other.customers_cursor}"),
    ],
    "order": [query(f"order(number: $number) {{ {ORDER_FIELDS} }}", number=THEIR_NUMBER)],
    "sessionStats": [query(f"sessionStats(filter: $filter, groupBy: DAY) {STATS}", filter=each) for each in FILTERS],
    "app": [
        query(f"app(id: $id) {{ {APP_FIELDS} }}", id=THEIR_APP),
        query(
            "app(id: $id) { documents(after: $after) { nodes { id } } }", id=MY_APP, after="{other.documents_cursor}"
        ),
    ],
    "apps": [
        query(f"apps(after: $after) {APPS}", after="{other.apps_cursor}"),
        query(f"apps(before: $before) {APPS}", before="{other.apps_cursor}"),
    ],
    "auditLog": [
        *(
            query(f"auditLog(filter: {{objectId: $id}}) {{ {AUDIT} }}", id=object)
            for object in (THEIR_CUSTOMER, THEIR_APP, "{other.order}", "{other.api_key}")
        ),
        query(f"auditLog(after: $after) {{ {AUDIT} }}", after="{other.audit_cursor}"),
    ],
    "node": [
        query(f"node(id: $id) {{ {NODE} }}", id=id)
        for id in (THEIR_SESSION, THEIR_CUSTOMER, "{other.order}", "{other.store}", THEIR_APP)
    ],
    "nodes": [
        query(
            f"nodes(ids: $ids) {{ {NODE} }}",
            ids=[THEIR_SESSION, "{mine.session}", THEIR_CUSTOMER, "{other.order}", "{other.store}", THEIR_APP],
        )
    ],
    "createSession": [
        change("createSession", customer={"id": THEIR_CUSTOMER}),
        change("createSession", customer={"externalId": "{other.external_id}"}),
        change("createSession", customer={"details": {"name": "Sari", "externalId": "{other.external_id}"}}),
        change("createSession", **INPUT | {"idempotencyKey": THEIR_KEY}),
        change("createSession", customer={"details": CUSTOMER}, orderNumber=THEIR_NUMBER),
    ],
    "extendToken": [change("extendToken", sessionId=THEIR_SESSION, minutes=5)],
    "reissueToken": [change("reissueToken", sessionId=THEIR_SESSION, minutes=5)],
    "revokeToken": [change("revokeToken", sessionId=THEIR_SESSION, reason="trespass")],
    "joinSession": [
        change("joinSession", JOINED, token=token)
        for token in ("{other.code}", "{other.link}", "{mine.start_of_links}{other.code}")
    ],
    "recordOrder": [
        change("recordOrder", "order { number }", sessionId=THEIR_SESSION, number="NEW-1"),
        change(
            "recordOrder",
            "order { id number total { amount currency } placedAt session { id } }",
            **{"sessionId": "{mine.session}", "number": THEIR_NUMBER},
        ),
    ],
    "recordConversion": [
        change("recordConversion", sessionId=THEIR_SESSION, kind="GOAL"),
        change("recordConversion", sessionId="{mine.session}", kind="PURCHASE", orderNumber=THEIR_NUMBER),
    ],
    "updateCustomer": [
        change("updateCustomer", "customer { id name phone }", id=THEIR_CUSTOMER, name="Trespasser", phone=None)
    ],
    "redactCustomer": [change("redactCustomer", "customer { id name redactedAt }", id=THEIR_CUSTOMER)],
    "updateStoreSettings": [
        change(
            "updateStoreSettings",
            "store { id name sessionExpiration }",
            **{"name": "Mine", "sessionExpiration": 1, "applyToActiveTokens": True},
        )
    ],
    "createApp": [
        change("createApp", APP_CHANGED, name="new", scopes=["ADMIN"], clientId="{other.client_id}"),
        change("createApp", APP_CHANGED, name="new", scopes=["ADMIN"], idempotencyKey=THEIR_KEY),
    ],
    "updateApp": [change("updateApp", APP_CHANGED, id=THEIR_APP, name="trespasser", disabled=True)],
    "createApiKey": [
        change("createApiKey", "apiKey { id name }", appId=THEIR_APP, name="new"),
        change("createApiKey", "apiKey { id name }", appId=MY_APP, name="new", idempotencyKey=THEIR_KEY),
    ],
    "revokeApiKey": [change("revokeApiKey", "apiKey { id name }", id="{other.api_key}")],
    "blockUser": [change("blockUser", "userId", userId="user-theirs")],
    "unblockUser": [change("unblockUser", "userId", userId="user-theirs")],
    "publishDocuments": [
        change("publishDocuments", "documents { id body }", appId=THEIR_APP, manifest={"new": "{ store { id } }"})
    ],
    "retireDocument": [
        change("retireDocument", "document { id }", appId=app, id="{other.document}") for app in (THEIR_APP, MY_APP)
    ],
}

# These refer to no object.
ALLOWED = {"viewer", "store", "updateStoreSettings", "blockUser", "unblockUser"}


@dataclass(frozen=True)
class Stores:
    """Two stores with the same data, and references to their objects and to unknown ones."""

    my_shop: Shop
    their_shop: Shop
    mine: StoreObjects
    theirs: StoreObjects
    unknown: StoreObjects


@pytest.fixture
async def stores(new_shop: NewShop) -> Stores:
    my_shop, their_shop = await new_shop(), await new_shop()
    mine, theirs = await objects_of(my_shop, "mine"), await objects_of(their_shop, "theirs")
    return Stores(my_shop, their_shop, mine, theirs, unknown_objects(theirs))


async def test_every_root_field_is_in_the_table(shop: Shop) -> None:
    answer = await shop.ask("{ __schema { queryType { fields { name } } mutationType { fields { name } } } }")
    roots = answer["__schema"]
    fields = {field["name"] for root in ("queryType", "mutationType") for field in roots[root]["fields"]}
    assert fields == set(REQUESTS)


REQUEST_NUMBERS = [(field, number) for field, tries in REQUESTS.items() for number in range(len(tries))]


@pytest.mark.parametrize(("field", "number"), REQUEST_NUMBERS)
async def test_an_object_of_another_store_is_answered_like_an_unknown_one(
    stores: Stores, db: Pool, field: str, number: int
) -> None:
    document, variables = REQUESTS[field][number]
    before = await everything_of(db, stores.their_shop.id)
    answers = []
    for other in (stores.theirs, stores.unknown):
        sent = filled(variables, other, stores.mine)
        if field == "recordConversion" and "orderNumber" in sent["input"]:
            sent["input"]["sessionId"] = (await stores.my_shop.create())["id"]  # one conversion a session
        text = (await stores.my_shop.post(document, **sent)).text
        answers.append(anonymous(text, other, stores.mine))
        assert [secret for secret in secrets_in(before) if secret in text and secret not in str(sent)] == []
    assert answers[0] == answers[1]
    assert await everything_of(db, stores.their_shop.id) == before


@pytest.mark.parametrize(
    ("field", "number"), [(field, number) for field, number in REQUEST_NUMBERS if field not in ALLOWED]
)
async def test_the_same_requests_find_objects_of_the_own_store(stores: Stores, field: str, number: int) -> None:
    """The requests above fail only because the objects are of another store."""
    document, variables = REQUESTS[field][number]
    answers = []
    for things in (stores.mine, stores.unknown):
        text = (await stores.my_shop.post(document, **filled(variables, things, stores.mine))).text
        assert things is stores.unknown or '"errors"' not in text
        answers.append(anonymous(text, stores.unknown, stores.mine))
    assert answers[0] != answers[1]


@pytest.mark.parametrize(("field", "number"), REQUEST_NUMBERS)
async def test_a_store_with_the_same_ids_has_its_own_objects(
    stores: Stores, new_shop: NewShop, db: Pool, field: str, number: int
) -> None:
    """IDs are unique without it, but nothing relies on that: every statement names the store."""
    document, variables = REQUESTS[field][number]
    is_query = "mutation" not in document
    theirs = stores.theirs
    answer = (await stores.their_shop.post(document, **filled(variables, theirs, theirs))).text if is_query else ""
    twin = await new_shop()
    texts = {"Dewi Lestari": "Twin", "1905692": "7777777", "dewi@": "twin@"}
    texts |= {f"{word}-theirs": f"{word}-twin" for word in ("NUMBER", "app")}
    await copy_with_the_same_ids(db, stores.their_shop, twin, texts)
    before = await everything_of(db, stores.their_shop.id)
    things = replace(theirs, store=twin.id, number="NUMBER-twin")
    text = (await twin.post(document, **filled(variables, things, things))).text
    assert [word for word in texts if word in text] == []
    assert stores.theirs.code not in text
    assert await everything_of(db, stores.their_shop.id) == before
    if is_query and "cursor" not in text:
        for old, new in {**texts, stores.their_shop.slug: twin.slug}.items():
            answer = answer.replace(old, new)
        assert anonymous(text) == anonymous(answer)


def secrets_in(rows: dict[str, list[str]]) -> set[str]:
    """The IDs in a store's rows, and other values that only it has."""
    text = "\n".join(row for found in rows.values() for row in found)
    words = (f"{word}-theirs" for word in ("NUMBER", "crm", "app", "client", "document"))
    return {*re.findall(r"[a-z]+_[0-9a-hjkmnp-tv-z]{26}", text), *words}


NO_SESSION = ("sessionId", "NOT_FOUND", "must be the ID of a session of your store")
NO_CUSTOMER = "must be the {} of a customer of your store"
NO_APP = ("NOT_FOUND", "must be the ID of an app of your store")
NO_LINK = "is not a link of your store, or was replaced by a newer link"
UNKNOWN: list[tuple[str, dict[str, Any], tuple[str, str, str]]] = [
    ("extendToken", {"sessionId": THEIR_SESSION, "minutes": 5}, NO_SESSION),
    ("reissueToken", {"sessionId": THEIR_SESSION}, NO_SESSION),
    ("revokeToken", {"sessionId": THEIR_SESSION}, NO_SESSION),
    ("recordOrder", {"sessionId": THEIR_SESSION, "number": "N"}, NO_SESSION),
    ("recordConversion", {"sessionId": THEIR_SESSION, "kind": "GOAL"}, NO_SESSION),
    (
        "createSession",
        {"customer": {"id": THEIR_CUSTOMER}},
        ("customer.id", "CUSTOMER_NOT_FOUND", NO_CUSTOMER.format("ID")),
    ),
    (
        "createSession",
        {"customer": {"externalId": "{other.external_id}"}},
        ("customer.externalId", "CUSTOMER_NOT_FOUND", "matches no customer of your store"),
    ),
    ("updateCustomer", {"id": THEIR_CUSTOMER, "name": "Budi"}, ("id", "NOT_FOUND", NO_CUSTOMER.format("ID"))),
    ("redactCustomer", {"id": THEIR_CUSTOMER}, ("id", "NOT_FOUND", NO_CUSTOMER.format("ID"))),
    ("joinSession", {"token": "{mine.start_of_links}{other.code}"}, ("token", "TOKEN_UNKNOWN", NO_LINK)),
    ("updateApp", {"id": THEIR_APP, "name": "x"}, ("id", *NO_APP)),
    ("createApiKey", {"appId": THEIR_APP, "name": "x"}, ("appId", *NO_APP)),
    ("revokeApiKey", {"id": "{other.api_key}"}, ("id", "NOT_FOUND", "must be the ID of an API key of your store")),
]


@pytest.mark.parametrize(("mutation", "input", "refusal"), UNKNOWN)
async def test_a_reference_to_an_unknown_object_is_a_user_error(
    stores: Stores, mutation: str, input: dict[str, Any], refusal: tuple[str, str, str]
) -> None:
    for other in (stores.theirs, stores.unknown):
        assert await stores.my_shop.refusals(mutation, **filled(input, other, stores.mine)) == [refusal]
