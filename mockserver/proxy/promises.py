"""The promises that passing traffic can break: of the client's requests, and of the API's answers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

from mockserver.contract.model import Contract, Operation, Source
from mockserver.contract.sources import source_of

Side = Literal["client", "api"]
#: What a person calls the two sides.
SIDES: Mapping[Side, str] = {"client": "your client", "api": "the API"}

_SILENT = Source("assumed", says="The vendor is silent on this.")


@dataclass(frozen=True, slots=True)
class Promise:
    """One promise. `id` is API/operation/side-name; promises of no operation have `any` in its place."""

    id: str
    side: Side
    says: str
    source: Source
    operation: Operation


@dataclass(frozen=True, slots=True)
class Problem:
    """One deviation: what is wrong, and where the contract says so, if that is elsewhere than the promise itself."""

    detail: str
    source: Source | None = None


def promises(contract: Contract) -> dict[str, Promise]:
    """Every promise by its id."""
    first = next(iter(contract.operations.values()))
    server = source_of(contract, "/servers/0")
    found = [
        Promise(f"{contract.name}/any/client-path", "client", "Every request goes where the API is.", server, first),
        Promise(
            f"{contract.name}/any/api-envelope",
            "api",
            "An error has the vendor's own form, also at a path that is not there.",
            contract.errors.source,
            first,
        ),
    ]
    for operation in contract.operations.values():
        for name, says, source in (*_of_client(contract, operation), *_of_api(contract, operation)):
            side: Side = "client" if name.startswith("client-") else "api"
            where = f"{operation.method} {operation.path}"
            found.append(Promise(f"{contract.name}/{operation.id}/{name}", side, says.format(where), source, operation))
    return {one.id: one for one in found}


def _of_client(contract: Contract, operation: Operation) -> Iterator[tuple[str, str, Source]]:
    if not operation.public:
        yield "client-credential", "A request to {} carries a credential.", _of_credential(contract, operation)
    sources = [one.source for one in operation.parameters if one.location != "path"]
    if sources:
        # The strongest of them, since each is held by its own.
        strongest = min(sources, key=lambda one: one.level != "documented")
        yield "client-parameters", "The parameters and headers of {} are as declared.", strongest
    if any(one.location == "path" for one in operation.parameters):
        yield "client-path", "The id in the path of {} has the declared form.", _SILENT
    if operation.body_schema is not None:
        at = f"{operation.pointer}/requestBody/content"
        media = source_of(contract, f"{at}/{operation.media_types[0].replace('/', '~1')}")
        if media.level != "assumed":
            media = operation.source  # whose sentence is not about members of the body
        yield "client-media-type", "The body of {} is sent as JSON.", media
        yield "client-json", "The body of {} is well-formed JSON.", media
        yield "client-body", "The body of {} has the declared members.", body_source(contract, operation)
        yield "client-size", "The body of {} is no larger than permitted.", source_of(contract, "/x-request")


def _of_api(contract: Contract, operation: Operation) -> Iterator[tuple[str, str, Source]]:
    own = operation.source
    yield "api-answers", "Every request to {} is answered, in time and to its end.", own
    yield "api-status", "An answer of {} has a declared status.", own
    yield "api-media-type", "An answer of {} has the declared media type.", own
    yield "api-body", "The body of an answer of {} has the declared form.", own
    yield "api-headers", "An answer of {} has the declared headers.", own
    yield "api-envelope", "An error of {} has the vendor's own form.", contract.errors.source
    if not operation.public:
        yield "api-credential", "A request to {} without a credential is refused.", _of_credential(contract, operation)
    if operation.body_schema is not None:
        yield "api-refuses", "A body that {} must refuse is refused.", body_source(contract, operation)
    if operation.idempotency is not None:
        source = operation.idempotency.source
        yield "api-idempotency-replay", "A repeated key and body of {} gives the first answer again.", source
        yield "api-idempotency-mismatch", "A used key with another body is refused by {}.", source
    if operation.rate_limit is not None:
        if operation.rate_limit.headers:
            limits = rate_header_source(contract, operation)
            yield "api-rate-limit-headers", "The RateLimit headers of {} are numbers that agree.", limits
            yield "api-rate-limit-countdown", "RateLimit-Remaining of {} counts down within a window.", _SILENT
        if operation.quota is None:
            source = operation.rate_limit.source if 429 in operation.responses else _SILENT  # noqa: PLR2004  # HTTP
            yield (
                "api-retry-after",
                "A request to {} above the limit is told when to come back.",
                _after(contract, operation, source),
            )


def _of_credential(contract: Contract, operation: Operation) -> Source:
    return source_of(contract, f"/components/securitySchemes/{operation.security[0]}")


def body_source(contract: Contract, operation: Operation) -> Source:
    """Where the form of the request's body comes from."""
    media = operation.media_types[0].replace("/", "~1")
    return source_of(contract, f"{operation.pointer}/requestBody/content/{media}/schema")


def rate_header_source(contract: Contract, operation: Operation) -> Source:
    """Where the RateLimit headers of its answers come from."""
    return _of_header(contract, operation, next(iter(operation.responses)), "RateLimit-Remaining")


def _after(contract: Contract, operation: Operation, otherwise: Source) -> Source:
    found = _of_header(contract, operation, 429, "Retry-After")
    return otherwise if found is _SILENT else found


def _of_header(contract: Contract, operation: Operation, status: int, name: str) -> Source:
    try:
        return source_of(contract, f"{operation.pointer}/responses/{status}/headers/{name}")
    except KeyError:
        return _SILENT


def member_source(contract: Contract, pointer: str, member: str, otherwise: Source) -> Source:
    """Where a member of a body comes from. `pointer` leads to the body's schema, `member` into the body."""
    found = otherwise
    for token in member.split("/")[1:]:
        below = "/items" if token.isdecimal() else f"/properties/{token}"
        try:
            found = source_of(contract, pointer + below)
        except (LookupError, TypeError, ValueError):
            return found
        pointer += below
    return found
