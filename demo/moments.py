"""Times, IDs and numbers of the demo data.

Times are integers here, in microseconds since 1970, because millions of them are compared and added.
"""

from bisect import bisect
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from itertools import accumulate
from random import Random

SECOND = 1_000_000
MINUTE = 60 * SECOND
HOUR = 60 * MINUTE
DAY = 24 * HOUR
# The data of a large load covers 18 months.
DAYS = 548

# The time at which a token that never expires expires.
FOREVER = 2**62

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
# asyncpg sends this as infinity.
INFINITY = datetime.max.replace(tzinfo=UTC)

ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"
PAIRS = [a + b for a in ALPHABET for b in ALPHABET]
NUMBER_ALPHABET = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789"
NUMBER_PAIRS = [a + b for a in NUMBER_ALPHABET for b in NUMBER_ALPHABET]

# The relative number of sessions by hour of the day and day of the week, in the time zone of the demo store.
HOURS = (3, 2, 1, 1, 1, 2, 4, 7, 10, 13, 15, 16, 17, 15, 14, 14, 15, 17, 20, 22, 21, 17, 11, 6)
WEEKDAYS = (10, 10, 10, 11, 13, 16, 14)
UTC_OFFSET = 7


def moment(at: int | None) -> datetime | None:
    """The time as asyncpg takes it."""
    return None if at is None else INFINITY if at == FOREVER else EPOCH + timedelta(microseconds=at)


def id_maker(random: Random) -> Callable[[str, int], str]:
    """A function that returns a new TypeID with the given prefix, created at the given time.

    rand_a of the UUIDv7 contains the microseconds (RFC 9562 §6.2, method 3), so that IDs sort by time.
    """
    fractions = [0x70008 | (micro * 4096 // 1000) << 4 for micro in range(1000)]
    middles = [PAIRS[bits >> 10] + PAIRS[bits & 1023] for bits in fractions]
    letters = (ALPHABET * 8).encode()

    def tails() -> Iterator[str]:
        while True:
            text = random.randbytes(12 * 2048).translate(letters).decode()
            for start in range(0, len(text), 12):
                yield text[start : start + 12]

    tail = tails()

    def make(noun: str, at: int) -> str:
        ms, micro = divmod(at, 1000)
        return (
            f"{noun}_{PAIRS[ms >> 40]}{PAIRS[ms >> 30 & 1023]}{PAIRS[ms >> 20 & 1023]}{PAIRS[ms >> 10 & 1023]}"
            f"{PAIRS[ms & 1023]}{middles[micro]}{next(tail)}"
        )

    return make


def unused_numbers(random: Random, taken: frozenset[str] = frozenset()) -> Iterator[int]:
    """Unique numbers below 2**30 that look random, without those whose order number or external ID is taken."""
    number = random.getrandbits(30)
    while True:
        number = number + 1 & 0x3FFFFFFF
        # Multiplication by an odd factor and xor with a shift are permutations of 30 bits.
        mixed = number ^ number >> 15
        mixed = mixed * 0x2C1B3C6D & 0x3FFFFFFF
        mixed ^= mixed >> 12
        mixed = mixed * 0x297A2D39 & 0x3FFFFFFF
        mixed ^= mixed >> 15
        if not taken or taken.isdisjoint((order_number(mixed), external_id(mixed))):
            yield mixed


def order_number(number: int) -> str:
    return f"{NUMBER_PAIRS[number >> 20]}{NUMBER_PAIRS[number >> 10 & 1023]}{NUMBER_PAIRS[number & 1023]}"


def external_id(number: int) -> str:
    return str(1_000_000_000 + number)


def moments(random: Random, now: int, count: int) -> Iterator[int]:
    """The creation times of sessions, in ascending order: more of them recently, and the last within minutes of `now`.

    They cover 18 months; a small load covers fewer days, at least 30, with about a dozen sessions per day.
    """
    today = min(count, max(count // 100, 24))
    days = min(DAYS, max(30, count // 12))
    first_hour = (now - days * DAY) // HOUR
    hours = range(first_hour, (now - DAY) // HOUR)
    weights = [
        (0.4 + (hour - first_hour) / len(hours))
        * HOURS[(hour + UTC_OFFSET) % 24]
        * WEEKDAYS[((hour + UTC_OFFSET) // 24 + 3) % 7]
        for hour in hours
    ]
    step = sum(weights) / max(1, count - today)
    ends = list(accumulate(weights, initial=0.0))
    last = 0
    for nth in range(count - today):
        target = (nth + random.random()) * step
        place = min(bisect(ends, target), len(weights)) - 1
        within = min((target - ends[place]) / weights[place], 1)
        last = max(last + 1, int((hours[place] + within) * HOUR))
        yield last
    for nth in range(today):
        share = 1 - (nth + random.random()) / today
        last = max(last + 1, now - 20 * SECOND - int(share * share * (DAY - HOUR)))
        yield last
