"""The contenders in Python: their commands, their requests, and the parsing of their responses."""

import sys
from base64 import b64encode, urlsafe_b64encode
from collections.abc import Collection
from dataclasses import dataclass
from hashlib import sha256
from typing import Any
from urllib.parse import urlencode

import orjson

from bench.speed.browser import ORIGIN
from bench.speed.queries import NAME_QUERIES, Query, Row, Sample, canonical, flattened
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
    """A request, with its headers in addition to those of a browser."""

    method: str
    path: str
    headers: dict[str, str]
    body: str | None


class Contender:
    """A server: one process that listens on a port of 127.0.0.1, with a pool of POOL_SIZE connections to Postgres."""

    name: str
    queries: Collection[Query] = tuple(Query)

    def command(self, port: int, database_url: str, sample: Sample) -> list[str]:
        raise NotImplementedError

    def environment(self, port: int, database_url: str, sample: Sample) -> dict[str, str]:
        """Variables for the process in addition to this process's environment."""
        return {}

    def request(self, query: Query, sample: Sample) -> Request:
        raise NotImplementedError

    def rows(self, query: Query, answer: bytes) -> list[Row] | None:
        """Read the canonical rows from the body of a response. None if this contender returns no rows."""
        raise NotImplementedError


DOCUMENTS = {
    **dict.fromkeys(NAME_QUERIES, f"query ($text: String!, $first: Int!) {{ {BY_NAME} {{ {PAGE} }} }}"),
    Query.PAGE: f"query ($first: Int!) {{ sessions(first: $first) {{ {PAGE} }} }}",
    Query.DETAIL: f"query ($id: ID!) {{ session(id: $id) {{ {FIELDS} }} }}",
    Query.SHORT_PAGE: f"query ($first: Int!) {{ sessions(first: $first) {{ nodes {{ {SHORT_FIELDS} }} }} }}",
    Query.DEEP_PAGE: f"query ($after: String!, $first: Int!) {{ sessions(first: $first, after: $after) {{ {PAGE} }} }}",
    Query.ORDER: f"query ($number: String!, $first: Int!) {{ {BY_ORDER} {{ nodes {{ {FIELDS} }} }} }}",
}


def document_id(query: Query) -> str:
    """The ID under which the query's document is published."""
    return sha256(DOCUMENTS[query].encode()).hexdigest()


class Roomkey(Contender):
    """`roomkey serve` with one worker. Each request has a credential, a cost, a rate limit and a line in the log."""

    def __init__(
        self, name: str, *, compiled: bool = True, persisted: bool = False, python: str = sys.executable
    ) -> None:
        self.name = name
        self._python = python
        self._compiled = compiled
        self._persisted = persisted

    def command(self, port: int, database_url: str, sample: Sample) -> list[str]:
        return [self._python, "-c", "from cli import main; main()", "serve", "--port", str(port)]

    def environment(self, port: int, database_url: str, sample: Sample) -> dict[str, str]:
        return {
            "DATABASE_URL": database_url,
            "DATABASE_DIRECT_URL": database_url,
            "TOKEN_KEYS": f"{TOKEN_KEYS.current}:{b64encode(TOKEN_KEYS.secrets[TOKEN_KEYS.current]).decode()}",
            "CORS_ORIGINS": ORIGIN,
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
    """Strawberry with SQLAlchemy and a data loader, as usually written. The schema has Roomkey's names."""

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
    """Roomkey's statements and responses without GraphQL."""

    name = "bare"
    prefix = ""

    def command(self, port: int, database_url: str, sample: Sample) -> list[str]:
        return uvicorn("bench.speed.bare:create_app", port, "--factory")

    def environment(self, port: int, database_url: str, sample: Sample) -> dict[str, str]:
        return {"DATABASE_URL": database_url, "STORE_ID": sample.store_id}

    def request(self, query: Query, sample: Sample) -> Request:
        values = urlencode(values_of(query, sample, " ".join(sample.deep_after)))
        return Request("GET", f"{self.prefix}/{query}?{values}", {}, None)

    def rows(self, query: Query, answer: bytes) -> list[Row]:
        return rows_of_graphql(query, answer)


class BarePlanned(Bare):
    """The same with the first version's statement for pages by name."""

    name = "bare-planned"
    prefix = "/planned"
    queries = NAME_QUERIES


class Floor(Contender):
    """uvicorn, and one fetch of a prepared statement."""

    name = "floor"
    path = "/detail"
    queries = (Query.DETAIL,)

    def command(self, port: int, database_url: str, sample: Sample) -> list[str]:
        return uvicorn("bench.speed.floor:app", port)

    def environment(self, port: int, database_url: str, sample: Sample) -> dict[str, str]:
        return {"DATABASE_URL": database_url, "STORE_ID": sample.store_id, "SESSION_ID": sample.session_id}

    def request(self, query: Query, sample: Sample) -> Request:
        return Request("GET", self.path, {}, None)

    def rows(self, query: Query, answer: bytes) -> None:
        return None


class Hello(Floor):
    """Only uvicorn."""

    name = "hello"
    path = "/hello"


def values_of(query: Query, sample: Sample, cursor: str) -> dict[str, Any]:
    """The variables of the query's document."""
    match query:
        case Query.DETAIL:
            return {"id": sample.session_id}
        case Query.ORDER:
            return {"number": sample.order_number, "first": query.size}
        case Query.DEEP_PAGE:
            return {"after": cursor, "first": query.size}
        case _ if query in sample.texts:
            return {"text": sample.texts[query], "first": query.size}
        case _:
            return {"first": query.size}


def post(path: str, document: str, variables: dict[str, Any], headers: dict[str, str] | None = None) -> Request:
    """A GraphQL request by POST."""
    body = orjson.dumps({"query": document, "variables": variables}).decode()
    return Request("POST", path, {"Content-Type": "application/json", **(headers or {})}, body)


def rows_of_graphql(query: Query, answer: bytes) -> list[Row]:
    """Read the rows of a response with the shape of Roomkey's. Raises KeyError, TypeError and ValueError."""
    data = data_of(answer)
    if query is Query.DETAIL:
        return canonical(query, [flattened(data["session"])])
    page = data["sessions"]
    has_next_page = page["pageInfo"]["hasNextPage"] if query.is_page else None
    return canonical(query, [flattened(session) for session in page["nodes"]], has_next_page)


def data_of(answer: bytes) -> dict[str, Any]:
    """The `data` of a GraphQL response. Raises ValueError if it has errors."""
    body: dict[str, Any] = orjson.loads(answer)
    if "errors" in body:
        raise ValueError(body["errors"])
    data: dict[str, Any] = body["data"]
    return data


def uvicorn(app: str, port: int, *more: str) -> list[str]:
    """The command that starts uvicorn with Roomkey's settings."""
    options = ["--port", str(port), "--loop", "uvloop", "--http", "httptools", "--no-access-log", "--no-server-header"]
    return [sys.executable, "-m", "uvicorn", app, "--log-level", "warning", *options, *more]


CONTENDERS: list[Contender] = [
    Roomkey("roomkey"),
    Roomkey("roomkey-persisted", persisted=True),
    Roomkey("roomkey-interpreted", compiled=False),
    Naive(),
    Bare(),
    BarePlanned(),
    Floor(),
    Hello(),
]
