"""CRMLead Pro's leads: made, and read back."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Any

from hypothesis import strategies as st

from mockserver.contract import Operation

from ..models.crmleadpro import digits_of
from ..models.crmleadpro_values import BAD, GOOD, NULLABLE, members, texts
from ..rule import Kind, assumed, named, only
from ..worlds.workspace import Workspace

if TYPE_CHECKING:
    from ..lab import Lab
    from ..wire import Answer

kind = Kind("records")

CREATE = only("crmleadpro/createLead")


@kind.promise(
    "kept",
    "A new lead can be read, with the name, email, phone and source that were sent.",
    on=CREATE,
    source=named("create-lead"),
)
def kept(lab: Lab, _operation: Operation) -> None:
    for name in (lab.fresh.name(), f"प्रिया {lab.fresh.name()}{' 😀' if lab.strict else ''}"):
        sent = {**lab.world.lead(lab.fresh), "name": name}
        made = lab.main("createLead", body=sent)
        lab.expect(made.ok, "the example of the document, with contact data of its own, to be taken", made)
        answer = lab.main("getLead", path={"id": lab.world.lead_id(made)})
        lab.expect(answer.ok, "the new lead", answer)
        lab.expect(answer.at("/name") == sent["name"], f"the name {sent['name']!r}", answer)
        lab.expect(str(answer.at("/email")).lower() == sent["email"], f"the email {sent['email']!r}", answer)
        digits = digits_of(str(answer.at("/phone")))
        # Whether the country's code is kept is nowhere said.
        whole = digits == digits_of(sent["phone"]) if lab.strict else digits.endswith(digits_of(sent["phone"])[-10:])
        lab.expect(whole, f"the digits of {sent['phone']!r}", answer)
        # The two samples of the document spell one source in two ways.
        sources = {sent["source"], "website"}
        shown = answer.at("/source")
        tidied = str(shown).lower().replace(" ", "_").replace("-", "_")
        lab.expect((shown if lab.strict else tidied) in sources, f"the source {sent['source']!r}", answer)


@kind.promise("created", "A create answers 201 with the whole lead, and GET the same.", on=CREATE, source=named("P5"))
def created(lab: Lab, _operation: Operation) -> None:
    here = Workspace(lab)
    full = {**lab.world.lead(lab.fresh), "company": "Acme Corp", "status": "qualified", "score": 87}
    full |= {"pipeline_stage": "demo_scheduled", "assigned_to": "user_sales_rep_01", "tags": ["hot-lead", "enterprise"]}
    phone_only = {"name": lab.fresh.name(), "phone": lab.fresh.phone()}
    email_only = {"name": lab.fresh.name(), "email": lab.fresh.email()}
    nulls = {**email_only, **dict.fromkeys(name for name in NULLABLE if name != "email")}
    for sent in (lab.world.lead(lab.fresh), full, phone_only, email_only, nulls, {**phone_only, "email": None}):
        lead = here.made(sent)
        here.unchanged(lead, "it was made")
        here.unchanged(lead, "it was read")


@kind.promise("location", "The answer to a create names the new lead's path.", on=CREATE, source=named("P5"))
def location(lab: Lab, _operation: Operation) -> None:
    here = Workspace(lab)
    for _ in range(2):
        sent = lab.world.lead(lab.fresh)
        answer = lab.main("createLead", body=sent)
        lead, where = here.new(sent, answer), answer.headers.get("location", "")
        path = f"{lab.contract.base_path}/leads/{lead['id']}"
        lab.expect(where == path, f"the Location {path}", where or "no Location")
        here.agree(lead, here.whole(lab.main("getLead", url=where), 200, "the lead at Location"), "at its Location")


@kind.promise(
    "defaults",
    "What a create leaves out gets its default, whatever the other members are.",
    on=CREATE,
    source=assumed("P1", "Status new, pipeline sales, its first stage, no tags, and null for the rest."),
)
def defaults(lab: Lab, _operation: Operation) -> None:
    here = Workspace(lab)
    for name, values in {**GOOD, "pipeline": ("sales",)}.items():
        lead = here.create(**{name: values[0]})
        here.unchanged(lead, f"only its {name} was given")
    for status in GOOD["status"]:
        here.create(status=status)
    for stage in GOOD["pipeline_stage"]:
        here.create(pipeline="sales", pipeline_stage=stage)


@kind.promise(
    "unchanged",
    "Each member is kept as it was sent: letter case, blanks, separators, every script, order and duplicates of tags.",
    on=CREATE,
    source=assumed("P8", "What a client sends is kept as given."),
)
def unchanged(lab: Lab, _operation: Operation) -> None:
    here = Workspace(lab)
    for at in range(max(map(len, GOOD.values()))):
        sent = {name: values[at % len(values)] for name, values in GOOD.items()}
        here.unchanged(here.made(sent), "it was made")

    @lab.each(st.tuples(texts(100), members()), examples=15)
    def _(drawn: tuple[str, dict[str, Any]]) -> None:
        text, said = drawn
        here.unchanged(here.create(name=f"{lab.fresh.name()} {text}", **said), "it was made")


@kind.promise(
    "ids",
    "Every lead has an id of its own; the moment it was made is told in UTC.",
    on=CREATE,
    source=named("P7"),
)
def ids(lab: Lab, _operation: Operation) -> None:
    here = Workspace(lab)
    leads = []
    for number in range(10):
        sent = {"name": f"Number {number}", "phone": lab.fresh.phone()}
        answer = lab.main("createLead", body=sent)
        leads.append(here.new(sent, answer))
        _is_now(lab, answer, leads[-1]["created_at"])
    numbers = [lead["id"] for lead in leads]
    lab.expect(len(set(numbers)) == len(numbers), f"{len(numbers)} leads with as many ids", numbers)
    times = [datetime.fromisoformat(lead["created_at"]) for lead in leads]
    lab.expect(times == sorted(times), "leads made one after the other to be dated so", times)
    requests = [lab.main.request("createLead", body={"name": "At once", "phone": "9876543210"}) for _ in range(16)]
    together = [exchange.answer.at("/id", "") for exchange in lab.send_all(requests)]
    lab.expect(len(set(together) - set(numbers)) == 16, "16 leads made at the same time with as many ids", together)


def _is_now(lab: Lab, answer: Answer, told: str) -> None:
    """The target's clock may be wrong, so it is compared with the Date that the answer tells, where it does."""
    date = answer.headers.get("date")
    now = parsedate_to_datetime(date) if date else datetime.now(UTC)
    near = abs(datetime.fromisoformat(told) - now) < timedelta(minutes=10)
    lab.expect(near, f"created_at to be about {now:%Y-%m-%dT%H:%M:%SZ}", told)


