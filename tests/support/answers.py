"""What the endpoint answers, as a client sees it."""

from typing import Any

import httpx

JSON = "application/json"
GRAPHQL = "application/graphql-response+json"

SLUG = "{ store { slug } }"
NO_QUERY = "A request needs a query, a GraphQL document as a string, or a documentId."


async def ask(http: httpx.AsyncClient, *accept: str, query: str = "{ __typename }", **options: Any) -> httpx.Response:
    """The answer to a document that is sent by POST with these Accept headers, without any where none is given."""
    options = {"json": {"query": query}} | options
    request = http.build_request("POST", "/graphql", **options)
    kept = [(name, value) for name, value in request.headers.raw if name.lower() != b"accept"]
    request.headers = httpx.Headers([*kept, *((b"Accept", each.encode()) for each in accept)])
    return await http.send(request)


def answered(response: httpx.Response, media_type: str = JSON) -> tuple[int, Any]:
    """The status and the body, but for what it cost, of an answer of that type."""
    assert response.headers["content-type"] == f"{media_type}; charset=utf-8"
    assert response.headers["cache-control"] == "no-store"
    assert "Accept" in response.headers["vary"].split(", ")
    answer = response.json()
    answer.pop("extensions", None)
    return response.status_code, answer


def refusal(message: str, code: str = "BAD_REQUEST") -> dict[str, Any]:
    return {"errors": [{"message": message, "extensions": {"code": code}}]}
