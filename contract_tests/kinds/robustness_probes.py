"""One wrong or right value at a time for every member of a body and every parameter, read from the schemas."""

from __future__ import annotations

import copy
import functools
import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from mockserver.contract import Contract, Operation, Source, Validator, compile_schema, source_of

from .robustness_samples import UNCHECKED, WITHIN, samples

Family = Literal["types", "bounds", "enums", "required", "forms"]
Path = tuple[str | int, ...]
ABSENT: Any = object()
#: Stands for a keyword where no vendor says whether such a value is refused: empty texts, lists and near misses.
_SILENT = "-"
_NOT_TOLD = Source("assumed", says="What is empty or nearly right is taken as the schema has it.")
_LEVELS = ("documented", "vendor-page", "assumed")


@dataclass(frozen=True, slots=True)
class Member:
    """A member of a body: where it is in the body, and where its schema is in the document."""

    path: Path
    pointer: str
    schema: dict[str, Any]
    parents: tuple[str, ...]

    @property
    def name(self) -> str:
        return ".".join(map(str, self.path))


@dataclass(frozen=True, slots=True)
class Probe:
    """A value for one member; `value` is ABSENT where the member is to be taken away."""

    family: Family
    path: Path
    value: Any
    fits: bool
    source: Source

    def __str__(self) -> str:
        name = ".".join(map(str, self.path)) or "the body"
        if self.value is ABSENT:
            return f"no {name}"
        shown = repr(self.value)
        return f"{name} {shown if len(shown) <= _SHOWN else f'{shown[:_SHOWN]}… ({len(shown)} characters)'}"


_SHOWN = 60


def put(body: Any, path: Path, value: Any) -> Any:
    """The body with this value at the path; what is missing on the way is made."""
    whole = copy.deepcopy(body)
    at = whole
    for name, following in itertools.pairwise(path):
        empty: Any = [] if isinstance(following, int) else {}
        if isinstance(at, dict):
            at[name] = at[name] if isinstance(at.get(name), type(empty)) and at[name] else empty
        at = at[name]
    last = path[-1]
    if value is ABSENT:
        at.pop(last, None)
    elif isinstance(at, list):
        at[:] = [value]
    else:
        at[last] = value
    return whole


# Members, and where they come from.


def members(contract: Contract, operation: Operation) -> tuple[Member, ...]:
    """Every member of the operation's body, members of members too."""
    return _members(contract, operation.pointer, operation.id)


@functools.cache
def _members(contract: Contract, pointer: str, name: str) -> tuple[Member, ...]:
    schema = contract.operations[name].body_schema or {}
    start = f"{pointer}/requestBody/content/application~1json/schema"
    return tuple(below(schema, start, (), (f"{pointer}/requestBody", start)))


def below(schema: dict[str, Any], pointer: str, path: Path, parents: tuple[str, ...]) -> Iterator[Member]:
    """The members of a schema. Rows of batches fail alone and are not among them."""
    for name, child in schema.get("properties", {}).items():
        member = Member((*path, name), f"{pointer}/properties/{name.replace('/', '~1')}", child, parents)
        yield member
        yield from _within(member)
    for at, branch in enumerate(schema.get("allOf", ())):
        yield from below(branch, f"{pointer}/allOf/{at}", path, parents)


def _within(member: Member) -> Iterator[Member]:
    chain = (*member.parents, member.pointer)
    if "properties" in member.schema:
        yield from below(member.schema, member.pointer, member.path, chain)
    items = member.schema.get("items")
    if items is not None and "type" in items:
        yield Member((*member.path, 0), f"{member.pointer}/items", items, chain)


def _weakest(contract: Contract, pointers: Sequence[str]) -> Source:
    """Of all that a statement rests on, the source that is the least certain."""
    return max((source_of(contract, pointer) for pointer in pointers), key=lambda source: _LEVELS.index(source.level))


def source(contract: Contract, member: Member, keyword: str) -> Source:
    if keyword == _SILENT:
        return _NOT_TOLD
    said = f"{member.pointer}/{keyword}" if keyword else member.pointer
    return _weakest(contract, (*member.parents, member.pointer, said))


# Probes.


@functools.cache
def probes(contract: Contract, operation: Operation) -> tuple[Probe, ...]:
    """Every probe of the operation's body."""
    found: list[Probe] = []
    for member in members(contract, operation):
        found += of_member(contract, member)
    start = f"{operation.pointer}/requestBody/content/application~1json/schema"
    found += _required(contract, operation.body_schema or {}, start, (), (start,))
    return tuple(found)


def of_member(contract: Contract, member: Member) -> Iterator[Probe]:
    """The probes of one member."""

    def probe(family: Family, keyword: str, value: Any, *, fits: bool) -> Probe:
        return Probe(family, member.path, value, fits, source(contract, member, keyword))

    schema = member.schema
    for value in _of_other_types(schema):
        yield probe("types", "type" if "type" in schema else "", value, fits=False)
    if schema.get("nullable"):
        yield probe("types", "nullable", None, fits=True)
    for keyword, value, fits in (*_edges(schema), *_lengths(schema), *_counts(schema)):
        if not fits or member.path[-1] not in UNCHECKED:
            yield probe("bounds", keyword, value, fits=fits)
    for keyword, value, fits in _words(schema):
        yield probe("enums", keyword, value, fits=fits)
    for value, fits in _forms(member):
        yield probe("forms", "pattern" if "pattern" in schema else "", value, fits=fits)


