"""A store under test, and its client."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import count
from typing import Any, NamedTuple

import httpx

from db.api_keys import create_api_key, generate_api_key, hash_api_key, set_api_key_used
from db.apps import AppSettings, create_app
from db.pool import Pool
from db.statements import Row
from db.stores import create_store

numbers = count(1)

SESSION = """fragment Session on Session {
    id active dateCreated roomId metadata
    customer { id name phone email externalId }
    token { link status issuedAt expiredTime revokedAt }
    conversion { kind at order { number } }
    orders { number }
}"""

JOINED = "session { id customerName roomId orderNumbers expiredTime }"

ERRORS = "userErrors { field code message }"

# Refusals by several mutations.
MISMATCH = [("idempotencyKey", "IDEMPOTENCY_MISMATCH", "was already used with a different input")]
ORDER_OF_ANOTHER = ("ORDER_OF_ANOTHER_SESSION", "must not be the number of another session's order")
MINUTES = "must be 1 to 1440 minutes, or 0 for a token that never expires, got "

# The field of a mutation's payload, if it is not the session.
CHANGED = {
    **{"recordOrder": "order", "updateCustomer": "customer", "redactCustomer": "customer"},
    **{
        "updateStoreSettings": "store",
        "createApp": "app",
        "updateApp": "app",
        "createApiKey": "apiKey",
        "revokeApiKey": "apiKey",
    },
    **{"publishDocuments": "documents", "retireDocument": "document"},
    **{"blockUser": "userId", "unblockUser": "userId"},
}

# A session as if all of it had happened earlier.
TURN_BACK = """
with session as (
    update session set created_at = created_at - $3::interval, token_issued_at = token_issued_at - $3::interval,
        token_expires_at = token_expires_at - $3::interval, token_revoked_at = token_revoked_at - $3::interval,
        converted_at = converted_at - $3::interval
    where store_id = $1 and id = $2
)
update session_event set at = at - $3::interval, expires_at = expires_at - $3::interval
where store_id = $1 and session_id = $2
"""


@dataclass(frozen=True)
class Shop:
    id: str
    slug: str
    key: str
    db: Pool
    http: httpx.AsyncClient

    @property
    def headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.key}"}

    async def post(self, query: str, **variables: Any) -> httpx.Response:
        """Send a document with these variables."""
        return await self.http.post("/graphql", json={"query": query, "variables": variables}, headers=self.headers)

    async def post_until_served(self, query: str, **variables: Any) -> httpx.Response:
        """The same, repeated while the server is too busy."""
        while True:
            response = await self.post(query, **variables)
            if not {"SERVICE_UNAVAILABLE", "TIMEOUT"} & set(response.text.split('"')):
                return response

    async def ask(self, query: str, **variables: Any) -> Any:
        """The data of a document. Errors fail the test."""
        response = await self.post(query, **variables)
        answer = response.json()
        assert response.status_code == 200, answer
        assert "errors" not in answer, answer["errors"]
        return answer["data"]

    async def error(self, query: str, **variables: Any) -> tuple[str, str]:
        """The code and message of the one error of an answer."""
        [error] = (await self.post(query, **variables)).json()["errors"]
        return error["extensions"]["code"], error["message"]

    async def change(self, mutation: str, selection: str = "", **input: Any) -> Any:
        """The payload of a mutation: `userErrors` and the selection, by default its session."""
        selection = selection or (JOINED if mutation == "joinSession" else "session { ...Session }")
        type = mutation[0].upper() + mutation[1:]
        document = f"mutation ($input: {type}Input!) {{ {mutation}(input: $input) {{ {selection} {ERRORS} }} }}"
        if "...Session" in selection:
            document += SESSION
        return (await self.ask(document, input=input))[mutation]

    async def changed(self, mutation: str, selection: str = "", **input: Any) -> Any:
        """The object that a mutation changed, by default its session; refusals fail the test."""
        payload = await self.change(mutation, selection, **input)
        assert payload["userErrors"] == [], payload
        return payload[CHANGED.get(mutation, "session")]

    async def refusals(self, mutation: str, **input: Any) -> list[tuple[str, str, str]]:
        """The field path, code and message of each user error of a refused mutation."""
        changed = CHANGED.get(mutation, "session")
        selection = changed if changed == "userId" else f"{changed} {{ id }}"
        payload = await self.change(mutation, selection, **input)
        assert payload[changed] is None
        return [(".".join(error["field"]), error["code"], error["message"]) for error in payload["userErrors"]]

    async def create(self, name: str = "Dewi Lestari", **input: Any) -> Any:
        """A new session; refusals fail the test."""
        return await self.changed("createSession", **{"customer": {"details": {"name": name}}} | input)

    async def session(self, id: str) -> Any:
        """The session as it is now."""
        return (await self.ask(f"query ($id: ID!) {{ session(id: $id) {{ ...Session }} }} {SESSION}", id=id))["session"]

    async def events(self, id: str, fields: str = "kind at expiredTime reason apiKeyId") -> list[Any]:
        """The timeline of a session, the oldest event first."""
        query = f"query ($id: ID!) {{ session(id: $id) {{ events {{ nodes {{ {fields} }} }} }} }}"
        return (await self.ask(query, id=id))["session"]["events"]["nodes"]

    async def event_kinds(self, id: str) -> list[str]:
        return [event["kind"] for event in await self.events(id, "kind")]

    async def found(self, **filter: Any) -> list[str]:
        """The IDs of the sessions that match."""
        query = "query ($filter: SessionFilter) { sessions(filter: $filter) { nodes { id } } }"
        return [node["id"] for node in (await self.ask(query, filter=filter))["sessions"]["nodes"]]

    async def order(self, number: str, fields: str = "id") -> Any:
        """The order with this number, or None."""
        query = f"query ($number: String!) {{ order(number: $number) {{ {fields} }} }}"
        return (await self.ask(query, number=number))["order"]

    async def api_key_id(self) -> str:
        return str((await self.ask("{ viewer { id } }"))["viewer"]["id"])

    async def app_id(self) -> str:
        return str((await self.ask("{ viewer { app { id } } }"))["viewer"]["app"]["id"])

    async def turn_back(self, id: str, minutes: float) -> None:
        """Move the events and the expired time of the session into the past."""
        await self.db.fetch(TURN_BACK, self.id, id, timedelta(minutes=minutes))

    async def with_scopes(self, *scopes: str) -> "Shop":
        """The shop with a new key that has these scopes."""
        return replace(self, key=(await new_app(self.db, self.id, list(scopes))).secret)


# A fixture that opens another store.
NewShop = Callable[[], Awaitable[Shop]]


async def open_shop(db: Pool, http: httpx.AsyncClient) -> Shop:
    """A new store with a key that has the scope admin."""
    slug = f"shop-{next(numbers)}"
    store = await create_store(db, slug, f"Shop {slug}", "https://shop.example/chat", 30)
    assert store is not None
    return Shop(store.id, slug, (await new_app(db, store.id, ["admin"])).secret, db, http)


class NewApp(NamedTuple):
    app: Row
    key: Row
    secret: str


async def new_app(db: Pool, store_id: str, scopes: list[str], name: str = "test", **settings: Any) -> NewApp:
    """A new app and its first key. Its default rate is never exceeded."""
    app = await create_app(db, store_id, AppSettings(name, scopes, **{"rate": 1_000_000} | settings))
    secret = generate_api_key()
    key = await create_api_key(db, store_id, app.id, name, hash_api_key(secret))
    assert key is not None
    await set_api_key_used(db, store_id, key.id)  # so that no request records it, while a test compares rows
    return NewApp(app, key, secret)


def moment(text: str) -> datetime:
    """A DateTime that the server wrote."""
    return datetime.fromisoformat(text)


def minutes_of(token: Any) -> float | None:
    """The minutes from a token's issue to its expiry; None: it never expires."""
    if token["expiredTime"] is None:
        return None
    return (moment(token["expiredTime"]) - moment(token["issuedAt"])) / timedelta(minutes=1)


def code_of(session: Any) -> str:
    """The code in a session's link."""
    return str(session["token"]["link"]).rsplit("/", 1)[1]


def path_of(session: Any) -> str:
    """The path of a session's link on the server under test."""
    return "/s/" + "/".join(session["token"]["link"].split("/")[-2:])
