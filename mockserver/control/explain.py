"""Why a request was answered as it was, and what would have been accepted instead."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from difflib import get_close_matches
from typing import Any

from mockserver.contract.document import escape
from mockserver.contract.model import Contract, Operation, Source
from mockserver.contract.sources import source_of
from mockserver.engine.access import Directory, Revocation
from mockserver.engine.clock import iso_ms
from mockserver.engine.refusal import Refusal, sentence
from mockserver.journal import Entry
from mockserver.rendering import redacted

_MOST = 8  # Hints of one kind; more would hide the one that matters.
_FRESH_TENANT = "a key of a tenant made with POST /_mock/tenants"
_JSON_SCHEMA = "/requestBody/content/application~1json/schema"


@dataclass(frozen=True, slots=True)
class Explanation:
    """`why` in one or two sentences; `accepted`: what would have been; `related`: the id of an earlier request that
    this one depends on; `rule`: what the contract says, and where that comes from.
    """

    why: str
    accepted: tuple[str, ...] = ()
    related: str | None = None
    rule: Source | None = None


@dataclass(frozen=True, slots=True)
class _Case:
    entry: Entry
    refusal: Refusal
    contract: Contract
    directory: Directory
    others: Sequence[Entry]

    @property
    def operation(self) -> Operation | None:
        return self.entry.called


def explain(entry: Entry, contract: Contract, directory: Directory, others: Sequence[Entry]) -> Explanation:
    """The explanation of one entry, among `others` of its tenant and operation, newest first. Secrets are shortened."""
    rule = rule_of(entry, contract)
    if entry.refusal is None:
        return Explanation(_served(entry), (), None, rule)
    found = _ABOUT.get(entry.refusal.reason, _otherwise)(_Case(entry, entry.refusal, contract, directory, others))
    return replace(found, rule=rule)


def rule_of(entry: Entry, contract: Contract) -> Source | None:
    """What the contract says about what decided; None where a fault did, or there is no operation."""
    operation = entry.called
    if operation is None or (entry.fault is not None and entry.refusal is None):
        return None
    for pointer in _pointers(entry):
        try:
            return source_of(contract, operation.pointer + pointer)
        except KeyError:
            continue
    return operation.source


def _pointers(entry: Entry) -> Iterable[str]:
    """Places in the operation, the likeliest first, that may say why it was answered so."""
    refusal = entry.refusal
    if refusal is None:
        return ("/x-idempotency",) if "replayed" in entry.outcome else (f"/responses/{entry.status}",)
    special = {
        "rate-limited": ("/x-rate-limit",),
        "quota-exceeded": ("/x-quota",),
        "scope-missing": ("/x-scopes",),
        "idempotency-mismatch": ("/x-idempotency/mismatch", "/x-idempotency"),
        "idempotency-in-flight": ("/x-idempotency/in-flight", "/x-idempotency"),
    }.get(refusal.reason, ())
    fields: tuple[str, ...] = ()
    if refusal.reason == "body-invalid" and refusal.errors:
        tokens = [token for token in refusal.errors[0].pointer.split("/")[1:] if not token.isdecimal()]
        fields = tuple(
            _JSON_SCHEMA + "".join(f"/properties/{escape(token)}" for token in tokens[:length])
            for length in range(len(tokens), 0, -1)
        )
    return (*special, *fields, f"/responses/{entry.status}")


def _served(entry: Entry) -> str:
    if entry.fault is not None:
        end = f"DELETE /_mock/faults/{entry.fault.id} ends it"
        return f"The fault {entry.fault.id} ({entry.fault.kind}) struck this request; {end}."
    return f"Nothing was refused: {entry.outcome or 'served'}."


def _otherwise(case: _Case) -> Explanation:
    return Explanation(f"{case.refusal.message}.")


def _path_unknown(case: _Case) -> Explanation:
    base = case.contract.base_path
    known = [base + operation.path for operation in case.contract.operations.values()]
    near = get_close_matches(case.entry.path[:200], known, n=3, cutoff=0.3) or known[:_MOST]
    if case.entry.path.rstrip("/") in known and case.entry.path.endswith("/"):
        return Explanation("Paths match exactly, and this one ends with a slash too many.", (near[0],))
    return Explanation(f"{case.contract.title} has nothing at {case.entry.path}.", tuple(dict.fromkeys(near)))


def _method_not_allowed(case: _Case) -> Explanation:
    allowed = case.refusal.headers.get("Allow", "")
    told = [f"{method} {case.entry.path}" for method in allowed.split(", ") if method not in {"OPTIONS", "HEAD"}]
    return Explanation(f"This path exists, but not for {case.entry.method}.", tuple(told))


def _credential_missing(case: _Case) -> Explanation:
    scheme = next(iter(case.contract.security.values()))
    form = "Bearer <token>" if scheme.kind == "bearer" else "<key>"
    others = [name for name in ("authorization", "x-api-key", "api-key") if case.entry.header(name)]
    misplaced = f" There is a key in {others[0]}, which {case.contract.title} does not read." if others else ""
    return Explanation(f"The {scheme.header} header is missing.{misplaced}", (f"{scheme.header}: {form}",))


def _credential_invalid(case: _Case) -> Explanation:
    scheme = next(iter(case.contract.security.values()))
    value = case.entry.header(scheme.header.lower()) or ""
    bearer = scheme.kind == "bearer"
    if sum(name.decode("latin-1") == scheme.header.lower() for name, _ in case.entry.headers) > 1:
        return Explanation(f"The {scheme.header} header is sent more than once.", (f"one {scheme.header} header",))
    word, _, secret = value.partition(" ") if bearer else ("", "", value)
    if bearer and word.lower() != "bearer":
        return Explanation(
            f"{scheme.header} must begin with the word Bearer and a space.", (f"{scheme.header}: Bearer <token>",)
        )
    revocation = case.directory.revocation(secret)
    if revocation is not None:
        return _revoked(revocation, secret, case.contract)
    forms = tuple(dict.fromkeys(_form(each.secret) for each in case.directory))
    return Explanation(
        f"There is no such key: yours is {_form(secret)}, ending in {redacted(secret)}.{_difference(secret, case)}",
        (*(f"a key of the form: {form}" for form in forms[:_MOST]), _FRESH_TENANT),
    )


def _revoked(revocation: Revocation, secret: str, contract: Contract) -> Explanation:
    when = "" if revocation.at is None else f" at {iso_ms(revocation.at)}"
    why = f"The key {revocation.name!r}, ending in {redacted(secret)}, was valid once; it was revoked{when}"
    if revocation.tenant is None:
        return Explanation(f"{why}, and its {contract.tenancy.noun} is gone.", (_FRESH_TENANT,))
    address = f"/_mock/tenants/{contract.name}/{revocation.tenant}/credentials"
    return Explanation(
        f"{why}.", (f"another key of its {contract.tenancy.noun}, made with POST {address}", _FRESH_TENANT)
    )


def _form(secret: str) -> str:
    """The look of a secret without its content: `mega_ + 64 hex`."""
    match = re.match(r"((?:[A-Za-z]+_)*)(.*)\Z", secret, re.DOTALL)
    prefix, rest = (match[1], match[2]) if match else ("", secret)
    kind = "hex" if re.fullmatch("[0-9a-f]+", rest) else "characters"
    return f"{prefix} + {len(rest)} {kind}" if prefix else f"{len(rest)} {kind}"


def _difference(secret: str, case: _Case) -> str:
    if secret != secret.strip() or re.search(r"[\"'<>]", secret):
        return " It holds quotes, brackets or spaces that do not belong to it."
    for other in case.directory:
        if other.secret.lower() == secret.lower():
            return " A known key differs from it in letter case only."
        if len(secret) >= 8 and (other.secret.startswith(secret) or secret.startswith(other.secret)):  # noqa: PLR2004  # less is no evidence
            return f" A known key begins like it and has {len(other.secret)} characters; yours has {len(secret)}."
    return ""


def _tenant_missing(case: _Case) -> Explanation:
    header, noun = case.contract.tenancy.header, case.contract.tenancy.noun
    ids = tuple(f"{header}: {tenant_id}" for tenant_id in _own_ids(case))
    return Explanation(f"The {header} header is missing; it names the {noun} that the key belongs to.", ids)


def _tenant_mismatch(case: _Case) -> Explanation:
    header, noun = case.contract.tenancy.header or "", case.contract.tenancy.noun
    named = case.entry.header(header.lower()) or "nothing"
    ids = _own_ids(case)
    own = ids[0] if ids else "another one"
    whose = next((each.tenant.name for each in case.directory if each.tenant.id.lower() == named.lower()), None)
    known = f" (that is {whose})" if whose else f" (no {noun} has this id)"
    return Explanation(
        f"This key is locked to {noun} {own}, and the {header} header names {named}{known}.",
        tuple(f"{header}: {each}" for each in ids),
    )


def _own_ids(case: _Case) -> tuple[str, ...]:
    return (case.entry.tenant,) if case.entry.tenant else ()


def _scope_missing(case: _Case) -> Explanation:
    operation, credential = case.operation, case.entry.credential
    if operation is None or credential is None:
        return _otherwise(case)
    needed = ", ".join(operation.scopes)
    has = ", ".join(sorted(credential.scopes)) or "none"
    able = [
        f"{each.name} (…{each.secret[-4:]})"
        for each in case.directory.of_tenant(credential.tenant.id)
        if set(operation.scopes) <= each.scopes
    ]
    return Explanation(
        f"{operation.id} needs the scope {needed}; this key has {has}.",
        tuple(f"the key {each}" for each in able[:_MOST]),
    )


def _rate_limited(case: _Case) -> Explanation:
    seconds = case.refusal.headers.get("Retry-After", "?")
    limit = None if case.operation is None else case.operation.rate_limit
    bucket = "" if limit is None else limit.bucket
    return Explanation(
        f"{case.refusal.message}, counted per key in the bucket {bucket!r}. It reopens {seconds} s after this request.",
        (
            f'the same request {seconds} s later: POST /_mock/clock/advance with {{"seconds": {seconds}}}',
            'a key of a tenant made with {"unmetered": true}',
        ),
    )


def _quota_exceeded(case: _Case) -> Explanation:
    plans = [
        f"the plan {plan.name}" + "".join(f", {limit} {kind}s" for kind, limit in plan.quotas.items())
        for plan in case.contract.plans.values()
    ]
    return Explanation(f"{case.refusal.message}.", tuple(plans))


def _invalid(case: _Case) -> Explanation:
    told = tuple(sentence(error) for error in case.refusal.errors[:_MOST])
    more = len(case.refusal.errors) - len(told)
    why = "; ".join(told) or case.refusal.message
    return Explanation(f"{why}{f'; and {more} more' if more > 0 else ''}.", tuple(_example(case)))


def _example(case: _Case) -> Iterable[str]:
    operation = case.operation
    body = {} if operation is None else operation.raw.get("requestBody", {})
    if not isinstance(body, Mapping):
        return
    for media in body.get("content", {}).values():
        for example in media.get("examples", {}).values():
            yield json.dumps(example.get("value"), ensure_ascii=False)
            return


def _media_type(case: _Case) -> Explanation:
    operation = case.operation
    types = () if operation is None else operation.media_types
    given = case.entry.header("content-type")
    return Explanation(
        f"{case.refusal.message}; it is {given or 'missing'}.", tuple(f"Content-Type: {each}" for each in types)
    )


def _mismatch(case: _Case) -> Explanation:
    operation = case.operation
    if operation is None or operation.idempotency is None:
        return _otherwise(case)
    header = operation.idempotency.header
    key = case.entry.header(header.lower())
    earlier = [
        each
        for each in case.others
        if each.number < case.entry.number and each.header(header.lower()) == key and each.refusal is None
    ]
    if not earlier:
        why = f"{header} {key!r} was used before, by a request that the journal no longer has."
        return Explanation(why, (f"a fresh {header}", "the body of the first request"))
    first = earlier[-1]
    differing = differences(first.body, case.entry.body)
    return Explanation(
        f"{header} {key!r} was used by request {first.id} with another body. They differ in: "
        f"{', '.join(differing[:_MOST]) or 'nothing that the journal kept'}.",
        (f"a fresh {header}", f"the body of request {first.id}, which would be answered with the stored answer"),
        first.id,
    )


def differences(first: bytes, second: bytes) -> list[str]:
    """Pointers of the members in which two JSON bodies differ; the whole body where one of them is no JSON."""
    try:
        return list(_differing(json.loads(first), json.loads(second), ""))
    except (ValueError, RecursionError):
        return ["the whole body"]


def _differing(one: Any, other: Any, pointer: str) -> Iterable[str]:
    if isinstance(one, dict) and isinstance(other, dict):
        for name in dict.fromkeys((*one, *other)):
            if name not in one or name not in other:
                yield f"{pointer}/{escape(name)}"
            else:
                yield from _differing(one[name], other[name], f"{pointer}/{escape(name)}")
    elif isinstance(one, list) and isinstance(other, list) and len(one) == len(other):
        for at, (left, right) in enumerate(zip(one, other, strict=True)):
            yield from _differing(left, right, f"{pointer}/{at}")
    elif one != other or type(one) is not type(other):
        yield pointer or "the whole body"


_ABOUT: Mapping[str, Callable[[_Case], Explanation]] = {
    "path-unknown": _path_unknown,
    "method-not-allowed": _method_not_allowed,
    "credential-missing": _credential_missing,
    "credential-invalid": _credential_invalid,
    "tenant-missing": _tenant_missing,
    "tenant-mismatch": _tenant_mismatch,
    "scope-missing": _scope_missing,
    "rate-limited": _rate_limited,
    "quota-exceeded": _quota_exceeded,
    "body-malformed": _invalid,
    "body-invalid": _invalid,
    "parameter-invalid": _invalid,
    "media-type-unsupported": _media_type,
    "idempotency-mismatch": _mismatch,
}
