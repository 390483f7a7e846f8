"""Scopes: what a credential is permitted to do."""

from enum import Enum

import strawberry

from schema.fields import enum_value


@strawberry.enum(description="A permission that is granted to an app, and thus to its API keys and signed-in users.")
class Scope(Enum):
    SESSIONS_READ = enum_value(
        "sessions:read",
        "`sessions:read`: read sessions, customers, orders, events and statistics. Does not include the links, which "
        "admit customers: grant `sessions:write` as well.",
    )
    SESSIONS_WRITE = enum_value(
        "sessions:write",
        "`sessions:write`: create sessions, extend, reissue and revoke tokens, read their links, update customers, and "
        "record orders and conversions. Does not include reading contact details, metadata and events: grant "
        "`sessions:read` as well.",
    )
    SESSIONS_JOIN = enum_value(
        "sessions:join", "`sessions:join`: admit customers to sessions. The only scope that a storefront needs."
    )
    SETTINGS_WRITE = enum_value("settings:write", "`settings:write`: update the store's settings.")
    DOCUMENTS_WRITE = enum_value(
        "documents:write", "`documents:write`: publish, list and retire the app's persisted documents."
    )
    ADMIN = enum_value("admin", "`admin`: full access, including apps, API keys and redaction.")
