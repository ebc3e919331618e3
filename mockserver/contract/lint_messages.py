"""Whoever breaks a pattern or a group is told so in words: they stand where they mean something; none is lacking."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from mockserver.contract.document import Token, elements, find, place, tokens_of
from mockserver.contract.spec import Spec
from mockserver.contract.wording import NO_NUL

Element = tuple[tuple[Token, ...], dict[str, Any]]


def check_messages(spec: Spec) -> None:
    """`x-form` goes with a pattern, `x-message` with a group, and each pattern that a client can break has words."""
    for tokens, node in elements(spec.document):
        if _is_sound(spec, tokens, node, "x-form") and not isinstance(node.get("pattern"), str):
            problem = "'x-form' says what a pattern demands, and there is none beside it"
            spec.error((*tokens, "x-form"), node["x-form"], problem, "put it beside the pattern, or remove it")
        if _is_sound(spec, tokens, node, "x-message") and not _has_group(node):
            problem = "'x-message' is told for anyOf, oneOf, not or required, and none of them is beside it"
            spec.error((*tokens, "x-message"), node["x-message"], problem, "put it beside one of them, or remove it")
    seen: set[str] = set()
    for tokens, node in _from_clients(spec):
        pattern = node.get("pattern")
        if not isinstance(pattern, str) or pattern == NO_NUL or "x-form" in node or place(tokens) in seen:
            continue
        seen.add(place(tokens))
        hint = "add x-form, a phrase that completes 'must be ...', or 'must ...' if it begins with 'not '"
        spec.error((*tokens, "pattern"), pattern, "nothing says in words what this pattern demands", hint)


def _is_sound(spec: Spec, tokens: tuple[Token, ...], node: dict[str, Any], key: str) -> bool:
    return key in node and place((*tokens, key)) not in spec.broken


def _has_group(node: dict[str, Any]) -> bool:
    return any(key in node for key in ("anyOf", "oneOf", "not")) or isinstance(node.get("required"), list)


def _from_clients(spec: Spec) -> Iterator[Element]:
    """All elements of request bodies, parameters and rows of batches, references followed, each where it stands."""
    todo: list[tuple[Token, ...]] = []
    for operation in spec.operations:
        todo += [(*owner, "parameters") for owner in (operation.tokens[:2], operation.tokens)]
        todo.append((*operation.tokens, "requestBody"))
        batch = operation.behaviour("x-batch")
        if isinstance(batch, dict):
            todo.append(tokens_of(batch["row-schema"]))
    seen: set[tuple[Token, ...]] = set()
    while todo:
        start = todo.pop(0)
        if start in seen:
            continue
        seen.add(start)
        try:
            top = find(spec.document, start)
        except KeyError:  # there is no such part, or row-schema leads nowhere, which is reported elsewhere
            continue
        for tokens, node in elements(top):
            if isinstance(node.get("$ref"), str):
                todo.append(tokens_of(node["$ref"]))
            yield (*start, *tokens), node
