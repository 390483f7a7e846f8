"""Checks of what mutations are given. Every complaint names its field and says what would be right."""

import unicodedata

from db.ids import Noun, noun_of
from schema.contacts import email_address, phone_number
from schema.errors import BadUserInput, Refused, UserError, UserErrorCode
from schema.scalars import is_unicode, json_object, parse_url, shortened

NAME_LENGTH = 200
LABEL_LENGTH = 100
METADATA_BYTES = 8_192
MINUTES = 1440


class Checks:
    """Collects complaints, so that a form can show all of them at once; `done` refuses when there are any."""

    def __init__(self) -> None:
        self._errors: list[UserError] = []

    def complain(self, message: str, *field: str) -> None:
        self._errors.append(UserError(field=list(field), code=UserErrorCode.INVALID, message=message))

    def done(self) -> None:
        if self._errors:
            raise Refused(self._errors)

    def text(self, value: str, *field: str, length: int = LABEL_LENGTH) -> str:
        """A line of text, without the white space around it."""
        text = value.strip()
        if not text or len(text) > length:
            self.complain(f"must have 1 to {length} characters, got {len(text)}", *field)
        elif not is_unicode(text) or any(unicodedata.category(character) == "Cc" for character in text):
            self.complain(f"must be one line of Unicode text, got {shortened(value)}", *field)
        elif all(unicodedata.category(character)[0] in "CZ" for character in text):
            self.complain(f"must have something to see in it, got {shortened(value)}", *field)
        return text

    def optional_text(self, value: str | None, *field: str, length: int = LABEL_LENGTH) -> str | None:
        return None if value is None else self.text(value, *field, length=length)

    def id(self, value: str, noun: Noun, *field: str) -> str:
        if noun_of(value) != noun:
            self.complain(f"must look like {noun}_01h455vb4pex5vsknk084sn02q, got {shortened(value)}", *field)
        return value

    def minutes(self, value: int, *field: str) -> int:
        if not 0 <= value <= MINUTES:
            self.complain(f"must be 0 (never expires) or 1 to {MINUTES} minutes, got {value}", *field)
        return value

    def optional_minutes(self, value: int | None, *field: str) -> int | None:
        return None if value is None else self.minutes(value, *field)

    def phone(self, value: str | None, *field: str) -> str | None:
        """A phone number in international form, as E.164 writes it."""
        number = phone_number(value) if value is not None else None
        if value is not None and number is None:
            self.complain(f"must be in international form, as in +62 812 3456 7890, got {shortened(value)}", *field)
        return number

    def email(self, value: str | None, *field: str) -> str | None:
        """An e-mail address, normalised."""
        address = email_address(value) if value is not None else None
        if value is not None and address is None:
            self.complain(f"must be an e-mail address, as in name@shop.example, got {shortened(value)}", *field)
        return address

    def url(self, value: str | None, *field: str) -> str | None:
        if value is None:
            return None
        try:
            return parse_url(value)
        except BadUserInput as error:
            self.complain(str(error), *field)
            return None

    def metadata(self, value: object, *field: str) -> str:
        try:
            json = json_object({} if value is None else value)
        except BadUserInput as error:
            self.complain(str(error), *field)
            return "{}"
        size = len(json.encode())
        if size > METADATA_BYTES:
            self.complain(f"must have at most {METADATA_BYTES} bytes as JSON, got {size}", *field)
        return json
