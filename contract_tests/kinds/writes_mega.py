"""What is written to MEGA comes back: in the answer to the create, and in the list."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Any

from hypothesis import strategies as st

from mockserver.contract import Operation

from ..models.mega_population import Lead, listed, moment, some, word
from ..rule import Kind, NotChecked, assumed, named, only
from ..wire import Answer
from ..worlds.mega import PLATFORMS, SOURCE_TYPES
from .mega_leads import alike

if TYPE_CHECKING:
    from ..lab import Lab

kind = Kind("records")

_CREATE, _BULK = only("mega/createLead"), only("mega/bulkImportLeads")
_REQUIRED = ("id", "customer_id", "source_platform", "source_type", "status", "created_at", "updated_at")
_MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")
_CLOCKS_APART = timedelta(minutes=5)
# Each is put before a fresh word.
_PLAIN = (
    "Ann Lee",
    "O'Neil",
    'Al "Ace"',
    "Back\\slash",
    "José Núñez",
    "李雷",
    "Иван",
    "Zoë 🦊",
    "A/B & Co. <b>",
    "null",
)
#: Of these, as many as nobody could take for anything but names.
_TAME = ("Ann Lee", "O'Neil", "José Núñez", "李雷", "Иван")
_TRICKY = (
    *("100%", "{}", "${x}", "--", "#1", "a\tb", "two  spaces", "0", "false", "e\u0301", "n\u0303o", "علي", "नमस्ते"),
    *(
        "👩‍👩‍👧‍👦",
        "🏳️‍🌈",
        "\U0001d518\U0001d52b\U0001d526",
        "ﬁ",
        "ß İı",
        "&amp; &lt;",
        "\u00a0x",
        "x\u200by",
        "\ufeffx",
        "a\nb",
        "long " * 40,
    ),
)


def _made(lab: Lab, body: Mapping[str, Any]) -> Lead:
    answer = lab.main("createLead", body=body)
    lab.expect(answer.status == 201, f"201 for {dict(body)}", answer)
    lead: Lead = answer.at("/lead")
    return lead


def _listed(lab: Lab, token: str) -> dict[str, Lead]:
    """The leads with this word, with their custom fields, by id."""
    found = listed(lab, token, {"include_custom_fields": "true"}).at("/leads")
    return {lead["id"]: lead for lead in found}


def _kept(lab: Lab, bodies: Sequence[dict[str, Any]], token: str, *, exactly: bool = True) -> None:
    """Each body's members are in the lead of the answer, and in the list. The names carry the word."""
    leads = [_made(lab, body) for body in bodies]
    later = _listed(lab, token)
    lab.expect(
        len({lead["id"] for lead in leads}) == len(leads), "a lead for each create", [lead["id"] for lead in leads]
    )
    for body, lead in zip(bodies, leads, strict=True):
        compared(lab, body, lead, "in the answer", exactly=exactly)
        lab.expect(lead["id"] in later, f"the lead of {body} in the list", sorted(later))
        compared(lab, body, later[lead["id"]], "in the list", exactly=exactly)


def compared(lab: Lab, body: Mapping[str, Any], lead: Lead, where: str, *, exactly: bool = True) -> None:
    """What was sent is what the lead has, type and all. A phone may be written otherwise unless `exactly`."""
    for name, value in body.items():
        got: Any = lead.get(name)
        if name == "stage_slug":
            got = (lead.get("current_stage") or {}).get("slug")
        if name == "custom_fields":
            got = {slug: (got or {}).get(slug, "absent") for slug in value}
            got |= {slug: sent for slug, sent in value.items() if isinstance(sent, str) and alike(lab, got[slug], sent)}
        if name in {"row_ref", "lead_line"}:
            continue
        if name == "contact_phone" and not exactly:
            got, value = _last_ten(got), _last_ten(value)  # noqa: PLW2901  # only these are compared then
        lab.expect(_same(got, value), f"{name} {value!r} {where}", repr(got))


def _last_ten(phone: str | None) -> str:
    return "".join(filter(str.isdecimal, phone or ""))[-10:]


def _same(one: Any, other: Any) -> bool:
    """Equal, where true is no 1 and a text no number."""
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(_same(one[name], other[name]) for name in one)
    if isinstance(one, bool) or isinstance(other, bool):
        return one is other
    return bool(one == other)


