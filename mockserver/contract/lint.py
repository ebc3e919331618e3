"""What a spec must not get wrong and no JSON Schema can say: everything that it refers to exists."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from mockserver.contract.document import Token, elements, place, tokens_of
from mockserver.contract.lint_behaviours import check_behaviours
from mockserver.contract.lint_messages import check_messages
from mockserver.contract.lint_operations import check_operations
from mockserver.contract.lint_sources import check_sources
from mockserver.contract.model import ContractError, ContractErrors
from mockserver.contract.skeleton import check_skeleton
from mockserver.contract.spec import Spec, View
from mockserver.contract.vocabulary import check_vocabulary


def lint(document: dict[str, Any], file: str, directory: Path) -> tuple[Spec, list[ContractError]]:
    """All mistakes of a spec, in the order: vocabulary, sources, references, operations, behaviours.

    `directory` is where the spec is; the vendors' documents are in `documents` beside it.
    Raises the first error where the document is not even the skeleton of OpenAPI 3.0.
    """
    bones = check_skeleton(document, file)
    if bones:
        raise ContractErrors(bones)
    errors, broken = check_vocabulary(document, file)
    spec = Spec(document, file, directory, broken)
    check_sources(spec)
    if _references(spec):
        check_root(spec)
        check_patterns(spec)
        check_messages(spec)
        check_operations(spec)
        check_behaviours(spec)
    return spec, [*errors, *spec.errors]


def _references(spec: Spec) -> bool:
    """Whether every reference leads somewhere, so that the rest can be looked at with references inlined."""
    before = len(spec.errors)
    for tokens, node in elements(spec.document):
        reference = node.get("$ref")
        if not isinstance(reference, str):
            continue
        at = (*tokens, "$ref")
        beside = [key for key in node if key not in ("$ref", "nullable", "description", "x-source")]
        if beside:
            problem = f"'{beside[0]}' beside $ref is ignored by OpenAPI 3.0"
            spec.error(tokens, beside[0], problem, "wrap the $ref in allOf")
        try:
            spec.resolver.find(reference)
        except ContractError as error:
            spec.error(at, reference, error.problem, error.hint)
    if len(spec.errors) > before:
        return not any(error.path.endswith(".$ref") for error in spec.errors[before:])
    try:
        inlined = spec.resolver.resolve({key: spec.document.get(key, {}) for key in ("paths", "components")})
    except ContractError as error:
        what = error.problem.removeprefix("the reference ")
        spec.error(tokens_of(str(error.value)), error.value, f"'{error.value}' {what}")
        return False
    # a reference may lead to something of another kind, which shows once it is inlined
    misfits = check_skeleton({**spec.document, **inlined}, spec.file)
    spec.errors += misfits
    return not misfits


def check_root(spec: Spec) -> None:
    """The API's name, its servers, its plans."""
    api = spec.root("x-api")
    stem = Path(spec.file).stem
    if api and api["name"] != stem:
        spec.error(("x-api", "name"), api["name"], f"'{api['name']}' is not the name of the file", f"call it '{stem}'")
    for at, server in enumerate(spec.document["servers"]):
        _server(spec, ("servers", at, "url"), server["url"])
    _plans(spec)


def _server(spec: Spec, tokens: tuple[Token, ...], url: str) -> None:
    if not re.fullmatch(r"https://[a-z0-9.-]+(?::[0-9]+)?(?:/[^?#\s]*)?", url):
        spec.error(tokens, url, f"'{url}' is not an absolute https address", "write it as https://host/base-path")
    elif url.endswith("/"):
        spec.error(tokens, url, f"'{url}' ends with a slash, and each path begins with one", "leave the last slash out")


def _plans(spec: Spec) -> None:
    root = spec.root("x-plans")
    if root and root["default"] not in spec.plans():
        spec.unknown(("x-plans", "default"), root["default"], "one of the plans", spec.plans())
    limits = [limit for limit in (operation.rate_limit for operation in spec.operations) if limit]
    buckets = sorted({limit["bucket"] for limit in limits if limit.get("by-plan")})
    counted = {
        operation.behaviour("x-quota")["kind"] for operation in spec.operations if operation.behaviour("x-quota")
    }
    for name, plan in spec.plans().items():
        _plan(spec, ("x-plans", "plans", name), plan, buckets, sorted(counted))
    quotas = {kind for plan in spec.plans().values() for kind in plan["quotas"]}
    for operation in spec.operations:
        _needs_plan(spec, operation, quotas)


def _plan(spec: Spec, at: tuple[Token, ...], plan: dict[str, Any], buckets: list[str], counted: list[str]) -> None:
    for bucket in plan["rate-limits"]:
        if bucket not in buckets:
            spec.unknown((*at, "rate-limits", bucket), bucket, "a bucket that plans decide", buckets)
    for bucket in buckets:
        if bucket not in plan["rate-limits"]:
            hint = f"add {bucket}: [] if it is unlimited"
            spec.error((*at, "rate-limits"), bucket, f"nothing is said of the bucket '{bucket}'", hint)
    for kind in plan["quotas"]:
        if kind not in counted:
            spec.unknown((*at, "quotas", kind), kind, "a kind with an x-quota", counted)


def _needs_plan(spec: Spec, operation: View, quotas: set[str]) -> None:
    quota = operation.behaviour("x-quota")
    if quota and quota["kind"] not in quotas:
        at = (*operation.tokens, "x-quota", "kind")
        spec.unknown(at, quota["kind"], "a kind with a quota in any plan", sorted(quotas))
    limit = operation.rate_limit
    if limit and limit.get("by-plan") and "x-plans" not in spec.document:
        own = (*operation.tokens, "x-rate-limit") if "x-rate-limit" in operation.node else ("x-rate-limit",)
        spec.error((*own, "by-plan"), "by-plan", "there are no plans to decide", "add x-plans, or say windows")


def check_patterns(spec: Spec) -> None:
    """Each regular expression compiles."""
    seen: set[str] = set()
    for tokens, node in elements(spec.document):
        found = [((*tokens, "pattern"), node.get("pattern"))]
        credential = node.get("x-credential")
        if isinstance(credential, dict):
            found.append(((*tokens, "x-credential", "pattern"), credential.get("pattern")))
        for at, pattern in found:
            if not isinstance(pattern, str) or pattern in seen or place(at[:-1]) in spec.broken:
                continue
            seen.add(pattern)
            try:
                re.compile(pattern)
            except re.error as error:
                spec.error(at, pattern, f"'{pattern}' does not compile: {error}")
