"""Expiry is the database's decision: servers whose clock is an hour off agree with Postgres about every token."""

import asyncio
from collections import Counter
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from bench.faults.promises import Outcome
from bench.faults.servers import database, serving, shops
from tests.support import commands
from tests.support.shop import Shop, code_of, moment, path_of

HOURS = (1, -1)
# The distances of the expiration times from now, in seconds. None of them is reached while the script runs.
SECONDS = [sign * seconds for seconds in range(150, 7200, 75) for sign in (-1, 1)]

# A module that Python imports as it starts: the wall clock of this process is wrong, in all functions that read it.
WRONG_CLOCK = """
import datetime, time
SHIFT = {hours} * 3600
now, now_ns = time.time, time.time_ns
time.time = lambda: now() + SHIFT
time.time_ns = lambda: now_ns() + SHIFT * 10**9
for name in ("gmtime", "localtime", "ctime"):
    function = getattr(time, name)
    setattr(time, name, lambda seconds=None, f=function: f(time.time() if seconds is None else seconds))
class Shifted(datetime.datetime):
    @classmethod
    def now(cls, tz=None):
        return cls.fromtimestamp(time.time(), tz)
    today = now
    @classmethod
    def utcnow(cls):
        return cls.utcfromtimestamp(time.time())
datetime.datetime = Shifted
"""

SET_EXPIRY = """
with issued as (
    update session_event set at = now() - interval '3 hours', expires_at = now() + make_interval(secs => $3)
    where store_id = $1 and session_id = $2
)
update session set created_at = now() - interval '3 hours', token_issued_at = now() - interval '3 hours',
    token_expires_at = now() + make_interval(secs => $3)
where store_id = $1 and id = $2
"""
IN_POSTGRES = "select id, token_expires_at <= clock_timestamp() as is_expired from session where store_id = $1"
NOW = "select clock_timestamp() as now"

LIST = """query List($status: [TokenStatus!]) {
    sessions(first: 100, filter: {tokenStatus: $status}) { count { value } nodes { id active token { status } } }
}"""


async def a_wrong_clock_changes_no_status() -> Outcome:
    checked: Counter[str] = Counter()
    wrong: Counter[str] = Counter()
    shifts = []
    for hours in HOURS:
        with database() as (folder, url):
            (folder / "sitecustomize.py").write_text(WRONG_CLOCK.format(hours=hours))
            path = f"{folder}:{Path(__file__).parents[2]}"
            with serving(folder, url, PYTHONPATH=path) as served:
                async with shops(url, served.url) as [shop]:
                    await _compare(shop, checked, wrong)
                    shifts.append(await _shift(shop, folder / "serve.log"))
    offsets = ", ".join(f"{shift:+.0f} s" for shift in shifts)
    figure = f"{wrong.total()} of {checked.total():,} answers were wrong, by servers whose clocks were off by {offsets}"
    is_shifted = [round(shift / 3600) for shift in shifts] == [*HOURS]
    details = f": {+wrong}" if wrong.total() else ""
    return Outcome(not wrong.total() and is_shifted, figure + details)


async def _compare(shop: Shop, checked: Counter[str], wrong: Counter[str]) -> None:
    def check(name: str, found: Any, expected: Any) -> None:
        checked[name] += 1
        wrong[name] += found != expected

    sessions = [await shop.create() for _ in SECONDS]
    for session, seconds in zip(sessions, SECONDS, strict=True):
        await shop.db.fetch(SET_EXPIRY, shop.id, session["id"], float(seconds))
    is_expired = {row.id: row.is_expired for row in await shop.db.fetch(IN_POSTGRES, shop.id)}
    assert set(is_expired.values()) == {True, False}
    for session in sessions:
        expired = is_expired[session["id"]]
        found = await shop.session(session["id"])
        check("status", found["token"]["status"], "EXPIRED" if expired else "ACTIVE")
        check("active", found["active"], not expired)
        check("events", "EXPIRED" in await shop.event_kinds(session["id"]), expired)
        opened = await shop.http.get(path_of(session))
        check("link", opened.status_code, 410 if expired else 303)
        joined = await shop.change("joinSession", "session { id }", token=code_of(session))
        check("join", [error["code"] for error in joined["userErrors"]], ["TOKEN_EXPIRED"] if expired else [])
    for status in ("ACTIVE", "EXPIRED"):
        page = (await shop.ask(LIST, status=[status]))["sessions"]
        ids = {id for id, expired in is_expired.items() if expired == (status == "EXPIRED")}
        check("count", page["count"]["value"], len(ids))
        for node in page["nodes"]:
            check("filter", node["id"] in ids, True)
            check("filter", (node["token"]["status"], node["active"]), (status, status == "ACTIVE"))
    # New expiration times count from Postgres's now.
    for minutes in (1, 30, 1440):
        new = await shop.create(expirationMinutes=minutes)
        check("create", await _is_in(shop, new, minutes), True)
        for mutation in ("extendToken", "reissueToken"):
            changed = await shop.changed(mutation, sessionId=new["id"], minutes=minutes)
            check(mutation, await _is_in(shop, changed, minutes), True)
        check("join", (await shop.change("joinSession", token=code_of(changed)))["userErrors"], [])
    # A token whose expiration time passes: it is accepted before, and refused after.
    soon = await shop.create()
    await shop.db.fetch(SET_EXPIRY, shop.id, soon["id"], 2.0)
    check("before", (await shop.change("joinSession", token=code_of(soon)))["userErrors"], [])
    await asyncio.sleep(2.5)
    check("after", (await shop.session(soon["id"]))["token"]["status"], "EXPIRED")


async def _is_in(shop: Shop, session: Any, minutes: int) -> bool:
    """Whether the token expires this number of minutes after Postgres's now."""
    [row] = await shop.db.fetch(NOW)
    return abs(moment(session["token"]["expiredTime"]) - row.now - timedelta(minutes=minutes)) < timedelta(seconds=30)


async def _shift(shop: Shop, log: Path) -> float:
    """The seconds by which the clock of the server is off, from the time of a log line."""
    await shop.ask("{ store { id } }")
    [row] = await shop.db.fetch(NOW)
    assert commands.eventually(lambda: "/graphql" in _last_line(log), 5)
    logged = datetime.fromisoformat(_last_line(log).split('"')[3])
    return float((logged - row.now).total_seconds())


def _last_line(log: Path) -> str:
    return log.read_text().splitlines()[-1]
