"""Validation of the inputs of mutations."""

import unicodedata

from db.ids import Noun, noun_of
from schema.contacts import email_address, phone_number
from schema.errors import BadUserInput, UserError, UserErrorCode, UserErrors
from schema.scalars import is_unicode, json_object, parse_url, shortened

# Maximum lengths, in characters.
NAME_LENGTH = 200
LABEL_LENGTH = 100

METADATA_BYTES = 8_192

# The longest lifetime of a token: one day.
MINUTES = 1440


class Validation:
    """Validates the fields of an input, and collects the errors so that a form can show all of them.

    Each method returns the normalized value. `field` is the path of the field below `input`. Call `raise_errors`
    after the last field.
    """

    def __init__(self) -> None:
        self._errors: list[UserError] = []

    def add_error(self, message: str, *field: str) -> None:
        self._errors.append(UserError(field=list(field), code=UserErrorCode.INVALID, message=message))

    def raise_errors(self) -> None:
        """Raise UserErrors if any field was invalid."""
        if self._errors:
            raise UserErrors(self._errors)

    def text(self, value: str, *field: str, length: int = LABEL_LENGTH) -> str:
        """A single line of text of 1 to `length` characters, stripped of surrounding whitespace."""
        text = value.strip()
        if not text or len(text) > length:
            self.add_error(f"must be 1 to {length} characters long, got {len(text)}", *field)
        elif not is_unicode(text) or any(unicodedata.category(character) == "Cc" for character in text):
            self.add_error(f"must be one line of Unicode text, got {shortened(value)}", *field)
        elif all(unicodedata.category(character)[0] in "CZ" for character in text):
            self.add_error(f"must contain a visible character, got {shortened(value)}", *field)
        return text

    def optional_text(self, value: str | None, *field: str, length: int = LABEL_LENGTH) -> str | None:
        return None if value is None else self.text(value, *field, length=length)

    def id(self, value: str, noun: Noun, *field: str) -> str:
        """A TypeID whose prefix is `noun`."""
        if noun_of(value) != noun:
            self.add_error(f"must look like {noun}_01h455vb4pex5vsknk084sn02q, got {shortened(value)}", *field)
        return value

    def minutes(self, value: int, *field: str) -> int:
        """The lifetime of a token in minutes; 0 means that it never expires."""
        if not 0 <= value <= MINUTES:
            self.add_error(f"must be 1 to {MINUTES} minutes, or 0 for a token that never expires, got {value}", *field)
        return value

    def optional_minutes(self, value: int | None, *field: str) -> int | None:
        return None if value is None else self.minutes(value, *field)

    def phone(self, value: str | None, *field: str) -> str | None:
        """A phone number in international form, as E.164."""
        number = phone_number(value) if value is not None else None
        if value is not None and number is None:
            self.add_error(
                f"must be a phone number in international form, such as +62 812 3456 7890, got {shortened(value)}",
                *field,
            )
        return number

    def email(self, value: str | None, *field: str) -> str | None:
        """An email address, normalized."""
        address = email_address(value) if value is not None else None
        if value is not None and address is None:
            self.add_error(f"must be an email address, such as name@shop.example, got {shortened(value)}", *field)
        return address

    def url(self, value: str | None, *field: str) -> str | None:
        """An absolute http or https URL."""
        if value is None:
            return None
        try:
            return parse_url(value)
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
