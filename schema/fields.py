"""Strawberry's `field` and `enum_value`, with the types that a strict checker needs."""

from collections.abc import Callable
from typing import Any, TypeVar, cast

import strawberry

F = TypeVar("F", bound=Callable[..., Any])


def resolver(description: str) -> Callable[[F], F]:
    """Makes a method the field of its name."""
    return cast(Callable[[F], F], strawberry.field(description=description))


def value(value: str, description: str) -> Any:
    """An enum's member: what it is in Python, and what it means."""
    return strawberry.enum_value(value, description=description)