@kind.promise(
    "twice",
    "The same create twice makes two leads, whatever they share.",
    on=CREATE,
    source=assumed("P27", "Nothing is deduplicated."),
)
def twice(lab: Lab, _operation: Operation) -> None:
    here = Workspace(lab)
    first_sent = {**lab.world.lead(lab.fresh), "company": "Acme Corp", "tags": ["hot"]}
    first = here.made(first_sent)
    other = lab.world.lead(lab.fresh)
    same_email = {**other, "email": first_sent["email"]}
    same_phone = {**other, "phone": first_sent["phone"], "email": None}
    only_name = {**other, "name": first_sent["name"]}
    seen = {first["id"]}
    for sent in (first_sent, first_sent, same_email, same_phone, only_name):
        lead = here.made(sent)
        lab.expect(lead["id"] not in seen, "a lead of its own", lead)
        seen.add(lead["id"])
        here.unchanged(lead, "it was made")
        here.unchanged(first, "one like it was made")
    # No header asks for anything else: this API has no idempotency keys.
    key = {"Idempotency-Key": lab.fresh.token()}
    pair = [here.made(first_sent, headers=key) for _ in range(2)]
    lab.expect(pair[0]["id"] != pair[1]["id"], "two leads, in spite of the header Idempotency-Key", pair[1])


@kind.promise(
    "needed",
    "A create without a name, or with neither an email nor a phone, answers 422 and writes nothing.",
    on=CREATE,
    source=named("P6"),
)
def needed(lab: Lab, _operation: Operation) -> None:
    here = Workspace(lab)
    mark = here.mark()
    contact = {"email": lab.fresh.email(), "phone": "+91 98765 43210", "company": mark}
    name = {"name": f"Nobody {mark}", "source": "website"}
    nothing_said: tuple[dict[str, Any], ...] = (
        {"email": None},
        {"phone": None},
        {"email": None, "phone": None},
        {"company": "c", "tags": ["t"], "contact_email": "a@b.example", "mobile": "9876543210"},
    )
    here.refused(lab.main("createLead", body=contact), 422, "a lead without a name", "/name")
    here.refused(lab.main("createLead", body=name), 422, "a lead without email and phone")
    for more in nothing_said:
        here.refused(lab.main("createLead", body={**name, **more}), 422, f"a lead with only {more} beside its name")
    bodies: tuple[Any, ...] = ({}, [], [contact | name], "x", 5, None, {"lead": contact | name})
    for body in bodies:
        here.refused(lab.main("createLead", body=body), 422, f"the body {body}")
    here.nothing_left(mark, "a refused create")


