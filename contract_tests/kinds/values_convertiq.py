"""Which values ConvertIQ refuses, where the document leaves that open."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mockserver.contract import Operation

from ..rule import Kind, named, only
from ..worlds.convertiq import REQUIRED, complete, create, refused, small
from .wrong_values import BLANK, NO_EMAIL, NO_TEXT

if TYPE_CHECKING:
    from ..lab import Lab

kind = Kind("records")
CREATE = only("convertiq/createLead")
_NO_NUMBER: tuple[Any, ...] = ("7", "", "seven", True, False, [7], {"a": 7}, [], {})
#: The line feed is there for patterns that end with a plain $.
_NO_PHONE: tuple[Any, ...] = (
    "",
    " ",
    "+15551234567",
    "0155512345",
    "1234567890123456",
    "12345678901234567890",
    "123456",
    "1",
    "1-555-123-4567",
    "1 555 123 4567",
    "(1)5551234567",
    "15551234567 ",
    " 15551234567",
    "15551234567\n",
    "1555123456x",
    "1.5551234567",
    "n/a",
    "१५५५१२३४५६७",
    "1555१२३4567",
    "\uff11\uff15\uff15\uff15\uff11\uff12\uff13\uff14\uff15\uff16\uff17",
    "1555123456²",
    15551234567,
    1.0,
    True,
    ["15551234567"],
    {"number": "15551234567"},
)
_NO_STATUS: tuple[Any, ...] = (
    "Contacted",
    "NEW",
    "New",
    "qualiFied",
    "Lost",
    " new",
    "new ",
    "new\n",
    "",
    "won",
    "archived",
    "unqualified",
    "new,lost",
    0,
    1,
    True,
    ["new"],
    {},
)


def _refuses(lab: Lab, values: list[tuple[str, Any]]) -> None:
    """Each value of a field must be refused, in a small lead and in a complete one."""
    for number, (name, value) in enumerate(values):
        lead = (complete if number % 2 else small)(lab, **{name: value})
        long = isinstance(value, str) and len(value) > 99
        what = f"a {name} of {len(value)} characters" if long else f"the {name} {value!r}"
        refused(lab, lab.main("createLead", body={"lead": lead}), what)
    create(lab, small(lab), "after refusals")


@kind.promise("missing", "A lead without a required field answers 400 and says so.", on=CREATE, source=named("C14"))
def missing(lab: Lab, _operation: Operation) -> None:
    for make in (small, complete):
        for name in REQUIRED:
            lead = {key: value for key, value in make(lab).items() if key != name}
            refused(lab, lab.main("createLead", body={"lead": lead}), f"a lead without {name}")
        for name in REQUIRED:
            lead = {key: value for key, value in make(lab).items() if key == name or key not in REQUIRED}
            refused(lab, lab.main("createLead", body={"lead": lead}), f"a lead with no required field but {name}")


@kind.promise("blank", "A required field that is null or blank answers 400.", on=CREATE, source=named("C11"))
def blank(lab: Lab, _operation: Operation) -> None:
    _refuses(lab, [(name, value) for value in (None, *BLANK) for name in REQUIRED])


@kind.promise("types", "A field with a value of another type answers 400.", on=CREATE, source=named("C14"))
def types(lab: Lab, _operation: Operation) -> None:
    _refuses(lab, [(name, value) for value in NO_TEXT for name in (*REQUIRED, "description")])
    _refuses(lab, [(name, value) for value in _NO_NUMBER for name in ("score", "monthly_revenue", "budget")])


@kind.promise("email-form", "An email that is no email address answers 400.", on=CREATE, source=named("C12"))
def email_form(lab: Lab, _operation: Operation) -> None:
    _refuses(lab, [("email", email) for email in NO_EMAIL])


@kind.promise(
    "phone-form",
    "A phone is seven to fifteen digits without a plus sign, the first not 0; another form answers 400.",
    on=CREATE,
    source=named("C10"),
)
def phone_form(lab: Lab, _operation: Operation) -> None:
    _refuses(lab, [("phone", phone) for phone in _NO_PHONE])
    for phone in ("1234567", "12345678", "15551234567", "919876543210", "123456789012345", "999999999999999"):
        create(lab, small(lab, phone=phone), f"phone {phone}")


@kind.promise(
    "status-form", "A status other than the four, letter by letter, answers 400.", on=CREATE, source=named("C7")
)
def status_form(lab: Lab, _operation: Operation) -> None:
    _refuses(lab, [("status", word) for word in _NO_STATUS])


@kind.promise(
    "score-form",
    "A score is a number from 1 to 10 and need not be whole; another one answers 400.",
    on=CREATE,
    source=named("C14"),
)
def score_form(lab: Lab, _operation: Operation) -> None:
    _refuses(lab, [("score", number) for number in (0, 0.99, 0.5, 10.5, 10.0001, 11, 100, -1, -7, 10**20)])
    for number in (1, 10, 7, 7.5, 1.0, 10.0, 1.01, 9.99, 5e0):
        create(lab, small(lab, score=number), f"score {number}")


@kind.promise(
    "amounts", "monthly_revenue and budget are not negative; else the answer is 400.", on=CREATE, source=named("C20")
)
def amounts(lab: Lab, _operation: Operation) -> None:
    for name in ("monthly_revenue", "budget"):
        _refuses(lab, [(name, number) for number in (-1, -0.01, -50000, -(10**12))])
        for number in (0, 0.0, 0.01, 1, 50000, 1234.56, 10**12):
            create(lab, small(lab, **{name: number}), f"{name} {number}")
    create(lab, small(lab, monthly_revenue=1, budget=10**9), "a budget above the revenue")


@kind.promise("nul", "A text with a NUL character answers 400.", on=CREATE, source=named("no-nul"))
def nul(lab: Lab, _operation: Operation) -> None:
    texts = ("name", "source", "industry", "description")
    _refuses(lab, [(name, value) for name in texts for value in ("a\0", "\0a", "a\0b")])


@kind.promise(
    "length",
    "A text of a reasonable length is taken, and one beyond every reason answers 400.",
    on=CREATE,
    source=named("bounds"),
)
def length(lab: Lab, _operation: Operation) -> None:
    longest = {"name": 200, "source": 200, "industry": 200, "description": 5000}
    for name, most in longest.items():
        for letter in "né😀":
            create(lab, small(lab, **{name: letter * most}), f"a {name} of {most} times {letter}")
    _refuses(lab, [(name, "n" * (most + 1)) for name, most in longest.items()])


@kind.promise(
    "no-lead",
    "A body without an object lead, or that is no JSON, answers 400.",
    on=CREATE,
    source=named("C3"),
)
def no_lead(lab: Lab, _operation: Operation) -> None:
    lead = small(lab)
    no_object: tuple[Any, ...] = (None, [], [lead], "lead", "", 5, True, {})
    for wrong in no_object:
        refused(lab, lab.main("createLead", body={"lead": wrong}), f"a lead that is {wrong!r}")
    objects: tuple[dict[str, Any], ...] = (
        lead,
        complete(lab),
        {"leads": [lead]},
        {"Lead": lead},
        {"data": {"lead": lead}},
    )
    for without in ({}, *objects):
        refused(lab, lab.main("createLead", body=without), f"a body with {', '.join(without) or 'nothing'} and no lead")
    bodies: tuple[Any, ...] = ([], [{"lead": lead}], None, "lead", 5, True)
    for body in bodies:
        refused(lab, lab.main("createLead", body=body), f"the body {body!r}")
    for content in (b"", b"{", b'{"lead": {"name": "A"}', b"name=A&email=a%40example.com", b"{'lead': {}}"):
        refused(lab, lab.main("createLead", content=content), f"the body {content!r}")


@kind.promise(
    "key-refusals",
    "A missing and a wrong key answer 401 with the body of every error.",
    on=CREATE,
    source=named("C15"),
)
def key_refusals(lab: Lab, _operation: Operation) -> None:
    body = {"lead": small(lab)}
    refused(lab, lab.nobody()("createLead", body=body), "no key", 401)
    refused(lab, lab.main("createLead", body=body, headers=[("X-API-Key", "")]), "an empty key", 401)
    refused(lab, lab.main("createLead", body=body, headers={"X-API-Key": "ciq_unknown"}), "a wrong key", 401)
