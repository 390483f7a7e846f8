select id, slug, name, storefront_url, storefront_hosts, session_expiration from store where id = $1;
