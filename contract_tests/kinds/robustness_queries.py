"""Robustness: every query parameter at its bounds, with other words and forms; and every member of a row."""

from __future__ import annotations

import functools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from mockserver.contract import Contract, Operation, Source, Validator, compile_schema, source_of
from mockserver.contract.model import Parameter

from ..rule import Kind, assumed, by_api, named, where
from .envelope import refused, share
from .robustness_probes import Member, Probe, below, of_member, put
from .robustness_texts import ORDINARY, TRICKY
from .untouched import tidied

if TYPE_CHECKING:
    from ..lab import Lab

kind = Kind("robustness")

_CHOICE = by_api(
    salesiq=named("Q15"),
    mega=assumed("M5", "Whatever is invalid in a query answers 400."),
    convertiq=named("C14"),
    crmleadpro=named("P39"),
)
_OWN_KIND = frozenset(("cursor",))
_TOLD = frozenset(("minimum", "maximum", "enum", "type"))
_STEP = 6


@dataclass(frozen=True, slots=True)
class Asked:
    """One value for one parameter of a query."""

    name: str
    text: str
    fits: bool
    source: Source

    def __str__(self) -> str:
        return f"?{self.name}={self.text[:60]}"


def _has_query(_contract: Contract, operation: Operation) -> bool:
    return any(parameter.location == "query" for parameter in operation.parameters)


@functools.cache
def _asked(contract: Contract, operation: Operation) -> tuple[Asked, ...]:
    found: list[Asked] = []
    for parameter in operation.parameters:
        if parameter.location != "query" or parameter.name in _OWN_KIND:
            continue
        at = [one.get("name") or one["$ref"] for one in operation.raw["parameters"]]
        index = next(
            index for index, word in enumerate(at) if word == parameter.name or _refers(contract, word, parameter.name)
        )
        pointer = f"{operation.pointer}/parameters/{index}/schema"
        for keyword, text, fits in _of(parameter.schema):
            said = f"{pointer}/{keyword}" if keyword in parameter.schema else pointer
            source = source_of(contract, said) if keyword in _TOLD else _NOT_TOLD
            found.append(Asked(parameter.name, text, fits, source))
    return tuple(found)


_NOT_TOLD = Source("assumed", says="A parameter is written in one way only.")


def _refers(contract: Contract, word: str, name: str) -> bool:
    if not word.startswith("#/components/parameters/"):
        return False
    return bool(contract.document["components"]["parameters"][word.rpartition("/")[2]]["name"] == name)


def _of(schema: dict[str, Any]) -> Iterator[tuple[str, str, bool]]:
    match schema["type"]:
        case "integer":
            yield from _of_integer(schema)
        case "boolean":
            for text in ("true", "false"):
                yield "", text, True
            for text in ("TRUE", "True", "yes", "1", "0", "on", "", "null", "truee"):
                yield "", text, False
        case _:
            yield from _of_text(schema)


def _of_integer(schema: dict[str, Any]) -> Iterator[tuple[str, str, bool]]:
    for keyword, step in (("minimum", -1), ("maximum", 1)):
        edge = schema[keyword]
        yield keyword, str(edge), True
        yield keyword, str(edge - step), True
        yield keyword, str(edge + step), False
        yield keyword, str(step * 10**12), False
    yield "type", "abc", False
    for text in (
        "",
        " ",
        "1.5",
        "1.0",
        "1e1",
        "+1",
        "1 ",
        " 1",
        "01x",
        "0x1",
        "\u0661",
        "1,0",
        "1_0",
        "NaN",
        "null",
        "true",
        "9" * 40,
        "1;",
        "--1",
    ):
        yield "", text, False


def _of_text(schema: dict[str, Any]) -> Iterator[tuple[str, str, bool]]:
    fits = Validator(compile_schema(schema)).is_valid
    words = schema.get("enum", ())
    for word in words:
        yield "enum", word, True
    if words:
        yield "enum", "other", False
        for near in dict.fromkeys(
            (words[0].upper(), words[0].capitalize(), f"{words[0]} ", f"{words[0]}s", "", ",".join(words[:2]))
        ):
            if near not in words:
                yield "", near, False
    if "x-form" in schema:
        yield from (("", text, fits(text)) for text in _FORMS if text in _GOOD or not fits(text))
    elif "maxLength" in schema and not words:
        most = schema["maxLength"]
        lengths = ("a" * most, "a" * (most + 1), "é" * most, "😀" * (most + 1), "a" * (3 * most))
        yield from (("", text, fits(text)) for text in lengths)
    if not words:
        yield "", "a\x00b", False


_GOOD = frozenset(
    (
        "2026-05-15T10:30:00Z",
        "2026-05-15T10:30:00.123Z",
        "2026-05-15T10:30:00+05:30",
        "2026-05-15T10:30:00-08:00",
        "2024-02-29T00:00:00Z",
        "3fa85f64-5717-4562-b3fc-2c963f66afa6",
        "3FA85F64-5717-4562-B3FC-2C963F66AFA6",
        "demo_scheduled",
        "no-such-stage",
    )
)
_FORMS = (
    *sorted(_GOOD),
    "2026-05-15",
    "2026-05-15T10:30:00",
    "2026-05-15 10:30:00Z",
    "2026-05-15T10:30Z",
    "2026-05-15T25:00:00Z",
    "2026-05-15T10:60:00Z",
    "2026-13-01T00:00:00Z",
    "2026-02-30T00:00:00Z",
    "2025-02-29T00:00:00Z",
    "2026-05-15T10:30:00+0530",
    "2026-05-15T10:30:00 05:30",
    "20260515T103000Z",
    "15.05.2026",
    "1747304000",
    "yesterday",
    "now",
    "",
    "null",
    "3fa85f6457174562b3fc2c963f66afa6",
    "{3fa85f64-5717-4562-b3fc-2c963f66afa6}",
    "3fa85f64-5717-4562-b3fc-2c963f66afa",
    "3fa85f64-5717-4562-b3fc-2c963f66afag",
    "Not A Slug",
    "__",
    "-a",
    "a--b",
)


