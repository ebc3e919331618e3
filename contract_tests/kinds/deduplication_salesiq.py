"""Deduplication of SalesIQ's leads, by phone and WhatsApp number."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hypothesis import strategies as st

from mockserver.contract import Operation

from ..rule import Kind, assumed, named, only
from ..worlds.salesiq import complete, known, new, refused, small
from .scoring_salesiq import many

if TYPE_CHECKING:
    from ..lab import Lab
    from ..wire import Answer

kind = Kind("deduplication")
CAPTURE = only("salesiq/captureLead")
_AGAIN = 12

#: Names that a message must quote without harm: to JSON, to HTML, to a template, to the letters themselves.
_NAMES = (
    "Amit Kumar",
    'Amit "AK" Kumar',
    '"',
    "'Asha' O'Brien",
    'back\\slash \\n \\" \\u0041',
    "two\nlines\r\nand a\ttab",
    "<script>alert('x')</script>",
    "&amp; &lt;b&gt; &#39;",
    "%s %d %(name)s {0} {name} {} $1 \\1 ${name}",
    "Robert'); DROP TABLE leads;--",
    "Asha 😀 👩\u200d👩\u200d👧 🇮🇳",
    "अमित कुमार",
    "محمد علي",
    "李小龙",
    "Jos\u00e9 Mu\u0308ller",
    "Jose\u0301 M\u00fcller",
    "\uff21mit \ufb01 ½ ²",
    "two  spaces   three",
    "line\u2028and\u2029paragraph",
    "bell \x07 escape \x1b delete \x7f",
    "(9876543210). Activity logged.",
    "null",
    "0",
    "a",
    "İstanbul ß ǆ \u017f",
    "n" * 200,
    "😀" * 100,
)

#: Of 51 to 80 letters: whoever takes them keeps them whole.
_LONG_NAMES = (
    "Dr. Maria Theresia Josepha Von Hohenberg-Lichtenstein-X",
    "Venkatanarasimharajuvaripeta Subrahmanya Lakshmi Narayana Sastry Ramachandran",
)


def _message(name: str, phone: str) -> str:
    return f'Lead already exists as "{name}" ({phone}). Activity logged.'


def _says(lab: Lab, answer: Answer, lead: dict[str, Any], about: str = "") -> None:
    want = _message(lead["name"], lead["phone"])
    lab.expect(answer.at("/message") == want, f"the message {want!r}{about}", answer)


@kind.promise(
    "same-phone",
    "A lead with the phone of an existing one is answered with 200, duplicate: true and the leadId of that one.",
    on=CAPTURE,
    source=named("duplicate"),
)
def same_phone(lab: Lab, _operation: Operation) -> None:
    for lead in (small(lab), complete(lab)):
        first = new(lab, lead)
        again = {
            "the very same lead": lead,
            "with another name": {**lead, "name": lab.fresh.name()},
            "with another email": {**lead, "email": lab.fresh.email()},
            "with nothing but the phone in common": {"name": "Asha", "phone": lead["phone"], "city": "Pune"},
            "with name and phone only": {"name": lead["name"], "phone": lead["phone"]},
        }
        for what, body in again.items():
            known(lab, body, first, what)


@kind.promise(
    "message",
    "The answer to a duplicate names the existing lead and its phone, and says that the activity was logged.",
    on=CAPTURE,
    source=named("duplicate-message"),
)
def message(lab: Lab, _operation: Operation) -> None:
    """The document's quotation marks are no JSON, so here they may be others."""
    for name in ("Amit Kumar", "Priya", "Dr. A. P. J. Abdul Kalam", *_LONG_NAMES):
        lead = small(lab, name=name)
        first = lab.main("captureLead", body=lead)
        if name in _LONG_NAMES and first.status in {400, 422} and not lab.strict:
            continue  # how long a name may be is nowhere said
        lab.expect(first.status == 201, f"201 for a lead with a new number (name {name!r})", first)
        text = known(lab, {**lead, "name": lab.fresh.name()}, first).at("/message")
        parts = ("Lead already exists as ", name, f"({lead['phone']})", "Activity logged")
        places = [text.find(part) for part in parts]
        told = -1 not in places and places == sorted(places)
        lab.expect(told, f"a message like {_message(name, lead['phone'])!r}", text)


