select id, name, phone, email, external_id, customer.created_at::text as sort_key from customer where store_id = $1 order by customer.created_at desc, customer.id desc limit 7;

select page.* from unnest($2::text[]) as parent (id) cross join lateral (
    select id, customer_id, customer_name, room_id, to_json(created_at) as created_at, (token_revoked_at is null and token_expires_at > statement_timestamp()) as active, token_key, token_generation, case
    when token_revoked_at is not null then 'REVOKED'
    when token_expires_at <= statement_timestamp() then 'EXPIRED'
    else 'ACTIVE'
    end as token_status, to_json(token_issued_at) as token_issued_at, to_json(nullif(token_expires_at, 'infinity')) as token_expires_at, to_json(token_revoked_at) as token_revoked_at, conversion_kind, to_json(converted_at) as converted_at, conversion_order_id, metadata::json as metadata, session.created_at::text as sort_key from session where store_id = $1 and id in (
        select id from session
        where store_id = $1 and customer_id = parent.id and true
        order by session.created_at desc, session.id desc
        limit 3
    )
    order by session.created_at desc, session.id desc
) as page;

select parent.id, counted.count from unnest($2::text[]) as parent (id)
cross join lateral (
    select count(*) from (select from session where store_id = $1 and (customer_id = parent.id and true) limit 10001) as counted
) as counted;

select id, number, session_id, total_amount, total_currency, placed_at from "order" where store_id = $1 and session_id = any ($2) order by id;

select parent.id, counted.count from unnest($2::text[]) as parent (id)
cross join lateral (
    select count(*) from (select from session where store_id = $1 and (customer_id = parent.id and true) limit 10001) as counted
) as counted;

select id, number, session_id, total_amount, total_currency, placed_at from "order" where store_id = $1 and session_id = any ($2) order by id;
