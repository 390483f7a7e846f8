"""The server on which the tests create their databases, and the pooler in front of it."""

import os
from urllib.parse import urlsplit

# The server under test, by default an embedded one, and the host and port of a PgBouncer in transaction mode, through
# which the servers and pools of the tests reach it.
SERVER = os.environ.get("ROOMKEY_TEST_DATABASE_URL")
POOLER = os.environ.get("ROOMKEY_TEST_POOLER")


def through_pooler(url: str) -> tuple[str, bool]:
    """The URL of a database through the pooler in transaction mode, if there is one, and whether there is one."""
    parts = urlsplit(url)
    if POOLER and SERVER and parts.netloc == urlsplit(SERVER).netloc:
        return parts._replace(netloc=f"{parts.username}@{POOLER}").geturl(), True
    return url, False
