"""Options that several commands have."""

from collections.abc import Callable
from typing import Any, TypeVar

import click

from schema.errors import UserErrors
from schema.scopes import Scope
from schema.validation import NAME_LENGTH, Validation

Function = TypeVar("Function", bound=Callable[..., Any])

RATE_TYPE = click.IntRange(1, 1_000_000)
RATE_HELP = "Rate limit, in cost points per second."

store_option = click.option("--store", "slug", required=True, help="The slug of the store.")
app_option = click.option("--app", "app_id", required=True, help="The ID of the app. See `roomkey apps list`.")


def scope_option(help: str, **settings: Any) -> Callable[[Function], Function]:
    """The option --scope. The function gets the scopes as `scopes`, without duplicates, in the order of the enum."""

    def unique(context: click.Context, parameter: click.Parameter, scopes: tuple[str, ...]) -> list[str]:
        return [scope.value for scope in Scope if scope.value in scopes]

    type = click.Choice([scope.value for scope in Scope])
    return click.option("--scope", "scopes", multiple=True, type=type, callback=unique, help=help, **settings)


def validate_name(context: click.Context, parameter: click.Parameter, value: str | None) -> str | None:
    """The callback of an option whose value is a single line of text, by the rules of the GraphQL schema."""
    try:
        with Validation() as validation:
            return validation.text(value, length=NAME_LENGTH)
    except UserErrors as error:
        raise click.BadParameter(error.errors[0].message) from None
