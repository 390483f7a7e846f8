"""Wrong codes: none is accepted, and the time of the response does not tell which sessions exist."""

import random
import time
from collections import Counter
from collections.abc import Callable, Mapping
from statistics import median
from typing import Any, NamedTuple
from urllib.parse import quote

import orjson
from typeid.codecs import base32

from bench.faults.promises import Outcome
from bench.faults.servers import SIGNING_KEYS, Client, connected, database, get, post, serving, shops
from db.ids import new_id
from db.pool import Pool
from schema.admission import Visit, admit
from schema.links import ID_LENGTH, Links
from schema.signing_keys import SigningKeys
from tests.support.persisted_documents import JOIN
from tests.support.shop import Shop, code_of

TRIES = 100_000
BY_HTTP = 4_000
SESSIONS = 200
TIMED = 1_500

DIGITS = "0123456789abcdefghjkmnpqrstvwxyz"
LOOKALIKES = {"0": "oO", "1": "lIi", "v": "uU", "5": "sS"}
AGENTS = ("Mozilla/5.0", "WhatsApp/2.24")


class Codes(NamedTuple):
    """Codes of a store's sessions, and of others that the store must not accept."""

    genuine: list[str]
    replaced: list[str]
    foreign: list[str]
    of_other_keys: list[str]


async def no_wrong_code_is_accepted() -> Outcome:
    chance = random.Random(1)
    with database() as (folder, url), serving(folder, url) as served:
        async with shops(url, served.url, 2) as (shop, other):
            codes = await _codes_of(shop, other)
            async with connected(served.url) as client:
                works = [await _is_admitted(client, shop, code) for code in codes.genuine[:10]]
            before = await _count_events(shop.db)
            wrong = _wrong_codes(codes, chance)
            accepted: Counter[str] = Counter()
            for _ in range(TRIES):
                kind = chance.choice([*wrong])
                if await _admits(shop, wrong[kind]()):
                    accepted[kind] += 1
            async with connected(served.url) as client:
                for _ in range(BY_HTTP):
                    kind = chance.choice([*wrong])
                    if await _is_accepted(client, shop, wrong[kind](), chance):
                        accepted[f"{kind} by HTTP"] += 1
            nothing_recorded = await _count_events(shop.db) == before
            works += [await _admits(shop, code) for code in codes.genuine]
    figure = (
        f"{accepted.total()} of {TRIES:,} wrong codes in {len(wrong)} ways accepted, and {BY_HTTP:,} of them by HTTP"
    )
    if not all(works):
        return Outcome(False, f"{works.count(False)} of {len(works)} genuine codes were refused; {figure}")
    details = f" ({dict(accepted)})" if accepted else f"; all {len(works)} genuine ones were"
    return Outcome(not accepted and nothing_recorded, figure + details)


async def _admits(shop: Shop, code: str) -> bool:
    # A new object without memory, because a client that sends wrong codes is limited soon.
    links = Links("", SigningKeys(SIGNING_KEYS))
    return await admit(shop.db, links, shop.id, code, Visit("OPENED", "")) is not None


async def the_time_tells_nothing() -> Outcome:
    """Compare the response times of codes with an unknown session, a wrong MAC, and a session of another store."""
    chance = random.Random(2)
    with database() as (folder, url), serving(folder, url) as served:
        async with shops(url, served.url, 2) as (shop, other), connected(served.url) as client:
            codes = await _codes_of(shop, other)
            ways: dict[str, Callable[[], str]] = {
                "unknown": lambda: (
                    new_id("session").removeprefix("session_") + chance.choice(codes.genuine)[ID_LENGTH:]
                ),
                "tampered": lambda: chance.choice(codes.genuine)[:ID_LENGTH] + chance.choice(codes.foreign)[ID_LENGTH:],
                "foreign": lambda: chance.choice(codes.foreign),
            }
            milliseconds: dict[str, list[float]] = {way: [] for way in ways}
            answers = set()
            for _ in range(TIMED):
                for way in chance.sample([*ways], len(ways)):
                    request = get(f"/s/{shop.slug}/{ways[way]()}")
                    started = time.perf_counter()
                    response = await client.send(request)
                    milliseconds[way].append((time.perf_counter() - started) * 1000)
                    answers.add((response.status, response.body))
    medians = {way: median(each) for way, each in milliseconds.items()}
    # A lock on the session would add the milliseconds of a write to disk.
    difference = max(medians.values()) - min(medians.values())
    figure = ", ".join(f"{way} {each:.2f} ms" for way, each in medians.items())
    return Outcome(difference < 0.3 and len(answers) <= 2, f"median response times: {figure}")


