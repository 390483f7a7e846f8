select  from session where store_id = $1 order by session.created_at desc, session.id desc limit 51;

select  from session where store_id = $1 and id in (
    select id from session
    where store_id = $1 and (((token_revoked_at is null and token_expires_at > statement_timestamp())))
    order by session.created_at desc, session.id desc
    limit 51
)
order by session.created_at desc, session.id desc;

select count(*) from (select from session where store_id = $1 and true limit 10001) as counted;

select count(*) from (select from session where store_id = $1 and (((token_revoked_at is null and token_expires_at > statement_timestamp()))) limit 11) as counted;
