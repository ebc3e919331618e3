"""Operations, their statuses, scopes, links and callbacks refer to things that exist."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from typing import Any

from mockserver.contract.document import Token, tokens_of
from mockserver.contract.schema import property_of
from mockserver.contract.spec import Spec, View

_BODY = re.compile(r"\$(request|response)\.body#((?:/[^/}]+)+)")
_IN_PATH = re.compile(r"\{([^{}]+)\}")


def check_operations(spec: Spec) -> None:
    """Everything about operations that is not a behaviour of its own."""
    for name, count in Counter(spec.ids).items():
        if count > 1:
            owners = [operation for operation in spec.operations if operation.id == name]
            places = " and ".join(f"{owner.method} {owner.path}" for owner in owners)
            at = (*owners[1].tokens, "operationId")
            spec.error(at, name, f"'{name}' is the operationId of {places}", "each operation has its own")
    for operation in spec.operations:
        _statuses(operation)
        _path_parameters(operation)
        _security(operation)
        _links(operation)
    _credentials(spec)


def _statuses(operation: View) -> None:
    for status in operation.node["responses"]:
        at = (*operation.tokens, "responses", status)
        if status == "default":
            operation.spec.error(at, status, "'default' promises nothing", "declare each status by its number")
        elif not re.fullmatch("[1-5][0-9][0-9]", status):
            operation.spec.error(at, status, f"'{status}' is not a status", "declare each status by its number")
    if not any(status.startswith("2") for status in operation.node["responses"]):
        at = (*operation.tokens, "responses")
        operation.spec.error(at, None, "no response says success", "declare a status from 200 to 299")


def _path_parameters(operation: View) -> None:
    declared = {parameter["name"]: at for at, parameter in operation.parameters if parameter.get("in") == "path"}
    needed = _IN_PATH.findall(operation.path)
    for name in needed:
        if name not in declared:
            operation.spec.unknown((*operation.tokens, "parameters"), name, "declared as a path parameter", declared)
    for name, at in declared.items():
        if name not in needed:
            operation.spec.unknown((*at, "name"), name, "in the path", needed)


def _security(operation: View) -> None:
    spec = operation.spec
    own = "security" in operation.node
    schemes = [name for requirement in operation.security for name in requirement]
    for name in schemes:
        if name not in spec.schemes and own:
            spec.unknown((*operation.tokens, "security"), name, "a security scheme", spec.schemes)
    needed = operation.behaviour("x-scopes")
    scopes = [scope for name in schemes for scope in _scopes(spec, name)]
    for at, scope in enumerate(needed or ()):
        if scope not in scopes:
            what = "a scope of the operation's security scheme"
            spec.unknown((*operation.tokens, "x-scopes", at), scope, what, scopes)


def _scopes(spec: Spec, scheme: str) -> dict[str, str]:
    if f"components.securitySchemes.{scheme}.x-scopes" in spec.broken:
        return {}
    found: dict[str, str] = spec.schemes.get(scheme, {}).get("x-scopes", {})
    return found


def _credentials(spec: Spec) -> None:
    for requirement in spec.document.get("security", ()):
        for name in requirement:
            if name not in spec.schemes:
                spec.unknown(("security",), name, "a security scheme", spec.schemes)
    for name, scheme in spec.schemes.items():
        at = ("components", "securitySchemes", name)
        bearer = scheme.get("type") == "http" and str(scheme.get("scheme")).lower() == "bearer"
        if not bearer and not (scheme.get("type") == "apiKey" and scheme.get("in") == "header"):
            hint = "known are http bearer and apiKey in header"
            spec.error(at, scheme.get("type"), "this kind of security scheme is not supported", hint)


def _links(operation: View) -> None:
    spec = operation.spec
    for status, response in operation.responses.items():
        for name, link in response.get("links", {}).items():
            at = (*operation.tokens, "responses", status, "links", name)
            target = link.get("operationId")
            if target not in spec.ids:
                spec.unknown((*at, "operationId"), target, "an operationId", spec.ids)
                continue
            _link_parameters(operation, response, link, at)


def _link_parameters(operation: View, response: dict[str, Any], link: dict[str, Any], at: tuple[Token, ...]) -> None:
    spec = operation.spec
    target = next(other for other in spec.operations if other.id == link["operationId"])
    known = [parameter["name"] for _, parameter in target.parameters]
    for name, expression in link.get("parameters", {}).items():
        bare = name.partition(".")[2] if name.startswith(("path.", "query.", "header.")) else name
        if bare not in known:
            spec.unknown((*at, "parameters", name), name, f"a parameter of {target.id}", known)
        expressions(operation, response, str(expression), (*at, "parameters", name))


def expressions(operation: View, response: dict[str, Any] | None, text: str, at: tuple[Token, ...]) -> None:
    """Note pointers in runtime expressions ($request.body#/url) to members that are not declared."""
    for side, pointer in _BODY.findall(text):
        schema = operation.body_schema if side == "request" else next(_schemas(response or {}), None)
        if property_of(schema, tokens_of(pointer)) is None:
            operation.spec.member(at, pointer, schema, f"the {side} body")


def _schemas(response: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for media in response.get("content", {}).values():
        yield media.get("schema", {})
