"""What SalesIQ answers to a captured lead, and to whom it gives it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mockserver.contract import Operation

from ..rule import Kind, named, only
from ..worlds.salesiq import OPTIONAL, PROPERTY_TYPES, complete, documented, new, small

if TYPE_CHECKING:
    from ..lab import Lab
    from ..wire import Answer

kind = Kind("records")
CAPTURE = only("salesiq/captureLead")
INFO = only("salesiq/getCaptureInfo")
_MEMBERS = {"success", "leadId", "leadCode", "score", "temperature", "assignedTo", "message"}

_TEXTS = ("source", "sourceDetails", "city", "notes", "preferredLocation")
#: Values that the field table itself allows, each tried alone.
_ALLOWED: tuple[tuple[str, Any], ...] = (
    ("email", "amit.kumar@example.com"),
    *(("propertyType", word) for word in PROPERTY_TYPES),
    ("budgetMin", 7500000),
    ("budgetMax", 9500000),
    ("budgetMax", 250000000),
    ("source", "Facebook"),
    ("sourceDetails", "3BHK Noida ad"),
    ("city", "Noida"),
    ("notes", "Prefers a corner flat. Call after 6 pm."),
    ("preferredLocation", "Sector 62"),
    ("notes", "n" * 200),
)
#: And such as somebody might refuse for their characters or their size, though no word of the table says so.
_DOUBTED: tuple[tuple[str, Any], ...] = (
    ("email", "amit+ads@mail.example.co.in"),
    ("budgetMin", 0),
    ("budgetMin", 75000.5),
    ("budgetMax", 95000.75),
    *(
        (name, text)
        for name in _TEXTS
        for text in ("Facebook", "3BHK, Noida ad (₹95 लाख)", 'He said "call me" & left \\ 100%')
    ),
    ("notes", "first line\nsecond line\tand a tab"),
    ("notes", "Corner flat 🏠👍"),
)
_NAMES = (
    "Amit",
    "Amit Kumar",
    "José Müller",
    "अमित कुमार",
    "Dr. A. P. J. Abdul Kalam",
    "李小龙",
)
_DOUBTED_NAMES = ("O'Brien-D'Souza", "Asha 😀")


@kind.promise(
    "created",
    "A new lead is answered with 201, its leadId, leadCode, score, temperature and assignedTo, and the documented "
    "message.",
    on=CAPTURE,
    source=named("created"),
)
def created(lab: Lab, _operation: Operation) -> None:
    for lead in (small(lab), complete(lab), small(lab, propertyType="Villa", city="Pune", budgetMax=9500000)):
        documented(lab, new(lab, lead), "")


@kind.promise(
    "fields",
    "Each optional field may be sent, alone or with the others, with any value that the field table allows.",
    on=CAPTURE,
    source=named("fields-page"),
)
def fields(lab: Lab, _operation: Operation) -> None:
    for name, value in _ALLOWED:
        about = f"{name} {value!r}"
        documented(lab, new(lab, small(lab, **{name: value}), about), f" ({about})")
    for name in _NAMES:
        documented(lab, new(lab, small(lab, name=name), f"name {name!r}"), f" (name {name!r})")
    _doubted(lab)
    for more in ({"whatsapp": lab.fresh.phone()}, {"budgetMin": 5000000, "budgetMax": 9500000}):
        documented(lab, new(lab, small(lab, **more), f"{more}"), f" ({more})")
    for first in "6789" if lab.strict else "9":
        phone = first + lab.fresh.phone()[1:]
        documented(lab, new(lab, small(lab, phone=phone), f"phone {phone}"), f" (phone {phone})")
    documented(lab, new(lab, complete(lab), "every field"), " (every field)")


def _doubted(lab: Lab) -> None:
    """Where one may be refused it must not be a failure, and what is taken is answered as any other."""
    for name, value in (*_DOUBTED, *(("name", name) for name in _DOUBTED_NAMES)):
        about = f"{name} {value!r}"
        answer = lab.main("captureLead", body=small(lab, **{name: value}))
        if lab.strict or answer.status != 400:
            lab.expect(answer.status == 201, f"201 for a lead with a new number ({about})", answer)
            documented(lab, answer, f" ({about})")


@kind.promise("required", "A lead without a name or a phone answers 400.", on=CAPTURE, source=named("missing-fields"))
def required(lab: Lab, _operation: Operation) -> None:
    for make in (small, complete):
        for missing in ({"name"}, {"phone"}, {"name", "phone"}):
            lead = make(lab)
            lacking = {name: value for name, value in lead.items() if name not in missing}
            answer = lab.main("captureLead", body=lacking)
            lab.expect(answer.status == 400, f"400 for a lead without {' and '.join(sorted(missing))}", answer)
            numbers = [lead[name] for name in ("phone", "whatsapp") if name in lead]
            for number in numbers:
                new(lab, small(lab, phone=number), "it was refused before, so nothing was written")


@kind.promise("missing-key", "A capture without an x-api-key answers 401.", on=CAPTURE, source=named("missing-key"))
def missing_key(lab: Lab, _operation: Operation) -> None:
    for lead in (small(lab), complete(lab)):
        answer = lab.nobody()("captureLead", body=lead)
        lab.expect(answer.status == 401, "401 without a key", answer)
        new(lab, lead, "nothing was written without a key")
        answer = lab.nobody()("captureLead", body=lead)
        lab.expect(answer.status == 401, "401 without a key, for a known number too", answer)


@kind.promise("invalid-key", "A capture with a wrong API key answers 403.", on=CAPTURE, source=named("invalid-key"))
def invalid_key(lab: Lab, _operation: Operation) -> None:
    right = lab.credential.secret
    swap = {"a": "b", "A": "B", "0": "1"}
    last = swap.get(right[-1], "a" if right[-1].islower() else "0")
    middle = len(right) // 2
    inner = "x" if right[middle] != "x" else "y"
    wrong = {
        "another last character": right[:-1] + last,
        "another character in the middle": right[:middle] + inner + right[middle + 1 :],
        "its last character cut off": right[:-1],
        "one character more": right + "0",
        "its first half only": right[:middle],
        "an unknown one": f"sqk_live_{lab.fresh.token()}",
        "a word": "unknown",
    }
    lead = small(lab)
    for what, key in wrong.items():
        answer = lab.main("captureLead", body=lead, headers={"x-api-key": key})
        lab.expect(answer.status == 403, f"403 for a wrong key ({what})", answer)
    new(lab, lead, "nothing was written with a wrong key")


@kind.promise(
    "health",
    "{method} {path} answers 200, tells that the service is active and how to use it.",
    on=INFO,
    source=named("capture-info"),
)
def health(lab: Lab, _operation: Operation) -> None:
    _is_health(lab, lab.main("getCaptureInfo"))
    new(lab, small(lab))
    _is_health(lab, lab.main("getCaptureInfo"))


def _is_health(lab: Lab, answer: Answer, about: str = "") -> None:
    lab.expect(answer.status == 200, f"200{about}", answer)
    service, status = "SalesIQ Auto Lead Capture", "active"
    lab.expect(answer.at("/service") == service, f"service: {service!r}{about}", answer)
    lab.expect(answer.at("/status") == status, f"status: {status!r}{about}", answer)
    lab.expect(isinstance(answer.at("/version"), str), f"version: a text{about}", answer)
    lab.expect(answer.at("/usage/method") == "POST", f"usage.method: POST{about}", answer)
    headers = answer.at("/usage/headers")
    named_key = isinstance(headers, dict) and "x-api-key" in {name.lower() for name in headers}
    lab.expect(named_key, f"x-api-key in usage.headers{about}", answer)
    required = answer.at("/usage/requiredFields")
    lab.expect(sorted(required) == ["name", "phone"], f"requiredFields: name and phone{about}", answer)
    optional = answer.at("/usage/optionalFields")
    lab.expect({"email", "source", "city"} <= set(optional), f"email, source and city in optionalFields{about}", answer)


@kind.promise(
    "health-open",
    "{method} {path} needs no API key: it answers the same without one and with a wrong one.",
    on=INFO,
    source=named("capture-info"),
)
def health_open(lab: Lab, _operation: Operation) -> None:
    _is_health(lab, lab.nobody()("getCaptureInfo"), " without a key")
    for key in ("sqk_live_unknown", "x", lab.credential.secret[:-1] + "~"):
        _is_health(lab, lab.main("getCaptureInfo", headers={"x-api-key": key}), f" with the key {key!r}")
    _is_health(lab, lab.main("getCaptureInfo"), " with a key")


@kind.promise(
    "health-exact",
    "{method} {path} answers what the document shows, with all ten optional fields in the order of the field table.",
    on=INFO,
    source=named("Q7"),
)
def health_exact(lab: Lab, _operation: Operation) -> None:
    want = {
        "service": "SalesIQ Auto Lead Capture",
        "status": "active",
        "version": "1.0",
        "usage": {
            "method": "POST",
            "headers": {"x-api-key": "<your-api-key>"},
            "requiredFields": ["name", "phone"],
            "optionalFields": list(OPTIONAL),
        },
    }
    for who, caller in (("without a key", lab.nobody()), ("with a key", lab.main)):
        answer = caller("getCaptureInfo")
        lab.expect(answer.status == 200 and answer.json == want, f"200 {want} {who}", answer)


@kind.promise(
    "members",
    "The answer to a new lead has the seven members of the sample and no other.",
    on=CAPTURE,
    source=named("Q20"),
)
def members(lab: Lab, _operation: Operation) -> None:
    for lead in (small(lab), complete(lab), small(lab, extra="x", email=lab.fresh.email())):
        answer = new(lab, lead)
        lab.expect(set(answer.json) == _MEMBERS, f"the members {', '.join(sorted(_MEMBERS))}", answer)
        lab.expect(type(answer.at("/score")) is int, "score: a whole number", answer)
