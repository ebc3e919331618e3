"""The frozen model of one vendor's contract, as `loader.load` builds it from a spec.

Both halves of the product read it: the mock does what it says, the contract tests try what it says.
Units: sizes in bytes, times in seconds. Pointers are JSON pointers (RFC 6901); those that start at the
document's root locate an element of the spec, those in a behaviour locate a member of a request body.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

Level = Literal["documented", "vendor-page", "assumed"]
Envelope = Literal["success-flag", "error-object", "problem-details"]
Location = Literal["query", "header", "path"]
Normalizer = Literal["email", "phone-last-10", "phone-digits-10"]

NORMALIZERS: tuple[Normalizer, ...] = ("email", "phone-last-10", "phone-digits-10")

#: Every reason for which a request is refused, with the status where the vendor says nothing else.
REASONS: Mapping[str, int] = {
    "path-unknown": 404,
    "method-not-allowed": 405,
    "credential-missing": 401,
    "credential-invalid": 401,
    "tenant-missing": 401,
    "tenant-mismatch": 403,
    "scope-missing": 403,
    "rate-limited": 429,
    "quota-exceeded": 429,
    "body-too-large": 413,
    "media-type-unsupported": 415,
    "body-malformed": 400,
    "body-invalid": 400,
    "parameter-invalid": 400,
    "record-unknown": 404,
    "idempotency-mismatch": 409,
    "idempotency-in-flight": 409,
    "internal": 500,
}


class ContractError(Exception):
    """One mistake in a spec: where it is, what is there, what is wrong with it, and the way out."""

    def __init__(self, file: str, path: str, value: object, problem: str, hint: str | None = None) -> None:
        super().__init__(file, path, value, problem, hint)
        self.file = file
        self.path = path
        self.value = value
        self.problem = problem
        self.hint = hint

    def __str__(self) -> str:
        place = f"{self.file}: {self.path}" if self.path else self.file
        return f"{place}: {self.problem}" + (f"; {self.hint}" if self.hint else "")


class ContractErrors(ContractError):
    """All mistakes of a spec at once; `errors` has at least one, and the first lends its members."""

    def __init__(self, errors: Sequence[ContractError]) -> None:
        first = errors[0]
        super().__init__(first.file, first.path, first.value, first.problem, first.hint)
        self.errors = tuple(errors)

    def __str__(self) -> str:
        return "\n".join(str(error) for error in self.errors)


@dataclass(frozen=True, slots=True)
class Source:
    """Where a statement comes from. `documented` has document and quote, `vendor-page` page and says,
    `assumed` says, and decision where there is a numbered one.
    """

    level: Level
    document: str | None = None
    quote: str | None = None
    page: str | None = None
    says: str | None = None
    decision: str | None = None

    @property
    def text(self) -> str:
        """The sentence itself: the vendor's where it is quoted."""
        return self.quote or self.says or ""


@dataclass(frozen=True, slots=True)
class Window:
    """At most `limit` requests in `seconds`."""

    limit: int
    seconds: int


@dataclass(frozen=True, slots=True)
class RateLimit:
    """Requests per credential. `windows` is None where the tenant's plan decides (`Plan.rate_limits[bucket]`)."""

    bucket: str
    windows: tuple[Window, ...] | None
    headers: bool
    source: Source


@dataclass(frozen=True, slots=True)
class Plan:
    """What a tenant has paid for: windows per bucket (none = unlimited), records per kind (absent = unlimited)."""

    name: str
    rate_limits: Mapping[str, tuple[Window, ...]]
    quotas: Mapping[str, int]
    source: Source


@dataclass(frozen=True, slots=True)
class Match:
    """Members of a request body whose normalised values are one key space, named `against`."""

    pointers: tuple[str, ...]
    normalizer: Normalizer
    reported_as: str
    against: str


@dataclass(frozen=True, slots=True)
class Deduplication:
    """`match` is in order of precedence. `status` answers a match."""

    match: tuple[Match, ...]
    within: str
    on_match: Literal["merge", "keep"]
    status: int
    source: Source


@dataclass(frozen=True, slots=True)
class Idempotency:
    """`unless` is (pointer into the body, value): a body that has it bypasses the layer."""

    header: str
    scope: tuple[str, ...]
    retention_seconds: int
    fingerprint: str
    mismatch: int
    in_flight: int
    replay_header: str | None
    unless: tuple[str, object] | None
    source: Source


