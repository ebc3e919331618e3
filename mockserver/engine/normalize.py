"""Normalizers: the key under which two spellings of one value are the same."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Mapping
from types import MappingProxyType

# What is trimmed around an address (case 25): ASCII white space and the no-break space of web pages.
TRIMMED = "\t\n\r \u00a0"

_NOT_A_DIGIT = re.compile("[^0-9]+")
_EXTENSION = re.compile(r"(?:;\s*ext\s*=|ext(?:ension)?\.?|x|#)\s?[:.]?\s?\d{1,7}\s*\Z", re.IGNORECASE)


def email(value: str) -> str | None:
    """The whole address trimmed, in NFC and lower case; dots and plus tags stay (M29). Empty: None."""
    trimmed = value.strip(TRIMMED)
    if not trimmed:
        return None
    return trimmed.lower() if trimmed.isascii() else unicodedata.normalize("NFC", trimmed).lower()


def phone_last_10(value: str) -> str | None:
    """The last ten digits, extension removed, digits of any script read as ASCII; fewer: None (M28)."""
    digits = _plain(value) or digits_of(_EXTENSION.sub("", value))
    return digits[-10:] if len(digits) >= 10 else None  # noqa: PLR2004  # ten is the rule's own name


def phone_digits_10(value: str) -> str | None:
    """Ten digits already (Q16); kept under the last ten, so other spellings of them match too (Q17)."""
    return phone_last_10(value)


def digits_of(value: str) -> str:
    """The decimal digits of `value` as ASCII; superscripts and the like are no digits (case 11)."""
    if value.isascii():
        return _plain(value) or _NOT_A_DIGIT.sub("", value)
    return "".join(str(unicodedata.decimal(char)) for char in value if char.isdecimal())


def _plain(value: str) -> str:
    """The digits of "+12065550125" and "12065550125", as most phones come; of anything else, nothing."""
    digits = value.removeprefix("+")
    return digits if digits.isascii() and digits.isdigit() else ""


NORMALIZERS: Mapping[str, Callable[[str], str | None]] = MappingProxyType(
    {"email": email, "phone-last-10": phone_last_10, "phone-digits-10": phone_digits_10}
)
