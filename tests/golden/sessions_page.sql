select id, customer_name, room_id, to_json(created_at) as created_at, token_key, token_generation, case
when token_revoked_at is not null then 'REVOKED'
when token_expires_at <= statement_timestamp() then 'EXPIRED'
else 'ACTIVE'
end as token_status, to_json(nullif(token_expires_at, 'infinity')) as token_expires_at, conversion_kind, to_json(converted_at) as converted_at, session.created_at::text as sort_key from session where store_id = $1 order by session.created_at desc, session.id desc limit 51;
