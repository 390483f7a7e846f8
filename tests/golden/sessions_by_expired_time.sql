select id, customer_id, customer_name, customer_name_key, room_id, created_at,
token_key, token_generation, case
when token_revoked_at is not null then 'REVOKED'
when token_expires_at <= statement_timestamp() then 'EXPIRED'
else 'ACTIVE'
end as token_status,
token_issued_at, nullif(token_expires_at, 'infinity') as token_expires_at, token_revoked_at,
conversion_kind, converted_at, conversion_order_id, metadata
from session where store_id = $1 and true
order by session.token_expires_at asc, id asc
limit 3;
