select id, customer_name, case
when token_revoked_at is not null then 'REVOKED'
when token_expires_at <= statement_timestamp() then 'EXPIRED'
else 'ACTIVE'
end as token_status from session join (
    select id as found_id, created_at as found_at from (select * from session where store_id = $1 order by session.created_at desc, session.id desc limit (
            select case when count(*) = 2 then 240 else 0 end
            from (
                select from (select * from session where store_id = $1 order by session.created_at desc, session.id desc limit 48) as session where ((search_text like (select '%' || fold_pattern($2) || '%') and left(search_text, -27) like (select '%' || fold_pattern($3) || '%'))) limit 2
            ) as probe
    )) as session
    where ((search_text like (select '%' || fold_pattern($2) || '%') and left(search_text, -27) like (select '%' || fold_pattern($3) || '%')))
    order by session.created_at desc, session.id desc
    limit 6
) as found on store_id = $1 and session.id = found_id
order by found_at desc, found_id desc;
