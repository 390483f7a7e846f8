"""The media types of requests and responses (GraphQL over HTTP, "Media Types")."""

from functools import lru_cache

from mimeparse import MimeTypeParseException, best_match, parse_mime_type

HTML = "text/html"
JSON = "application/json"
GRAPHQL = "application/graphql-response+json"

# Browsers send about 150 characters. Parsing thousands of ranges would take milliseconds.
ACCEPT_LENGTH = 2_000


@lru_cache(256)
def is_json(content_type: bytes) -> bool:
    """Whether a Content-Type is JSON in UTF-8. A type without a charset is UTF-8."""
    try:
        type, subtype, parameters = parse_mime_type(content_type.decode("latin-1").lower())
    except MimeTypeParseException:
        return False
    return f"{type}/{subtype}" == JSON and parameters.get("charset", "utf-8") in ("utf-8", "utf8")


@lru_cache(256)
def media_type(accept: bytes, *, html: bool = False) -> str | None:
    """The supported type that an Accept header prefers, or None if it accepts none of them.

    JSON wins a tie unless the header names `GRAPHQL` (RFC 9110, section 12.5.1).
    """
    if len(accept) > ACCEPT_LENGTH:
        return None
    text = accept.decode("latin-1").lower() or "*/*"
    # If several types have the same quality, the last one wins.
    ours = [*([HTML] if html else []), JSON]
    ours.insert(len(ours) if GRAPHQL in text else 0, GRAPHQL)
    try:
        return best_match(ours, text) or None
    except MimeTypeParseException:
        return None
