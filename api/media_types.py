"""Media types and encodings: what a request has, and what its response may have (GraphQL over HTTP, "Media Types")."""

from functools import lru_cache

from mimeparse import MimeTypeParseException, best_match, parse_mime_type

HTML = "text/html"
JSON = "application/json"
GRAPHQL = "application/graphql-response+json"

# Browsers send some 150 characters; reading thousands of ranges would take milliseconds.
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
    """The type that an Accept header prefers of those that we write; None if it accepts none of them.

    A client that does not name GRAPHQL and likes it no better than JSON gets JSON (RFC 9110, section 12.5.1).
    """
    if len(accept) > ACCEPT_LENGTH:
        return None
    text = accept.decode("latin-1").lower() or "*/*"
    # Of types that are preferred alike, the last one wins.
    ours = [*([HTML] if html else []), JSON]
    ours.insert(len(ours) if GRAPHQL in text else 0, GRAPHQL)
    try:
        return best_match(ours, text) or None
    except MimeTypeParseException:
        return None
