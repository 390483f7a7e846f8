"""The contenders: how each is started, what it is asked, and how its answer is read. Those of Node are apart."""

import sys
from base64 import b64encode, urlsafe_b64encode
from dataclasses import dataclass
from hashlib import sha256
from typing import Any
from urllib.parse import urlencode

import orjson

from bench.speed.queries import Query, Row, Sample, canonical, flattened
from schema.signing_keys import SigningKeys

FIELDS = (
    "id active dateCreated roomId customer { id name } token { status issuedAt expiredTime revokedAt } "
    "conversion { kind at }"
)
SHORT_FIELDS = "id customer { name } token { status }"
PAGE = f"nodes {{ {FIELDS} }} pageInfo {{ hasNextPage }}"
BY_NAME = "sessions(filter: {customerName: {contains: $text}}, first: $first)"
BY_ORDER = "sessions(filter: {orderNumber: {equals: $number}}, first: $first)"
POOL_SIZE = 8
TOKEN_KEYS = SigningKeys({"bench": bytes(32)})


@dataclass(frozen=True)
class Request:
    """`path` begins with a slash."""

    method: str
    path: str
    headers: dict[str, str]
    body: str | None


class Contender:
    """A server: one process that listens on a port of 127.0.0.1, with a pool of POOL_SIZE connections to Postgres."""

    name: str

    def command(self, port: int, database_url: str, sample: Sample) -> list[str]:
        raise NotImplementedError

    def environment(self, port: int, database_url: str, sample: Sample) -> dict[str, str]:
        """What the process has in its environment besides ours."""
        return {}

    def request(self, query: Query, sample: Sample) -> Request | None:
        """None: it has no such query."""
        raise NotImplementedError

    def rows(self, query: Query, answer: bytes) -> list[Row]:
        """The canonical rows of the answer's body, whose status was 200."""
        raise NotImplementedError


DOCUMENTS = {
    Query.PAGE_BY_NAME: f"query ($text: String!, $first: Int!) {{ {BY_NAME} {{ {PAGE} }} }}",
    Query.PAGE: f"query ($first: Int!) {{ sessions(first: $first) {{ {PAGE} }} }}",
    Query.DETAIL: f"query ($id: ID!) {{ session(id: $id) {{ {FIELDS} }} }}",
    Query.SHORT_PAGE: f"query ($first: Int!) {{ sessions(first: $first) {{ nodes {{ {SHORT_FIELDS} }} }} }}",
    Query.LARGE_PAGE: f"query ($text: String!, $first: Int!) {{ {BY_NAME} {{ {PAGE} }} }}",
    Query.DEEP_PAGE: f"query ($after: String!, $first: Int!) {{ sessions(first: $first, after: $after) {{ {PAGE} }} }}",
    Query.ORDER: f"query ($number: String!, $first: Int!) {{ {BY_ORDER} {{ nodes {{ {FIELDS} }} }} }}",
}


def document_id(query: Query) -> str:
    """By which it is published."""
    return sha256(DOCUMENTS[query].encode()).hexdigest()


class Roomkey(Contender):
    """As `roomkey serve` starts it, one worker: it checks a credential, takes the cost and logs, at every request."""

    def __init__(self, name: str, *, compiled: bool = True, persisted: bool = False) -> None:
        self.name = name
        self._compiled = compiled
        self._persisted = persisted

    def command(self, port: int, database_url: str, sample: Sample) -> list[str]:
        return [sys.executable, "-c", "from cli import main; main()", "serve", "--port", str(port)]

    def environment(self, port: int, database_url: str, sample: Sample) -> dict[str, str]:
        return {
            "DATABASE_URL": database_url,
            "DATABASE_DIRECT_URL": database_url,
            "TOKEN_KEYS": f"{TOKEN_KEYS.current}:{b64encode(TOKEN_KEYS.secrets[TOKEN_KEYS.current]).decode()}",
            "COMPILED_DOCUMENTS": "on" if self._compiled else "off",
        }

    def request(self, query: Query, sample: Sample) -> Request:
        authorization = {"Authorization": f"Bearer {sample.key}"}
        variables = values_of(query, sample, sample.deep_cursor)
        if self._persisted:
            parameters = urlencode({"variables": orjson.dumps(variables).decode()})
            return Request("GET", f"/graphql/{document_id(query)}?{parameters}", authorization, None)
        return post("/graphql", DOCUMENTS[query], variables, authorization)

    def rows(self, query: Query, answer: bytes) -> list[Row]:
        return rows_of_graphql(query, answer)