@kind.promise(
    "message-exact",
    "The message of a duplicate quotes the existing lead's name exactly as it was sent, whatever letters it has.",
    on=CAPTURE,
    source=assumed(
        "Q6", "The inner quotation marks of the sample are escaped; the name stands between them unchanged."
    ),
)
def message_exact(lab: Lab, _operation: Operation) -> None:
    def check(name: str) -> None:
        lead = small(lab, name=name)
        first = new(lab, lead, f"name {name!r}")
        _says(
            lab, known(lab, small(lab, phone=lead["phone"]), first, f"name {name!r}"), lead, f" for the name {name!r}"
        )

    for name in (*_NAMES, "  a name  between spaces "):
        check(name)

    @lab.each(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=40), examples=10)
    def _(text: str) -> None:
        check(f"A{text}z")


@kind.promise(
    "other-phone",
    "A lead with another phone is a new one, be everything else the same and the numbers alike.",
    on=CAPTURE,
    source=named("dedup-page"),
)
def other_phone(lab: Lab, _operation: Operation) -> None:
    lead = small(lab, email=lab.fresh.email(), city="Noida", notes="Call after 6 pm.", budgetMax=9500000)
    seen = {new(lab, lead).at("/leadId")}
    for phone in _alike(lead["phone"], strict=lab.strict):
        answer = new(lab, {**lead, "phone": phone}, f"{phone} is not {lead['phone']}")
        lab.expect(answer.at("/leadId") not in seen, "a leadId of its own", answer)
        seen.add(answer.at("/leadId"))


def _alike(phone: str, *, strict: bool = True) -> list[str]:
    """Other numbers, each with one digit changed, or two that follow each other changed round, or turned about.

    Strictly, the first digit changes too; not all that begin so have been given to anybody.
    """
    changed = {f"{(int(phone[0]) - 5) % 4 + 6}{phone[1:]}"} if strict else set()
    for place in range(1, 10):
        changed.add(f"{phone[:place]}{(int(phone[place]) + 1) % 10}{phone[place + 1 :]}")
    changed |= {phone[:at] + phone[at + 1] + phone[at] + phone[at + 2 :] for at in (1, 4, 8)}
    changed.add(phone[0] + phone[:0:-1])
    return sorted(changed - {phone})


@kind.promise(
    "email-no-key",
    "A lead with the email of an existing one, but another phone, is a new lead.",
    on=CAPTURE,
    source=named("dedup-page"),
)
def email_no_key(lab: Lab, _operation: Operation) -> None:
    lead = small(lab, email=lab.fresh.email())
    first = new(lab, lead)
    bodies = [{**lead, "phone": lab.fresh.phone()}, small(lab, email=lead["email"])]
    if lab.strict:
        bodies += [small(lab, email=lead["email"].upper()), small(lab, email=lead["email"].title())]
    for body in bodies:
        answer = new(lab, body, "the same email is no duplicate")
        lab.expect(answer.at("/leadId") != first.at("/leadId"), "another leadId", answer)
        known(lab, body, answer, "it is a lead of its own")
    known(lab, lead, first)


@kind.promise(
    "whatsapp",
    "A lead whose phone is the WhatsApp number of an existing one is a duplicate of that one.",
    on=CAPTURE,
    source=named("dedup-page"),
)
def whatsapp(lab: Lab, _operation: Operation) -> None:
    for make in (small, complete):
        lead = make(lab, whatsapp=lab.fresh.phone())
        first = new(lab, lead)
        known(lab, small(lab, phone=lead["whatsapp"]), first, "its phone is the existing lead's whatsapp")
        known(lab, small(lab, phone=lead["phone"]), first, "its phone is the existing lead's phone")
        for phone in _alike(lead["whatsapp"], strict=lab.strict)[::4]:
            new(lab, small(lab, phone=phone), f"{phone} is not the WhatsApp number {lead['whatsapp']}")


