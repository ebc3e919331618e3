"""Which values SalesIQ takes and which it refuses, where the document leaves that open."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mockserver.contract import Operation

from ..rule import Kind, named, only
from ..worlds.salesiq import OPTIONAL, PROPERTY_TYPES, complete, documented, known, new, refused, small
from .wrong_values import BLANK, NO_EMAIL, NO_TEXT

if TYPE_CHECKING:
    from ..lab import Lab
    from ..wire import Answer

kind = Kind("records")
CAPTURE = only("salesiq/captureLead")


@kind.promise(
    "unknown-members",
    "Unknown members of the body are ignored.",
    on=CAPTURE,
    source=named("Q28"),
)
def unknown_members(lab: Lab, _operation: Operation) -> None:
    plain = new(lab, small(lab, city="Noida"))
    extras: dict[str, Any] = {
        "utm_source": "ad",
        "Name": "Somebody Else",
        "PHONE": "1",
        "leadId": plain.at("/leadId"),
        "id": "1",
        "leadCode": "LD0000",
        "score": 100,
        "temperature": "Boiling",
        "assignedTo": "nobody",
        "message": "no",
        "success": False,
        "duplicate": True,
        "nested": {"a": [1, None, {"b": "c"}]},
        "": "empty name",
    }
    for more in ({name: value} for name, value in extras.items()):
        _as_without(lab, plain, small(lab, city="Noida", **more), f"with the unknown {next(iter(more))!r}")
    lead = small(lab, city="Noida", **extras)
    answer = _as_without(lab, plain, lead, "with many unknown members")
    known(lab, lead, answer)


def _as_without(lab: Lab, plain: Answer, lead: dict[str, Any], about: str) -> Answer:
    """The lead must be new, and be what it is without the member in question."""
    answer = new(lab, lead, about)
    documented(lab, answer, f" {about}")
    for name in ("score", "temperature"):
        want = plain.at(f"/{name}")
        lab.expect(answer.at(f"/{name}") == want, f"the {name} {want!r} of the same lead {about}", answer)
    lab.expect(answer.at("/leadId") != plain.at("/leadId"), f"another leadId {about}", answer)
    return answer


@kind.promise(
    "null-is-absent",
    "null for an optional field, or an empty text, means that the field is absent.",
    on=CAPTURE,
    source=named("null-is-absent"),
)
def null_is_absent(lab: Lab, _operation: Operation) -> None:
    plain = new(lab, small(lab))
    texts = [name for name in OPTIONAL if name != "propertyType" and not name.startswith("budget")]
    blanks = [{name: None} for name in OPTIONAL] + [{name: ""} for name in texts]
    blanks += [dict.fromkeys(OPTIONAL), dict.fromkeys(texts, "")]
    for blank in blanks:
        _as_without(lab, plain, small(lab, **blank), f"with {blank}")


#: Other spellings of a mobile number, and what is none. The line feed is there for patterns that end with a plain $.
_PHONES: tuple[Any, ...] = (
    "98765 43210",
    "98765-43210",
    "+919876543210",
    "+91 98765 43210",
    "919876543210",
    "09876543210",
    "5876543210",
    "0876543210",
    "1876543210",
    "4876543210",
    "987654321",
    "98765432101",
    " 9876543210",
    "9876543210 ",
    "9876543210\n",
    "987654321O",
    "98765a3210",
    "9876543.10",
    "-987654321",
    "(98765)43210",
    "९८७६५४३२१०",
    "\uff19\uff18\uff17\uff16\uff15\uff14\uff13\uff12\uff11\uff10",
    "98765४3210",
    "987654321²",
    "n/a",
    "----------",
    9876543210,
    9876543210.0,
    True,
    ["9876543210"],
    {"number": "9876543210"},
)
_NO_NUMBER: tuple[Any, ...] = ("7500000", "", "ten", True, False, [1], {"a": 1}, [], {})
_NO_PROPERTY = (
    "Castle",
    "flat",
    "FLAT",
    "Flat ",
    " Flat",
    "Flat,Villa",
    "Flat/Villa",
    "",
    "Apartment",
    "Villas",
    "commercial",
)


def _refuses(lab: Lab, values: list[tuple[str, Any]]) -> None:
    """Each value of a field must be refused, and none of the leads with them be there afterwards.

    In a small lead, where no other field can be the reason, and some in a complete one.
    """
    lead = complete(lab)
    least = {name: lead[name] for name in ("name", "phone")}
    for number, (name, value) in enumerate(values):
        answer = lab.main("captureLead", body={**(lead if number % 4 == 3 else least), name: value})
        refused(
            lab, answer, f"the {name} {value!r}" if len(str(value)) < 99 else f"a {name} of {len(value)} characters"
        )
    plain = new(lab, small(lab, phone=lead["phone"]), "it was refused before, so nothing was written")
    known(lab, lead, plain)
    new(lab, small(lab, phone=lead["whatsapp"]), "the WhatsApp number of a refused lead")


@kind.promise(
    "phone-form",
    "A phone is ten ASCII digits, the first of them 6 to 9; another spelling answers 400.",
    on=CAPTURE,
    source=named("Q16", "Q17"),
)
def phone_form(lab: Lab, _operation: Operation) -> None:
    _refuses(lab, [("phone", phone) for phone in (*_PHONES, None, *BLANK)])
    for first in "6789":
        for digits in (lab.fresh.phone()[1:] for _ in range(2)):
            new(lab, small(lab, phone=first + digits))


@kind.promise(
    "whatsapp-form",
    "A WhatsApp number has the form of a phone; another spelling answers 400.",
    on=CAPTURE,
    source=named("Q16", "Q17"),
)
def whatsapp_form(lab: Lab, _operation: Operation) -> None:
    _refuses(lab, [("whatsapp", phone) for phone in (*_PHONES, " ")])


@kind.promise("name-blank", "A name that is null or blank answers 400.", on=CAPTURE, source=named("not-blank"))
def name_blank(lab: Lab, _operation: Operation) -> None:
    _refuses(lab, [("name", name) for name in (None, *BLANK)])


@kind.promise("types", "A field with a value of another type answers 400.", on=CAPTURE, source=named("Q15"))
def types(lab: Lab, _operation: Operation) -> None:
    texts = ["name", *(name for name in OPTIONAL if not name.startswith("budget") and name != "whatsapp")]
    _refuses(lab, [(name, value) for name in texts for value in NO_TEXT])
    _refuses(lab, [(name, value) for name in ("budgetMin", "budgetMax") for value in _NO_NUMBER])


@kind.promise("email-form", "An email that is no email address answers 400.", on=CAPTURE, source=named("Q15"))
def email_form(lab: Lab, _operation: Operation) -> None:
    _refuses(lab, [("email", email) for email in NO_EMAIL])


@kind.promise("property-type", "A propertyType other than the four answers 400.", on=CAPTURE, source=named("Q26"))
def property_type(lab: Lab, _operation: Operation) -> None:
    _refuses(lab, [("propertyType", word) for word in _NO_PROPERTY])
    for word in PROPERTY_TYPES:
        new(lab, small(lab, propertyType=word), word)


@kind.promise(
    "budget",
    "A budget is not negative, and budgetMin not above budgetMax; else the answer is 400.",
    on=CAPTURE,
    source=named("Q27"),
)
def budget(lab: Lab, _operation: Operation) -> None:
    _refuses(lab, [(name, value) for name in ("budgetMin", "budgetMax") for value in (-1, -0.01, -(10**9))])
    lead = small(lab)
    crossed = ((2, 1), (10, 9), (1, 0), (0.5, 0.25), (7500000.01, 7500000), (9500000, 7500000), (10**12, 10**11))
    for low, high in crossed:
        answer = lab.main("captureLead", body={**lead, "budgetMin": low, "budgetMax": high})
        refused(lab, answer, f"a budget from {low} to {high}")
    new(lab, lead, "it was refused before, so nothing was written")
    allowed: tuple[tuple[Any, Any], ...] = ((0, 0), (1, 1), (0, 1), (7500000, 7500000.01), (1, None), (None, 1))
    # As texts these would be the wrong way round.
    allowed += ((9, 10), (900000, 1000000), (2, 10.5), (95000.5, 750000))
    for least, most in (*allowed, (10**12, 10**12)):
        new(lab, small(lab, budgetMin=least, budgetMax=most), f"a budget from {least} to {most}")


@kind.promise("nul", "A text with a NUL character answers 400.", on=CAPTURE, source=named("no-nul"))
def nul(lab: Lab, _operation: Operation) -> None:
    texts = ("name", "source", "sourceDetails", "city", "notes", "preferredLocation")
    _refuses(lab, [(name, value) for name in texts for value in ("a\0", "\0a", "a\0b")])


@kind.promise(
    "length",
    "A text of a reasonable length is taken, and one beyond every reason answers 400.",
    on=CAPTURE,
    source=named("bounds"),
)
def length(lab: Lab, _operation: Operation) -> None:
    longest = {"name": 200, "source": 200, "sourceDetails": 1000, "city": 200, "notes": 5000, "preferredLocation": 200}
    for name, most in longest.items():
        for letter in "né😀":
            new(lab, small(lab, **{name: letter * most}), f"a {name} of {most} times {letter}")
    _refuses(lab, [(name, "n" * (most + 1)) for name, most in longest.items()])


@kind.promise(
    "no-lead",
    "A body that is no JSON object, or no JSON at all, answers 400.",
    on=CAPTURE,
    source=named("Q15"),
)
def no_lead(lab: Lab, _operation: Operation) -> None:
    lead = small(lab)
    for body in ([], [lead], None, "lead", 5, True, {}, {"lead": lead}):
        refused(lab, lab.main("captureLead", body=body), f"the body {body!r}")
    for content in (b"", b"{", b'{"name": "A", "phone": "9876543210"', b"name=A&phone=9876543210", b"{'name': 'A'}"):
        refused(lab, lab.main("captureLead", content=content), f"the body {content!r}")
    new(lab, lead, "it was refused before, so nothing was written")


@kind.promise(
    "key-refusals",
    "401 and 403 have the body of every error: success is false and error is a text.",
    on=CAPTURE,
    source=named("Q14"),
)
def key_refusals(lab: Lab, _operation: Operation) -> None:
    lead = small(lab)
    refused(lab, lab.nobody()("captureLead", body=lead), "no key", 401)
    refused(lab, lab.main("captureLead", body=lead, headers=[("x-api-key", "")]), "an empty key", 401)
    refused(lab, lab.main("captureLead", body=lead, headers={"x-api-key": "sqk_live_unknown"}), "a wrong key", 403)
    new(lab, lead, "it was refused before, so nothing was written")
