"""Idempotency keys: a creation that is sent again happens once."""

import hashlib
from dataclasses import asdict
from typing import Any

import orjson
import strawberry

from db.idempotency_keys import InputDiffers, claim_id
from db.pool import Transaction
from schema.errors import UserErrorCode, refused


def given(input: Any) -> dict[str, Any]:
    """The input without what is absent, so that it means the same when this version's knows of another field."""
    return _given(asdict(input))


async def claim(transaction: Transaction, store_id: str, key: str | None, input: dict[str, Any], id: str) -> str:
    """The ID of what was created with the key before, or else the given one, of what is to be created now.

    The inputs of two mutations are never equal: each must have a field that no other has. Raises Refused when the key
    was used for another input.
    """
    if key is None:
        return id
    content = orjson.dumps(input, option=orjson.OPT_SORT_KEYS)
    try:
        return await claim_id(transaction, store_id, key, hashlib.sha256(content).digest(), id)
    except InputDiffers:
        raise refused(
            UserErrorCode.IDEMPOTENCY_MISMATCH, "was used before, for another input", "idempotencyKey"
        ) from None


def _given(input: dict[str, Any]) -> dict[str, Any]:
    return {
        name: _given(value) if isinstance(value, dict) else value
        for name, value in input.items()
        if value is not None and value is not strawberry.UNSET
    }
