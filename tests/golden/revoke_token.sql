with locked as (
    select id from session where store_id = $1 and id = $2 and token_revoked_at is null and redacted_at is null
    for no key update
), changed as (
    update session set token_revoked_at = clock_timestamp() from locked
    where session.store_id = $1 and session.id = locked.id
    returning session.*
), event as (
    insert into session_event (store_id, id, session_id, kind, at, reason, api_key_id, user_id)
    select store_id, $3, id, 'REVOKED', token_revoked_at, $4, $5, $6 from changed
)
select id, customer_id, customer_name, room_id, to_json(created_at) as created_at, (token_revoked_at is null and token_expires_at > statement_timestamp()) as active, token_key, token_generation, case
when token_revoked_at is not null then 'REVOKED'
when token_expires_at <= statement_timestamp() then 'EXPIRED'
else 'ACTIVE'
end as token_status, to_json(token_issued_at) as token_issued_at, to_json(nullif(token_expires_at, 'infinity')) as token_expires_at, to_json(token_revoked_at) as token_revoked_at, conversion_kind, to_json(converted_at) as converted_at, conversion_order_id, metadata, to_json(redacted_at) as redacted_at from changed;
