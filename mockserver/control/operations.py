"""specs/control.yaml, compiled: each operation with what its path, query and body have to be."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

from mockserver.contract import document
from mockserver.contract.document import did_you_mean, parse, specs_directory
from mockserver.contract.kept import code_in, kept
from mockserver.contract.schema import FieldError, Resolver, Validator, compile_schema
from mockserver.contract.skeleton import METHODS
from mockserver.control.call import Problem, invalid, unknown

_PARAMETER = re.compile(r"\{([^}]+)\}")
_INTEGER = re.compile(r"-?[0-9]{1,18}\Z")


@dataclass(frozen=True, slots=True, eq=False)
class ControlOperation:
    """One operation. `bodies` has a validator by media type; `open`: it never asks for a token."""

    id: str
    method: str
    path: str
    pattern: re.Pattern[str]
    open: bool
    path_values: Validator
    query_values: Validator
    query_types: Mapping[str, str]
    defaults: Mapping[str, Any]
    bodies: Mapping[str, Validator]
    body_required: bool

    def read_path(self, values: Mapping[str, str]) -> Mapping[str, str]:
        """The same values. Raises Problem 404 for one that cannot be anybody's."""
        errors = self.path_values.errors(dict(values))
        if errors:
            raise unknown(f"{errors[0].pointer[1:]} {errors[0].detail}, so there can be none", "write it otherwise")
        return values

    def read_query(self, query_string: bytes) -> dict[str, Any]:
        """Values by name, defaults filled in. Raises Problem 400 with every mistake, unknown names included."""
        try:
            pairs = parse_qsl(query_string.decode("latin-1"), keep_blank_values=True, max_num_fields=100)
        except ValueError:
            raise Problem(400, "the query string has too many parameters") from None
        values: dict[str, Any] = {}
        errors: list[FieldError] = []
        for name, text in pairs:
            if name not in self.query_types:
                hint = did_you_mean(name, self.query_types) if self.query_types else "there are none here"
                errors.append(FieldError(f"/{name[:50]}", f"is no parameter; {hint}"))
            elif name in values:
                errors.append(FieldError(f"/{name}", "is given more than once"))
            else:
                values[name] = _converted(text, self.query_types[name])
        errors += self.query_values.errors(values)
        if errors:
            raise invalid(*errors)
        return {**self.defaults, **values}


def _converted(text: str, kind: str) -> Any:
    if kind == "integer":
        return int(text) if _INTEGER.match(text) else text
    if kind == "boolean":
        return {"true": True, "false": False}.get(text, text)
    return text


class ControlSpec:
    """The document and its operations."""

    def __init__(self) -> None:
        text = (specs_directory() / "control.yaml").read_text("utf-8")
        depends_on = [text.encode(), code_in(Path(document.__file__).parent)]
        self.document = kept("control", depends_on, lambda: parse(text, "specs/control.yaml"))

    @cached_property
    def operations(self) -> tuple[ControlOperation, ...]:
        """In the order in which paths are tried: exact ones before templates. Compiled when first needed: a server
        whose control plane nobody calls starts without.
        """
        return tuple(sorted(_operations(self.document), key=lambda operation: operation.path.count("{")))

    def find(self, method: str, path: str) -> tuple[ControlOperation, Mapping[str, str]]:
        """The operation at a path below /_mock, and the values in it. Raises Problem 404 or 405."""
        allowed: list[str] = []
        template = None
        for operation in self.operations:
            match = operation.pattern.match(path)
            if match is None or template not in {None, operation.path}:
                continue
            template = operation.path
            if operation.method == ("GET" if method == "HEAD" else method):
                return operation, match.groupdict()
            allowed.append(operation.method)
        if allowed:
            allow = ", ".join(sorted({*allowed, *(("HEAD",) if "GET" in allowed else ())}))
            raise Problem(405, f"{method} is not allowed here, only {allow}", (), {"Allow": allow})
        near = did_you_mean(path, [operation.path for operation in self.operations], "")
        hint = f"{near.replace(chr(39) + '/', chr(39) + '/_mock/')} " if near else ""
        raise unknown(f"there is nothing at /_mock{path[:100]}", f"{hint}/_mock/docs/control/ has all there is")


def _operations(spec: dict[str, Any]) -> Iterator[ControlOperation]:
    resolver = Resolver(spec, "specs/control.yaml")
    for path, raw in spec["paths"].items():
        item = resolver.resolve(raw)
        for method in METHODS:
            if method in item:
                yield _operation(path, method, item[method], item.get("parameters", []))


def _operation(path: str, method: str, node: dict[str, Any], shared: list[dict[str, Any]]) -> ControlOperation:
    parameters = [*shared, *node.get("parameters", [])]
    query = {each["name"]: each["schema"] for each in parameters if each["in"] == "query"}
    body = node.get("requestBody", {})
    parts = (
        f"(?P<{part}>[^/]+)" if index % 2 else re.escape(part) for index, part in enumerate(_PARAMETER.split(path))
    )
    return ControlOperation(
        id=node["operationId"],
        method=method.upper(),
        path=path,
        pattern=re.compile("".join(parts) + r"\Z"),
        open=node.get("security") == [],
        path_values=_members({each["name"]: each["schema"] for each in parameters if each["in"] == "path"}),
        query_values=_members(query),
        query_types={name: schema["type"] for name, schema in query.items()},
        defaults={name: schema["default"] for name, schema in query.items() if "default" in schema},
        bodies={name: Validator(compile_schema(media["schema"])) for name, media in body.get("content", {}).items()},
        body_required=body.get("required", False),
    )


def _members(schemas: Mapping[str, Any]) -> Validator:
    return Validator(compile_schema({"type": "object", "properties": dict(schemas)}))
