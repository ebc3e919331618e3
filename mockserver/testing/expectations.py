"""What a test expects of the requests that were sent, and how it is told what came instead."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from mockserver.testing.requests import Request

# What a test gets wrong is shown where the test says it; `pytest --full-trace` shows the frames of here too.
__tracebackhide__ = True

_ABSENT = object()


def creates(requests: Sequence[Request], kind: str, fields: Mapping[str, Any]) -> list[Request]:
    """The requests that made a record of this kind with these fields, or were merged into one.

    Neither a refused one counts, nor a replay; one whose answer was lost does.
    """
    return [
        request
        for request in requests
        if request.action == "create" and request.kind == kind and request.processed and _has(request, kind, fields)
    ]


def matching(  # noqa: PLR0913  # what a request can be told by, each by its name
    requests: Sequence[Request],
    *,
    method: str | None,
    path: str | None,
    operation: str | None,
    status: int | None,
    headers: Mapping[str, str],
    json: Mapping[str, Any],
) -> list[Request]:
    """The requests that fit; None and empty mappings fit all. `path` is its end, `json` and `headers` some of it.

    TypeError for what no request could be told by: it would never be seen, which times=0 would take for well.
    """
    _check_types(method=(method, str), path=(path, str), status=(status, int))
    _check_types(headers=(headers, Mapping), json=(json, Mapping))
    verb = None if method is None else method.upper()
    return [
        request
        for request in requests
        if verb in {None, request.method}
        and (path is None or request.path.endswith(path))
        and operation in {None, request.operation}
        and status in {None, request.status}
        and all(request.headers.get(name) == value for name, value in headers.items())
        and all(_member(request.json, name) == value for name, value in json.items())
    ]


def check(times: int | None, found: Sequence[Request], what: str, seen: Sequence[Request]) -> None:
    """AssertionError unless `found` are so many; None = at least one. It shows all that was seen.

    ValueError for what is no number of times.
    """
    if times is not None and (not isinstance(times, int) or isinstance(times, bool) or times < 0):
        raise ValueError(f"times={times!r}: give a whole number, such as 1, or None for at least one")
    if len(found) == times or (times is None and found):
        return
    expected = "at least 1" if times is None else str(times)
    lines = [f"expected {expected} {what}, saw {len(found)}{':' if found else ''}"]
    lines += [f"  {request!r}" for request in found]
    others = [request for request in seen if request not in found]
    if others:
        lines.append("other requests:" if found else "the requests were:")
        lines += [f"  {request!r}" for request in others]
    elif not found:
        lines.append("there was no request at all")
    raise AssertionError("\n".join(lines))


_EXAMPLES = {
    "method": '"POST"',
    "path": '"/leads"',
    "status": "201",
    "headers": '{"Idempotency-Key": "k1"}',
    "json": '{"contact_name": "Sam"}',
}


def _check_types(**given: tuple[Any, type]) -> None:
    for name, (value, wanted) in given.items():
        if value is not None and (not isinstance(value, wanted) or isinstance(value, bool)):
            raise TypeError(f"{name}={value!r}: give it like {name}={_EXAMPLES[name]}")


def told(fields: Mapping[str, Any]) -> str:
    """The fields, as the end of a phrase: " with contact_phone '…' and contact_name '…'"."""
    return " with " + " and ".join(f"{name} {value!r}" for name, value in fields.items()) if fields else ""


def _has(request: Request, kind: str, fields: Mapping[str, Any]) -> bool:
    body = request.json
    if isinstance(body, dict) and isinstance(body.get(kind), dict):
        body = body[kind]
    return all(_member(body, name) == value for name, value in fields.items())


def _member(body: Any, name: str) -> Any:
    return body.get(name, _ABSENT) if isinstance(body, dict) else _ABSENT
