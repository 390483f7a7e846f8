"""Normalization of phone numbers and email addresses, for storage and search."""

import phonenumbers
from email_validator import EmailNotValidError, validate_email

PHONE_LENGTH = 100


def phone_number(text: str) -> str | None:
    """The number in E.164, like +6281234567890. None if it is not a phone number in international format."""
    try:
        number = phonenumbers.parse(text[:PHONE_LENGTH])
    except phonenumbers.NumberParseException:
        return None
    if not phonenumbers.is_possible_number(number):
        return None
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


def email_address(text: str) -> str | None:
    """The address with its domain in lower case. None if it is malformed. Does not check that the domain exists."""
    try:
        return validate_email(text, check_deliverability=False, test_environment=True).normalized
    except (EmailNotValidError, UnicodeError):
        return None
