select id, customer_id, customer_name, customer_name_key, room_id, created_at,
token_key, token_generation, case
when token_revoked_at is not null then 'REVOKED'
when token_expires_at <= statement_timestamp() then 'EXPIRED'
else 'ACTIVE'
end as token_status,
token_issued_at, nullif(token_expires_at, 'infinity') as token_expires_at, token_revoked_at,
conversion_kind, converted_at, conversion_order_id, metadata from session
where store_id = $1 and id in (select id
    from session where store_id = $1 and (((search_text like '%' || fold_pattern($2) || '%' and left(search_text, -27) like '%' || fold_pattern($3) || '%')))
    order by session.created_at desc, id desc
    limit 6
)
order by session.created_at desc, id desc;