class Naive(Contender):
    """Strawberry with SQLAlchemy and a loader, as usually written. The schema has Roomkey's names."""

    name = "strawberry-sqlalchemy"

    def command(self, port: int, database_url: str, sample: Sample) -> list[str]:
        return uvicorn("bench.speed.naive:app", port)

    def environment(self, port: int, database_url: str, sample: Sample) -> dict[str, str]:
        return {"DATABASE_URL": database_url, "STORE_ID": sample.store_id}

    def request(self, query: Query, sample: Sample) -> Request:
        cursor = urlsafe_b64encode("|".join(sample.deep_after).encode()).decode()
        return post("/graphql", DOCUMENTS[query], values_of(query, sample, cursor))

    def rows(self, query: Query, answer: bytes) -> list[Row]:
        return rows_of_graphql(query, answer)


class Bare(Contender):
    """The limit: Roomkey's statement and its answer, without GraphQL between them."""

    name = "bare"

    def command(self, port: int, database_url: str, sample: Sample) -> list[str]:
        return uvicorn("bench.speed.bare:create_app", port, "--factory")

    def environment(self, port: int, database_url: str, sample: Sample) -> dict[str, str]:
        return {"DATABASE_URL": database_url, "STORE_ID": sample.store_id}

    def request(self, query: Query, sample: Sample) -> Request:
        return Request("GET", f"/{query}?{urlencode(values_of(query, sample, ' '.join(sample.deep_after)))}", {}, None)

    def rows(self, query: Query, answer: bytes) -> list[Row]:
        return rows_of_graphql(query, answer)


def values_of(query: Query, sample: Sample, cursor: str) -> dict[str, Any]:
    """The variables of DOCUMENTS."""
    match query:
        case Query.DETAIL:
            return {"id": sample.session_id}
        case Query.ORDER:
            return {"number": sample.order_number, "first": query.size}
        case Query.DEEP_PAGE:
            return {"after": cursor, "first": query.size}
        case Query.PAGE_BY_NAME | Query.LARGE_PAGE:
            return {"text": sample.text, "first": query.size}
        case _:
            return {"first": query.size}


def post(path: str, document: str, variables: dict[str, Any], headers: dict[str, str] | None = None) -> Request:
    """GraphQL over HTTP."""
    body = orjson.dumps({"query": document, "variables": variables}).decode()
    return Request("POST", path, {"Content-Type": "application/json", **(headers or {})}, body)


def rows_of_graphql(query: Query, answer: bytes) -> list[Row]:
    """The canonical rows of an answer in the shape of Roomkey's."""
    data = orjson.loads(answer)["data"]
    if query is Query.DETAIL:
        return canonical(query, [flattened(data["session"])])
    page = data["sessions"]
    has_next_page = page["pageInfo"]["hasNextPage"] if query.is_page else None
    return canonical(query, [flattened(session) for session in page["nodes"]], has_next_page)


def uvicorn(app: str, port: int, *more: str) -> list[str]:
    """The command, with the settings that Roomkey has."""
    options = ["--port", str(port), "--loop", "uvloop", "--http", "httptools", "--no-access-log", "--no-server-header"]
    return [sys.executable, "-m", "uvicorn", app, "--log-level", "warning", *options, *more]


CONTENDERS: list[Contender] = [
    Roomkey("roomkey"),
    Roomkey("roomkey-persisted", persisted=True),
    Roomkey("roomkey-interpreted", compiled=False),
    Naive(),
    Bare(),
]
