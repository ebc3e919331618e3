"""The body of an error, in the form that each vendor gives it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from mockserver.contract import Operation

    from ..lab import Lab
    from ..wire import Answer

_T = TypeVar("_T")
_TURNS = 3
_FEW = 3

#: The statuses whose word MEGA's page names; of others, only the shape is known.
_PAGED = frozenset((400, 401, 403, 404, 409, 429))


def has_envelope(lab: Lab, answer: Answer, where: str, *, words: bool = False) -> None:
    """Raise Broken unless an error has the vendor's body. `where` says which request it answered.

    `words` also asks for the words that we chose where the vendor names none.
    """
    try:
        value: Any = answer.json
    except AssertionError:
        value = None
    problem = _FORMS[lab.contract.errors.envelope](lab, answer, value, words=words)
    lab.expect(not problem, f"{problem} for {where}", f"{answer} ({answer.headers.get('content-type')})")


def refused(lab: Lab, answer: Answer, status: int, where: str) -> None:
    """Raise Broken unless the answer has this status and the vendor's body."""
    lab.expect(answer.status == status, f"{status} for {where}", answer)
    has_envelope(lab, answer, where, words=True)


def _media_type(answer: Answer) -> str:
    return str(answer.headers.get("content-type", "")).partition(";")[0].strip().lower()


def _text(value: Any) -> bool:
    return isinstance(value, str) and value.strip() != ""


def _flag(_lab: Lab, answer: Answer, value: Any, **_: bool) -> str:
    sound = isinstance(value, dict) and value.get("success") is False and _text(value.get("error"))
    return "" if sound and _media_type(answer) == "application/json" else "JSON with success false and error, a text,"


def _object(lab: Lab, answer: Answer, value: Any, *, words: bool) -> str:
    error = value.get("error") if isinstance(value, dict) else None
    word = lab.contract.errors.types.get(answer.status)
    if answer.status not in _PAGED and not words:
        word = None
    sound = (
        isinstance(error, dict)
        and type(error.get("code")) is int
        and error["code"] == answer.status
        and _text(error.get("message"))
        and _text(error.get("type"))
        and word in (None, error["type"])
        and _media_type(answer) == "application/json"
    )
    return "" if sound else f"JSON with error, its type {word or 'a text'}, code {answer.status} and message a text,"


def _problem(_lab: Lab, answer: Answer, value: Any, **_: bool) -> str:
    sound = (
        isinstance(value, dict)
        and value.get("status") == answer.status
        and all(_text(value.get(name)) for name in ("type", "title", "detail"))
        and _media_type(answer) == "application/problem+json"
    )
    name = HTTPStatus(answer.status).phrase if answer.status in HTTPStatus._value2member_map_ else "its name"
    return "" if sound else f"problem details with type, title ({name}), status {answer.status} and detail"


_FORMS: Mapping[str, Callable[..., str]] = {
    "success-flag": _flag,
    "error-object": _object,
    "problem-details": _problem,
}


def share(lab: Lab, operation: Operation, variants: Iterable[_T], always: int = 4) -> list[_T]:
    """All variants at the first operation, and at the others the first few and a third of the rest, each another.

    An API mostly has one place that reads credentials or bodies, and its first operation shows all of that.
    Where little may be sent, it is the first few only.
    """
    found = list(variants)
    if lab.frugal:
        return found[:_FEW]
    alike = [
        one
        for one in lab.contract.operations.values()
        if one.public is operation.public and (one.body_schema is None) is (operation.body_schema is None)
    ]
    turn = alike.index(operation)
    return found[:always] + found[always:][turn % _TURNS :: _TURNS] if turn else found
