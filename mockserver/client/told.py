"""What the control plane tells, as Python has it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any, TypeVar

_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class Credential:
    """`secret` is whole only when it has just been created."""

    id: str
    name: str
    secret: str
    scopes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Tenant:
    """A workspace, customer or account of one API. `limits` has windows by bucket."""

    api: str
    id: str
    name: str
    plan: str | None
    unlimited: bool
    unmetered: bool
    limits: Mapping[str, Any]
    credentials: tuple[Credential, ...]


@dataclass(frozen=True, slots=True)
class Access:
    """What a fresh credential gives: `headers` to send with each request, to `base_url`."""

    tenant: Tenant
    credential: Credential
    headers: Mapping[str, str]
    base_url: str


@dataclass(frozen=True, slots=True)
class RequestSummary:
    """One line of the journal."""

    id: str
    time: str
    api: str
    operation: str | None
    tenant: str | None
    tenant_name: str | None
    method: str
    path: str
    query: str
    status: int
    outcome: str
    reason: str | None
    fault: str | None
    milliseconds: float


@dataclass(frozen=True, slots=True)
class Explanation:
    """Why a request was answered so, and what would have been accepted. `rule`: level, document and text, or None."""

    request: str
    status: int
    reason: str | None
    why: str
    accepted: tuple[str, ...]
    related: str | None
    rule: Mapping[str, Any] | None


@dataclass(frozen=True, slots=True)
class Record:
    """One record as it is stored, with the unique keys that it is found by."""

    kind: str
    id: str
    archived: bool
    keys: Mapping[str, str]
    data: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class SeedReport:
    """`rows`: number, status, outcome and errors of each."""

    operation: str
    accepted: int
    refused: int
    rows: tuple[Mapping[str, Any], ...]


@dataclass(frozen=True, slots=True)
class Delivery:
    """One webhook on its way. `attempts`: number, at, status, error, milliseconds and signature of each."""

    id: str
    api: str
    tenant: str
    event: str
    state: str
    url: str | None
    subscription: str
    attempt: int
    created_at: str
    next_at: str | None
    payload: Mapping[str, Any]
    attempts: tuple[Mapping[str, Any], ...]


@dataclass(frozen=True, slots=True)
class ClockTime:
    """The mock's time, and how far it is from the machine's."""

    now: str
    epoch_seconds: float
    frozen: bool
    offset_seconds: float


@dataclass(frozen=True, slots=True)
class Fault:
    """A fault that is switched on; `applied`: how often it has struck."""

    id: str
    kind: str
    api: str | None
    operation: str | None
    tenant: str | None
    credential: str | None
    times: int | None
    probability: float
    latency: float
    status: int
    body: Any
    headers: Mapping[str, str]
    retry_after: int
    seconds: float
    applied: int


def made(kind: type[_T], told: Mapping[str, Any]) -> _T:
    """The members that the class knows: a newer server may tell more."""
    names = [each.name for each in fields(kind)]  # type: ignore[arg-type]  # all of them are dataclasses
    values = {name: told[name] for name in names}
    return kind(**{name: tuple(value) if isinstance(value, list) else value for name, value in values.items()})


def tenant_of(told: Mapping[str, Any]) -> Tenant:
    return made(Tenant, {**told, "credentials": [made(Credential, each) for each in told["credentials"]]})
