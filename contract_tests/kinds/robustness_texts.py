"""Robustness: names and notes as people write them, and as nobody would, in every text member."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from mockserver.contract import Contract, Operation, Validator, compile_schema

from ..rule import Kind, assumed, by_api, named, where
from .envelope import share
from .robustness_probes import ABSENT, Member, members, put
from .untouched import call, tidied

if TYPE_CHECKING:
    from ..lab import Lab
    from ..wire import Answer

kind = Kind("robustness")
Parts = dict[str, Any]
#: Operations of which each call needs data of its own.
_FRESH = frozenset(("captureLead", "createLead"))

#: Names and notes that any lead may have.
ORDINARY = (
    "Zoë O'Connor-Müller",
    "Łukasz Żółć",
    "李小龍",
    "Владимир",
    "प्रिया शर्मा",
    "محمد علي",
    "😀",
    "Anna 😀 Smith",
    "👩‍👩‍👧‍👦 family",
    'The "Big" House',
    "Fish & Chips <Ltd>",
    "100% sure",
    "back\\slash",
    "a/b; c, d: e",
    "#1 $5 @home",
    "x",
    "Jr.",
)
#: Those of which nobody doubts that they are a name; of the others, some have characters that may be minded.
_SURELY_NAMES = frozenset(ORDINARY[:6])
#: So many of them, the first, are of letters.
_OF_LETTERS = 6
#: Texts that some layer or other tends to take for something else.
TRICKY = (
    "e\u0301 combining",
    "Z\u0351\u036b\u0343\u036a\u0302\u036b\u033da\u034e\u0347l\u0337g\u0353\u033co",
    "\U0001d538\U0001d54a\U0001d54b\u211d\U0001d538\U0001d543",
    "\u202eright to left\u202c",
    "שלום עולם",
    "zero\u200bwidth",
    "🇮🇳",
    "line\nbreak",
    "carriage\r\nreturn",
    "tab\there",
    "\x7fdelete",
    "\x01control",
    "\ufffd replaced",
    "\ufeffmark",
    "\u2028separator",
    "<script>alert('x')</script>",
    "&lt;b&gt;&amp;",
    "'; DROP TABLE leads; --",
    "' OR '1'='1",
    'say "\\"" twice',
    "\\u0041\\n",
    "{{7*7}} ${7*7} <%= 7 %>",
    "%s %d %n %x",
    "%00",
    "../../etc/passwd",
    "=1+1",
    "null",
    "None",
    "undefined",
    "NaN",
    "true",
    "false",
    "0",
    "-1",
    "007",
    "0x1F",
    "1e309",
    "1.10",
    "2026-02-30",
    "[]",
    "{}",
    '""',
    "a  b   c",
    "ten chars!",
    "\u0130\u0131\u017f\u212a",
    "ß ẞ",
    "ﬁ",
    "x" * 200,
)


def _texts(contract: Contract, operation: Operation) -> list[Member]:
    """The members of the body that take nearly any text."""
    return [member for member in members(contract, operation) if _is_free(member)]


def _is_free(member: Member) -> bool:
    schema = member.schema
    return (
        schema.get("type") == "string"
        and "enum" not in schema
        and member.path[-1] not in _LOOKED_UP
        and Validator(compile_schema({**schema, "maxLength": 999})).is_valid("Zoë <&> 😀")
    )


_LOOKED_UP = frozenset(("stage_slug", "owner_id", "lead_id", "contact_phone"))


def _any_text(contract: Contract, operation: Operation) -> bool:
    return (
        operation.body_schema is not None
        and operation.record_action in {"create", "update"}
        and bool(_texts(contract, operation))
    )


_TOLD = by_api(
    salesiq=named("capture"), mega=named("create"), convertiq=named("request"), crmleadpro=named("lead-request-sample")
)
_CHOICE = assumed("X3", "A text is any Unicode but NUL, and is kept as it came.")


@kind.promise(
    "names",
    "{method} {path} takes names and notes in any script, and does not fail at quotes or emoji.",
    on=lambda contract, operation: _any_text(contract, operation) and operation.id in {"captureLead", "createLead"},
    source=_TOLD,
)
def names(lab: Lab, operation: Operation) -> None:
    free = [member for member in _texts(lab.contract, operation) if member.name in _DOCUMENTED]
    # Which signs beside letters a name may have is nowhere said.
    ordinary = ORDINARY if lab.strict else ORDINARY[:_OF_LETTERS]
    for text in ordinary[::4] if lab.frugal else ordinary:
        answer = _with_text(lab, operation, free, text)
        lab.expect(answer.status < 500, f"no failure for {text!r}", answer)
        if text not in _SURELY_NAMES:
            continue
        lab.expect(answer.ok, f"a 2xx for {text!r}", answer)
        for member in free:
            shown = _shown(answer, member)
            if shown is not ABSENT:
                same = isinstance(shown, str) and unicodedata.normalize("NFC", shown) == unicodedata.normalize(
                    "NFC", text
                )
                lab.expect(same, f"{text!r} as the {member.name} of the new lead", repr(shown))


#: The documents' own members for words of people.
_DOCUMENTED = frozenset(("name", "contact_name", "notes", "lead.name", "lead.description"))


@kind.promise(
    "texts", "{method} {path} takes any text wherever a text goes, and keeps it as it is.", on=_any_text, source=_CHOICE
)
def texts(lab: Lab, operation: Operation) -> None:
    free = _texts(lab.contract, operation)
    again = None if operation.id in _FRESH else call(lab, operation)
    for text in share(lab, operation, (*ORDINARY, *TRICKY), always=len(ORDINARY)):
        answer = _with_text(lab, operation, free, text, again)
        if not answer.ok:
            for member in free:  # which of them it is
                alone = _with_text(lab, operation, [member], text, again)
                lab.expect(alone.ok, f"a 2xx for {text[:60]!r} as {member.name}", alone)
        lab.expect(answer.ok, f"a 2xx for {text[:60]!r} as every text", answer)
        for member in free:
            shown = _shown(answer, member)
            if shown is not ABSENT:
                lab.expect(
                    shown == _kept(member, text), f"{text[:60]!r} as {member.name}, unchanged", repr(shown)[:200]
                )
        _read_back(lab, operation, answer, text)


def _with_text(lab: Lab, operation: Operation, free: Sequence[Member], text: str, parts: Parts | None = None) -> Answer:
    parts = parts or call(lab, operation)
    body = parts["body"]
    for member in free:
        body = put(body, member.path, _kept(member, text))
    for slug in _slugs(lab, operation) if lab.strict else ():
        body = put(body, ("custom_fields", slug), text)
    return lab.main(operation.id, **{**parts, "body": body})


def _slugs(lab: Lab, operation: Operation) -> Iterator[str]:
    if lab.contract.name == "mega" and operation.id == "createLead":
        yield from lab.facts.get("custom_fields", ())


def _kept(member: Member, text: str) -> str:
    most = member.schema.get("maxLength")
    return text if most is None else text[:most]


def _shown(answer: Answer, member: Member) -> Any:
    """The member of the answer with the name of a text of the request, or the only item of its list."""
    names = [name for name in member.path if isinstance(name, str)]
    value = answer.json if answer.body else {}
    wholes = [value, *(below for below in value.values() if isinstance(below, dict))]
    for whole in wholes:
        found = whole.get(names[-1], ABSENT)
        if found is not ABSENT and len(names) - (names[0] == "lead") == 1:
            return found[0] if isinstance(member.path[-1], int) and isinstance(found, list) and found else found
    return ABSENT


def _read_back(lab: Lab, operation: Operation, answer: Answer, text: str) -> None:
    if lab.contract.name == "crmleadpro" and operation.record_kind == "lead":
        again = lab.main("getLead", path={"id": lab.world.lead_id(answer)})
        lab.expect(again.json == answer.json, f"the lead with {text[:60]!r} as it was answered, {answer}", again)
    for slug in _slugs(lab, operation):
        shown = answer.at(f"/lead/custom_fields/{slug}", None)
        lab.expect(shown == text, f"{text[:60]!r} as the custom field {slug}, unchanged", repr(shown)[:200])


@kind.promise(
    "unknown-members",
    "{method} {path} ignores members that it does not have.",
    on=where(lambda operation: operation.body_schema is not None),
    source=assumed("X4", "Unknown members are ignored: they neither fail a request nor set anything."),
)
def unknown_members(lab: Lab, operation: Operation) -> None:
    plain = lab.main(operation.id, **call(lab, operation))
    known = {str(member.path[-1]) for member in members(lab.contract, operation)}
    mark = f"forged{lab.fresh.token()}"
    strange = {name: f"{mark} {name}" for name in _STRANGE if name not in known}
    for extra in (
        strange,
        {**dict.fromkeys(strange, 1)},
        {name: {"a": [mark]} for name in strange},
        dict.fromkeys(strange),
    ):
        parts = call(lab, operation)
        body = {**_inside(parts["body"], extra), **extra}
        answer = lab.main(operation.id, **{**parts, "body": body})
        lab.expect(answer.status == plain.status, f"{plain.status} with unknown members", answer)
        lab.expect(mark.encode() not in answer.body, "nothing of unknown members in the answer", answer)
    sure = lab.main(operation.id, **call(lab, operation))
    lab.expect(
        _names(sure.json) == _names(plain.json), f"the members {_names(plain.json)} as before", _names(sure.json)
    )


def _inside(body: Mapping[str, Any], extra: Mapping[str, Any]) -> dict[str, Any]:
    """The body with unknown members in the lead, and in the rows, that it holds."""
    changed = dict(body)
    if isinstance(body.get("lead"), dict):
        changed["lead"] = {**extra, **body["lead"]}
    if isinstance(body.get("leads"), list):
        rows = {name: value for name, value in extra.items() if name not in _OF_ROWS}
        changed["leads"] = [{**rows, **row} for row in body["leads"]]
    return changed


def _names(value: Any) -> list[str]:
    return sorted(value) if isinstance(value, dict) else []


_OF_ROWS = frozenset(("row_ref", "owner_id", "lead_line", "stage_slug", "custom_fields", "contact_name", "source_type"))
_STRANGE = (
    "id",
    "_id",
    "leadId",
    "leadCode",
    "lead_code",
    "user_id",
    "customer_id",
    "workspace_id",
    "account_id",
    "tenant",
    "created_at",
    "updated_at",
    "success",
    "duplicate",
    "message",
    "temperature",
    "assignedTo",
    "owner",
    "owner_id",
    "current_stage",
    "interaction_count",
    "last_interaction_at",
    "qualified",
    "matched_by",
    "is_admin",
    "archived",
    "recipients",
    "channel",
    "__proto__",
    "constructor",
    "self",
    "kwargs",
    "Name",
    "NAME",
    " name",
    "contact name",
    "name\n",
    "$where",
    "a.b",
    "a/b",
    "",
    "😀",
)


tidied(kind)
