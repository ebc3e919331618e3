"""Every element says where it comes from, and every quotation is in its document."""

from __future__ import annotations

import functools
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from mockserver.contract.document import Token, elements, find, place
from mockserver.contract.model import ContractError
from mockserver.contract.sources import key_tokens, labels, word
from mockserver.contract.spec import Spec
from mockserver.contract.wording import shown


def check_sources(spec: Spec) -> None:
    """Named sources exist, quotations are real, nothing is without a label."""
    registry = spec.root("x-sources") or {}
    for name, source in registry.items():
        _quotation(spec, ("x-sources", name), source)
    for _, tokens, value in labels(spec.document):
        if _broken(spec, tokens):
            continue
        if isinstance(value, dict):
            _quotation(spec, tokens, value)
            continue
        if value not in registry:
            spec.unknown(tokens, value, "a source of x-sources", registry)
    _keywords(spec)
    _unlabelled(spec)


def _broken(spec: Spec, tokens: tuple[Token, ...]) -> bool:
    return any(place(tokens[:length]) in spec.broken for length in range(1, len(tokens) + 1))


def _quotation(spec: Spec, tokens: tuple[Token, ...], source: Any) -> None:
    if not isinstance(source, dict) or source.get("level") != "documented":
        return
    name, quote = source.get("document"), source.get("quote")
    if not isinstance(name, str) or not isinstance(quote, str):
        return
    text = document_text(spec.directory, name)
    if text is None:
        known = sorted(path.stem for path in (spec.directory / "documents").glob("*.txt"))
        spec.unknown((*tokens, "document"), name, "a document in specs/documents", known)
    elif folded(quote) not in text:
        hint = _nearest(quote, text)
        spec.error((*tokens, "quote"), quote, f"{shown(quote)} is not in the document {name}", hint)


def _nearest(quote: str, text: str) -> str | None:
    """The longest beginning of the quotation that is in the text tells where it goes astray."""
    words = folded(quote).split(" ")
    fitting = next((n for n in range(len(words), 0, -1) if " ".join(words[:n]) in text), 0)
    if fitting <= 1:  # any word may be in any text
        return None
    at = text.index(" ".join(words[:fitting]))
    there = text[at : at + len(quote) + 20].rpartition(" ")[0]
    return f"the document says {shown(there)}"


def folded(text: str) -> str:
    """White space of every kind and length as one space."""
    return " ".join(text.split())


@functools.lru_cache(maxsize=16)
def document_text(directory: Path, name: str) -> str | None:
    """The text of a vendor's document, folded; None where there is none of that name."""
    path = directory / "documents" / f"{name}.txt"
    return folded(path.read_text("utf-8")) if path.is_file() else None


def _keywords(spec: Spec) -> None:
    """Each key of x-source-of means something that is there."""
    for tokens, node in elements(spec.document):
        said = node.get("x-source-of")
        if not isinstance(said, dict) or _broken(spec, (*tokens, "x-source-of")):
            continue
        for key in said:
            if not _is_there(node, key):
                known = [word for word in node if not word.startswith("x-")] + _items(node)
                spec.unknown((*tokens, "x-source-of", key), key, "a keyword here, nor an item of one", known)


def _is_there(node: dict[str, Any], key: str) -> bool:
    current: Any = node
    for token in key_tokens(node, key):
        if isinstance(current, list) and token in map(word, current):
            current = token
            continue
        try:
            current = find(current, (token,))
        except KeyError:
            return False
    return True


def _items(node: dict[str, Any]) -> list[str]:
    words = [(keyword, node[keyword]) for keyword in ("required", "enum") if isinstance(node.get(keyword), list)]
    return [f"{keyword}/{word(item)}" for keyword, items in words for item in items]


def _unlabelled(spec: Spec) -> None:
    """info, operations, parameters, responses and callbacks have a label of their own; the rest may inherit one."""
    for tokens, node in _to_label(spec):
        target = node
        while isinstance(target.get("$ref"), str) and "x-source" not in target:
            try:
                target = spec.resolver.find(target["$ref"])
            except ContractError:  # reported as a dangling reference
                break
        if "x-source" not in target and "$ref" not in target:
            hint = "add x-source: a name from x-sources, or a source"
            spec.error(tokens, None, "nothing says where this comes from", hint)


def _to_label(spec: Spec) -> Iterator[tuple[tuple[Token, ...], dict[str, Any]]]:
    yield ("info",), spec.document["info"]
    for operation in spec.operations:
        yield operation.tokens, operation.node
        for at, parameter in enumerate(operation.node.get("parameters", ())):
            yield (*operation.tokens, "parameters", at), parameter
        for status, response in operation.node["responses"].items():
            yield (*operation.tokens, "responses", status), response
