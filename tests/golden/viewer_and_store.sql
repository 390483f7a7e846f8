select id, slug, name, storefront_url, session_expiration, retention_days from store where id = $1;
