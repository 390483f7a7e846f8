"""The promises under load, faults and attack, and the tests and scripts that show them."""

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
    Promise(
        "2",
        "The database contains no link",
        tests=("db/test_secrets_at_rest.py", "embedded/test_programs.py::test_postgres_inherits_no_environment"),
    ),
    Promise("3", "No token or key in a log, a trace or an error", tests=("api/test_secrets_in_logs.py",)),
    Promise(
        "4",
        "Unknown, tampered and foreign codes are answered alike",
        tests=("api/test_links.py", "schema/test_joining.py"),
        scripts=("wrong_codes:the_time_tells_nothing",),
    ),
    Promise("5", "Signing keys rotate across a rolling deployment", tests=("api/test_key_rotation.py",)),
    Promise(
        "6",
        "Revoked means revoked, on every worker",
        tests=(
            "schema/test_joining.py",
            "api/test_unavailable.py::test_a_standby_admits_no_customer_because_it_may_not_know_of_a_revocation",
        ),
        scripts=("revocations:a_revoked_link_admits_no_customer",),
    ),
    Promise("7", "Expiry is the database's decision", scripts=("clocks:a_wrong_clock_changes_no_status",)),
    Promise(
        "8",
        "A retry changes nothing twice",
        tests=("schema/test_idempotency_keys.py", "schema/test_api_keys.py"),
        scripts=("retries:killed_between_commit_and_answer",),
    ),
    Promise("9", "A model agrees", scripts=("model:a_model_agrees",)),
    Promise(
        "10",
        "No store sees another",
        tests=("schema/test_isolation.py", "db/test_store_of_statements.py"),
        scripts=("isolation:no_store_sees_another",),
    ),
    Promise(
        "11",
        "Hostile requests cost little",
        tests=("api/test_client_addresses.py", "api/test_throttling.py", "schema/test_rate_limits.py"),
        scripts=("hostile_documents:all_kinds", "limits:keyless_flood"),
    ),
    Promise(
        "11a", "One request cannot stop a worker", tests=("api/test_protocol.py",), scripts=("door:large_headers",)
    ),
    Promise(
        "11b",
        "Slow clients cost little",
        tests=("api/test_protocol.py",),
        scripts=("door:slow_clients", "door:everything_at_once"),
    ),
    Promise("12", "A stop or a rolling restart loses no request", scripts=("restarts:no_request_is_lost",)),
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
    Promise("17", "The other workers follow a change within a second", tests=("e2e/test_workers.py",)),
    Promise("18", "PgBouncer in transaction mode works", tests=("db/test_poolers.py",), scripts=("poolers:suite",)),
    Promise("19", "One noisy store does not slow down the others", scripts=("neighbours:not_slowed_down",)),
    Promise(
        "20",
        "Migrations run under load",
        tests=("db/test_migrations.py",),
        scripts=("migrations:under_load", "migrations:previous_suite"),
    ),
    Promise("21", "Memory, descriptors and tasks do not grow", scripts=("growth:nothing_grows",)),
    Promise(
        "22",
        "The embedded Postgres is safe",
        tests=("embedded", "cli/test_serve.py::test_a_killed_postgres_is_started_again_and_requests_get_503_meanwhile"),
    ),
    Promise(
        "23", "Logs cannot stop the service", tests=("api/test_logs.py",), scripts=("stalled_logs:requests_go_on",)
    ),
    Promise(
        "24", "Liveness and readiness are different questions", tests=("api/test_health.py", "api/test_draining.py")
    ),
    Promise(
        "25",
        "Who changed what is on record",
        tests=("schema/test_audit.py", "cli/test_audit.py", "api/auth/test_users.py", "e2e/console/test_audit.py"),
        scripts=("audit:fast_on_a_million_events",),
    ),
    Promise(
        "26",
        "A person can be forgotten",
        tests=("schema/test_redaction.py", "db/test_redaction.py", "cli/test_customers.py"),
        scripts=("redaction:large_customer",),
    ),
    Promise(
        "27",
        "A customer's tap is neither a flood nor a trap",
        tests=("schema/test_stores.py", "api/test_links.py", "api/test_client_addresses.py"),
        scripts=("limits:taps",),
    ),
    Promise(
        "28",
        "A development key stays with its owner",
        tests=(
            "api/test_sign_in.py",
            "cli/test_serve.py::test_a_code_works_once_with_two_workers",
            "cli/test_serve.py::test_new_sign_in_addresses_are_printed_while_the_server_runs",
            "e2e/console/test_signing_in.py::test_a_one_time_address_signs_in_once_and_a_reload_keeps_it",
        ),
    ),
    Promise("29", "Least privilege", tests=("api/test_access.py",)),
)
