"""Schemas of OpenAPI 3.0 as JSON Schema 2020-12, and validators that explain themselves."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator
from typing import Any

import jsonschema_rs

from mockserver.contract.document import NAMES, did_you_mean, escape, find, tokens_of
from mockserver.contract.messages import FieldError, explain
from mockserver.contract.model import ContractError

__all__ = ["FieldError", "Resolver", "Validator", "compile_schema", "property_of", "resolve"]

_DROPPED = frozenset(
    ("nullable", "discriminator", "xml", "externalDocs", "example", "readOnly", "writeOnly", "deprecated")
)
_KEPT = ("x-form", "x-message")  # JSON Schema ignores them; messages.py finds them by the path of an error
_LISTS = ("allOf", "anyOf", "oneOf")
_INSTANT = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt][0-9]{2}:[0-9]{2}:[0-9]{2}(?:\.[0-9]+)?(?:[Zz]|[+-][0-9]{2}:[0-9]{2})"
)


#: Sentences told about one value, and the number of nodes from which on only the first is looked for.
MAX_TOLD = 20
_LARGE = 64


def _is_large(value: Any) -> bool:
    todo, seen = [value], 0
    while todo:
        node = todo.pop()
        if isinstance(node, dict | list):
            seen += len(node)
            if seen > _LARGE:
                return True
            todo.extend(node.values() if isinstance(node, dict) else node)
    return False


class Resolver:
    """Inlines the references of one document, each target once."""

    def __init__(self, document: dict[str, Any], file: str = "the spec") -> None:
        self._document = document
        self._file = file
        self._done: dict[str, Any] = {}
        self._open: list[str] = []

    def resolve(self, node: Any) -> Any:
        """The node with every `$ref` in it replaced by its target. Never the document's own dicts.

        What stands beside a `$ref` is kept where OpenAPI 3.0 lets it mean something to us: `nullable`,
        `description`, and `x-source` unless the target has its own.
        """
        if isinstance(node, list):
            return [self.resolve(child) for child in node]
        if not isinstance(node, dict):
            return node
        reference = node.get("$ref")
        if not isinstance(reference, str):
            return {key: self._member(key, child) for key, child in node.items()}
        target = self._target(reference)
        beside = {key: value for key, value in node.items() if key in ("nullable", "description")}
        if "x-source" in node and isinstance(target, dict) and "x-source" not in target:
            beside["x-source"] = node["x-source"]
        return {**target, **beside} if beside and isinstance(target, dict) else target

    def _member(self, key: str, child: Any) -> Any:
        if key in NAMES and isinstance(child, dict):  # a member may be called "example"
            return {name: self.resolve(schema) for name, schema in child.items()}
        return child if key in _OPAQUE else self.resolve(child)

    def _target(self, reference: str) -> Any:
        if reference in self._done:
            return self._done[reference]
        if reference in self._open:
            raise ContractError(self._file, reference, reference, "the reference leads back to itself")
        self._open.append(reference)
        try:
            found = self._done[reference] = self.resolve(self.find(reference))
        finally:
            self._open.pop()
        return found

    def find(self, reference: str) -> Any:
        """The target of a reference within the document, as it is there."""
        if not reference.startswith("#/"):
            raise ContractError(
                self._file, "", reference, f"'{reference}' is not a reference within the document", "begin it with '#/'"
            )
        tokens = tokens_of(reference)
        try:
            return find(self._document, tokens)
        except KeyError:
            hint = did_you_mean(reference, self._siblings(tokens))
            raise ContractError(self._file, "", reference, f"'{reference}' leads nowhere", hint) from None

    def _siblings(self, tokens: tuple[str, ...]) -> Iterator[str]:
        for length in range(len(tokens) - 1, 0, -1):
            try:
                parent = find(self._document, tokens[:length])
            except KeyError:
                continue
            for key in parent if isinstance(parent, dict) else ():
                rest = [*tokens[:length], key, *tokens[length + 1 :]]
                yield "#" + "".join(f"/{escape(token)}" for token in rest)
            return


_OPAQUE = frozenset(("example", "value", "default", "enum"))


def resolve(document: dict[str, Any], node: Any) -> Any:
    """The node with its references inlined. Raises ContractError for a dangling or circular one."""
    return Resolver(document).resolve(node)


def compile_schema(
    schema: dict[str, Any], document: dict[str, Any] | None = None, *, response: bool = False
) -> dict[str, Any]:
    """An OpenAPI 3.0 schema as JSON Schema 2020-12.

    References must be inlined already, unless the document is given. `nullable` admits null beside whatever else
    is said; exclusive bounds become numbers; examples, extensions and the like go, `x-form` and `x-message` stay.
    In a request (the default) read-only members are ignored, in a response write-only ones need not be there.
    """
    if document is not None:
        schema = resolve(document, schema)
    compiled: dict[str, Any] = _compile(schema, "writeOnly" if response else "readOnly")
    return compiled


def _compile(schema: Any, ignored: str) -> Any:
    if not isinstance(schema, dict):
        return schema
    if "$ref" in schema:
        raise ContractError("the spec", "", schema["$ref"], f"the reference '{schema['$ref']}' is not inlined")
    out = {
        key: value
        for key, value in schema.items()
        if key in _KEPT or (key not in _DROPPED and not key.startswith("x-"))
    }
    _bounds(out)
    for key in _LISTS:
        if key in out:
            out[key] = [_compile(child, ignored) for child in out[key]]
    for key in ("items", "not", "additionalProperties"):
        if key in out:
            out[key] = _compile(out[key], ignored)
    if out.get("additionalProperties") is False:
        out.setdefault("properties", {})  # without it jsonschema-rs does not tell which member is not permitted
    if "properties" in out:
        _properties(out, ignored)
    return _nullable(out) if schema.get("nullable") is True else out


def _bounds(out: dict[str, Any]) -> None:
    for bound, exclusive in (("minimum", "exclusiveMinimum"), ("maximum", "exclusiveMaximum")):
        flag = out.get(exclusive)
        if not isinstance(flag, bool):
            continue
        del out[exclusive]
        if flag and bound in out:
            out[exclusive] = out.pop(bound)


def _properties(out: dict[str, Any], ignored: str) -> None:
    members = out["properties"].items()
    absent = {name for name, child in members if isinstance(child, dict) and child.get(ignored) is True}
    out["properties"] = {
        name: {} if name in absent and ignored == "readOnly" else _compile(child, ignored) for name, child in members
    }
    if absent and "required" in out:
        out["required"] = [name for name in out["required"] if name not in absent]


def _nullable(out: dict[str, Any]) -> dict[str, Any]:
    if not any(key in out for key in (*_LISTS, "not", "const")):
        if isinstance(out.get("type"), str):
            out["type"] = [out["type"], "null"]
        if "enum" in out and None not in out["enum"]:
            out["enum"] = [*out["enum"], None]
        return out
    return {"anyOf": [out, {"type": "null"}]}


def is_instant(text: str) -> bool:
    """Whether the text is an RFC 3339 date-time with a zone that Python can represent in UTC."""
    if _INSTANT.fullmatch(text) is None:
        return False
    try:
        dt.datetime.fromisoformat(text.upper()).astimezone(dt.UTC)
    except (ValueError, OverflowError):
        return False
    return True


class Validator:
    """A compiled JSON Schema 2020-12. Formats are checked, `1.0` is an integer, booleans are no numbers."""

    __slots__ = ("_validator", "is_valid", "schema")

    def __init__(self, schema: dict[str, Any]) -> None:
        """Raises ContractError where the schema is none."""
        self.schema = schema
        try:
            self._validator = jsonschema_rs.Draft202012Validator(
                schema,
                validate_formats=True,
                formats={"date-time": is_instant},
                email_options=jsonschema_rs.EmailOptions(allow_display_text=False),
            )
        except (jsonschema_rs.ValidationError, ValueError) as error:
            reason = str(error).splitlines()[0]
            raise ContractError("the schema", "", schema, f"is not JSON Schema: {reason}") from None
        #: is_valid(value) -> bool; the compiled method itself, since every request passes here
        self.is_valid = self._validator.is_valid

    def errors(self, value: Any) -> tuple[FieldError, ...]:
        """What is wrong with the value, () if nothing is: everything, up to MAX_TOLD sentences.

        Of a very large value only the first: finding all that is wrong with it would keep everybody waiting.
        """
        if _is_large(value):
            try:
                self._validator.validate(value)
            except jsonschema_rs.ValidationError as error:
                return explain([error], self.schema)
            return ()
        told = explain(self._validator.iter_errors(value), self.schema)
        if len(told) <= MAX_TOLD:
            return told
        return (*told[:MAX_TOLD], FieldError("", f"and {len(told) - MAX_TOLD} more", whole=True))


def property_of(schema: Any, tokens: tuple[str, ...]) -> dict[str, Any] | None:
    """The schema of the member that a pointer names, through properties, items and allOf/anyOf/oneOf."""
    if not isinstance(schema, dict):
        return None
    if not tokens:
        return schema
    child = schema.get("properties", {}).get(tokens[0])
    if child is None and tokens[0].isdecimal():
        child = schema.get("items")
    found = property_of(child, tokens[1:])
    if found is not None:
        return found
    branches = (property_of(branch, tokens) for key in _LISTS for branch in schema.get(key, ()))
    return next((branch for branch in branches if branch is not None), None)


def property_names(schema: Any) -> list[str]:
    """The members that a schema of an object declares anywhere."""
    if not isinstance(schema, dict):
        return []
    names = list(schema.get("properties", {}))
    for key in _LISTS:
        for branch in schema.get(key, ()):
            names += property_names(branch)
    return list(dict.fromkeys(names))
