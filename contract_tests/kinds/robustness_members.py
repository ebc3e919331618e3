"""Robustness: every member of every body at its bounds, of other types, with other words, and left out."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from mockserver.contract import Contract, Operation, Source

from ..rule import Kind, assumed, by_api, named
from .envelope import refused, share
from .robustness_probes import ABSENT, Family, Member, Probe, members, probes, put
from .untouched import call, take_away, tidied, trial

if TYPE_CHECKING:
    from ..lab import Lab
    from ..wire import Answer

kind = Kind("robustness")

_SAYS: dict[Family, tuple[str, str]] = {
    "types": (
        "no member of a wrong type makes {method} {path} fail",
        "{method} {path} takes each member in its type only",
    ),
    "bounds": (
        "{method} {path} keeps to the bounds of each member",
        "{method} {path} keeps to the bounds of each member, those we chose too",
    ),
    "enums": (
        "{method} {path} takes the words that a member has, and no others",
        "{method} {path} takes our words for a member, and no others",
    ),
    "forms": (
        "{method} {path} takes each member in its form only",
        "{method} {path} takes each member in the form that we chose",
    ),
    "required": (
        "{method} {path} refuses a body without a required member",
        "{method} {path} refuses a body without a member that we require",
    ),
}
#: Operations of which each call makes something that a second one would only find again, or be refused for.
_FRESH = frozenset(("captureLead", "createLead", "bulkImportLeads", "createLeadWebhook"))
_ONE_IN = 12
_LIST_STATUSES = frozenset(("mega", "salesiq"))


_CHOICE = by_api(
    salesiq=named("Q15"),
    mega=assumed("M5", "Whatever is invalid in a body answers 400, and what is valid is kept as it came."),
    convertiq=named("C14"),
    crmleadpro=named("P39"),
)


def _of(contract: Contract, operation: Operation, family: Family, *, told: bool = False) -> list[Probe]:
    """The probes of a family, or of those the ones that rest on what the vendor says."""
    found = [probe for probe in probes(contract, operation) if probe.family == family]
    return [probe for probe in found if probe.source.level != "assumed"] if told else found


def _declare(family: Family) -> None:
    says, says_strictly = (f"{text[0].upper()}{text[1:]}." for text in _SAYS[family])

    def on_told(contract: Contract, operation: Operation) -> bool:
        return operation.body_schema is not None and bool(_of(contract, operation, family, told=True))

    def on_any(contract: Contract, operation: Operation) -> bool:
        return operation.body_schema is not None and bool(_of(contract, operation, family))

    def source(contract: Contract, operation: Operation) -> Source:
        return _of(contract, operation, family, told=True)[0].source

    def told(lab: Lab, operation: Operation) -> None:
        found = _of(lab.contract, operation, family, told=True)
        # Of a wrong type no more is asked than that nothing breaks, and one value of each type will show that.
        _try(lab, operation, [probe for probe in found if family != "types" or _is_plain(probe)], _tolerant)

    def exact(lab: Lab, operation: Operation) -> None:
        found = _of(lab.contract, operation, family)
        # Forms are many, and those of a member that an earlier operation has too are mostly read by the same code.
        again = family == "forms" and any(one.path in _earlier(lab, operation) for one in found)
        _try(lab, operation, share(lab, operation, found, always=0) if again else found, _exact)

    told.__name__, exact.__name__ = family, f"{family}_exactly"
    kind.promise(family, says, on=on_told, source=source)(told)
    kind.promise(f"{family}-exactly", says_strictly, on=on_any, source=_CHOICE)(exact)


def _earlier(lab: Lab, operation: Operation) -> set[tuple[str | int, ...]]:
    """The members that operations before this one have."""
    bodied = [one for one in lab.contract.operations.values() if one.body_schema is not None]
    return {probe.path for one in bodied[: bodied.index(operation)] for probe in probes(lab.contract, one)}


def _is_plain(probe: Probe) -> bool:
    plain: tuple[Any, ...] = ("7", 5, True, {}, ["x"])
    return any(probe.value == value and type(probe.value) is type(value) for value in plain)


def _try(lab: Lab, operation: Operation, found: Sequence[Probe], judge: Callable[[Lab, Answer, Probe], None]) -> None:
    wrong = trial(lab, operation)
    right = call(lab, operation)
    for probe in found[::_ONE_IN] if lab.frugal else found:
        if probe.fits and operation.id in _FRESH:
            right = call(lab, operation)
        parts = right if probe.fits else wrong.parts
        body = put(parts["body"], probe.path, probe.value)
        judge(lab, lab.main(operation.id, **{**parts, "body": body}), probe)
        # A customer may have a few webhooks only.
        take_away(lab, lab.trace.exchanges[-1])
    if judge is _exact or all(_is_told(lab, probe) for probe in found):
        wrong.untouched()


def _is_told(lab: Lab, probe: Probe) -> bool:
    """Whether the vendor says that such a value is refused.

    The two that list their statuses do. The others do not say what becomes of a number beyond its bounds or of an
    unknown word; and of a wrong type nobody does. A number beyond its bounds may be read as the nearest that fits, and
    an unknown word in a list may be left out of it.
    """
    if probe.family == "required":
        return True
    mended = type(probe.value) in {int, float} or isinstance(probe.path[-1], int)
    return probe.family != "types" and lab.contract.name in _LIST_STATUSES and not mended


def _tolerant(lab: Lab, answer: Answer, probe: Probe) -> None:
    lab.expect(answer.status < 500, f"no failure for {probe}", answer)
    if probe.fits:
        # That fractions are numbers too is not what everybody reads in a table.
        fraction = isinstance(probe.value, float) and not probe.value.is_integer()
        lab.expect(answer.ok or fraction, f"a 2xx for {probe}", answer)
    elif _is_told(lab, probe):
        # Of the two vendors that list their statuses, both answer what is invalid with 400.
        listed = lab.contract.name in _LIST_STATUSES
        right = answer.status == 400 if listed else 400 <= answer.status < 500
        lab.expect(right, f"{'400' if listed else 'a 4xx'} for {probe}", answer)


def _exact(lab: Lab, answer: Answer, probe: Probe) -> None:
    if not probe.fits:
        refused(lab, answer, lab.contract.errors.statuses["body-invalid"], str(probe))
        return
    lab.expect(answer.ok, f"a 2xx for {probe}", answer)
    shown = _shown(answer, probe.path)
    if probe.value not in (None, "", ABSENT) and shown is not ABSENT:
        expected = [probe.value] if isinstance(probe.path[-1], int) else probe.value
        same = shown == expected and isinstance(shown, bool) is isinstance(expected, bool)
        lab.expect(same or _trimmed(lab, shown, expected), f"{probe} in the answer, unchanged", _cut(shown))


def _trimmed(lab: Lab, shown: Any, expected: Any) -> bool:
    """MEGA keeps its texts without the white space around them."""
    return lab.contract.name == "mega" and isinstance(expected, str) and shown in (expected.strip(), None)


def _cut(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= 200 else f"{text[:200]}… ({len(text)} characters)"


def _shown(answer: Answer, path: tuple[str | int, ...]) -> Any:
    """The member in the answer: at its top, or one level down."""
    names = [name for name in path if isinstance(name, str)]
    if names[0] == "lead" and len(names) > 1:
        names = names[1:]
    value = answer.json
    for whole in (value, *(below for below in value.values() if isinstance(below, dict))):
        found: Any = whole
        for name in names:
            found = found.get(name, ABSENT) if isinstance(found, dict) else ABSENT
        if found is not ABSENT:
            return found
    return ABSENT


for _family in _SAYS:
    _declare(_family)


_SMALLEST: dict[str, str] = {
    "salesiq/captureLead": "required-fields",
    "mega/createLead": "one-contact",
    "convertiq/createLead": "required-fields",
}
_NEEDED: dict[str, tuple[tuple[str, ...], ...]] = {
    "salesiq": (("name", "phone"),),
    "mega": (("contact_name",), ("contact_phone",), ("contact_email",)),
    "convertiq": (("name", "email", "source", "industry"),),
}


@kind.promise(
    "optional",
    "{method} {path} needs no more than the members that are required.",
    on=lambda contract, operation: f"{contract.name}/{operation.id}" in _SMALLEST,
    source=lambda contract, operation: named(_SMALLEST[f"{contract.name}/{operation.id}"])(contract, operation),
)
def optional(lab: Lab, operation: Operation) -> None:
    for names in _NEEDED[lab.contract.name]:
        fresh = lab.world.lead(lab.fresh)
        body = lab.world.body({name: fresh[name] for name in names if name in fresh})
        answer = lab.main(operation.id, body=body)
        lab.expect(answer.ok, f"a 2xx for {' and '.join(names)} alone", answer)


def _numbers(contract: Contract, operation: Operation) -> list[Member]:
    """The members whose values are numbers, with or without a fraction."""
    return [one for one in members(contract, operation) if one.schema.get("type") == "number"]


@kind.promise(
    "number-forms",
    "{method} {path} reads a number however JSON spells it.",
    on=lambda contract, operation: bool(_numbers(contract, operation)),
    source=assumed("X3", "JSON is read as RFC 8259 has it: 7, 7.0 and 0.7e1 are one number."),
)
def number_forms(lab: Lab, operation: Operation) -> None:
    for member in _numbers(lab.contract, operation):
        for text in (*_SEVEN, *(_ZERO if member.schema.get("minimum") == 0 else ())):
            parts = call(lab, operation)
            marked = json.dumps(put(parts.pop("body"), member.path, _MARK))
            content = marked.replace(json.dumps(_MARK), text).encode()
            answer = lab.main(operation.id, **parts, content=content)
            lab.expect(answer.ok, f"a 2xx for {member.name} written as {text}", answer)


_MARK = "the number stands here"
_SEVEN = ("7", "7.0", "7.000000", "7e0", "0.7e1", "0.7E+1", "70e-1")
_ZERO = ("0", "0.0", "0e5", "-0", "-0.0")


tidied(kind)
