select to_json(nullif(token_expires_at, 'infinity')) as token_expires_at from session where store_id = $1 order by session.token_expires_at asc, session.id asc limit 3;
