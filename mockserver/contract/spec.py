"""One spec while it is being looked at: its parts by name, references inlined, and the errors found so far."""

from __future__ import annotations

import functools
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mockserver.contract.document import Token, did_you_mean, place, pointer_of, tokens_of
from mockserver.contract.model import ContractError
from mockserver.contract.schema import Resolver, property_names, property_of
from mockserver.contract.skeleton import METHODS


@dataclass(frozen=True, eq=False)
class View:
    """One operation in a spec. `responses` by status, references inlined."""

    spec: Spec
    tokens: tuple[Token, ...]
    node: dict[str, Any]

    @property
    def id(self) -> str:
        """The operationId."""
        return str(self.node["operationId"])

    @property
    def path(self) -> str:
        """The path template, without the base path."""
        return str(self.tokens[1])

    @property
    def method(self) -> str:
        """In upper case."""
        return str(self.tokens[2]).upper()

    @functools.cached_property
    def body(self) -> dict[str, Any] | None:
        """The request body, None where there is none."""
        found: dict[str, Any] | None = self.spec.resolver.resolve(self.node.get("requestBody"))
        return found

    @property
    def media_types(self) -> tuple[str, ...]:
        """What the request body may be."""
        return tuple((self.body or {}).get("content", {}))

    @property
    def body_schema(self) -> dict[str, Any] | None:
        """The schema of the request body under its first media type."""
        for media in (self.body or {}).get("content", {}).values():
            schema: dict[str, Any] | None = media.get("schema")
            return schema
        return None

    @functools.cached_property
    def parameters(self) -> list[tuple[tuple[Token, ...], dict[str, Any]]]:
        """(place, parameter) of each parameter, those of the path item included unless the operation has its own."""
        found: dict[tuple[str, str], tuple[tuple[Token, ...], dict[str, Any]]] = {}
        for owner, node in ((self.tokens[:2], self.spec.document["paths"][self.path]), (self.tokens, self.node)):
            for at, raw in enumerate(node.get("parameters", ())):
                parameter = self.spec.resolver.resolve(raw)
                key = (str(parameter.get("in")), str(parameter.get("name")))
                found[key] = ((*owner, "parameters", at), parameter)
        return list(found.values())

    @functools.cached_property
    def responses(self) -> dict[str, dict[str, Any]]:
        """Response by status."""
        return {status: self.spec.resolver.resolve(node) for status, node in self.node["responses"].items()}

    @property
    def security(self) -> list[dict[str, list[str]]]:
        """The requirements that apply, [] where no credential is needed."""
        owner = self.node if "security" in self.node else self.spec.document
        found: list[dict[str, list[str]]] = owner.get("security", [])
        return found

    @property
    def public(self) -> bool:
        """Whether it may be called without a credential."""
        return not self.security or {} in self.security

    def behaviour(self, key: str) -> Any:
        """An extension of this operation, None where it is absent or malformed."""
        value = self.node.get(key)
        return None if place((*self.tokens, key)) in self.spec.broken else value

    @functools.cached_property
    def rate_limit(self) -> dict[str, Any] | None:
        """What meters it: its own limit, or else the document's if it needs a credential."""
        own = self.behaviour("x-rate-limit")
        if own == "none":
            return None
        if own is None and not self.public:
            own = self.spec.root("x-rate-limit")
        return own if isinstance(own, dict) else None

    def events(self) -> Iterator[tuple[tuple[Token, ...], str, str, dict[str, Any]]]:
        """(place, name of the callback, expression, operation) of each callback."""
        for name, callback in self.node.get("callbacks", {}).items():
            for expression, item in self.spec.resolver.resolve(callback).items():
                if expression.startswith("x-") or not isinstance(item, dict):
                    continue
                for method in METHODS:
                    if isinstance(item.get(method), dict):
                        at = (*self.tokens, "callbacks", name, expression, method)
                        yield at, name, expression, item[method]


class Spec:
    """A document whose bones are sound. `file` names it in errors, `broken` are its malformed extensions."""

    def __init__(self, document: dict[str, Any], file: str, directory: Path, broken: set[str]) -> None:
        self.document = document
        self.file = file
        self.directory = directory
        self.broken = broken
        self.errors: list[ContractError] = []
        self.resolver = Resolver(document, file)
        self.operations = [
            View(self, ("paths", path, method), item[method])
            for path, item in document["paths"].items()
            for method in METHODS
            if method in item
        ]

    @property
    def ids(self) -> list[str]:
        """The operationIds, in the order of the document."""
        return [operation.id for operation in self.operations]

    @property
    def schemes(self) -> dict[str, dict[str, Any]]:
        """The security schemes by name."""
        found: dict[str, dict[str, Any]] = self.document.get("components", {}).get("securitySchemes", {})
        return found

    def root(self, key: str) -> Any:
        """An extension of the root, None where it is absent or malformed."""
        return None if key in self.broken else self.document.get(key)

    def plans(self) -> dict[str, dict[str, Any]]:
        """The plans by name."""
        found: dict[str, dict[str, Any]] = (self.root("x-plans") or {}).get("plans", {})
        return found

    def error(self, tokens: Iterable[Token], value: object, problem: str, hint: str | None = None) -> None:
        """Note a mistake."""
        self.errors.append(ContractError(self.file, place(tokens), value, problem, hint))

    def unknown(self, tokens: Iterable[Token], value: object, what: str, known: Iterable[str]) -> None:
        """Note a word that does not exist, with the nearest that does."""
        self.error(tokens, value, f"'{value}' is not {what}", did_you_mean(value, known))

    def member(self, tokens: Iterable[Token], pointer: str, schema: dict[str, Any] | None, what: str) -> None:
        """Note a pointer to a member that the schema does not declare."""
        named = tokens_of(pointer)
        if property_of(schema, named) is not None:
            return
        known = [
            pointer_of((*named[:length], name))
            for length in range(len(named) - 1, -1, -1)
            for name in property_names(property_of(schema, named[:length]))
        ]
        self.unknown(tokens, pointer, f"a member of {what}", known)
