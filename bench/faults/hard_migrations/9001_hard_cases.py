"""The changes that block writers if they are made carelessly. Only bench/faults/migrations.py runs them."""

from pathlib import Path

from db.migrate import FOLDER, create_index, run

revision = "9001"
down_revision = max(path.name[:4] for path in Path(FOLDER, "versions").glob("0*.py"))

COLUMN = "alter table session add column if not exists note text not null default 'none'"

CHECK = """
alter table session_event
    drop constraint if exists reason_length,
    add constraint reason_length check (char_length(reason) <= 200) not valid
"""

REFERENCE = """
alter table session
    add column if not exists app_id text collate "C",
    drop constraint if exists session_app,
    add constraint session_app foreign key (store_id, app_id) references app not valid
"""


def upgrade() -> None:
    run(COLUMN)
    run(CHECK)
    run("alter table session_event validate constraint reason_length")
    run(REFERENCE)
    run("alter table session validate constraint session_app")
    create_index("session_note", "on session (store_id, note, created_at, id)")
