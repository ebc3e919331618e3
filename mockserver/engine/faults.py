"""Faults: what an API is told to do wrong, to whom, and how often."""

from __future__ import annotations

import math
import random
import re
import uuid
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Literal, get_args

FaultKind = Literal[
    "status",  # Answers with `status` in the vendor's envelope; nothing is processed.
    "rate-limit",  # Answers 429 with Retry-After; nothing is counted or processed.
    "latency",  # Waits `latency` seconds, then serves as usual.
    "drop",  # Closes the connection without an answer; nothing is processed.
    "lost-response",  # Processes the request, then closes the connection without an answer.
    "truncate",  # Processes it, promises the whole answer, sends half and closes the connection.
    "malformed",  # Processes it and answers with a body that is no JSON.
    "slow",  # Processes it and lets the answer drip over `seconds`.
]
KINDS: tuple[FaultKind, ...] = get_args(FaultKind)
UNANSWERED = frozenset(("drop", "lost-response"))
"""Kinds that close the connection without an answer."""
BODILESS = frozenset((204, 205, 304))
"""Statuses whose answers have no body."""

_WHOLE = {"status": 503, "times": 2, "retry_after": 30}  # Each with an example.
_NUMBERS = {"probability": 0.5, "latency": 2.5, "seconds": 10}
_HEADER_NAME = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]{1,100}\Z")
_HEADER_VALUE = re.compile(r"[ -~]*\Z")
# The server works them out; a wrong one would break the connection, and there is a fault for that.
_OURS = frozenset(("content-length", "transfer-encoding", "connection", "date"))


@dataclass(frozen=True, slots=True)
class Fault:
    """One fault. `api`, `operation` (an operationId), `tenant` (its id) and `credential` (its id, never the secret)
    say whom it befalls; None = any.

    `times`: so many requests and no more; None = until it is removed. `probability`: of each request that it could
    befall. `latency`: seconds to wait before anything else, with every kind. `status`, `body` (JSON, None = the
    vendor's envelope) and `headers` are those of the answer of kind "status"; `retry_after` (seconds) that of
    "rate-limit"; `seconds` the length of "slow". `id` and `applied`, how often it has struck, are `Faults`' own.
    """

    kind: FaultKind
    api: str | None = None
    operation: str | None = None
    tenant: str | None = None
    credential: str | None = None
    times: int | None = None
    probability: float = 1.0
    latency: float = 0.0
    status: int = 503
    body: Any = None
    headers: Mapping[str, str] = field(default_factory=dict)
    retry_after: int = 30
    seconds: float = 5.0
    id: str = ""
    applied: int = 0

    @property
    def told(self) -> str:
        """What it did to a request, as the end of an outcome."""
        return f"struck by a fault: {self.kind}{', never answered' if self.kind in UNANSWERED else ''}"

    @property
    def used_up(self) -> bool:
        """Whether it has struck as often as it should."""
        return self.times is not None and self.applied >= self.times

    def befalls(self, api: str, operation: str, tenant: str, credential: str) -> bool:
        """Whether it is meant for such a request; unknown parts of one are empty."""
        return (
            self.api in {None, api}
            and self.operation in {None, operation}
            and self.tenant in {None, tenant}
            and self.credential in {None, credential}
        )


class Faults:
    """The faults that are switched on, in the order in which they were. False while there are none.

    The first that fits a request strikes it, and no second one. `draw` gives numbers in [0, 1) for probabilities.
    """

    __slots__ = ("_by_id", "_draw")

    def __init__(self, draw: Callable[[], float] = random.random) -> None:
        self._by_id: dict[str, Fault] = {}
        self._draw = draw

    def add(self, fault: Fault) -> Fault:
        """Switch it on; return it with its id. ValueError or TypeError where it could never strike."""
        _check_numbers(fault)
        _check_answer(fault)
        added = replace(fault, id=fault.id or f"fault_{uuid.uuid4().hex[:12]}", applied=0)
        self._by_id[added.id] = added
        return added

    def get(self, fault_id: str) -> Fault | None:
        return self._by_id.get(fault_id)

    def remove(self, fault_id: str) -> bool:
        """Switch it off; False where there is none of this id, or no longer."""
        return self._by_id.pop(fault_id, None) is not None

    def clear(self, api: str | None = None, tenant: str | None = None) -> int:
        """Switch off all faults of this API and tenant, None = any; return how many."""
        gone = self.of(api, tenant)
        for fault in gone:
            del self._by_id[fault.id]
        return len(gone)

    def of(self, api: str | None, tenant: str | None) -> list[Fault]:
        """The faults that name this API and tenant, None = any."""
        return [
            fault for fault in self if (api is None or fault.api == api) and (tenant is None or fault.tenant == tenant)
        ]

    def take(self, api: str, operation: str = "", tenant: str = "", credential: str = "") -> Fault | None:
        """The fault that strikes this request, which is then counted, or None."""
        for fault in self.drawn(api, operation, tenant, credential):
            struck = replace(fault, applied=fault.applied + 1)
            if struck.used_up:
                del self._by_id[fault.id]
            else:
                self._by_id[fault.id] = struck
            return struck
        return None

    def drawn(self, api: str, operation: str, tenant: str, credential: str) -> Iterator[Fault]:
        """Those that may strike this request: each fits it, and its probability has been drawn."""
        for fault in self:
            if fault.befalls(api, operation, tenant, credential) and self._draw() < fault.probability:
                yield fault

    def replace(self, faults: Iterable[Fault]) -> None:
        """Let these be switched on, and no others."""
        self._by_id = {fault.id: fault for fault in faults}

    def __iter__(self) -> Iterator[Fault]:
        return iter(tuple(self._by_id.values()))

    def __len__(self) -> int:
        return len(self._by_id)


def settable(name: str) -> bool:
    """Whether the answer of a fault can have a header of this name."""
    return _HEADER_NAME.match(name) is not None and name.lower() not in _OURS


def _check_numbers(fault: Fault) -> None:
    for name, example in (_WHOLE | _NUMBERS).items():
        value = getattr(fault, name)
        if value is None and name == "times":
            continue
        if isinstance(value, bool) or not isinstance(value, int if name in _WHOLE else int | float):
            what = "a whole number" if name in _WHOLE else "a number"
            raise TypeError(f"{name}={value!r}: must be {what}, such as {example}")
        if not math.isfinite(value):
            raise ValueError(f"{name}={value!r}: must be finite, such as {example}")
    if fault.times is not None and fault.times < 1:
        raise ValueError(f"times={fault.times}: a fault strikes once or more; leave it out for no end")
    if not 0 < fault.probability <= 1:
        raise ValueError(f"probability={fault.probability}: must be above 0 and at most 1")
    if not 200 <= fault.status <= 599:  # noqa: PLR2004  # what is an answer, and no interim one
        raise ValueError(f"status={fault.status}: an answer has a status from 200 to 599")
    if min(fault.latency, fault.seconds, fault.retry_after) < 0:
        raise ValueError("latency, seconds and retry_after cannot be negative: leave them out, or give 0 or more")


def _check_answer(fault: Fault) -> None:
    for name, value in fault.headers.items():
        if not isinstance(name, str) or not settable(name):
            raise ValueError(f"headers: {name!r} is no header that can be set here; leave it out")
        if not isinstance(value, str) or _HEADER_VALUE.match(value) is None:
            raise ValueError(f"headers: {name} must be text of printable ASCII characters, not {value!r}")
    if fault.status in BODILESS and fault.body is not None:
        raise ValueError(f"body: an answer with status {fault.status} has no body; leave it out")
