"""Answers as bytes: each vendor's error envelope, headers and JSON, from what the contract says."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from functools import lru_cache
from http import HTTPStatus
from typing import Any, NamedTuple

import orjson

from mockserver.contract.model import Contract, Errors
from mockserver.engine.refusal import Refusal

# A browser must never read an echoed name as HTML (case 178).
_BASE_HEADERS: tuple[tuple[bytes, bytes], ...] = ((b"x-content-type-options", b"nosniff"),)
_JSON = (b"content-type", b"application/json")
_PROBLEM = (b"content-type", b"application/problem+json")


class Answer(NamedTuple):
    """A complete response: status, raw header pairs, body bytes."""

    status: int
    headers: tuple[tuple[bytes, bytes], ...]
    body: bytes


def dump(value: Any) -> bytes:
    """JSON as UTF-8; integers beyond 64 bits take the standard library's way."""
    try:
        return orjson.dumps(value)
    except TypeError:
        return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()


def render(
    status: int,
    body: bytes | None,
    headers: Mapping[str, str],
    *,
    told: Iterable[tuple[bytes, bytes]] = (),
    problem: bool = False,
) -> Answer:
    """Put an answer together; `body` None is an answer without content, such as a 204. `told` are raw headers."""
    pairs = [(_on_the_wire(name), value.encode("latin-1")) for name, value in headers.items()] if headers else ()
    if body is None:
        return Answer(status, (*_BASE_HEADERS, *told, *pairs), b"")
    length = (b"content-length", b"%d" % len(body))
    return Answer(status, (*_BASE_HEADERS, _PROBLEM if problem else _JSON, length, *told, *pairs), body)


@lru_cache
def _on_the_wire(name: str) -> bytes:
    return name.lower().encode("latin-1")


def refuse(
    contract: Contract, refusal: Refusal, headers: Mapping[str, str], told: Iterable[tuple[bytes, bytes]] = ()
) -> Answer:
    """The refusal in the vendor's own envelope, with `headers`, and what has been `told` in raw ones before it."""
    errors = contract.errors
    status = refusal.status or errors.statuses[refusal.reason]
    message = errors.messages.get(refusal.reason, refusal.message)
    body = _ENVELOPES[errors.envelope](errors, status, message, refusal)
    problem = errors.envelope == "problem-details"
    return render(status, dump(body), {**headers, **refusal.headers}, told=told, problem=problem)


def _success_flag(_errors: Errors, _status: int, message: str, _refusal: Refusal) -> dict[str, Any]:
    return {"success": False, "error": message}


def _error_object(errors: Errors, status: int, message: str, _refusal: Refusal) -> dict[str, Any]:
    return {"error": {"type": errors.types.get(status, "api_error"), "code": status, "message": message}}


def _problem_details(_errors: Errors, status: int, message: str, refusal: Refusal) -> dict[str, Any]:
    title = HTTPStatus(status).phrase
    problem: dict[str, Any] = {"type": "about:blank", "title": title, "status": status, "detail": message}
    if refusal.reason == "body-invalid":
        problem["errors"] = [{"pointer": e.pointer, "detail": e.detail} for e in refusal.errors]
    elif refusal.reason == "parameter-invalid":
        problem["errors"] = [{"parameter": e.pointer.lstrip("/"), "detail": e.detail} for e in refusal.errors]
    return problem


_ENVELOPES: Mapping[str, Callable[[Errors, int, str, Refusal], dict[str, Any]]] = {
    "success-flag": _success_flag,
    "error-object": _error_object,
    "problem-details": _problem_details,
}
