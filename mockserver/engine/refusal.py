"""Refusals: every way a request can be turned away, as one exception the reply module renders."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from mockserver.contract.schema import FieldError

_NO_HEADERS: Mapping[str, str] = MappingProxyType({})


@dataclass(slots=True)
class Refusal(Exception):
    """A request is refused: `reason` is one of the contract's words, such as "body-invalid".

    The status comes from the contract's `x-errors` unless the behaviour itself says one; the shape comes from
    its envelope.
    """

    reason: str
    message: str
    errors: tuple[FieldError, ...] = ()
    headers: Mapping[str, str] = field(default_factory=lambda: _NO_HEADERS)
    status: int | None = None

    def __str__(self) -> str:
        return f"{self.reason}: {self.message}"


def invalid_body(*errors: FieldError) -> Refusal:
    """The body parses but breaks the schema or a rule that a schema cannot say."""
    return Refusal("body-invalid", "; ".join(sentence(error) for error in errors), errors)


def invalid_parameter(*errors: FieldError) -> Refusal:
    """A query, path or header parameter breaks its schema."""
    return Refusal("parameter-invalid", "; ".join(sentence(error) for error in errors), errors)


def sentence(error: FieldError) -> str:
    """What is wrong and where: "phone: must be ten digits", or the whole sentence that the contract has."""
    if error.whole:
        return error.detail
    name = error.pointer.lstrip("/").replace("/", ".")
    return f"{name}: {error.detail}" if name else error.detail
