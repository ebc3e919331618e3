"""Why a request was answered as it was, and what would have been accepted instead."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace

from mockserver.contract.document import escape
from mockserver.contract.model import Contract, Source
from mockserver.contract.sources import source_of
from mockserver.control import refused_access, refused_keys, refused_requests
from mockserver.control.explanation import Case, Explanation, otherwise
from mockserver.engine.access import Directory
from mockserver.journal import Entry

_JSON_SCHEMA = "/requestBody/content/application~1json/schema"


def explain(entry: Entry, contract: Contract, directory: Directory, others: Sequence[Entry]) -> Explanation:
    """The explanation of one entry, among `others` of its tenant and operation, newest first. Secrets are shortened."""
    rule = rule_of(entry, contract)
    if entry.refusal is None:
        return Explanation(_served(entry), (), None, rule)
    found = _ABOUT.get(entry.refusal.reason, otherwise)(Case(entry, entry.refusal, contract, directory, others))
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
        fault = entry.fault
        end = "it does so no more" if fault.used_up else f"DELETE /_mock/faults/{fault.id} ends it"
        return f"The fault {fault.id} ({fault.kind}) struck this request; {end}."
    return f"Nothing was refused: {entry.outcome or 'served'}."


_ABOUT: Mapping[str, Callable[[Case], Explanation]] = {
    "path-unknown": refused_requests.path_unknown,
    "method-not-allowed": refused_requests.method_not_allowed,
    "credential-missing": refused_access.credential_missing,
    "credential-invalid": refused_access.credential_invalid,
    "tenant-missing": refused_access.tenant_missing,
    "tenant-mismatch": refused_access.tenant_mismatch,
    "scope-missing": refused_access.scope_missing,
    "rate-limited": refused_requests.rate_limited,
    "quota-exceeded": refused_requests.quota_exceeded,
    "body-malformed": refused_requests.invalid,
    "body-invalid": refused_requests.invalid,
    "parameter-invalid": refused_requests.invalid,
    "media-type-unsupported": refused_requests.media_type,
    "idempotency-mismatch": refused_keys.mismatch,
}
