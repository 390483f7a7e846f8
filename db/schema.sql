-- The database after all migrations, as pg_dump writes it. Written by `make update`; to change it, add a migration.

CREATE EXTENSION IF NOT EXISTS btree_gin WITH SCHEMA public;

CREATE EXTENSION IF NOT EXISTS pg_trgm WITH SCHEMA public;

CREATE EXTENSION IF NOT EXISTS unaccent WITH SCHEMA public;

CREATE FUNCTION public.changed_entries(object jsonb, other jsonb) RETURNS jsonb
    LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
    RETURN (SELECT COALESCE(jsonb_object_agg(jsonb_each.key, jsonb_each.value), '{}'::jsonb) AS "coalesce" FROM jsonb_each(changed_entries.object) jsonb_each(key, value) WHERE ((changed_entries.other -> jsonb_each.key) IS DISTINCT FROM jsonb_each.value));

CREATE FUNCTION public.fold(value text) RETURNS text
    LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
    RETURN "left"(CASE WHEN (octet_length(value) = char_length(value)) THEN lower(value) ELSE lower((public.unaccent('public.unaccent'::regdictionary, NORMALIZE(regexp_replace(NORMALIZE(value, NFKD), '[\u0300-\u036f]'::text, ''::text, 'g'::text), NFKC)) COLLATE "default")) END, 200);

CREATE FUNCTION public.fold_pattern(value text) RETURNS text
    LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
    RETURN regexp_replace(public.fold(value), '([\\%_])'::text, '\\\1'::text, 'g'::text);

CREATE FUNCTION public.without_values(object jsonb) RETURNS jsonb
    LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
    RETURN (SELECT COALESCE(jsonb_object_agg(jsonb_each.key, NULL::text), '{}'::jsonb) AS "coalesce" FROM jsonb_each(without_values.object) jsonb_each(key, value));

CREATE TABLE public.alembic_version (
    version_num character varying(32) NOT NULL
);

CREATE TABLE public.api_key (
    store_id text NOT NULL COLLATE pg_catalog."C",
    app_id text NOT NULL COLLATE pg_catalog."C",
    id text NOT NULL COLLATE pg_catalog."C",
    name text NOT NULL,
    hash bytea NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    revoked_at timestamp with time zone,
    expires_at timestamp with time zone,
    last_used_at timestamp with time zone
);

COMMENT ON COLUMN public.api_key.hash IS 'SHA-256 of the API key. The key itself is not stored.';

COMMENT ON COLUMN public.api_key.expires_at IS 'The time from which the key is refused. Null if it never expires.';

COMMENT ON COLUMN public.api_key.last_used_at IS 'When the key was last used. Updated about once an hour.';

CREATE TABLE public.app (
    store_id text NOT NULL COLLATE pg_catalog."C",
    id text NOT NULL COLLATE pg_catalog."C",
    name text NOT NULL,
    scopes text[] NOT NULL,
    document_mode text DEFAULT 'LOG'::text NOT NULL COLLATE pg_catalog."C",
    rate integer DEFAULT 1000 NOT NULL,
    client_id text COLLATE pg_catalog."C",
    console boolean DEFAULT false NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    disabled_at timestamp with time zone,
    CONSTRAINT app_document_mode_check CHECK ((document_mode = ANY (ARRAY['LOG'::text, 'ALLOW_LIST'::text, 'ID_ONLY'::text]))),
    CONSTRAINT app_rate_check CHECK (((rate >= 1) AND (rate <= 1000000)))
);

COMMENT ON COLUMN public.app.rate IS 'Rate limit, in cost points per second.';

COMMENT ON COLUMN public.app.client_id IS 'The OAuth client ID at the identity provider. A JWT issued to this client authenticates as this app.';

COMMENT ON COLUMN public.app.console IS 'Whether staff use the console through this app. Each version publishes its console''s documents for it.';

CREATE TABLE public.audit_event (
    store_id text NOT NULL COLLATE pg_catalog."C",
    id text NOT NULL COLLATE pg_catalog."C",
    at timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
    action text NOT NULL COLLATE pg_catalog."C",
    object_id text NOT NULL COLLATE pg_catalog."C",
    api_key_id text COLLATE pg_catalog."C",
    user_id text COLLATE pg_catalog."C",
    address text COLLATE pg_catalog."C",
    before jsonb,
    after jsonb
);

COMMENT ON TABLE public.audit_event IS 'The audit log: changes of everything but sessions, whose changes are in session_event. Rows are only added.';

COMMENT ON COLUMN public.audit_event.api_key_id IS 'The API key that made the change. If user_id is null as well, an operator made it on the command line.';

