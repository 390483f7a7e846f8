"""The promises under load, faults and attack, and what shows each."""

from typing import NamedTuple


class Outcome(NamedTuple):
    """The result of a script: whether the promise holds, and the figures, in one line."""

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
    Promise(
        "1",
        "A token cannot be guessed or forged",
        tests=("schema/test_links.py", "schema/test_joining.py"),
        scripts=("wrong_codes:no_wrong_code_is_accepted",),
    ),
    Promise("2", "The database gives nobody a link"),
    Promise(
        "3",
        "No token or key in a log, a trace or an error",
        tests=("api/test_secrets_in_logs.py",),
    ),
    Promise(
        "4",
        "Unknown, tampered and foreign codes are answered alike",
        tests=(
            "api/test_links.py",
            "schema/test_joining.py",
        ),
        scripts=("wrong_codes:the_time_tells_nothing",),
    ),
    Promise("5", "Signing keys rotate across a rolling deployment"),
    Promise(
        "6",
        "Revoked means revoked, on every worker",
        tests=("schema/test_joining.py",),
        scripts=("revocations:a_revoked_link_admits_nobody",),
    ),
    Promise(
        "7",
        "Expiry is the database's decision",
        scripts=("clocks:a_wrong_clock_changes_no_status",),
    ),
    Promise("8", "A retry changes nothing twice"),
    Promise(
        "9",
        "A model agrees",
        scripts=("model:a_model_agrees",),
    ),
    Promise(
        "10",
        "No store sees another",
        tests=(
            "schema/test_isolation.py",
            "db/test_store_of_statements.py",
        ),
        scripts=("isolation:no_store_sees_another",),
    ),
    Promise("11", "Hostile requests cost little"),
    Promise("11a", "One request cannot stop a worker"),
    Promise("11b", "Slow clients cost little"),
    Promise("12", "A stop or a rolling restart loses no request"),
    Promise("13", "Postgres may restart, fail over, fill its disk, or turn read-only"),
    Promise("14", "Postgres may freeze for 5 s"),
    Promise("15", "Connections are not lost, and abandoned work stops"),
    Promise("16", "A full pool is reported, and neither one app nor one locked row takes it all"),
    Promise(
        "17",
        "The other workers follow a change within a second",
        tests=("e2e/test_workers.py",),
    ),
    Promise("18", "PgBouncer in transaction mode works"),
    Promise("19", "One noisy store starves nobody"),
    Promise("20", "Migrations run under load"),
    Promise(
        "21",
        "Memory, descriptors and tasks do not grow",
        scripts=("growth:nothing_grows",),
    ),
    Promise("22", "The embedded Postgres is safe"),
    Promise(
        "23",
        "Logs cannot stop the service",
        tests=("api/test_logs.py",),
        scripts=("stalled_logs:requests_go_on",),
    ),
    Promise("24", "Liveness and readiness are different questions"),
    Promise("25", "Who changed what is on record"),
    Promise("26", "A person can be forgotten"),
    Promise("27", "A customer's tap is neither a flood nor a trap"),
    Promise("28", "A development key stays with its owner"),
    Promise("29", "Least privilege"),
)
