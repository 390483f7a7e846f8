"""Record changes in an audit log, let API keys expire, allow storefronts only on known hosts, and block users.

Each existing table is locked in a separate step.
"""

from db.migrate import run

revision = "0002"
down_revision = "0001"

FUNCTIONS = """
-- The entries of a JSON object whose values differ in another one. Both describe the same row, before and after.
create or replace function changed_entries(object jsonb, other jsonb) returns jsonb
language sql immutable strict parallel safe
return (
    select coalesce(jsonb_object_agg(key, value), '{}')
    from jsonb_each(object)
    where other -> key is distinct from value
);

-- The entries of a JSON object with null as their values: the audit log only names fields with personal data.
create or replace function without_values(object jsonb) returns jsonb
language sql immutable strict parallel safe
return (select coalesce(jsonb_object_agg(key, null::text), '{}') from jsonb_each(object));

"""

STORE = """
alter table store add column if not exists storefront_hosts text[] not null default '{}';
comment on column store.storefront_hosts is 'The hosts to which storefront_url may point, in lower case.';
update store set storefront_hosts = array[lower(substring(storefront_url from '^https?://([^/:?#]+)'))]
where storefront_hosts = '{}';
"""

API_KEY = """
alter table api_key
    add column if not exists expires_at timestamptz,
    add column if not exists last_used_at timestamptz;
comment on column api_key.expires_at is 'The time from which the key is refused. Null if it never expires.';
comment on column api_key.last_used_at is 'When the key was last used. Updated about once an hour.';
"""

TABLES = """
create table if not exists audit_event (
    store_id text collate "C" not null references store,
    id text collate "C" not null,
    at timestamptz not null default clock_timestamp(),
    action text collate "C" not null,
    object_id text collate "C" not null,
    api_key_id text collate "C",
    user_id text collate "C",
    address text collate "C",
    before jsonb,
    after jsonb,
    primary key (store_id, id)
);
comment on table audit_event is
    'The audit log: changes of everything but sessions, whose changes are in session_event. Rows are only added.';
comment on column audit_event.api_key_id is
    'The API key that made the change. If user_id is null as well, an operator made it on the command line.';
comment on column audit_event.user_id is 'The user who made the change: the sub claim of the JWT.';
comment on column audit_event.address is 'The network address from which the request came.';
comment on column audit_event.before is
    'The changed columns with their former values. Null if the object was created. All values of customers are null.';
comment on column audit_event.after is 'The changed columns with their new values. All values of customers are null.';
create index if not exists audit_event_at on audit_event (store_id, at, id);
create index if not exists audit_event_action on audit_event (store_id, action, at, id);
create index if not exists audit_event_object on audit_event (store_id, object_id, at, id);
create index if not exists audit_event_api_key on audit_event (store_id, api_key_id, at, id)
    where api_key_id is not null;
create index if not exists audit_event_user on audit_event (store_id, user_id, at, id) where user_id is not null;

create table if not exists blocked_user (
    store_id text collate "C" not null references store,
    user_id text collate "C" not null,
    blocked_at timestamptz not null default now(),
    primary key (store_id, user_id)
);
comment on table blocked_user is 'Users of the identity provider whose access tokens are refused.';
"""


def upgrade() -> None:
    run(FUNCTIONS)
    run(STORE)
    run(API_KEY)
    run(TABLES)