@kind.promise(
    "kept",
    "What a create sends is in its answer and in the list.",
    on=_CREATE,
    source=named("created-or-merged"),
)
def is_kept(lab: Lab, _operation: Operation) -> None:
    token = word(lab)
    names = _PLAIN if lab.strict else _TAME * 2
    several: list[dict[str, Any]] = [{"contact_name": f"{name} {token}"} for name in some(lab, names)]
    for number, body in enumerate(several):
        if number % 3 != 1:
            body["contact_email"] = lab.fresh.email()
        if number % 3 != 2:
            body["contact_phone"] = f"+1{lab.fresh.phone()}"
        body["source_platform"], body["source_type"] = PLATFORMS[number], SOURCE_TYPES[number % 7]
    _kept(lab, several, token, exactly=False)


@kind.promise("one-contact", "A name, a phone or an email alone is enough.", on=_CREATE, source=named("one-contact"))
def one_contact(lab: Lab, _operation: Operation) -> None:
    contacts = {"contact_name": f"Lead {word(lab)}", "contact_email": lab.fresh.email()}
    contacts["contact_phone"] = f"+1{lab.fresh.phone()}"
    for name, value in contacts.items():
        lead = _made(lab, {name: value})
        others = {other: lead.get(other) for other in contacts if other != name}
        if not lab.strict:
            others.pop("contact_name", None)  # it may be made up of the rest
        lab.expect(not any(others.values()), f"no other contact field beside {name}", others)
        found = _listed(lab, value)
        alone = list(found) == [lead["id"]] if lab.strict else lead["id"] in found
        lab.expect(alone, f"the lead {lead['id']} in the list", list(found))
        compared(lab, {name: value}, found[lead["id"]], "in the list", exactly=False)


@kind.promise(
    "kept-exactly",
    "Any text comes back letter by letter; only white space around a phone or an email is dropped.",
    on=_CREATE,
    source=assumed("M59", "Contact fields are shown as they were submitted, trimmed."),
)
def is_kept_exactly(lab: Lab, _operation: Operation) -> None:
    token = word(lab)
    _kept(lab, [{"contact_name": f"x{name} {token}"} for name in _TRICKY], token)
    text = st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=40)

    @lab.each(text, examples=15)
    def _(drawn: str) -> None:
        sent = {"contact_name": f"a{drawn}b", "contact_email": lab.fresh.email()}
        lead = _made(lab, sent)
        compared(lab, sent, lead, "in the answer")
        compared(lab, sent, _listed(lab, sent["contact_email"])[lead["id"]], "in the list")

    digits = lab.fresh.phone()
    phones = ["({}) {}-{}", "+1 {} {} {}", "1.{}.{}.{}", "+1{}{}{} ext. 5", "tel:+1-{}-{}-{}"]
    written = [phone.format(digits[:3], digits[3:6], digits[6:]) for phone in phones]
    for phone in (*written, lab.fresh.phone(), "+44 20 7946 0" + digits[-3:], digits[-7:], "555-" + digits[-4:]):
        for around in ("{}", "  {}\t", "\n{} "):
            lead = _made(lab, {"contact_name": f"Phone {token}", "contact_phone": around.format(phone)})
            compared(lab, {"contact_phone": phone}, lead, f"in the answer to {around.format(phone)!r}")
    fresh = lab.fresh.token()
    emails = (
        f"{fresh}@example.com",
        f"Mixed.{fresh}@Example.COM",
        f"a+b_{fresh}-c@sub.example.co.uk",
        f"{fresh}@bücher.example",
    )
    for email in emails:
        for around in ("{}", "  {}\t", "\n{}\u00a0"):
            lead = _made(lab, {"contact_email": around.format(email)})
            compared(lab, {"contact_email": email}, lead, f"in the answer to {around.format(email)!r}")


@kind.promise(
    "new-lead",
    "A new lead has an id of its own, its customer, a status, and says when it was created.",
    on=_CREATE,
    source=named("page-description"),
)
def new_lead(lab: Lab, _operation: Operation) -> None:
    leads = [_made(lab, lab.world.lead(lab.fresh)) for _ in range(3)]
    for lead in leads:
        missing = [name for name in _REQUIRED if not isinstance(lead.get(name), str) or not lead[name]]
        lab.expect(not missing, f"the members {', '.join(_REQUIRED)}", f"no text in {missing}")
        tenant = lab.credential.tenant
        lab.expect(not tenant or lead["customer_id"].lower() == tenant.lower(), f"customer_id {tenant}", lead)
        if lead.get("current_stage") is not None:
            missing = [name for name in ("id", "slug", "name") if name not in lead["current_stage"]]
            lab.expect(not missing, "a current_stage with id, slug and name", lead["current_stage"])
    lab.expect(len({lead["id"] for lead in leads}) == len(leads), "an id of its own for each lead", leads)
    times = [moment(lead["created_at"]) for lead in leads]
    lab.expect(times == sorted(times), "created_at never before that of an earlier lead", times)


