select id, slug, name, storefront_url, session_expiration from store where id = $1;
