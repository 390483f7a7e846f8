"""Apps: what keys belong to, with what each may do, which documents it may send, and how fast.

The app of a key that is there already gets the key's name and scopes. `api_key.scopes` stays for servers of the version
before, which may run beside this one: a new key gets its app's scopes there, as they are when it is made. This version
does not read them, but for a key that the version before makes after this: it gets an app when a server starts next.
"""

from db.migrate import run

revision = "0002"
down_revision = "0001"

STATEMENTS = """
create table app (
    store_id text collate "C" not null references store,
    id text collate "C" not null,
    name text not null,
    scopes text[] not null,
    document_mode text collate "C" not null default 'LOG' check (document_mode in ('LOG', 'ALLOW_LIST', 'ID_ONLY')),
    rate integer not null default 1000 check (rate between 1 and 1000000),
    client_id text collate "C",
    created_at timestamptz not null default now(),
    disabled_at timestamptz,
    primary key (store_id, id),
    unique (store_id, client_id)
);
comment on column app.rate is 'How much cost it may spend a second.';
comment on column app.client_id is 'What an identity provider calls the app: its tokens act as this one.';

alter table api_key add column app_id text collate "C";
alter table api_key alter column scopes set default '{}';
comment on column api_key.scopes is 'For servers of the version before: those of its app when the key was made.';

insert into app (store_id, id, name, scopes, created_at)
select store_id, 'app' || substr(id, 4), name, scopes, created_at from api_key;
update api_key set app_id = 'app' || substr(id, 4);

alter table api_key add foreign key (store_id, app_id) references app;
create index api_key_app on api_key (store_id, app_id);

comment on column idempotency_key.session_id is 'The ID of what was created: a session, or an app or a key.';
"""


def upgrade() -> None:
    run(STATEMENTS)
