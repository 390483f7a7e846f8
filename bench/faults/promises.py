"""The promises under load, faults and attack, and what shows each."""

from typing import NamedTuple


class Outcome(NamedTuple):
    """What a script saw: whether the promise holds, and the figures, in one line."""

    holds: bool
    figure: str


class Promise(NamedTuple):
    row: str
    text: str
    tests: tuple[str, ...] = ()
    """Files or tests in tests/, as pytest names them."""
    scripts: tuple[str, ...] = ()
    """`module:function` in this package: an async function without arguments that returns an Outcome."""


PROMISES = (
    Promise("1", "A token cannot be guessed or forged"),
    Promise("2", "The database gives nobody a link"),
    Promise("3", "No token or key in a log, a trace or an error"),
    Promise("4", "Unknown, tampered and foreign codes are answered alike"),
    Promise("5", "Signing keys rotate across a rolling deployment"),
    Promise("6", "Revoked means revoked, on every worker"),
    Promise("7", "Expiry is the database's decision"),
    Promise("8", "A retry changes nothing twice"),
    Promise("9", "A model agrees"),
    Promise("10", "No store sees another"),
    Promise("11", "Hostile requests cost little"),
    Promise("11a", "One request cannot stop a worker"),
    Promise("11b", "Slow clients cost little"),
    Promise("12", "A stop or a rolling restart loses no request"),
    Promise(
        "13",
        "Postgres may restart, fail over, fill its disk, or turn read-only",
        tests=("db/test_pool.py", "api/test_unavailable.py"),
        scripts=("postgres:restarts", "postgres:failover", "postgres:read_only", "postgres:disk_full"),
    ),
    Promise("14", "Postgres may freeze for 5 s", scripts=("postgres:freeze",)),
    Promise(
        "15",
        "Connections are not lost, and abandoned work stops",
        tests=("api/test_disconnect.py",),
        scripts=("connections:not_lost",),
    ),
    Promise(
        "16",
        "A full pool is reported, and neither one app nor one locked row takes it all",
        tests=("api/test_full_pool.py", "db/test_limits.py"),
    ),
    Promise("17", "The other workers follow a change within a second"),
    Promise("18", "PgBouncer in transaction mode works", tests=("db/test_poolers.py",), scripts=("poolers:suite",)),
    Promise("19", "One noisy store starves nobody", scripts=("neighbours:not_starved",)),
    Promise("20", "Migrations run under load"),
    Promise("21", "Memory, descriptors and tasks do not grow"),
    Promise("22", "The embedded Postgres is safe"),
    Promise("23", "Logs cannot stop the service"),
    Promise("24", "Liveness and readiness are different questions"),
    Promise("25", "Who changed what is on record"),
    Promise("26", "A person can be forgotten"),
    Promise("27", "A customer's tap is neither a flood nor a trap"),
    Promise("28", "A development key stays with its owner"),
    Promise("29", "Least privilege"),
)
