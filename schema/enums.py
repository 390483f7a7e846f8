"""Members of GraphQL enums."""

from typing import Any

import strawberry


def enum_value(value: str, description: str) -> Any:
    """Declare an enum member with its Python value and its description."""
    return strawberry.enum_value(value, description=description)
