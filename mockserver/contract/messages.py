"""What a validator found, in plain English: the member, what is wrong with it, what is permitted."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import jsonschema_rs

from .document import Token, listed, pointer_of

_LONGEST = 60
_FORMATS = {
    "email": "a valid email address",
    "date-time": "a valid date and time with a zone, such as 2026-05-15T10:30:00Z",
    "date": "a valid date, such as 2026-05-15",
    "uuid": "a valid UUID",
    "uri": "a valid absolute URI",
}


@dataclass(frozen=True, slots=True)
class FieldError:
    """`pointer` is a JSON pointer into the value ('' is the value itself), or the name of a parameter."""

    pointer: str
    detail: str

    def __str__(self) -> str:
        return f"{self.pointer}: {self.detail}" if self.pointer else self.detail


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


def explain(errors: Iterable[jsonschema_rs.ValidationError]) -> tuple[FieldError, ...]:
    """All errors, each once, in the order in which the validator found them."""
    return tuple(dict.fromkeys(found for error in errors for found in _explain(error)))


def _explain(error: jsonschema_rs.ValidationError) -> Iterator[FieldError]:
    path = list(error.instance_path)
    kind: Any = error.kind
    if kind.name == "required":
        yield FieldError(pointer_of([*path, kind.property]), "is required")
    elif kind.name == "additionalProperties":
        for name in kind.unexpected:
            yield FieldError(pointer_of([*path, name]), "is not a known member")
    elif kind.name == "propertyNames":
        yield FieldError(pointer_of(path), f"{shown(kind.error.instance)} is not a permitted name")
    elif kind.name == "anyOf" or (kind.name == "oneOf" and not _several(kind.context)):
        yield from _alternatives(path, kind)
    else:
        yield FieldError(pointer_of(path), _sentence(kind, error.instance))


def _several(context: list[list[jsonschema_rs.ValidationError]]) -> bool:
    return sum(not branch for branch in context) > 1


def _alternatives(path: list[Token], kind: Any) -> Iterator[FieldError]:
    """One sentence where each alternative only asks for members; else what the nearest one lacks."""
    branches = [branch for branch in kind.context if not _is_null_only(branch, path)]
    if not branches:
        yield FieldError(pointer_of(path), "must be null")
        return
    groups = [_members(branch, path) for branch in branches]
    if len(branches) > 1 and all(groups):
        which = "at least one of" if kind.name == "anyOf" else "exactly one of"
        names = list(dict.fromkeys(" and ".join(group) for group in groups))
        said = f"{which} {', '.join(names)} is required" if len(names) > 1 else f"{names[0]} is required"
        yield FieldError(pointer_of(path), said)
        return
    types = [_type(branch, path) for branch in branches]
    if all(types):
        value = branches[0][0].instance
        wanted = " or ".join(dict.fromkeys(word for word in types if word))
        yield FieldError(pointer_of(path), f"must be {wanted}, not {shown(value)}")
        return
    fitting = [branch for branch, word in zip(branches, types, strict=True) if not word]
    nearest = min(fitting, key=len)
    for error in nearest:
        yield from _explain(error)


def _is_null_only(branch: list[jsonschema_rs.ValidationError], path: list[Token]) -> bool:
    return len(branch) == 1 and _type(branch, path) == "null"


def _type(branch: list[jsonschema_rs.ValidationError], path: list[Token]) -> str | None:
    """The type that this alternative wants, where that is why it failed."""
    for error in branch:
        kind: Any = error.kind
        if kind.name == "type" and list(error.instance_path) == path:
            return _types(kind.types)
    return None


def _members(branch: list[jsonschema_rs.ValidationError], path: list[Token]) -> tuple[str, ...]:
    """The members whose absence or emptiness is all that this alternative complains of; () if it is more."""
    names: list[str] = []
    for error in branch:
        kind: Any = error.kind
        at = list(error.instance_path)
        if kind.name == "required" and at == path:
            names.append(kind.property)
        elif len(at) == len(path) + 1 and error.instance in (None, "") and at[:-1] == path:
            names.append(str(at[-1]))
        else:
            return ()
    return tuple(dict.fromkeys(names))


def _sentence(kind: Any, value: object) -> str:
    simple = _SENTENCES.get(kind.name)
    if simple is not None:
        text: str = simple(kind, value)
        return text
    return "is not permitted here"


def _types(types: list[str]) -> str:
    article = {"integer": "an integer", "object": "an object", "array": "an array", "null": "null"}
    words = [article.get(word, f"a {word}") for word in types if word != "null"]
    return " or ".join(words) or "null"


def _type_sentence(kind: Any, value: object) -> str:
    return f"must be {_types(kind.types)}, not {shown(value)}"


def _format_sentence(kind: Any, value: object) -> str:
    return f"{shown(value)} is not {_FORMATS.get(kind.format, f'a valid {kind.format}')}"


def _enum_sentence(kind: Any, value: object) -> str:
    options = [option if isinstance(option, str) else shown(option) for option in kind.options if option is not None]
    if len(options) == 1:
        return f"must be {options[0]}, not {shown(value)}"
    return f"must be one of {listed(options, 20)}, not {shown(value)}"


def _count(end: str, noun: str) -> Any:
    def sentence(kind: Any, _value: object) -> str:
        if end == "least" and kind.limit == 1 and noun == "character":
            return "must not be empty"
        plural = "" if kind.limit == 1 else "s"
        if noun == "propert":
            plural = "y" if kind.limit == 1 else "ies"
        return f"must have at {end} {kind.limit} {noun}{plural}"

    return sentence


def _not_sentence(kind: Any, value: object) -> str:
    schema = kind.schema
    if isinstance(schema, dict) and isinstance(schema.get("required"), list):
        return f"must not have {' and '.join(schema['required'])}"
    return f"must not be {shown(value)}"


_SENTENCES: dict[str, Any] = {
    "type": _type_sentence,
    "format": _format_sentence,
    "enum": _enum_sentence,
    "const": lambda kind, value: f"must be {shown(kind.expected_value)}, not {shown(value)}",
    "pattern": lambda kind, value: f"{shown(value)} does not match {kind.pattern}",
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
