"""What can be wrong with an API's answer, seen from the contract and the request alone."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from mockserver.contract.document import escape
from mockserver.contract.model import Source
from mockserver.contract.sources import source_of
from mockserver.engine.refusal import sentence
from mockserver.proxy.envelopes import complaints
from mockserver.proxy.exchange import Answer, TooDeepError, UnreadableError, header, json_of, media_type, unpacked
from mockserver.proxy.of_requests import MISSING, Asked, credential_of, told
from mockserver.proxy.promises import Problem, member_source

RATE_HEADERS = ("RateLimit-Limit", "RateLimit-Remaining", "RateLimit-Reset")
_ERROR = 400
_TOO_MANY = 429
_NO_BODY = frozenset((204, 304))
_NUMBERS: Mapping[str, Callable[[str], Any]] = {"integer": int, "number": float}


@dataclass(frozen=True, slots=True)
class Answered:
    """An answer while it is looked at. `plain` is its body unpacked, None where that failed, for `unreadable`."""

    asked: Asked
    answer: Answer
    plain: bytes | None
    unreadable: str

    @property
    def ok(self) -> bool:
        return 200 <= self.answer.status < 300  # noqa: PLR2004  # HTTP

    @property
    def bodiless(self) -> bool:
        """Whether HTTP itself permits no body."""
        return self.asked.request.method == "HEAD" or self.answer.status in _NO_BODY


#: What is wrong; None where there was nothing to look at.
Check = Callable[[Answered], list[Problem] | None]


def answered(asked: Asked, answer: Answer) -> Answered:
    """Unpack an answer's body."""
    try:
        return Answered(asked, answer, unpacked(answer.headers, answer.body), "")
    except UnreadableError as error:
        return Answered(asked, answer, None, str(error))


def status(one: Answered) -> list[Problem] | None:
    """A declared one."""
    if one.asked.held.answer(one.answer.status) is not None:
        return []
    known = ", ".join(one.asked.held.answers)
    return [Problem(f"answered {one.answer.status}; the contract has {known}")]


def media(one: Answered) -> list[Problem] | None:
    """A declared one, and no body where none is."""
    held = one.asked.held.answer(one.answer.status)
    if held is None or held.media is None or one.bodiless:
        return None
    if not held.media:
        return [Problem(f"answered {one.answer.status} with a body; none is declared")] if one.answer.body else []
    sent = media_type(one.answer.headers)
    if sent in held.media:
        return []
    return [Problem(f"answered with {sent or 'no Content-Type'}, not with {' or '.join(held.media)}")]


def body(one: Answered) -> list[Problem] | None:
    """JSON of the declared form."""
    held = one.asked.held.answer(one.answer.status)
    if held is None or not held.media or one.bodiless:
        return None
    if one.plain is None:
        return None if "which is not" in one.unreadable else [Problem(f"the body is {one.unreadable}")]
    sent = media_type(one.answer.headers)
    name = sent if sent in held.media else next(iter(held.media))
    validator = held.media[name]
    if validator is None:
        return None
    try:
        value = json_of(one.plain)
    except TooDeepError:
        return None
    except ValueError as error:
        return [Problem(f"the body is not JSON: {error}")]
    operation, strict = one.asked.held.operation, one.asked.strict
    at = f"{operation.pointer}/responses/{one.answer.status}/content/{escape(name)}/schema"
    return [
        Problem(sentence(error), told(member_source(one.asked.contract, at, error.pointer, operation.source), strict))
        for error in validator.errors(value)
    ]


def headers(one: Answered) -> list[Problem] | None:
    """Those that are required are there, and each has its declared form."""
    held = one.asked.held.answer(one.answer.status)
    if held is None or not held.headers:
        return None
    found, seen = [], False
    for wanted in held.headers:
        text = header(one.answer.headers, wanted.name)
        if text is None:
            seen = seen or wanted.required
            if wanted.required:
                found.append(Problem(f"the header {wanted.name} is missing", _header_source(one, wanted.name)))
            continue
        seen = True
        problems = wanted.validator.errors(_value(text, wanted.validator.schema))
        found += [Problem(f"the header {wanted.name} {error}", _header_source(one, wanted.name)) for error in problems]
    return found if seen else None


def _value(text: str, schema: Any) -> Any:
    """What the text of a header stands for."""
    types = schema.get("type", "string") if isinstance(schema, dict) else "string"
    convert = next((_NUMBERS[one] for one in ([types] if isinstance(types, str) else types) if one in _NUMBERS), str)
    try:
        return convert(text)
    except ValueError:
        return text


def _header_source(one: Answered, name: str) -> Source | None:
    operation = one.asked.held.operation
    try:
        found = source_of(one.asked.contract, f"{operation.pointer}/responses/{one.answer.status}/headers/{name}")
    except LookupError:
        return None
    return told(found, one.asked.strict)


def envelope(one: Answered) -> list[Problem] | None:
    """An error has the vendor's own form."""
    if one.answer.status < _ERROR or one.bodiless or one.plain is None:
        return None
    return [Problem(text) for text in complaints(one.asked.contract.errors, one.answer, one.plain)]


def credential(one: Answered) -> list[Problem] | None:
    """Without a credential nothing succeeds."""
    if credential_of(one.asked.held, one.asked.contract, one.asked.request):
        return None
    return [Problem(f"answered {one.answer.status} to a request without a credential")] if one.ok else []


def refuses(one: Answered) -> list[Problem] | None:
    """A body that must be refused is."""
    validator = one.asked.held.must_refuse
    if validator is None or one.asked.body is MISSING or validator.is_valid(one.asked.body):
        return None
    if not one.ok:
        return []
    what = sentence(validator.errors(one.asked.body)[0])
    return [Problem(f"answered {one.answer.status} to a body that must be refused ({what})")]


def rate_headers(one: Answered) -> list[Problem] | None:
    """If there is one of them there are all, as numbers, and no more is left than there is."""
    texts = {name: header(one.answer.headers, name) for name in RATE_HEADERS}
    if all(text is None for text in texts.values()):
        return None
    found = [
        Problem(f"the header {name} is {'missing beside the others' if text is None else f'{text!r}, no number'}")
        for name, text in texts.items()
        if text is None or not text.isdecimal()
    ]
    if not found and int(texts[RATE_HEADERS[1]] or 0) > int(texts[RATE_HEADERS[0]] or 0):
        return [Problem(f"{texts[RATE_HEADERS[1]]} of {texts[RATE_HEADERS[0]]} requests are left")]
    return found


def retry_after(one: Answered) -> list[Problem] | None:
    """A refusal above the rate limit says when to come back."""
    if one.answer.status != _TOO_MANY:
        return None
    text = header(one.answer.headers, "Retry-After")
    if text is None:
        return [Problem("answered 429 without Retry-After")]
    return [] if text.isdecimal() and int(text) > 0 else [Problem(f"Retry-After is {text!r}, not a number of seconds")]


def canonical(plain: bytes) -> bytes:
    """A body to compare with another one: the same JSON is the same, and so are the same bytes."""
    try:
        return json.dumps(json_of(plain), sort_keys=True).encode()
    except ValueError:
        return plain


CHECKS: Mapping[str, Check] = {
    "api-status": status,
    "api-media-type": media,
    "api-body": body,
    "api-headers": headers,
    "api-envelope": envelope,
    "api-credential": credential,
    "api-refuses": refuses,
    "api-rate-limit-headers": rate_headers,
    "api-retry-after": retry_after,
}
