"""ConvertIQ's leads: what is taken, and what comes back."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from hypothesis import strategies as st

from mockserver.contract import Operation

from ..rule import Kind, assumed, named, only
from ..worlds.convertiq import OPTIONAL, REQUIRED, SHOWN, STATUSES, complete, create, small, told

if TYPE_CHECKING:
    from ..lab import Lab

kind = Kind("records")
CREATE = only("convertiq/createLead")
_UUID = re.compile(r"[0-9A-Fa-f]{8}(-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}")
_TIME = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\.[0-9]{3}Z")
_OF_ANY_FORM = re.compile(r"\d{4}-\d{2}-\d{2}[Tt ]\d{2}:\d{2}:\d{2}(\.\d+)?([Zz]|[+-]\d{2}:?\d{2})", re.ASCII)
_MANY = 40
# Clocks differ; by how much is nobody's business as long as the time is the present.
_CLOCKS = timedelta(minutes=10)

#: Texts that come back other than they were sent where somebody normalises, escapes, trims, converts or cuts them.
_TEXTS = (
    'Jane "JD" Doe',
    "O'Brien & Sons",
    "back\\slash \\n \\u0041",
    "two\nlines\r\nand a\ttab",
    "<script>alert('x')</script>",
    "&amp; &lt;b&gt; &#39; %20 +",
    "%s %(name)s {0} {name} $1 \\1 ${name}",
    "Robert'); DROP TABLE leads;--",
    "Jane 😀 👩\u200d👩\u200d👧 🇮🇳",
    "अमित कुमार",
    "محمد علي",
    "李小龙",
    "Jos\u00e9 M\u00fcller",
    "Jose\u0301 Mu\u0308ller",
    "\uff21mit \ufb01 ½ ²",
    "two  spaces   three",
    "line\u2028and\u2029paragraph\u00a0no break",
    "bell \x07 escape \x1b delete \x7f",
    "null",
    "007",
    "1e3",
    "true",
    "a",
    "İstanbul ß ǆ \u017f",
    "n" * 200,
    "é" * 200,
    "😀" * 100,
)
#: Of 51 to 80 letters: whoever takes them keeps them whole.
_LONG_NAMES = (
    "Dr. Maria Theresia Josepha von Hohenberg-Lichtenstein-X",
    "Venkatanarasimharajuvaripeta Subrahmanya Lakshmi Narayana Sastry Ramachandran",
)
_PADDED = (" Jane", "Jane ", "  Jane  ", "\tJane\n", "\u00a0Jane\u00a0", "\u3000Jane")
_EMAILS = (
    "Jane.DOE@Example.COM",
    "jane+ads@example.com",
    "j.a.n.e@gmail.com",
    "jane_doe-1@mail.example.co.in",
    "o'brien@example.com",
    "!#$%&'*+/=?^_`{|}~-@example.com",
    "1@example.com",
    "a@b.co",
    "jane@xn--bcher-kva.example",
)


@kind.promise(
    "created",
    "A new lead is answered with success: true and the lead: id, user_id, name, email, source, industry, status and "
    "created_at.",
    on=CREATE,
    source=named("response"),
)
def created(lab: Lab, _operation: Operation) -> None:
    sample = {"phone": "15551234567", "source": "Website Form", "score": 7, "status": "contacted"}
    for lead in (small(lab), complete(lab), small(lab, **sample)):
        answer = create(lab, lead)
        media = answer.headers.get("content-type", "").lower()
        lab.expect("json" in media, "a Content-Type of JSON", media or "none")
        moment = answer.at("/lead/created_at")
        lab.expect(_OF_ANY_FORM.fullmatch(moment), "created_at: a time such as 2025-08-13T00:00:00.000Z", moment)


@kind.promise(
    "fields",
    "Each optional field may be sent, alone or with the others, with any value that the field table allows.",
    on=CREATE,
    source=named("request"),
)
def fields(lab: Lab, _operation: Operation) -> None:
    allowed: list[tuple[str, Any]] = [
        ("phone", "15551234567"),
        *(("score", number) for number in range(1, 11)),
        *(("status", word) for word in STATUSES),
        *((name, value) for name in ("monthly_revenue", "budget") for value in (10000, 50000, 10**6)),
        ("description", "Interested in AI calling"),
        *(("source", text) for text in ("Website", "API", "Website Form")),
        *(("name", text) for text in ("Jane Doe", "José Müller", "अमित कुमार", "李小龙")),
    ]
    for name, value in allowed:
        create(lab, small(lab, **{name: value}), f"{name} {value!r}")
    _doubted(lab)
    for name in OPTIONAL:
        create(lab, {key: value for key, value in complete(lab).items() if key != name}, f"without {name}")
    for status in STATUSES:
        create(lab, dict(reversed(complete(lab, status=status).items())), "its members in another order")
        create(lab, {"status": status, **complete(lab, status=status)}, "its status first")


def _doubted(lab: Lab) -> None:
    """Values that somebody might refuse for their characters or size, though no word of the table says so."""
    doubted: list[tuple[str, Any]] = [
        ("phone", "919876543210"),
        *((name, value) for name in ("monthly_revenue", "budget") for value in (0, 1, 1234.5, 10**9)),
        ("description", 'Said "call me";\nbudget €10,000 — 😀'),
        *(("source", text) for text in ("Real Estate", "Gesundheit & Pflege")),
        *(("industry", text) for text in ("Website", "Real Estate", "Gesundheit & Pflege")),
        *(("name", name) for name in ("O'Brien", *_LONG_NAMES)),
    ]
    for name, value in doubted:
        lead, about = small(lab, **{name: value}), f" ({name} {value!r})"
        answer = lab.main("createLead", body={"lead": lead})
        lab.expect(answer.status < 500, f"no failure{about}", answer)
        if lab.strict or (answer.ok and value in _LONG_NAMES):
            told(lab, answer, lead, about)


@kind.promise(
    "required",
    "A lead without a name, an email, a source or an industry is refused.",
    on=CREATE,
    source=named("required-fields"),
)
def required(lab: Lab, _operation: Operation) -> None:
    for make in (small, complete):
        for name in REQUIRED:
            lead = {key: value for key, value in make(lab).items() if key != name}
            _not_taken(lab, {"lead": lead}, f"a lead without {name}")
    _not_taken(lab, {"lead": {}}, "an empty lead")


@kind.promise(
    "wrapped",
    "The lead is the member lead of the body; a body without it is refused.",
    on=CREATE,
    source=named("request"),
)
def wrapped(lab: Lab, _operation: Operation) -> None:
    _not_taken(lab, {}, "an empty body")
    if not lab.strict:
        return  # whoever takes both forms breaks no word of the document
    _not_taken(lab, small(lab), "the fields of a lead without the object lead around them")
    _not_taken(lab, complete(lab), "the fields of a lead without the object lead around them")


def _not_taken(lab: Lab, body: Any, what: str) -> None:
    """What a refusal is the document leaves open, but for its being one."""
    answer = lab.main("createLead", body=body)
    lab.expect(400 <= answer.status < 500, f"a refusal (4xx) of {what}", answer)


@kind.promise(
    "score-bounds",
    "A score outside 1 to 10 is refused.",
    on=CREATE,
    source=assumed("C8", "What is beyond the bounds is refused, rather than dropped or brought within them."),
)
def score_bounds(lab: Lab, _operation: Operation) -> None:
    for number in (0, 11, -1, 100):
        _not_taken(lab, {"lead": small(lab, score=number)}, f"the score {number}")


@kind.promise("ids", "Each new lead has an id of its own.", on=CREATE, source=named("response"))
def ids(lab: Lab, _operation: Operation) -> None:
    seen: dict[str, int] = {}
    for number in range(4 if lab.frugal else _MANY):
        answer = create(lab, small(lab))
        lead_id = str(answer.at("/lead/id")).lower()
        lab.expect(lead_id not in seen, f"another id than that of lead {seen.get(lead_id, 0) + 1}", answer)
        seen[lead_id] = number


@kind.promise("status-201", "Creating a lead answers 201.", on=CREATE, source=named("C1"))
def status_201(lab: Lab, _operation: Operation) -> None:
    for lead in (small(lab), complete(lab), *(small(lab, status=word) for word in STATUSES)):
        answer = create(lab, lead)
        lab.expect(answer.status == 201, "201", answer)
        lab.expect("location" not in answer.headers, "no Location, since no lead can be read", dict(answer.headers))


@kind.promise(
    "members",
    "The lead in the answer has the eight members of the sample and no other.",
    on=CREATE,
    source=named("C4"),
)
def members(lab: Lab, _operation: Operation) -> None:
    for lead in (small(lab), complete(lab), small(lab, extra="x"), *(small(lab, **{n: None}) for n in OPTIONAL)):
        answer = create(lab, lead)
        lab.expect(set(answer.at("/lead")) == set(SHOWN), f"the members {', '.join(SHOWN)}", answer)
        lab.expect(set(answer.json) == {"success", "lead"}, "success and lead around it", answer)


@kind.promise("uuids", "id and user_id are UUIDs.", on=CREATE, source=named("C5"))
def uuids(lab: Lab, _operation: Operation) -> None:
    for lead in (small(lab), complete(lab), small(lab)):
        answer = create(lab, lead)
        for name in ("id", "user_id"):
            lab.expect(_UUID.fullmatch(answer.at(f"/lead/{name}")), f"{name}: a UUID", answer)
        lab.expect(answer.at("/lead/id") != answer.at("/lead/user_id"), "an id that is not the user's", answer)


@kind.promise(
    "echo",
    "Name, email, source and industry come back exactly as they were sent, whatever letters they have.",
    on=CREATE,
    source=assumed("C4", "The answer repeats the values that were sent, unchanged."),
)
def echo(lab: Lab, _operation: Operation) -> None:
    for text in (*_TEXTS, *_PADDED):
        create(lab, small(lab, name=text, source=text, industry=text), f"{text!r}")
    for name in ("name", "source", "industry"):
        for text in ("Jane 😀", "Jose\u0301", "n" * 200):
            create(lab, complete(lab, **{name: text}), f"{name} {text!r}")
    for number, email in enumerate(_EMAILS):
        create(lab, small(lab, email=email), f"email {number}: {email}")
    letters = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=40)

    @lab.each(st.tuples(letters, letters, letters), examples=10)
    def _(texts: tuple[str, str, str]) -> None:
        name, source, industry = (f"A{text}z" for text in texts)
        create(lab, small(lab, name=name, source=source, industry=industry))


@kind.promise(
    "status-new",
    "A lead without a status is new; so is one whose status is null.",
    on=CREATE,
    source=assumed("C6", "The first of the statuses is the default."),
)
def status_new(lab: Lab, _operation: Operation) -> None:
    full = complete(lab)
    del full["status"]
    for lead in (small(lab), full, small(lab, status=None), {**full, "status": None}, small(lab, score=10)):
        answer = create(lab, lead)
        lab.expect(answer.at("/lead/status") == "new", f"the status new for a lead with {_told(lead)}", answer)
    for word in STATUSES:
        create(lab, complete(lab, status=word), f"status {word}")
        answer = create(lab, small(lab))
        lab.expect(answer.at("/lead/status") == "new", f"the status new, after a lead that was {word}", answer)


def _told(lead: dict[str, Any]) -> str:
    return f"status {lead['status']!r}" if "status" in lead else "no status"


@kind.promise(
    "null-is-absent",
    "null for an optional field means that the field is absent.",
    on=CREATE,
    source=named("null-is-absent"),
)
def null_is_absent(lab: Lab, _operation: Operation) -> None:
    blanks: Iterable[dict[str, Any]] = [*({name: None} for name in OPTIONAL), dict.fromkeys(OPTIONAL)]
    for blank in (*blanks, {"description": ""}):
        answer = create(lab, small(lab, **blank), f"with {blank}")
        lab.expect(answer.at("/lead/status") == "new", f"the status new with {blank}", answer)


@kind.promise(
    "unknown-members",
    "Unknown members, within lead or beside it, are ignored.",
    on=CREATE,
    source=named("C23"),
)
def unknown_members(lab: Lab, _operation: Operation) -> None:
    mine = create(lab, small(lab)).at("/lead/user_id")
    taken = "00000000-0000-4000-8000-000000000000"
    extras: dict[str, Any] = {
        "utm_source": "ad",
        "id": taken,
        "user_id": taken,
        "created_at": "2001-01-01T00:00:00.000Z",
        "Name": "Somebody Else",
        "EMAIL": "x",
        "stage": "won",
        "nested": {"a": [1, None, {"b": "c"}]},
        "": "empty name",
    }
    # Those of a lead are unknown where it is not.
    astray = {**small(lab), "status": "lost", "success": False}
    alone: list[tuple[dict[str, Any], dict[str, Any]]] = [({name: value}, {}) for name, value in extras.items()]
    for within, beside in [*alone, ({}, extras), ({}, astray), (extras, extras)]:
        lead = small(lab, **within)
        answer = lab.main("createLead", body={"lead": lead, **beside})
        about = f"with the unknown {', '.join(map(repr, within))} within lead and {len(beside)} members beside it"
        lab.expect(answer.ok, f"a success {about}", answer)
        for name in REQUIRED:
            lab.expect(answer.at(f"/lead/{name}") == lead[name], f"the {name} {lead[name]!r} {about}", answer)
        lab.expect(answer.at("/lead/id") != taken, f"an id of the server's own {about}", answer)
        lab.expect(answer.at("/lead/user_id") == mine, f"the user_id {mine} {about}", answer)
        lab.expect(not answer.at("/lead/created_at").startswith("2001"), f"the time of creation {about}", answer)
        lab.expect(answer.at("/lead/status") == "new", f"the status new {about}", answer)


@kind.promise(
    "no-deduplication",
    "Two requests with the same lead make two leads.",
    on=CREATE,
    source=assumed("C13", "No search for duplicates is documented, so there is none."),
)
def no_deduplication(lab: Lab, _operation: Operation) -> None:
    for lead in (small(lab), complete(lab)):
        similar = [lead, lead, {**lead, "name": lab.fresh.name()}, {**lead, "email": lab.fresh.email()}, lead]
        seen: set[str] = set()
        for one in similar:
            answer = create(lab, one)
            lab.expect(answer.at("/lead/id") not in seen, "a new id each time", answer)
            lab.expect(answer.status == 201, "201 each time", answer)
            seen.add(answer.at("/lead/id"))


@kind.promise(
    "user",
    "user_id is the same for every lead of a key.",
    on=CREATE,
    source=assumed("C22", "user_id is the owner of the API key."),
)
def user(lab: Lab, _operation: Operation) -> None:
    first = create(lab, small(lab)).at("/lead/user_id")
    for lead in (small(lab), complete(lab), small(lab, user_id=lab.fresh.token()), small(lab, name="Jane")):
        answer = create(lab, lead)
        lab.expect(answer.at("/lead/user_id") == first, f"the user_id {first}", answer)


@kind.promise(
    "user-own",
    "Another account's leads have another user_id.",
    on=CREATE,
    source=assumed("C22", "user_id is the owner of the API key."),
)
def user_own(lab: Lab, _operation: Operation) -> None:
    other = lab.other_tenant()
    lead = small(lab)
    here, there = create(lab, lead), create(lab, lead, "in another account", other)
    mine, theirs = here.at("/lead/user_id"), there.at("/lead/user_id")
    lab.expect(mine != theirs, f"another user_id than {mine}", there)
    lab.expect(here.at("/lead/id") != there.at("/lead/id"), "another id in another account", there)
    for caller, want in ((lab.main, mine), (other, theirs), (lab.main, mine)):
        answer = create(lab, small(lab), caller=caller)
        lab.expect(answer.at("/lead/user_id") == want, f"the user_id {want}", answer)


@kind.promise(
    "created-at",
    "created_at is the time of the request, in UTC with milliseconds.",
    on=CREATE,
    source=named("C21"),
)
def created_at(lab: Lab, _operation: Operation) -> None:
    moments: list[datetime] = []
    for number in range(4 if lab.frugal else _MANY):
        answer = create(lab, complete(lab) if number % 2 else small(lab))
        text = answer.at("/lead/created_at")
        lab.expect(_TIME.fullmatch(text), "created_at like 2025-08-13T00:00:00.000Z", text)
        now = datetime.now(UTC)
        moment = datetime.fromisoformat(text)
        lab.expect(abs(moment - now) < _CLOCKS, f"created_at close to {now:%Y-%m-%dT%H:%M:%SZ}", text)
        lab.expect(
            not moments or moment >= moments[-1], f"created_at not before that of the lead before, {moments[-1:]}", text
        )
        moments.append(moment)
    if not lab.frugal:
        parts = {moment.microsecond for moment in moments}
        lab.expect(len(parts) > 1, "milliseconds that differ from lead to lead", f"always {parts}")
