"""What SQL a document runs."""

from typing import Any

from db.credentials import get_credential
from db.pool import recorded_statements
from schema import schema
from schema.context import Context
from schema.cursors import Cursors
from schema.keys import hash_of
from schema.links import Links
from tests.conftest import TOKEN_KEYS
from tests.shop import Shop


async def statements_of(shop: Shop, query: str, **variables: Any) -> list[str]:
    """The text of each statement that the document runs for the shop; errors fail the test."""
    return (await answered(shop, query, **variables))[1]


async def answered(shop: Shop, query: str, **variables: Any) -> tuple[Any, list[str]]:
    """The document's data, and the text of each statement that it runs for the shop; errors fail the test.

    The server handles requests in tasks of its own, where nothing is recorded: here the schema is called directly.
    """
    context = Context(
        db=shop.db,
        links=Links("http://links.example/s", TOKEN_KEYS),
        cursors=Cursors(TOKEN_KEYS),
        credential=await get_credential(shop.db, hash_of(shop.key)),
    )
    with recorded_statements() as statements:
        result = await schema.execute(query, variable_values=variables, context_value=context)
    assert result.errors is None, result.errors
    return result.data, statements
