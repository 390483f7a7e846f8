"""Tokens: extending, reissuing, revoking, joining."""

from typing import Any

import pytest

from tests.shop import Shop, code_of


async def test_a_revoked_token_cannot_be_joined(shop: Shop) -> None:
    session = await shop.create()
    await shop.change("revokeToken", sessionId=session["id"], reason="lost phone")
    assert await shop.change("joinSession", token=code_of(session)) == {
        "session": None,
        "userErrors": [
            {"field": ["token"], "code": "TOKEN_REVOKED", "message": "was revoked: the shop can send a new link"}
        ],
    }
    assert await shop.event_kinds(session["id"]) == ["ISSUED", "REVOKED"]