@dataclass(frozen=True, slots=True)
class Batch:
    """Many records in one request. `rows`, `on_duplicate`, `dry_run` are pointers into the body, `row_ref` is the
    member of a row that is echoed, `row_schema` the strict schema that each row is checked against.
    """

    rows: str
    min: int
    max: int
    row_operation: str
    row_schema: dict[str, Any]
    on_duplicate: str | None
    dry_run: str | None
    row_ref: str | None
    source: Source


@dataclass(frozen=True, slots=True)
class Quota:
    """Creating a record counts against the plan's quota for `kind`."""

    kind: str
    source: Source


@dataclass(frozen=True, slots=True)
class Retry:
    """`delays` = seconds before attempt 1, 2, 3, ...; the first is 0."""

    delays: tuple[float, ...]
    factor: float = 1.0
    max_seconds: float | None = None

    def first(self, attempts: int) -> tuple[float, ...]:
        """The delays of so many attempts; past the end of `delays` they go on growing by the factor."""
        delays = list(self.delays[:attempts])
        while len(delays) < attempts:
            grown = delays[-1] * self.factor
            delays.append(grown if self.max_seconds is None else min(grown, self.max_seconds))
        return tuple(delays)


@dataclass(frozen=True, slots=True)
class Webhooks:
    """How deliveries to what this operation registers are signed, retried and given up."""

    signature: Literal["mega-sha256", "standard-webhooks"]
    retry: Retry
    timeout_seconds: float
    source: Source


@dataclass(frozen=True, slots=True)
class Event:
    """`callback` is the name of the callback under the operation `registered_by`; `schema` is that of the payload.
    An empty `fired_by` means: by no operation, only by control.
    """

    name: str
    fired_by: tuple[str, ...]
    not_fired_by: tuple[str, ...]
    callback: str
    source: Source
    registered_by: str = ""
    schema: dict[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class Parameter:
    """`schema` is the OpenAPI schema with its references inlined; `schema.compile_schema` makes it JSON Schema."""

    name: str
    location: Location
    required: bool
    schema: dict[str, Any]
    source: Source


@dataclass(frozen=True, slots=True, eq=False)
class Operation:
    """One operation, everything that applies to it already worked out. Schemas are OpenAPI, references inlined."""

    id: str
    method: str
    path: str
    summary: str
    scopes: tuple[str, ...]
    public: bool
    parameters: tuple[Parameter, ...]
    body_schema: dict[str, Any] | None
    body_required: bool
    media_types: tuple[str, ...]
    responses: Mapping[int, dict[str, Any]]
    rate_limit: RateLimit | None
    max_bytes: int
    max_depth: int
    record_kind: str | None
    record_action: str | None
    quota: Quota | None
    deduplication: Deduplication | None
    idempotency: Idempotency | None
    batch: Batch | None
    webhooks: Webhooks | None
    source: Source
    raw: dict[str, Any]
    security: tuple[str, ...] = ()
    pointer: str = ""


@dataclass(frozen=True, slots=True)
class Errors:
    """`statuses` has every reason of REASONS; `types` (status -> word) only for error-object."""

    envelope: Envelope
    statuses: Mapping[str, int]
    types: Mapping[int, str]
    messages: Mapping[str, str]
    source: Source


@dataclass(frozen=True, slots=True)
class Tenancy:
    """`header`, where there is one, must name the tenant of the credential."""

    noun: Literal["workspace", "customer", "account"]
    header: str | None
    source: Source


@dataclass(frozen=True, slots=True)
class SecurityScheme:
    """`pattern` is the documented form of a credential; `scopes` maps each scope that exists to what it permits."""

    name: str
    kind: Literal["apiKey", "bearer"]
    header: str
    pattern: str | None
    scopes: Mapping[str, str]


@dataclass(frozen=True, slots=True, eq=False)
class Contract:
    """One vendor's contract. `sources` maps the pointer of each labelled element to its source."""

    name: str
    title: str
    base_path: str
    host: str
    document: dict[str, Any]
    operations: Mapping[str, Operation]
    security: Mapping[str, SecurityScheme]
    tenancy: Tenancy
    errors: Errors
    plans: Mapping[str, Plan]
    default_plan: str | None
    events: tuple[Event, ...]
    sources: Mapping[str, Source]
    named_sources: Mapping[str, Source] = field(default_factory=dict)
