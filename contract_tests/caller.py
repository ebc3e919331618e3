"""Calling the operations of a contract with one credential."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlencode

from mockserver.contract import Operation
from mockserver.contract.model import Window

from .rule import NotChecked
from .target import Credential
from .wire import Answer, Request

if TYPE_CHECKING:
    from .lab import Lab

Query = Mapping[str, Any] | Sequence[tuple[str, Any]]
NOTHING: Any = object()
_JSON = "application/json"
_TRIES = 3
_LONGEST_WAIT = 61
_WINDOWS = {"per_minute": 60, "per_hour": 3600, "bulk_per_minute": 60}


class Caller:
    """One credential, or none, at work. Calls are noted in the trace, and `paced` unless limits are the matter."""

    def __init__(self, lab: Lab, credential: Credential | None, *, paced: bool = True) -> None:
        self._lab = lab
        self.credential = credential
        self._paced = paced

    def __call__(self, operation: str, **parts: Any) -> Answer:
        """Send what `request` makes of the same arguments, and wait and retry where it was too much for the limit."""
        request = self.request(operation, **parts)
        for _ in range(_TRIES - 1):
            answer = self.send(operation, request)
            seconds = answer.headers.get("retry-after", "")
            if answer.status != 429 or not seconds.isdecimal() or not self._paced:
                return answer
            time.sleep(min(int(seconds), _LONGEST_WAIT))
        return self.send(operation, request)

    def send(self, operation: str, request: Request) -> Answer:
        """Send a prepared request of this operation, not faster than the credential allows; no retry."""
        self._pace(self._lab.operation(operation))
        return self._lab.send(request)

    def reserve(self, operation: str, number: int) -> None:
        """Wait until so many requests of this operation may be sent at once, and count them as sent."""
        for _ in range(number):
            self._pace(self._lab.operation(operation))

    def request(  # noqa: PLR0913  # all by name; these are the parts that a request has
        self,
        operation: str,
        *,
        body: Any = NOTHING,
        content: bytes | None = None,
        path: Mapping[str, str] | None = None,
        query: Query = (),
        headers: Mapping[str, str] | Sequence[tuple[str, str]] = (),
        method: str | None = None,
        url: str | None = None,
    ) -> Request:
        """A request of an operation. `body` is sent as JSON, `content` as it is.

        `headers` replace those that would be sent otherwise, without regard to letter case; a value of "" in a
        mapping leaves the header out. Pairs allow repeating one. `url` replaces the whole path and query.
        """
        found = self._lab.operation(operation)
        sent = self.headers()
        if body is not NOTHING:
            content = json.dumps(body, ensure_ascii=False).encode("utf-8", "surrogatepass")
        if content is not None:
            sent["Content-Type"] = _JSON
        given = list(headers.items()) if isinstance(headers, Mapping) else list(headers)
        replaced = {name.lower() for name, _ in given}
        pairs = [(name, value) for name, value in sent.items() if name.lower() not in replaced]
        leave_out = isinstance(headers, Mapping)
        pairs += [(name, value) for name, value in given if value or not leave_out]
        where = url if url is not None else self._lab.contract.base_path + _filled(found, path or {}) + _query(query)
        sender = self.credential.name if self.credential else ""
        return Request(method or found.method, where, tuple(pairs), content, sender)

    def headers(self) -> dict[str, str]:
        """What the credential adds to each request: its own header, and the tenant's where there is one."""
        if self.credential is None:
            return {}
        contract = self._lab.contract
        scheme = next(iter(contract.security.values()))
        value = f"Bearer {self.credential.secret}" if scheme.kind == "bearer" else self.credential.secret
        header = {scheme.header: value}
        return (
            header if contract.tenancy.header is None else {**header, contract.tenancy.header: self.credential.tenant}
        )

    def limits(self, operation: Operation) -> tuple[Window, ...]:
        """The windows that hold for this credential on an operation; none where nothing is said of it."""
        credential = self.credential
        if credential is None or credential.unlimited or operation.rate_limit is None:
            return ()
        bulk = operation.rate_limit.bucket != "default"
        if credential.limits:
            names = ("bulk_per_minute",) if bulk else ("per_minute", "per_hour")
            return tuple(Window(credential.limits[name], _WINDOWS[name]) for name in names if name in credential.limits)
        return operation.rate_limit.windows or self._smallest_plan(operation.rate_limit.bucket)

    def _smallest_plan(self, bucket: str) -> tuple[Window, ...]:
        plans = [plan.rate_limits.get(bucket, ()) for plan in self._lab.contract.plans.values()]
        return min(filter(None, plans), key=lambda windows: windows[0].limit, default=())

    def rest(self, operation: str) -> None:
        """Wait until a minute has gone by since the last of those that count with this operation."""
        self._lab.pace.rest(self._counter(self._lab.operation(operation)), _WINDOWS["per_minute"])

    def _pace(self, operation: Operation) -> None:
        self._lab.pace.wait(self._counter(operation), self.limits(operation), hold=self._paced)

    def _counter(self, operation: Operation) -> str:
        name = self.credential.name if self.credential else ""
        return f"{name} {operation.rate_limit.bucket if operation.rate_limit else ''}"


def _filled(operation: Operation, path: Mapping[str, str]) -> str:
    filled = operation.path
    for name, value in path.items():
        filled = filled.replace(f"{{{name}}}", quote(value, safe=""))
    if "{" in filled:
        raise NotChecked(f"no value for {filled}")
    return filled


def _query(query: Query) -> str:
    pairs = list(query.items()) if isinstance(query, Mapping) else list(query)
    words = [(name, str(value).lower() if isinstance(value, bool) else value) for name, value in pairs]
    return f"?{urlencode(words)}" if words else ""