_OF_TYPE: dict[str, tuple[Any, ...]] = {
    "string": ("7", "", "true"),
    "integer": (5, 0),
    "number": (1.5,),
    "boolean": (True, False),
    "object": ({},),
    "array": ([], ["x"]),
    "null": (None,),
}


def _of_other_types(schema: dict[str, Any]) -> Iterator[Any]:
    allowed = _types(schema)
    if not allowed:
        return
    if "x-form" in schema and allowed <= {"string", "null"}:
        # A number that would do as a text, for whoever turns the one into the other.
        digits = (text for text in samples(schema["x-form"]) if text.isascii() and text.isdigit())
        yield from (int(text) for text in itertools.islice(filter(_valid(schema), digits), 1))
    for kind, values in _OF_TYPE.items():
        if kind not in allowed and not (kind == "number" and "integer" not in allowed):
            yield from values


def _types(schema: dict[str, Any]) -> set[str]:
    if "type" not in schema:
        return set().union(*(_types(branch) for branch in schema.get("anyOf", ()))) if "anyOf" in schema else set()
    allowed = {schema["type"]} | ({"integer"} if schema["type"] == "number" else set())
    return allowed | ({"null"} if schema.get("nullable") else set())


def _edges(schema: dict[str, Any]) -> Iterator[tuple[str, Any, bool]]:
    for keyword, step in (("minimum", -1), ("maximum", 1)):
        if keyword in schema:
            edge = schema[keyword]
            yield keyword, edge, True
            yield keyword, edge + step, False
            yield keyword, step * 10**30, False
            if schema["type"] == "number":
                yield keyword, edge + step * max(0.001, abs(edge) * 1e-15), False
                yield keyword, edge - step * 0.5, True
            else:
                yield keyword, edge - step, True


def _lengths(schema: dict[str, Any]) -> Iterator[tuple[str, Any, bool]]:
    fits = _valid(schema)
    if "maxLength" in schema and "enum" not in schema:
        most = schema["maxLength"]
        for length in (most, most + 1, most + 2, 10 * most):
            for letter in ("a", "é", "😀") if length <= most + 1 else ("a",):
                made = _of_length(schema, length, letter)
                if made is not None:
                    yield "maxLength", made, fits(made)
    if schema.get("type") == "string" and "enum" not in schema and not schema.get("x-form", "").startswith("7 to"):
        yield _SILENT, "", fits("")


def _of_length(schema: dict[str, Any], length: int, letter: str) -> str | None:
    """A text of this length which, but for its length, fits; none where that is not easily made."""
    free = dict(schema)
    free.pop("maxLength", None)
    valid = _valid(free)
    for start, end in (("", ""), ("", "@example.com"), ("https://hooks.example.com/", ""), ("+1", "")):
        made = f"{start}{letter * (length - len(start) - len(end))}{end}"
        if len(made) == length and valid(made):
            return made
    return None


def _counts(schema: dict[str, Any]) -> Iterator[tuple[str, Any, bool]]:
    if schema.get("type") == "array":
        items = schema.get("items", {})
        words = items.get("enum")
        most = schema.get("maxItems")
        if "minItems" in schema:
            yield _SILENT if words else "minItems", [], schema["minItems"] == 0
        if schema.get("uniqueItems") and words:
            yield _SILENT, [words[0], words[0]], False
        if words:
            yield "items", list(words), True
        elif most is not None and "type" in items:
            form = "lead_{:016d}" if "lead_" in items.get("pattern", "") else "tag-{}"
            for count in (most, most + 1, 3 * most):
                yield "maxItems", [form.format(at) for at in range(count)], count <= most
    if schema.get("minProperties"):
        yield "minProperties", {}, False
    if schema.get("additionalProperties") is False:
        yield "additionalProperties", {"tags": ["x"], "unknown": 1}, False


def _words(schema: dict[str, Any]) -> Iterator[tuple[str, Any, bool]]:
    words = [word for word in schema.get("enum", ()) if isinstance(word, str)]
    if not words:
        return
    for word in words:
        yield f"enum/{word}", word, True
    first = words[0]
    near = (
        first.upper(),
        first.capitalize(),
        first.swapcase(),
        f"{first} ",
        f" {first}",
        f"{first}s",
        first[:-1],
        "",
        "other",
        "null",
    )
    for word in dict.fromkeys(near):
        if word not in words:
            # A lenient reader might take the others for a word that there is, or for none.
            yield "enum" if word == "other" else _SILENT, word, False


def _forms(member: Member) -> Iterator[tuple[str, bool]]:
    schema = member.schema
    if "enum" in schema or not ("x-form" in schema or "anyOf" in schema) or _types(schema) - {"string", "null"}:
        return
    fits = _valid(schema)
    for text in samples(schema.get("x-form", "a URL")):
        if not fits(text):
            yield text, False
        elif WITHIN.fullmatch(text) and member.path[-1] not in UNCHECKED:
            yield text, True


def _valid(schema: dict[str, Any]) -> Any:
    return Validator(compile_schema(schema)).is_valid


def _required(
    contract: Contract, schema: dict[str, Any], pointer: str, path: Path, chain: tuple[str, ...]
) -> Iterator[Probe]:
    for name in schema.get("required", ()):
        said = _weakest(contract, (*chain, f"{pointer}/required/{name}"))
        yield Probe("required", (*path, name), ABSENT, fits=False, source=said)
    for name, child in schema.get("properties", {}).items():
        if "properties" in child and "required" in child:
            inner = f"{pointer}/properties/{name}"
            yield from _required(contract, child, inner, (*path, name), (*chain, inner))
