"""Where each element of a spec comes from: `x-source`, `x-source-of`, `source:`, and what inherits them."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from mockserver.contract.document import Token, elements, find, pointer_of, step, tokens_of
from mockserver.contract.model import Contract, Source


def read(value: Mapping[str, Any]) -> Source:
    """A source object of the vocabulary."""
    said = {key: str(value[key]) for key in ("document", "quote", "page", "says", "decision") if key in value}
    return Source(value["level"], **said)


def registry(document: Mapping[str, Any]) -> dict[str, Source]:
    """The named sources of `x-sources`."""
    return {name: read(value) for name, value in document.get("x-sources", {}).items()}


def named(value: Any, known: Mapping[str, Source]) -> Source:
    """A source given by its name or inline. Raises KeyError for an unknown name."""
    return known[value] if isinstance(value, str) else read(value)


def source_of(contract: Contract, pointer: str) -> Source:
    """The effective source of any element of a contract's document: its own, or else its nearest ancestor's.

    Follows references on the way: the target's own source wins over the referrer's.
    Raises KeyError where the document has no such element.
    """
    return source_at(contract.document, pointer, contract.named_sources)


def source_at(document: dict[str, Any], pointer: str, known: Mapping[str, Source]) -> Source:
    """The effective source of the element at a pointer; see `source_of`."""
    node: Any = document
    current = named(document["x-source"], known)
    tokens = tokens_of(pointer)
    said: dict[int, Source] = {}  # what x-source-of of an ancestor says of the element so many tokens down
    for at, token in enumerate(tokens):
        if isinstance(node, dict) and "x-source-of" in node:
            for key, value in node["x-source-of"].items():
                below = key_tokens(node, key)
                if _same(node, below, tokens[at : at + len(below)]):
                    said[at + len(below)] = named(value, known)
        node = _item(node, token)
        current = _label(node, said.get(at + 1, current), known)
        while isinstance(node, dict) and isinstance(node.get("$ref"), str):
            node = find(document, tokens_of(node["$ref"]))
            current = _label(node, current, known)
    return current


def word(item: object) -> str:
    """An item of a list as keys of `x-source-of` write it: null, true, 5, Flat."""
    return item if isinstance(item, str) else json.dumps(item)


def _same(node: Mapping[str, Any], key: tuple[str, ...], tokens: tuple[str, ...]) -> bool:
    """Whether the tokens lead where the key does; items of lists go by number or by word."""
    match tokens:
        case (keyword, number) if number.isdecimal() and isinstance(node.get(keyword), list):
            items = node[keyword]
            return key == (keyword, word(items[int(number)]) if int(number) < len(items) else number)
    return key == tokens


def _item(node: Any, token: str) -> Any:
    """As `step`, but an item of a list of words (required, enum) may be named by itself."""
    if isinstance(node, list) and token in map(word, node):
        return token
    return step(node, token)


def _label(node: Any, inherited: Source, known: Mapping[str, Source]) -> Source:
    if not isinstance(node, dict):
        return inherited
    # `x-source` labels elements of OpenAPI, `source` the behaviours, whose own members cannot start with x-
    if "x-source" in node:
        return named(node["x-source"], known)
    if "source" in node and _is_source(node["source"], known):
        return named(node["source"], known)
    return inherited


def _is_source(value: Any, known: Mapping[str, Source]) -> bool:
    return value in known if isinstance(value, str) else isinstance(value, dict) and "level" in value


def collect(document: dict[str, Any], known: Mapping[str, Source]) -> dict[str, Source]:
    """The pointer of each labelled element -> its source."""
    return {pointer_of(tokens): named(value, known) for tokens, _, value in labels(document)}


def labels(document: dict[str, Any]) -> Iterator[tuple[tuple[Token, ...], tuple[Token, ...], Any]]:
    """(place of the labelled thing, place of the label, name or inline source) of every label."""
    for tokens, node in elements(document):
        if "x-source" in node:
            yield tokens, (*tokens, "x-source"), node["x-source"]
        said = node.get("x-source-of")
        if isinstance(said, dict):
            for key, value in said.items():
                yield (*tokens, *key_tokens(node, key)), (*tokens, "x-source-of", key), value
        for key, value in node.items():
            if key.startswith("x-") and key not in ("x-source", "x-sources", "x-source-of"):
                yield from _inside((*tokens, key), value)


def key_tokens(node: Mapping[str, Any], key: str) -> tuple[str, ...]:
    """The place, seen from the element, of what a key of `x-source-of` means."""
    if key not in node:
        for keyword in ("enum", "required"):
            if isinstance(node.get(keyword), list) and key in map(word, node[keyword]):
                return (keyword, key)
    return tuple(key.split("/"))


def _inside(tokens: tuple[Token, ...], value: Any) -> Iterator[tuple[tuple[Token, ...], tuple[Token, ...], Any]]:
    if isinstance(value, list):
        for at, child in enumerate(value):
            yield from _inside((*tokens, at), child)
        return
    if not isinstance(value, dict):
        return
    for key, child in value.items():
        if key == "source":
            yield tokens, (*tokens, key), child
        else:
            yield from _inside((*tokens, key), child)
