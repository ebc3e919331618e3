"""Behaviours refer to members, statuses, headers and operations that exist."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from mockserver.contract.document import Token, place
from mockserver.contract.lint_operations import expressions
from mockserver.contract.model import REASONS, ContractError
from mockserver.contract.schema import property_names, property_of
from mockserver.contract.spec import Spec, View


def check_behaviours(spec: Spec) -> None:
    """Deduplication, idempotency, batches, limits, events, and what errors look like."""
    for operation in spec.operations:
        _limits(operation)
        _deduplication(operation)
        _idempotency(operation)
        _batch(operation)
    _events(spec)
    _types(spec)


def status_of(spec: Spec, reason: str) -> int:
    """The status that answers a reason in this API."""
    found: int = (spec.root("x-errors") or {}).get("statuses", {}).get(reason, REASONS[reason])
    return found


def _declared(operation: View, tokens: tuple[Token, ...], status: object) -> None:
    if str(status) in operation.node["responses"]:
        return
    known = list(operation.node["responses"])
    hint = f"declared are {', '.join(known)}"
    operation.spec.error(tokens, status, f"'{status}' is not a declared response", hint)


def _limits(operation: View) -> None:
    limit, quota = operation.rate_limit, operation.behaviour("x-quota")
    status = str(status_of(operation.spec, "rate-limited"))
    at = (*operation.tokens, "responses")
    if limit and status not in operation.node["responses"]:
        what = f"'{status}' is not declared, though the bucket '{limit['bucket']}' meters the operation"
        operation.spec.error(at, status, what, f"declare {status}, or say x-rate-limit: none")
    status = str(status_of(operation.spec, "quota-exceeded"))
    if quota and status not in operation.node["responses"]:
        what = f"'{status}' is not declared, though there is a quota for '{quota['kind']}'"
        operation.spec.error(at, status, what, f"declare {status}")


def _deduplication(operation: View) -> None:
    rule = operation.behaviour("x-deduplication")
    if not rule:
        return
    at = (*operation.tokens, "x-deduplication")
    for n, match in enumerate(rule["match"]):
        _members(operation, (*at, "match", n, "pointers"), enumerate(match["pointers"]))
    _declared(operation, (*at, "status"), rule["status"])
    _noun(operation.spec, (*at, "within"), rule["within"])


def _noun(spec: Spec, tokens: tuple[Token, ...], word: str) -> None:
    tenancy = spec.root("x-tenancy")
    if tenancy and word != tenancy["noun"]:
        spec.error(tokens, word, f"'{word}' is not what x-tenancy names", f"write '{tenancy['noun']}'")


def _members(operation: View, tokens: tuple[Token, ...], pointers: Iterable[tuple[Token, str]]) -> None:
    for key, pointer in pointers:
        operation.spec.member((*tokens, key), pointer, operation.body_schema, "the request body")


def _idempotency(operation: View) -> None:
    rule = operation.behaviour("x-idempotency")
    if not rule:
        return
    spec, at = operation.spec, (*operation.tokens, "x-idempotency")
    headers = [parameter["name"] for _, parameter in operation.parameters if parameter.get("in") == "header"]
    if rule["header"].lower() not in map(str.lower, headers):
        spec.unknown((*at, "header"), rule["header"], "a header parameter of the operation", headers)
    for key in ("mismatch", "in-flight"):
        _declared(operation, (*at, key), rule[key])
    for n, word in enumerate(rule["scope"]):
        if word != "operation":
            _noun(spec, (*at, "scope", n), word)
    if "unless" in rule:
        _members(operation, (*at, "unless"), [("pointer", rule["unless"]["pointer"])])
    replay = rule.get("replay-header")
    successes = [response for status, response in operation.responses.items() if status.startswith("2")]
    sent = [name for response in successes for name in response.get("headers", {})]
    if replay and replay.lower() not in map(str.lower, sent):
        spec.unknown((*at, "replay-header"), replay, "a header of the successful response", sent)


def _batch(operation: View) -> None:
    rule = operation.behaviour("x-batch")
    if not rule:
        return
    spec, at = operation.spec, (*operation.tokens, "x-batch")
    pointers = [(key, rule[key]) for key in ("rows", "on-duplicate", "dry-run") if key in rule]
    _members(operation, at, pointers)
    if rule["row-operation"] not in spec.ids:
        spec.unknown((*at, "row-operation"), rule["row-operation"], "an operationId", spec.ids)
    try:
        row = spec.resolver.resolve({"$ref": rule["row-schema"]})
    except ContractError as error:
        spec.error((*at, "row-schema"), rule["row-schema"], error.problem, error.hint)
        return
    if "row-ref" in rule:
        reference = rule["row-ref"]
        if property_of(row, (reference,)) is None:
            spec.unknown((*at, "row-ref"), reference, "a member of the row schema", property_names(row))


def _events(spec: Spec) -> None:
    seen: dict[str, str] = {}
    for operation in spec.operations:
        webhooks = operation.node.get("x-webhooks")
        events = list(operation.events())
        if events and webhooks is None:
            hint = "add x-webhooks: how its deliveries are signed and retried"
            spec.error((*operation.tokens, "callbacks"), None, "callbacks without x-webhooks", hint)
        if webhooks is not None and not events:
            hint = "add a callback for each event"
            spec.error((*operation.tokens, "x-webhooks"), None, "x-webhooks without callbacks", hint)
        for at, callback, expression, node in events:
            expressions(operation, None, expression, at[:-1])
            _event(spec, at, callback, node.get("x-event"), seen)


def _event(spec: Spec, at: tuple[Token, ...], callback: str, event: Any, seen: dict[str, str]) -> None:
    at = (*at, "x-event")
    if not event or place(at) in spec.broken:
        return
    name = event["name"]
    if name in seen:
        spec.error((*at, "name"), name, f"'{name}' is the event of the callback '{seen[name]}' too", "name each once")
    seen[name] = callback
    for key in ("fired-by", "not-fired-by"):
        for n, operation in enumerate(event.get(key, ())):
            if operation not in spec.ids:
                spec.unknown((*at, key, n), operation, "an operationId", spec.ids)
    for operation in set(event["fired-by"]) & set(event.get("not-fired-by", ())):
        spec.error((*at, "not-fired-by"), operation, f"'{operation}' is in fired-by too", "leave it in one of the two")


def _types(spec: Spec) -> None:
    errors = spec.root("x-errors")
    if not errors:
        return
    if errors["envelope"] != "error-object":
        if "types" in errors:
            spec.error(("x-errors", "types"), None, f"the envelope {errors['envelope']} has no types", "remove them")
        return
    declared = {status for operation in spec.operations for status in operation.node["responses"] if status[0] in "45"}
    needed = declared | {str(status_of(spec, reason)) for reason in REASONS}
    missing = sorted(needed - set(errors.get("types", {})))
    if missing:
        at = ("x-errors", "types")
        spec.error(at, missing, f"no type for {', '.join(missing)}", "each status of an error needs its word")
