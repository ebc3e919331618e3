"""What can be wrong with a client's request, seen from the contract."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl, urlencode

from mockserver.contract.model import Contract, Source
from mockserver.contract.schema import FieldError
from mockserver.contract.sources import source_of
from mockserver.engine import strict_json
from mockserver.engine.refusal import Refusal, sentence
from mockserver.parameters import QueryReader
from mockserver.proxy.exchange import Request, TooDeepError, UnreadableError, header, json_of, unpacked
from mockserver.proxy.held import Held
from mockserver.proxy.promises import Problem, body_source, member_source
from mockserver.request_body import check_media_type

MISSING = object()
_UNCLEAR = re.compile("[\x00\ud800-\udfff\ufffd]")


@dataclass(frozen=True, slots=True)
class Asked:
    """A request while it is looked at. `body` is its value, MISSING where there is none to look into."""

    contract: Contract
    held: Held
    request: Request
    values: Mapping[str, str]
    strict: bool
    plain: bytes | None
    body: Any
    malformed: str


#: What is wrong; None where there was nothing to look at.
Check = Callable[[Asked], list[Problem] | None]


def asked(contract: Contract, held: Held, request: Request, values: Mapping[str, str], *, strict: bool) -> Asked:
    """Read a request's body, as far as that is possible. `values` are those of the path's parameters."""
    try:
        plain: bytes | None = unpacked(request.headers, request.body)
    except UnreadableError:
        plain = None
    body, malformed = MISSING, ""
    if plain is not None and plain.strip():
        try:
            body = strict_json.parse(plain, held.plan.operation.max_depth) if strict else json_of(plain)
        except TooDeepError:
            plain = None
        except ValueError as error:
            malformed = str(error)
    return Asked(contract, held, request, values, strict, plain, body, malformed)


def credential_of(held: Held, contract: Contract, request: Request) -> str | None:
    """The value of the header that says who calls, or None."""
    operation = held.operation
    if operation.public:
        return None
    return header(request.headers, contract.security[operation.security[0]].header)


def credential(one: Asked) -> list[Problem] | None:
    """There is one, of the documented form."""
    operation = one.held.operation
    scheme = one.contract.security[operation.security[0]]
    given = credential_of(one.held, one.contract, one.request)
    if not given:
        return [Problem(f"the {scheme.header} header is missing")]
    word, _, secret = given.partition(" ")
    if scheme.kind == "bearer" and (word.lower() != "bearer" or not secret.strip()):
        return [Problem(f"the {scheme.header} header is not the word Bearer and a token")]
    source = source_of(one.contract, f"/components/securitySchemes/{scheme.name}/x-credential")
    if scheme.pattern is None or (source.level == "assumed" and not one.strict):
        return []
    value = secret.strip() if scheme.kind == "bearer" else given
    if re.search(scheme.pattern, value):
        return []
    return [Problem(f"the credential in {scheme.header} has not the form {scheme.pattern}", source)]


def parameters(one: Asked) -> list[Problem] | None:
    """Query and headers, each as declared."""
    if not any(parameter.location != "path" for parameter in one.held.plan.operation.parameters):
        return None
    query = one.request.query.encode("latin-1", "replace")
    if not one.strict:
        query = _clear(query)
    given = Counter(name.lower() for name, _ in one.request.headers)
    in_headers = urlencode([(name.lower(), value) for name, value in one.request.headers if given[name.lower()] == 1])
    errors = [
        *_errors(one.held.plan.read_query, query),
        *_errors(one.held.read_headers, in_headers.encode()),
    ]
    repeated = {name for name, times in given.items() if times > 1}
    sources = {parameter.name.lower(): parameter.source for parameter in one.held.operation.parameters}
    return [
        Problem(sentence(error), sources.get(error.pointer.strip("/").lower()))
        for error in errors
        if error.pointer.strip("/") not in repeated
    ]


def _errors(reader: QueryReader, query: bytes) -> tuple[FieldError, ...]:
    try:
        reader(query)
    except Refusal as refusal:
        return refusal.errors or (FieldError("", refusal.message),)
    return ()


def _clear(query: bytes) -> bytes:
    """Without what came twice or cannot be read: what becomes of that is nowhere said."""
    try:
        pairs = parse_qsl(query.decode("latin-1"), keep_blank_values=True)
    except ValueError:
        return b""
    times = Counter(name for name, _ in pairs)
    return urlencode([(name, text) for name, text in pairs if times[name] == 1 and not _UNCLEAR.search(text)]).encode()


def path(one: Asked) -> list[Problem] | None:
    """Ids of the declared form; only where all of the contract is held."""
    if one.held.read_path is None or not one.values:
        return None
    try:
        one.held.read_path(one.values)
    except Refusal as refusal:
        return [Problem(f"{refusal.message}: it has not the declared form")]
    return []


def media_type(one: Asked) -> list[Problem] | None:
    """JSON in UTF-8, where there is a body."""
    if not one.request.body:
        return None
    headers = {name.lower(): value for name, value in one.request.headers}
    if not one.strict:
        headers.pop("content-encoding", None)
    try:
        check_media_type(one.held.plan, headers)
    except Refusal as refusal:
        given = headers.get("content-type")
        return [Problem(f"{refusal.message}, not {given[:100]!r}" if given else f"{refusal.message}; there is none")]
    return []


def well_formed(one: Asked) -> list[Problem] | None:
    """A body where one is needed, in JSON."""
    if one.plain is None:
        return None
    if one.malformed:
        return [Problem(f"the body is not JSON: {one.malformed}")]
    if one.body is MISSING:
        return [Problem("the body is empty")] if one.held.plan.operation.body_required else None
    return []


def body(one: Asked) -> list[Problem] | None:
    """The declared members, of the declared types."""
    if one.body is MISSING or one.held.plan.body is None:
        return None
    operation = one.held.operation
    otherwise = body_source(one.contract, operation)
    media = operation.media_types[0].replace("/", "~1")
    pointer = f"{operation.pointer}/requestBody/content/{media}/schema"
    return [
        Problem(sentence(error), told(member_source(one.contract, pointer, error.pointer, otherwise), one.strict))
        for error in one.held.plan.body.errors(one.body)
    ]


def told(source: Source, strict: bool) -> Source | None:  # noqa: FBT001  # said by its name at each call
    """A source that may be told: what is held without --strict is never what was only assumed."""
    return source if strict or source.level != "assumed" else None


def size(one: Asked) -> list[Problem] | None:
    """No more bytes than permitted."""
    if not one.request.body:
        return None
    most, sent = one.held.operation.max_bytes, len(one.request.body)
    return [Problem(f"the body has {sent} bytes; at most {most} are permitted")] if sent > most else []


CHECKS: Mapping[str, Check] = {
    "client-credential": credential,
    "client-parameters": parameters,
    "client-path": path,
    "client-media-type": media_type,
    "client-json": well_formed,
    "client-body": body,
    "client-size": size,
}
