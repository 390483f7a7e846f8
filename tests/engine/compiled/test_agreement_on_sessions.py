"""Compiled operations agree with graphql-core on the sessions API itself, over a real Postgres.

The statements of an operation run concurrently: the order of errors varies, and an error that nulls an object can hide
errors of its other fields. Only a difference that repeats in every execution counts.
"""

import os
from collections.abc import AsyncIterator
from functools import partial
from typing import Any, NamedTuple

import httpx
import pytest
from graphql import parse, validate
from hypothesis import given, note, settings
from hypothesis import strategies as st

from api.documents.publishing import publish
from db.api_keys import hash_api_key
from db.credentials import Credential, get_credential
from db.pool import Pool
from engine.compiled import Unsupported
from schema.context import Context
from schema.cursors import Cursors
from schema.links import Links
from schema.root import GRAPHQL_SCHEMA
from tests.conftest import TOKEN_KEYS
from tests.engine.compiled.comparison import (
    NEVER_AWAITED,
    Answer,
    answer_of,
    by_compiled,
    by_graphql_core,
    compiled,
    must_agree,
)
from tests.engine.compiled.operations import Request, operations
from tests.support.shop import Shop, open_shop

OPERATIONS = int(os.environ.get("AGREEMENT_OPERATIONS", "300")) // 4

REQUESTS = 10

EVERYTHING = """{
    store { id }
    customers { nodes { id } }
    sessions { nodes { id roomId orders { id number } } edges { cursor } }
    apps { nodes { id } }
}"""

SCALARS: dict[str, st.SearchStrategy[Any]] = {
    "Int": st.sampled_from([1, 2, 3, 5, 30, 60, 100, 0]),
    "DateTime": st.sampled_from(["2026-02-28T12:30:00Z", "2020-02-28T12:30:00.5+07:00", "2100-01-01T00:00:00Z"]),
    "Decimal": st.sampled_from(["1.10", "-0"]),
    "JSON": st.sampled_from([{}, {"source": "chat"}, {"source": 1}, []]),
    "URL": st.just("https://shop.example/chat"),
}


class Subject(NamedTuple):
    """A shop with sessions in every state, the operations to compare, and the answers that were compared."""

    db: Pool
    credential: Credential | None
    requests: st.SearchStrategy[Request]
    compared: list[Answer]

    def context(self, is_known: bool) -> Context:
        links = Links("http://links.example/s", TOKEN_KEYS)
        publish_documents = partial(publish, self.db)
        return Context(self.db, links, Cursors(TOKEN_KEYS), self.credential if is_known else None, publish_documents)

    def __repr__(self) -> str:
        return "the subject"


@pytest.fixture(scope="module")
async def subject(db: Pool, http: httpx.AsyncClient) -> AsyncIterator[Subject]:
    shop = await open_shop(db, http)
    await furnish(shop)
    scalars, examples = found_in(await shop.ask(EVERYTHING))
    credential = await get_credential(db, hash_api_key(shop.key))
    yield (subject := Subject(db, credential, operations(GRAPHQL_SCHEMA, scalars, examples, mutations=False), []))
    compared = subject.compared
    assert len(compared) >= OPERATIONS * 0.8
    rows = sum("[{" in answer.data for answer in compared)
    failed = sum(bool(answer.errors) for answer in compared)
    print(f"{len(compared)} compared, {rows} with rows, {failed} with errors")
    # The shares of few operations depend on chance.
    least = OPERATIONS * 0.1 if OPERATIONS >= 1_000 else 1
    assert rows >= least
    assert failed >= least


async def furnish(shop: Shop) -> None:
    for number, name in enumerate(["Dewi Lestari", "Dewi", "王小明", "Ünal", "Budi"]):
        session = await shop.create(
            name,
            roomId=None if number == 3 else f"19056{number}",
            orderNumber=f"QSH{number}" if number % 2 else None,
            expirationMinutes=0 if number == 2 else 30,
            metadata={"source": "chat"} if number else {},
        )
        if number == 1:
            await shop.change("revokeToken", sessionId=session["id"])
        if number == 4:
            await shop.turn_back(session["id"], 60)
        if number in (0, 1):
            await shop.change("recordConversion", sessionId=session["id"], kind="PURCHASE")


def found_in(found: dict[str, Any]) -> tuple[dict[str, st.SearchStrategy[Any]], dict[str, st.SearchStrategy[Any]]]:
    """The scalars, with IDs and texts that the shop has, and examples of arguments that would mostly be refused."""
    sessions = found["sessions"]["nodes"]
    ids = {
        "session.id": [node["id"] for node in sessions],
        "customer.id": [node["id"] for node in found["customers"]["nodes"]],
        "app.id": [node["id"] for node in found["apps"]["nodes"]],
        "node.id": [found["store"]["id"], *(order["id"] for session in sessions for order in session["orders"])],
    }
    every = [id for some in ids.values() for id in some]
    cursors = [edge["cursor"] for edge in found["sessions"]["edges"]]
    scalars = {"ID": st.sampled_from(every), "String": st.sampled_from(["Dewi", "王", "190", "QSH1", "", cursors[0]])}
    examples = {name: st.sampled_from(some) for name, some in ids.items()}
    examples |= {"after": st.none(), "before": st.none(), "sessions.after": st.sampled_from([None, *cursors])}
    return SCALARS | scalars, examples


def unordered(answer: Answer) -> tuple[str, list[str]]:
    return answer.data, sorted(map(str, answer.errors))


@NEVER_AWAITED
@settings(max_examples=OPERATIONS)
@given(data=st.data(), is_known=st.integers(0, 9).map(bool), hide=st.booleans())
async def test_a_compiled_query_of_sessions_answers_what_graphql_core_answers(
    subject: Subject, data: st.DataObject, is_known: bool, hide: bool
) -> None:
    text, name, several = data.draw(subject.requests)
    note(f"{text}\noperation {name}")
    document = parse(text)
    assert validate(GRAPHQL_SCHEMA, document) == []
    operation = compiled(GRAPHQL_SCHEMA, document, name)
    for variables in several:
        note(f"variables {variables}")
        for tries_left in reversed(range(REQUESTS)):
            contexts = [subject.context(is_known) for _ in range(2)]
            try:
                ours = await answer_of(by_compiled(operation, variables, contexts[0], hide_suggestions=hide))
            except Unsupported:
                break
            theirs = await answer_of(
                by_graphql_core(GRAPHQL_SCHEMA, document, name, variables, contexts[1], hide_suggestions=hide)
            )
            if unordered(ours) == unordered(theirs) or not tries_left:
                must_agree(unordered(ours), unordered(theirs))
                must_agree(contexts[0].cost_counter.unforeseen, contexts[1].cost_counter.unforeseen)
                subject.compared.append(theirs)
                break
