select date_trunc('day', created_at, 'UTC') as start, count(*) as total,
count(*) filter (where (token_revoked_at is null and token_expires_at > statement_timestamp())) as active,
count(*) filter (where (token_revoked_at is null and token_expires_at <= statement_timestamp())) as expired,
count(*) filter (where token_revoked_at is not null) as revoked,
count(conversion_kind) as converted,
count(conversion_kind) / nullif(count(*), 0)::float8 as conversion_rate,
percentile_cont(0.5) within group (order by greatest(extract(epoch from converted_at - created_at), 0))
filter (where converted_at is not null) as median_seconds_to_conversion
from session
where store_id = $1 and true
group by grouping sets ((), (date_trunc('day', created_at, 'UTC')))
order by start nulls first;

select date_trunc('day', created_at, 'UTC') as start, count(*)
from session
where store_id = $1 and (true and id in (select session_id from session_event where store_id = $1 and kind = 'OPENED'))
group by grouping sets ((), (date_trunc('day', created_at, 'UTC')))
order by start nulls first;
