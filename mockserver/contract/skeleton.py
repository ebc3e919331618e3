"""The bones of OpenAPI 3.0 that everything here stands on. (openapi-spec-validator looks at the whole of it.)"""

from __future__ import annotations

import functools
from typing import Any

import jsonschema_rs

from mockserver.contract.document import Token, did_you_mean, find, place, step
from mockserver.contract.messages import explain
from mockserver.contract.model import ContractError

METHODS = ("get", "put", "post", "delete", "options", "head", "patch", "trace")

_SCHEMA: dict[str, Any] = {"$ref": "#/$defs/schema"}
_SCHEMAS = {"type": "array", "minItems": 1, "items": _SCHEMA}
_TEXT = {"type": "string"}
_FREE = """
    title description default example externalDocs xml discriminator format deprecated readOnly writeOnly
    minimum maximum exclusiveMinimum exclusiveMaximum multipleOf minLength maxLength
    minItems maxItems uniqueItems minProperties maxProperties
""".split()  # noqa: SIM905 - as many words are easier to read so


def _or_reference(**bones: Any) -> dict[str, Any]:
    return {"type": "object", "if": {"required": ["$ref"]}, "then": {"properties": {"$ref": _TEXT}}, "else": bones}


def _map_of(name: str) -> dict[str, Any]:
    return {"type": "object", "additionalProperties": {"$ref": f"#/$defs/{name}"}}


def _methods(name: str) -> dict[str, Any]:
    return {method: {"$ref": f"#/$defs/{name}"} for method in METHODS}


_CONTENT = {"type": "object", "additionalProperties": {"type": "object", "properties": {"schema": _SCHEMA}}}
_OPERATION_MEMBERS: dict[str, Any] = {
    "parameters": {"type": "array", "items": {"$ref": "#/$defs/parameter"}},
    "requestBody": _or_reference(required=["content"], properties={"content": _CONTENT}),
    "responses": {"minProperties": 1, **_map_of("response")},
    "callbacks": {
        "type": "object",
        "additionalProperties": _or_reference(
            patternProperties={"^x-": True},
            additionalProperties={"type": "object", "properties": _methods("event")},
        ),
    },
    "security": {"$ref": "#/$defs/security"},
}
_DEFINITIONS: dict[str, Any] = {
    "schema": _or_reference(
        additionalProperties=False,
        patternProperties={"^x-": True},
        properties={
            **dict.fromkeys(_FREE, True),
            "type": {"enum": ["string", "number", "integer", "boolean", "array", "object"]},
            "nullable": {"type": "boolean"},
            "enum": {"type": "array", "minItems": 1},
            "required": {"type": "array", "items": _TEXT},
            "pattern": _TEXT,
            "properties": _map_of("schema"),
            "items": _SCHEMA,
            "not": _SCHEMA,
            "additionalProperties": {"if": {"type": "boolean"}, "else": _SCHEMA},
            "allOf": _SCHEMAS,
            "anyOf": _SCHEMAS,
            "oneOf": _SCHEMAS,
        },
    ),
    "parameter": _or_reference(
        required=["name", "in", "schema"],
        properties={"name": _TEXT, "in": {"enum": ["query", "header", "path", "cookie"]}, "schema": _SCHEMA},
    ),
    "header": _or_reference(properties={"schema": _SCHEMA}),
    "link": _or_reference(
        required=["operationId"], properties={"operationId": _TEXT, "parameters": {"type": "object"}}
    ),
    "response": _or_reference(
        required=["description"],
        properties={"headers": _map_of("header"), "content": _CONTENT, "links": _map_of("link")},
    ),
    "security": {
        "type": "array",
        "items": {"type": "object", "additionalProperties": {"type": "array"}},
    },
    "scheme": {
        "type": "object",
        "required": ["type"],
        "properties": {"type": _TEXT, "scheme": _TEXT, "name": _TEXT, "in": _TEXT},
        "if": {"properties": {"type": {"const": "apiKey"}}},
        "then": {"required": ["name", "in"]},
    },
    "event": {"type": "object", "required": ["responses"], "properties": _OPERATION_MEMBERS},
    "operation": {
        "type": "object",
        "required": ["operationId", "responses"],
        "properties": {
            "operationId": {"type": "string", "pattern": "^[A-Za-z_][A-Za-z0-9_]*$"},
            "summary": _TEXT,
            **_OPERATION_MEMBERS,
        },
    },
    "path": {
        "type": "object",
        "properties": {
            "parameters": _OPERATION_MEMBERS["parameters"],
            **_methods("operation"),
        },
    },
}
_DOCUMENT: dict[str, Any] = {
    "$schema": "https://json-schema.org/draft/2020-12/schema",
    "$defs": _DEFINITIONS,
    "type": "object",
    "required": ["openapi", "info", "servers", "paths"],
    "properties": {
        "openapi": {"type": "string", "pattern": "^3\\.0\\.[0-9]$"},
        "info": {"type": "object", "required": ["title", "version"]},
        "servers": {
            "type": "array",
            "minItems": 1,
            "items": {"type": "object", "required": ["url"], "properties": {"url": _TEXT}},
        },
        "security": {"$ref": "#/$defs/security"},
        "paths": {"minProperties": 1, "propertyNames": {"pattern": "^/"}, **_map_of("path")},
        "components": {
            "type": "object",
            "additionalProperties": {"type": "object"},
            "properties": {
                "schemas": _map_of("schema"),
                "parameters": _map_of("parameter"),
                "headers": _map_of("header"),
                "responses": _map_of("response"),
                "securitySchemes": _map_of("scheme"),
            },
        },
    },
}


@functools.cache
def _validator() -> jsonschema_rs.Draft202012Validator:
    return jsonschema_rs.Draft202012Validator(_DOCUMENT)


def check_skeleton(document: dict[str, Any], file: str) -> list[ContractError]:
    """What keeps the document from being looked into at all, misspelt keywords of schemas among it."""
    errors: list[ContractError] = []
    for error in _validator().iter_errors(document):
        at = path_of(document, error)
        if error.kind.name == "required":
            errors.append(missing(file, at, error))
        elif error.kind.name == "additionalProperties":
            errors += _misspelt(file, at, error)
        else:
            errors += [ContractError(file, place(at), error.instance, found.detail) for found in explain([error])]
    return errors


def _misspelt(file: str, at: tuple[Token, ...], error: Any) -> list[ContractError]:
    known = find(_DOCUMENT, error.schema_path[:-1])["properties"]
    return [
        ContractError(
            file, place((*at, name)), name, f"unknown keyword '{name}'", did_you_mean(name, known, "remove it")
        )
        for name in error.kind.unexpected
    ]


def missing(file: str, tokens: tuple[Token, ...], error: Any) -> ContractError:
    """A required member that is absent, perhaps for being misspelt."""
    name = error.kind.property
    hint = did_you_mean(name, error.instance, otherwise="add it")
    return ContractError(file, place(tokens), error.instance, f"'{name}' is missing", hint)


def path_of(value: Any, error: Any) -> tuple[Token, ...]:
    """The validator's path, in which a key such as '201' looks like the number of an item."""
    tokens: list[Token] = []
    for token in error.instance_path:
        tokens.append(str(token) if isinstance(value, dict) else token)
        value = step(value, token)
    return tuple(tokens)
