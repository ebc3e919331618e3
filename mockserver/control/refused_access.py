"""Why a credential was refused: 401 and 403."""

from __future__ import annotations

import re

from mockserver.contract.model import Contract
from mockserver.control.explanation import MOST, Case, Explanation, otherwise
from mockserver.engine.access import Revocation
from mockserver.engine.clock import iso_ms
from mockserver.rendering import redacted

_FRESH_TENANT = "a key of a tenant made with POST /_mock/tenants"


def credential_missing(case: Case) -> Explanation:
    scheme = next(iter(case.contract.security.values()))
    form = "Bearer <token>" if scheme.kind == "bearer" else "<key>"
    others = [name for name in ("authorization", "x-api-key", "api-key") if case.entry.header(name)]
    misplaced = f" There is a key in {others[0]}, which {case.contract.title} does not read." if others else ""
    return Explanation(f"The {scheme.header} header is missing.{misplaced}", (f"{scheme.header}: {form}",))


def credential_invalid(case: Case) -> Explanation:
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
        (*(f"a key of the form: {form}" for form in forms[:MOST]), _FRESH_TENANT),
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


def _difference(secret: str, case: Case) -> str:
    if secret != secret.strip() or re.search(r"[\"'<>]", secret):
        return " It holds quotes, brackets or spaces that do not belong to it."
    for other in case.directory:
        if other.secret.lower() == secret.lower():
            return " A known key differs from it in letter case only."
        if len(secret) >= 8 and (other.secret.startswith(secret) or secret.startswith(other.secret)):  # noqa: PLR2004  # less is no evidence
            return f" A known key begins like it and has {len(other.secret)} characters; yours has {len(secret)}."
    return ""


def tenant_missing(case: Case) -> Explanation:
    header, noun = case.contract.tenancy.header, case.contract.tenancy.noun
    ids = tuple(f"{header}: {tenant_id}" for tenant_id in _own_ids(case))
    return Explanation(f"The {header} header is missing; it names the {noun} that the key belongs to.", ids)


def tenant_mismatch(case: Case) -> Explanation:
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


def _own_ids(case: Case) -> tuple[str, ...]:
    return (case.entry.tenant,) if case.entry.tenant else ()


def scope_missing(case: Case) -> Explanation:
    operation, credential = case.operation, case.entry.credential
    if operation is None or credential is None:
        return otherwise(case)
    needed = ", ".join(operation.scopes)
    has = ", ".join(sorted(credential.scopes)) or "none"
    able = [
        f"{each.name} (…{each.secret[-4:]})"
        for each in case.directory.of_tenant(credential.tenant.id)
        if set(operation.scopes) <= each.scopes
    ]
    return Explanation(
        f"{operation.id} needs the scope {needed}; this key has {has}.",
        tuple(f"the key {each}" for each in able[:MOST]),
    )
