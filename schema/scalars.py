"""Custom scalars."""

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

# RFC 3339 §5.6, with a precision of at most microseconds.
DATE_TIME = re.compile(r"\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(\.\d{1,6})?([Zz]|[+-]\d\d:\d\d)", re.ASCII)

DECIMAL = re.compile(r"-?\d{1,20}(\.\d{1,20})?", re.ASCII)


def parse_datetime(value: Any) -> datetime:
    """Parse an RFC 3339 timestamp and convert it to UTC. Raises BadUserInput."""
    if not isinstance(value, str) or not DATE_TIME.fullmatch(value):
        raise BadUserInput(
            f"A DateTime must look like 2026-01-31T18:30:00Z or 2026-01-31T18:30:00+07:00, got {shortened(value)}."
        )
    try:
        moment = datetime.fromisoformat(value.upper()).astimezone(UTC)
    except (ValueError, OverflowError):
        moment = None
    # asyncpg would store datetime.min and datetime.max as -infinity and infinity.
    if moment is None or moment.replace(tzinfo=None) in (datetime.min, datetime.max):
        raise BadUserInput(f"The DateTime does not exist or is out of range, got {shortened(value)}.")
    return moment


def parse_decimal(value: Any) -> Decimal:
    """Parse a decimal number without an exponent. Raises BadUserInput."""
    text = str(value) if isinstance(value, str | int | float) and not isinstance(value, bool) else ""
    if not DECIMAL.fullmatch(text):
        raise BadUserInput(f'A Decimal must look like "12.50", got {shortened(value)}.')
    return Decimal(text)


def parse_url(value: Any) -> URL:
    """Check that the value is an absolute http or https URL without credentials. Raises BadUserInput.

    Spaces, control and format characters, and backslashes are refused, because browsers drop or replace some of them.
    """
    if isinstance(value, str) and len(value) <= URL_LENGTH and value.isprintable() and not re.search(r"[ \\]", value):
        try:
            parts = urlsplit(value)
            # Not `parts.username`, which is empty for https://:password@host/.
            has_credentials = "@" in parts.netloc
            if parts.scheme in ("http", "https") and parts.hostname and parts.port != 0 and not has_credentials:
                return URL(value)
        except ValueError:
            pass
    raise BadUserInput(
        f"A URL must look like https://shop.example/path and have at most {URL_LENGTH} characters, "
        f"got {shortened(value)}."
    )


def shortened(value: Any) -> str:
    """The value for an error message: quoted, in ASCII, with at most 60 characters."""
    text = ascii(value)
    return text if len(text) <= 60 else f"{text[:57]}..."


def is_unicode(text: str) -> bool:
    """Whether the text can be encoded. JSON permits lone surrogates, which cannot."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def json_object(value: object) -> str:
    """Encode a JSON object that Postgres can store. Raises BadUserInput."""
    try:
        text = orjson.dumps(value).decode()
        json.dumps(value, allow_nan=False)
    except (TypeError, ValueError, RecursionError):
        text = ""
    if not isinstance(value, dict) or "\\u0000" in text or not text:
        raise BadUserInput(
            "Metadata must be a JSON object whose texts are Unicode without NUL and whose numbers fit in 64 bits, "
            f"got {shortened(value)}."
        )
    return text


SCALARS: dict[object, ScalarDefinition] = {
    datetime: strawberry.scalar(
        name="DateTime",
        description=(
            "A date and time in RFC 3339 format. Output is in UTC, like `2026-01-31T11:30:00+00:00`, with up to six "
            "fractional digits. Input can have any offset, but must have one."
        ),
        specified_by_url="https://www.rfc-editor.org/rfc/rfc3339",
        # orjson serializes datetimes, twenty times faster than Python does.
        serialize=identity,
        parse_value=parse_datetime,
    ),
    Decimal: strawberry.scalar(
        name="Decimal",
        description='An exact decimal number. Output is a string, like "12.50". Input can be a string or a number.',
        serialize="{:f}".format,
        parse_value=parse_decimal,
    ),
    URL: strawberry.scalar(
        name="URL",
        description="An absolute http or https URL.",
        specified_by_url="https://url.spec.whatwg.org/",
        parse_value=parse_url,
    ),
    JSON: strawberry.scalar(
        name="JSON",
        description="Any JSON value. Some fields accept only objects.",
        specified_by_url="https://www.rfc-editor.org/rfc/rfc8259",
    ),
}
