"""No store sees another: random operations of one store, full of references to objects of another store.

Most tries are requests of tests/schema/test_isolation.py, some for each root field and kind of reference. The others
are generated operations with any fields, arguments and fragments. No response may contain a text of the other store, or
the ID of an object to which no request refers. Afterwards, the other store must be unchanged.
"""

import asyncio
import random
import re
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import fields, replace
from typing import Any, NamedTuple

import orjson
from graphql import TypeInfo, TypeInfoVisitor, Visitor, parse, visit
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from bench.faults.promises import Outcome
from bench.faults.servers import connected, database, post, serving, shops
from schema.root import GRAPHQL_SCHEMA
from tests.engine.compiled.operations import Request, operations
from tests.engine.compiled.test_agreement_on_sessions import SCALARS
from tests.schema.test_isolation import REQUESTS, filled
from tests.support.rows import everything_of
from tests.support.shop import Shop, code_of
from tests.support.two_stores import StoreObjects, objects_of

TRIES = 100_000
GENERATED = 1_000
# The share of tries that are generated. Each is a new document, which the server must compile.
GENERATED_SHARE = 0.1
SESSIONS = 40
CONNECTIONS = 8
# Tries of the other store itself, which must find its data.
CONTROLS = 500

CANARY = "zqcanary"
ID = re.compile(r"[a-z]+_[0-9a-hjkmnp-tv-z]{26}")
# In generated operations: a reference of this name, mostly of the other store.
PLACEHOLDER = re.compile(r"REF-([a-z_]+)-")

# References by the arguments that take them.
EXAMPLES = {
    "session.id": ["session"],
    "customer.id": ["customer"],
    "app.id": ["app"],
    "node.id": ["session", "customer", "order", "app", "store"],
    "order.number": ["number"],
    "sessions.after": ["sessions_cursor"],
    "sessions.before": ["sessions_cursor"],
    "customers.after": ["customers_cursor"],
    "apps.after": ["apps_cursor"],
    "events.after": ["events_cursor"],
    "documents.after": ["documents_cursor"],
}


class Try(NamedTuple):
    document: str
    variables: dict[str, Any]
    operation_name: str | None = None


class Found(NamedTuple):
    """The statuses of the responses, and the requests whose responses contained data of the other store."""

    statuses: Counter[int]
    leaks: list[str]


async def no_store_sees_another() -> Outcome:
    chance = random.Random(10)
    with database() as (folder, url), serving(folder, url) as served:
        async with shops(url, served.url, 2) as (mine, theirs):
            my_objects, their_objects = await objects_of(mine, "mine"), await _canaries(theirs)
            generated = await asyncio.to_thread(_generated)
            before = await everything_of(theirs.db, theirs.id)
            # The tries refer to half of the sessions by ID, and to the others by text. The IDs of these are secrets.
            by_id, by_text = their_objects[::2], their_objects[1::2]
            secrets = frozenset(ID.findall(str(before))) - frozenset(ID.findall(str(by_id)))

            def make() -> Try:
                named = chance.choice(by_text)
                texts = {name: getattr(named, name) for name in ("external_id", "number", "idempotency_key")}
                other = replace(chance.choice(by_id), **texts, store=theirs.id)
                if chance.random() > GENERATED_SHARE:
                    document, variables = chance.choice(REQUESTS[chance.choice([*REQUESTS])])
                    return Try(document, filled(variables, other, my_objects))
                return _filled(chance.choice(generated), other, my_objects, chance)

            found = await _send(served.url, mine.key, make, TRIES, secrets)
            is_unchanged = await everything_of(theirs.db, theirs.id) == before
            control = await _send(served.url, theirs.key, make, CONTROLS, secrets)
    used, every = _coordinates(generated)
    figure = (
        f"{TRIES:,} tries over {len(REQUESTS)} root fields, and {used} of {every} fields: {len(found.leaks)} answers "
        f"with data of the other store, {'which is unchanged' if is_unchanged else 'WHICH HAS CHANGED'}; statuses "
        f"{dict(found.statuses)}; the other store's own key found its data in {len(control.leaks)} of {CONTROLS}"
    )
    if found.leaks:
        figure += f"; the first: {found.leaks[0]}"
    holds = not found.leaks and is_unchanged and len(control.leaks) > CONTROLS * 0.1 and not found.statuses[500]
    return Outcome(holds, figure)