@kind.promise(
    "new-whatsapp",
    "A lead whose WhatsApp number is the phone or the WhatsApp number of an existing one is a duplicate of that one.",
    on=CAPTURE,
    source=assumed("Q18", "Each of the new lead's two numbers is compared with both of an existing lead."),
)
def new_whatsapp(lab: Lab, _operation: Operation) -> None:
    for make in (small, complete):
        lead = make(lab, whatsapp=lab.fresh.phone())
        first = new(lab, lead)
        for name in ("phone", "whatsapp"):
            about = f"its whatsapp is the existing lead's {name}"
            _says(lab, known(lab, make(lab, whatsapp=lead[name]), first, about), lead, f" ({about})")
        known(lab, small(lab, phone=lead["whatsapp"], whatsapp=lead["phone"]), first, "the numbers changed round")
        for phone in _alike(lead["phone"])[::4]:
            new(lab, small(lab, whatsapp=phone), f"its whatsapp {phone} is not {lead['phone']}")
    plain = small(lab)
    first = new(lab, plain)
    known(lab, small(lab, whatsapp=plain["phone"]), first, "its whatsapp is the phone of one without a WhatsApp number")


@kind.promise(
    "primary-phone",
    "A duplicate found by WhatsApp number is told with the existing lead's name and phone.",
    on=CAPTURE,
    source=assumed("Q6", "Name and phone in the message are those of the existing lead, however it was found."),
)
def primary_phone(lab: Lab, _operation: Operation) -> None:
    lead = complete(lab)
    first = new(lab, lead)
    _says(lab, known(lab, small(lab, phone=lead["whatsapp"]), first), lead)
    _says(lab, known(lab, {**lead, "phone": lead["whatsapp"], "whatsapp": lead["phone"]}, first), lead)


@kind.promise(
    "phone-first",
    "If the phone matches one lead and the WhatsApp number another, the one with the phone is the duplicate.",
    on=CAPTURE,
    source=assumed("Q18", "The first of the two numbers that matches decides; phone comes before whatsapp."),
)
def phone_first(lab: Lab, _operation: Operation) -> None:
    leads = [complete(lab), complete(lab)]
    answers = [new(lab, lead) for lead in leads]
    for one, other in ((0, 1), (1, 0)):
        for name in ("phone", "whatsapp"):
            for second in ("phone", "whatsapp"):
                body = small(lab, phone=leads[one][name], whatsapp=leads[other][second])
                about = f"its phone is that one's {name}, its whatsapp another lead's {second}"
                _says(lab, known(lab, body, answers[one], about), leads[one], f" ({about})")


@kind.promise(
    "same-numbers",
    "A lead whose WhatsApp number is its phone is not a duplicate of itself.",
    on=CAPTURE,
    source=assumed("Q18", "A lead is compared with the existing ones only."),
)
def same_numbers(lab: Lab, _operation: Operation) -> None:
    phone = lab.fresh.phone()
    lead = small(lab, phone=phone, whatsapp=phone)
    first = new(lab, lead, "its whatsapp is its phone")
    for body in (lead, small(lab, phone=phone), small(lab, whatsapp=phone)):
        _says(lab, known(lab, body, first), lead)


@kind.promise(
    "blank-whatsapp",
    "Leads without a WhatsApp number, be it absent, null or empty, are not duplicates of each other.",
    on=CAPTURE,
    source=named("null-is-absent"),
)
def blank_whatsapp(lab: Lab, _operation: Operation) -> None:
    blanks: list[dict[str, Any]] = [{"whatsapp": None}, {"whatsapp": ""}, {}]
    made = []
    for blank in [*blanks, *blanks]:
        lead = small(lab, **blank)
        made.append((lead, new(lab, lead, f"with {blank}")))
    for lead, first in made:
        _says(lab, known(lab, lead, first), lead)


@kind.promise(
    "unchanged",
    "A duplicate changes nothing of the existing lead: neither its name nor its numbers.",
    on=CAPTURE,
    source=assumed("Q19", "A duplicate is logged on the existing lead and changes no field of it."),
)
def unchanged(lab: Lab, _operation: Operation) -> None:
    for lead in (small(lab), complete(lab)):
        first = new(lab, lead)
        changes = [
            complete(lab, phone=lead["phone"]),
            small(lab, phone=lead["phone"], whatsapp=lab.fresh.phone()),
            *(complete(lab, phone=lead[name]) for name in ("whatsapp",) if name in lead),
            complete(lab, whatsapp=lead["phone"]),
        ]
        for other in changes:
            _says(lab, known(lab, other, first), lead)
            _says(lab, known(lab, small(lab, phone=lead["phone"]), first, "after a duplicate"), lead)
        for other in changes:
            for name in ("phone", "whatsapp"):
                if other[name] not in (lead["phone"], lead.get("whatsapp")):
                    new(lab, small(lab, phone=other[name]), f"the {name} of a duplicate is nobody's")


