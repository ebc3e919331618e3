"""Strict JSON (RFC 8259 plus the refusals of decision X3): what every request body must be."""

from __future__ import annotations

import json
import math
import re
from typing import Any, NoReturn

import orjson

_SPACE = " \t\n\r"
# Databases choke on NUL and no encoder takes a lone surrogate; both arrive only as \u escapes.
_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")


class MalformedJSON(ValueError):
    """The bytes are not JSON as the contract wants it; the text says why and where."""


def parse(body: bytes, max_depth: int = 32) -> Any:
    """Read `body` as one JSON value nested at most `max_depth` deep; raises MalformedJSON."""
    try:
        text = body.decode("utf-8")
    except UnicodeDecodeError as error:
        raise MalformedJSON(f"not valid UTF-8 at byte {error.start}") from None
    if text.startswith("\ufeff"):
        raise MalformedJSON("starts with a byte order mark")
    try:
        value, end = _DECODER.raw_decode(text, len(text) - len(text.lstrip(_SPACE)))
        rest = text[end:].lstrip(_SPACE)
        if rest:
            raise json.JSONDecodeError("Extra data", text, len(text) - len(rest))  # noqa: TRY301  # told below like the others
    except RecursionError:
        raise MalformedJSON(f"nested more than {max_depth} levels deep") from None
    except json.JSONDecodeError as error:
        raise MalformedJSON(f"{error.msg} at line {error.lineno} column {error.colno}") from None
    except MalformedJSON:
        raise
    except ValueError:  # int() refuses more than 4,300 digits.
        raise MalformedJSON("holds an integer with too many digits") from None
    if text.count("{") + text.count("[") > max_depth:
        _check_depth(value, max_depth)
    if "\\u" in text:
        _check_strings(value)
    return value


def canonical(value: Any) -> bytes:
    """One byte string per parsed value: key order and white space drop out, types and array order count,
    integers stay exact, and 1, 1.0 and 1e0 are one number (decision M24).
    """
    try:
        return orjson.dumps(value, option=orjson.OPT_SORT_KEYS)
    except TypeError:  # An integer beyond 64 bits.
        return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    result = dict(pairs)
    if len(result) != len(pairs):
        seen: set[str] = set()
        for key, _ in pairs:
            if key in seen:
                raise MalformedJSON(f"member {key[:60]!r} is given twice in one object")
            seen.add(key)
    return result


def _number(text: str) -> float | int:
    """A number written with a point or an exponent; a whole one is an integer, as JSON has one kind only."""
    number = float(text)
    if math.isinf(number):
        raise MalformedJSON(f"number {text[:30]} is too large")
    return int(number) if number.is_integer() else number


def _refuse_constant(text: str) -> NoReturn:
    raise MalformedJSON(f"{text} is not JSON")


_DECODER = json.JSONDecoder(object_pairs_hook=_unique, parse_float=_number, parse_constant=_refuse_constant)


def _check_depth(value: Any, max_depth: int) -> None:
    level = [value]
    for _ in range(max_depth):
        level = [child for item in level for child in _children(item)]
        if not level:
            return
    raise MalformedJSON(f"nested more than {max_depth} levels deep")


def _children(value: Any) -> list[Any]:
    if isinstance(value, dict):
        return [child for child in value.values() if isinstance(child, dict | list)]
    if isinstance(value, list):
        return [child for child in value if isinstance(child, dict | list)]
    return []


def _check_strings(value: Any) -> None:
    todo = [value]
    while todo:
        item = todo.pop()
        if isinstance(item, str):
            if _UNSTORABLE.search(item):
                raise MalformedJSON("a string holds NUL or half of a surrogate pair")
        elif isinstance(item, dict):
            todo.extend(item)
            todo.extend(item.values())
        elif isinstance(item, list):
            todo.extend(item)