@kind.promise(
    "new-lead-moments",
    "A new lead was created and changed at one moment, the present one, told in UTC with milliseconds.",
    on=_CREATE,
    source=assumed("X7", "All timestamps are in UTC, and those of a new lead are the same."),
)
def new_lead_moments(lab: Lab, _operation: Operation) -> None:
    for given in ({"contact_name": lab.fresh.name()}, {"contact_email": lab.fresh.email()}, lab.world.lead(lab.fresh)):
        answer = lab.main("createLead", body=given)
        lead = answer.at("/lead")
        for name in ("created_at", "updated_at"):
            lab.expect(_MOMENT.fullmatch(lead[name]), f"{name} in UTC with milliseconds and Z", lead[name])
        lab.expect(lead["created_at"] == lead["updated_at"], "created_at and updated_at the same", lead)
        _on_time(lab, answer, moment(lead["created_at"]))


def _on_time(lab: Lab, answer: Answer, created: datetime) -> None:
    if "date" not in answer.headers:
        return
    near = abs(parsedate_to_datetime(answer.headers["date"]).astimezone(UTC) - created) < _CLOCKS_APART
    lab.expect(near, f"created_at near the answer's Date, {answer.headers['date']}", created)


@kind.promise("kept", "What a row of an import says is in the list.", on=_BULK, source=named("row-fields"))
def row_is_kept(lab: Lab, _operation: Operation) -> None:
    token, stages = word(lab), list(lab.facts.get("stages", ()))
    slugs = list(lab.facts.get("custom_fields", ()))[:2]
    names = _PLAIN if lab.strict else _TAME
    rows: list[dict[str, Any]] = []
    for at, platform in enumerate(PLATFORMS):
        row: dict[str, Any] = {"row_ref": f"r{at}", "contact_name": f"{names[at % len(names)]} {token}"}
        row |= {"source_platform": platform, "source_type": SOURCE_TYPES[at % 7]}
        row |= {"contact_email": lab.fresh.email()} if at % 3 != 1 else {}
        row |= {"contact_phone": f"+1{lab.fresh.phone()}"} if at % 3 != 2 else {}
        row |= {"stage_slug": stages[at % len(stages)]} if stages and at % 2 else {}
        row |= {"custom_fields": {slugs[0]: f"{1000 + at}"}} if slugs and at % 4 else {}
        row |= {"lead_line": ("buyer", "seller")[at % 2]} if at % 3 else {}
        rows.append(row)
    answer = lab.main("bulkImportLeads", body={"leads": rows})
    lab.expect(answer.status == 200, "200", answer)
    found = _listed(lab, token)
    for row, result in zip(rows, answer.at("/results"), strict=True):
        lab.expect(result["lead_id"] in found, f"the lead of the row {row} in the list", result)
        compared(lab, row, found[result["lead_id"]], f"in the list for the row {row['row_ref']}", exactly=False)
    lab.expect(len(found) == len(rows), f"{len(rows)} leads", len(found))
    for line in ("buyer", "seller"):
        wanted = [
            r["lead_id"] for row, r in zip(rows, answer.at("/results"), strict=True) if row.get("lead_line") == line
        ]
        got = [lead["id"] for lead in listed(lab, token, {"lead_line": line}).at("/leads")]
        lab.expect(sorted(got) == sorted(wanted), f"the {len(wanted)} leads with lead_line {line}", got)


@kind.promise(
    "kept-whole",
    "A row that gives no more than a contact is active, direct, an import and in the first stage.",
    on=_BULK,
    source=assumed("M36", "Left out, source_platform is direct, source_type import, and the stage the first."),
)
def row_is_kept_whole(lab: Lab, _operation: Operation) -> None:
    token = word(lab)
    names = [f"x{name} {token}" for name in _TRICKY]
    rows: list[dict[str, Any]] = [{"contact_name": name} for name in names]
    answer = lab.main("bulkImportLeads", body={"leads": rows})
    found = _listed(lab, token)
    if answer.status != 200:
        raise NotChecked("the import was refused")
    whole: dict[str, Any] = {
        "status": "active",
        "source_platform": "direct",
        "source_type": "import",
        "custom_fields": {},
        "owner": None,
    }
    whole |= {"score": None, "qualified": None, "last_interaction_at": None, "interaction_count": 0}
    for row, result in zip(rows, answer.at("/results"), strict=True):
        lead = found.get(result["lead_id"], {})
        compared(lab, {"contact_email": None, "contact_phone": None, **whole, **row}, lead, f"in the list for {row}")
        lab.expect(lead["created_at"] == lead["updated_at"], "created_at and updated_at the same", lead)
        first = next(iter(lab.facts.get("stages", ("new",))))
        lab.expect(lead["current_stage"]["slug"] == first, f"the first stage, {first}", lead["current_stage"])
