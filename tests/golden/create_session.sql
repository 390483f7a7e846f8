insert into idempotency_key (store_id, key, input_hash, resource_id) values ($1, $2, $3, $4)
on conflict (store_id, key) do nothing
returning resource_id;

with created as (
    insert into customer (store_id, id, name, phone, email, external_id) values ($1, $2, $3, $4, $5, $6)
    on conflict (store_id, external_id) do update set external_id = excluded.external_id
    returning *, xmax = 0 as is_new
), event as (
    insert into audit_event (store_id, id, action, object_id, api_key_id, user_id, address, before, after)
    select $1, $7, 'CUSTOMER_CREATED', id, $8, $9, $10, null,
    without_values(jsonb_strip_nulls(jsonb_build_object('name', created.name, 'phone', created.phone, 'email', created.email, 'external_id', created.external_id)))
    from created where is_new
)
select id, name, phone, email, external_id, to_json(redacted_at) as redacted_at from created;

with setting as (
    select coalesce($7, session_expiration) as minutes from store where id = $1 for share
), created as (
    insert into session (store_id, id, customer_id, customer_name, room_id, token_key, token_expires_at, metadata)
    select $1, $2, $3, $4, $5, $6,
    case minutes when 0 then 'infinity' else now() + make_interval(mins => minutes) end, $8
    from setting
    returning *
), event as (
    insert into session_event (store_id, id, session_id, kind, at, expires_at, api_key_id, user_id)
    select store_id, $9, id, 'ISSUED', created_at, token_expires_at, $10, $11 from created
)
select id, customer_id, customer_name, room_id, to_json(created_at) as created_at, (token_revoked_at is null and token_expires_at > statement_timestamp()) as active, token_key, token_generation, case
when token_revoked_at is not null then 'REVOKED'
when token_expires_at <= statement_timestamp() then 'EXPIRED'
else 'ACTIVE'
end as token_status, to_json(token_issued_at) as token_issued_at, to_json(nullif(token_expires_at, 'infinity')) as token_expires_at, to_json(token_revoked_at) as token_revoked_at, conversion_kind, to_json(converted_at) as converted_at, conversion_order_id, metadata, to_json(redacted_at) as redacted_at from created;

with before as materialized (
    select * from "order" where store_id = $1 and number = $4
), changed as (
    insert into "order" as known (store_id, id, session_id, number, total_amount, total_currency, placed_at)
    values ($1, $2, $3, $4, $5, $6, $7)
    on conflict (store_id, number) do update set
    session_id = excluded.session_id,
    total_amount = coalesce(excluded.total_amount, known.total_amount),
    total_currency = coalesce(excluded.total_currency, known.total_currency),
    placed_at = coalesce(excluded.placed_at, known.placed_at)
    where known.session_id is null or known.session_id = excluded.session_id
    returning *
), event as (
    insert into audit_event (store_id, id, action, object_id, api_key_id, user_id, address, before, after)
    select $1, $8, case when before.id is null then 'ORDER_CREATED' else 'ORDER_UPDATED' end, changed.id, $9, $10, $11,
    changed_entries(to_jsonb(before) - array['store_id', 'id', 'number_key', 'created_at'], to_jsonb(changed) - array['store_id', 'id', 'number_key', 'created_at']), coalesce(changed_entries(to_jsonb(changed) - array['store_id', 'id', 'number_key', 'created_at'], to_jsonb(before) - array['store_id', 'id', 'number_key', 'created_at']), jsonb_strip_nulls(to_jsonb(changed) - array['store_id', 'id', 'number_key', 'created_at']))
    from changed left join before on true
    where before.id is null or to_jsonb(before) - array['store_id', 'id', 'number_key', 'created_at'] <> to_jsonb(changed) - array['store_id', 'id', 'number_key', 'created_at']
)
select id, number, session_id, total_amount, total_currency, placed_at from changed;

update session set order_numbers = concat_ws(e'\n', $3, nullif(order_numbers, ''))
where store_id = $1 and id = $2 and $3 <> all (string_to_array(order_numbers, e'\n'));

select id, name, phone, email, external_id, to_json(redacted_at) as redacted_at from customer where store_id = $1 and id = any ($2);

select id, number, session_id, total_amount, total_currency, placed_at from "order" where store_id = $1 and session_id = any ($2) order by id;

select parent.id as session_id, event.id, event.kind, to_json(event.at) as at, to_json(event.expires_at) as expires_at,
event.reason, event.api_key_id, event.user_id, event.at::text as sort_key
from unnest($2::text[]) as parent (id)
cross join lateral (
    select id, kind, at, expires_at, reason, api_key_id, user_id from (
        select id, kind, at, nullif(expires_at, 'infinity') as expires_at, reason, api_key_id, user_id
        from session_event
        where store_id = $1 and session_id = parent.id
        union all
        select 'expiry' || substr(id, 6), 'EXPIRED', ends_at, null, null, null, null
        from (
            select id, expires_at, greatest(at, expires_at) as ends_at, lead(at) over (order by at, id) as next_at
            from session_event
            where store_id = $1 and session_id = parent.id and kind in ('ISSUED', 'EXTENDED', 'REISSUED', 'REVOKED')
        ) as token
        where expires_at is not null and ends_at <= now() and (next_at is null or next_at > ends_at)
    ) as timeline
    where ($3::text is null or (at, id) > ($3::timestamptz, $4))
    and ($5::text is null or (at, id) < ($5::timestamptz, $6))
    order by at, id
    limit $7
) as event;
