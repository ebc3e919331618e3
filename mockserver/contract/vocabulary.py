"""The extensions of a spec, checked against `vocabulary.schema.json`."""

from __future__ import annotations

import functools
import json
from collections.abc import Iterator
from typing import Any

import jsonschema_rs

from mockserver.contract.document import Token, did_you_mean, elements, find, listed, place, specs_directory
from mockserver.contract.messages import explain
from mockserver.contract.model import ContractError
from mockserver.contract.skeleton import METHODS, missing, path_of
from mockserver.contract.wording import shown

_POSITIONS = {
    "document": "the root of the document",
    "operation": "an operation",
    "security-scheme": "a security scheme",
    "event": "the operation of a callback",
    "schema": "a schema",
    "element": "any element",
}


def position(tokens: tuple[Token, ...]) -> str:
    """What kind of place this is, as far as extensions are concerned: a definition of the vocabulary."""
    match tokens:
        case ():
            return "document"
        case ("paths", _, method) if method in METHODS:
            return "operation"
        case ("components", "securitySchemes", _):
            return "security-scheme"
        case (*_, "callbacks", _, _, method) if method in METHODS:
            return "event"
        case ("components", "schemas", _, *_):
            return "schema"
    return "schema" if "schema" in tokens else "element"


@functools.cache
def vocabulary() -> dict[str, Any]:
    """The schema of the extensions."""
    found: dict[str, Any] = json.loads((specs_directory() / "vocabulary.schema.json").read_text("utf-8"))
    return found


@functools.cache
def _validator(definition: str) -> jsonschema_rs.Draft202012Validator:
    schema = {"$schema": vocabulary()["$schema"], "$ref": f"#/$defs/{definition}", "$defs": vocabulary()["$defs"]}
    return jsonschema_rs.Draft202012Validator(schema, validate_formats=True)


def check_vocabulary(document: dict[str, Any], file: str) -> tuple[list[ContractError], set[str]]:
    """All errors in extensions, and the places (as `document.place` writes them) of the extensions that have one."""
    errors: list[ContractError] = []
    broken: set[str] = set()
    for tokens, node in elements(document):
        extensions = {key: value for key, value in node.items() if key.startswith("x-")}
        if tokens and (not extensions or _is_plain(extensions)) and position(tokens) != "event":
            continue
        for at, error in _check(tokens, extensions, file):
            broken.add(place((*tokens, *at[:1])))
            errors.append(error)
    return errors, broken


def _is_plain(extensions: dict[str, Any]) -> bool:
    """By far the most elements: just the name of a source, whose existence is lint's business."""
    return len(extensions) == 1 and isinstance(extensions.get("x-source"), str)


Found = Iterator[tuple[tuple[Token, ...], ContractError]]


def _check(tokens: tuple[Token, ...], extensions: dict[str, Any], file: str) -> Found:
    where = position(tokens)
    validator = _validator(where)
    for error in validator.iter_errors(extensions):
        at = path_of(extensions, error)
        kind: Any = error.kind
        if kind.name == "additionalProperties":
            yield from _unknown(file, tokens, at, error)
        elif kind.name == "propertyNames":
            yield at, _bad_name(file, (*tokens, *at), kind.error)
        elif kind.name == "required":
            yield at or (kind.property,), missing(file, (*tokens, *at), error)
        elif kind.name == "enum":
            yield at, _not_one_of(file, (*tokens, *at), error)
        elif kind.name == "falseSchema":
            problem = f"'{at[-1]}' does not go with this level"
            yield at, ContractError(file, place((*tokens, *at)), error.instance, problem)
        elif kind.name == "oneOf":
            names = [branch["required"][0] for branch in find(_schema_at(error), ("oneOf",))]
            problem = f"exactly one of {listed(names)} must be here"
            yield at, ContractError(file, place((*tokens, *at)), error.instance, problem)
        else:
            for found in explain([error]):
                yield at, ContractError(file, place((*tokens, *at)), error.instance, found.detail)


def _schema_at(error: Any) -> Any:
    """The schema that holds the keyword which failed; its path starts at `$defs` once a `$ref` was followed."""
    return find({"$defs": vocabulary()["$defs"]}, error.schema_path[:-1])


def _unknown(file: str, tokens: tuple[Token, ...], at: tuple[Token, ...], error: Any) -> Found:
    known = list(_schema_at(error)["properties"])
    for name in error.kind.unexpected:
        path = place((*tokens, *at, name))
        if at:
            hint = did_you_mean(name, known)
            yield at, ContractError(file, path, name, f"unknown member '{name}'", hint)
            continue
        elsewhere = [word for word in _POSITIONS if name in vocabulary()["$defs"][word]["properties"]]
        if elsewhere:
            homes = " or ".join(_POSITIONS[word] for word in elsewhere)
            error_ = ContractError(file, path, name, f"'{name}' has no meaning here", f"it belongs on {homes}")
        else:
            everywhere = [key for word in _POSITIONS for key in vocabulary()["$defs"][word]["properties"]]
            near = did_you_mean(name, known, otherwise="") or did_you_mean(name, everywhere)
            error_ = ContractError(file, path, name, f"unknown key '{name}'", near)
        yield (name,), error_


def _bad_name(file: str, tokens: tuple[Token, ...], error: Any) -> ContractError:
    name = error.instance
    path = place((*tokens, name))
    if error.kind.name != "enum":
        return ContractError(file, path, name, explain([error])[0].detail)
    return ContractError(file, path, name, f"unknown name '{name}'", did_you_mean(name, error.kind.options))


def _not_one_of(file: str, tokens: tuple[Token, ...], error: Any) -> ContractError:
    options = [str(option) for option in error.kind.options]
    problem = f"{shown(error.instance)} is not one of {listed(options, 20)}"
    near = did_you_mean(error.instance, options, otherwise="")
    return ContractError(file, place(tokens), error.instance, problem, near)
