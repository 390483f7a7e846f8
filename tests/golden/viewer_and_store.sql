select id, slug, name, storefront_url, storefront_hosts, session_expiration, retention_days from store where id = $1;
