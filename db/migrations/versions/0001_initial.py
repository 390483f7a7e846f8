"""The initial schema.

Every table of a store's data has a primary key that begins with store_id, foreign keys that include store_id, and no
unique constraint without it, so that the tables can be distributed by store_id. Two tables are also read before the
store is known: `store`, by slug, and `api_key`, by hash.
"""

from db.migrate import run

revision = "0001"
down_revision = None

STATEMENTS = """
create extension if not exists pg_trgm;
create extension if not exists btree_gin;
create extension if not exists unaccent;

-- Normalize a text for comparison and sorting: ignore case and accents. The first branch is a shortcut for plain ASCII,
-- which most texts are. The length is limited because indexes hold the result: an index entry has at most 2,704 bytes,
-- and one character can become 18.
create function fold(value text) returns text
language sql immutable strict parallel safe
return left(case
    when octet_length(value) = char_length(value) then lower(value)
    else lower(unaccent(
        'unaccent'::regdictionary,
        normalize(regexp_replace(normalize(value, nfkd), '[\\u0300-\\u036f]', '', 'g'), nfkc)
    ) collate "default")
end, 200);

-- Fold a text and escape the wildcards of LIKE, so that user input matches literally.
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
comment on column store.session_expiration is
    'Minutes until a newly issued token expires. 0 means that tokens never expire.';

create table app (
    store_id text collate "C" not null references store,
    id text collate "C" not null,
    name text not null,
    scopes text[] not null,
    document_mode text collate "C" not null default 'LOG' check (document_mode in ('LOG', 'ALLOW_LIST', 'ID_ONLY')),
    rate integer not null default 1000 check (rate between 1 and 1000000),
    client_id text collate "C",
    console boolean not null default false,
    created_at timestamptz not null default now(),
    disabled_at timestamptz,
    primary key (store_id, id),
    unique (store_id, client_id)
);
comment on column app.rate is 'Rate limit, in cost points per second.';
comment on column app.client_id is
    'The OAuth client ID at the identity provider. A JWT issued to this client authenticates as this app.';
comment on column app.console is
    'Whether staff use the console through this app. Each version publishes its console''s documents for it.';

create table api_key (
    store_id text collate "C" not null references store,
    app_id text collate "C" not null,
    id text collate "C" not null,
    name text not null,
    hash bytea not null,
    created_at timestamptz not null default now(),
    revoked_at timestamptz,
    primary key (store_id, id),
    foreign key (store_id, app_id) references app
);
comment on column api_key.hash is 'SHA-256 of the API key. The key itself is not stored.';
create index api_key_app on api_key (store_id, app_id);
create index api_key_hash on api_key (hash);

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
comment on table document is
    'Persisted documents, which an app can execute by ID. The body of a document never changes.';
comment on column document.name is
    'The name of the operation. Null if the document has several operations, or if its operation has no name.';
comment on column document.hash is
    'SHA-256 of the body. Finds the document when a client sends its text instead of its ID.';
comment on column document.checked_with is
    'Hash of the GraphQL schema and validation rules by which the document was last found to be valid.';
create index document_hash on document (store_id, app_id, hash);

-- Unlogged: after a crash, every app starts with its maximum.
create unlogged table rate_limit (
    store_id text collate "C" not null,
    app_id text collate "C" not null,
    available double precision not null,
    granted double precision not null,
    at timestamptz not null,
    primary key (store_id, app_id)
);
comment on table rate_limit is 'A token bucket for each app, in cost points.';
comment on column rate_limit.available is 'Points that were left after the last withdrawal.';
comment on column rate_limit.granted is 'Points that the last withdrawal took.';
comment on column rate_limit.at is 'Time of the last withdrawal. Points have been restored since then.';

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
comment on column session.customer_name is 'A copy of customer.name, so that a search reads one table.';
comment on column session.order_numbers is
    'The numbers of the session''s orders for search, one per line, newest first.';
comment on column session.search_text is
    'The folded texts that a search looks through. The last 27 characters are a newline and the ID.';
comment on column session.token_key is 'The name of the signing key in TOKEN_KEYS that signed the link.';
comment on column session.token_expires_at is 'infinity means that the token never expires.';
-- Includes the columns that most searches filter by, so that a scan over many sessions does not read the table. A
-- search for one or two letters, which have no trigram, scans search_text in this index, so its length is limited.
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
    api_key_id text collate "C",
    user_id text collate "C",
    primary key (store_id, id),
    foreign key (store_id, session_id) references session
);
comment on table session_event is
    'The timeline and audit trail of each session. The event EXPIRED is not stored but derived.';
comment on column session_event.at is
    'Read from the clock while the session is locked, so that a session''s events are in order.';
comment on column session_event.expires_at is
    'The expiration time that the event gave to the token. infinity means that it never expires.';
comment on column session_event.api_key_id is
    'The ID of the API key that made the change. Null if a user or the customer did.';
comment on column session_event.user_id is
    'The user who made the change: the sub claim of the JWT. Null if an API key or the customer did.';
create index session_event_session on session_event (store_id, session_id, at, id);
-- Finds all sessions of a store whose link was opened.
create index session_event_opened on session_event (store_id, session_id) where kind = 'OPENED';

create table idempotency_key (
    store_id text collate "C" not null references store,
    key text collate "C" not null,
    input_hash bytea not null,
    resource_id text collate "C" not null,
    created_at timestamptz not null default now(),
    primary key (store_id, key)
);
comment on column idempotency_key.input_hash is 'SHA-256 of the input that the key was first used with.';
comment on column idempotency_key.resource_id is
    'The ID of the resource that the request created: a session, an app or an API key.';
create index idempotency_key_created on idempotency_key (store_id, created_at);
"""


def upgrade() -> None:
    run(STATEMENTS)