@kind.promise(
    "query",
    "{method} {path} keeps to the bounds and words of its query parameters.",
    on=lambda contract, operation: _has_query(contract, operation) and bool(_told(contract, operation)),
    source=lambda contract, operation: _told(contract, operation)[0].source,
)
def query(lab: Lab, operation: Operation) -> None:
    for asked in _thinned(lab, _told(lab.contract, operation)):
        answer = lab.main(operation.id, query={asked.name: asked.text})
        if asked.fits:
            lab.expect(answer.ok, f"a 2xx for {asked}", answer)
        elif lab.strict:
            lab.expect(answer.status == 400, f"400 for {asked}", answer)
        else:
            # Whether it is refused, or read as the nearest that fits, is nowhere said.
            lab.expect(answer.ok or 400 <= answer.status < 500, f"an answer to {asked}", answer)


def _told(contract: Contract, operation: Operation) -> list[Asked]:
    return [asked for asked in _asked(contract, operation) if asked.source.level != "assumed"]


@kind.promise(
    "query-exactly", "{method} {path} refuses every other form of a query parameter.", on=_has_query, source=_CHOICE
)
def query_exactly(lab: Lab, operation: Operation) -> None:
    for asked in share(lab, operation, _asked(lab.contract, operation), always=0):
        answer = lab.main(operation.id, query={asked.name: asked.text})
        if asked.fits:
            lab.expect(answer.ok, f"a 2xx for {asked}", answer)
        else:
            refused(lab, answer, 400, str(asked))
    for parameter in operation.parameters:
        if parameter.location == "query":
            raw = lab.main(operation.id, url=f"{lab.contract.base_path}{operation.path}?{parameter.name}=%ff%fe")
            refused(lab, raw, 400, f"{parameter.name} in bytes that are not UTF-8")


def _thinned(lab: Lab, found: Sequence[Asked]) -> Sequence[Asked]:
    return found[::_STEP] if lab.frugal else found


def _free(_contract: Contract, operation: Operation) -> list[Parameter]:
    """The query parameters that take any text."""
    queries = [parameter for parameter in operation.parameters if parameter.location == "query"]
    return [one for one in queries if one.schema.get("type") == "string" and not {"x-form", "enum"} & one.schema.keys()]


@kind.promise(
    "query-texts",
    "{method} {path} searches for any text without failing.",
    on=lambda contract, operation: bool(_free(contract, operation)),
    source=assumed("X3", "A text to search for is any Unicode but NUL."),
)
def query_texts(lab: Lab, operation: Operation) -> None:
    free = _free(lab.contract, operation)
    # The replacement character mostly tells of bytes that could not be read.
    wanted = [text for text in (*ORDINARY, *TRICKY, *_PATTERNS) if "\ufffd" not in text]
    for text in share(lab, operation, wanted):
        words = {parameter.name: text[: parameter.schema.get("maxLength", len(text))] for parameter in free}
        answer = lab.main(operation.id, query=words)
        lab.expect(answer.status == 200, f"200 for {text[:60]!r} as {', '.join(words)}", answer)


_PATTERNS = (
    "%",
    "_",
    "*",
    "?",
    ".",
    ".*",
    "(",
    "[",
    "+",
    "\\",
    "\\d",
    "^$",
    "(?:",
    "a{9999}",
    "'",
    '"',
    "--",
    "0",
    " ",
    "+91",
)


@kind.promise(
    "rows",
    "{method} {path} takes and fails each row as the same lead alone.",
    on=where(lambda operation: operation.batch),
    source=named("M45"),
)
def rows(lab: Lab, operation: Operation) -> None:
    found = _of_rows(lab.contract, operation)
    most = operation.batch.max if operation.batch else 0
    for start in range(0, len(found), most):
        chunk = found[start : start + most]
        leads = [put(lab.world.lead(lab.fresh), probe.path, probe.value) for probe in chunk]
        answer = lab.main(operation.id, body={"leads": leads})
        lab.expect(answer.status == 200, f"200 for {len(leads)} rows", answer)
        results = answer.at("/results")
        lab.expect(len(results) == len(leads), f"{len(leads)} results", len(results))
        for probe, result in zip(chunk, results, strict=True):
            good = result["status"] in {"created", "updated"}
            lab.expect(good is probe.fits, f"the row with {probe} to be {'taken' if probe.fits else 'failed'}", result)


@functools.cache
def _of_rows(contract: Contract, operation: Operation) -> tuple[Probe, ...]:
    assert operation.batch is not None
    pointer = operation.raw["x-batch"]["row-schema"].removeprefix("#")
    found: list[Member] = list(below(operation.batch.row_schema, pointer, (), (pointer,)))
    return tuple(probe for member in found for probe in of_member(contract, member))


tidied(kind)
