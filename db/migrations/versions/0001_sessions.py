"""The first schema: stores, keys, customers, orders, sessions and their events.

Every table of a store's data has the primary key (store_id, id), foreign keys that include store_id, and no unique
constraint without it, so that the schema can be distributed by store_id. `store` and `api_key` are the directory that
is read before the store is known.
"""

from db.migrate import run

revision = "0001"
down_revision = None

STATEMENTS = """
create extension if not exists pg_trgm;
create extension if not exists btree_gin;
create extension if not exists unaccent;

-- What text is compared and sorted by: accents and case ignored. The first branch is the plain ASCII of most rows.
-- Its length is limited because indexes hold it: an entry has at most 2,704 bytes, and one character can become 18.
create function fold(value text) returns text
language sql immutable strict parallel safe
return left(case
    when octet_length(value) = char_length(value) then lower(value)
    else lower(unaccent(
        'unaccent'::regdictionary,
        normalize(regexp_replace(normalize(value, nfkd), '[\\u0300-\\u036f]', '', 'g'), nfkc)
    ) collate "default")
end, 200);

-- The folded text with LIKE's own characters escaped: what a user typed is looked for as it stands.
create function fold_pattern(value text) returns text
language sql immutable strict parallel safe
return regexp_replace(fold(value), '([\\\\%_])', '\\\\\\1', 'g');

create table store (
    id text collate "C" primary key,
    slug text collate "C" not null unique,
    name text not null,
    storefront_url text not null,
    session_expiration integer not null default 0 check (session_expiration between 0 and 1440),
    created_at timestamptz not null default now()
);
comment on column store.session_expiration is 'Minutes until a new token expires. 0: never.';

create table api_key (
    id text collate "C" not null,
    store_id text collate "C" not null references store,
    name text not null,
    hash bytea not null,
    scopes text[] not null,
    created_at timestamptz not null default now(),
    revoked_at timestamptz,
    primary key (store_id, id)
);
comment on column api_key.hash is 'SHA-256 of the key, which is kept nowhere.';
create index api_key_hash on api_key (hash);

create table customer (
    store_id text collate "C" not null references store,
    id text collate "C" not null,
    name text not null,
    name_key text collate "C" not null generated always as (fold(name)) stored,
    phone text,
    email text,
    external_id text collate "C",
    created_at timestamptz not null default now(),
    primary key (store_id, id),
    unique (store_id, external_id)
);
create index customer_created on customer (store_id, created_at, id) include (name_key);
create index customer_phone on customer (store_id, phone);
create index customer_email on customer (store_id, email);
create index customer_name on customer using gin (store_id, name_key gin_trgm_ops);

create table session (
    store_id text collate "C" not null references store,
    id text collate "C" not null,
    customer_id text collate "C" not null,
    customer_name text not null,
    customer_name_key text collate "C" not null generated always as (fold(customer_name)) stored,
    room_id text,
    order_numbers text not null default '',
    created_at timestamptz not null default now(),
    token_generation integer not null default 1,
    token_key text collate "C" not null,
    token_issued_at timestamptz not null default now(),
    token_expires_at timestamptz not null,
    token_revoked_at timestamptz,
    conversion_kind text collate "C" check (conversion_kind in ('PURCHASE', 'TASK', 'GOAL')),
    converted_at timestamptz,
    conversion_order_id text collate "C",
    metadata jsonb not null default '{}' check (jsonb_typeof(metadata) = 'object'),
    search_text text collate "C" not null generated always as (
        left(fold(customer_name) || e'\\n' || coalesce(fold(room_id), '') || e'\\n' || fold(order_numbers), 372)
        || e'\\n' || substr(id, 9)
    ) stored,
    primary key (store_id, id),
    foreign key (store_id, customer_id) references customer,
    check ((conversion_kind is null) = (converted_at is null))
);
comment on column session.customer_name is 'A copy of customer.name, so that search reads one table.';
comment on column session.order_numbers is 'The numbers of its orders, one a line, the newest first, for search.';
comment on column session.search_text is 'Its last 27 characters are a new line and the ID.';
comment on column session.token_key is 'Which of TOKEN_KEYS signed the link.';
comment on column session.token_expires_at is 'infinity: never.';
-- With what most searches look at, so that a walk past many sessions need not read them. Its text is what a search of
-- one or two letters, which has no trigram, goes through; hence the limit to its length.
create index session_created on session (store_id, created_at, id)
    include (token_expires_at, token_revoked_at, conversion_kind, customer_name_key, search_text);
create index session_expires on session (store_id, token_expires_at, id) include (token_revoked_at);
create index session_name on session (store_id, customer_name_key, id) include (search_text);
create index session_customer on session (store_id, customer_id, created_at, id);
create index session_room on session (store_id, (fold(room_id) collate "C"), created_at, id);
create index session_revoked on session (store_id, created_at, id) where token_revoked_at is not null;
create index session_converted on session (store_id, created_at, id) where conversion_kind is not null;
create index session_search on session using gin (store_id, search_text gin_trgm_ops);
create index session_metadata on session using gin (store_id, metadata jsonb_path_ops) where metadata <> '{}';

create table "order" (
    store_id text collate "C" not null references store,
    id text collate "C" not null,
    number text collate "C" not null,
    number_key text collate "C" not null generated always as (fold(number)) stored,
    session_id text collate "C",
    total_amount numeric(18, 4),
    total_currency text collate "C",
    placed_at timestamptz,
    created_at timestamptz not null default now(),
    primary key (store_id, id),
    unique (store_id, number),
    foreign key (store_id, session_id) references session,
    check ((total_amount is null) = (total_currency is null))
);
create index order_number on "order" (store_id, number_key) include (session_id);
create index order_number_part on "order" using gin (store_id, number_key gin_trgm_ops);
create index order_session on "order" (store_id, session_id);

alter table session add foreign key (store_id, conversion_order_id) references "order";

create table session_event (
    store_id text collate "C" not null references store,
    id text collate "C" not null,
    session_id text collate "C" not null,
    kind text collate "C" not null check (
        kind in ('ISSUED', 'PREVIEWED', 'OPENED', 'JOINED', 'EXTENDED', 'REISSUED', 'REVOKED', 'CONVERTED')
    ),
    at timestamptz not null default clock_timestamp(),
    expires_at timestamptz check ((expires_at is not null) = (kind in ('ISSUED', 'EXTENDED', 'REISSUED'))),
    reason text,
    key_id text collate "C",
    primary key (store_id, id),
    foreign key (store_id, session_id) references session
);
comment on table session_event is 'A session''s timeline, audit trail and feed. EXPIRED is derived.';
comment on column session_event.at is 'By a clock that is read while the session is locked: none overtakes another.';
comment on column session_event.expires_at is 'The expired time that the event gave to the token. infinity: never.';
comment on column session_event.key_id is 'The API key that asked for it; null: the customer, through the link.';
create index session_event_session on session_event (store_id, session_id, at, id);

create table idempotency_key (
    store_id text collate "C" not null references store,
    key text collate "C" not null,
    input_hash bytea not null,
    session_id text collate "C" not null,
    created_at timestamptz not null default now(),
    primary key (store_id, key)
);
create index idempotency_key_created on idempotency_key (store_id, created_at);
"""


def upgrade() -> None:
    run(STATEMENTS)
