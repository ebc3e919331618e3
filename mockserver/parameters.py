"""Query, path and header parameters: text in, checked values out, by compiled readers."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl, urlencode

from mockserver.contract.model import Operation, Parameter
from mockserver.contract.schema import FieldError, Validator, compile_schema
from mockserver.engine.refusal import Refusal, invalid_parameter

_INTEGER = re.compile(r"-?[0-9]{1,18}\Z")
_NUMBER = re.compile(r"-?[0-9]{1,18}(\.[0-9]{1,18})?\Z")
_UNREADABLE = re.compile("[\x00\ud800-\udfff\ufffd]")


@dataclass(frozen=True, slots=True)
class _Reader:
    name: str
    required: bool
    default: Any
    convert: Callable[[str], Any]
    validator: Validator

    def read(self, text: str) -> tuple[Any, str | None]:
        """The value and None, or None and what is wrong with it."""
        value = self.convert(text)
        errors = self.validator.errors(value)
        return (None, errors[0].detail) if errors else (value, None)


def _integer(text: str) -> Any:
    return int(text) if _INTEGER.match(text) else text


def _number(text: str) -> Any:
    return float(text) if _NUMBER.match(text) else text


def _boolean(text: str) -> Any:
    return {"true": True, "false": False}.get(text, text)


def _string(text: str) -> Any:
    return text


_CONVERTERS: Mapping[str, Callable[[str], Any]] = {
    "integer": _integer,
    "number": _number,
    "boolean": _boolean,
    "string": _string,
}


def _reader(parameter: Parameter) -> _Reader:
    convert = _CONVERTERS[parameter.schema.get("type", "string")]
    validator = Validator(compile_schema(parameter.schema))
    return _Reader(parameter.name, parameter.required, parameter.schema.get("default"), convert, validator)


class QueryReader:
    """Reads the query string of one operation; unknown parameters are ignored (case 161)."""

    def __init__(self, operation: Operation) -> None:
        readers = [_reader(p) for p in operation.parameters if p.location == "query"]
        self._readers = {reader.name: reader for reader in readers}
        #: Whether there is any parameter to read.
        self.reads = bool(readers)
        self._defaults = {reader.name: reader.default for reader in readers if reader.default is not None}

    def declared(self, query_string: bytes) -> str:
        """The query string without what the contract does not know."""
        if not query_string or not self._readers:
            return ""
        try:
            return urlencode([(name, text) for name, text in _pairs(query_string) if name in self._readers])
        except Refusal:
            return "…"

    def __call__(self, query_string: bytes) -> dict[str, Any]:
        """Values by name, defaults filled in; raises a Refusal that tells every wrong parameter."""
        values = dict(self._defaults)
        if not self._readers:
            return values
        errors: list[FieldError] = []
        times: Counter[str] = Counter()
        for name, text in _pairs(query_string):
            reader = self._readers.get(name)
            if reader is None:
                continue
            times[name] += 1
            # However often it is repeated, it is read once and told twice at most.
            if times[name] > 1:
                if times[name] == 2:  # noqa: PLR2004  # the first repetition
                    errors.append(FieldError("/" + name, "is given more than once"))
                continue
            value, problem = reader.read(text)
            if _UNREADABLE.search(text):
                problem = "holds NUL or bytes that are not UTF-8"
            if problem is not None:
                errors.append(FieldError("/" + name, problem))
            else:
                values[name] = value
        errors.extend(
            FieldError("/" + reader.name, "is required")
            for reader in self._readers.values()
            if reader.required and not times[reader.name]
        )
        if errors:
            raise invalid_parameter(*errors)
        return values


def _pairs(query_string: bytes) -> list[tuple[str, str]]:
    if not query_string:
        return []
    try:
        return parse_qsl(query_string.decode("latin-1"), keep_blank_values=True)
    except ValueError:  # More fields than the standard library is ready to read.
        raise Refusal("parameter-invalid", "The query string has too many fields") from None


class PathReader:
    """Checks path parameters: an id that cannot exist names no record (P7)."""

    def __init__(self, operation: Operation) -> None:
        self._readers = [_reader(p) for p in operation.parameters if p.location == "path"]

    def __call__(self, values: Mapping[str, str]) -> Mapping[str, str]:
        """The same values; raises record-unknown."""
        for reader in self._readers:
            _, problem = reader.read(values[reader.name])
            if problem is not None:
                raise Refusal("record-unknown", f"There is no record with this {reader.name}")
        return values
