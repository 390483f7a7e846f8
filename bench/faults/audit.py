"""Row 25: the audit log of a store with a million events is as fast as that of a new store."""

import tempfile
import time
from pathlib import Path
from statistics import median

import embedded
from bench.faults.promises import Outcome
from db.audit import Origin, create_signed_in
from db.keysets import Window
from db.migrate import migrate
from db.pool import Pool, connect
from db.search import EVERYTHING, Predicate, all_of, equals, in_range, one_of, search
from db.stores import create_store
from schema.audit import NEWEST_FIRST

EVENTS = 1_000_000
MILLISECONDS = 50
RUNS = 20
LOAD_SECONDS = 300.0

# Most events are changes of customers, as in a real store. One in 100,000 is a change of the store.
INSERT = """
insert into audit_event (store_id, id, at, action, object_id, api_key_id, user_id, address, before, after)
select $1, 'audit_' || lpad(number::text, 26, '0'), now() - make_interval(secs => $2 - number),
    case when number % 100000 = 0 then 'STORE_UPDATED' when number % 3 = 0 then 'ORDER_CREATED'
        else 'CUSTOMER_UPDATED' end,
    'customer_' || lpad((number % 200000)::text, 26, '0'),
    case when number % 2 = 0 then 'key_' || lpad((number % 10)::text, 26, '0') end,
    case when number % 2 = 1 then 'user-' || number % 50 end,
    '192.0.2.7', '{"phone": null}', '{"phone": null}'
from generate_series(1, $2) as number
"""


async def fast_on_a_million_events() -> Outcome:
    """Measure a page of 50 events with each filter."""
    with tempfile.TemporaryDirectory() as folder, embedded.start(Path(folder), durable=False) as postgres:
        await migrate(postgres.url())
        db = Pool(postgres.url(), size=1)
        await db.connect()
        store = await create_store(db, "toko", "Toko", "https://toko.example/", 30)
        assert store is not None
        loader = await connect(postgres.url())
        await loader.execute(INSERT, store.id, EVENTS, timeout=LOAD_SECONDS)
        await loader.execute("analyze audit_event", timeout=LOAD_SECONDS)
        await loader.close()
        [row] = await db.fetch("select at from audit_event where store_id = $1 order by at limit 1", store.id)
        filters = {
            "none": EVERYTHING,
            "a rare action": one_of("action", ["STORE_UPDATED"]),
            "a frequent action": one_of("action", ["CUSTOMER_UPDATED"]),
            "an object": equals("object_id", f"customer_{7:026}"),
            "an API key": equals("api_key_id", f"key_{2:026}"),
            "a user": equals("user_id", "user-7"),
            "a user and an action": all_of([equals("user_id", "user-7"), one_of("action", ["ORDER_CREATED"])]),
            "the oldest events": in_range("at", None, row["at"]),
        }
        figures = {name: await _milliseconds(db, store.id, predicate) for name, predicate in filters.items()}
        started = time.perf_counter()
        await create_signed_in(db, store.id, "app_1", Origin(None, "user-1", "192.0.2.7"))
        figures["a sign-in"] = (time.perf_counter() - started) * 1000
        await db.disconnect()
    slowest = max(figures, key=lambda name: figures[name])
    return Outcome(
        figures[slowest] < MILLISECONDS,
        f"a page of {EVENTS:,} events: {figures['none']:.1f} ms; slowest with {slowest}: {figures[slowest]:.1f} ms",
    )


async def _milliseconds(db: Pool, store_id: str, predicate: Predicate) -> float:
    """The median time of a page of 50 events."""
    times = []
    for _ in range(RUNS):
        started = time.perf_counter()
        await search(db, "audit_event", store_id, predicate, NEWEST_FIRST, Window(51))
        times.append((time.perf_counter() - started) * 1000)
    return median(times)
