"""Validation of option values by the rules of the GraphQL schema."""

import click

from schema.errors import UserErrors
from schema.validation import NAME_LENGTH, Validation


def validate_name(context: click.Context, parameter: click.Parameter, value: str | None) -> str | None:
    """The callback of an option whose value is a single line of text."""
    validation = Validation()
    name = validation.optional_text(value, length=NAME_LENGTH)
    try:
        validation.raise_errors()
    except UserErrors as error:
        raise click.BadParameter(error.errors[0].message) from None
    return name
