"""The statements that a document runs."""

from functools import partial
from typing import Any

import orjson

from api.documents.publishing import publish
from db.api_keys import hash_api_key
from db.credentials import get_credential
from db.statements import recorded_statements
from engine.documents import DocumentCache
from schema.context import Context
from schema.cost import COST_MODEL
from schema.cursors import Cursors
from schema.links import Links
from schema.root import schema
from tests.conftest import TOKEN_KEYS
from tests.support.shop import Shop

DOCUMENTS = DocumentCache(schema, COST_MODEL, introspection=True, compiled=True)


async def statements_of(shop: Shop, query: str, **variables: Any) -> list[str]:
    """The text of each statement that the document runs for the shop; errors fail the test."""
    return (await answered(shop, query, **variables))[1]


async def answered(shop: Shop, query: str, **variables: Any) -> tuple[Any, list[str]]:
    """The document's data, and the text of each statement that it runs for the shop; errors fail the test.

    The server handles requests in tasks of its own, where nothing is recorded: here the operation is run directly.
    """
    context = Context(
        db=shop.db,
        links=Links("http://links.example/s", TOKEN_KEYS),
        cursors=Cursors(TOKEN_KEYS),
        credential=await get_credential(shop.db, hash_api_key(shop.key)),
        publish_documents=partial(publish, shop.db),
    )
    operation = DOCUMENTS.get(query).operation(None)
    with recorded_statements() as statements:
        result, interpreted = await operation.execute(variables, context)
    assert result.errors is None, result.errors
    assert interpreted is None, interpreted
    return orjson.loads(orjson.dumps(result.data)), statements
