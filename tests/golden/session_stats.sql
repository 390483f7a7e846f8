select date_trunc('day', created_at, 'UTC') as start, count(*),
count(*) filter (where (token_revoked_at is null and token_expires_at > statement_timestamp())),
count(*) filter (where (token_revoked_at is null and token_expires_at <= statement_timestamp())),
count(*) filter (where token_revoked_at is not null),
count(conversion_kind),
percentile_cont(0.5) within group (order by greatest(extract(epoch from converted_at - created_at), 0)) filter (where converted_at is not null)
from session
where store_id = $1 and true
group by grouping sets ((), (date_trunc('day', created_at, 'UTC')))
order by start nulls first;

select date_trunc('day', created_at, 'UTC') as start, count(*)
from session
where store_id = $1 and true
and id in (select session_id from session_event where store_id = $1 and kind = 'OPENED')
group by grouping sets ((), (date_trunc('day', created_at, 'UTC')));

select date_trunc('day', created_at, 'UTC') as start, count(*)
from session
where store_id = $1 and true
and id in (select session_id from session_event where store_id = $1 and kind = 'OPENED')
group by grouping sets ((), (date_trunc('day', created_at, 'UTC')));
