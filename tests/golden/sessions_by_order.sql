select id, customer_name from session where store_id = $1 and id in (
    select id from session
    where store_id = $1 and (id in (
            select session_id from "order" where store_id = $1 and number_key = fold($2)
    ))
    order by session.created_at desc, session.id desc
    limit 51
)
order by session.created_at desc, session.id desc;

select id, number, session_id, total_amount, total_currency, placed_at from "order"
where store_id = $1 and number_key = fold($2)
order by number = $2 desc, id
limit 1;

select id, number, session_id, total_amount, total_currency, placed_at from "order" where store_id = $1 and session_id = any ($2) order by id;

select id, customer_id, customer_name, room_id, to_json(created_at) as created_at, (token_revoked_at is null and token_expires_at > statement_timestamp()) as active, token_key, token_generation, case
when token_revoked_at is not null then 'REVOKED'
when token_expires_at <= statement_timestamp() then 'EXPIRED'
else 'ACTIVE'
end as token_status, to_json(token_issued_at) as token_issued_at, to_json(nullif(token_expires_at, 'infinity')) as token_expires_at, to_json(token_revoked_at) as token_revoked_at, conversion_kind, to_json(converted_at) as converted_at, conversion_order_id, metadata, to_json(redacted_at) as redacted_at from session where store_id = $1 and id = $2;
