"""Generates the rows of the demo data: sessions with their customers, orders and events, oldest first."""

import json
from collections.abc import Iterator
from decimal import Decimal
from itertools import accumulate, count
from random import Random
from typing import Any, NamedTuple, TypeAlias

from demo.moments import DAY, FOREVER, HOUR, MINUTE, SECOND, external_id, id_maker, moment, moments, order_number
from demo.people import AGENTS, CAMPAIGNS, CHANNELS, PEOPLE, PRICES, REASONS, STORE_TRADES, STORE_WORDS, invent_person

EXPIRATIONS = (15, 30, 60, 120, 240, 480, 1440)
SESSIONS_PER_CUSTOMER = 1.4
REGULARS = 400

Row: TypeAlias = tuple[Any, ...]
Event: TypeAlias = tuple[int, str, int | None, str | None]
"""The time, the kind, the new expiration time of the token, and the reason."""
Customer: TypeAlias = tuple[str, str, str | None]
"""The ID, the name and the room ID."""


class Batch(NamedTuple):
    """Rows, with columns in the order of COLUMNS in demo/load.py."""

    customers: list[Row]
    sessions: list[Row]
    orders: list[Row]
    events: list[Row]


class Store:
    """A store and the state of its generation: its regular customers and its unused numbers."""

    def __init__(self, id: str, expiration: int, home: str, numbers: Iterator[int]) -> None:
        self.id = id
        self.expiration = expiration
        self.currency = PEOPLE[home].currency
        self.languages = list(PEOPLE)
        # A little more than half of the customers speak the language of the store.
        self.shares = list(accumulate(people.share + 90 * (language == home) for language, people in PEOPLE.items()))
        self.numbers = numbers
        self.regulars: list[Customer] = []


def store_names(random: Random) -> Iterator[str]:
    """Unique names of stores."""
    names = [f"{word} {trade}" for word in STORE_WORDS for trade in STORE_TRADES]
    random.shuffle(names)
    yield from names
    for round in count(2):
        yield from (f"{name} {round}" for name in names)


