"""The isolation of stores: none can read or change another, even with the same data or the same IDs."""

import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import pytest

from db.pool import Pool
from tests.support.rows import everything_of
from tests.support.shop import ERRORS, SESSION, NewShop, Shop
from tests.support.two_stores import (
    CUSTOMER,
    INPUT,
    StoreObjects,
    anonymous,
    copy_with_the_same_ids,
    objects_of,
    unknown_objects,
)

Variables = Callable[[StoreObjects, StoreObjects], dict[str, Any]]

WHOLE_SESSION = """... on Session {
    ...Session
    customer { sessions { nodes { id } count { value } } }
    orders { id session { id } }
    events { nodes { id kind reason apiKeyId } }
    conversion { order { id session { id } } }
}"""
CUSTOMER_FIELDS = "id name phone email externalId sessions { nodes { id customer { id name } } count { value } }"
ORDER_FIELDS = "id number total { amount } session { id customer { id name } }"
PAGE = "nodes { id } pageInfo { hasNextPage hasPreviousPage } count { value }"
ARGUMENTS = "filter: $filter, after: $after, before: $before"
SESSIONS = f"""query ($filter: SessionFilter, $after: String, $before: String) {{
    sessions({ARGUMENTS}) {{ {PAGE} }}
}}"""
STATS = """query ($filter: SessionFilter) {
    sessionStats(filter: $filter, groupBy: DAY) { total converted periods { total } }
}"""
APP_FIELDS = """id name scopes documentMode rate clientId disabledAt keys { id name revokedAt }
    documents(first: 1) { nodes { id body } }"""
APPS = f"nodes {{ {APP_FIELDS} }} pageInfo {{ hasNextPage hasPreviousPage }} count {{ value }}"
NODE = f"""... on Node {{ id }} {WHOLE_SESSION} ... on Customer {{ {CUSTOMER_FIELDS} }}
    ... on Order {{ {ORDER_FIELDS} }} ... on App {{ {APP_FIELDS} }}"""

READ = f"query ($id: ID!) {{ session(id: $id) {{ {WHOLE_SESSION} }} }} {SESSION}"
READ_CUSTOMER = f"query ($id: ID!) {{ customer(id: $id) {{ {CUSTOMER_FIELDS} }} }}"


def change(mutation: str, input: Variables, selection: str = "session { ...Session events { nodes { id } } }") -> Any:
    type = mutation[0].upper() + mutation[1:]
    fragment = SESSION if "...Session" in selection else ""
    document = f"mutation ($input: {type}Input!) {{ {mutation}(input: $input) {{ {selection} {ERRORS} }} }} {fragment}"
    return document, lambda other, mine: {"input": input(other, mine)}


def of_session(mutation: str, selection: str = "session { ...Session }", **input: Any) -> Any:
    return change(mutation, lambda other, mine: {"sessionId": other.session, **input}, selection)


FILTERS = (
    lambda other: {"ids": [other.session]},
    lambda other: {"customerId": other.customer},
    lambda other: {"search": other.session},
    lambda other: {"search": other.number},
    lambda other: {"orderNumber": {"equals": other.number}},
    lambda other: {"not": {"not": {"ids": [other.session]}}},
    lambda other: {"or": [{"customerId": other.customer}, {"orderNumber": {"contains": other.number}}]},
)

