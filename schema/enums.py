"""Members of GraphQL enums."""

from typing import Any

import strawberry


def enum_value(value: str, description: str) -> Any:
    """A member of an enum: its value in Python, and its description."""
    return strawberry.enum_value(value, description=description)