@kind.promise(
    "members",
    "The answer to a duplicate has the four members of the sample and no other.",
    on=CAPTURE,
    source=named("Q20"),
)
def members(lab: Lab, _operation: Operation) -> None:
    want = {"success", "duplicate", "leadId", "message"}
    for lead in (small(lab), complete(lab)):
        first = new(lab, lead)
        for body in (lead, small(lab, phone=lead["phone"]), complete(lab, phone=lead.get("whatsapp", lead["phone"]))):
            answer = known(lab, body, first)
            lab.expect(set(answer.json) == want, f"the members {', '.join(sorted(want))}", answer)


@kind.promise(
    "workspace",
    "The same number in another workspace is another lead.",
    on=CAPTURE,
    source=named("workspace"),
)
def workspace(lab: Lab, _operation: Operation) -> None:
    other = lab.other_tenant()
    for lead in (small(lab), complete(lab)):
        here = new(lab, lead)
        there_lead = {**lead, "name": lab.fresh.name()}
        there = new(lab, there_lead, "in another workspace", other)
        lab.expect(here.at("/leadId") != there.at("/leadId"), "another leadId in another workspace", there)
        for name in ("phone", "whatsapp"):
            if name in lead:
                body = small(lab, phone=lead[name])
                here_text = known(lab, body, here, f"by {name}, in its own workspace").at("/message")
                there_text = known(lab, body, there, f"by {name}, in the other workspace", other).at("/message")
                lab.expect(there_lead["name"] not in here_text, "no name from another workspace", here_text)
                lab.expect(lead["name"] not in there_text, "no name from another workspace", there_text)
    only_there = complete(lab)
    new(lab, only_there, "in another workspace", other)
    for name in ("phone", "whatsapp"):
        new(lab, small(lab, phone=only_there[name]), f"another workspace's {name} is free here")


@kind.promise(
    "again",
    "However often a lead is captured again, each answer is 200 with the leadId of the first.",
    on=CAPTURE,
    source=named("duplicate"),
)
def again(lab: Lab, _operation: Operation) -> None:
    lead = complete(lab)
    first = new(lab, lead)
    texts = set()
    for number in range(_AGAIN):
        texts.add(known(lab, lead, first, f"time {number + 2}").at("/message"))
    if lab.strict:
        lab.expect(len(texts) == 1, "the same message each time", texts)


@kind.promise(
    "remembered",
    "A lead is remembered: it is still known after many others were captured.",
    on=CAPTURE,
    source=named("dedup-page"),
)
def remembered(lab: Lab, _operation: Operation) -> None:
    made = many(lab)
    for place in sorted({0, 1, 9, 10, len(made) // 2, len(made) - 2, len(made) - 1} & set(range(len(made)))):
        lead, first = made[place]
        known(lab, lead, first, f"captured as number {place + 1} of {len(made)}")
        known(lab, small(lab, phone=lead["phone"]), first, f"captured as number {place + 1} of {len(made)}")


@kind.promise(
    "refused-first",
    "A known number does not make up for what is wrong: such a lead answers 400.",
    on=CAPTURE,
    source=assumed("X1", "The body is checked before duplicates are looked for."),
)
def refused_first(lab: Lab, _operation: Operation) -> None:
    lead = complete(lab)
    first = new(lab, lead)
    wrong: list[dict[str, Any]] = [{"name": ""}, {"budgetMin": -1}, {"budgetMin": 2, "budgetMax": 1}, {"email": "a@"}]
    wrong += [{"propertyType": "Castle"}, {"whatsapp": "12345"}, {"notes": 5}]
    for more in wrong:
        refused(lab, lab.main("captureLead", body={**lead, **more}), f"a known number with {more}")
    nameless = {name: value for name, value in lead.items() if name != "name"}
    refused(lab, lab.main("captureLead", body=nameless), "a known number without a name")
    _says(lab, known(lab, lead, first), lead)
