"""Strict JSON (RFC 8259 plus the refusals of decision X3): what every request body must be."""

from __future__ import annotations

import json
import math
import re
from typing import Any, NoReturn

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
        value = _DECODER.decode(text)
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
    """One byte string per JSON value: key order and white space drop out, 1 equals 1.0 and 1e0, types
    and array order count, and integers stay exact (decision M24).
    """
    return json.dumps(_plain(value), sort_keys=True, separators=(",", ":")).encode()


def _plain(value: Any) -> Any:
    if isinstance(value, float) and value.is_integer():
        return int(value)
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_plain(item) for item in value]
    return value


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    result = dict(pairs)
    if len(result) != len(pairs):
        seen: set[str] = set()
        for key, _ in pairs:
            if key in seen:
                raise MalformedJSON(f"member {key[:60]!r} is given twice in one object")
            seen.add(key)
    return result


def _finite(text: str) -> float:
    number = float(text)
    if math.isinf(number):
        raise MalformedJSON(f"number {text[:30]} is too large")
    return number


def _refuse_constant(text: str) -> NoReturn:
    raise MalformedJSON(f"{text} is not JSON")


_DECODER = json.JSONDecoder(object_pairs_hook=_unique, parse_float=_finite, parse_constant=_refuse_constant)


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