COMMENT ON COLUMN public.audit_event.user_id IS 'The user who made the change: the sub claim of the JWT.';

COMMENT ON COLUMN public.audit_event.address IS 'The network address from which the request came.';

COMMENT ON COLUMN public.audit_event.before IS 'The changed columns with their former values. Null if the object was created. All values of customers are null.';

COMMENT ON COLUMN public.audit_event.after IS 'The changed columns with their new values. All values of customers are null.';

CREATE TABLE public.blocked_user (
    store_id text NOT NULL COLLATE pg_catalog."C",
    user_id text NOT NULL COLLATE pg_catalog."C",
    blocked_at timestamp with time zone DEFAULT now() NOT NULL
);

COMMENT ON TABLE public.blocked_user IS 'Users of the identity provider whose access tokens are refused.';

CREATE TABLE public.customer (
    store_id text NOT NULL COLLATE pg_catalog."C",
    id text NOT NULL COLLATE pg_catalog."C",
    name text NOT NULL,
    name_key text GENERATED ALWAYS AS (public.fold(name)) STORED NOT NULL COLLATE pg_catalog."C",
    phone text,
    email text,
    external_id text COLLATE pg_catalog."C",
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    redacted_at timestamp with time zone
);

COMMENT ON COLUMN public.customer.redacted_at IS 'When the personal data of the customer and of all their sessions was removed. The name is empty since then.';

CREATE TABLE public.document (
    store_id text NOT NULL COLLATE pg_catalog."C",
    app_id text NOT NULL COLLATE pg_catalog."C",
    id text NOT NULL COLLATE pg_catalog."C",
    name text,
    body text NOT NULL,
    hash bytea NOT NULL,
    cost integer NOT NULL,
    checked_with bytea NOT NULL,
    published_at timestamp with time zone DEFAULT now() NOT NULL,
    retired_at timestamp with time zone
);

COMMENT ON TABLE public.document IS 'Persisted documents, which an app can execute by ID. The body of a document never changes.';

COMMENT ON COLUMN public.document.name IS 'The name of the operation. Null if the document has several operations, or if its operation has no name.';

COMMENT ON COLUMN public.document.hash IS 'SHA-256 of the body. Finds the document when a client sends its text instead of its ID.';

COMMENT ON COLUMN public.document.checked_with IS 'Hash of the GraphQL schema and validation rules by which the document was last found to be valid.';

CREATE TABLE public.idempotency_key (
    store_id text NOT NULL COLLATE pg_catalog."C",
    key text NOT NULL COLLATE pg_catalog."C",
    input_hash bytea NOT NULL,
    resource_id text NOT NULL COLLATE pg_catalog."C",
    created_at timestamp with time zone DEFAULT now() NOT NULL
);

COMMENT ON COLUMN public.idempotency_key.key IS 'The ID of the app, a colon, and the key that the app chose.';

COMMENT ON COLUMN public.idempotency_key.input_hash IS 'SHA-256 of the input that the key was first used with.';

COMMENT ON COLUMN public.idempotency_key.resource_id IS 'The ID of the resource that the request created: a session, an app or an API key.';

CREATE TABLE public."order" (
    store_id text NOT NULL COLLATE pg_catalog."C",
    id text NOT NULL COLLATE pg_catalog."C",
    number text NOT NULL COLLATE pg_catalog."C",
    number_key text GENERATED ALWAYS AS (public.fold(number)) STORED NOT NULL COLLATE pg_catalog."C",
    session_id text COLLATE pg_catalog."C",
    total_amount numeric(18,4),
    total_currency text COLLATE pg_catalog."C",
    placed_at timestamp with time zone,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT order_check CHECK (((total_amount IS NULL) = (total_currency IS NULL)))
);

CREATE UNLOGGED TABLE public.rate_limit (
    store_id text NOT NULL COLLATE pg_catalog."C",
    app_id text NOT NULL COLLATE pg_catalog."C",
    available double precision NOT NULL,
    granted double precision NOT NULL,
    at timestamp with time zone NOT NULL
);

COMMENT ON TABLE public.rate_limit IS 'A token bucket for each app, in cost points.';

COMMENT ON COLUMN public.rate_limit.available IS 'Points that were left after the last withdrawal.';

COMMENT ON COLUMN public.rate_limit.granted IS 'Points that the last withdrawal took.';

COMMENT ON COLUMN public.rate_limit.at IS 'Time of the last withdrawal. Points have been restored since then.';

