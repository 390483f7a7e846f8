select id, name, phone from customer where store_id = $1 order by customer.created_at desc, customer.id desc limit 7;

select page.* from unnest($2::text[]) as parent (id) cross join lateral (
    select id, customer_id, case
    when token_revoked_at is not null then 'REVOKED'
    when token_expires_at <= statement_timestamp() then 'EXPIRED'
    else 'ACTIVE'
    end as token_status from session where store_id = $1 and id in (
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
