"""What each keyword of a schema has to say in plain English, once a value breaks it."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from mockserver.contract.document import listed

__all__ = ["NO_NUL", "is_blank", "one_of_forms", "sentence", "shown", "types_in_words"]

NO_NUL = r"^[^\x00]*$"  # the one pattern that needs no x-form
_LONGEST = 60
_FORMATS = {
    "email": "a valid email address",
    "date-time": "a valid date and time with a zone, such as 2026-05-15T10:30:00Z",
    "date": "a valid date, such as 2026-05-15",
    "uuid": "a valid UUID",
    "uri": "a valid absolute URI",
}


def shown(value: object) -> str:
    """A value in an error message: quoted if text, shortened to 60 characters."""
    if isinstance(value, str):
        return f"'{_short(value, _LONGEST - 2)}'"
    try:
        text = json.dumps(value, ensure_ascii=False)
    except (TypeError, ValueError, RecursionError):
        text = type(value).__name__
    return _short(text, _LONGEST)


def _short(text: str, most: int) -> str:
    return text if len(text) <= most else text[: most - 1] + "…"


def is_blank(value: object) -> bool:
    """Whether this is as good as no value: null, or a text of nothing but white space."""
    return value is None or (isinstance(value, str) and not value.strip().strip("\ufeff").strip())


def sentence(kind: Any, value: object, schema: Mapping[str, Any]) -> str:
    """What is wrong with the value, without its place. `kind` is the validator's, `schema` holds the keyword."""
    if kind.name == "pattern":
        return _pattern_sentence(kind.pattern, value, schema.get("x-form"))
    simple = _SENTENCES.get(kind.name)
    return "is not permitted here" if simple is None else simple(kind, value)


def _pattern_sentence(pattern: str, value: object, form: str | None) -> str:
    if pattern == NO_NUL or (isinstance(value, str) and "\x00" in value and r"[^\x00" in pattern):
        return "must not contain NUL"
    if form is None:
        return f"{shown(value)} does not match {pattern}"
    return f"must {form}" if form.startswith("not ") else f"must be {form}, not {shown(value)}"


def one_of_forms(forms: Sequence[str], value: object) -> str:
    """What is wrong with a value that has none of several forms."""
    return f"must be {' or '.join(dict.fromkeys(forms))}, not {shown(value)}"


def types_in_words(types: Sequence[str]) -> str:
    """The types that are permitted; null is named only where nothing else is."""
    article = {"integer": "an integer", "object": "an object", "array": "an array", "null": "null"}
    words = [article.get(word, f"a {word}") for word in types if word != "null"]
    return " or ".join(words) or "null"


def _type_sentence(kind: Any, value: object) -> str:
    return f"must be {types_in_words(kind.types)}, not {shown(value)}"


def _format_sentence(kind: Any, value: object) -> str:
    return f"{shown(value)} is not {_FORMATS.get(kind.format, f'a valid {kind.format}')}"


def _enum_sentence(kind: Any, value: object) -> str:
    options = [option if isinstance(option, str) else shown(option) for option in kind.options if option is not None]
    if len(options) == 1:
        return f"must be {options[0]}, not {shown(value)}"
    return f"must be one of {listed(options, 20)}, not {shown(value)}"


def _count(end: str, noun: str) -> Callable[[Any, object], str]:
    def counted(kind: Any, _value: object) -> str:
        if end == "least" and kind.limit == 1 and noun == "character":
            return "must not be empty"
        plural = "" if kind.limit == 1 else "s"
        if noun == "propert":
            plural = "y" if kind.limit == 1 else "ies"
        return f"must have at {end} {kind.limit} {noun}{plural}"

    return counted


def _not_sentence(kind: Any, value: object) -> str:
    schema = kind.schema
    if isinstance(schema, dict) and isinstance(schema.get("required"), list):
        return f"must not have {' and '.join(schema['required'])}"
    return f"must not be {shown(value)}"


_SENTENCES: Mapping[str, Callable[[Any, object], str]] = {
    "type": _type_sentence,
    "format": _format_sentence,
    "enum": _enum_sentence,
    "const": lambda kind, value: f"must be {shown(kind.expected_value)}, not {shown(value)}",
    "minimum": lambda kind, value: f"must be at least {kind.limit}, not {shown(value)}",
    "maximum": lambda kind, value: f"must be at most {kind.limit}, not {shown(value)}",
    "exclusiveMinimum": lambda kind, value: f"must be more than {kind.limit}, not {shown(value)}",
    "exclusiveMaximum": lambda kind, value: f"must be less than {kind.limit}, not {shown(value)}",
    "multipleOf": lambda kind, value: f"must be a multiple of {kind.multiple_of}, not {shown(value)}",
    "minLength": _count("least", "character"),
    "maxLength": _count("most", "character"),
    "minItems": _count("least", "item"),
    "maxItems": _count("most", "item"),
    "minProperties": _count("least", "propert"),
    "maxProperties": _count("most", "propert"),
    "uniqueItems": lambda _kind, _value: "must not have the same item twice",
    "oneOf": lambda _kind, _value: "fits more than one of the permitted forms, and may fit only one",
    "not": _not_sentence,
}
