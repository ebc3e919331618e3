"""The documented view of a contract: what the vendor says, without what is only assumed.

There are two, because a request can be judged from two sides. What *every* right implementation must accept is
narrower than the spec: nothing that is only assumed to be permitted. What every right one must refuse is less than
the spec refuses: nothing that is only assumed to be forbidden. Answers are held to what is documented in both.

A third, *describing*, is for who sees requests pass by: it has the form that the vendor gives them, whatever may become
of one that has another.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, Literal

from mockserver.contract.document import find, tokens_of
from mockserver.contract.model import Contract, Operation, Source
from mockserver.contract.sources import key_tokens, named, word

Side = Literal["accepting", "refusing", "describing"]

# Keywords that forbid values; `nullable` and open `additionalProperties` permit some.
_BOUNDS = frozenset(
    ("maxLength", "minLength", "pattern", "format", "minimum", "maximum", "minItems", "maxItems", "uniqueItems")
)
_RESTRICTIONS = _BOUNDS | {"enum", "required", "minProperties", "maxProperties", "not", "anyOf", "oneOf"}
_JSON = "application/json"
_ANNOTATIONS = frozenset(("description", "example", "examples", "title", "default", "deprecated", "externalDocs"))
# A text that no implementation can mind: letters, digits, a little punctuation.
_PLAIN_TEXT = r"^[A-Z][a-z]{2,12}( [A-Z][a-z]{2,12}){0,2}$"
# Of the domain that the documents use, which everybody has to take.
_PLAIN_EMAIL = r"^[a-z]{3,12}(\.[a-z]{2,8})?@example\.com$"
_PLAIN_KEY = r"^[a-z0-9]{8,20}-[a-z0-9]{4,12}$"
# Amounts of money and the like: whole, and not so small or large that anybody would doubt them.
_PLAIN_NUMBER = {"type": "integer", "minimum": 1000, "maximum": 10_000_000}
# So many leads may be left out by anybody who pages through a list.
_FAR = 1000
# In the past: a moment that is yet to come may be refused.
_PLAIN_MOMENT = r"^20[01][0-9]-(0[1-9]|1[0-2])-(0[1-9]|1[0-9]|2[0-8])T([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]Z$"
# A phone in the first of these forms that the contract takes: numbers that there may be, by the plans of the countries.
_PLAIN_PHONES = (
    ("+12065550123", r"^\+1206[2-9][0-9]{6}$"),
    ("12065550123", r"^1206[2-9][0-9]{6}$"),
    ("9876543210", r"^98[2-9][0-9]{7}$"),
)
_SCALARS = frozenset(("string", "number", "integer", "boolean"))
# Free words by the documents, of which somebody may have a list all the same; and one that the documents use.
_LISTED = frozenset(("source", "industry"))
_LISTED_WORD = "website"
_EXCLUSION = re.compile(r"\[\^\\?\\x00")


def documented(contract: Contract, side: Side) -> dict[str, Any]:
    """The OpenAPI document of the view, references inlined.

    Operations of whose request body nothing is documented are left out, unless it only describes; so are callbacks
    and extensions.
    """
    view = _View(contract, side)
    paths: dict[str, dict[str, Any]] = {}
    for operation in contract.operations.values():
        if side == "describing" or view.is_known(operation):
            paths.setdefault(operation.path, {})[operation.method.lower()] = view.operation(operation)
    document = contract.document
    return {
        "openapi": document["openapi"],
        "info": {"title": document["info"]["title"], "version": document["info"]["version"]},
        "servers": [{"url": server["url"]} for server in document["servers"]],
        "security": document.get("security", []),
        "components": {"securitySchemes": view.security_schemes()},
        "paths": paths,
    }


def is_known(contract: Contract, operation: Operation) -> bool:
    """Whether the vendor says what the operation's body is, if it has one."""
    return _View(contract, "accepting").is_known(operation)


