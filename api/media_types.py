"""Media types: what a request has, and what its answer may have (GraphQL over HTTP, "Media Types")."""

from functools import lru_cache

from mimeparse import MimeTypeParseException, best_match, parse_mime_type
from starlette.datastructures import Headers

HTML = "text/html"
JSON = "application/json"
GRAPHQL = "application/graphql-response+json"

# Browsers send some 150 characters; reading thousands of ranges would take milliseconds.
ACCEPT_LENGTH = 2_000


@lru_cache(256)
def is_json(content_type: str) -> bool:
    """Whether that is JSON in UTF-8, as JSON is that says nothing else."""
    try:
        type, subtype, parameters = parse_mime_type(content_type.lower())
    except MimeTypeParseException:
        return False
    return f"{type}/{subtype}" == JSON and parameters.get("charset", "utf-8") in ("utf-8", "utf8")


def accepted(headers: Headers) -> str:
    """The Accept header, of which there may be several."""
    return ", ".join(headers.getlist("accept")).lower() or "*/*"


@lru_cache(256)
def media_type(accept: str, *, html: bool = False) -> str | None:
    """The type that the Accept header likes best of those that we write; None: it takes none of them.

    Who does not name GRAPHQL, but likes it as well as JSON, gets JSON (RFC 9110, section 12.5.1).
    """
    if len(accept) > ACCEPT_LENGTH:
        return None
    # Of types that are liked alike, the last one wins.
    ours = [*([HTML] if html else []), JSON]
    ours.insert(len(ours) if GRAPHQL in accept else 0, GRAPHQL)
    try:
        return best_match(ours, accept) or None
    except MimeTypeParseException:
        return None
