"""Shorthand for members of enums, optional fields and arguments, each with its description."""

from typing import Any

import strawberry


def enum_value(value: str | tuple[str, str], description: str) -> Any:
    """Declare an enum member with its Python value and its description."""
    return strawberry.enum_value(value, description=description)


def optional(description: str, *, default: Any = None, name: str | None = None) -> Any:
    """Declare a field that can be omitted. With the default `UNSET`, an omitted field differs from null."""
    return strawberry.field(name=name, default=default, description=description)


def argument(description: str) -> Any:
    """Describe an argument, in the second place of `Annotated`."""
    return strawberry.argument(description=description)