def _wrong_codes(codes: Codes, chance: random.Random) -> Mapping[str, Callable[[], str]]:
    """Functions that make wrong codes, by the kind of error."""
    genuine = frozenset(codes.genuine)

    def digits(count: int) -> str:
        return "".join(chance.choices(DIGITS, k=count))

    def pick() -> str:
        return chance.choice(codes.genuine)

    def tampered(first: int, last: int) -> str:
        while True:
            code = list(pick())
            for _ in range(chance.randint(1, 3)):
                code[chance.randrange(first, last)] = chance.choice(DIGITS)
            if (changed := "".join(code)) not in genuine:
                return changed

    def flipped() -> str:
        code = pick()
        mac = int.from_bytes(base32.decode(code[ID_LENGTH:]), "big") ^ 1 << chance.randrange(128)
        return code[:ID_LENGTH] + base32.encode(mac.to_bytes(16, "big"))

    def spelled_otherwise() -> str:
        code = pick()
        places = [place for place, digit in enumerate(code) if digit in LOOKALIKES or digit.isalpha()]
        place = chance.choice(places)
        other = chance.choice([*LOOKALIKES.get(code[place], ""), code[place].upper()])
        other = chance.choice("oOlIé٠") if other == code[place] else other
        return code[:place] + other + code[place + 1 :]

    def of_another_session() -> str:
        one, other = chance.sample(codes.genuine, 2)
        return one[:ID_LENGTH] + other[ID_LENGTH:]

    return {
        "tampered MAC": lambda: tampered(ID_LENGTH, 2 * ID_LENGTH),
        "tampered ID": lambda: tampered(0, ID_LENGTH),
        "one bit flipped": flipped,
        "truncated": lambda: pick()[: chance.randrange(2 * ID_LENGTH)],
        "cut at the start": lambda: pick()[chance.randrange(1, 2 * ID_LENGTH) :],
        "longer": lambda: pick() + digits(chance.randint(1, 52)),
        "other spelling": spelled_otherwise,
        "MAC of another session": of_another_session,
        "of another store": lambda: chance.choice(codes.foreign),
        "MAC of another store": lambda: pick()[:ID_LENGTH] + chance.choice(codes.foreign)[ID_LENGTH:],
        "replaced by a new link": lambda: chance.choice(codes.replaced),
        "signed by other keys": lambda: chance.choice(codes.of_other_keys),
        "guessed MAC": lambda: pick()[:ID_LENGTH] + base32.encode(chance.randbytes(16)),
        "guessed": lambda: base32.encode(chance.randbytes(16)) + base32.encode(chance.randbytes(16)),
        "any digits": lambda: digits(2 * ID_LENGTH),
    }


async def _codes_of(shop: Shop, other: Shop) -> Codes:
    sessions = [await shop.create() for _ in range(SESSIONS)]
    first, half = [code_of(session) for session in sessions], SESSIONS // 2
    reissued = [await shop.changed("reissueToken", sessionId=session["id"]) for session in sessions[:half]]
    foreign = [code_of(await other.create()) for _ in range(SESSIONS)]
    # Another server with the same rows and other keys, by the name that the rows have.
    impostor = Links("", SigningKeys({"k": b"the secret of some other server."}))
    rows = [{"id": session["id"], "token_key": "k", "token_generation": 1} for session in sessions[half:]]
    of_other_keys = [impostor.code(shop.id, row) for row in rows]  # type: ignore[arg-type]
    genuine = [code_of(session) for session in reissued] + first[half:]
    return Codes(genuine, first[:half], foreign, [code for code in of_other_keys if code])


async def _is_accepted(client: Client, shop: Shop, code: str, chance: random.Random) -> bool:
    """Send a code as a link or to joinSession. Too many requests (429) are refused as well."""
    if chance.random() < 0.5:
        request = get(f"/s/{shop.slug}/{quote(code)}", f"User-Agent: {chance.choice(AGENTS)}")
        return (await client.send(request)).status not in (404, 429)
    token = f"http://127.0.0.1/s/{shop.slug}/{code}" if chance.random() < 0.5 else code
    response = await client.send(post(JOIN, shop.key, token=token))
    if response.status == 429:
        return False
    payload = _payload(response.body)
    return payload["session"] is not None or [error["code"] for error in payload["userErrors"]] != ["TOKEN_UNKNOWN"]


async def _is_admitted(client: Client, shop: Shop, code: str) -> bool:
    opened = await client.send(get(f"/s/{shop.slug}/{code}"))
    joined = await client.send(post(JOIN, shop.key, token=code))
    return opened.status == 303 and _payload(joined.body)["session"] is not None


def _payload(body: bytes) -> Any:
    return orjson.loads(body)["data"]["joinSession"]


async def _count_events(db: Pool) -> int:
    [row] = await db.fetch("select count(*) as events from session_event")
    return int(row.events)
