"""Phone numbers and e-mail addresses, in the one form in which they are kept and found."""

import phonenumbers
from email_validator import EmailNotValidError, validate_email

PHONE_LENGTH = 100


def phone_number(text: str) -> str | None:
    """The number in E.164, as in +6281234567890; None: it is none in international form."""
    try:
        number = phonenumbers.parse(text[:PHONE_LENGTH])
    except phonenumbers.NumberParseException:
        return None
    if not phonenumbers.is_possible_number(number):
        return None
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


def email_address(text: str) -> str | None:
    """The address, its domain in small letters; None: it is none. Whether the domain gets mail is not looked up."""
    try:
        return validate_email(text, check_deliverability=False, test_environment=True).normalized
    except (EmailNotValidError, UnicodeError):
        return None
