"""What an error of each vendor looks like, to tell one that does not."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from mockserver.contract.model import Errors
from mockserver.proxy.exchange import Answer, json_of, media_type

_PROBLEM = "application/problem+json"


def complaints(errors: Errors, answer: Answer, plain: bytes) -> list[str]:
    """What is wrong with an error, [] if nothing is. `plain` is its body, unpacked."""
    try:
        body = json_of(plain)
    except ValueError:
        return [f"the error is not JSON, but {plain[:80].decode('utf-8', 'replace')!r}" if plain else "it has no body"]
    if not isinstance(body, dict):
        return ["the error is not a JSON object"]
    return list(_LOOK[errors.envelope](errors, answer, body))


def _success_flag(_errors: Errors, _answer: Answer, body: dict[str, Any]) -> Iterator[str]:
    if body.get("success") is not False:
        yield "`success` is not false"
    if not _is_text(body.get("error")):
        yield "`error` is not a text"


def _error_object(errors: Errors, answer: Answer, body: dict[str, Any]) -> Iterator[str]:
    error = body.get("error")
    if not isinstance(error, dict):
        yield "`error` is not an object"
        return
    if error.get("code") != answer.status:
        yield f"`error.code` is {error.get('code')!r}, not the status {answer.status}"
    wanted = errors.types.get(answer.status)
    if not _is_text(error.get("type")):
        yield "`error.type` is not a text"
    elif wanted is not None and error["type"] != wanted:
        yield f"`error.type` is {error['type']!r}, not {wanted!r}"
    if not _is_text(error.get("message")):
        yield "`error.message` is not a text"


def _problem_details(_errors: Errors, answer: Answer, body: dict[str, Any]) -> Iterator[str]:
    sent = media_type(answer.headers)
    if sent != _PROBLEM:
        yield f"the problem is sent as {sent or 'nothing in particular'}, not as {_PROBLEM}"
    if body.get("status") != answer.status:
        yield f"`status` is {body.get('status')!r}, not {answer.status}"
    for name in ("type", "title", "detail"):
        if not _is_text(body.get(name)):
            yield f"`{name}` is not a text"


def _is_text(value: Any) -> bool:
    return isinstance(value, str) and bool(value)


_LOOK: Mapping[str, Callable[[Errors, Answer, dict[str, Any]], Iterator[str]]] = {
    "success-flag": _success_flag,
    "error-object": _error_object,
    "problem-details": _problem_details,
}