CREATE TABLE public.retention_run (
    store_id text NOT NULL COLLATE pg_catalog."C",
    started_at timestamp with time zone NOT NULL
);

COMMENT ON TABLE public.retention_run IS 'When a server last started to redact the old sessions of each store.';

CREATE TABLE public.session (
    store_id text NOT NULL COLLATE pg_catalog."C",
    id text NOT NULL COLLATE pg_catalog."C",
    customer_id text NOT NULL COLLATE pg_catalog."C",
    customer_name text NOT NULL,
    customer_name_key text GENERATED ALWAYS AS (public.fold(customer_name)) STORED NOT NULL COLLATE pg_catalog."C",
    room_id text,
    order_numbers text DEFAULT ''::text NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    token_generation integer DEFAULT 1 NOT NULL,
    token_key text NOT NULL COLLATE pg_catalog."C",
    token_issued_at timestamp with time zone DEFAULT now() NOT NULL,
    token_expires_at timestamp with time zone NOT NULL,
    token_revoked_at timestamp with time zone,
    conversion_kind text COLLATE pg_catalog."C",
    converted_at timestamp with time zone,
    conversion_order_id text COLLATE pg_catalog."C",
    metadata jsonb DEFAULT '{}'::jsonb NOT NULL,
    search_text text GENERATED ALWAYS AS ((("left"(((((public.fold(customer_name) || '
'::text) || COALESCE(public.fold(room_id), ''::text)) || '
'::text) || public.fold(order_numbers)), 372) || '
'::text) || substr(id, 9))) STORED NOT NULL COLLATE pg_catalog."C",
    redacted_at timestamp with time zone,
    CONSTRAINT session_check CHECK (((conversion_kind IS NULL) = (converted_at IS NULL))),
    CONSTRAINT session_conversion_kind_check CHECK ((conversion_kind = ANY (ARRAY['PURCHASE'::text, 'TASK'::text, 'GOAL'::text]))),
    CONSTRAINT session_metadata_check CHECK ((jsonb_typeof(metadata) = 'object'::text))
);

COMMENT ON COLUMN public.session.customer_name IS 'A copy of customer.name, so that a search reads one table.';

COMMENT ON COLUMN public.session.order_numbers IS 'The numbers of the session''s orders for search, one per line, newest first.';

COMMENT ON COLUMN public.session.token_key IS 'The name of the signing key in TOKEN_KEYS that signed the link.';

COMMENT ON COLUMN public.session.token_expires_at IS 'infinity means that the token never expires.';

COMMENT ON COLUMN public.session.search_text IS 'The folded texts that a search looks through. The last 27 characters are a newline and the ID.';

COMMENT ON COLUMN public.session.redacted_at IS 'When the room ID, the metadata and the reasons in the timeline were removed. The token does not work since then.';

CREATE TABLE public.session_event (
    store_id text NOT NULL COLLATE pg_catalog."C",
    id text NOT NULL COLLATE pg_catalog."C",
    session_id text NOT NULL COLLATE pg_catalog."C",
    kind text NOT NULL COLLATE pg_catalog."C",
    at timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
    expires_at timestamp with time zone,
    reason text,
    api_key_id text COLLATE pg_catalog."C",
    user_id text COLLATE pg_catalog."C",
    CONSTRAINT session_event_check CHECK (((expires_at IS NOT NULL) = (kind = ANY (ARRAY['ISSUED'::text, 'EXTENDED'::text, 'REISSUED'::text])))),
    CONSTRAINT session_event_kind_check CHECK ((kind = ANY (ARRAY['ISSUED'::text, 'PREVIEWED'::text, 'OPENED'::text, 'JOINED'::text, 'EXTENDED'::text, 'REISSUED'::text, 'REVOKED'::text, 'CONVERTED'::text, 'REDACTED'::text])))
);

COMMENT ON TABLE public.session_event IS 'The timeline and audit trail of each session. The event EXPIRED is not stored but derived.';

COMMENT ON COLUMN public.session_event.at IS 'Read from the clock while the session is locked, so that a session''s events are in order.';

COMMENT ON COLUMN public.session_event.expires_at IS 'The expiration time that the event gave to the token. infinity means that it never expires.';

COMMENT ON COLUMN public.session_event.api_key_id IS 'The ID of the API key that made the change. Null if a user or the customer did.';

COMMENT ON COLUMN public.session_event.user_id IS 'The user who made the change: the sub claim of the JWT. Null if an API key or the customer did.';

CREATE TABLE public.store (
    id text NOT NULL COLLATE pg_catalog."C",
    slug text NOT NULL COLLATE pg_catalog."C",
    name text NOT NULL,
    storefront_url text NOT NULL,
    session_expiration integer DEFAULT 0 NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    storefront_hosts text[] DEFAULT '{}'::text[] NOT NULL,
    retention_days integer,
    CONSTRAINT store_retention_days_check CHECK (((retention_days >= 30) AND (retention_days <= 3650))),
    CONSTRAINT store_session_expiration_check CHECK (((session_expiration >= 0) AND (session_expiration <= 1440)))
);

COMMENT ON COLUMN public.store.session_expiration IS 'Minutes until a newly issued token expires. 0 means that tokens never expire.';

COMMENT ON COLUMN public.store.storefront_hosts IS 'The hosts to which storefront_url may point, in lower case.';

COMMENT ON COLUMN public.store.retention_days IS 'Days after the last event of a session until it is redacted. Null means that sessions are kept.';

ALTER TABLE ONLY public.alembic_version
    ADD CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num);

ALTER TABLE ONLY public.api_key
    ADD CONSTRAINT api_key_pkey PRIMARY KEY (store_id, id);

ALTER TABLE ONLY public.app
    ADD CONSTRAINT app_pkey PRIMARY KEY (store_id, id);

ALTER TABLE ONLY public.app
    ADD CONSTRAINT app_store_id_client_id_key UNIQUE (store_id, client_id);

ALTER TABLE ONLY public.audit_event
    ADD CONSTRAINT audit_event_pkey PRIMARY KEY (store_id, id);

ALTER TABLE ONLY public.blocked_user
    ADD CONSTRAINT blocked_user_pkey PRIMARY KEY (store_id, user_id);

ALTER TABLE ONLY public.customer
    ADD CONSTRAINT customer_pkey PRIMARY KEY (store_id, id);

ALTER TABLE ONLY public.customer
    ADD CONSTRAINT customer_store_id_external_id_key UNIQUE (store_id, external_id);

ALTER TABLE ONLY public.document
    ADD CONSTRAINT document_pkey PRIMARY KEY (store_id, app_id, id);

ALTER TABLE ONLY public.idempotency_key
    ADD CONSTRAINT idempotency_key_pkey PRIMARY KEY (store_id, key);

ALTER TABLE ONLY public."order"
    ADD CONSTRAINT order_pkey PRIMARY KEY (store_id, id);

ALTER TABLE ONLY public."order"
    ADD CONSTRAINT order_store_id_number_key UNIQUE (store_id, number);

ALTER TABLE ONLY public.rate_limit
    ADD CONSTRAINT rate_limit_pkey PRIMARY KEY (store_id, app_id);

ALTER TABLE ONLY public.retention_run
    ADD CONSTRAINT retention_run_pkey PRIMARY KEY (store_id);

ALTER TABLE ONLY public.session_event
    ADD CONSTRAINT session_event_pkey PRIMARY KEY (store_id, id);

ALTER TABLE ONLY public.session
    ADD CONSTRAINT session_pkey PRIMARY KEY (store_id, id);

ALTER TABLE ONLY public.store
    ADD CONSTRAINT store_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.store
    ADD CONSTRAINT store_slug_key UNIQUE (slug);

CREATE INDEX api_key_app ON public.api_key USING btree (store_id, app_id);

CREATE INDEX api_key_hash ON public.api_key USING btree (hash);

CREATE INDEX audit_event_action ON public.audit_event USING btree (store_id, action, at, id);

CREATE INDEX audit_event_api_key ON public.audit_event USING btree (store_id, api_key_id, at, id) WHERE (api_key_id IS NOT NULL);

CREATE INDEX audit_event_at ON public.audit_event USING btree (store_id, at, id);

CREATE INDEX audit_event_object ON public.audit_event USING btree (store_id, object_id, at, id);

CREATE INDEX audit_event_user ON public.audit_event USING btree (store_id, user_id, at, id) WHERE (user_id IS NOT NULL);

CREATE INDEX customer_created ON public.customer USING btree (store_id, created_at, id) INCLUDE (name_key);

CREATE INDEX customer_email ON public.customer USING btree (store_id, email);

CREATE INDEX customer_name ON public.customer USING gin (store_id, name_key public.gin_trgm_ops);

CREATE INDEX customer_phone ON public.customer USING btree (store_id, phone);

CREATE INDEX document_hash ON public.document USING btree (store_id, app_id, hash);

CREATE INDEX idempotency_key_created ON public.idempotency_key USING btree (store_id, created_at);

CREATE INDEX order_number ON public."order" USING btree (store_id, number_key) INCLUDE (session_id);

CREATE INDEX order_number_part ON public."order" USING gin (store_id, number_key public.gin_trgm_ops);

CREATE INDEX order_session ON public."order" USING btree (store_id, session_id);

CREATE INDEX session_converted ON public.session USING btree (store_id, created_at, id) WHERE (conversion_kind IS NOT NULL);

CREATE INDEX session_created ON public.session USING btree (store_id, created_at, id) INCLUDE (token_expires_at, token_revoked_at, conversion_kind, customer_name_key, search_text);

CREATE INDEX session_customer ON public.session USING btree (store_id, customer_id, created_at, id);

CREATE INDEX session_event_opened ON public.session_event USING btree (store_id, session_id) WHERE (kind = 'OPENED'::text);

CREATE INDEX session_event_session ON public.session_event USING btree (store_id, session_id, at, id);

CREATE INDEX session_expires ON public.session USING btree (store_id, token_expires_at, id) INCLUDE (token_revoked_at);

CREATE INDEX session_metadata ON public.session USING gin (store_id, metadata jsonb_path_ops) WHERE (metadata <> '{}'::jsonb);

CREATE INDEX session_name ON public.session USING btree (store_id, customer_name_key, id) INCLUDE (search_text);

CREATE INDEX session_revoked ON public.session USING btree (store_id, created_at, id) WHERE (token_revoked_at IS NOT NULL);

CREATE INDEX session_room ON public.session USING btree (store_id, public.fold(room_id) COLLATE "C", created_at, id);

CREATE INDEX session_search ON public.session USING gin (store_id, search_text public.gin_trgm_ops);

CREATE INDEX session_unredacted ON public.session USING btree (store_id, created_at) WHERE (redacted_at IS NULL);

ALTER TABLE ONLY public.api_key
    ADD CONSTRAINT api_key_store_id_app_id_fkey FOREIGN KEY (store_id, app_id) REFERENCES public.app(store_id, id);

ALTER TABLE ONLY public.api_key
    ADD CONSTRAINT api_key_store_id_fkey FOREIGN KEY (store_id) REFERENCES public.store(id);

ALTER TABLE ONLY public.app
    ADD CONSTRAINT app_store_id_fkey FOREIGN KEY (store_id) REFERENCES public.store(id);

ALTER TABLE ONLY public.audit_event
    ADD CONSTRAINT audit_event_store_id_fkey FOREIGN KEY (store_id) REFERENCES public.store(id);

ALTER TABLE ONLY public.blocked_user
    ADD CONSTRAINT blocked_user_store_id_fkey FOREIGN KEY (store_id) REFERENCES public.store(id);

ALTER TABLE ONLY public.customer
    ADD CONSTRAINT customer_store_id_fkey FOREIGN KEY (store_id) REFERENCES public.store(id);

ALTER TABLE ONLY public.document
    ADD CONSTRAINT document_store_id_app_id_fkey FOREIGN KEY (store_id, app_id) REFERENCES public.app(store_id, id);

ALTER TABLE ONLY public.idempotency_key
    ADD CONSTRAINT idempotency_key_store_id_fkey FOREIGN KEY (store_id) REFERENCES public.store(id);

ALTER TABLE ONLY public."order"
    ADD CONSTRAINT order_store_id_fkey FOREIGN KEY (store_id) REFERENCES public.store(id);

ALTER TABLE ONLY public."order"
    ADD CONSTRAINT order_store_id_session_id_fkey FOREIGN KEY (store_id, session_id) REFERENCES public.session(store_id, id);

ALTER TABLE ONLY public.retention_run
    ADD CONSTRAINT retention_run_store_id_fkey FOREIGN KEY (store_id) REFERENCES public.store(id);

ALTER TABLE ONLY public.session_event
    ADD CONSTRAINT session_event_store_id_fkey FOREIGN KEY (store_id) REFERENCES public.store(id);

ALTER TABLE ONLY public.session_event
    ADD CONSTRAINT session_event_store_id_session_id_fkey FOREIGN KEY (store_id, session_id) REFERENCES public.session(store_id, id);

ALTER TABLE ONLY public.session
    ADD CONSTRAINT session_store_id_conversion_order_id_fkey FOREIGN KEY (store_id, conversion_order_id) REFERENCES public."order"(store_id, id);

ALTER TABLE ONLY public.session
    ADD CONSTRAINT session_store_id_customer_id_fkey FOREIGN KEY (store_id, customer_id) REFERENCES public.customer(store_id, id);

ALTER TABLE ONLY public.session
    ADD CONSTRAINT session_store_id_fkey FOREIGN KEY (store_id) REFERENCES public.store(id);
