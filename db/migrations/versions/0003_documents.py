"""Persisted documents, and what apps have left to spend."""

from db.migrate import run

revision = "0003"
down_revision = "0002"

STATEMENTS = """
create table document (
    store_id text collate "C" not null,
    app_id text collate "C" not null,
    id text collate "C" not null,
    name text,
    body text not null,
    hash bytea not null,
    cost integer not null,
    checked_with bytea not null,
    published_at timestamptz not null default now(),
    retired_at timestamptz,
    primary key (store_id, app_id, id),
    foreign key (store_id, app_id) references app
);
comment on table document is 'What an app may send by its ID. Published once, it never changes.';
comment on column document.name is 'The operation''s; null: it has several, or no name.';
comment on column document.hash is 'SHA-256 of the body, by which an allow-list knows it.';
comment on column document.checked_with is 'SHA-256 of the schema that it was last found valid by.';
create index document_hash on document (store_id, app_id, hash);

-- Unlogged: after a crash, every app begins with all that it may spend.
create unlogged table app_budget (
    store_id text collate "C" not null,
    app_id text collate "C" not null,
    available double precision not null,
    granted double precision not null,
    at timestamptz not null,
    primary key (store_id, app_id)
);
comment on table app_budget is 'How many points of cost an app may still spend.';
comment on column app_budget.granted is 'How many the last statement took.';
comment on column app_budget.at is 'When it took them. Since then, more were restored.';
"""


def upgrade() -> None:
    run(STATEMENTS)
