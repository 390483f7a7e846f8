"""Texts among a command's options: what GraphQL refuses is refused here, too."""

import click

from schema.errors import Refused
from schema.validation import NAME_LENGTH, Checks


def line(context: click.Context, parameter: click.Parameter, value: str | None) -> str | None:
    """The callback of an option that is a name."""
    checks = Checks()
    text = checks.optional_text(value, length=NAME_LENGTH)
    try:
        checks.done()
    except Refused as refusal:
        raise click.BadParameter(refusal.errors[0].message) from None
    return text
