"""What a validator found, in plain English: the member, what is wrong with it, what is permitted.

A schema may bring words of its own: `x-form` beside a `pattern`, `x-message` on an object or a group.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import jsonschema_rs

from mockserver.contract.document import Token, pointer_of, step
from mockserver.contract.wording import is_blank, one_of_forms, sentence, shown, types_in_words

Error = jsonschema_rs.ValidationError


@dataclass(frozen=True, slots=True)
class FieldError:
    """`pointer` is a JSON pointer into the value ('' is the value itself), or the name of a parameter.

    `whole` says that the detail is a whole sentence, which names its members itself.
    """

    pointer: str
    detail: str
    whole: bool = field(default=False, compare=False)

    def __str__(self) -> str:
        return f"{self.pointer}: {self.detail}" if self.pointer and not self.whole else self.detail


def explain(errors: Iterable[Error], schema: Any = None) -> tuple[FieldError, ...]:
    """All errors, each once, in the order in which the validator found them.

    `schema` is what the value was checked against; without it, its `x-form` and `x-message` go unheard.
    """
    words = _Words(schema)
    told = [finding for error in errors for finding in _explain(error, words)]
    return tuple(dict.fromkeys(finding.error for finding in _chosen(told)))


class _Finding(NamedTuple):
    """One sentence. `weight` decides among several at one pointer, `owner` is the place of an x-message's object.

    `lacking` is for a sentence on alternatives: what each of them complains of, as pointers.
    """

    error: FieldError
    weight: int = 0
    owner: str | None = None
    lacking: tuple[frozenset[str], ...] = ()


_DERIVED, _FORM, _MESSAGE = 0, 1, 2


def _chosen(told: list[_Finding]) -> Iterator[_Finding]:
    """Of several sentences with one cause, the one that says it best."""
    plain = {finding.error.pointer for finding in told if not finding.lacking}
    heaviest: dict[str, int] = defaultdict(int)
    for finding in told:
        heaviest[finding.error.pointer] = max(heaviest[finding.error.pointer], finding.weight)
    seen: set[tuple[str, str]] = set()
    for finding in told:
        pointer = finding.error.pointer
        if any(members <= plain for members in finding.lacking):
            continue  # mending the members told of already mends this
        if not finding.lacking and finding.weight < heaviest[pointer]:
            continue
        once = (finding.owner, finding.error.detail) if finding.owner is not None else (pointer, "the form")
        if (finding.weight == _FORM or finding.owner is not None) and once in seen:
            continue
        seen.add(once)
        yield finding


class _Place(NamedTuple):
    """The schema whose keyword failed, and the object schema that it describes a member of."""

    schema: Mapping[str, Any]
    object: Mapping[str, Any]
    member: str | None


_NOWHERE = _Place({}, {}, None)


class _Words:
    """Finds the words that a schema brings along, by the schema path of an error."""

    def __init__(self, schema: Any) -> None:
        self._schema = schema

    def place(self, path: Sequence[Token]) -> _Place:
        if self._schema is None:
            return _NOWHERE
        node, owner, member = self._schema, {}, None
        steps = iter(path[:-1])
        try:
            for keyword in steps:
                below = step(node, keyword)
                if keyword == "properties":
                    owner, member = node, str(next(steps))
                    below = step(below, member)
                elif keyword in ("items", "additionalProperties"):
                    owner, member = {}, None
                elif isinstance(below, list):
                    below = step(below, next(steps))
                node = below
        except (KeyError, StopIteration):  # a keyword that OpenAPI 3.0 does not have
            return _NOWHERE
        return _Place(node, owner, member) if isinstance(node, dict) else _NOWHERE


def _explain(error: Error, words: _Words) -> Iterator[_Finding]:
    path = list(error.instance_path)
    kind: Any = error.kind
    found = words.place(error.schema_path)
    message = found.schema.get("x-message")
    if kind.name == "required":
        pointer = pointer_of([*path, kind.property])
        if message is None:
            yield _Finding(FieldError(pointer, "is required"))
        else:
            yield _Finding(FieldError(pointer, message, whole=True), _MESSAGE, pointer_of(path))
    elif _is_missing(found, path, error):
        told = FieldError(pointer_of(path), found.object["x-message"], whole=True)
        yield _Finding(told, _MESSAGE, pointer_of(path[:-1]))
    elif message is not None and kind.name in ("anyOf", "oneOf", "not"):
        told = FieldError(pointer_of(path), message, whole=True)
        yield _Finding(told, owner=pointer_of(path), lacking=_lacking(kind, path))
    elif kind.name == "additionalProperties":
        for name in kind.unexpected:
            yield _Finding(FieldError(pointer_of([*path, name]), "is not a known member"))
    elif kind.name == "propertyNames":
        yield _Finding(FieldError(pointer_of(path), f"{shown(kind.error.instance)} is not a permitted name"))
    elif kind.name == "anyOf" or (kind.name == "oneOf" and not _several(kind.context)):
        yield from _alternatives(error, words)
    else:
        weight = _FORM if kind.name == "pattern" and "x-form" in found.schema else _DERIVED
        yield _Finding(FieldError(pointer_of(path), sentence(kind, error.instance, found.schema)), weight)


def _is_missing(found: _Place, path: Sequence[Token], error: Error) -> bool:
    """Whether a required member with an x-message is there in name only: blank, or no object where one is wanted."""
    if "x-message" not in found.object or found.member not in found.object.get("required", ()):
        return False
    if not path or path[-1] != found.member:
        return False
    kind: Any = error.kind
    wants_object = kind.name == "type" and "object" in kind.types
    return wants_object or is_blank(error.instance)


def _several(context: list[list[Error]]) -> bool:
    return sum(not branch for branch in context) > 1


def _lacking(kind: Any, path: list[Token]) -> tuple[frozenset[str], ...]:
    """The members that each alternative complains of."""
    branches = [branch for branch in getattr(kind, "context", ()) if branch and not _is_null_only(branch, path)]
    return tuple(frozenset(_pointer(error) for error in branch) for branch in branches)


def _pointer(error: Error) -> str:
    kind: Any = error.kind
    return pointer_of([*error.instance_path, *((kind.property,) if kind.name == "required" else ())])


def _alternatives(error: Error, words: _Words) -> Iterator[_Finding]:
    """One sentence where each alternative only asks for members, a type or a form; else what the nearest lacks."""
    path = list(error.instance_path)
    kind: Any = error.kind
    branches = [branch for branch in kind.context if not _is_null_only(branch, path)]
    if not branches:
        yield _Finding(FieldError(pointer_of(path), "must be null"))
        return
    groups = [_members(branch, path) for branch in branches]
    if len(branches) > 1 and all(groups):
        which = "at least one of" if kind.name == "anyOf" else "exactly one of"
        names = list(dict.fromkeys(" and ".join(group) for group in groups))
        said = f"{which} {', '.join(names)} is required" if len(names) > 1 else f"{names[0]} is required"
        yield _Finding(FieldError(pointer_of(path), said), lacking=_lacking(kind, path))
        return
    types = [_type(branch, path) for branch in branches]
    if all(types):
        wanted = " or ".join(dict.fromkeys(word for word in types if word))
        yield _Finding(FieldError(pointer_of(path), f"must be {wanted}, not {shown(error.instance)}"))
        return
    forms = [form for form in (_form(branch, path, words) for branch in branches) if form]
    if len(forms) == len(branches):
        yield _Finding(FieldError(pointer_of(path), one_of_forms(forms, error.instance)), _FORM)
        return
    fitting = [branch for branch, word in zip(branches, types, strict=True) if not word]
    for inner in min(fitting, key=len):
        yield from _explain(inner, words)


def _is_null_only(branch: list[Error], path: list[Token]) -> bool:
    return len(branch) == 1 and _type(branch, path) == "null"


def _type(branch: list[Error], path: list[Token]) -> str | None:
    """The type that this alternative wants, where that is why it failed."""
    for error in branch:
        kind: Any = error.kind
        if kind.name == "type" and list(error.instance_path) == path:
            return types_in_words(kind.types)
    return None


def _form(branch: list[Error], path: list[Token], words: _Words) -> str | None:
    """The form that this alternative wants, where that is all of why it failed. ("not ..." joins with nothing.)"""
    if len(branch) != 1 or branch[0].kind.name != "pattern" or list(branch[0].instance_path) != path:
        return None
    form: str | None = words.place(branch[0].schema_path).schema.get("x-form")
    return None if form is None or form.startswith("not ") else form


def _members(branch: list[Error], path: list[Token]) -> tuple[str, ...]:
    """The members whose absence or emptiness is all that this alternative complains of; () if it is more."""
    names: list[str] = []
    for error in branch:
        kind: Any = error.kind
        at = list(error.instance_path)
        if kind.name == "required" and at == path:
            names.append(kind.property)
        elif len(at) == len(path) + 1 and error.instance in (None, "") and at[:-1] == path:
            names.append(str(at[-1]))
        else:
            return ()
    return tuple(dict.fromkeys(names))
