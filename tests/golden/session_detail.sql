select id, customer_id, customer_name, room_id, to_json(created_at) as created_at, (token_revoked_at is null and token_expires_at > statement_timestamp()) as active, token_key, token_generation, case
when token_revoked_at is not null then 'REVOKED'
when token_expires_at <= statement_timestamp() then 'EXPIRED'
else 'ACTIVE'
end as token_status, to_json(token_issued_at) as token_issued_at, to_json(nullif(token_expires_at, 'infinity')) as token_expires_at, to_json(token_revoked_at) as token_revoked_at, conversion_kind, to_json(converted_at) as converted_at, conversion_order_id, metadata from session where store_id = $1 and id = $2;

select id, number, session_id, total_amount, total_currency, placed_at from "order" where store_id = $1 and id = any ($2);

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

select id, name, phone, email, external_id, to_json(redacted_at) as redacted_at from customer where store_id = $1 and id = any ($2);