@kind.promise(
    "refused",
    "A create with a wrong member answers 422, names the member and writes nothing.",
    on=CREATE,
    source=named("P39"),
)
def refused(lab: Lab, _operation: Operation) -> None:
    here = Workspace(lab)
    mark = here.mark()
    sound = {"name": f"Wrong {mark}", "email": lab.fresh.email(), "phone": "+91 98765 43210", "company": mark}
    for name, values in BAD.items():
        for value in values:
            answer = lab.main("createLead", body={**sound, name: value})
            here.refused(answer, 422, f"a lead with {name} {_short(value)}", f"/{name}")
    several = {**sound, "name": 5, "score": 101, "status": "hot", "tags": ["x", 5]}
    answer = lab.main("createLead", body=several)
    here.refused(answer, 422, "a lead with four mistakes", "/name", "/score", "/status", "/tags/1")
    here.nothing_left(mark, "a refused create")


def _short(value: Any) -> str:
    text = repr(value)
    return text if len(text) < 60 else f"{text[:40]}… ({len(value)} long)"


@kind.promise(
    "ignored", "Members that a lead cannot be told are ignored by a create.", on=CREATE, source=named("tolerant")
)
def ignored(lab: Lab, _operation: Operation) -> None:
    here = Workspace(lab)
    known = here.create()
    more: dict[str, Any] = {
        "id": known["id"],
        "created_at": "2001-01-01T00:00:00Z",
        "updated_at": "2001-01-01T00:00:00Z",
        "archived": True,
        "utm": {"campaign": ["x", None, {}]},
        "Name": "Another",
        "__proto__": {"admin": True},
        "workspace": "other",
        "": 1,
    }
    lead = here.create(**more)
    lab.expect(lead["id"] != known["id"], "a new id, whatever the body says", lead)
    _is_now(lab, lab.main("getLead", path={"id": lead["id"]}), lead["created_at"])
    here.unchanged(lead, "it was made with more than a lead has")
    here.unchanged(known, "another was made with its id")
    here.unchanged(here.create(id=5, created_at=None), "it was made with null for its created_at")


@kind.promise(
    "hostile",
    "A create or a patch that is no proper JSON answers 400, one too large 413, and neither writes anything.",
    on=CREATE,
    source=assumed("X3", "Bodies are UTF-8 JSON of at most 1 MiB and 32 levels, without NUL and with finite numbers."),
)
def hostile(lab: Lab, _operation: Operation) -> None:
    here = Workspace(lab)
    mark = here.mark()
    lead = here.create(company="Kept")
    head = f'{{"name": "{mark}", "email": "a@b.example", "company": '.encode()
    bodies = {
        "invalid UTF-8": b'"\xff\xfe"}',
        "100,000 levels": b"[" * 100_000,
        "33 levels": b"[" * 40 + b"]" * 40 + b"}",
        "an integer of 5,000 digits": b'"x", "score": ' + b"9" * 5000 + b"}",
        "NUL": b'"a\\u0000b"}',
        "half of a surrogate pair": b'"\\ud83d"}',
        "NaN": b'"x", "score": NaN}',
        "a member twice": b'"x", "company": "y"}',
        "something after the end": b'"x"} x',
        "no end": b'"x"',
    }
    for what, rest in bodies.items():
        here.refused(lab.main("createLead", content=head + rest), 400, f"a lead with {what}")
        here.refused(lab.main("updateLead", path={"id": lead["id"]}, content=head + rest), 400, f"a patch with {what}")
    long = {"name": f"{mark} {'x' * 900_000}", "email": "a@b.example"}
    too_long = {"name": f"{mark} {'x' * 1_100_000}", "email": "a@b.example"}
    here.refused(lab.main("createLead", body=long), 422, "a name of 900,000 letters", "/name")
    here.refused(lab.main("createLead", body=too_long), 413, "a body of more than 1 MiB")
    here.refused(lab.main("updateLead", path={"id": lead["id"]}, body=too_long), 413, "a patch of more than 1 MiB")
    here.nothing_left(mark, "a refused create")
    here.unchanged(lead, "refused patches")