# Documents of each root field with their variables. `other` are the objects of another store.
REQUESTS: dict[str, list[tuple[str, Variables]]] = {
    "viewer": [(f"{{ viewer {{ id name scopes app {{ {APP_FIELDS} }} }} }}", lambda other, mine: {})],
    "store": [("{ store { id name slug storefrontUrl sessionExpiration } }", lambda other, mine: {})],
    "session": [
        (READ, lambda other, mine: {"id": other.session}),
        (
            "query ($id: ID!, $after: String) { session(id: $id) { events(after: $after) { nodes { id } } } }",
            lambda other, mine: {"id": mine.session, "after": other.events_cursor},
        ),
    ],
    "sessions": [
        *((SESSIONS, lambda other, mine, filter=filter: {"filter": filter(other)}) for filter in FILTERS),
        (SESSIONS, lambda other, mine: {"after": other.sessions_cursor}),
        (SESSIONS, lambda other, mine: {"before": other.sessions_cursor}),
    ],
    "customer": [
        (READ_CUSTOMER, lambda other, mine: {"id": other.customer}),
        (
            f"query ($id: ID!, $ids: [ID!]) {{ customer(id: $id) {{ sessions(filter: {{ids: $ids}}) {{ {PAGE} }} }} }}",
            lambda other, mine: {"id": mine.customer, "ids": [other.session]},
        ),
        (
            f"query ($id: ID!, $after: String) {{ customer(id: $id) {{ sessions(after: $after) {{ {PAGE} }} }} }}",
            lambda other, mine: {"id": mine.customer, "after": other.sessions_cursor},
        ),
    ],
    "customers": [
        (
            f"query ($id: String) {{ customers(filter: {{externalId: $id}}) {{ {PAGE} }} }}",
            lambda other, mine: {"id": other.external_id},
        ),
        (
            f"query ($after: String) {{ customers(after: $after) {{ {PAGE} }} }}",
            lambda other, mine: {"after": other.customers_cursor},
        ),
    ],
    "order": [
        (f"query ($n: String!) {{ order(number: $n) {{ {ORDER_FIELDS} }} }}", lambda other, mine: {"n": other.number})
    ],
    "sessionStats": [(STATS, lambda other, mine, filter=filter: {"filter": filter(other)}) for filter in FILTERS],
    "app": [
        (f"query ($id: ID!) {{ app(id: $id) {{ {APP_FIELDS} }} }}", lambda other, mine: {"id": other.app}),
        (
            "query ($id: ID!, $after: String) { app(id: $id) { documents(after: $after) { nodes { id } } } }",
            lambda other, mine: {"id": mine.app, "after": other.documents_cursor},
        ),
    ],
    "apps": [
        (
            f"query ($after: String) {{ apps(after: $after) {{ {APPS} }} }}",
            lambda other, mine: {"after": other.apps_cursor},
        ),
        (
            f"query ($before: String) {{ apps(before: $before) {{ {APPS} }} }}",
            lambda other, mine: {"before": other.apps_cursor},
        ),
    ],
    "node": [
        (
            f"query ($id: ID!) {{ node(id: $id) {{ {NODE} }} }} {SESSION}",
            lambda other, mine, name=name: {"id": getattr(other, name)},
        )
        for name in ("session", "customer", "order", "store", "app")
    ],
    "nodes": [
        (
            f"query ($ids: [ID!]!) {{ nodes(ids: $ids) {{ {NODE} }} }} {SESSION}",
            lambda other, mine: {
                "ids": [other.session, mine.session, other.customer, other.order, other.store, other.app]
            },
        )
    ],
    "createSession": [
        change("createSession", lambda other, mine: {"customer": {"id": other.customer}}),
        change("createSession", lambda other, mine: {"customer": {"externalId": other.external_id}}),
        change(
            "createSession",
            lambda other, mine: {"customer": {"details": {"name": "Sari", "externalId": other.external_id}}},
        ),
        change("createSession", lambda other, mine: {**INPUT, "idempotencyKey": other.idempotency_key}),
        change("createSession", lambda other, mine: {"customer": {"details": CUSTOMER}, "orderNumber": other.number}),
    ],
    "extendToken": [of_session("extendToken", minutes=5)],
    "reissueToken": [of_session("reissueToken", minutes=5)],
    "revokeToken": [of_session("revokeToken", reason="trespass")],
    "joinSession": [
        change("joinSession", lambda other, mine: {"token": other.code}),
        change("joinSession", lambda other, mine: {"token": other.link}),
        change("joinSession", lambda other, mine: {"token": mine.link.replace(mine.code, other.code)}),
    ],
    "recordOrder": [
        of_session("recordOrder", "order { number }", number="NEW-1"),
        change(
            "recordOrder",
            lambda other, mine: {"sessionId": mine.session, "number": other.number},
            "order { id number total { amount currency } placedAt session { id } }",
        ),
    ],
    "recordConversion": [
        of_session("recordConversion", kind="GOAL"),
        change(
            "recordConversion",
            lambda other, mine: {"sessionId": mine.session, "kind": "PURCHASE", "orderNumber": other.number},
        ),
    ],
    "updateCustomer": [
        change(
            "updateCustomer",
            lambda other, mine: {"id": other.customer, "name": "Trespasser", "phone": None},
            "customer { id name phone }",
        )
    ],
    "updateStoreSettings": [
        change(
            "updateStoreSettings",
            lambda other, mine: {"name": "Mine", "sessionExpiration": 1, "applyToActiveTokens": True},
            "store { id name sessionExpiration }",
        )
    ],
    "createApp": [
        change(
            "createApp",
            lambda other, mine: {"name": "new", "scopes": ["ADMIN"], "clientId": other.client_id},
            f"app {{ {APP_FIELDS} }}",
        ),
        change(
            "createApp",
            lambda other, mine: {"name": "new", "scopes": ["ADMIN"], "idempotencyKey": other.idempotency_key},
            f"app {{ {APP_FIELDS} }}",
        ),
    ],
    "updateApp": [
        change(
            "updateApp",
            lambda other, mine: {"id": other.app, "name": "trespasser", "disabled": True},
            f"app {{ {APP_FIELDS} }}",
        )
    ],
    "createApiKey": [
        change("createApiKey", lambda other, mine: {"appId": other.app, "name": "new"}, "apiKey { id name }"),
        change(
            "createApiKey",
            lambda other, mine: {"appId": mine.app, "name": "new", "idempotencyKey": other.idempotency_key},
            "apiKey { id name }",
        ),
    ],
    "revokeApiKey": [change("revokeApiKey", lambda other, mine: {"id": other.api_key}, "apiKey { id name }")],
    "publishDocuments": [
        change(
            "publishDocuments",
            lambda other, mine: {"appId": other.app, "manifest": {"new": "{ store { id } }"}},
            "documents { id body }",
        )
    ],
    "retireDocument": [
        change(
            "retireDocument",
            lambda other, mine, app=app: {"appId": app(other, mine), "id": other.document},
            "document { id }",
        )
        for app in (lambda other, mine: other.app, lambda other, mine: mine.app)
    ],
}