async def _canaries(shop: Shop) -> list[StoreObjects]:
    """Sessions with canaries, and references to them. Only every second order number is a canary."""
    first = await objects_of(shop, "theirs")
    host = f"{CANARY}.example"
    site = {"storefrontUrl": f"https://{host}", "storefrontHosts": [host]}
    await shop.changed("updateStoreSettings", "store { id }", name=f"{CANARY} shop", **site)
    await shop.changed("updateApp", "app { id }", id=first.app, name=f"{CANARY} app")
    await shop.changed("createApiKey", "apiKey { id }", appId=first.app, name=f"{CANARY} key")
    body = f"{{ {CANARY}: store {{ id }} }}"
    await shop.changed("publishDocuments", "documents { id }", appId=first.app, manifest={f"{CANARY}-1": body})
    objects = []
    for number in range(SESSIONS):
        prefix = "known" if number % 2 else CANARY
        person = {"name": f"{CANARY} {number}", "phone": "+628123456789", "email": f"{CANARY}{number}@mail.example"}
        session = await shop.create(
            customer={"details": {**person, "externalId": f"{prefix}-ext-{number}"}},
            roomId=f"{CANARY}{number}",
            orderNumber=f"{prefix}-{number}",
            metadata={"note": CANARY},
            idempotencyKey=f"{prefix}-idem-{number}",
        )
        if number % 4 == 1:
            await shop.changed("revokeToken", sessionId=session["id"], reason=f"{CANARY} reason")
        order = await shop.order(f"{prefix}-{number}")
        objects.append(
            replace(
                first,
                session=session["id"],
                customer=session["customer"]["id"],
                external_id=f"{prefix}-ext-{number}",
                order=order["id"],
                number=f"{prefix}-{number}",
                code=code_of(session),
                link=session["token"]["link"],
                idempotency_key=f"{prefix}-idem-{number}",
            )
        )
    return objects


def _generated() -> list[Request]:
    """Valid operations with placeholders for references."""
    names = [field.name for field in fields(StoreObjects)]
    ids = ["session", "customer", "order", "store", "app", "api_key", "document"]
    scalars = SCALARS | {"ID": _references(ids), "String": _references([*names, "word"])}
    examples = {name: _references(some) for name, some in EXAMPLES.items()}
    requests: list[Request] = []

    # Only the phase that generates: the order of the examples and their number are all that is used.
    @settings(
        max_examples=GENERATED,
        phases=[Phase.generate],
        database=None,
        derandomize=True,
        deadline=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(operations(GRAPHQL_SCHEMA, scalars, examples))
    def collect(request: Request) -> None:
        requests.append(request)

    collect()
    return requests


def _references(names: list[str]) -> st.SearchStrategy[str]:
    return st.sampled_from([f"REF-{name}-" for name in names])


def _filled(request: Request, other: StoreObjects, mine: StoreObjects, chance: random.Random) -> Try:
    def reference(found: re.Match[str]) -> str:
        if found[1] == "word":
            return chance.choice(("Dewi", "190", "", "a", CANARY[:3]))
        # No key or app of the own store, which the operation could turn off.
        is_mine = chance.random() < 0.2 and found[1] not in ("app", "api_key")
        return str(getattr(mine if is_mine else other, found[1]))

    variables = orjson.dumps(chance.choice(request.variables)).decode()
    filled_variables = orjson.loads(PLACEHOLDER.sub(reference, variables))
    return Try(PLACEHOLDER.sub(reference, request.document), filled_variables, request.operation_name)


async def _send(base_url: str, key: str, make: Callable[[], Try], count: int, secrets: frozenset[str]) -> Found:
    found = Found(Counter(), [])

    async def send() -> None:
        async with connected(base_url) as client:
            for _ in range(count // CONNECTIONS):
                document, variables, name = make()
                response = await client.send(post(document, key, name, **variables))
                answer = response.body.decode()
                found.statuses[response.status] += 1
                if CANARY in answer or not secrets.isdisjoint(ID.findall(answer)):
                    found.leaks.append(f"{document[:500]} {variables}: {answer[:500]}")

    await asyncio.gather(*(send() for _ in range(CONNECTIONS)))
    return found


def _coordinates(requests: list[Request]) -> tuple[int, int]:
    """The number of fields that the operations select, and that the schema has."""
    used: set[str] = set()
    types = TypeInfo(GRAPHQL_SCHEMA)

    class Fields(Visitor):
        def enter_field(self, node: Any, *_: Any) -> None:
            if (parent := types.get_parent_type()) and not node.name.value.startswith("__"):
                used.add(f"{parent.name}.{node.name.value}")

    documents = [request.document for request in requests]
    documents += [document for some in REQUESTS.values() for document, _ in some]
    for document in documents:
        visit(parse(document), TypeInfoVisitor(types, Fields()))
    composite: Mapping[str, Any] = GRAPHQL_SCHEMA.type_map
    every = {
        f"{name}.{field}"
        for name, type in composite.items()
        if not name.startswith("__") and not name.endswith("Input") and hasattr(type, "fields")
        for field in type.fields
        if not hasattr(type.fields[field], "default_value")  # fields of input objects
    }
    return len(used & every), len(every)