class SessionGenerator:
    """Generates sessions in batches, oldest first. The same seed, time and stores give the same sessions."""

    def __init__(self, random: Random, now: int, stores: list[Store], sessions: int, token_key: str) -> None:
        self._random = random
        self._now = now
        self._stores = stores
        # Of 200 stores, the first has 9 % of the sessions and the last 0.16 %.
        self._weights = list(accumulate((rank + 1) ** -0.76 for rank in range(len(stores))))
        self._moments = moments(random, now, sessions)
        self._left = sessions
        self._token_key = token_key
        self._new_id = id_maker(random)
        self._room = 1_000_000
        # Room IDs have seven digits for any number of customers.
        self._room_step = max(2, int(1_900_000 * SESSIONS_PER_CUSTOMER) // max(sessions, 1))

    def batch(self, size: int) -> Batch:
        """The next sessions, at most `size`. Empty after the last session."""
        size = min(size, self._left)
        self._left -= size
        batch = Batch([], [], [], [])
        for store in self._random.choices(self._stores, cum_weights=self._weights, k=size):
            self._session(batch, store, next(self._moments))
        return batch

    def _session(self, batch: Batch, store: Store, created: int) -> None:
        random, new_id = self._random, self._new_id
        customer = self._customer(batch, store, created)
        id = new_id("session", created)
        events = self._token_events(store, created)
        first = {event: at for at, event, *_ in reversed(events)}
        joined, revoked, reissued = map(first.get, ("JOINED", "REVOKED", "REISSUED"))
        expires = [until for _, _, until, _ in events if until is not None][-1]

        converted = kind = None
        if joined is not None and random.random() < 0.4:
            at = joined + 20 * SECOND + int(random.lognormvariate(3.6, 1.6) * MINUTE)
            if at < (revoked or self._now):
                converted = at
                kind = random.choices(("PURCHASE", "TASK", "GOAL"), cum_weights=(80, 92, 100))[0]
                events.append((at, "CONVERTED", None, None))
        numbers, bought = self._orders(batch, store, id, created, converted if kind == "PURCHASE" else None)

        metadata = self._metadata() if random.random() < 0.35 else "{}"
        order_numbers = "\n".join(reversed(numbers))
        token = (2 if reissued else 1, self._token_key, *map(moment, (reissued or created, expires, revoked)))
        row = (store.id, id, *customer, order_numbers, moment(created), *token)
        batch.sessions.append((*row, kind, moment(converted), bought, metadata))
        events.sort()
        for at, event, until, reason in events:
            batch.events.append((store.id, new_id("event", at), id, event, moment(at), moment(until), reason))

    def _token_events(self, store: Store, created: int) -> list[Event]:
        """The events of the token of a session."""
        random, now = self._random, self._now
        age = now - created
        fate = random.random()
        minutes = store.expiration if random.random() < 0.7 else random.choice(EXPIRATIONS)
        if fate < 0.10:
            minutes = 0
        elif minutes == 0:
            minutes = 60
        renewal, renewed = 0, None
        if 0.18 <= fate < 0.30:
            # The token is still active. Tokens are valid for at most a day, so an older one must have been renewed.
            if age < EXPIRATIONS[-1] * MINUTE:
                minutes = random.choice([some for some in EXPIRATIONS if some * MINUTE > age])
            else:
                renewal = random.choice(EXPIRATIONS)
                renewed = now - int(renewal * MINUTE * random.uniform(0.01, 0.97))
        elif fate >= 0.94:
            renewal = random.choice(EXPIRATIONS)
            renewed = created + 5 * MINUTE + int(random.expovariate(1 / (6 * HOUR)))
            if renewed + renewal * MINUTE > now:
                renewed = None

        expires = created + minutes * MINUTE if minutes else FOREVER
        revoked = None
        if 0.10 <= fate < 0.18:
            revoked = created + int(random.uniform(0.05, 0.95) * min(age, 1.3 * (expires - created)))
        events: list[Event] = [(created, "ISSUED", expires, None)]
        events += self._visits(created, min(expires, revoked or now, renewed or now, now), sent=True)
        if revoked is not None:
            events.append((revoked, "REVOKED", None, random.choice(REASONS)))
        if renewed is not None:
            expires = renewed + renewal * MINUTE
            reissued = random.random() < 0.5
            events.append((renewed, "REISSUED" if reissued else "EXTENDED", expires, None))
            events += self._visits(renewed, min(expires, now), sent=reissued)
        return events

    def _visits(self, start: int, end: int, *, sent: bool) -> list[Event]:
        """The visits of a link and, if it was just sent, its preview."""
        random = self._random
        events: list[Event] = []
        if sent and random.random() < 0.86:
            at = start + int(random.uniform(0.6, 4.5) * SECOND)
            if at < end:
                events.append((at, "PREVIEWED", None, None))
        at = start
        pace = 1 / min(0.35 * (end - start) + 1, 25 * MINUTE)
        chance = 0.68
        while random.random() < chance:
            at += 5 * SECOND + int(random.expovariate(pace))
            if at >= end:
                break
            events.append((at, "OPENED", None, None))
            if random.random() < 0.88:
                at += int(random.uniform(1.2, 20) * SECOND)
                if at >= end:
                    break
                events.append((at, "JOINED", None, None))
            # Joins within a minute of each other are one event.
            at += MINUTE
            chance = 0.16
        return events

    def _orders(
        self, batch: Batch, store: Store, session_id: str, created: int, bought: int | None
    ) -> tuple[list[str], str | None]:
        """Add the orders of a session. Returns their numbers, oldest first, and the ID of the order that was bought."""
        random = self._random
        weights = (58, 95, 99, 100) if bought is None else (0, 86, 97, 100)
        numbers: list[str] = []
        id = None
        typical, rounding = PRICES[store.currency]
        latest = min(self._now, bought or created + 3 * DAY)
        recorded = created
        for nth in range(random.choices(range(4), cum_weights=weights)[0]):
            # Most sessions are about an existing order; the others lead to one.
            placed = created - 2 * SECOND - int(random.expovariate(1 / (20 * MINUTE)))
            if nth or (bought is not None and random.random() < 0.5):
                recorded += int(random.uniform(0.2, 0.9) * (latest - recorded))
                placed = recorded - 1
            total = currency = None
            if random.random() < 0.95:
                steps = max(1, round(random.lognormvariate(0, 0.7) * typical / rounding))
                total, currency = Decimal(steps * round(rounding * 100)).scaleb(-2), store.currency
            number = order_number(next(store.numbers))
            numbers.append(number)
            id = self._new_id("order", recorded)
            batch.orders.append((store.id, id, number, session_id, total, currency, moment(placed), moment(recorded)))
        return numbers, None if bought is None else id

    def _customer(self, batch: Batch, store: Store, created: int) -> Customer:
        """A regular customer of the store, or a new customer."""
        random = self._random
        regulars = store.regulars
        if regulars and random.random() > 1 / SESSIONS_PER_CUSTOMER:
            return regulars[int(len(regulars) * random.random() ** 1.5)]
        name, phone, email = invent_person(random, random.choices(store.languages, cum_weights=store.shares)[0])
        self._room += random.randint(1, self._room_step)
        room_id = str(self._room) if random.random() < 0.92 else None
        id = self._new_id("customer", created)
        number = external_id(next(store.numbers)) if random.random() < 0.6 else None
        batch.customers.append((store.id, id, name, phone, email, number, moment(created)))
        customer = id, name, room_id
        if len(regulars) < REGULARS:
            regulars.append(customer)
        else:
            regulars[random.randrange(REGULARS)] = customer
        return customer

    def _metadata(self) -> str:
        random = self._random
        metadata: dict[str, object] = {"channel": random.choice(CHANNELS)}
        if random.random() < 0.6:
            metadata["agent"] = random.choice(AGENTS)
        if random.random() < 0.4:
            metadata["campaign"] = random.choice(CAMPAIGNS)
        if random.random() < 0.15:
            metadata["cart"] = {"items": random.randint(1, 9), "gift": random.random() < 0.2}
        return json.dumps(metadata, ensure_ascii=False)
