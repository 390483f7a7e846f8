"""Events name the person who did a thing, where one signed in with a token of the identity provider."""

from db.migrate import run

revision = "0004"
down_revision = "0003"

STATEMENTS = """
alter table session_event add column user_id text collate "C";
comment on column session_event.user_id is 'The person who asked for it: the sub of an identity provider''s token.';
comment on column session_event.key_id is 'The API key that asked for it; null: a user, or the customer by the link.';
"""


def upgrade() -> None:
    run(STATEMENTS)
