select id, customer_id, customer_name, room_id, to_json(created_at) as created_at, (token_revoked_at is null and token_expires_at > statement_timestamp()) as active, token_key, token_generation, case
when token_revoked_at is not null then 'REVOKED'
when token_expires_at <= statement_timestamp() then 'EXPIRED'
else 'ACTIVE'
end as token_status, to_json(token_issued_at) as token_issued_at, to_json(nullif(token_expires_at, 'infinity')) as token_expires_at, to_json(token_revoked_at) as token_revoked_at, conversion_kind, to_json(converted_at) as converted_at, conversion_order_id, metadata, to_json(redacted_at) as redacted_at, exists (
    select from session_event
    where store_id = $1 and session_id = $2 and kind = $3
    and at > greatest(now() - interval '1 minute', token_issued_at)
) as was_visited, current_setting('transaction_read_only')::boolean as is_read_only
from session where store_id = $1 and id = $2;

select from session where store_id = $1 and id = $2 for no key update;

select id, customer_id, customer_name, room_id, to_json(created_at) as created_at, (token_revoked_at is null and token_expires_at > statement_timestamp()) as active, token_key, token_generation, case
when token_revoked_at is not null then 'REVOKED'
when token_expires_at <= statement_timestamp() then 'EXPIRED'
else 'ACTIVE'
end as token_status, to_json(token_issued_at) as token_issued_at, to_json(nullif(token_expires_at, 'infinity')) as token_expires_at, to_json(token_revoked_at) as token_revoked_at, conversion_kind, to_json(converted_at) as converted_at, conversion_order_id, metadata, to_json(redacted_at) as redacted_at from session where store_id = $1 and id = $2;

insert into session_event (store_id, id, session_id, kind, api_key_id, user_id)
select store_id, $3, id, $4, $5, $6
from session
where store_id = $1 and id = $2 and not exists (
    select from session_event
    where store_id = $1 and session_id = $2 and kind = $4
    and at > greatest(now() - interval '1 minute', token_issued_at)
);

select id, number, session_id, total_amount, total_currency, placed_at from "order" where store_id = $1 and session_id = any ($2) order by id;