# These refer to no object.
ALLOWED = {"viewer", "store", "updateStoreSettings"}


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
        sent = variables(other, stores.mine)
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
        text = (await stores.my_shop.post(document, **variables(things, stores.mine))).text
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
    answer = (
        (await stores.their_shop.post(document, **variables(stores.theirs, stores.theirs))).text if is_query else ""
    )
    twin = await new_shop()
    texts = {
        "Dewi Lestari": "Twin",
        "1905692": "7777777",
        "NUMBER-theirs": "NUMBER-twin",
        "dewi@": "twin@",
        "app-theirs": "app-twin",
    }
    await copy_with_the_same_ids(db, stores.their_shop, twin, texts)
    before = await everything_of(db, stores.their_shop.id)
    things = replace(stores.theirs, store=twin.id, number="NUMBER-twin")
    text = (await twin.post(document, **variables(things, things))).text
    assert [word for word in texts if word in text] == []
    assert stores.theirs.code not in text
    assert await everything_of(db, stores.their_shop.id) == before
    if is_query and "cursor" not in text:
        for old, new in {**texts, stores.their_shop.slug: twin.slug}.items():
            answer = answer.replace(old, new)
        assert anonymous(text) == anonymous(answer)


async def test_two_stores_can_use_the_same_idempotency_key(stores: Stores) -> None:
    sessions = [await shop.create(**INPUT) for shop in (stores.my_shop, stores.their_shop) for _ in range(2)]
    ids = [session["id"] for session in sessions]
    assert ids[0] == ids[1] != ids[2] == ids[3]


