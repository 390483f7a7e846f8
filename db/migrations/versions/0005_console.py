"""Apps by which staff work in the console, whose documents every version publishes for itself; and openings counted."""

from db.migrate import run

revision = "0005"
down_revision = "0004"

STATEMENTS = """
alter table app add column console boolean not null default false;
comment on column app.console is 'Whether the documents of the console are published for it, of each version anew.';

-- Whether a link was opened is asked of all sessions of a store at once. Until it is built, no event is written: on a
-- table of millions of them, links and changes wait for seconds.
create index session_event_opened on session_event (store_id, session_id) where kind = 'OPENED';
"""


def upgrade() -> None:
    run(STATEMENTS)
