"""Races: requests at the same time have the effect of some order of them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from mockserver.contract import Operation

from ..rule import Kind, NotChecked, assumed, named, only
from ..worlds import convertiq, salesiq

if TYPE_CHECKING:
    from ..caller import Caller
    from ..lab import Lab
    from ..wire import Answer, Request

kind = Kind("races")
CAPTURE = only("salesiq/captureLead")
ROUNDS = 6
#: Requests at once. With fewer, two of them may happen not to meet over a network.
CROWD = 12


def rounds(lab: Lab, count: int = ROUNDS) -> Iterator[int]:
    """Numbers of rounds; only the last round is told of when it fails."""
    if lab.frugal:
        raise NotChecked("needs a credential without limits")
    for number in range(count):
        lab.trace.clear()
        yield number


def at_once(lab: Lab, requests: Sequence[Request]) -> list[Answer]:
    """The answers to requests that were sent at the same time, in the order of the requests."""
    return [exchange.answer for exchange in lab.send_all(requests)]


def told(answers: Sequence[Answer]) -> str:
    """How often each answer came, for a message."""
    counts = Counter(str(answer)[:120] for answer in answers)
    return "; ".join(f"{count} x {text}" for text, count in counts.most_common(4))


def _capture(caller: Caller, lead: dict[str, Any]) -> Request:
    return caller.request("captureLead", body=lead)


def _one_new(lab: Lab, answers: Sequence[Answer], what: str) -> int:
    """The place of the one lead that was created; the others must be duplicates of it."""
    statuses = Counter(answer.status for answer in answers)
    want = f"one 201 and {len(answers) - 1} x 200 for {len(answers)} captures of {what} at once"
    lab.expect(statuses == Counter({201: 1, 200: len(answers) - 1}) - Counter(), want, told(answers))
    place = next(place for place, answer in enumerate(answers) if answer.status == 201)
    lead_id = answers[place].at("/leadId")
    for answer in answers:
        lab.expect(answer.at("/leadId") == lead_id, f"the leadId {lead_id} of the one that was created", answer)
        if answer.status == 200:
            lab.expect(answer.at("/duplicate") is True, "duplicate: true", answer)
    return place


@kind.promise(
    "one-lead",
    "Captures of one phone at the same time make one lead: one answers 201, the others 200 with its leadId.",
    on=CAPTURE,
    source=named("duplicate"),
)
def one_lead(lab: Lab, _operation: Operation) -> None:
    callers = [lab.main, *salesiq.elsewhere(lab)]
    for number in rounds(lab, 8):
        contacts, each = ((1, CROWD), (3, 4), (2, 6))[number % 3]
        groups = []
        for caller in callers if number % 2 else callers[:1]:
            for _ in range(contacts):
                lead = salesiq.small(lab)
                groups.append((caller, [lead] * each))
        answers = iter(at_once(lab, [_capture(caller, lead) for caller, leads in groups for lead in leads]))
        for caller, leads in groups:
            theirs = [next(answers) for _ in leads]
            place = _one_new(lab, theirs, leads[0]["phone"])
            salesiq.known(lab, leads[0], theirs[place], "afterwards", caller)


@kind.promise(
    "one-lead-whatsapp",
    "Captures that share a number, as phone or as WhatsApp number, make one lead when they come at the same time.",
    on=CAPTURE,
    source=assumed("Q18", "Each of the new lead's two numbers is compared with both of an existing lead."),
)
def one_lead_whatsapp(lab: Lab, _operation: Operation) -> None:
    for number in rounds(lab, 10):
        one, two = lab.fresh.phone(), lab.fresh.phone()
        shapes: list[dict[str, Any]] = [{"phone": one, "whatsapp": two}, {"phone": two, "whatsapp": one}]
        if number % 2:
            shapes = [{"phone": one}, {"whatsapp": one}, {"whatsapp": one}]
        leads = [salesiq.small(lab, **shapes[place % len(shapes)]) for place in range(CROWD)]
        answers = at_once(lab, [_capture(lab.main, lead) for lead in leads])
        place = _one_new(lab, answers, one)
        for answer in (*answers[:place], *answers[place + 1 :]):
            name = leads[place]["name"]
            lab.expect(name in answer.at("/message"), f"a message with the name {name} of the one created", answer)
        salesiq.known(lab, salesiq.small(lab, phone=one), answers[place], "afterwards")


def _crowds(lab: Lab) -> list[tuple[list[dict[str, Any]], list[Answer]]]:
    """Different leads captured at the same time, in each round; afterwards one more."""

    def capture() -> list[tuple[list[dict[str, Any]], list[Answer]]]:
        crowds = []
        for _ in rounds(lab):
            leads = [salesiq.small(lab) for _ in range(CROWD)]
            answers = at_once(lab, [_capture(lab.main, lead) for lead in leads])
            leads.append(salesiq.small(lab))
            crowds.append((leads, [*answers, salesiq.new(lab, leads[-1])]))
        return crowds

    return lab.once("salesiq crowds", capture)


@kind.promise(
    "all-kept",
    "Different leads captured at the same time are all created, each with a leadId of its own, and none is lost.",
    on=CAPTURE,
    source=named("created"),
)
def all_kept(lab: Lab, _operation: Operation) -> None:
    seen: set[str] = set()
    for leads, answers in _crowds(lab):
        created = [answer.status == 201 for answer in answers]
        lab.expect(all(created), f"201 for each of {len(leads)} new leads at once", told(answers))
        for lead, answer in zip(leads, answers, strict=True):
            lab.expect(answer.at("/leadId") not in seen, "a leadId of its own", answer)
            seen.add(answer.at("/leadId"))
            text = salesiq.known(lab, lead, answer, "captured among others at once").at("/message")
            lab.expect(lead["name"] in text, f"a message with the name {lead['name']}", text)


@kind.promise(
    "lead-codes",
    "Leads captured at the same time have codes that follow each other, none twice.",
    on=CAPTURE,
    source=named("Q22"),
)
def lead_codes(lab: Lab, _operation: Operation) -> None:
    for _, answers in _crowds(lab):
        codes = sorted(salesiq.code_of(lab, answer) for answer in answers)
        want = list(range(codes[0], codes[0] + len(codes)))
        lab.expect(codes == want, f"the codes {want[0]} to {want[-1]}, each once", codes)
        last = salesiq.code_of(lab, answers[-1])
        lab.expect(last == want[-1], f"the last code {want[-1]} for the lead that came after the others", last)


@kind.promise(
    "assigned-balanced",
    "Leads captured at the same time are spread evenly, as those that come one after the other are.",
    on=CAPTURE,
    source=assumed("Q25", "Nothing but new leads changes how many leads a person has, as far as this API goes."),
)
def assigned_balanced(lab: Lab, _operation: Operation) -> None:
    for _ in rounds(lab):
        before = Counter(salesiq.new(lab, salesiq.small(lab)).at("/assignedTo") for _ in range(CROWD))
        if len(before) < 2 or max(before.values()) - min(before.values()) > 1:
            raise NotChecked("the leads before were not spread evenly")
        answers = at_once(lab, [_capture(lab.main, salesiq.small(lab)) for _ in range(CROWD)])
        after = Counter(answer.at("/assignedTo") for answer in answers)
        counts = [after[person] for person in before.keys() | after.keys()]
        want = f"{CROWD} leads spread over {len(before)} people as evenly as those before them"
        lab.expect(max(counts) - min(counts) <= 2, want, dict(after))


@kind.promise(
    "own-answers",
    "Leads created at the same time are each answered with their own values and an id of their own.",
    on=only("convertiq/createLead"),
    source=named("response"),
)
def own_answers(lab: Lab, _operation: Operation) -> None:
    seen: set[str] = set()
    for number in rounds(lab):
        leads = [(convertiq.complete if place % 2 else convertiq.small)(lab) for place in range(CROWD)]
        for place, lead in enumerate(leads):
            lead.update(status=convertiq.STATUSES[place % 4])
            if lab.strict:  # somebody may have a list of these
                lead.update(source=f"Source {number}-{place}", industry=f"Industry {place}")
        answers = at_once(lab, [lab.main.request("createLead", body={"lead": lead}) for lead in leads])
        for lead, answer in zip(leads, answers, strict=True):
            convertiq.told(lab, answer, lead, " of one among others at once")
            lab.expect(answer.at("/lead/id") not in seen, "an id of its own", answer)
            seen.add(answer.at("/lead/id"))


@kind.promise(
    "own-users",
    "Leads created at the same time in two accounts, also the same lead, are leads of their accounts' users.",
    on=only("convertiq/createLead"),
    source=assumed("C22", "user_id is the owner of the API key, and the same lead again is a new lead (C13)."),
)
def own_users(lab: Lab, _operation: Operation) -> None:
    callers = [lab.main, lab.other_tenant()]
    users = [convertiq.create(lab, convertiq.small(lab), caller=caller).at("/lead/user_id") for caller in callers]
    seen: set[str] = set()
    for _ in rounds(lab):
        lead = convertiq.small(lab)
        requests = [callers[place % 2].request("createLead", body={"lead": lead}) for place in range(CROWD)]
        for place, answer in enumerate(at_once(lab, requests)):
            convertiq.told(lab, answer, lead, " of one among others at once")
            want = users[place % 2]
            lab.expect(answer.at("/lead/user_id") == want, f"the user_id {want} of the account", answer)
            lab.expect(answer.at("/lead/id") not in seen, "an id of its own", answer)
            seen.add(answer.at("/lead/id"))