class _View:
    def __init__(self, contract: Contract, side: Side) -> None:
        self._contract = contract
        self._accepting = side == "accepting"
        self._refusing = side == "refusing"
        self._known: Mapping[str, Source] = contract.named_sources

    def is_known(self, operation: Operation) -> bool:
        """Whether the vendor says what the operation's body is, if it has one."""
        body = operation.raw.get("requestBody")
        if body is None:
            return True
        body, source = self._followed(body, operation.source)
        return all(self._followed(part["schema"], source)[1].level != "assumed" for part in body["content"].values())

    def security_schemes(self) -> dict[str, Any]:
        schemes = self._contract.document["components"]["securitySchemes"]
        return {
            name: {key: value for key, value in scheme.items() if not key.startswith("x-")}
            for name, scheme in schemes.items()
        }

    def operation(self, operation: Operation) -> dict[str, Any]:
        raw, source = operation.raw, operation.source
        view: dict[str, Any] = {"operationId": operation.id, "responses": self._responses(raw["responses"], source)}
        if "security" in raw:
            view["security"] = raw["security"]
        parameters = [self._parameter(one, source) for one in self._parameters(operation)]
        if kept := [one for one in parameters if one is not None]:
            view["parameters"] = kept
        if "requestBody" in raw:
            view["requestBody"] = self._body(operation, raw["requestBody"], source)
        return view

    def _parameters(self, operation: Operation) -> list[dict[str, Any]]:
        item = self._contract.document["paths"][operation.path]
        return [*item.get("parameters", []), *operation.raw.get("parameters", [])]

    def _parameter(self, node: dict[str, Any], inherited: Source) -> dict[str, Any] | None:
        node, source = self._followed(node, inherited)
        if source.level == "assumed" and node["in"] != "path":
            return None
        schema = self._request(node["schema"], source, optional=False)
        if (
            self._accepting
            and node["in"] == "query"
            and schema.get("pattern") == _PLAIN_TEXT
            and node["name"] != "search"
        ):
            return None  # which words it takes is nowhere said
        if self._accepting and node["in"] == "query" and schema.get("format") == "uuid":
            return None  # an id that nothing has may be refused
        if self._accepting and node["in"] == "header" and "format" not in schema:
            schema = {"type": "string", "pattern": _PLAIN_KEY}
        if self._refusing and (schema.get("type") == "boolean" or node["in"] == "query"):
            schema = {}  # what has another form may just as well find nothing, or be read as the nearest that fits
        if self._accepting and schema.get("type") == "integer" and schema.get("maximum", 0) > _FAR:
            schema = {**schema, "maximum": _FAR}
        return {"name": node["name"], "in": node["in"], "required": node.get("required", False), "schema": schema}

    def _body(self, operation: Operation, node: dict[str, Any], inherited: Source) -> dict[str, Any]:
        node, source = self._followed(node, inherited)
        content = {}
        for media_type, part in node["content"].items():
            if media_type != _JSON:
                continue
            schema = self._request(part["schema"], source, optional=False)
            if operation.batch is not None and self._accepting:
                rows = schema["properties"][operation.batch.rows.removeprefix("/")]
                pointer = f"/paths/{operation.path.replace('/', '~1')}/{operation.method.lower()}/x-batch/row-schema"
                rows["items"] = self._request(
                    {"$ref": find(self._contract.document, tokens_of(pointer))}, source, optional=False
                )
            content[media_type] = {"schema": schema}
            if self._refusing and not schema.get("required") and "anyOf" not in schema:
                # Where no member is needed, another value may pass for a body without any.
                return {"required": False, "content": {media_type: {"schema": {}}}}
        return {"required": node.get("required", False), "content": content}

    # Requests.

    def _request(self, node: dict[str, Any], inherited: Source, *, optional: bool) -> dict[str, Any]:
        node, source = self._followed(node, inherited)
        if self._accepting:
            return self._accepted(node, source, optional=optional)
        return self._refused(node, source, optional=optional) if self._refusing else self._answer(node, source)

    def _accepted(self, node: dict[str, Any], source: Source, *, optional: bool) -> dict[str, Any]:
        """Narrower: only what is documented as permitted, within all bounds."""
        del optional
        view: dict[str, Any] = {}
        for key, value in self._keywords(node):
            match key:
                case "nullable":  # what null means in a request is nowhere said
                    continue
                case "properties":
                    view[key] = self._members(node, source)
                case "enum":
                    view[key] = self._words(node, source)
                case "anyOf" | "oneOf" if all("required" in one for one in value):
                    view[key] = [{"required": one["required"]} for one in value]
                case "anyOf" | "oneOf" | "allOf":
                    view[key] = [self._request(one, source, optional=False) for one in value]
                    if key == "allOf":  # each part would forbid the members of the others
                        view[key] = [_open(one) for one in view[key]]
                case "items":
                    view[key] = self._request(value, source, optional=False)
                case _:
                    view[key] = value
        return self._plain(node, self._closed(node, source, view))

    def _closed(self, node: dict[str, Any], source: Source, view: dict[str, Any]) -> dict[str, Any]:
        """An object with no members but those that are documented, and all that may be needed."""
        if view.get("type") == "object" and "properties" in view:
            view["additionalProperties"] = False
            if not self._required(node, source) and "anyOf" not in view:
                view["minProperties"] = 1
            if "required" in node and not self._required(node, source):
                # Which members are needed is not known, but with all that are documented it is enough.
                view["required"] = list(view["properties"])
                view.pop("anyOf", None)
        return view

    @staticmethod
    def _keywords(node: dict[str, Any]) -> Iterator[tuple[str, Any]]:
        for key, value in node.items():
            if not key.startswith("x-") and key not in _ANNOTATIONS and key != "additionalProperties":
                yield key, value

    def _members(self, node: dict[str, Any], source: Source) -> dict[str, Any]:
        kept = {}
        for name, value in node["properties"].items():
            member, own = self._followed(value, source)
            own = self._of(node, f"properties/{name}", own)
            unknown = own.level == "assumed" or ("enum" in member and not self._words(member, own))
            if not unknown or name in node.get("required", ()):
                kept[name] = self._request(value, source, optional=name not in node.get("required", ()))
                if name in _LISTED and "enum" not in member:
                    kept[name] = {"type": "string", "enum": [member.get("example", _LISTED_WORD)]}
        return kept

    def _words(self, node: dict[str, Any], source: Source) -> list[Any]:
        nullable = self._of(node, "nullable", source).level != "assumed"
        said = [one for one in node["enum"] if one is not None or nullable]
        return [one for one in said if self._of(node, f"enum/{word(one)}", source).level != "assumed"]

    def _plain(self, node: dict[str, Any], view: dict[str, Any]) -> dict[str, Any]:
        """Texts that may be anything become plain ones: which characters are minded is nowhere documented."""
        if view.get("type") == "number":
            # That fractions are numbers too is not what everybody reads in a table.
            return {**view, **(_PLAIN_NUMBER if view.get("minimum") == 0 else {"type": "integer"})}
        if view.get("type") != "string" or "enum" in view:
            return view
        view["minLength"] = max(1, view.get("minLength", 1))
        pattern = node.get("pattern", "")
        if node.get("x-form") == "an email address" or node.get("format") == "email":
            return _without_format(view, _PLAIN_EMAIL)
        if node.get("format") == "date-time":
            return _without_format(view, _PLAIN_MOMENT)
        words = f"{node.get('description', '')} {node.get('x-form', '')}".lower()
        if "phone" in words or "digits" in words:
            for sample, plain in _PLAIN_PHONES:
                if re.search(pattern, sample):
                    return _without_format(view, plain)
        if "format" not in view and (not pattern or _EXCLUSION.search(pattern)):
            view["pattern"] = _PLAIN_TEXT
        return view

    def _refused(self, node: dict[str, Any], source: Source, *, optional: bool) -> dict[str, Any]:
        """Wider: only what is documented as forbidden. What becomes of a wrong type in an optional member is not."""
        view: dict[str, Any] = {}
        required = self._required(node, source)
        for key, value in self._keywords(node):
            if key in {"nullable", "format", "uniqueItems"}:
                continue
            if key in _RESTRICTIONS and self._of(node, key, source).level == "assumed":
                continue
            match key:
                case "properties":
                    view[key] = {
                        name: _of_any_scalar(self._request(one, source, optional=name not in required))
                        for name, one in value.items()
                    }
                case "anyOf" | "oneOf":
                    view[key] = [{"required": one["required"]} for one in value if "required" in one]
                case "allOf":
                    view[key] = [self._request(one, source, optional=False) for one in value]
                case "items":
                    # An unknown word in a list may be left out of it.
                    view[key] = {
                        name: one for name, one in self._request(value, source, optional=True).items() if name != "enum"
                    }
                case "required":
                    view[key] = required
                case _:
                    view[key] = value
        return _optional(view) if optional else view

    def _required(self, node: dict[str, Any], source: Source) -> list[str]:
        """The members that the vendor says are required."""
        if self._of(node, "required", source).level == "assumed":
            return []
        every: list[str] = node.get("required", [])
        return [name for name in every if self._of(node, f"required/{name}", source).level != "assumed"]

    # Answers.

    def _responses(self, responses: dict[str, Any], inherited: Source) -> dict[str, Any]:
        view: dict[str, Any] = {}
        assumed_classes = set()
        for status, node in responses.items():
            followed, source = self._followed(node, inherited)
            if source.level == "assumed":
                assumed_classes.add(status[0])
                if status.startswith("2"):
                    view["2XX"] = {"description": "Done.", **self._content(followed, source)}
            else:
                view[status] = {"description": "Documented.", **self._response(followed, source)}
        # Where the vendor is silent, any refusal will do, with any body.
        view.setdefault("4XX", {"description": "Refused."})
        if "2" not in {status[0] for status in view}:
            view["2XX"] = {"description": "Done."}
        return view

    def _response(self, node: dict[str, Any], source: Source) -> dict[str, Any]:
        headers = {}
        for name, header in node.get("headers", {}).items():
            followed, own = self._followed(header, source)
            if own.level != "assumed":
                headers[name] = {
                    "required": followed.get("required", False),
                    "schema": self._answer(followed["schema"], own),
                }
        return {**self._content(node, source), **({"headers": headers} if headers else {})}

    def _content(self, node: dict[str, Any], source: Source) -> dict[str, Any]:
        content = {}
        for media_type, part in node.get("content", {}).items():
            schema, own = self._followed(part["schema"], source)
            if own.level != "assumed" and "json" in media_type:
                content[media_type] = {"schema": self._answer(schema, own)}
        return {"content": content} if content else {}

    def _answer(self, node: dict[str, Any], inherited: Source) -> dict[str, Any]:
        node, source = self._followed(node, inherited)
        if source.level == "assumed":
            return {}
        view: dict[str, Any] = {}
        required = self._required(node, source)
        for key, value in self._keywords(node):
            if key in _RESTRICTIONS and self._of(node, key, source).level == "assumed":
                continue
            match key:
                case "properties":
                    required = [name for name in required if not self._is_list(value.get(name, {}), source)]
                    view[key] = {
                        name: _in_any_case(name, self._member(one, source, name in required))
                        for name, one in value.items()
                    }
                case "anyOf" | "oneOf" | "allOf":
                    view[key] = [self._answer(one, source) for one in value]
                case "items":
                    view[key] = self._answer(value, source)
                case "required":
                    continue
                case "type" if value == "integer":
                    view[key] = "number"
                case "format" if value == "uuid":
                    continue
                case _:
                    view[key] = value
        return {**view, **({"required": required} if required else {})}

    def _is_list(self, node: dict[str, Any], source: Source) -> bool:
        """A list without anything in it may be told as none."""
        return bool(self._followed(node, source)[0].get("type") == "array")

    def _member(self, node: dict[str, Any], source: Source, required: bool) -> dict[str, Any]:  # noqa: FBT001
        """A member that need not be there may be null too."""
        view = self._answer(node, source)
        if not required and "type" in view:
            view["nullable"] = True
            if "enum" in view:
                view["enum"] = list(dict.fromkeys((*view["enum"], None)))
        return view

    # Sources.

    def _followed(self, node: dict[str, Any], inherited: Source) -> tuple[dict[str, Any], Source]:
        """The element behind any references, and where it comes from."""
        source = self._label(node, inherited)
        while "$ref" in node:
            node = find(self._contract.document, tokens_of(node["$ref"]))
            source = self._label(node, source)
        return node, source

    def _label(self, node: dict[str, Any], inherited: Source) -> Source:
        return named(node["x-source"], self._known) if "x-source" in node else inherited

    def _of(self, node: dict[str, Any], keyword: str, source: Source) -> Source:
        """Where one keyword, or one word of `enum` or `required`, comes from."""
        wanted = tuple(keyword.split("/", 1))
        said = {key_tokens(node, key): value for key, value in node.get("x-source-of", {}).items()}
        for place in (wanted, wanted[:1]):
            if place in said:
                return named(said[place], self._known)
        return source


def _open(view: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in view.items() if key != "additionalProperties"}


def _without_format(view: dict[str, Any], pattern: str) -> dict[str, Any]:
    return {**{key: value for key, value in view.items() if key not in _BOUNDS}, "pattern": pattern}


def _of_any_scalar(view: dict[str, Any]) -> dict[str, Any]:
    """Whether a number that stands for a text is refused, or taken as that text, is nowhere said."""
    return {} if view.get("type") in _SCALARS and "enum" not in view else view


def _in_any_case(name: str, view: dict[str, Any]) -> dict[str, Any]:
    """An id may be a number, whatever form that of a sample has; nobody may be assigned, no stage or status said."""
    if view.get("type") == "string" and name.lower().endswith("id"):
        return {}
    open_yet = name.lower().startswith("assigned") or name.lower().endswith(("stage", "status"))
    return {**view, "nullable": True} if "type" in view and open_yet else view


def _optional(view: dict[str, Any]) -> dict[str, Any]:
    """What a member that may be left out must not be: a word that is none of those there are.

    Whether null and blank count as left out is nowhere said, nor whether a bad value is refused or dropped.
    """
    return {"enum": list(dict.fromkeys((*view["enum"], None, "")))} if "enum" in view else {}
