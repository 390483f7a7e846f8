select from customer where store_id = $1 and id = any ($2) order by id for no key update;

select id from session
where store_id = $1 and customer_id = any ($2) and (redacted_at is null or customer_name <> '')
order by redacted_at is null
limit $3;

with locked as (
    select id, redacted_at is null as is_new, (token_revoked_at is null and token_expires_at > statement_timestamp()) as is_active
    from session where store_id = $1 and id = any ($2)
    order by id for no key update
)
update session set
redacted_at = coalesce(redacted_at, now()),
customer_name = case when $3 then '' else customer_name end,
room_id = null,
metadata = '{}',
token_revoked_at = case when is_active then clock_timestamp() else token_revoked_at end
from locked
where session.store_id = $1 and session.id = locked.id
returning session.id, is_new, is_active;

update session_event set reason = null where store_id = $1 and session_id = any ($2) and reason <> 'store setting';

insert into session_event (store_id, id, session_id, kind, api_key_id, user_id)
select $1, id, session_id, $2, $5, $6 from unnest($3::text[], $4::text[]) as new (id, session_id);

insert into session_event (store_id, id, session_id, kind, api_key_id, user_id)
select $1, id, session_id, $2, $5, $6 from unnest($3::text[], $4::text[]) as new (id, session_id);

with before as materialized (
    select id, redacted_at is null as is_new from customer where store_id = $1 and id = any ($2) for no key update
), changed as (
    update customer set
    name = '', phone = null, email = null, external_id = null, redacted_at = coalesce(redacted_at, now())
    from before
    where customer.store_id = $1 and customer.id = before.id
    returning customer.*, before.is_new
), event as (
    insert into audit_event (store_id, id, action, object_id, api_key_id, user_id, address, before, after)
    select $1, event.id, 'CUSTOMER_REDACTED', changed.id, $4, $5, $6, null, null
    from changed join unnest($2::text[], $3::text[]) as event (customer_id, id) on event.customer_id = changed.id
    where changed.is_new
)
select id, name, phone, email, external_id, to_json(redacted_at) as redacted_at from changed;

select page.* from unnest($2::text[]) as parent (id) cross join lateral (
    select customer_id, customer_name, room_id, case
    when token_revoked_at is not null then 'REVOKED'
    when token_expires_at <= statement_timestamp() then 'EXPIRED'
    else 'ACTIVE'
    end as token_status, to_json(redacted_at) as redacted_at from session where store_id = $1 and id in (
        select id from session
        where store_id = $1 and customer_id = parent.id and (conversion_kind is null)
        order by session.created_at desc, session.id desc
        limit 2
    )
    order by session.created_at desc, session.id desc
) as page;

select id, name, phone, email, external_id, to_json(redacted_at) as redacted_at from customer where store_id = $1 and id = any ($2);
