"""Redact customers and their sessions, on request or when a store's retention period has passed.

Rows are never deleted, because statistics count them: the personal data in them is removed. Each step locks
one large table. The new kind of event is checked for new rows first, and then for the existing ones.
"""

from db.migrate import create_index, run

revision = "0003"
down_revision = "0002"

CUSTOMER = """
alter table customer add column if not exists redacted_at timestamptz;
comment on column customer.redacted_at is
    'When the personal data of the customer and of all their sessions was removed. The name is empty since then.';
"""

SESSION = """
alter table session add column if not exists redacted_at timestamptz;
comment on column session.redacted_at is
    'When the room ID, the metadata and the reasons in the timeline were removed. The token does not work since then.';
"""

STORE = """
alter table store add column if not exists retention_days integer check (retention_days between 30 and 3650);
comment on column store.retention_days is
    'Days after the last event of a session until it is redacted. Null means that sessions are kept.';
create table if not exists retention_run (
    store_id text collate "C" primary key references store,
    started_at timestamptz not null
);
comment on table retention_run is 'When a server last started to redact the old sessions of each store.';
comment on column idempotency_key.key is 'The ID of the app, a colon, and the key that the app chose.';
"""

NEW_KIND = """
alter table session_event
    drop constraint if exists session_event_kind_check,
    add constraint session_event_kind_check check (
        kind in ('ISSUED', 'PREVIEWED', 'OPENED', 'JOINED', 'EXTENDED', 'REISSUED', 'REVOKED', 'CONVERTED', 'REDACTED')
    ) not valid;
"""

VALIDATE_KIND = "alter table session_event validate constraint session_event_kind_check"


def upgrade() -> None:
    run(CUSTOMER)
    run(SESSION)
    run(STORE)
    run(NEW_KIND)
    run(VALIDATE_KIND)
    # Finds the sessions that are due.
    create_index("session_unredacted", "on session (store_id, created_at) where redacted_at is null")
