"""The scalars that GraphQL itself does not have."""

import json
import re
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, NewType
from urllib.parse import urlsplit

import orjson
import strawberry
from strawberry.scalars import JSON
from strawberry.types.scalar import ScalarDefinition, identity

from schema.errors import BadUserInput

URL = NewType("URL", str)

URL_LENGTH = 2000

# RFC 3339, section 5.6, with at most microseconds.
DATE_TIME = re.compile(r"\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(\.\d{1,6})?([Zz]|[+-]\d\d:\d\d)", re.ASCII)


DECIMAL = re.compile(r"-?\d{1,20}(\.\d{1,20})?", re.ASCII)


def parse_datetime(value: Any) -> datetime:
    """A moment written as RFC 3339 says, with an offset, as UTC."""
    if not isinstance(value, str) or not DATE_TIME.fullmatch(value):
        raise BadUserInput(
            f"A DateTime looks like 2026-01-31T18:30:00Z or 2026-01-31T18:30:00+07:00, got {shortened(value)}."
        )
    try:
        moment = datetime.fromisoformat(value.upper()).astimezone(UTC)
    except (ValueError, OverflowError):
        moment = None
    # asyncpg takes Python's first and last moment for -infinity and infinity.
    if moment is None or moment.replace(tzinfo=None) in (datetime.min, datetime.max):
        raise BadUserInput(f"There is no such moment: {shortened(value)}.")
    return moment


def parse_decimal(value: Any) -> Decimal:
    """A number with a decimal point, without an exponent."""
    text = str(value) if isinstance(value, str | int | float) and not isinstance(value, bool) else ""
    if not DECIMAL.fullmatch(text):
        raise BadUserInput(f'A Decimal looks like "12.50", got {shortened(value)}.')
    return Decimal(text)


def parse_url(value: Any) -> URL:
    """An absolute address of the web."""
    if isinstance(value, str) and len(value) <= URL_LENGTH and not re.search(r"[\s\x00-\x20\x7f\\]", value):
        try:
            value.encode()
            parts = urlsplit(value)
            if parts.scheme in ("http", "https") and parts.hostname and parts.port != 0 and not parts.username:
                return URL(value)
        except ValueError:
            pass
    raise BadUserInput(
        f"A URL looks like https://shop.example/path, with at most {URL_LENGTH} characters, got {shortened(value)}."
    )


def shortened(value: Any) -> str:
    """What was given, as it can stand in a message: ASCII, quoted, at most 60 characters."""
    text = ascii(value)
    return text if len(text) <= 60 else f"{text[:57]}..."


def is_unicode(text: str) -> bool:
    """Whether it can be encoded: JSON lets half a surrogate pair through."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def json_object(value: object) -> str:
    """The text of a JSON object that Postgres can hold. Raises BadUserInput."""
    try:
        text = orjson.dumps(value).decode()
        json.dumps(value, allow_nan=False)
    except (TypeError, ValueError, RecursionError):
        text = ""
    if not isinstance(value, dict) or "\\u0000" in text or not text:
        raise BadUserInput(
            f"Metadata is a JSON object, its text Unicode without NUL, its numbers of 64 bits; got {shortened(value)}."
        )
    return text


SCALARS: dict[object, ScalarDefinition] = {
    datetime: strawberry.scalar(
        name="DateTime",
        description=(
            "A moment as RFC 3339 writes it. It comes out in UTC, as in `2026-01-31T11:30:00+00:00`; "
            "it goes in with any offset, but never without one."
        ),
        specified_by_url="https://www.rfc-editor.org/rfc/rfc3339",
        # Whoever writes the answer writes moments, too: orjson does it twenty times as fast as Python.
        serialize=identity,
        parse_value=parse_datetime,
    ),
    Decimal: strawberry.scalar(
        name="Decimal",
        description='An exact decimal number: out as a string, as in "12.50"; in as a string or a number.',
        serialize="{:f}".format,
        parse_value=parse_decimal,
    ),
    URL: strawberry.scalar(
        name="URL",
        description="An absolute http or https address.",
        specified_by_url="https://url.spec.whatwg.org/",
        parse_value=parse_url,
    ),
    JSON: strawberry.scalar(
        name="JSON",
        description="Any JSON value, an object where it says so.",
        specified_by_url="https://www.rfc-editor.org/rfc/rfc8259",
    ),
}