async def test_a_link_of_another_store_is_answered_like_an_unknown_one(stores: Stores, db: Pool) -> None:
    before = await everything_of(db, stores.their_shop.id)
    answers = [
        await stores.my_shop.http.get(f"/s/{stores.my_shop.slug}/{code}")
        for code in (stores.theirs.code, stores.unknown.code)
    ]
    assert [answer.status_code for answer in answers] == [404, 404]
    assert answers[0].content == answers[1].content
    assert await everything_of(db, stores.their_shop.id) == before


def secrets_in(rows: dict[str, list[str]]) -> set[str]:
    """The IDs in a store's rows, and other values that only it has."""
    text = "\n".join(row for found in rows.values() for row in found)
    return {
        *re.findall(r"[a-z]+_[0-9a-hjkmnp-tv-z]{26}", text),
        "NUMBER-theirs",
        "crm-theirs",
        "app-theirs",
        "client-theirs",
        "document-theirs",
    }


NO_SESSION = ("sessionId", "NOT_FOUND", "must be the ID of a session of your store")
NO_CUSTOMER = "must be the {} of a customer of your store"
NO_APP = "must be the ID of an app of your store"
UNKNOWN: list[tuple[str, Variables, tuple[str, str, str]]] = [
    ("extendToken", lambda other, mine: {"sessionId": other.session, "minutes": 5}, NO_SESSION),
    ("reissueToken", lambda other, mine: {"sessionId": other.session}, NO_SESSION),
    ("revokeToken", lambda other, mine: {"sessionId": other.session}, NO_SESSION),
    ("recordOrder", lambda other, mine: {"sessionId": other.session, "number": "N"}, NO_SESSION),
    ("recordConversion", lambda other, mine: {"sessionId": other.session, "kind": "GOAL"}, NO_SESSION),
    (
        "createSession",
        lambda other, mine: {"customer": {"id": other.customer}},
        ("customer.id", "CUSTOMER_NOT_FOUND", NO_CUSTOMER.format("ID")),
    ),
    (
        "createSession",
        lambda other, mine: {"customer": {"externalId": other.external_id}},
        ("customer.externalId", "CUSTOMER_NOT_FOUND", NO_CUSTOMER.format("external ID")),
    ),
    (
        "updateCustomer",
        lambda other, mine: {"id": other.customer, "name": "Budi"},
        ("id", "NOT_FOUND", NO_CUSTOMER.format("ID")),
    ),
    (
        "joinSession",
        lambda other, mine: {"token": mine.link.replace(mine.code, other.code)},
        ("token", "TOKEN_UNKNOWN", "is not a link of your store, or was replaced by a newer link"),
    ),
    ("updateApp", lambda other, mine: {"id": other.app, "name": "x"}, ("id", "NOT_FOUND", NO_APP)),
    ("createApiKey", lambda other, mine: {"appId": other.app, "name": "x"}, ("appId", "NOT_FOUND", NO_APP)),
    (
        "revokeApiKey",
        lambda other, mine: {"id": other.api_key},
        ("id", "NOT_FOUND", "must be the ID of an API key of your store"),
    ),
]


@pytest.mark.parametrize(("mutation", "input", "refusal"), UNKNOWN)
async def test_a_reference_to_an_unknown_object_is_a_user_error(
    stores: Stores, mutation: str, input: Variables, refusal: tuple[str, str, str]
) -> None:
    for other in (stores.theirs, stores.unknown):
        assert await stores.my_shop.refusals(mutation, **input(other, stores.mine)) == [refusal]
