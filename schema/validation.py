"""Validation of the inputs of mutations."""

import unicodedata
from collections.abc import Callable
from typing import Self, TypeVar

from db.ids import Noun, noun_of
from schema.contacts import email_address, phone_number
from schema.errors import BadUserInput, UserError, UserErrorCode, UserErrors
from schema.scalars import is_unicode, json_object, shortened

# Maximum lengths, in characters.
NAME_LENGTH = 200
LABEL_LENGTH = 100
USER_ID_LENGTH = 255

METADATA_BYTES = 8_192

# The longest lifetime of a token: one day.
MINUTES = 1440

T = TypeVar("T")
# The retention period of sessions.
DAYS_MINIMUM = 30
DAYS_MAXIMUM = 3650

OptionalText = TypeVar("OptionalText", str, str | None)
OptionalNumber = TypeVar("OptionalNumber", int, int | None)


class Validation:
    """Validates the fields of an input, and collects the errors so that a form can show all of them.

    It is a context manager, which raises UserErrors at the end if any field was invalid. Each method returns the
    normalized value, and None for None. `field` is the path of the field below `input`.
    """

    def __init__(self) -> None:
        self._errors: list[UserError] = []

    def add_error(self, message: str, *field: str) -> None:
        self._errors.append(UserError(field=list(field), code=UserErrorCode.INVALID, message=message))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, error: object, *_: object) -> None:
        if self._errors and error is None:
            raise UserErrors(self._errors)

    def text(self, value: OptionalText, *field: str, length: int = LABEL_LENGTH) -> OptionalText:
        """A single line of text of 1 to `length` characters, stripped of surrounding whitespace."""
        if value is None:
            return value
        text = value.strip()
        if not text or len(text) > length:
            self.add_error(f"must be 1 to {length} characters long, got {len(text)}", *field)
        elif not is_unicode(text) or any(unicodedata.category(character) == "Cc" for character in text):
            self.add_error(f"must be one line of Unicode text, got {shortened(value)}", *field)
        elif all(unicodedata.category(character)[0] in "CZ" for character in text):
            self.add_error(f"must contain a visible character, got {shortened(value)}", *field)
        return text

    def id(self, value: str, noun: Noun, *field: str) -> str:
        """A TypeID whose prefix is `noun`."""
        if noun_of(value) != noun:
            self.add_error(f"must look like {noun}_01h455vb4pex5vsknk084sn02q, got {shortened(value)}", *field)
        return value

    def user_id(self, value: str, *field: str) -> str:
        """The claim `sub` of a JWT, unchanged: it is compared exactly, and can begin or end with spaces."""
        if not 1 <= len(value) <= USER_ID_LENGTH:
            self.add_error(f"must be 1 to {USER_ID_LENGTH} characters long, got {len(value)}", *field)
        elif not value.isprintable():
            self.add_error(f"must have only printable characters, as the claim sub, got {shortened(value)}", *field)
        return value

    def minutes(self, value: OptionalNumber, *field: str) -> OptionalNumber:
        """The lifetime of a token in minutes; 0 means that it never expires."""
        if value is not None and not 0 <= value <= MINUTES:
            self.add_error(f"must be 1 to {MINUTES} minutes, or 0 for a token that never expires, got {value}", *field)
        return value

    def retention_days(self, value: int | None, *field: str) -> int | None:
        if value is not None and not DAYS_MINIMUM <= value <= DAYS_MAXIMUM:
            message = f"must be {DAYS_MINIMUM} to {DAYS_MAXIMUM} days, or null to keep sessions, got {value}"
            self.add_error(message, *field)
        return value

    def phone(self, value: str | None, *field: str) -> str | None:
        """A phone number in international form, as E.164."""
        number = phone_number(value) if value is not None else None
        if value is not None and number is None:
            message = f"must be a phone number in international form, such as +62 812 3456 7890, got {shortened(value)}"
            self.add_error(message, *field)
        return number

    def email(self, value: str | None, *field: str) -> str | None:
        """An email address, normalized."""
        address = email_address(value) if value is not None else None
        if value is not None and address is None:
            self.add_error(f"must be an email address, such as name@shop.example, got {shortened(value)}", *field)
        return address

    def checked(self, check: Callable[[T], T], value: T | None, *field: str) -> T | None:
        """The result of a function that raises BadUserInput if the value is invalid."""
        if value is None:
            return None
        try:
            return check(value)
        except BadUserInput as error:
            self.add_error(str(error), *field)
            return None

    def metadata(self, value: object, *field: str) -> str:
        """A JSON object, returned as JSON text; null is an empty object."""
        try:
            json = json_object({} if value is None else value)
        except BadUserInput as error:
            self.add_error(str(error), *field)
            return "{}"
        size = len(json.encode())
        if size > METADATA_BYTES:
            self.add_error(f"must be at most {METADATA_BYTES} bytes long as JSON, got {size}", *field)
        return json
