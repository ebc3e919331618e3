"""Checks of every answer that Schemathesis does not have: what the contract's own vocabulary promises."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from schemathesis import Case, CheckContext
from schemathesis.core.transport import Response

from mockserver.contract import Contract, Operation
from mockserver.contract.model import Errors

Check = Callable[[CheckContext, Response, Case[Any]], bool | None]

_RATE_LIMIT = ("ratelimit-limit", "ratelimit-remaining", "ratelimit-reset")
# Refusals that come before a request is counted, or before it is known whose it is.
_UNCOUNTED = (
    "path-unknown",
    "method-not-allowed",
    "credential-missing",
    "credential-invalid",
    "tenant-missing",
    "tenant-mismatch",
    "scope-missing",
)
_NO_SUCH_METHOD = 405
_PROBLEM = "application/problem+json"


class Checks:
    """The checks of one contract. `metered`: rate limits hold for the credential."""

    def __init__(self, contract: Contract, *, metered: bool) -> None:
        self._contract = contract
        self._metered = metered
        self._operations = {f"{op.method} {op.path}": op for op in contract.operations.values()}
        self._uncounted = {contract.errors.statuses[reason] for reason in _UNCOUNTED}

    def all(self) -> tuple[Check, ...]:
        return (
            self.declared_status,
            self.declared_content_type,
            self.error_envelope,
            self.rate_limit_headers,
            self.retry_after,
        )

    def declared_status(self, _context: CheckContext, response: Response, case: Case[Any]) -> bool | None:
        """Only declared statuses; 405 to a method that the path does not have."""
        operation, declared = self._asked(response, case)
        status = response.status_code
        if declared:
            known = ", ".join(map(str, operation.responses))
            assert status in operation.responses, f"answered {status}; the contract has {known}"
        elif response.request.method not in {"HEAD", "OPTIONS"}:
            assert status == _NO_SUCH_METHOD, f"answered {status} to a method that is not there, not 405"
        return None

    def declared_content_type(self, _context: CheckContext, response: Response, case: Case[Any]) -> bool | None:
        """The media type that is declared for this status, and no body where none is."""
        operation, declared = self._asked(response, case)
        if not declared or response.status_code not in operation.responses:
            return True
        media_types = sorted(operation.responses[response.status_code].get("content", {}))
        if not media_types:
            assert not response.content, f"answered {response.status_code} with a body, of which nothing is declared"
            return None
        sent = _media_type(response)
        assert sent in media_types, f"answered with {sent or 'no Content-Type'}, not with {' or '.join(media_types)}"
        return None

    def error_envelope(self, _context: CheckContext, response: Response, _case: Case[Any]) -> bool | None:
        """Every error in the vendor's own envelope, also those that no operation declares."""
        status = response.status_code
        if status < 400 or response.request.method == "HEAD":
            return True
        errors = self._contract.errors
        try:
            body = json.loads(response.content)
        except ValueError:
            raise AssertionError(f"the error is not JSON, but {response.content[:200]!r}") from None
        assert isinstance(body, dict), "the error is not a JSON object"
        _ENVELOPES[errors.envelope](errors, status, body, _media_type(response))
        return None

    def rate_limit_headers(self, _context: CheckContext, response: Response, case: Case[Any]) -> bool | None:
        """RateLimit headers on every answer that was counted."""
        operation, declared = self._asked(response, case)
        limit = operation.rate_limit
        if not (self._metered and declared and limit and limit.headers) or response.status_code in self._uncounted:
            return True
        missing = [name for name in _RATE_LIMIT if not _header(response, name).isdecimal()]
        assert not missing, f"the header {missing[0]} is missing or no number"
        allowed, left, _ = (int(_header(response, name)) for name in _RATE_LIMIT)
        assert left <= allowed, f"{left} of {allowed} requests are left"
        return None

    def retry_after(self, _context: CheckContext, response: Response, case: Case[Any]) -> bool | None:
        """A request above the rate limit is told when to come back; one above the plan's quota need not be."""
        operation, declared = self._asked(response, case)
        errors = self._contract.errors
        if not declared or response.status_code != errors.statuses["rate-limited"]:
            return True
        quota = errors.messages.get("quota-exceeded")
        if operation.quota is not None and quota is not None and json.dumps(quota).encode() in response.content:
            return True
        seconds = _header(response, "retry-after")
        assert int(seconds if seconds.isdecimal() else 0) > 0, f"Retry-After is {seconds!r}, not a number of seconds"
        return None

    def _asked(self, response: Response, case: Case[Any]) -> tuple[Operation, bool]:
        """The operation, and whether its own method was used: Schemathesis tries the others of its path too."""
        operation = self._operations[case.operation.label]
        return operation, response.request.method == operation.method


def _header(response: Response, name: str) -> str:
    return next(iter(response.headers.get(name, ())), "")


def _media_type(response: Response) -> str:
    return _header(response, "content-type").partition(";")[0].strip().lower()


def _success_flag(_errors: Errors, _status: int, body: dict[str, Any], _media_type: str) -> None:
    assert body.get("success") is False, "`success` is not false"
    assert _is_text(body.get("error")), "`error` is not a text"


def _error_object(errors: Errors, status: int, body: dict[str, Any], _media_type: str) -> None:
    error = body.get("error")
    assert isinstance(error, dict), "`error` is not an object"
    assert error.get("code") == status, f"`error.code` is {error.get('code')!r}, not the status {status}"
    wanted = errors.types.get(status)
    assert wanted is None or error.get("type") == wanted, f"`error.type` is {error.get('type')!r}, not {wanted!r}"
    assert _is_text(error.get("type")), "`error.type` is not a text"
    assert _is_text(error.get("message")), "`error.message` is not a text"


def _problem_details(_errors: Errors, status: int, body: dict[str, Any], media_type: str) -> None:
    assert media_type == _PROBLEM, f"the problem is sent as {media_type}, not as {_PROBLEM}"
    assert body.get("status") == status, f"`status` is {body.get('status')!r}, not {status}"
    for name in ("type", "title", "detail"):
        assert _is_text(body.get(name)), f"`{name}` is not a text"


def _is_text(value: Any) -> bool:
    return isinstance(value, str) and bool(value)


_ENVELOPES: dict[str, Callable[[Errors, int, dict[str, Any], str], None]] = {
    "success-flag": _success_flag,
    "error-object": _error_object,
    "problem-details": _problem_details,
}
