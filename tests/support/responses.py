"""Responses of the GraphQL endpoint, in the form in which tests compare them."""

from typing import Any

import httpx

JSON = "application/json"
GRAPHQL = "application/graphql-response+json"
BROWSER = {"Accept": "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8"}

TYPENAME = "{ __typename }"
SLUG = "{ store { slug } }"
NO_QUERY = "Send either query, a GraphQL document as a string, or documentId."


async def send(http: httpx.AsyncClient, *accept: str, query: str = TYPENAME, **options: Any) -> httpx.Response:
    """POST a document with these Accept headers, and without any if none is given."""
    options = {"json": {"query": query}} | options
    request = http.build_request("POST", "/graphql", **options)
    kept = [(name, value) for name, value in request.headers.raw if name.lower() != b"accept"]
    request.headers = httpx.Headers([*kept, *((b"Accept", each.encode()) for each in accept)])
    return await http.send(request)


def result(response: httpx.Response) -> tuple[int, Any]:
    """The status and the body without its extensions."""
    body = response.json()
    body.pop("extensions", None)
    return response.status_code, body


def checked(response: httpx.Response, media_type: str = JSON) -> tuple[int, Any]:
    """The result of a response that has this media type and must not be stored."""
    assert response.headers["content-type"] == f"{media_type}; charset=utf-8"
    assert response.headers["cache-control"] == "no-store"
    assert "Accept" in response.headers["vary"].split(", ")
    return result(response)


def error_body(message: str, code: str = "BAD_REQUEST") -> dict[str, Any]:
    return {"errors": [{"message": message, "extensions": {"code": code}}]}
